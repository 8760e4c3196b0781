// Time and limits: clocks, sleeps, timeouts, retries, concurrency, maxSteps, and the random numbers of a seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, last, MemoryCheckpointer, send, START } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, fan, loop, ManualClock, turn } from './graphs.mjs';

const never = () => new Promise(() => {});

test('a clock with sleep: every wait is on it, and every time is its', async () => {
  const clock = new ManualClock(1000);
  const seen = [];
  const node = async (_, ctx) => {
    seen.push(ctx.now());
    await ctx.sleep(500);
    seen.push(ctx.now());
    await ctx.sleep(0);
    await ctx.sleep(-5);
  };
  const run = chain({ a: node }).compile().invokeStreaming({}, { clock });
  const reading = collect(run);
  await clock.advance(499);
  assert.deepEqual([seen, clock.pending], [[1000], 1]);
  await clock.advance(1);
  await clock.advance(0);
  const events = await reading;
  assert.deepEqual(seen, [1000, 1500]);
  assert.deepEqual(events.map(({ at }) => at - 1000), [0, 0, 0, 500, 500, 500]);
  assert.deepEqual([events[3].durationMs, (await run.result).durationMs, clock.pending], [500, 500, 0]);
});

test('a clock without sleep: its times, the platform\'s timers', async () => {
  let now = 5000;
  const run = chain({ a: (_, ctx) => ctx.sleep(5).then(() => void (now = 5005)) }).compile({ clock: { now: () => now } }).invokeStreaming();
  const events = await collect(run);
  assert.deepEqual([events[0].at, events.at(-1).at, (await run.result).durationMs], [5000, 5005, 5]);
});

test('a clock that throws ends the run, and nothing goes unhandled', async () => {
  const boom = new Error('boom');
  let isDone = false;
  for (let calls = 0; !isDone; calls += 1) {
    let count = 0;
    const clock = { now: () => { if (count++ >= calls) throw boom; return 1; } };
    const run = chain({ a: async () => undefined, b: (_, ctx) => ctx.emit('s', 'm') }).compile({ checkpointer: new MemoryCheckpointer() }).invokeStreaming({}, { clock });
    const events = await collect(run);
    const { error, status } = await run.result;
    isDone = status === 'completed';
    if (!isDone) assert.equal(error.cause, boom);
    assert.deepEqual([events.at(-1).type, run.status], [`run.${status}`, status]);
    assert.ok(calls < 100);
  }
  const refusing = { now: Date.now, sleep: () => Promise.reject(boom) };
  assert.equal((await chain({ a: (_, ctx) => ctx.sleep(1e9) }).compile().invokeStreaming({}, { clock: refusing }).result).status, 'completed');
});

test('ctx.sleep refuses what is no number, and rejects once its attempt is over', async () => {
  let late;
  await chain({ a: async (_, ctx) => {
    late = ctx;
    for (const wrong of [NaN, '5', undefined]) assert.equal((await failure(ctx.sleep(wrong))).code, 'NODE_INVALID_RESULT');
  } }).compile().invoke();
  assert.equal((await failure(late.sleep(1))).code, 'RUN_CANCELLED');
  assert.throws(() => late.random(), { code: 'RUN_CANCELLED' });
});

test('timeoutMs of a node: signal and sleep end, the late result is ignored, the next attempt gets its own time', async () => {
  const clock = new ManualClock();
  const gate = deferred();
  const reasons = [];
  const node = async (_, ctx) => {
    ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason.code));
    if (ctx.attempt === 1) return gate.promise;
    if (ctx.attempt === 2) await ctx.sleep(1e6);
    await ctx.sleep(49);
    return { log: `attempt ${ctx.attempt}` };
  };
  const app = chain({ a: [node, { timeoutMs: 50, retry: { maxAttempts: 3, initialDelayMs: 10, jitter: 0 } }] }).compile();
  const run = app.invokeStreaming({}, { clock });
  await clock.advance(60);
  gate.resolve({ log: 'late' });
  await clock.advance(1000);
  assert.deepEqual((await run.join()).log, ['attempt 3']);
  assert.deepEqual(reasons, ['NODE_TIMEOUT', 'NODE_TIMEOUT']);
  assert.equal(clock.pending, 0);
});

test('retry: delays grow to their limit, retryOn decides with the very error, the last error counts', async () => {
  const clock = new ManualClock();
  const errors = [];
  const asked = [];
  const node = (_, ctx) => {
    const error = new Error(`no ${ctx.attempt}`);
    errors.push(error);
    throw error;
  };
  const retry = { maxAttempts: 6, initialDelayMs: 100, factor: 3, maxDelayMs: 500, jitter: 0, retryOn: (error, attempt) => (asked.push([error, attempt]), attempt < 5) };
  const run = chain({ a: [node, { retry }] }).compile().invokeStreaming({}, { clock });
  const reading = collect(run);
  await clock.advance(100_000);
  const events = await reading;
  assert.deepEqual(events.filter(({ type }) => type === 'node.retrying').map(({ delayMs }) => delayMs), [100, 300, 500, 500]);
  assert.deepEqual(asked.map(([error, attempt]) => error === errors[attempt - 1]), [true, true, true, true, true]);
  assert.equal((await run.result).error.cause, errors[4]);
});

