// `follow`: a session's stored events wherever it runs, cursors with branches, what is gone, and what a follower holds; and `cancel` of a
// run in another realm.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { last, MemoryCheckpointer } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, loop, turn, types, until } from './graphs.mjs';
import { chainIn, here, there, World } from './realms.mjs';

// A test that hangs is named by its time limit.
const alive = setInterval(() => undefined, 1000);
after(() => clearInterval(alive));

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const numbers = (events) => events.map(({ seq }) => seq);
const tick = (_, ctx) => {
  ctx.emit('s', `${ctx.step}`);
  ctx.token('t');
  return { log: ctx.step };
};
/** Reads until `isLast` says so, and returns. */
async function take(reader, isLast) {
  const events = [];
  for await (const event of reader) {
    events.push(event);
    if (isLast(event, events)) break;
  }
  return events;
}
const isEnd = ({ type }) => type.startsWith('run.') && type !== 'run.started';
const stores = { 'in memory': () => new MemoryCheckpointer(), 'in a slow store': () => new World().checkpointer(here) };

for (const [place, make] of Object.entries(stores)) {
  test(`follow, ${place}: what is stored, then what comes, over many runs, without transient events`, async () => {
    const app = loop(20, tick).compile({ checkpointer: make() });
    const whole = take(app.follow('s', { after: 0 }), (event, { length }) => isEnd(event) && length > 150);
    const second = app.invokeStreaming({}, { sessionId: 's' });
    const own = (await collect(second)).filter(({ transient }) => transient !== true);
    const live = take(app.follow('s'), isEnd);
    const behind = take(app.follow('s', { after: 17 }), (event, { length }) => length > 150);
    await turn();
    await turn();
    await app.invoke({}, { sessionId: 's' });
    const events = await whole;
    assert.deepEqual(numbers(events), range(1, 244));
    assert.deepEqual(events.slice(0, own.length), own);
    assert.deepEqual(numbers(await live), range(123, 244));
    assert.deepEqual(numbers(await behind), range(18, 168));
  });

  test(`follow, ${place}: filters hold, tryNext and nextTimeout never wait for ever`, async () => {
    const app = loop(5, tick).compile({ checkpointer: make() });
    await app.invoke({}, { sessionId: 's' });
    assert.deepEqual(types(await take(app.follow('s', { after: 0, filter: 'minimal' }), isEnd)), ['run.started', 'run.completed']);
    assert.deepEqual((await take(app.follow('s', { after: 0, filter: ['message'] }), isEnd)).map(({ message, type }) => message ?? type), ['run.started', '1', '2', '3', '4', '5', 'run.completed']);
    const throwing = app.follow('s', { after: 0, filter: (event) => event.type === 'message' && event.nope.deep });
    assert.equal((await failure(collect(throwing))).code, 'STREAM_INVALID');
    const reader = app.follow('s');
    assert.equal(reader.tryNext(), null);
    assert.equal(await reader.nextTimeout(30), null);
    assert.equal(reader.dropped, 0);
    const next = reader.next();
    await app.invoke({}, { sessionId: 's' });
    assert.equal((await next).value.type, 'run.started');
    assert.equal((await reader.nextTimeout(1000)).type, 'step.started');
    await reader.return();
    assert.equal(reader.tryNext(), undefined);
    assert.deepEqual(await reader.next(), { value: undefined, done: true });
  });

  test(`follow, ${place}: it ends with return, with its signal, and as the checkpointer closes`, async () => {
    const checkpointer = make();
    const app = loop(5, tick).compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    const controller = new AbortController();
    const returned = app.follow('s', { after: 0 });
    const [aborted, closed, waiting] = [app.follow('s', { after: 0, signal: controller.signal }), app.follow('s', { after: 0 }), app.follow('nobody')].map(collect);
    const next = take(returned, (_, { length }) => length === 3);
    assert.equal((await next).length, 3);
    for (let n = 0; n < 20; n += 1) await turn();
    controller.abort();
    assert.equal((await aborted).length, 32);
    await checkpointer.close();
    assert.deepEqual([(await closed).length, await waiting], [32, []]);
    assert.throws(() => app.follow('s'), { code: 'CHECKPOINT_UNAVAILABLE' });
    assert.deepEqual(await collect(loop(1).compile({ checkpointer: make() }).follow('s', { signal: AbortSignal.abort() })), []);
  });

  test(`follow, ${place}: a session that is not there is waited for; one that is deleted begins anew with a reset`, async () => {
    const checkpointer = make();
    const app = chain({ a: () => ({ log: 'a' }) }).compile({ checkpointer });
    let ends = 0;
    const reading = take(app.follow('s'), (event) => isEnd(event) && (ends += 1) === 3);
    await turn();
    await app.invoke({}, { sessionId: 's' });
    await app.invoke({}, { sessionId: 's' });
    await until(() => ends === 2);
    await checkpointer.deleteSession('s');
    await new Promise((resolve) => setTimeout(resolve, 250));
    await app.invoke({ log: 'new' }, { sessionId: 's' });
    const events = await reading;
    assert.deepEqual(events.map(({ type, seq, after }) => (type === 'stream.reset' ? `reset ${after}` : seq)), [...range(1, 12), 'reset 0', ...range(1, 6)]);
    const [reset] = events.filter(({ type }) => type === 'stream.reset');
    assert.deepEqual([reset.transient, reset.sessionId], [true, 's']);
  });

  test(`follow, ${place}: a number that was never reached is told by stream.reset`, async () => {
    const app = loop(6, tick).compile({ checkpointer: make() });
    await app.invoke({}, { sessionId: 's' });
    const reader = app.follow('s', { after: 1000 });
    const reading = take(reader, isEnd);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await app.invoke({}, { sessionId: 's' });
    const [reset, ...rest] = await reading;
    assert.deepEqual([reset.type, reset.after, reset.seq], ['stream.reset', 38, 38]);
    assert.deepEqual(numbers(rest), range(39, 76));
  });
}

