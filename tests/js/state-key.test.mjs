// StateKey: typed slots of `extra`, and the ones that last for one invocation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, MemoryCheckpointer, merge, reduce, replace, START, StateKey } from 'weavegraph-wasm';
import { code, failure } from './graphs.mjs';

const graph = (node, options) => new GraphBuilder(options).addNode('n', node).addEdge(START, 'n').addEdge('n', END);

test('a slot is stored under namespace:name:v<version>, and versions are slots of their own', async () => {
  const [one, two] = [new StateKey('shop', 'cart', 1), new StateKey('shop', 'cart', 2)];
  assert.deepEqual([one.storageKey, two.storageKey], ['shop:cart:v1', 'shop:cart:v2']);
  const state = await graph((read) => ({ extra: { ...two.set({ items: [one.get(read)] }), ...one.clear() } })).compile().invoke({ extra: one.set('apple') });
  assert.deepEqual(state.extra, { 'shop:cart:v2': { items: ['apple'] } });
  assert.deepEqual([one.get(state), two.get(state)], [undefined, { items: ['apple'] }]);
  assert.equal(two.require(state), two.get(state));
});

test('what a key cannot be made of is STATE_INVALID_KEY', () => {
  for (const [given, message] of [
    [['', 'a', 1], /without colons, not ""/],
    [['a', 'b:c', 1], /"b:c"/],
    [[undefined, 'a', 1], /undefined/],
    [['a', 'b', 0], /version of the state key `a:b` is 0/],
    [['a', 'b', 1.5], /1\.5/],
    [['a', 'b', '1'], /version/],
    [['a', 'b', 1, { lifecycle: 'forever' }], /'durable' or 'invocation'/],
    [['a', 'b', 1, { parse: 'no' }], /parse/],
  ]) {
    assert.throws(() => new StateKey(...given), code('STATE_INVALID_KEY', message), JSON.stringify(given));
  }
});

test('require: STATE_MISSING_KEY; parse makes the value, and what it throws is the cause of STATE_INVALID_KEY', () => {
  const key = new StateKey('a', 'b', 1, { parse: (raw) => (raw === 'bad' ? assert.fail('bad') : raw * 2) });
  const holding = (raw) => ({ extra: { 'a:b:v1': raw } });
  assert.equal(key.get(holding(21)), 42);
  assert.equal(key.get({ extra: {} }), undefined);
  assert.throws(() => key.require({ extra: {} }), code('STATE_MISSING_KEY', /`a:b:v1`/));
  for (const read of [() => key.get(holding('bad')), () => key.require(holding('bad'))]) {
    assert.throws(read, (error) => error.code === 'STATE_INVALID_KEY' && error.cause.message === 'bad');
  }
  assert.throws(() => key.get({}), code('STATE_INVALID_KEY', /no map `extra`/));
  assert.equal(new StateKey('constructor', '__proto__', 1).get({ extra: {} }), undefined);
});

test('null and undefined cannot be set', () => {
  for (const nothing of [null, undefined]) assert.throws(() => new StateKey('a', 'b', 1).set(nothing), code('STATE_INVALID_KEY', /clear\(\)/));
});

const perRun = new StateKey('a', 'scratch', 1, { lifecycle: 'invocation' });
const kept = new StateKey('a', 'kept', 1);

test('an invocation slot is there in its run and after it, and is cleared as the next one starts, by a write of its log', async () => {
  const seen = [];
  const checkpointer = new MemoryCheckpointer();
  const app = graph((state) => (seen.push(perRun.get(state), kept.get(state)), { extra: { ...perRun.set('work'), ...kept.set('kept') } })).compile({ checkpointer });
  const first = await app.invoke({}, { sessionId: 's' });
  assert.deepEqual([perRun.get(first), kept.get(first)], ['work', 'kept']);
  assert.equal(perRun.get((await app.getState('s')).state), 'work');
  await app.invoke({}, { sessionId: 's' });
  assert.deepEqual(seen, [undefined, undefined, undefined, 'kept']);
  await failure(graph(() => assert.fail('no')).compile({ checkpointer }).invoke({}, { sessionId: 's' }));
  assert.deepEqual((await app.getState('s')).state.extra, { 'a:kept:v1': 'kept' }, 'what is stored before the first step has it cleared');
});

test('another copy of the app, which never saw the key, clears it as well, after a move to another store', async () => {
  const checkpointer = new MemoryCheckpointer();
  await graph(() => ({ extra: perRun.set('work') })).compile({ checkpointer }).invoke({}, { sessionId: 's' });
  const there = new MemoryCheckpointer();
  await there.importSession(await checkpointer.exportSession('s'));
  assert.deepEqual((await graph(() => undefined).compile({ checkpointer: there }).invoke({ extra: { more: 1 } }, { sessionId: 's' })).extra, { more: 1 });
});

test('a resume keeps it; an invocation that abandons the half-done step clears it', async () => {
  let isBroken = true;
  const builder = new GraphBuilder()
    .addNode('set', () => ({ extra: perRun.set('work') }))
    .addNode('use', (state) => (isBroken ? assert.fail('broken') : { messages: { role: 'tool', content: String(perRun.get(state)) } }), { runWhen: 'always' })
    .addEdge(START, 'set')
    .addEdge('set', 'use')
    .addEdge('use', END);
  const app = builder.compile({ checkpointer: new MemoryCheckpointer() });
  for (const sessionId of ['s', 't']) await failure(app.invoke({}, { sessionId }));
  isBroken = false;
  assert.equal((await app.resume('s')).messages[0].content, 'work');
  const seen = [];
  const watching = graph((state) => void seen.push(perRun.get(state))).compile({ checkpointer: new MemoryCheckpointer() });
  await watching.invoke({ extra: perRun.set('mine') }, { sessionId: 's' });
  await watching.invoke({ extra: perRun.set('new') }, { sessionId: 's' });
  await watching.invoke({}, { sessionId: 's' });
  assert.deepEqual(seen, ['mine', 'new', undefined], "the input's own writes come after");
  await app.invoke({}, { sessionId: 't', abandon: true });
  assert.equal((await app.getState('t', { step: 1 })).state.extra['a:scratch:v1'], 'work');
});

test('a replace of the whole map leaves nothing to clear; a map of another kind is left alone', async () => {
  const app = graph((_, ctx) => ctx.step === 1 ? { extra: perRun.set('work') } : undefined).compile({ checkpointer: new MemoryCheckpointer() });
  await app.invoke({}, { sessionId: 's' });
  assert.deepEqual((await app.invoke({ extra: replace({ 'a:scratch:v1': 'given' }) }, { sessionId: 's' })).extra, { 'a:scratch:v1': 'given' });
  for (const extra of [append(), reduce((all, write) => ({ ...all, ...write }), {})]) {
    const other = graph(() => ({ extra: perRun.set('work') }), { channels: { extra } }).compile({ checkpointer: new MemoryCheckpointer() });
    await other.invoke({}, { sessionId: 's' });
    assert.equal((await other.invoke({}, { sessionId: 's' }).catch((error) => error)) instanceof Error, false);
  }
  const none = graph(() => ({ log: 1 }), { channels: { log: append() } }).compile({ checkpointer: new MemoryCheckpointer() });
  await none.invoke({}, { sessionId: 's' });
  assert.deepEqual((await none.invoke({}, { sessionId: 's' })).log, [1, 1]);
});

test('clear empties the slot and its mark, so nothing is left', async () => {
  const state = await graph(() => ({ extra: perRun.clear() }), { channels: { extra: merge() } }).compile().invoke({ extra: perRun.set(1) });
  assert.deepEqual(state.extra, {});
});
