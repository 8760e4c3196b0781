// What only Node's tests can see of interrupts: errors as objects, copies, records by the strictness of their appends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, append, CheckpointError, END, GraphBuilder, MemoryCheckpointer, NodeError, RunInterrupted, send as sendTo, START, StateError, StoreCheckpointer } from 'weavegraph-wasm';
import { codesOf } from './codes.mjs';
import { chain, deferred, failure } from './graphs.mjs';
import { MapStore } from './stores.mjs';

const provoked = new Set();
const send = (input) => sendTo('n', input);
const channels = { log: append() };
const compile = (nodes, options) => chain(nodes, channels).compile({ checkpointer: new MemoryCheckpointer(), ...options });

test('RUN_INTERRUPTED: what invoke and join reject with', async () => {
  const app = compile({ a: async (_, ctx) => ({ log: await ctx.interrupt({ question: 'ok?' }) }) });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  const error = await failure(run.join());
  provoked.add(error.code);
  assert.ok(error instanceof RunInterrupted);
  const open = [{ id: '1/a#0/0', node: 'a', task: 0, path: [], step: 1, reason: 'node', payload: { question: 'ok?' } }];
  assert.deepEqual([error.code, error.runId, error.sessionId, error.interrupts], ['RUN_INTERRUPTED', run.id, 's', open]);
  const { durationMs, ...result } = await run.result;
  assert.ok(durationMs >= 0);
  assert.deepEqual(result, { status: 'interrupted', runId: run.id, sessionId: 's', steps: 0, interrupts: open, state: { log: [] } });
  assert.deepEqual([run.status, (await app.getState('s')).interrupts], ['interrupted', open]);
  assert.deepEqual((await app.resume('s', 'yes')).log, ['yes']);
});

test('the signal of a parked attempt aborts with RUN_INTERRUPTED as the run ends', async () => {
  const seen = [];
  const app = compile({ a: (_, ctx) => (ctx.signal.addEventListener('abort', () => seen.push(ctx.signal.reason.code)), seen.push('asks'), Promise.all([ctx.interrupt(), ctx.sleep(1e9)]).catch((error) => seen.push(error.code))) });
  await failure(app.invoke());
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ['asks', 'RUN_INTERRUPTED', 'RUN_INTERRUPTED']);
});

test('ONCE_DUPLICATE_KEY, and arguments of a wrong kind', async () => {
  const errors = [];
  const collect = (promise) => promise.catch((error) => errors.push(error));
  const app = compile({
    a: async (_, ctx) => {
      await ctx.once('key', () => 1);
      await collect(ctx.once('key', () => 2));
      for (const key of ['', 5, undefined]) await collect(ctx.once(key, () => 1));
      await collect(ctx.once('other'));
      for (const id of ['', 5, {}]) await collect(ctx.interrupt(1, { id }));
      for (const at of [NaN, '5', undefined]) await collect(ctx.sleepUntil(at));
      await collect(ctx.interrupt(() => 1));
      await collect(ctx.once('late', () => () => 1));
    },
  });
  await app.invoke();
  provoked.add(errors[0].code);
  assert.deepEqual(errors.map(({ code }) => code), ['ONCE_DUPLICATE_KEY', ...Array(10).fill('NODE_INVALID_RESULT'), 'STATE_NOT_CLONEABLE', 'STATE_NOT_CLONEABLE']);
  assert.ok(errors[0] instanceof NodeError && errors.at(-1) instanceof StateError);
  assert.deepEqual([errors[0].node, errors[0].step, errors.at(-2).details.path], ['a', 1, 'payload']);
});

test('without a checkpointer ctx.interrupt rejects with CHECKPOINT_NO_STORE', async () => {
  const error = await failure(chain({ a: (_, ctx) => ctx.interrupt() }, channels).compile().invoke());
  assert.deepEqual([error.code, error.cause.code, error.cause instanceof CheckpointError], ['NODE_THREW', 'CHECKPOINT_NO_STORE', true]);
});

