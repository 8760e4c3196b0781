// Cases about pauses: questions of nodes and their answers, records of once, deadlines, breakpoints. `interruptCases` makes the same cases for
// each kind of checkpointer; must not know how one stores.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, collect, fan, gate, HastyClock, turn, types, until } from './shapes.mjs';

/**
 * @param {string} place how the kind is called in names
 * @param {(weavegraph: any) => object} make a checkpointer of the kind with sessions of its own; each call after the first one of a case opens the same
 * again, if the kind can
 */
export const interruptCases = (place, make) => Object.fromEntries(Object.entries(cases).map(([name, run]) => [`${place}: ${name}`, async (weavegraph) => {
  const open = make(weavegraph);
  const opened = [];
  try {
    await run(weavegraph, () => (opened.push(open()), opened.at(-1)));
  } finally {
    for (const checkpointer of opened) await checkpointer.close();
  }
}]));

const ids = ({ interrupts }) => interrupts.map(({ id }) => id);
/** The error that a run rejects with which waits for answers. */
const paused = async (weavegraph, promise) => {
  const error = await failure(promise);
  holds(error instanceof weavegraph.RunInterrupted && error.code === 'RUN_INTERRUPTED', `${error.name} ${error.code} ${error.message}`);
  return error;
};

/** @type {Record<string, (weavegraph: any, open: () => any) => Promise<void>>} */
const cases = {
  'a question pauses the run, and an answer goes on in the same page': async (weavegraph, open) => {
    const calls = [];
    const ask = async (_, ctx) => (calls.push('ask'), { log: `said ${await ctx.interrupt({ question: 'ok?' })}` });
    const checkpointer = open();
    const app = fan(weavegraph, { ask, b: async () => (calls.push('b'), { log: 'b' }) }).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    const events = await collect(run);
    const interrupts = [{ id: '1/ask#0/0', node: 'ask', task: 0, path: [], step: 1, reason: 'node', payload: { question: 'ok?' } }];
    equal(types(events).slice(-2), ['node.completed', 'run.interrupted']);
    equal(events.at(-1).interrupts, interrupts);
    const { status, interrupts: open_, steps, state } = await run.result;
    equal([status, open_, steps, state, run.status], ['interrupted', interrupts, 0, { log: [] }, 'interrupted']);
    equal((await paused(weavegraph, run.join())).interrupts, interrupts);
    const checkpoint = await app.getState('s');
    equal([checkpoint.status, checkpoint.interrupts, checkpoint.next], ['interrupted', interrupts, [{ node: 'ask', task: 0 }]]);
    const [{ status: listed, owner }] = await checkpointer.listSessions({ status: 'interrupted' });
    equal([listed, owner], ['interrupted', null]);
    equal(await codeOf(app.invoke({}, { sessionId: 's' })), 'SESSION_UNFINISHED');
    equal(await codeOf(app.resume('s')), 'INTERRUPT_UNANSWERED');
    const resumed = app.resumeStreaming('s', 'yes');
    const again = await collect(resumed);
    equal([(await resumed.join()).log, resumed.id === run.id, again[0].resumed, calls], [['said yes', 'b'], true, true, ['ask', 'b', 'ask']]);
    equal([again.map(({ seq }) => seq)[0], (await app.getState('s')).interrupts], [events.at(-1).seq + 1, []]);
    equal(await codeOf(app.resume('s', 'yes')), 'INTERRUPT_UNKNOWN');
  },

  'questions are answered after a reload: another app, another checkpointer': async (weavegraph, open) => {
    const graph = () => chain(weavegraph, { a: () => ({ log: 'a' }), ask: async (_, ctx) => ({ log: [await ctx.interrupt(1), await ctx.interrupt(2)] }), c: () => ({ log: 'c' }) });
    equal(ids(await paused(weavegraph, graph().compile({ checkpointer: open() }).invoke({}, { sessionId: 's' }))), ['2/ask#0/0']);
    const second = graph().compile({ checkpointer: open() });
    equal((await second.getState('s')).interrupts.map(({ payload }) => payload), [1]);
    equal(ids(await paused(weavegraph, second.resume('s', 'one'))), ['2/ask#0/1']);
    equal((await graph().compile({ checkpointer: open() }).resume('s', { '2/ask#0/1': 'two' })).log, ['a', 'one', 'two', 'c']);
  },

  'several questions at once are answered by id, some now and some later': async (weavegraph, open) => {
    const { append, END, GraphBuilder, send, START } = weavegraph;
    const calls = [];
    const ask = async (_, ctx) => {
      calls.push(ctx.task);
      const [left, right] = await Promise.all([ctx.interrupt(ctx.input), ctx.interrupt(undefined, { id: `right of ${ctx.task}` })]);
      return { log: `${ctx.input} ${left} ${right}` };
    };
    const app = new GraphBuilder({ channels: { log: append() } }).addNode('ask', ask).addConditionalEdge(START, () => ['x', 'y'].map((input) => send('ask', input)), ['ask']).addEdge('ask', END).compile({ checkpointer: open() });
    equal(ids(await paused(weavegraph, app.invoke({}, { sessionId: 's' }))), ['1/ask#0/0', 'right of 0', '1/ask#1/0', 'right of 1']);
    equal(await codeOf(app.resume('s', 'which?')), 'INTERRUPT_UNANSWERED');
    equal(await codeOf(app.resume('s', { '1/ask#0/0': 1, nobody: 2 })), 'INTERRUPT_UNKNOWN');
    equal(ids(await paused(weavegraph, app.resume('s', { '1/ask#1/0': 'l1', 'right of 1': 'r1' }))), ['1/ask#0/0', 'right of 0']);
    equal(ids(await paused(weavegraph, app.resume('s', { 'right of 0': 'r0' }))), ['1/ask#0/0']);
    equal([(await app.resume('s', { '1/ask#0/0': 'l0' })).log, calls], [['x l0 r0', 'y l1 r1'], [0, 1, 1, 0, 0]]);
  },

  'answers are values of every kind; a plain object needs answer()': async (weavegraph, open) => {
    const { answer } = weavegraph;
    const app = chain(weavegraph, { ask: async (_, ctx) => ({ value: [await ctx.interrupt()] }) }, { value: weavegraph.last() }).compile({ checkpointer: open() });
    const values = [['text', 'text'], [5, 5], [false, false], [null, null], [10n, 10n], [answer({ a: new Date(5) }), { a: new Date(5) }], [answer(undefined), undefined], [answer([1]), [1]]];
    for (const [given, value] of values) {
      await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
      equal((await app.resume('s', given)).value, [value]);
    }
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    const [{ id }] = (await app.getState('s')).interrupts;
    equal((await app.resume('s', { [id]: { b: 1 } })).value, [{ b: 1 }]);
  },

  'no catch can swallow a question, and what the node does meanwhile does not count': async (weavegraph, open) => {
    const ask = async (_, ctx) => {
      try {
        return { log: await Promise.race([ctx.interrupt(), turn().then(() => 'too early')]) };
      } catch {
        return { log: 'swallowed' };
      }
    };
    const app = chain(weavegraph, { ask }).compile({ checkpointer: open() });
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    equal((await app.resume('s', 'yes')).log, ['yes']);
  },

  'a sibling that fails fails the run, and the question stays open': async (weavegraph, open) => {
    let isBroken = true;
    const door = gate();
    const app = fan(weavegraph, {
      ask: async (_, ctx) => (door.open(), { log: await ctx.interrupt() }),
      b: async () => {
        await door.promise;
        await turn();
        if (isBroken) throw new Error('no');
        return { log: 'b' };
      },
    }).compile({ checkpointer: open() });
    equal(await codeOf(app.invoke({}, { sessionId: 's' })), 'NODE_THREW');
    equal([(await app.getState('s')).status, ids(await app.getState('s'))], ['failed', ['1/ask#0/0']]);
    isBroken = false;
    equal(ids(await paused(weavegraph, app.resume('s'))), ['1/ask#0/0']);
    equal((await app.resume('s', 'yes')).log, ['yes', 'b']);
  },

  'a question in onError and in another attempt': async (weavegraph, open) => {
    const ask = (name) => async (_, ctx) => ({ log: `${name} ${await ctx.interrupt(name)}` });
    const app = chain(weavegraph, {
      rescued: [async (_, ctx) => { await ctx.interrupt('before'); throw new Error('no'); }, { onError: (error, state, ctx) => ask('rescue')(state, ctx) }],
      retried: [async (state, ctx) => { const result = await ask('again')(state, ctx); if (ctx.attempt === 1) throw new Error('no'); return result; }, { retry: { maxAttempts: 2, initialDelayMs: 1 } }],
    }).compile({ checkpointer: open() });
    equal(ids(await paused(weavegraph, app.invoke({}, { sessionId: 's' }))), ['1/rescued#0/0']);
    equal(ids(await paused(weavegraph, app.resume('s', 1))), ['1/rescued#0/onError/0']);
    equal(ids(await paused(weavegraph, app.resume('s', 2))), ['2/retried#0/0']);
    equal((await app.resume('s', 3)).log, ['rescue 2', 'again 3']);
  },

  'cancel and abandon end what waits': async (weavegraph, open) => {
    const app = chain(weavegraph, { ask: async (_, ctx) => ({ log: await ctx.interrupt() }), b: () => ({ log: 'b' }) }).compile({ checkpointer: open() });
    const held = fan(weavegraph, { ask: (_, ctx) => ctx.interrupt(), b: () => new Promise(() => {}) }).compile({ checkpointer: open() });
    const run = held.invokeStreaming({}, { sessionId: 't' });
    await until(async () => (await held.getState('t'))?.interrupts.length === 1, 'the question is stored while its sibling runs');
    await run.cancel('enough');
    equal([run.status, ids(await held.getState('t'))], ['cancelled', ['1/ask#0/0']]);
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    equal(ids(await paused(weavegraph, app.invoke({}, { sessionId: 's', abandon: true }))), ['1/ask#0/0']);
    equal((await app.resume('s', 'yes')).log, ['yes', 'b']);
  },

  'once keeps its result over retries, pauses and failures': async (weavegraph, open) => {
    const effects = [];
    const app = chain(weavegraph, {
      pay: [async (_, ctx) => {
        const receipt = await ctx.once('charge', async () => (effects.push(`${ctx.idempotencyKey} ${ctx.attempt}`), await turn(), { receipt: effects.length }));
        if (ctx.attempt === 1) throw new Error('no');
        return { log: [receipt.receipt, await ctx.interrupt(), await ctx.once('mail', () => effects.push('mail'))] };
      }, { retry: { maxAttempts: 2, initialDelayMs: 1 } }],
    }).compile({ checkpointer: open() });
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    equal((await app.resume('s', 'yes')).log, [1, 'yes', 2]);
    equal(effects, ['s//1/pay#0 1', 'mail']);
  },

  'a once under way holds up the pause, so its result is not lost': async (weavegraph, open) => {
    let effects = 0;
    const app = chain(weavegraph, { a: async (_, ctx) => ({ log: await Promise.all([ctx.interrupt(), ctx.once('slow', async () => { for (let turns = 0; turns < 5; turns += 1) await turn(); return (effects += 1); })]) }) }).compile({ checkpointer: open() });
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    equal([(await app.resume('s', 'yes')).log, effects], [['yes', 1], 1]);
  },

  'interruptBefore and interruptAfter pause once at each place': async (weavegraph, open) => {
    const graph = chain(weavegraph, { a: () => ({ log: 'a' }), b: () => ({ log: 'b' }), c: () => ({ log: 'c' }) });
    const checkpointer = open();
    const app = graph.compile({ checkpointer, interruptBefore: ['b'], interruptAfter: ['b', 'c'] });
    const first = await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    equal(first.interrupts, [{ id: 'before:2/b#0', node: 'b', task: 0, path: [], step: 2, reason: 'before' }]);
    equal([(await app.getState('s')).state.log, (await app.getState('s')).interrupts], [['a'], first.interrupts]);
    const second = await paused(weavegraph, app.resume('s'));
    equal(second.interrupts, [{ id: 'after:2/b#0', node: 'b', task: 0, path: [], step: 2, reason: 'after' }]);
    equal((await app.resume('s')).log, ['a', 'b', 'c'], 'there is no pause after the last step');
    const every = graph.compile({ checkpointer });
    const seen = [];
    let error = await failure(every.invoke({}, { sessionId: 't', interruptBefore: '*' }));
    for (; error !== undefined; error = await every.resume('t', undefined, { interruptBefore: '*' }).then(() => undefined, (thrown) => thrown)) seen.push(...ids(error));
    equal(seen, ['before:1/a#0', 'before:2/b#0', 'before:3/c#0']);
    equal((await every.getState('t')).state.log, ['a', 'b', 'c']);
  },

  'questions, records and pauses in sub-graphs': async (weavegraph, open) => {
    const effects = [];
    const ask = async (_, ctx) => ({ log: `${await ctx.once('k', () => effects.push(ctx.idempotencyKey))} ${await ctx.interrupt('q')}` });
    const inner = chain(weavegraph, { x: () => ({ log: 'x' }), ask }).compile({ interruptBefore: ['ask'] });
    const { append, END, GraphBuilder, START } = weavegraph;
    const graph = new GraphBuilder({ channels: { log: append() } })
      .addSubgraph('sub', inner)
      .addNode('b', () => ({ log: 'b' }))
      .addEdge(START, 'sub').addEdge(START, 'b').addEdge('sub', END).addEdge('b', END);
    equal(await codeOf(graph.compile().invoke()), 'CHECKPOINT_NO_STORE');
    const app = graph.compile({ checkpointer: open() });
    const pause = await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    equal(pause.interrupts, [{ id: 'before:1/sub#0/2/ask#0', node: 'ask', task: 0, path: ['sub'], step: 2, reason: 'before' }]);
    const question = await paused(weavegraph, app.resume('s'));
    equal(question.interrupts, [{ id: '1/sub#0/2/ask#0/0', node: 'ask', task: 0, path: ['sub'], step: 2, reason: 'node', payload: 'q' }]);
    equal([(await app.getState('s')).interrupts, (await app.getState('s', { path: ['sub'] })).interrupts], [question.interrupts, question.interrupts]);
    equal([(await app.resume('s', 'yes')).log, effects], [['x', '1 yes', 'b'], ['s/1/sub#0/2/ask#0']]);
  },

  'follow tells of pauses and of what comes after them': async (weavegraph, open) => {
    const app = chain(weavegraph, { ask: async (_, ctx) => ({ log: await ctx.interrupt('q') }) }).compile({ checkpointer: open() });
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    const reader = app.follow('s', { after: 0, filter: 'minimal' });
    const take = async (count) => { const events = []; while (events.length < count) events.push((await reader.next()).value); return events; };
    const told = await take(2);
    equal([types(told), told[1].interrupts.map(({ id, payload }) => [id, payload])], [['run.started', 'run.interrupted'], [['1/ask#0/0', 'q']]]);
    await app.resume('s', 'yes');
    equal(types(await take(2)), ['run.started', 'run.completed']);
    await reader.return();
  },

  'a session that waits moves as JSON, and is answered there': async (weavegraph, open) => {
    const graph = chain(weavegraph, { ask: async (_, ctx) => ({ log: [await ctx.once('k', () => ({ n: 1 })), await ctx.interrupt({ q: [1] })] }) });
    const checkpointer = open();
    await paused(weavegraph, graph.compile({ checkpointer }).invoke({}, { sessionId: 's' }));
    const memory = new weavegraph.MemoryCheckpointer();
    await memory.importSession(JSON.parse(JSON.stringify(await checkpointer.exportSession('s'))), { as: 'copy' });
    const there = graph.compile({ checkpointer: memory });
    equal((await there.getState('copy')).interrupts.map(({ id, payload }) => [id, payload]), [['1/ask#0/0', { q: [1] }]]);
    equal((await there.resume('copy', 'yes')).log, [{ n: 1 }, 'yes']);
  },

  'a fork of a session that waits waits too': async (weavegraph, open) => {
    const app = chain(weavegraph, { ask: async (_, ctx) => ({ log: await ctx.interrupt() }) }).compile({ checkpointer: open() });
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    await app.fork('s', { as: 'fork' });
    equal(ids(await app.getState('fork')), ['1/ask#0/0']);
    equal([(await app.resume('fork', 'there')).log, (await app.resume('s', 'here')).log], [['there'], ['here']]);
  },
};

