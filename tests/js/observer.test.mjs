// RunObserver: every hook, in order, and what a hook can do to a run, which is nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END, GraphBuilder, MemoryCheckpointer, send, START, append } from 'weavegraph-wasm';
import { MockClock } from 'weavegraph-wasm/testing';
import { chain, code, collect, deferred, failure, fan, turn, until } from './graphs.mjs';

const hooks = ['onRunStart', 'onRunFinish', 'onNodeStart', 'onNodeFinish', 'onCheckpointLoad', 'onCheckpointSave', 'onEvent'];

/** An observer that keeps what it is told. */
function recorder(names = hooks) {
  const calls = [];
  const observer = Object.fromEntries(names.map((name) => [name, (told) => void calls.push([name, told])]));
  return { calls, observer, of: (name) => calls.filter(([each]) => each === name).map(([, told]) => told) };
}
const short = ([name, { node, outcome, step }]) => [name.slice(2), node, outcome, step].filter((part) => part !== undefined).join(' ');

test('the hooks of a run with a store, in order; onNodeStart comes just before its node, and before anything is stored', async () => {
  const { calls, observer, of } = recorder(hooks.filter((name) => name !== 'onEvent'));
  const clock = new MockClock(1_000);
  const app = chain({ a: (_, ctx) => (calls.push(['--called', { node: 'a' }]), ctx.sleep(30)), b: () => ({ log: 1 }) }).compile({ checkpointer: new MemoryCheckpointer(), observer, clock });
  const run = app.invokeStreaming({}, { sessionId: 's', runId: 'r' });
  await clock.advance(100);
  await run.join();
  const saves = /^CheckpointSave/;
  assert.deepEqual(calls.map(short).filter((call) => !saves.test(call)), ['RunStart', 'NodeStart a 1', 'called a', 'NodeFinish a completed 1', 'NodeStart b 2', 'NodeFinish b completed 2', 'RunFinish']);
  assert.deepEqual(of('onRunStart'), [{ runId: 'r', sessionId: 's', graphHash: app.definitionHash() }]);
  assert.deepEqual(of('onRunFinish'), [{ runId: 'r', sessionId: 's', status: 'completed', durationMs: 30 }]);
  assert.deepEqual(of('onNodeStart')[0], { node: 'a', task: 0, step: 1, attempt: 1 });
  assert.deepEqual(of('onNodeFinish')[0], { node: 'a', task: 0, step: 1, attempt: 1, durationMs: 30, outcome: 'completed' });
  const saved = of('onCheckpointSave');
  assert.deepEqual(saved.at(-1).step, 2, 'the record of the end, too');
  for (const { sessionId, backend, durationMs, bytes } of saved) assert.ok(sessionId === 's' && backend === 'memory' && durationMs === 0 && bytes > 0);
  assert.equal(calls.at(-1)[0], 'onRunFinish');
  assert.deepEqual(of('onCheckpointLoad'), []);
  const again = app.invoke({}, { sessionId: 's' });
  await clock.advance(100);
  await again;
  assert.deepEqual(of('onCheckpointLoad'), [{ sessionId: 's', backend: 'memory', step: 2, durationMs: 0 }]);
});

test('onEvent is told of every event that a reader gets, in the same order', async () => {
  const { observer, of } = recorder();
  const app = chain({ a: (_, ctx) => (ctx.token('x'), ctx.emit('s', 'm'), ctx.custom('c')), b: () => undefined }).compile({ observer });
  const events = await collect(app.invokeStreaming());
  assert.deepEqual(of('onEvent').map(({ type }) => type), events.map(({ type }) => type));
  const { observer: second, of: ofSecond } = recorder();
  await app.invoke({}, { observer: second });
  assert.equal(ofSecond('onEvent').length, events.length, 'also where nobody reads');
});

test('outcomes: failed attempts one by one, skipped tasks, and tasks that were cut short', async () => {
  const { observer, of } = recorder();
  let tries = 0;
  const flaky = () => ((tries += 1) < 3 ? assert.fail('no') : { log: 1 });
  await chain({ a: [flaky, { retry: { maxAttempts: 3, initialDelayMs: 0, jitter: 0 } }] }).compile({ observer }).invoke();
  assert.deepEqual(of('onNodeFinish').map(({ attempt, outcome }) => `${attempt} ${outcome}`), ['1 failed', '2 failed', '3 completed']);
  assert.equal(of('onNodeStart').length, 3);

  const rescued = recorder();
  await chain({ a: [() => assert.fail('no'), { onError: () => ({ log: 'rescued' }) }] }).compile({ observer: rescued.observer }).invoke();
  assert.deepEqual(rescued.of('onNodeFinish').map(({ outcome }) => outcome), ['failed'], 'one finish for one start');

  const skipping = recorder();
  await chain({ a: () => undefined, b: () => undefined }).addConditionalEdge('b', () => 'a', ['a']).compile({ observer: skipping.observer, maxSteps: 9 }).invoke();
  const skipped = skipping.of('onNodeFinish').filter(({ outcome }) => outcome === 'skipped');
  assert.deepEqual(skipped.map(({ node, attempt, durationMs }) => [node, attempt, durationMs]), [['a', 0, 0]]);

  const broken = recorder();
  const error = await failure(fan({ hang: () => new Promise(() => {}), bad: () => assert.fail('no') }).compile({ observer: broken.observer }).invoke());
  assert.equal(error.code, 'NODE_THREW');
  assert.deepEqual(broken.of('onNodeFinish').map(({ node, outcome }) => `${node} ${outcome}`), ['bad failed', 'hang interrupted']);
  assert.equal(broken.of('onRunFinish')[0].status, 'failed');

  const cancelled = recorder();
  const run = chain({ hang: () => new Promise(() => {}) }).compile({ observer: cancelled.observer }).invokeStreaming();
  await until(() => cancelled.of('onNodeStart').length === 1);
  await run.cancel();
  assert.deepEqual([cancelled.of('onNodeFinish')[0].outcome, cancelled.of('onRunFinish')[0].status], ['interrupted', 'cancelled']);
});

