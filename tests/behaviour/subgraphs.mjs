// Cases about graphs that run as nodes of other graphs: what they share, what they return, their events, failures and sessions.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, collect, never, turn, until } from './shapes.mjs';
import { SlotStore } from './stores.mjs';

const chainOf = (weavegraph, channels, nodes) => chain(weavegraph, nodes, channels);

/** A graph that runs `inner` as `sub`, and nothing else. */
function around(weavegraph, channels, inner, options, compile) {
  const { END, GraphBuilder, START } = weavegraph;
  return new GraphBuilder({ channels })
    .addSubgraph('sub', inner, options)
    .addEdge(START, 'sub')
    .addEdge('sub', END)
    .compile(compile);
}
const note = (name) => () => ({ log: name });
const log = ({ append }) => ({ log: append() });
const paths = (events, ...types) => events.filter(({ type }) => types.includes(type)).map(({ type, path, node, step }) => `${type} ${(path ?? []).join('/')}:${node ?? step}`);

/** @type {Record<string, (weavegraph: any) => Promise<void>>} */
export const subgraphCases = {
  'a sub-graph sees what it shares and returns what it writes to that': async (weavegraph) => {
    const { append, last, merge, reduce, replace } = weavegraph;
    const channels = () => ({ log: append(), map: merge(), one: last({ initial: 'none' }), sum: reduce((a, b) => a + b, 0) });
    const inner = chainOf(weavegraph, { ...channels(), own: last({ initial: 1 }) }, {
      a: (state) => ({ log: [`${state.log.length}${state.one}`], map: { x: 1, y: 1 }, one: 'a', sum: 1, own: 2 }),
      b: (state) => ({ log: `own ${state.own}`, map: { x: null, z: 2 }, one: 'b', sum: 2 }),
    }).compile();
    const { END, GraphBuilder, START } = weavegraph;
    const app = new GraphBuilder({ channels: { ...channels(), own: append() } })
      .addNode('first', () => ({ log: 'first', one: 'first', sum: 10 }))
      .addSubgraph('sub', inner)
      .addNode('trim', (state) => ({ log: replace(state.log.slice(1)) }))
      .addEdge(START, 'first').addEdge('first', 'sub').addEdge('sub', 'trim').addEdge('trim', END)
      .compile();
    const run = app.invokeStreaming();
    const events = await collect(run);
    equal(await run.join(), { log: ['1first', 'own 2'], map: { y: 1, z: 2 }, one: 'b', sum: 13, own: [] });
    const { changes } = events.find(({ type, node }) => type === 'node.completed' && node === 'sub');
    equal(changes, { log: ['1first', 'own 2'], map: { x: null, y: 1, z: 2 }, sum: [1, 2], one: 'b' }, 'changes');
  },

  'replace() inside stays replace() outside': async (weavegraph) => {
    const { append, replace } = weavegraph;
    const inner = chainOf(weavegraph, { log: append() }, { a: note('a'), b: () => ({ log: replace(['only']) }), c: note('c') }).compile();
    const app = around(weavegraph, { log: append({ initial: ['old'] }) }, inner);
    const run = app.invokeStreaming();
    const events = await collect(run);
    equal((await run.join()).log, ['only', 'c']);
    const { changes } = events.find(({ type, node }) => type === 'node.completed' && node === 'sub');
    equal(Object.keys(changes.log), Object.keys(replace([])), 'it says so');
  },

  'input and output map in place of what is shared': async (weavegraph) => {
    const { append, last } = weavegraph;
    const inner = chainOf(weavegraph, { log: append(), n: last({ initial: 0 }) }, { double: ({ n, log }) => ({ n: n * 2, log: `${log.length}` }) }).compile();
    const app = around(weavegraph, { log: append({ initial: ['x'] }), total: last({ initial: 21 }) }, inner, {
      input: ({ total }) => ({ n: total }),
      output: ({ n, log }) => ({ total: n, log: log.map((line) => `inner ${line}`) }),
    });
    equal(await app.invoke(), { log: ['x', 'inner 0'], total: 42 });
  },

  'what input and output may not do fails the task': async (weavegraph) => {
    const inner = chainOf(weavegraph, log(weavegraph), { a: note('a') }).compile();
    const fails = async (options) => {
      const error = await failure(around(weavegraph, log(weavegraph), inner, options).invoke());
      return [error.code, error.node];
    };
    const thrown = new Error('no');
    equal((await failure(around(weavegraph, log(weavegraph), inner, { input: () => { throw thrown; } }).invoke())).cause === thrown, true);
    equal(await fails({ input: () => { throw thrown; } }), ['NODE_THREW', 'sub']);
    equal(await fails({ input: async () => ({}) }), ['NODE_INVALID_RESULT', 'sub']);
    equal(await fails({ input: () => ({ other: 1 }) }), ['STATE_UNKNOWN_CHANNEL', 'sub']);
    equal(await fails({ output: async () => { throw thrown; } }), ['NODE_INVALID_RESULT', 'sub']);
    equal(await fails({ output: () => ({ log: () => {} }) }), ['STATE_NOT_CLONEABLE', 'sub']);
  },

  'sends run as many instances at once, each with its input': async (weavegraph) => {
    const { append, END, GraphBuilder, last, send, START } = weavegraph;
    const inner = chainOf(weavegraph, { log: append(), n: last({ initial: 0 }) }, { work: async ({ n }, ctx) => (await ctx.sleep(5 - n), { log: `${ctx.path.join('/')} ${n}` }) }).compile();
    const app = new GraphBuilder({ channels: { log: append() } })
      .addSubgraph('sub', inner)
      .addConditionalEdge(START, () => [0, 1, 2, 3].map((n) => send('sub', { n })))
      .addEdge('sub', END)
      .compile();
    equal((await app.invoke()).log, ['sub 0', 'sub#1 1', 'sub#2 2', 'sub#3 3']);
    const wrong = new GraphBuilder({ channels: { log: append() } }).addSubgraph('sub', inner).addConditionalEdge(START, () => send('sub', 7)).addEdge('sub', END).compile();
    equal(await codeOf(wrong.invoke()), 'STATE_INVALID_UPDATE');
  },

  'events and ctx say where they are, three graphs deep': async (weavegraph) => {
    const seen = [];
    const deep = chainOf(weavegraph, log(weavegraph), { leaf: (_, ctx) => (seen.push([ctx.path, ctx.idempotencyKey, ctx.step, ctx.node]), ctx.emit('note', 'here'), ctx.token('t'), { log: 'leaf' }) }).compile();
    const middle = around(weavegraph, log(weavegraph), deep);
    const app = around(weavegraph, log(weavegraph), middle);
    const run = app.invokeStreaming({}, { sessionId: 'a/b' });
    const events = await collect(run);
    equal(seen, [[['sub', 'sub'], 'a%2Fb/1/sub#0/1/sub#0/1/leaf#0', 1, 'leaf']]);
    equal(paths(events, 'step.started', 'node.started', 'message', 'llm.chunk', 'llm.final', 'node.completed', 'step.completed'), [
      'step.started :1', 'node.started :sub', 'step.started sub:1', 'node.started sub:sub', 'step.started sub/sub:1', 'node.started sub/sub:leaf',
      'message sub/sub:leaf', 'llm.chunk sub/sub:leaf', 'llm.final sub/sub:leaf', 'node.completed sub/sub:leaf', 'step.completed sub/sub:1',
      'node.completed sub:sub', 'step.completed sub:1', 'node.completed :sub', 'step.completed :1',
    ]);
    holds(events.filter(({ type }) => type.startsWith('run.')).every((event) => !('path' in event)), 'the run is one');
  },

  'keys of invocations of later steps differ': async (weavegraph) => {
    const { append, END, GraphBuilder, START } = weavegraph;
    const keys = [];
    const inner = chainOf(weavegraph, { log: append() }, { a: (_, ctx) => (keys.push(ctx.idempotencyKey), { log: ctx.random() }) }).compile();
    const app = new GraphBuilder({ channels: { log: append() } }).addSubgraph('sub', inner).addEdge(START, 'sub').addConditionalEdge('sub', ({ log }) => (log.length < 3 ? 'sub' : END), ['sub', END]).compile();
    const drawn = (await app.invoke({}, { sessionId: 's', seed: 5 })).log;
    equal(keys, ['s/1/sub#0/1/a#0', 's/2/sub#0/1/a#0', 's/3/sub#0/1/a#0']);
    equal(new Set(drawn).size, 3);
    equal((await app.invoke({}, { sessionId: 's', seed: 5 })).log, drawn, 'the same seed');
  },

  'a failure inside is the node\'s, with its cause; retry, timeoutMs and onError are of the whole graph': async (weavegraph) => {
    const boom = new Error('boom');
    let fails = 2;
    const inner = chainOf(weavegraph, log(weavegraph), { a: note('a'), bad: async () => { await turn(); if (fails-- > 0) throw boom; return { log: 'good' }; } }).compile();
    const error = await failure(around(weavegraph, log(weavegraph), inner).invoke());
    equal([error.code, error.node, error.step, error.cause === boom], ['NODE_THREW', 'bad', 2, true]);
    equal((await around(weavegraph, log(weavegraph), inner, { retry: { maxAttempts: 2, initialDelayMs: 1, retryOn: (thrown) => thrown === boom } }).invoke()).log, ['a', 'good']);
    fails = 1;
    const rescued = around(weavegraph, log(weavegraph), inner, { onError: (told, state, ctx) => ({ log: `${told.node} ${told.code} ${ctx.node} ${state.log.length}` }) });
    equal((await rescued.invoke()).log, ['bad NODE_THREW sub 0']);
    const reasons = [];
    const slow = chainOf(weavegraph, log(weavegraph), { slow: (_, ctx) => (ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason.code)), never()) }).compile();
    equal([await codeOf(around(weavegraph, log(weavegraph), slow, { timeoutMs: 5 }).invoke()), reasons], ['NODE_TIMEOUT', ['RUN_CANCELLED']]);
  },

  'a cancel reaches what runs inside': async (weavegraph) => {
    const signals = [];
    const inner = chainOf(weavegraph, log(weavegraph), { slow: (_, ctx) => (signals.push(ctx.signal), never()) }).compile();
    const run = around(weavegraph, log(weavegraph), around(weavegraph, log(weavegraph), inner)).invokeStreaming();
    await until(() => signals.length === 1);
    await run.cancel('enough');
    equal([(await run.result).status, signals[0].aborted, signals[0].reason.message], ['cancelled', true, 'enough']);
  },

  'concurrency is one for the whole tree, and a node\'s for all its instances': async (weavegraph) => {
    const { END, GraphBuilder, send, START } = weavegraph;
    const most = async (options, inside) => {
      let running = 0;
      let peak = 0;
      const work = async () => { running += 1; peak = Math.max(peak, running); await turn(); running -= 1; return { log: 1 }; };
      const inner = new GraphBuilder({ channels: log(weavegraph) }).addNode('a', work, inside).addNode('b', work, inside).addEdge(START, 'a').addEdge(START, 'b').addEdge('a', END).addEdge('b', END).compile();
      const app = new GraphBuilder({ channels: log(weavegraph) }).addSubgraph('sub', inner).addConditionalEdge(START, () => [1, 2, 3].map(() => send('sub', {}))).addEdge('sub', END).compile();
      equal((await app.invoke({}, options)).log.length, 6);
      return peak;
    };
    equal([await most({}), await most({ concurrency: 1 }), await most({ concurrency: 4 }), await most({}, { concurrency: 1 })], [6, 1, 4, 2]);
  },

  'joins, loops and conditional edges work inside, and maxSteps counts by invocation': async (weavegraph) => {
    const { END, GraphBuilder, START } = weavegraph;
    const inner = (options) => new GraphBuilder({ channels: log(weavegraph) })
      .addNode('a', note('a')).addNode('b', note('b')).addNode('join', note('j'))
      .addEdge(START, 'a').addEdge(START, 'b').addEdge(['a', 'b'], 'join')
      .addConditionalEdge('join', ({ log }) => (log.length < 6 ? ['a', 'b'] : END), ['a', 'b', END])
      .compile({ allowCycles: true, ...options });
    equal((await around(weavegraph, log(weavegraph), inner()).invoke({}, { maxSteps: 4 })).log, ['a', 'b', 'j', 'a', 'b', 'j']);
    equal(await codeOf(around(weavegraph, log(weavegraph), inner()).invoke({}, { maxSteps: 3 })), 'RUN_STEP_LIMIT');
    equal(await codeOf(around(weavegraph, log(weavegraph), inner({ maxSteps: 2 })).invoke()), 'RUN_STEP_LIMIT');
  },

  'a tree that is too deep is refused before anything runs': async (weavegraph) => {
    let app = chainOf(weavegraph, log(weavegraph), { a: note('a') }).compile();
    for (let depth = 0; depth < 32; depth += 1) app = around(weavegraph, log(weavegraph), app);
    equal((await app.invoke()).log, ['a']);
    const run = around(weavegraph, log(weavegraph), app).invokeStreaming();
    equal([(await collect(run)).map(({ type }) => type), (await run.result).error.code], [['run.failed'], 'RUN_DEPTH_LIMIT']);
  },

  'what fails inside is gone on with inside': async (weavegraph) => {
    const { MemoryCheckpointer } = weavegraph;
    let isBroken = true;
    const calls = [];
    const inner = chainOf(weavegraph, log(weavegraph), { a: (_, ctx) => (calls.push('a'), { log: 'a' }), bad: () => { calls.push('bad'); if (isBroken) throw new Error('no'); return { log: 'bad' }; } }).compile();
    const checkpointer = new MemoryCheckpointer();
    const app = around(weavegraph, log(weavegraph), inner, { input: () => (calls.push('input'), { log: 'in' }) }, { checkpointer });
    equal(await codeOf(app.invoke({}, { sessionId: 's' })), 'NODE_THREW');
    isBroken = false;
    equal([(await app.resume('s')).log, calls], [['a', 'bad'], ['input', 'a', 'bad', 'bad']]);
  },

  'a crash at any record of a run repeats no finished task, and the end is the same': async (weavegraph) => {
    const { append, END, GraphBuilder, last, reduce, send, START, StoreCheckpointer } = weavegraph;
    const calls = [];
    const build = (store) => {
      const node = (name, result) => async (state, ctx) => (await turn(), calls.push(`${ctx.idempotencyKey}`), result(state));
      const leaf = chainOf(weavegraph, { log: append(), n: last({ initial: 0 }), sum: reduce((a, b) => a + b, 0) }, { x: node('x', ({ n }) => ({ log: `x${n}`, sum: n })), y: node('y', ({ n, log }) => ({ log: `y${n}${log.length}` })) }).compile();
      const middle = new GraphBuilder({ channels: { log: append(), sum: reduce((a, b) => a + b, 0) } })
        .addSubgraph('leaf', leaf).addNode('m', node('m', () => ({ log: 'm' })))
        .addConditionalEdge(START, () => [send('leaf', { n: 1 }), send('leaf', { n: 2 }), 'm']).addEdge('leaf', END).addEdge('m', END).compile();
      return new GraphBuilder({ channels: { log: append(), sum: reduce((a, b) => a + b, 0) } })
        .addNode('first', node('first', () => ({ log: 'first' }))).addSubgraph('mid', middle).addNode('after', node('after', () => ({ log: 'after' })))
        .addEdge(START, 'first').addEdge('first', 'mid').addEdge('mid', 'after').addEdge('after', END)
        .compile({ checkpointer: new StoreCheckpointer(store) });
    };
    const whole = new SlotStore();
    const state = await build(whole).invoke({}, { sessionId: 's' });
    equal(state, { log: ['first', 'x1', 'y12', 'x2', 'y22', 'm', 'after'], sum: 3 });
    const all = calls.splice(0);
    const { slots } = whole.sessions.get('s');
    for (let cut = 1; cut <= slots.size; cut += 1) {
      const store = new SlotStore();
      store.sessions.set('s', { slots: new Map([...slots].slice(0, cut)), row: whole.sessions.get('s').row });
      const app = build(store);
      const before = await collectUntilQuiet(app, 's');
      const done = before.filter(({ type, node }) => type === 'node.completed' && !['mid', 'leaf'].includes(node)).length;
      equal(await app.resume('s'), state, `after record ${cut}`);
      equal([calls.length, new Set(calls).size, calls.every((key) => all.includes(key))], [all.length - done, calls.length, true], `calls after record ${cut}`);
      calls.length = 0;
      equal((await app.getState('s')).state, state, `stored after record ${cut}`);
    }
  },

  'getState gives a path: the inner state while its step is half done': async (weavegraph) => {
    const { append, END, GraphBuilder, last, MemoryCheckpointer, send, START } = weavegraph;
    let isBroken = true;
    let isDone = false;
    const loops = new GraphBuilder({ channels: { n: last({ initial: 0 }), id: last() } })
      .addNode('count', ({ n }) => ({ n: n + 1 }), { runWhen: 'always' })
      .addNode('bad', async ({ id }) => { if (id === 'b') await until(() => isDone); if (isBroken && id === 'b') throw new Error('no'); })
      .addEdge(START, 'count').addConditionalEdge('count', ({ n }) => (n < 3 ? 'count' : 'bad'), ['count', 'bad']).addEdge('bad', END).compile();
    const app = new GraphBuilder({ channels: { log: append() } }).addNode('first', note('first')).addSubgraph('sub', loops)
      .addEdge(START, 'first').addConditionalEdge('first', () => ['a', 'b'].map((id) => send('sub', { id }))).addEdge('sub', END)
      .compile({ checkpointer: new MemoryCheckpointer() });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    for await (const { type, node } of run) isDone ||= type === 'node.completed' && node === 'sub';
    equal((await run.result).status, 'failed');
    const inner = await app.getState('s', { path: ['sub#1'] });
    equal([inner.step, inner.state, inner.status, inner.frontier, inner.ran, inner.updatedChannels, inner.versions.n, inner.runId === run.id], [3, { n: 3, id: 'b' }, 'failed', ['bad'], ['count'], ['n'], 4, true]);
    const steps = [];
    for (const step of [0, 1, 2, 3, 4]) steps.push((await app.getState('s', { path: ['sub#1'], step }))?.state.n ?? null);
    equal([steps, await app.getState('s', { path: ['sub'] }), await app.getState('t', { path: ['sub'] })], [[0, 1, 2, 3, null], null, null]);
    equal([await codeOf(app.getState('s', { path: ['first'] })), await codeOf(app.getState('s', { path: ['sub', 'count'] }))], Array(2).fill('RUN_INVALID_OPTION'));
    equal([(await app.getState('s')).step, (await app.history('s')).map(({ step }) => step)], [1, [1, 0]], 'the history is the outer one');
    isBroken = false;
    await app.resume('s');
    equal([await app.getState('s', { path: ['sub#1'] }), (await app.getState('s')).step], [null, 2]);
  },

  'a session with a sub-graph is followed, moved and abandoned like any other': async (weavegraph) => {
    const { MemoryCheckpointer } = weavegraph;
    let isBroken = true;
    const bytes = new Uint8Array([1, 2]);
    const inner = chainOf(weavegraph, log(weavegraph), { a: () => ({ log: [bytes] }), bad: (_, ctx) => { ctx.emit('note', 'in'); if (isBroken) throw new Error('no'); return { log: 'bad' }; } }).compile();
    const checkpointer = new MemoryCheckpointer();
    const app = around(weavegraph, log(weavegraph), inner, {}, { checkpointer });
    const events = await collect(app.invokeStreaming({}, { sessionId: 's' }));
    const durable = (list) => list.filter((event) => event.transient !== true);
    equal(await collectUntilQuiet(app, 's'), durable(events), 'followed');
    const id = await checkpointer.importSession(await checkpointer.exportSession('s'), { as: 'copy' });
    isBroken = false;
    equal([(await app.resume(id)).log, (await app.resume('s')).log], Array(2).fill([bytes, 'bad']));
    const completed = (await collectUntilQuiet(app, 'copy')).find(({ type, node, path }) => type === 'node.completed' && node === 'sub' && path === undefined);
    equal(completed.changes, { log: [bytes, 'bad'] }, 'changes out of the log');
    isBroken = true;
    equal(await codeOf(app.invoke({}, { sessionId: 'copy' })), 'NODE_THREW');
    isBroken = false;
    equal((await app.invoke({}, { sessionId: 'copy', abandon: true })).log, [bytes, 'bad', bytes, 'bad']);
  },

  'a change of the graph inside is one of the graph': async (weavegraph) => {
    const { MemoryCheckpointer } = weavegraph;
    const checkpointer = new MemoryCheckpointer();
    const build = (nodes) => around(weavegraph, log(weavegraph), chainOf(weavegraph, log(weavegraph), nodes).compile(), {}, { checkpointer });
    const fails = () => { throw new Error('no'); };
    equal(await codeOf(build({ a: note('a'), gone: fails }).invoke({}, { sessionId: 's' })), 'NODE_THREW');
    const error = await failure(build({ a: note('a'), other: note('b') }).resume('s'));
    equal([error.code, error.message.includes('`gone`')], ['CHECKPOINT_GRAPH_CHANGED', true]);
    equal((await build({ more: note('more'), gone: note('gone'), a: note('a') }).resume('s')).log, ['a', 'gone', 'a'].slice(0, 2).concat('a'));
  },

  'many sends to a sub-graph, and one in each of many steps': async (weavegraph) => {
    const { END, GraphBuilder, send, START } = weavegraph;
    const inner = chainOf(weavegraph, log(weavegraph), { a: note('a') }).compile();
    const wide = new GraphBuilder({ channels: log(weavegraph) }).addSubgraph('sub', inner).addConditionalEdge(START, () => Array.from({ length: 1000 }, () => send('sub', {}))).addEdge('sub', END).compile();
    equal((await wide.invoke()).log.length, 1000);
    const long = new GraphBuilder({ channels: log(weavegraph) }).addSubgraph('sub', inner).addEdge(START, 'sub').addConditionalEdge('sub', ({ log }) => (log.length < 1000 ? 'sub' : END), ['sub', END]).compile();
    equal((await long.invoke()).log.length, 1000);
  },
};

/** What is stored of a session's events. */
async function collectUntilQuiet(app, sessionId) {
  const stream = app.follow(sessionId, { after: 0 });
  const events = [];
  for (;;) {
    const event = await stream.nextTimeout(5);
    if (event === null || event === undefined) break;
    events.push(event);
  }
  await stream.return();
  return events;
}
