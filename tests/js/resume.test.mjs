// Going on after a failure, a cancel or a limit: what runs again, what does not, and what an abandoned step leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, command, END, GraphBuilder, last, MemoryCheckpointer, reduce, send, START } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, fan, loop, ManualClock, short, turn } from './graphs.mjs';

const stored = (graph, options) => graph.compile({ checkpointer: new MemoryCheckpointer(), ...options });
/** A node that fails until it is mended. */
function fragile(result = () => undefined) {
  const part = { isBroken: true, calls: 0, attempts: [] };
  part.node = (state, ctx) => {
    part.calls += 1;
    part.attempts.push([ctx.step, ctx.attempt]);
    if (part.isBroken) throw new Error('no');
    return result(state, ctx);
  };
  return part;
}

test('finished tasks of a half-done step do not run again, and their writes stand in node order', async () => {
  const part = fragile(() => ({ log: 'b' }));
  const calls = [];
  const node = (name) => () => (calls.push(name), { log: name });
  const app = stored(fan({ a: node('a'), b: [part.node, { retry: { maxAttempts: 2, initialDelayMs: 0 } }], c: async () => { calls.push('c'); await (part.isBroken ? new Promise(() => {}) : turn()); return { log: 'c' }; } }));
  const run = app.invokeStreaming({}, { sessionId: 's' });
  assert.deepEqual((await run.result).state.log, []);
  part.isBroken = false;
  const resumed = app.resumeStreaming('s');
  const events = await collect(resumed);
  assert.deepEqual((await resumed.join()).log, ['a', 'b', 'c']);
  assert.deepEqual(calls, ['a', 'c', 'c']);
  assert.deepEqual(part.attempts, [[1, 1], [1, 2], [1, 1]], 'attempts begin at 1, the step stays');
  assert.deepEqual(events.filter(({ type }) => type === 'step.started').map(({ step, frontier }) => [step, frontier]), [[1, ['b', 'c']]]);
  assert.equal(resumed.id, run.id);
  assert.deepEqual([(await resumed.result).runId, app.attach('s')], [run.id, null]);
});

test('of many sends only those that did not finish run again, with their inputs', async () => {
  const part = fragile((_, ctx) => ({ log: ctx.input * 10 }));
  const inputs = [];
  const work = (state, ctx) => {
    inputs.push(ctx.input);
    return ctx.input === 3 ? part.node(state, ctx) : { log: ctx.input };
  };
  const app = stored(new GraphBuilder({ channels: { log: append() } }).addNode('work', work, { concurrency: 1 }).addConditionalEdge(START, () => [1, 2, 3, 4, 5].map((n) => send('work', n)), ['work']).addEdge('work', END));
  await failure(app.invoke({}, { sessionId: 's' }));
  assert.deepEqual(inputs, [1, 2, 3]);
  assert.deepEqual((await app.getState('s')).next.map(({ task, input }) => [task, input]), [[2, 3], [3, 4], [4, 5]]);
  part.isBroken = false;
  assert.deepEqual((await app.resume('s')).log, [1, 2, 30, 4, 5]);
  assert.deepEqual(inputs, [1, 2, 3, 3, 4, 5]);
});

test('the default errors channel gets the failure at the next completed barrier, and does not count for the gate', async () => {
  const clock = new ManualClock(5000);
  const part = fragile();
  const app = stored(new GraphBuilder().addNode('ok', () => undefined).addNode('a', part.node).addEdge(START, 'ok').addEdge('ok', 'a').addConditionalEdge('a', () => 'ok'), { clock });
  await failure(app.invoke({}, { sessionId: 's' }));
  assert.deepEqual((await app.getState('s')).state.errors, []);
  await clock.advance(10);
  await failure(app.resume('s'));
  part.isBroken = false;
  const run = app.resumeStreaming('s');
  const { errors } = await run.join();
  const event = (at) => ({ at, scope: { scope: 'node', kind: 'a', step: 2 }, error: { message: 'node `a` failed in step 2: no', cause: { name: 'Error', message: 'no' } }, tags: ['node', 'NODE_THREW'] });
  assert.deepEqual(errors, [event(5000), event(5010)]);
  assert.equal((await run.result).reason, 'quiescent');
  assert.deepEqual((await app.getState('s')).state.errors, errors);
});

