// Rough edges of Weavegraph that are about interrupts and its runner. docs/weavegraph.md numbers them.
import { codeOf, equal, failure, holds } from '../checks.mjs';
import { SlotStore } from '../stores.mjs';
import { chain, collect, never, takeUntil, types } from '../shapes.mjs';
import { crashed } from './sessions.mjs';

export const interruptEdges = {
  'rough edge 26: an interrupt has a payload and is stored, and its answer arrives where it was asked, from another process too': async (weavegraph) => {
    const store = new SlotStore();
    let calls = 0;
    const graph = chain(weavegraph, {
      ask: async (_, ctx) => ({ log: `${await ctx.interrupt({ question: 'name?' })} ${await ctx.interrupt('age?')}` }),
      count: () => ({ log: `${(calls += 1)}` }),
    });
    const app = () => graph.compile({ checkpointer: new weavegraph.StoreCheckpointer(store) });
    const run = app().invokeStreaming({}, { sessionId: 's' });
    equal([types(await collect(run)).at(-1), (await run.result).interrupts.map(({ node, reason, payload }) => ({ node, reason, payload }))], ['run.interrupted', [{ node: 'ask', reason: 'node', payload: { question: 'name?' } }]]);
    const [{ id }] = (await app().getState('s')).interrupts;
    equal(await codeOf(app().resume('s')), 'INTERRUPT_UNANSWERED');
    equal(await codeOf(app().resume('s', { ghost: 1 })), 'INTERRUPT_UNKNOWN');
    equal((await failure(app().resume('s', { [id]: 'Ada' }))).interrupts.map(({ payload }) => payload), ['age?']);
    equal([(await app().resume('s', 36)).log, calls], [['Ada 36', '1'], 1]);
  },

  'rough edge 26: a run pauses once before a node and once after it, however often it is asked to go on': async (weavegraph) => {
    const app = chain(weavegraph, { a: () => ({ log: 'a' }), b: () => ({ log: 'b' }), c: () => ({ log: 'c' }) }).compile({ checkpointer: new weavegraph.MemoryCheckpointer(), interruptBefore: ['b'], interruptAfter: ['b'] });
    const pauses = [];
    let error = await failure(app.invoke({}, { sessionId: 's' }));
    for (let n = 0; n < 5 && error !== undefined; n += 1) {
      equal([error.name, error.code], ['RunInterrupted', 'RUN_INTERRUPTED']);
      pauses.push(...error.interrupts.map(({ reason, node }) => `${reason} ${node}`));
      error = await app.resume('s').then(() => undefined, (thrown) => thrown);
    }
    equal([pauses, (await app.getState('s')).state.log], [['before b', 'after b'], ['a', 'b', 'c']]);
  },
};

export const runnerEdges = {
  'rough edge 8: one stream of a runner goes on over sessions and invocations, until the runner is closed': async (weavegraph) => {
    const runner = new weavegraph.AppRunner(chain(weavegraph, { a: (_, ctx) => (ctx.emit('s', ctx.sessionId), { log: 'a' }) }).compile());
    const reading = collect(runner.eventStream());
    for (const id of ['one', 'two']) {
      await runner.createSession(id);
      await runner.runUntilComplete(id);
    }
    await runner.createIterativeSession('three');
    await runner.invokeNext('three', {});
    await runner.invokeNext('three', {});
    await runner.close();
    equal((await reading).filter(({ type }) => type === 'message').map(({ message }) => message), ['one', 'two', 'three', 'three']);
  },

  'rough edge 18: a runner refuses input for a session that it knows, and runs nothing of one that is finished': async (weavegraph) => {
    let calls = 0;
    const runner = new weavegraph.AppRunner(chain(weavegraph, { a: ({ log }) => ((calls += 1), { log: `a${log.length}` }) }).compile());
    equal(await runner.createSession('s', { log: 'in' }), { resumed: false, step: 0 });
    equal([(await runner.runUntilComplete('s')).log, await runner.createSession('s')], [['in', 'a1'], { resumed: true, step: 1 }]);
    holds(typeof (await codeOf(runner.createSession('s', { log: 'more' }))) === 'string', 'it is refused');
    equal([(await runner.runUntilComplete('s')).log, (await runner.runStep('s')).done, calls], [['in', 'a1'], true, 1]);
    await runner.close();
  },

  'rough edge 20: the input of invokeNext and its entry are stored before it runs': async (weavegraph) => {
    const { append, AppRunner, END, GraphBuilder, START, StoreCheckpointer } = weavegraph;
    const store = new SlotStore();
    let isHeld = false;
    const node = (name) => () => (isHeld ? never() : { log: name });
    const graph = new GraphBuilder({ channels: { log: append() } }).addNode('first', node('first')).addNode('other', node('other'))
      .addEdge(START, 'first').addConditionalEdge('first', () => END, [END, 'other']).addEdge('other', END);
    const app = graph.compile({ checkpointer: new StoreCheckpointer(store) });
    const runner = new AppRunner(app);
    await runner.createIterativeSession('s');
    await runner.invokeNext('s', { log: 'one' });
    isHeld = true;
    const stream = runner.eventStream();
    const held = codeOf(runner.invokeNext('s', { log: 'two' }, 'other'));
    await takeUntil(stream, ({ type }) => type === 'node.started');
    const left = crashed(store);
    // A run id is one run's in a realm.
    await app.cancel('s');
    equal(await held, 'RUN_CANCELLED');
    await runner.close();
    isHeld = false;
    const after = graph.compile({ checkpointer: new StoreCheckpointer(left) });
    const { frontier, state } = await after.getState('s');
    equal([frontier, state.log, (await after.resume('s')).log], [['other'], ['one', 'first', 'two'], ['one', 'first', 'two', 'other']]);
  },
};