test('results of once and answers are copies, frozen', async () => {
  const result = { deep: [1] };
  const given = { yes: [1] };
  const seen = [];
  const app = compile({
    a: async (_, ctx) => {
      seen.push(await ctx.once('k', () => result));
      seen.push(await ctx.interrupt());
    },
  });
  await failure(app.invoke({}, { sessionId: 's' }));
  const resumed = app.resumeStreaming('s', answer(given));
  result.deep.push(2);
  given.yes.push(2);
  await resumed.join();
  assert.deepEqual(seen, [{ deep: [1] }, { deep: [1] }, { yes: [1] }]);
  assert.ok(seen.every((value) => Object.isFrozen(value)));
});

test('what comes after the attempt is over rejects with RUN_CANCELLED', async () => {
  let late;
  const door = deferred();
  const app = compile({ a: (_, ctx) => void (late = ctx), b: () => door.promise });
  const run = app.invokeStreaming();
  await new Promise((resolve) => setImmediate(resolve));
  const codes = await Promise.all([late.interrupt(), late.once('k', () => assert.fail()), late.sleepUntil(Date.now() + 1000)].map(async (promise) => (await failure(promise)).code));
  door.resolve();
  await run.join();
  assert.deepEqual(codes, Array(3).fill('RUN_CANCELLED'));
});

test('a throw of the function is the rejection, and is not recorded', async () => {
  const boom = new TypeError('boom');
  let calls = 0;
  const effect = () => {
    calls += 1;
    if (calls === 1) throw boom;
    return calls;
  };
  const app = compile({ a: [async (_, ctx) => ({ log: await ctx.once('k', effect) }), { retry: { maxAttempts: 2, initialDelayMs: 1, retryOn: (error) => error === boom } }] });
  assert.deepEqual([(await app.invoke()).log, calls], [[2], 2]);
});

test('appends with questions, answers and records of once are strict, the others are not', async () => {
  for (const durability of ['sync', 'async', 'exit']) {
    const store = new MapStore();
    const strict = [];
    const append = store.append.bind(store);
    store.append = (session, slot, record, options) => (strict.push(options.strict), append(session, slot, record, options));
    const app = compile({ a: () => ({ log: 'a' }), b: async (_, ctx) => ({ log: [await ctx.once('k', () => 'k'), await ctx.interrupt()] }) }, { checkpointer: new StoreCheckpointer(store), durability });
    await failure(app.invoke({}, { sessionId: 's' }));
    const before = strict.length;
    assert.deepEqual([strict.filter(Boolean).length, strict.at(-1)], [2, false], durability);
    assert.deepEqual((await app.resume('s', 'yes')).log, ['a', 'k', 'yes']);
    assert.deepEqual(strict.slice(before).map((isStrict, at) => isStrict === (at === 0)), Array(strict.length - before).fill(true), durability);
  }
});

test('a store that refuses a record of once fails the run and rejects the promise', async () => {
  const store = new MapStore();
  const append = store.append.bind(store);
  store.append = (session, slot, record, options) => {
    if (options.strict) throw new Error('full');
    return append(session, slot, record, options);
  };
  let rejected;
  const app = compile({ a: (_, ctx) => ctx.once('k', () => 1).catch((error) => (rejected = error)) }, { checkpointer: new StoreCheckpointer(store) });
  assert.equal((await failure(app.invoke())).code, 'CHECKPOINT_UNAVAILABLE');
  assert.equal(rejected.code, 'RUN_CANCELLED');
});

test('many questions at once, and many records', async () => {
  const count = 1000;
  const app = new GraphBuilder({ channels })
    .addNode('n', async (_, ctx) => ({ log: (await ctx.once('k', () => ctx.task)) + (await ctx.interrupt()) }))
    .addConditionalEdge(START, () => Array.from({ length: count }, (_, task) => send(task)), ['n'])
    .addEdge('n', END)
    .compile({ checkpointer: new MemoryCheckpointer() });
  const { interrupts } = await failure(app.invoke({}, { sessionId: 's' }));
  assert.equal(interrupts.length, count);
  const { log } = await app.resume('s', Object.fromEntries(interrupts.map(({ id, task }) => [id, task * 1000])));
  assert.deepEqual(log, Array.from({ length: count }, (_, task) => task * 1001));
});

test('this file provokes its codes', () => {
  assert.deepEqual([...provoked].sort(), codesOf('interrupts').sort());
});