test('failures of the step and of the run are told by their scope', async () => {
  const cases = [
    // The route sees the state that its barrier makes, the error that it is about included.
    [new GraphBuilder().addNode('a', () => undefined).addEdge(START, 'a').addConditionalEdge('a', ({ errors }) => { if (errors.length === 0) throw new Error('no'); return END; }), {}, { scope: 'scheduler', step: 1 }, 'ROUTE_THREW'],
    [loop(5, () => undefined, null), { maxSteps: 2 }, { scope: 'runner', session: 's', step: 3 }, 'RUN_STEP_LIMIT'],
  ];
  for (const [graph, options, scope, code] of cases) {
    const app = stored(graph);
    await failure(app.invoke({}, { sessionId: 's', ...options }));
    const { errors } = await app.resume('s');
    assert.deepEqual(errors.map((event) => [event.scope, event.tags]), [[scope, [scope.scope, code]]]);
  }
});

test('a route that failed is asked again, and the nodes before it do not run again', async () => {
  const part = fragile();
  let calls = 0;
  const graph = new GraphBuilder({ channels: { log: append() } }).addNode('a', () => ((calls += 1), { log: 'a' })).addEdge(START, 'a');
  const app = stored(graph.addConditionalEdge('a', (state) => { part.node(state, {}); return END; }, [END]));
  await failure(app.invoke({}, { sessionId: 's' }));
  assert.deepEqual((await app.getState('s')).state.log, []);
  part.isBroken = false;
  assert.deepEqual((await app.resume('s')).log, ['a']);
  assert.deepEqual([calls, part.calls], [1, 2]);
});

test('a route of START that failed is asked again', async () => {
  const part = fragile();
  const app = stored(new GraphBuilder({ channels: { log: append() } }).addNode('a', ({ log }) => ({ log: `${log}!` })).addConditionalEdge(START, (state) => { part.node(state, {}); return 'a'; }, ['a']).addEdge('a', END));
  await failure(app.invoke({ log: 'in' }, { sessionId: 's' }));
  part.isBroken = false;
  assert.deepEqual((await app.resume('s')).log, ['in', 'in!']);
});

test('after a cancel, after maxSteps and after the time is up', async () => {
  const gate = deferred();
  const cancelled = stored(fan({ a: () => ({ log: 'a' }), b: () => gate.promise }));
  const run = cancelled.invokeStreaming({}, { sessionId: 's' });
  await turn();
  await run.cancel();
  gate.resolve({ log: 'b' });
  assert.deepEqual((await cancelled.resume('s')).log, ['a', 'b']);

  const limited = stored(loop(7, (_, ctx) => ({ log: ctx.step })), { maxSteps: 3 });
  for (const start of [() => limited.invoke({}, { sessionId: 's' }), () => limited.resume('s')]) assert.equal((await failure(start())).code, 'RUN_STEP_LIMIT');
  assert.deepEqual((await limited.resume('s')).log, [1, 2, 3, 4, 5, 6, 7]);

  const clock = new ManualClock();
  const slow = stored(chain({ a: (_, ctx) => ctx.sleep(ctx.attempt === 1 && clock.now() < 1_700_000_000_100 ? 1000 : 0).then(() => ({ log: 'a' })) }), { clock, timeoutMs: 100 });
  const timedOut = failure(slow.invoke({}, { sessionId: 's' }));
  await clock.advance(100);
  assert.equal((await timedOut).code, 'RUN_TIMEOUT');
  const resumed = slow.resume('s');
  await clock.advance(0);
  assert.deepEqual((await resumed).log, ['a']);
});

test('a session that is complete ends at once with its state', async () => {
  let calls = 0;
  const app = stored(chain({ a: () => ((calls += 1), { log: 'a' }) }));
  await app.invoke({}, { sessionId: 's', runId: 'r' });
  const run = app.resumeStreaming('s');
  assert.deepEqual((await collect(run)).map(short), ['7 run.started', '8 run.completed']);
  assert.deepEqual([(await run.join()).log, (await run.result).steps, run.id, calls], [['a'], 0, 'r', 1]);
});

