// Rough edges of Weavegraph that are about sessions and stores. docs/weavegraph.md numbers them.
import { codeOf, equal, failure, holds } from '../checks.mjs';
import { SlotStore } from '../stores.mjs';
import { chain, collect, gate, loop, never, takeUntil, turn, until } from '../shapes.mjs';

/** What a process that dies now would leave: a store with the same records. */
export function crashed(store) {
  const copy = new SlotStore();
  for (const [session, { slots, row }] of store.sessions) copy.sessions.set(session, { slots: new Map(slots), row });
  return copy;
}
const sizes = (store, session) => [...store.sessions.get(session).slots.values()].map(({ length }) => length);

export const sessionEdges = {
  'rough edge 17: history tells which nodes ran, were skipped, and what they changed': async (weavegraph) => {
    const { END, GraphBuilder, last, MemoryCheckpointer, START } = weavegraph;
    const app = new GraphBuilder({ channels: { n: last({ initial: 0 }) } })
      .addNode('a', () => ({ n: 1 })).addNode('b', () => undefined).addNode('c', () => undefined)
      .addEdge(START, 'a').addEdge(START, 'b').addConditionalEdge('b', () => ['b', 'c'], ['b', 'c']).addEdge('a', END).addEdge('c', END)
      .compile({ checkpointer: new MemoryCheckpointer() });
    await app.invoke({}, { sessionId: 's' });
    equal((await app.history('s')).map(({ step, ran, skipped, updatedChannels }) => ({ step, ran, skipped, updatedChannels })), [
      { step: 3, ran: [], skipped: ['b', 'c'], updatedChannels: [] }, { step: 2, ran: ['b', 'c'], skipped: [], updatedChannels: [] }, { step: 1, ran: ['a', 'b'], skipped: [], updatedChannels: ['n'] },
      { step: 0, ran: [], skipped: [], updatedChannels: [] },
    ]);
  },

  'rough edge 18: input for a session that is there is used, or refused, and never passed over': async (weavegraph) => {
    const door = gate();
    let isHeld = false;
    const app = chain(weavegraph, { a: ({ log }) => (isHeld ? door.promise : { log: log.length }) }).compile({ checkpointer: new weavegraph.MemoryCheckpointer() });
    equal((await app.invoke({ log: 'one' }, { sessionId: 's' })).log, ['one', 1]);
    equal((await app.invoke({ log: 'two' }, { sessionId: 's' })).log, ['one', 1, 'two', 3], 'after its end');
    isHeld = true;
    const run = app.invokeStreaming({ log: 'three' }, { sessionId: 's' });
    equal(await codeOf(app.invoke({ log: 'four' }, { sessionId: 's' })), 'SESSION_BUSY', 'while it runs');
    door.fail(new Error('no'));
    await run.result;
    isHeld = false;
    equal(await codeOf(app.invoke({ log: 'four' }, { sessionId: 's' })), 'SESSION_UNFINISHED', 'after a failure');
    equal((await app.invoke({ log: 'four' }, { sessionId: 's', abandon: true })).log, ['one', 1, 'two', 3, 'three', 'four', 6]);
  },

  'rough edge 19: a writer that is late cannot put a session back': async (weavegraph) => {
    const store = new SlotStore();
    const open = () => new weavegraph.StoreCheckpointer(store);
    const door = gate();
    let isHeld = true;
    const graph = chain(weavegraph, { a: () => ({ log: 'a' }), b: () => (isHeld ? door.promise : { log: 'b' }) });
    const late = graph.compile({ checkpointer: open() }).invokeStreaming({}, { sessionId: 's' });
    await takeUntil(late, ({ type, node }) => type === 'node.started' && node === 'b');
    isHeld = false;
    const app = graph.compile({ checkpointer: open() });
    equal((await app.invoke({ log: 'in' }, { sessionId: 's', abandon: true })).log, ['a', 'in', 'a', 'b']);
    const { step, seq } = await app.getState('s');
    door.open({ log: 'late' });
    equal((await late.result).error.code, 'CHECKPOINT_CONFLICT');
    const after = await app.getState('s');
    equal([after.step, after.seq, after.state.log, after.status], [step, seq, ['a', 'in', 'a', 'b'], 'completed']);
  },

  'rough edge 19: pages of history and of sessions fit together, and sizes that are none are refused': async (weavegraph) => {
    const checkpointer = new weavegraph.MemoryCheckpointer();
    const app = loop(weavegraph, 25, (_, ctx) => ({ log: ctx.step })).compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    const steps = [];
    for (let before; ; before = steps.at(-1)) {
      const page = await app.history('s', { limit: 4, ...(before !== undefined && { before }) });
      if (page.length === 0) break;
      steps.push(...page.map(({ step }) => step));
    }
    equal(steps, Array.from({ length: 26 }, (_, n) => 25 - n));
    equal((await app.history('s', { limit: Number.MAX_SAFE_INTEGER, before: Number.MAX_SAFE_INTEGER })).length, 26);
    for (const limit of [0, -1, 1.5, NaN, Infinity, 2 ** 53, '5']) {
      equal([await codeOf(app.history('s', { limit })), await codeOf(checkpointer.listSessions({ limit }))], ['RUN_INVALID_OPTION', 'RUN_INVALID_OPTION'], String(limit));
    }
    for (const id of ['A', 'AB', 'A_', 'A%', "A'"]) await app.invoke({}, { sessionId: id });
    const found = [];
    for (let after; ; after = found.at(-1)) {
      const page = await checkpointer.listSessions({ limit: 2, ...(after !== undefined && { after }) });
      if (page.length === 0) break;
      found.push(...page.map(({ sessionId }) => sessionId));
    }
    equal([...found].sort(), ['A', 'A%', "A'", 'AB', 'A_', 's']);
    equal((await app.getState('A')).sessionId, 'A');
  },

  'rough edge 20: the input and the nodes that it chose are stored while the first step runs': async (weavegraph) => {
    const { append, END, GraphBuilder, START, StoreCheckpointer } = weavegraph;
    const store = new SlotStore();
    let isHeld = true;
    const node = (name) => () => (isHeld ? never() : { log: name });
    const graph = new GraphBuilder({ channels: { log: append() } }).addNode('left', node('left')).addNode('right', node('right'))
      .addConditionalEdge(START, ({ log }) => log.at(-1), ['left', 'right']).addEdge('left', END).addEdge('right', END);
    const run = graph.compile({ checkpointer: new StoreCheckpointer(store) }).invokeStreaming({ log: 'right' }, { sessionId: 's' });
    await until(() => store.sessions.has('s'));
    const left = crashed(store);
    // A run id is one run's in a realm.
    await run.cancel();
    isHeld = false;
    const app = graph.compile({ checkpointer: new StoreCheckpointer(left) });
    const { frontier, state } = await app.getState('s');
    equal([frontier, state.log, (await app.resume('s')).log], [['right'], ['right'], ['right', 'right']]);
  },

  'rough edge 23: a store that fails ends the run with its error, at whatever write, and loses nothing that was told': async (weavegraph) => {
    for (let good = 0; ; good += 1) {
      const store = new SlotStore();
      const disk = new Error('disk');
      let isBroken = true;
      let writes = 0;
      const append = store.append.bind(store);
      store.append = async (...given) => {
        if (isBroken && writes >= good) throw disk;
        writes += 1;
        return append(...given);
      };
      const app = loop(weavegraph, 4, (_, ctx) => ({ log: ctx.step })).compile({ checkpointer: new weavegraph.StoreCheckpointer(store) });
      const run = app.invokeStreaming({}, { sessionId: 's' });
      const events = await collect(run);
      const result = await run.result;
      if (result.status === 'completed') {
        holds(good >= 4, `${good} writes were enough`);
        break;
      }
      equal([result.error.code, result.error.cause === disk, events.at(-1).type], ['CHECKPOINT_UNAVAILABLE', true, 'run.failed'], `after ${good} writes`);
      const told = events.filter(({ type }) => type === 'step.completed').length;
      isBroken = false;
      if (good === 0) equal(await app.getState('s'), null);
      else {
        holds((await app.getState('s')).step >= told, `of ${told} steps told all are stored`);
        equal((await app.resume('s')).log.slice(0, told), Array.from({ length: told }, (_, n) => n + 1));
      }
    }
  },

  'rough edge 23: a store that cannot be opened fails the run, and nothing runs without it': async (weavegraph) => {
    const none = () => Promise.reject(new Error('no connection'));
    let calls = 0;
    const app = chain(weavegraph, { a: () => void (calls += 1) }).compile({ checkpointer: new weavegraph.StoreCheckpointer({ name: 'none', append: none, read: none, newest: none, rows: none, drop: none }) });
    equal([await codeOf(app.invoke({}, { sessionId: 's' })), await codeOf(app.resume('s')), await codeOf(app.getState('s')), calls], ['CHECKPOINT_UNAVAILABLE', 'CHECKPOINT_UNAVAILABLE', 'CHECKPOINT_UNAVAILABLE', 0]);
  },

  'rough edge 24: a session knows its graph, and what a later version wrote is refused by name': async (weavegraph) => {
    const checkpointer = new weavegraph.MemoryCheckpointer();
    const graph = (nodes) => chain(weavegraph, nodes).compile({ checkpointer });
    const boom = () => { throw new Error('no'); };
    const first = graph({ a: () => ({ log: 'a' }), gone: boom });
    await failure(first.invoke({}, { sessionId: 's' }));
    equal((await first.getState('s')).graphHash, first.definitionHash());
    let calls = 0;
    const error = await failure(graph({ a: () => void (calls += 1), other: () => void (calls += 1) }).resume('s'));
    equal([error.code, calls], ['CHECKPOINT_GRAPH_CHANGED', 0]);
    holds(error.message.includes('`gone`'), error.message);
    equal(await codeOf(graph({ a: () => undefined, gone: () => undefined, more: () => undefined }).resume('s', undefined, { onGraphChanged: 'error' })), 'CHECKPOINT_GRAPH_CHANGED');
    const dump = await checkpointer.exportSession('s');
    equal([await codeOf(checkpointer.importSession({ ...dump, version: 2 }, { as: 't' })), await first.getState('t')], ['CHECKPOINT_VERSION', null]);
  },

  'rough edge 25: what is kept has limits, and can be dropped': async (weavegraph) => {
    const { append, last, MemoryCheckpointer, replace } = weavegraph;
    const checkpointer = new MemoryCheckpointer({ keepLast: 5 });
    const text = 'x'.repeat(40_000);
    const node = ({ log }, ctx) => ({ log: replace([...log.slice(-2), ctx.step]), text: `${ctx.step} ${text}` });
    const app = loop(weavegraph, 60, node, { log: append(), text: last() }).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's', events: { capacity: 10 } });
    equal((await run.join()).log, [58, 59, 60]);
    const kept = await app.history('s');
    holds(kept.length >= 5 && kept.length < 30, `${kept.length} checkpoints`);
    await checkpointer.deleteSession('s');
    equal([await app.getState('s'), await checkpointer.listSessions()], [null, []]);
    const unread = chain(weavegraph, { a: (_, ctx) => { for (let n = 0; n < 10_000; n += 1) ctx.emit('s', 'm'); } }).compile().invokeStreaming({}, { events: { capacity: 100 } });
    await unread.join();
    const late = await collect(unread);
    holds(late.length <= 101, `${late.length} events of 10,000 wait`);
  },

  'rough edge 39: a step stores what it changed, not the state': async (weavegraph) => {
    const store = new SlotStore();
    const node = (_, ctx) => ({ log: `${ctx.step} ${'x'.repeat(1000)}` });
    const { log } = await loop(weavegraph, 300, node).compile({ checkpointer: new weavegraph.StoreCheckpointer(store) }).invoke({}, { sessionId: 's' });
    const written = sizes(store, 's');
    equal([log.length, written.length >= 300], [300, true]);
    holds(written.reduce((sum, size) => sum + size, 0) < 3 * 300 * 1000, 'all records are not much more than what was written');
    written.sort((a, b) => a - b);
    holds(written[Math.floor(written.length / 2)] < 2000, 'a record is about the size of its step');
  },

  'rough edge 39: with async durability a slow store holds no step up': async (weavegraph) => {
    const store = new SlotStore();
    const door = gate();
    const append = store.append.bind(store);
    store.append = async (...given) => (await door.promise, append(...given));
    const app = loop(weavegraph, 20, (_, ctx) => ({ log: ctx.step })).compile({ checkpointer: new weavegraph.StoreCheckpointer(store), durability: 'async' });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    await until(() => run.state.log.length === 20);
    equal([store.sessions.size, run.status], [0, 'running']);
    door.open();
    await run.join();
    await turn();
    equal((await app.getState('s')).step, 20);
  },
};