test('follow: events that went with old snapshots are told by stream.reset', async () => {
  const app = loop(60, (_, ctx) => ({ text: `${ctx.step} ${'x'.repeat(20_000)}` }), { text: last() }).compile({ checkpointer: new MemoryCheckpointer({ keepLast: 3 }) });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  const own = (await collect(run)).filter(({ transient }) => transient !== true);
  const [reset, ...events] = await take(app.follow('s', { after: 2 }), isEnd);
  assert.equal(reset.type, 'stream.reset');
  assert.deepEqual(numbers(events), range(reset.after + 1, own.at(-1).seq));
  assert.ok(reset.after > 10);
  // Near the end it need not read all: the newest snapshot is enough.
  assert.deepEqual(numbers(await take(app.follow('s', { after: own.length - 2 }), isEnd)), range(own.length - 1, own.length));
});

test('follow: what is wrong is told at once', () => {
  const app = chain({ a: () => undefined }).compile({ checkpointer: new MemoryCheckpointer() });
  assert.throws(() => chain({ a: () => undefined }).compile().follow('s'), { code: 'CHECKPOINT_NO_STORE', name: 'CheckpointError' });
  for (const wrong of ['', 5, undefined, null]) assert.throws(() => app.follow(wrong), { code: 'RUN_INVALID_OPTION' });
  for (const wrong of [5, null, { after: -1 }, { after: '1~0' }, { filter: 'few' }, { capacity: 0 }, { signal: {} }]) assert.throws(() => app.follow('s', wrong), { code: 'RUN_INVALID_OPTION' });
});

test('follow: a log that cannot be read ends the reader with the error', async () => {
  const world = new World();
  const app = chain({ a: () => undefined }).compile({ checkpointer: world.checkpointer(here) });
  await app.invoke({}, { sessionId: 's' });
  world.before = async () => {
    throw new RangeError('no');
  };
  const reader = app.follow('s', { after: 0 });
  const error = await failure(reader.next());
  assert.deepEqual([error.code, error.cause.name], ['CHECKPOINT_UNAVAILABLE', 'RangeError']);
  assert.deepEqual(await reader.next(), { value: undefined, done: true });
  assert.equal(world.listening, 0);
});

