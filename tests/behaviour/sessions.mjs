// Cases about sessions with a checkpointer, any of them: going on, resuming, reading, following, moving and pruning them. `sessionCases` makes
// the same cases for each kind; must not know how one stores.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { runnerCases } from './runners.mjs';
import { travelCases } from './travel.mjs';
import { storedSession, storedValue } from './stored.mjs';
import { chain, collect, fan, gate, isEnd, loop, never, numbers, range, takeUntil, turn, until } from './shapes.mjs';

/** A node that fails until it is mended. */
function fragile(result = () => undefined) {
  const part = { isBroken: true, calls: 0 };
  part.node = (state, ctx) => {
    part.calls += 1;
    if (part.isBroken) throw new Error('no');
    return result(state, ctx);
  };
  return part;
}
const every = { map: new Map([['k', new Set([1])]]), date: new Date(5), regexp: /x/gi, error: new RangeError('e'), bytes: new Uint8Array([1, 2, 3]), big: 10n, nothing: undefined, deep: [{ n: NaN }, -0] };

/**
 * @param {string} place how the kind is called in names
 * @param {(weavegraph: any) => object} make a checkpointer of the kind with sessions of its own
 */
export const sessionCases = (place, make) => Object.fromEntries(Object.entries({ ...cases, ...runnerCases, ...travelCases }).map(([name, run]) => [`${place}: ${name}`, async (weavegraph) => {
  const checkpointer = make(weavegraph);
  try {
    await run(weavegraph, checkpointer);
  } finally {
    await checkpointer.close();
  }
}]));