/** In memory a deadline, since no other store keeps up with a clock in haste. Over a store of one's own: wherever the log is cut, a resume comes to the same end, and nothing that was recorded is done again. */
export const crashCases = (SlotStore) => ({
  'sleepUntil waits for what is left of the first deadline': async (weavegraph) => {
    const [asked, slept] = [[], []];
    const nap = async (_, ctx) => {
      asked.push(ctx.now() + 5000);
      await ctx.sleepUntil(asked.at(-1));
      slept.push(ctx.now());
      const answer = await ctx.interrupt();
      await ctx.sleepUntil(ctx.now() - 1);
      return { log: answer };
    };
    const app = chain(weavegraph, { nap: [nap, { timeoutMs: 2000, retry: { maxAttempts: 5, initialDelayMs: 1 } }] }).compile({ checkpointer: new weavegraph.MemoryCheckpointer(), clock: new HastyClock() });
    await paused(weavegraph, app.invoke({}, { sessionId: 's' }));
    equal([asked.length, slept], [3, [asked[0]]], 'the third attempt has it');
    equal([(await app.resume('s', 'yes')).log, asked.length], [['yes'], 4], 'it is not waited for again');
  },

  'a crash after any record repeats no once, loses no answer and asks nothing twice': async (weavegraph) => {
    for (const durability of ['sync', 'async', 'exit']) {
      const effects = new Map();
      const effect = (key) => () => (effects.set(key, (effects.get(key) ?? 0) + 1), key);
      const graph = fan(weavegraph, {
        a: async (_, ctx) => ({ log: [await ctx.once('a', effect('a')), await ctx.interrupt(), await ctx.once('b', effect('b'))] }),
        b: async (_, ctx) => ({ log: await ctx.once('c', effect('c')) }),
      });
      const answerAll = async (app, run) => {
        for (let error = await failure(run); ; ) {
          holds(error.code === 'RUN_INTERRUPTED', `${error.code} ${error.message}`);
          const result = await app.resume('s', 'yes').catch((thrown) => thrown);
          if (!(result instanceof Error)) return result;
          error = result;
        }
      };
      const whole = new SlotStore();
      const app = graph.compile({ checkpointer: new weavegraph.StoreCheckpointer(whole), durability });
      equal((await answerAll(app, app.invoke({}, { sessionId: 's' }))).log, ['a', 'yes', 'b', 'c']);
      equal([...effects], [['a', 1], ['c', 1], ['b', 1]], durability);
      const { slots } = whole.sessions.get('s');
      for (let count = 1; count < slots.size; count += 1) {
        const cut = new SlotStore();
        cut.sessions.set('s', { slots: new Map([...slots].slice(0, count)), row: whole.sessions.get('s').row });
        const again = graph.compile({ checkpointer: new weavegraph.StoreCheckpointer(cut), durability });
        const before = await again.getState('s');
        const wasOpen = before.interrupts.length;
        effects.clear();
        const first = await again.resume('s', before.status === 'interrupted' ? 'yes' : undefined).catch((thrown) => thrown);
        const state = first instanceof Error ? await answerAll(again, Promise.reject(first)) : first;
        equal(state.log, ['a', 'yes', 'b', 'c'], `${durability} ${count}`);
        holds([...effects.values()].every((times) => times === 1), `${durability} ${count}: ${JSON.stringify([...effects])}`);
        holds(wasOpen === 0 || !effects.has('a'), `${durability} ${count}: what came before a question is recorded`);
      }
    }
  },
});