test('a task that asks has not finished: it is told as interrupted as the run ends', async () => {
  const { observer, of } = recorder();
  const app = fan({ ask: async (_, ctx) => ({ log: await ctx.interrupt() }), other: () => ({ log: 1 }) }).compile({ checkpointer: new MemoryCheckpointer(), observer });
  assert.equal((await failure(app.invoke({}, { sessionId: 's' }))).code, 'RUN_INTERRUPTED');
  assert.deepEqual(of('onNodeFinish').map(({ node, outcome }) => `${node} ${outcome}`), ['other completed', 'ask interrupted']);
  assert.equal(of('onRunFinish')[0].status, 'interrupted');
  await app.resume('s', 'yes');
  assert.deepEqual([of('onNodeFinish').at(-1).outcome, of('onNodeFinish').length, of('onNodeStart').length, of('onCheckpointLoad').length], ['completed', 3, 3, 1]);
});

test('each task of a fan-out by send has its own number', async () => {
  const { observer, of } = recorder();
  const app = new GraphBuilder({ channels: { log: append() } }).addNode('w', (_, ctx) => ({ log: ctx.input })).addConditionalEdge(START, () => [send('w', 1), send('w', 2)], ['w']).addEdge('w', END).compile({ observer });
  await app.invoke();
  assert.deepEqual(of('onNodeFinish').map(({ task }) => task), [0, 1]);
});

test('tasks of a sub-graph are told with its path', async () => {
  const inner = chain({ x: () => ({ log: 'x' }) }).compile();
  const { calls, observer } = recorder(['onNodeStart', 'onNodeFinish']);
  await new GraphBuilder({ channels: { log: append() } }).addSubgraph('in', inner).addEdge(START, 'in').addEdge('in', END).compile({ observer }).invoke();
  assert.deepEqual(calls.map(([name, { node, path }]) => [name, node, path]), [['onNodeStart', 'in', undefined], ['onNodeStart', 'x', ['in']], ['onNodeFinish', 'x', ['in']], ['onNodeFinish', 'in', undefined]]);
});

test('a hook that throws, or whose promise rejects, is a diagnostic each time and harms nothing', async () => {
  const observer = Object.fromEntries(hooks.map((name, at) => [name, at % 2 === 0 ? () => assert.fail(`in ${name}`) : async () => assert.fail(`in ${name}`)]));
  const app = chain({ a: async () => (await turn(), { log: 'a' }), b: async () => (await turn(), { log: 'b' }) }).compile({ checkpointer: new MemoryCheckpointer(), observer });
  for (let time = 1; time <= 2; time += 1) {
    const run = app.invokeStreaming({}, { sessionId: 's' });
    const events = await collect(run);
    assert.equal((await run.result).status, 'completed');
    const diagnostics = events.filter(({ type }) => type === 'diagnostic');
    assert.ok(diagnostics.every(({ scope, transient }) => scope === 'observer' && transient));
    const told = new Set(diagnostics.map(({ message }) => message.split(' ')[0]));
    for (const hook of ['onRunStart', 'onNodeStart', 'onNodeFinish', 'onEvent']) assert.ok(told.has(hook), `${hook} of run ${time}`);
    const others = events.filter(({ type }) => type !== 'diagnostic' && type !== 'checkpoint.saved').length;
    assert.ok(diagnostics.length <= 3 * others + 8, 'no diagnostic of a diagnostic');
    assert.equal(new Set(events.filter(({ transient }) => !transient).map(({ seq }) => seq)).size, 10);
  }
  assert.deepEqual((await app.getState('s')).state.log, ['a', 'b', 'a', 'b']);
  await turn();
});

test('a hook may call the run back: it may cancel, read, and start others', async () => {
  let run;
  const others = [];
  const app = chain({ a: (_, ctx) => new Promise((resolve) => ctx.signal.addEventListener('abort', resolve)) }).compile();
  const observer = {
    onNodeStart: () => {
      others.push(app.attach('nobody'), run.state, run.status);
      void run.cancel('by the observer');
    },
  };
  run = app.invokeStreaming({}, { observer });
  const result = await run.result;
  assert.deepEqual([result.status, result.reason, others], ['cancelled', 'by the observer', [null, { log: [] }, 'running']]);
});

test('a run that is refused has no start and no finish; what is no observer is RUN_INVALID_OPTION', async () => {
  const { observer, of } = recorder();
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: () => assert.fail('no') }).compile({ checkpointer });
  await failure(app.invoke({}, { sessionId: 's' }));
  assert.equal((await failure(app.invoke({}, { sessionId: 's', observer }))).code, 'SESSION_UNFINISHED');
  assert.equal((await failure(app.resume('nobody', undefined, { observer }))).code, 'SESSION_NOT_FOUND');
  assert.deepEqual([of('onRunStart'), of('onRunFinish')], [[], []]);
  for (const wrong of [1, null, () => {}]) await assert.rejects(app.invoke({}, { observer: wrong }), code('RUN_INVALID_OPTION', /observer/));
  assert.throws(() => chain({ a: () => undefined }).compile({ observer: 'x' }), code('RUN_INVALID_OPTION', /observer/));
});

test('a node hears nothing of an observer that is slow to resolve', async () => {
  const door = deferred();
  const run = chain({ a: () => ({ log: 1 }) }).compile({ observer: { onNodeStart: () => door.promise } }).invokeStreaming();
  assert.deepEqual((await run.join()).log, [1]);
  door.resolve();
});
