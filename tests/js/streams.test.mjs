// One reader of a run: iterating, filters, waiting with and without end, leaving.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WeaveError } from 'weavegraph-wasm';
import { codesOf } from './codes.mjs';
import { chain, collect, deferred, failure, loop, short, turn, types } from './graphs.mjs';

const talk = (_, ctx) => {
  ctx.emit('s', 'hello');
  ctx.token('t');
  ctx.llm.final();
  ctx.tool.call('1', 'search', {});
  ctx.custom('one', 1);
  ctx.custom('two', 2);
};
const talking = () => chain({ a: talk, b: () => undefined }).compile();
const all = [
  'run.started', 'step.started', 'node.started', 'message', 'llm.chunk', 'llm.final', 'tool.call', 'custom', 'custom', 'node.completed', 'step.completed',
  'step.started', 'node.started', 'node.completed', 'step.completed', 'run.completed',
];
/** A run that stands in its only node until the gate opens. */
function gated(options, before = () => undefined) {
  const gate = deferred();
  const run = chain({ a: (_, ctx) => (before(ctx), gate.promise) }).compile().invokeStreaming({}, options);
  return { run, gate };
}

test('events come as they happen, also to a loop that began before the run did', async () => {
  const { run, gate } = gated({}, (ctx) => ctx.emit('s', 'now'));
  for await (const event of run) if (event.type === 'message') gate.resolve();
  assert.equal(run.status, 'completed');
});

test('the run itself reads from its first event, whenever reading begins', async () => {
  for (const delay of [() => undefined, turn, (run) => run.join()]) {
    const run = talking().invokeStreaming();
    await delay(run);
    assert.deepEqual(types(await collect(run)), all);
    assert.deepEqual(await run[Symbol.asyncIterator]().next(), { value: undefined, done: true });
  }
});

test('leaving the loop early only unsubscribes', async () => {
  const app = loop(50).compile();
  const run = app.invokeStreaming({}, { events: { capacity: 1 } });
  for await (const event of run) if (event.type === 'step.completed') break;
  assert.equal((await run.result).steps, 50);
  assert.deepEqual(await collect(run), []);
});

test('a reader made later sees what is new, and nothing once the run is over', async () => {
  const { run, gate } = gated();
  await turn();
  const reading = collect(run.events());
  gate.resolve();
  assert.deepEqual(types(await reading), ['node.completed', 'step.completed', 'run.completed']);
  assert.deepEqual(await collect(run.events()), []);
});

test('filters: presets, lists of types, custom events by name; the lifecycle always passes', async () => {
  const lifecycle = ['run.started', 'run.completed'];
  const expected = [
    [undefined, all], ['all', all], ['debug', all], ['minimal', lifecycle], [[], lifecycle],
    ['chat', ['run.started', 'llm.chunk', 'llm.final', 'tool.call', 'step.completed', 'step.completed', 'run.completed']],
    [['message', 'llm.chunk'], ['run.started', 'message', 'llm.chunk', 'run.completed']],
    [['custom:two'], ['run.started', 'custom', 'run.completed']],
    [['custom:two', 'custom:one'], ['run.started', 'custom', 'custom', 'run.completed']],
    [['custom:two', 'custom'], ['run.started', 'custom', 'custom', 'run.completed']],
    [['custom:three'], lifecycle],
    [() => false, lifecycle],
    [(event) => event.type === 'custom' && event.data === 1, ['run.started', 'custom', 'run.completed']],
    [() => 1, all],
  ];
  for (const [filter, wanted] of expected) {
    const own = talking().invokeStreaming({}, { events: { filter } });
    const other = own.events({ filter });
    assert.deepEqual(types(await collect(own)), wanted, String(filter));
    assert.deepEqual(types(await collect(other)), wanted, String(filter));
  }
  const asked = [];
  await collect(talking().invokeStreaming({}, { events: { filter: (event) => asked.push(event.type) } }));
  assert.deepEqual(asked, all.filter((type) => !type.startsWith('run.')));
});

test('a filter that throws ends its reader with STREAM_INVALID, and the run goes on', async () => {
  const boom = new Error('boom');
  const filter = (event) => {
    if (event.type === 'custom') throw boom;
    return true;
  };
  for (const asksBefore of [true, false]) {
    const run = talking().invokeStreaming();
    const reader = run.events({ filter });
    const reading = failure(collect(reader));
    if (!asksBefore) await run.join();
    const error = await reading;
    assert.ok(error instanceof WeaveError);
    assert.deepEqual([error.code], codesOf('streams'));
    assert.equal(error.cause, boom);
    assert.deepEqual(await reader.next(), { value: undefined, done: true });
    assert.equal(reader.tryNext(), undefined);
    assert.equal((await run.result).status, 'completed');
    assert.deepEqual(types(await collect(run)), all);
  }
  const waiting = talking().invokeStreaming().events({ filter });
  const calls = await Promise.allSettled(Array.from({ length: 10 }, () => waiting.next()));
  assert.deepEqual(calls.map(({ status, value }) => (status === 'rejected' ? status : value.done)), [...Array(7).fill(false), 'rejected', true, true]);
  const trying = talking().invokeStreaming().events({ filter });
  await turn();
  for (let count = 0; count < 7; count += 1) trying.tryNext();
  assert.throws(() => trying.tryNext(), { code: 'STREAM_INVALID' });
  assert.equal(trying.tryNext(), undefined);
});