for (const [hint, hasWord] of [['by word', true], ['by looking', false]]) {
  test(`follow from another realm, ${hint}: it hears of each step soon`, async () => {
    const world = new World({ hasWord });
    const gates = [deferred(), deferred()];
    const first = chainIn(here, { a: () => gates[0].promise, b: () => gates[1].promise }).compile({ checkpointer: world.checkpointer(here, 'tab-1') });
    const second = chainIn(there, { a: () => undefined, b: () => undefined }).compile({ checkpointer: world.checkpointer(there, 'tab-2') });
    const reader = second.follow('s', { filter: ['step.completed'] });
    const seen = [];
    const reading = take(reader, (event) => (seen.push([event.type, performance.now()]), isEnd(event)));
    await turn();
    const run = first.invokeStreaming({}, { sessionId: 's' });
    await until(() => seen.length === 1 || !hasWord);
    if (!hasWord) await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(seen[0]?.[0], 'run.started');
    const at = performance.now();
    gates[0].resolve({ log: 'a' });
    while (seen.length < 2) await turn();
    assert.ok(seen[1][1] - at < (hasWord ? 80 : 1100), `${seen[1][1] - at} ms`);
    gates[1].resolve({ log: 'b' });
    await run.join();
    assert.deepEqual(types(await reading), ['run.started', 'step.completed', 'step.completed', 'run.completed']);
    assert.equal(world.listening, 0);
  });
}

test('follow reads no more often than once a second while nothing comes, and not at all when nobody waits', async () => {
  const world = new World({ hasWord: false });
  const app = chain({ a: () => undefined }).compile({ checkpointer: world.checkpointer(here) });
  await app.invoke({}, { sessionId: 's' });
  const reader = app.follow('s');
  const next = reader.next();
  await new Promise((resolve) => setTimeout(resolve, 1700));
  const reads = world.calls.filter(([, name]) => name === 'read').length;
  assert.ok(reads > 3 && reads < 12, `${reads}`);
  await reader.return();
  assert.equal((await next).done, true);
  const before = world.calls.length;
  app.follow('s');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(world.calls.length, before);
});

test('cancel of a run in this realm: true, and what the run says; without a run: false', async () => {
  for (const checkpointer of [undefined, new MemoryCheckpointer(), new World().checkpointer(here)]) {
    const app = chain({ a: () => new Promise(() => {}) }).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    await turn();
    assert.equal(await app.cancel('s', 'stop it'), true);
    assert.deepEqual([run.status, (await run.result).reason], ['cancelled', 'stop it']);
    assert.deepEqual([await app.cancel('s'), await app.cancel('t')], [false, false]);
  }
});

test('cancel of a run in another realm: by word, and it resolves once the end is stored', async () => {
  const world = new World();
  const build = (realm, name) => chainIn(realm, { a: () => new Promise(() => {}) }).compile({ checkpointer: world.checkpointer(realm, name) });
  const [first, second] = [build(here, 'tab-1'), build(there, 'tab-2')];
  const run = first.invokeStreaming({}, { sessionId: 's' });
  await until(() => world.held.length === 1);
  assert.equal(await second.cancel('s', 'from afar'), true);
  assert.deepEqual([run.status, (await run.result).reason], ['cancelled', 'from afar']);
  assert.equal((await second.getState('s')).status, 'cancelled');
  assert.equal(await second.cancel('s'), false);
  const deaf = new World({ hasWord: false });
  const other = chainIn(here, { a: () => new Promise(() => {}) }).compile({ checkpointer: deaf.checkpointer(here, 'tab-1') }).invokeStreaming({}, { sessionId: 's' });
  await until(() => deaf.held.length === 1);
  assert.equal(await chainIn(there, { a: () => undefined }).compile({ checkpointer: deaf.checkpointer(there, 'tab-2') }).cancel('s'), false);
  await other.cancel();
});
