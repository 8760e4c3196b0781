// Cases about what looks at runs from outside: typed slots of the state, observers, and the comparison of two runs.
import { codeOf, equal } from './checks.mjs';
import { chain, collect, fan, gate, StillClock, turn, types } from './shapes.mjs';

/** @type {Record<string, (weavegraph: any) => Promise<void>>} */
export const watchingCases = {
  'a slot of an invocation is cleared as the next one starts, one that lasts is not': async (weavegraph) => {
    const { END, GraphBuilder, MemoryCheckpointer, START, StateKey } = weavegraph;
    const [scratch, kept] = [new StateKey('a', 'scratch', 1, { lifecycle: 'invocation' }), new StateKey('a', 'kept', 2)];
    const app = new GraphBuilder()
      .addNode('n', (state) => ({ extra: { ...scratch.set(`${scratch.get(state)}+`), ...kept.set((kept.get(state) ?? 0) + 1) } }))
      .addEdge(START, 'n')
      .addEdge('n', END)
      .compile({ checkpointer: new MemoryCheckpointer() });
    const states = [await app.invoke({}, { sessionId: 's' }), await app.invoke({}, { sessionId: 's' }), await app.invoke({ extra: scratch.set('mine') }, { sessionId: 's' })];
    equal(states.map((state) => [scratch.require(state), kept.require(state)]), [['undefined+', 1], ['undefined+', 2], ['mine+', 3]]);
    equal([kept.storageKey, await codeOf(async () => scratch.require({ extra: {} })), await codeOf(async () => new StateKey('a:b', 'c', 1))], ['a:kept:v2', 'STATE_MISSING_KEY', 'STATE_INVALID_KEY']);
  },

  'an observer is told of a run as it happens, also where nobody reads': async (weavegraph) => {
    const clock = new StillClock();
    const told = [];
    const hook = (name) => (what) => told.push([name, what.node ?? what.status, what.outcome, what.durationMs].filter((part) => part !== undefined).join(' '));
    const observer = Object.fromEntries(['onRunStart', 'onRunFinish', 'onNodeStart', 'onNodeFinish', 'onCheckpointLoad', 'onCheckpointSave'].map((name) => [name, hook(name)]));
    const graph = chain(weavegraph, { a: (_, ctx) => (told.push('a runs'), ctx.step === 1 ? ctx.sleep(20) : undefined), b: () => ({ log: 1 }) });
    const running = graph.compile({ observer, clock }).invoke({}, { sessionId: 's' });
    await clock.wake();
    await running;
    equal(told, ['onRunStart', 'onNodeStart a', 'a runs', 'onNodeFinish a completed 20', 'onNodeStart b', 'onNodeFinish b completed 0', 'onRunFinish completed 20']);
    const app = chain(weavegraph, { a: () => ({ log: 'a' }) }).compile({ checkpointer: new weavegraph.MemoryCheckpointer(), observer, clock });
    for (let time = 0; time < 2; time += 1) await app.invoke({}, { sessionId: 's' });
    equal(['onCheckpointSave 0', 'onCheckpointLoad 0'].map((line) => told.includes(line)), [true, true]);
  },

  'an observer that throws, or rejects, harms nobody': async (weavegraph) => {
    const no = () => {
      throw new Error('no');
    };
    const observer = { onRunStart: no, onRunFinish: no, onNodeStart: async () => no(), onNodeFinish: no, onEvent: no };
    const run = chain(weavegraph, { a: () => turn().then(() => ({ log: 'a' })) }).compile({ observer }).invokeStreaming();
    const events = await collect(run);
    equal([(await run.join()).log, types(events).filter((type) => type !== 'diagnostic')], [['a'], ['run.started', 'step.started', 'node.started', 'node.completed', 'step.completed', 'run.completed']]);
    const told = events.filter(({ type }) => type === 'diagnostic').map(({ scope, message }) => `${scope}: ${message}`);
    equal([...new Set(told)].sort(), ['observer: onEvent threw: no', 'observer: onNodeFinish threw: no', 'observer: onNodeStart threw: no', 'observer: onRunStart threw: no']);
  },

  'runs whose tasks end in another order compare as equal, and others do not': async (weavegraph) => {
    const record = async (order, text = (name) => name) => {
      const doors = { a: gate(), b: gate(), c: gate() };
      const node = (_, ctx) => doors[ctx.node].promise.then(() => (ctx.emit('s', text(ctx.node)), { log: ctx.node }));
      const run = fan(weavegraph, { a: node, b: node, c: node }).compile().invokeStreaming();
      const reading = collect(run);
      for (const name of order) {
        await turn();
        doors[name].open();
      }
      return { events: await reading, state: await run.join() };
    };
    const expected = await record('abc');
    const { compareReplayRuns } = weavegraph;
    equal(compareReplayRuns(expected, await record('cab')).differences, []);
    const other = compareReplayRuns(expected, await record('bca', (name) => (name === 'b' ? 'B' : name)));
    equal([other.matches, other.differences, await codeOf(async () => other.assertMatches())], [false, ['step 1, b, message.message: expected "b", got "B"'], 'REPLAY_MISMATCH']);
  },
};