test('several next() at once are answered in order, and the rest at the end', async () => {
  const run = talking().invokeStreaming();
  const reader = run.events();
  const answers = await Promise.all(Array.from({ length: all.length + 2 }, () => reader.next()));
  assert.deepEqual(answers.map(({ value }) => value?.type), [...all, undefined, undefined]);
  assert.deepEqual(answers.map(({ done }) => done), [...all.map(() => false), true, true]);
});

test('tryNext never waits: an event, null, or undefined at the end', async () => {
  const { run, gate } = gated();
  const reader = run.events();
  assert.equal(reader.tryNext(), null);
  await turn();
  assert.deepEqual([reader.tryNext(), reader.tryNext(), reader.tryNext()].map(({ type }) => type), ['run.started', 'step.started', 'node.started']);
  assert.equal(reader.tryNext(), null);
  const waiting = reader.next();
  gate.resolve();
  assert.equal((await waiting).value.type, 'node.completed');
  await run.join();
  assert.deepEqual([reader.tryNext(), reader.tryNext()].map(({ type }) => type), ['step.completed', 'run.completed']);
  assert.deepEqual([reader.tryNext(), reader.tryNext()], [undefined, undefined]);
});

test('nextTimeout waits so long: an event, null when the time is up, undefined at the end', async () => {
  const { run, gate } = gated();
  const reader = run.events();
  for (const type of ['run.started', 'step.started', 'node.started']) assert.equal((await reader.nextTimeout(1000)).type, type);
  assert.equal(await reader.nextTimeout(1), null);
  assert.equal(await reader.nextTimeout(0), null);
  const [none, first, second] = [reader.nextTimeout(1), reader.next(), reader.nextTimeout(Infinity)];
  assert.equal(await none, null);
  gate.resolve();
  assert.deepEqual([(await first).value.type, (await second).type], ['node.completed', 'step.completed']);
  assert.deepEqual([(await reader.nextTimeout(1000)).type, await reader.nextTimeout(1000), await reader.nextTimeout(1000)], ['run.completed', undefined, undefined]);
});

test('return() and the signal end the reader at once, and only the reader', async () => {
  for (const leave of [(reader) => reader.return(), (_, controller) => controller.abort()]) {
    const { run, gate } = gated({}, (ctx) => ctx.emit('s', 'now'));
    const controller = new AbortController();
    const reader = run.events({ signal: controller.signal });
    assert.equal((await reader.next()).value.type, 'run.started');
    for (let count = 0; count < 3; count += 1) await reader.next();
    const waiting = [reader.next(), reader.nextTimeout(100_000)];
    await leave(reader, controller);
    assert.deepEqual(await Promise.all(waiting), [{ value: undefined, done: true }, undefined]);
    assert.equal(reader.tryNext(), undefined);
    assert.deepEqual(await reader.return(), { value: undefined, done: true });
    gate.resolve();
    assert.equal((await run.result).status, 'completed');
  }
});

test('a signal that has aborted gives an ended reader; one that aborts after the run discards what is left', async () => {
  const run = talking().invokeStreaming({}, { events: { signal: AbortSignal.abort() } });
  const controller = new AbortController();
  const reader = run.events({ signal: controller.signal });
  assert.deepEqual(await collect(run), []);
  await run.join();
  assert.equal((await reader.next()).value.type, 'run.started');
  controller.abort();
  assert.deepEqual(await collect(reader), []);
});

test('toReadableStream gives the same events, pulls only what is asked for, and its cancel ends the reader', async () => {
  const whole = [];
  for await (const event of talking().invokeStreaming().events().toReadableStream()) whole.push(event.type);
  assert.deepEqual(whole, all);

  const run = loop(30).compile().invokeStreaming();
  const reader = run.events({ capacity: 1, overflow: 'wait' });
  const stream = reader.toReadableStream().getReader();
  assert.equal((await stream.read()).value.type, 'run.started');
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(run.status, 'running');
  await stream.cancel();
  assert.equal(reader.tryNext(), undefined);
  assert.equal((await run.result).status, 'completed');

  const broken = talking().invokeStreaming().events({ filter: () => { throw new Error('boom'); } }).toReadableStream().getReader();
  assert.equal((await broken.read()).value.type, 'run.started');
  assert.equal((await failure(broken.read())).code, 'STREAM_INVALID');
});

test('a reader may start, read and cancel other runs', async () => {
  const outer = talking().invokeStreaming();
  const inner = [];
  for await (const event of outer) {
    if (event.type !== 'custom') continue;
    const run = talking().invokeStreaming();
    for await (const { type } of run) inner.push(type);
    const endless = chain({ a: () => new Promise(() => {}) }).compile().invokeStreaming();
    await turn();
    await endless.cancel();
    assert.deepEqual((await collect(endless)).map(short).at(-1), '4 run.cancelled');
  }
  assert.deepEqual(inner, [...all, ...all]);
});