test('abandon drops the half-done step; without it the session is unfinished', async () => {
  const part = fragile(() => ({ log: 'b' }));
  const app = stored(fan({ a: () => ({ log: 'a' }), b: part.node }));
  const first = await failure(app.invoke({ log: 1 }, { sessionId: 's', runId: 'r1' }));
  assert.equal((await failure(app.invoke({ log: 2 }, { sessionId: 's' }))).code, 'SESSION_UNFINISHED');
  part.isBroken = false;
  const run = app.invokeStreaming({ log: 2 }, { sessionId: 's', runId: 'r2', abandon: true });
  assert.deepEqual((await run.join()).log, [1, 2, 'a', 'b']);
  assert.deepEqual([first.runId, run.id], ['r1', 'r2']);
  await app.invoke({}, { sessionId: 's', abandon: true });
  await app.invoke({}, { sessionId: 'fresh', abandon: true });
});

test('joins, the gate and reducers survive: nothing is counted twice', async () => {
  const part = fragile(() => ({ sum: 100 }));
  let reductions = 0;
  const channels = { log: append(), sum: reduce((sum, n) => ((reductions += 1), sum + n), 0) };
  const graph = new GraphBuilder({ channels }).addNode('a', () => ({ sum: 1 })).addNode('b', () => ({ sum: 10 })).addNode('late', part.node).addNode('join', ({ sum }) => ({ log: `joined at ${sum}` }));
  const app = stored(graph.addEdge(START, 'a').addEdge(START, 'b').addEdge('b', 'late').addEdge(['a', 'b', 'late'], 'join').addEdge('join', END));
  await failure(app.invoke({}, { sessionId: 's' }));
  const before = reductions;
  assert.deepEqual((await app.getState('s')).state.sum, 11);
  assert.equal(reductions, before, 'reading a session asks no reducer');
  part.isBroken = false;
  assert.deepEqual(await app.resume('s'), { log: ['joined at 111'], sum: 111 });
  assert.equal(reductions, 3);
});

test('a resumed run holds its run id: another run of that id is refused', async () => {
  const part = fragile(() => gate.promise);
  const gate = deferred();
  const app = stored(chain({ a: part.node }));
  await failure(app.invoke({}, { sessionId: 's', runId: 'r' }));
  part.isBroken = false;
  const run = app.resumeStreaming('s', undefined, { runId: 'ignored' });
  await turn();
  assert.deepEqual([run.id, app.attach('s').id], ['r', 'r']);
  assert.equal((await failure(app.invoke({}, { runId: 'r' }))).code, 'RUN_ALREADY_ACTIVE');
  gate.resolve();
  await run.join();
  await app.invoke({}, { runId: 'r' });

  part.isBroken = true;
  await failure(app.invoke({}, { sessionId: 't', runId: 'q' }));
  part.isBroken = false;
  const holder = chain({ a: () => new Promise(() => {}) }).compile().invokeStreaming({}, { runId: 'q' });
  const refused = app.resumeStreaming('t');
  const [{ durationMs }] = await collect(refused);
  const { error } = await refused.result;
  assert.equal(error.code, 'RUN_ALREADY_ACTIVE');
  assert.equal(durationMs, 0, 'what never began took no time');
  await holder.cancel();
  await app.resume('t');
});

test('a goto that a finished task returned is followed after the resume', async () => {
  const part = fragile();
  const graph = new GraphBuilder({ channels: { log: append(), one: last() } }).addNode('a', () => command({ update: { one: 1 }, goto: [send('work', 'input')] }), { targets: ['work'] });
  const app = stored(graph.addNode('b', part.node).addNode('work', ({ one }, ctx) => ({ log: [ctx.input, one] })).addEdge(START, 'a').addEdge(START, 'b').addEdge('a', END).addEdge('b', END).addEdge('work', END));
  await failure(app.invoke({}, { sessionId: 's' }));
  part.isBroken = false;
  assert.deepEqual((await app.resume('s')).log, ['input', 1]);
});
