// Cases about AppRunner with a checkpointer, any of them: sessions step by step, and sessions of many invocations. `sessions.mjs` makes them for
// each kind of store.
import { codeOf, equal, failure } from './checks.mjs';
import { chain, collect, gate, until } from './shapes.mjs';

const words = ({ status, reason, step, ran, nextFrontier, done }) => `${[status, reason?.kind, reason?.node].filter(Boolean).join(' ')}: ${step} ${ran} → ${nextFrontier}${done ? ' done' : ''}`;

/** @type {Record<string, (weavegraph: any, checkpointer: any) => Promise<void>>} */
export const runnerCases = {
  'a runner goes step by step, and another one goes on where it stopped': async (weavegraph, checkpointer) => {
    const make = () => new weavegraph.AppRunner(chain(weavegraph, { a: () => ({ log: 'a' }), b: () => ({ log: 'b' }), c: () => ({ log: 'c' }) }).compile({ checkpointer }));
    const first = make();
    equal(await first.createSession('s', { log: 'in' }), { resumed: false, step: 0 });
    equal(words(await first.runStep('s')), 'completed: 1 a → b');
    equal(await codeOf(first.createSession('s', { log: 'more' })), 'SESSION_UNFINISHED');
    await first.close();
    const second = make();
    equal(await second.createSession('s'), { resumed: true, step: 1 });
    const pauses = { interruptBefore: ['b'], interruptAfter: ['b'] };
    const reports = [await second.runStep('s', pauses), await second.runStep('s', pauses), await second.runStep('s', pauses), await second.runStep('s')];
    equal(reports.map(words), ['paused before b: 1  → b', 'paused after b: 2 b → c', 'completed: 3 c → __end__ done', 'completed: 3  → __end__ done']);
    equal([(await second.runUntilComplete('s')).log, await codeOf(second.runStep('t'))], [['in', 'a', 'b', 'c'], 'SESSION_NOT_FOUND']);
    equal(await codeOf(second.createSession('s', { log: 'more' })), 'RUN_INVALID_OPTION');
    await second.close();
    equal(await codeOf(second.runStep('s')), 'RUN_INVALID_OPTION');
  },

  'a runner runs several sessions at once, and the calls on each in order': async (weavegraph, checkpointer) => {
    const doors = { s: gate(), t: gate() };
    const order = [];
    const note = async (_, ctx) => {
      order.push(`${ctx.sessionId} ${ctx.step}`);
      if (ctx.step === 1) await doors[ctx.sessionId].promise;
    };
    const runner = new weavegraph.AppRunner(chain(weavegraph, { a: note, b: note }).compile({ checkpointer }));
    const calls = ['s', 't'].map((id) => Promise.all([runner.createSession(id), runner.runStep(id), runner.runStep(id)]));
    await until(() => order.length === 2);
    doors.t.open();
    await calls[1];
    doors.s.open();
    await calls[0];
    equal([order.slice(0, 2).sort(), order.slice(2)], [['s 1', 't 1'], ['t 2', 's 2']]);
    await runner.close();
  },

  'a session of many invocations: entries, inputs that a crash does not lose, one stream of events': async (weavegraph, checkpointer) => {
    const { append, AppRunner, END, GraphBuilder, START } = weavegraph;
    let isBroken = false;
    const node = (name) => ({ log }) => {
      if (isBroken) throw new Error('no');
      return { log: `${name}${log.length}` };
    };
    const make = () => new AppRunner(new GraphBuilder({ channels: { log: append() } }).addNode('a', node('a')).addNode('b', node('b')).addEdge(START, 'a').addEdge('a', END).addEdge('b', END).addConditionalEdge('a', () => [], ['b']).compile({ checkpointer }));
    const runner = make();
    const reading = collect(runner.eventStream({ filter: ['node.started'] }));
    equal(await runner.createIterativeSession('s', { log: 'in' }, 'b'), { resumed: false, step: 0 });
    equal((await runner.runUntilComplete('s')).log, ['in', 'b1']);
    equal((await runner.invokeNext('s', { log: 'one' })).log, ['in', 'b1', 'one', 'a3']);
    equal((await runner.invokeNext('s', {}, { entry: 'b' })).log.slice(4), ['b4']);
    equal([await codeOf(runner.invokeNext('s', {}, END)), await codeOf(runner.createIterativeSession('t', {}, 'nobody')), await codeOf(runner.invokeNext('t', {}))], ['SESSION_INVALID_ENTRY', 'SESSION_INVALID_ENTRY', 'SESSION_NOT_FOUND']);
    isBroken = true;
    await failure(runner.invokeNext('s', { log: 'two' }));
    await runner.finishIterativeSession('s');
    equal((await reading).filter(({ type }) => type === 'node.started').map(({ node }) => node), ['b', 'a', 'b', 'a']);
    isBroken = false;
    const other = make();
    equal(await other.createIterativeSession('s'), { resumed: true, step: 3 });
    equal([await codeOf(other.invokeNext('s', {})), (await other.runUntilComplete('s')).log.slice(5)], ['SESSION_UNFINISHED', ['two', 'a6']]);
    await other.close();
  },
};