test('retryOn is told of a timeout by its error; jitter shortens a delay', async () => {
  const clock = new ManualClock();
  const told = [];
  const run = chain({ a: [never, { timeoutMs: 10, retry: { maxAttempts: 2, initialDelayMs: 1000, jitter: 0.5, retryOn: (error) => (told.push(error.code), true) } }] }).compile().invokeStreaming({}, { clock, seed: 1 });
  const reading = collect(run);
  await clock.advance(5000);
  const { delayMs } = (await reading).find(({ type }) => type === 'node.retrying');
  assert.ok(delayMs > 500 && delayMs < 1000, `${delayMs}`);
  assert.deepEqual(told, ['NODE_TIMEOUT']);
});

/** How many tasks run at once, at most, and in which order they start. */
async function measure(options, nodeOptions, nodes = ['a', 'b']) {
  let running = 0;
  let most = 0;
  const started = [];
  const task = async (_, ctx) => {
    started.push(`${ctx.node}${ctx.task}`);
    most = Math.max(most, (running += 1));
    await turn();
    running -= 1;
  };
  const graph = new GraphBuilder();
  for (const node of nodes) graph.addNode(node, task, nodeOptions).addEdge(node, END);
  graph.addConditionalEdge(START, () => nodes.flatMap((node) => [1, 2, 3, 4].map((n) => send(node, n))), nodes);
  await graph.compile(options).invoke();
  return { most, started };
}

test('concurrency: of the run, and of each node; tasks start in order', async () => {
  const order = ['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3'];
  assert.deepEqual(await measure({}), { most: 8, started: order });
  assert.deepEqual(await measure({ concurrency: 3 }), { most: 3, started: order });
  assert.deepEqual(await measure({ concurrency: 1 }), { most: 1, started: order });
  assert.equal((await measure({}, { concurrency: 1 })).most, 2);
  assert.equal((await measure({ concurrency: 3 }, { concurrency: 2 })).most, 3);
});

test('a sleep and a back-off hold no slot', async () => {
  const clock = new ManualClock();
  const order = [];
  const node = async (_, ctx) => {
    order.push(`${ctx.node} starts`);
    await ctx.sleep(100);
    order.push(`${ctx.node} wakes`);
  };
  let isBroken = true;
  const broken = () => {
    if (!isBroken) return;
    isBroken = false;
    throw new Error('no');
  };
  const run = fan({ r: [broken, { retry: { maxAttempts: 2, initialDelayMs: 100, jitter: 0 } }], a: node, b: node }).compile().invokeStreaming({}, { clock, concurrency: 1 });
  await clock.advance(0);
  assert.deepEqual(order, ['a starts', 'b starts']);
  await clock.advance(1000);
  await run.join();
  assert.deepEqual(order, ['a starts', 'b starts', 'a wakes', 'b wakes']);
});

test('maxSteps counts the steps of one execution, and a resume goes on', async () => {
  const app = loop(10, (state) => ({ n: state.n + 1 }), { n: last({ initial: 0 }) }).compile({ checkpointer: new MemoryCheckpointer(), maxSteps: 4 });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  assert.deepEqual([(await run.result).error.code, (await run.result).steps, run.state.n], ['RUN_STEP_LIMIT', 4, 4]);
  assert.equal((await failure(app.resume('s'))).code, 'RUN_STEP_LIMIT');
  assert.equal((await app.resume('s')).n, 10);
  const exact = loop(4).compile({ maxSteps: 4 });
  await exact.invoke();
});

test('a run that goes on for long lets others have their turn', async () => {
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 0);
  await loop(20_000).compile({ maxSteps: 30_000 }).invoke();
  clearInterval(ticking);
  assert.ok(turns > 1, `${turns}`);
});

test('ctx.random follows the seed: per step, node, task and attempt, whatever the order of calls', async () => {
  const numbers = async (seed, ids = {}) => {
    const drawn = {};
    const draw = async (_, ctx) => {
      for (let turns = 0; turns < (ctx.input ?? 0) % 3; turns += 1) await turn();
      drawn[`${ctx.step}${ctx.node}${ctx.task}/${ctx.attempt}`] = [ctx.random(), ctx.random()];
      if (ctx.attempt === 1 && ctx.task === 1) throw new Error('again');
    };
    const graph = new GraphBuilder().addNode('a', draw, { retry: { maxAttempts: 2, initialDelayMs: 0 } }).addNode('b', draw).addEdge(START, 'b').addEdge('b', END).addEdge('a', END);
    await graph.addConditionalEdge('b', () => [2, 1, 0].map((n) => send('a', n)), ['a']).compile().invoke({}, { seed, ...ids });
    return drawn;
  };
  const one = await numbers(1, { runId: 'r', sessionId: 's' });
  assert.deepEqual(await numbers(1), one);
  assert.deepEqual(await numbers(1n), one);
  const all = Object.values(one).flat();
  assert.ok(all.every((number) => number >= 0 && number < 1));
  assert.equal(new Set(all).size, all.length);
  assert.equal(Object.keys(one).length, 5);
  assert.notDeepEqual(await numbers(2), one);
  assert.notDeepEqual(await numbers(-1n), one);
  assert.notDeepEqual(await numbers(), await numbers());
});

test('a session keeps its first seed', async () => {
  const drawn = [];
  const app = chain({ a: (_, ctx) => void drawn.push(ctx.random()) }, { log: append() }).compile({ checkpointer: new MemoryCheckpointer() });
  await app.invoke({}, { sessionId: 's', seed: 1 });
  await app.invoke({}, { sessionId: 's', seed: 2 });
  await app.invoke({}, { sessionId: 't', seed: 1 });
  await app.invoke({}, { sessionId: 't' });
  assert.deepEqual(drawn.slice(0, 2), drawn.slice(2));
  assert.notEqual(drawn[0], drawn[1]);
});