/** @type {Record<string, (weavegraph: any, checkpointer: any) => Promise<void>>} */
const cases = {
  'runs of a session go on from its state': async (weavegraph, checkpointer) => {
    const app = chain(weavegraph, { a: ({ log }) => ({ log: `a${log.length}` }), b: () => ({ log: 'b' }) }).compile({ checkpointer });
    equal((await app.invoke({ log: 'one' }, { sessionId: 's' })).log, ['one', 'a1', 'b']);
    equal((await app.invoke({ log: 'two' }, { sessionId: 's' })).log, ['one', 'a1', 'b', 'two', 'a4', 'b']);
    equal([(await app.getState('s')).step, await app.getState('t'), await app.history('t')], [4, null, []]);
    equal(await codeOf(app.resume('t')), 'SESSION_NOT_FOUND');
  },

  'after a failure only what did not finish runs again': async (weavegraph, checkpointer) => {
    const part = fragile(() => ({ log: 'b' }));
    const calls = [];
    const node = (name) => () => (calls.push(name), { log: name });
    const app = fan(weavegraph, { a: node('a'), b: async (...given) => part.node(...given), c: node('c') }).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    equal([(await run.result).status, (await app.getState('s')).status], ['failed', 'failed']);
    equal(await codeOf(app.invoke({}, { sessionId: 's' })), 'SESSION_UNFINISHED');
    part.isBroken = false;
    const resumed = app.resumeStreaming('s');
    const events = await collect(resumed);
    equal([(await resumed.join()).log, calls, part.calls, resumed.id === run.id, events[0].resumed], [['a', 'b', 'c'], ['a', 'c'], 2, true, true]);
    equal([(await app.resume('s')).log, part.calls], [['a', 'b', 'c'], 2], 'a session that is complete ends at once');
  },

  'of many sends only those that did not finish run again, with their inputs': async (weavegraph, checkpointer) => {
    const { append, END, GraphBuilder, send, START } = weavegraph;
    const part = fragile((_, ctx) => ({ log: ctx.input * 10 }));
    const inputs = [];
    const work = (state, ctx) => {
      inputs.push(ctx.input);
      return ctx.input === 3 ? part.node(state, ctx) : { log: ctx.input };
    };
    const app = new GraphBuilder({ channels: { log: append() } }).addNode('work', work, { concurrency: 1 }).addConditionalEdge(START, () => [1, 2, 3, 4, 5].map((n) => send('work', n)), ['work']).addEdge('work', END).compile({ checkpointer });
    await failure(app.invoke({}, { sessionId: 's' }));
    equal((await app.getState('s')).next, [{ node: 'work', task: 2, input: 3 }, { node: 'work', task: 3, input: 4 }, { node: 'work', task: 4, input: 5 }]);
    part.isBroken = false;
    equal([(await app.resume('s')).log, inputs], [[1, 2, 30, 4, 5], [1, 2, 3, 3, 4, 5]]);
  },

  'abandon drops the half-done step': async (weavegraph, checkpointer) => {
    const part = fragile(() => ({ log: 'b' }));
    const app = fan(weavegraph, { a: () => ({ log: 'a' }), b: part.node }).compile({ checkpointer });
    await failure(app.invoke({ log: 1 }, { sessionId: 's' }));
    part.isBroken = false;
    equal((await app.invoke({ log: 2 }, { sessionId: 's', abandon: true })).log, [1, 2, 'a', 'b']);
  },

  'a cancelled run and one at its limit can be resumed': async (weavegraph, checkpointer) => {
    const door = gate();
    const app = fan(weavegraph, { a: () => ({ log: 'a' }), b: () => door.promise }).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    await takeUntil(run, ({ type, node }) => type === 'node.started' && node === 'b');
    await run.cancel('later');
    equal((await app.getState('s')).status, 'cancelled');
    door.open({ log: 'b' });
    equal((await app.resume('s')).log, ['a', 'b']);
    const limited = loop(weavegraph, 7, (_, ctx) => ({ log: ctx.step })).compile({ checkpointer, maxSteps: 3 });
    equal([await codeOf(limited.invoke({}, { sessionId: 't' })), await codeOf(limited.resume('t'))], Array(2).fill('RUN_STEP_LIMIT'));
    equal((await limited.resume('t')).log, range(1, 7));
  },

  'getState, of a step and of the newest, and history page by page': async (weavegraph, checkpointer) => {
    const app = loop(weavegraph, 6, (_, ctx) => ({ log: ctx.step })).compile({ checkpointer });
    await app.invoke({ log: 'in' }, { sessionId: 's', runId: 'r' });
    const at = async (step) => (await app.getState('s', { step }))?.state.log ?? null;
    equal([await at(0), await at(2), await at(6), await at(7)], [['in'], ['in', 1, 2], ['in', 1, 2, 3, 4, 5, 6], null]);
    const { at: when, ...checkpoint } = await app.getState('s', { step: 1 });
    equal([checkpoint.runId, checkpoint.status, checkpoint.frontier, checkpoint.next, checkpoint.ran, checkpoint.graphHash], ['r', 'running', ['work'], [{ node: 'work', task: 0 }], ['work'], app.definitionHash()]);
    holds(typeof when === 'number' && Object.isFrozen(checkpoint.state.log), 'its time and its state');
    const whole = await app.history('s');
    equal(whole.map(({ step, status }) => `${step} ${status}`), ['6 completed', '5 running', '4 running', '3 running', '2 running', '1 running', '0 running']);
    equal([...(await app.history('s', { limit: 4 })), ...(await app.history('s', { before: 3 }))], whole);
  },

  'values of every kind come back from a session': async (weavegraph, checkpointer) => {
    const app = chain(weavegraph, { a: () => ({ value: every }), b: (state) => void (state.value.bytes[0] = 99) }, { value: weavegraph.last() }).compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    for (let read = 0; read < 2; read += 1) {
      const { state } = await app.getState('s');
      equal(state.value, every);
      state.value.bytes[0] = 66;
    }
  },

  'every event of a long run is there for whoever comes late': async (weavegraph, checkpointer) => {
    const app = loop(weavegraph, 60, (_, ctx) => ctx.emit('s', 'x'.repeat(100))).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's', events: { capacity: 4 } });
    await run.join();
    const total = 2 + 60 * 5;
    equal(numbers(await collect(run)), range(1, total));
    equal(numbers(await collect(run.events({ after: 100 }))), range(101, total));
  },

  'follow tells what is stored, then what comes, over many runs': async (weavegraph, checkpointer) => {
    const app = loop(weavegraph, 5, (_, ctx) => (ctx.emit('s', 'm'), ctx.token('t'))).compile({ checkpointer });
    const total = 2 + 5 * 6;
    let ends = 0;
    const whole = takeUntil(app.follow('s', { after: 0 }), (event) => isEnd(event) && (ends += 1) === 2);
    await app.invoke({}, { sessionId: 's' });
    const behind = takeUntil(app.follow('s', { after: 10, filter: 'minimal' }), ({ type }) => type === 'run.started');
    await app.invoke({}, { sessionId: 's' });
    equal(numbers(await whole), range(1, 2 * total));
    equal(numbers(await behind), [total, total + 1]);
  },

  'async and exit durability store the same session': async (weavegraph, checkpointer) => {
    for (const durability of ['sync', 'async', 'exit']) {
      const app = loop(weavegraph, 20, (_, ctx) => ({ log: ctx.step })).compile({ checkpointer, durability });
      const run = app.invokeStreaming({}, { sessionId: durability });
      equal(numbers(await collect(run)), range(1, 82), durability);
      equal([(await app.getState(durability)).state.log, (await app.history(durability)).length], [range(1, 20), 21], durability);
    }
  },

  'a session belongs to one run: busy, wait and steal': async (weavegraph, checkpointer) => {
    let isStuck = true;
    const app = chain(weavegraph, { a: () => (isStuck ? never() : { log: 'a' }) }).compile({ checkpointer });
    const held = app.invokeStreaming({}, { sessionId: 's', runId: 'r' });
    await takeUntil(held, ({ type }) => type === 'node.started');
    const busy = await failure(app.resume('s'));
    equal([busy.code, typeof busy.details.owner], ['SESSION_BUSY', 'string']);
    isStuck = false;
    const thief = app.resumeStreaming('s', undefined, { whenBusy: 'steal' });
    equal([(await held.result).error.code, (await thief.join()).log], ['CHECKPOINT_CONFLICT', ['a']]);
    const runs = ['1', '2', '3'].map((log) => app.invoke({ log }, { sessionId: 's', whenBusy: 'wait' }));
    equal((await Promise.all(runs)).at(-1).log, ['a', '1', 'a', '2', 'a', '3', 'a']);
  },

  'listSessions and deleteSession': async (weavegraph, checkpointer) => {
    const door = gate();
    const app = chain(weavegraph, { a: ({ log }) => (log[0] === 'hold' ? door.promise : log[0] === 'fail' ? Promise.reject(new Error('no')) : undefined) }).compile({ checkpointer });
    await app.invoke({}, { sessionId: 'one' });
    await failure(app.invoke({ log: 'fail' }, { sessionId: 'two' }));
    const run = app.invokeStreaming({ log: 'hold' }, { sessionId: 'three', runId: 'r' });
    await takeUntil(run, ({ type }) => type === 'node.started');
    const list = async (page) => (await checkpointer.listSessions(page)).map(({ sessionId, status, owner }) => `${sessionId} ${status} ${owner === null ? 'nobody' : owner.here}`).sort();
    equal(await list(), ['one completed nobody', 'three running true', 'two failed nobody']);
    equal([await list({ status: 'failed' }), (await list({ limit: 2 })).length], [['two failed nobody'], 2]);
    equal(await codeOf(checkpointer.deleteSession('three')), 'SESSION_BUSY');
    door.open();
    await run.join();
    await checkpointer.deleteSession('three');
    await checkpointer.deleteSession('three');
    equal([await app.getState('three'), (await list()).length], [null, 2]);
  },

  'a session moves as JSON, into another kind of store and back': async (weavegraph, checkpointer) => {
    const part = fragile(() => ({ value: 'b' }));
    const graph = chain(weavegraph, { a: () => ({ value: every }), b: part.node }, { value: weavegraph.last() });
    await failure(graph.compile({ checkpointer }).invoke({}, { sessionId: 's', runId: 'r' }));
    const memory = new weavegraph.MemoryCheckpointer();
    const text = JSON.stringify(await checkpointer.exportSession('s'));
    equal(await memory.importSession(JSON.parse(text), { as: 'copy' }), 'copy');
    const there = graph.compile({ checkpointer: memory });
    equal((await there.getState('copy')).state.value, every);
    equal(await checkpointer.importSession(await memory.exportSession('copy')), 'copy');
    part.isBroken = false;
    for (const app of [there, graph.compile({ checkpointer })]) equal((await app.resume('copy')).value, 'b');
    equal(await codeOf(checkpointer.importSession(JSON.parse(text))), 'CHECKPOINT_CONFLICT');
    equal(await codeOf(checkpointer.importSession({ ...JSON.parse(text), records: 5 }, { as: 'bad' })), 'CHECKPOINT_CORRUPT');
    equal(await codeOf(checkpointer.exportSession('nobody')), 'SESSION_NOT_FOUND');
  },

  'a session that an earlier version stored elsewhere is read, followed and resumed': async (weavegraph, checkpointer) => {
    equal(await checkpointer.importSession(storedSession, { as: 'old' }), 'old');
    const app = chain(weavegraph, { a: () => ({ log: 'again' }), b: (state) => ({ log: `b ${state.value.bytes}` }) }, { log: weavegraph.append(), value: weavegraph.last() }).compile({ checkpointer });
    const { runId, status, step, at, state, next } = await app.getState('old');
    equal([runId, status, step, at, state, next], ['r', 'failed', 1, 1_700_000_000_000, { log: ['in', 'a'], value: storedValue }, [{ node: 'b', task: 0 }]]);
    const events = await takeUntil(app.follow('old', { after: 0 }), isEnd);
    equal(events.map(({ seq, type }) => `${seq} ${type}`), ['1 run.started', '2 step.started', '3 node.started', '4 message', '5 node.completed', '6 step.completed', '7 step.started', '8 node.started', '9 node.failed', '10 run.failed']);
    equal([events[0].metadata, events[3].data, events[4].changes.value, events[8].error.cause], [{ user: 'u' }, { deep: [1] }, storedValue, { name: 'TypeError', message: 'no' }]);
    equal((await app.resume('old')).log, ['in', 'a', 'b 1,2,3']);
  },

  'prune and retention drop old checkpoints, never what is needed': async (weavegraph, checkpointer) => {
    const graph = () => loop(weavegraph, 40, async (_, ctx) => ({ text: `${ctx.step} ${'x'.repeat(20_000)}` }), { text: weavegraph.last() });
    const app = graph().compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    equal((await app.history('s')).length, 41);
    const { checkpoints, events } = await checkpointer.prune({ keepLast: 5, sessionId: 's' });
    const left = await app.history('s');
    holds(checkpoints > 15 && events > 50 && left.length < 25 && left.length >= 5, `${checkpoints} checkpoints and ${events} events went, ${left.length} stay`);
    equal((await app.getState('s')).state.text.slice(0, 3), '40 ');
    equal((await app.getState('s', { step: left.at(-1).step })).step, left.at(-1).step);
    const reader = app.follow('s', { after: 1 });
    equal((await reader.next()).value.type, 'stream.reset');
    await reader.return();
    const keeping = graph().compile({ checkpointer, retention: { keepLast: 5 } });
    await keeping.invoke({}, { sessionId: 't' });
    await until(async () => (await keeping.history('t')).length < 30, 'retention');
    equal((await keeping.invoke({}, { sessionId: 't' })).text.slice(0, 3), '80 ');
  },

  'another graph goes on where it can, and says what is missing where not': async (weavegraph, checkpointer) => {
    const part = fragile(() => ({ log: 'b' }));
    await failure(chain(weavegraph, { a: () => ({ log: 'a' }), b: part.node }).compile({ checkpointer }).invoke({}, { sessionId: 's' }));
    part.isBroken = false;
    const without = chain(weavegraph, { a: () => undefined, d: ({ log }) => ({ log: `d ${log}` }) }).compile({ checkpointer });
    const error = await failure(without.resume('s'));
    holds(error.code === 'CHECKPOINT_GRAPH_CHANGED' && error.message.includes('`b`'), error.message);
    const more = chain(weavegraph, { a: () => undefined, b: part.node, c: () => ({ log: 'c' }) }).compile({ checkpointer });
    equal(await codeOf(more.resume('s', undefined, { onGraphChanged: 'error' })), 'CHECKPOINT_GRAPH_CHANGED');
    equal((await without.resume('s', undefined, { onGraphChanged: () => ({ update: { log: 'moved' }, frontier: ['d'] }) })).log, ['a', 'moved', 'd a,moved']);
  },

  'a checkpointer that is closed fails the run with CHECKPOINT_UNAVAILABLE': async (weavegraph, checkpointer) => {
    const app = chain(weavegraph, { a: async () => { await checkpointer.close(); return { log: 1 }; } }).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    const events = await collect(run);
    equal([(await run.result).error.code, events.at(-1).type, events.at(-1).transient], ['CHECKPOINT_UNAVAILABLE', 'run.failed', true]);
    await turn();
  },
};
