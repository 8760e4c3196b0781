// Runs that may not begin: bad options, bad input, a session that is not free. They end as failed, tell it once, and leave no trace.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { append, END, GraphBuilder, last, MemoryCheckpointer, merge, reduce, replace, RunFailed, START, WeaveError } from 'weavegraph-wasm';
import { codesOf } from './codes.mjs';
import { chain, collect, deferred, failure } from './graphs.mjs';

const boom = new TypeError('boom');
const throwBoom = () => {
  throw boom;
};
const provoked = new Set();
let calls = 0;
const channels = { log: append(), map: merge(), keyed: append({ key: throwBoom }), sum: reduce(throwBoom, 0), one: last() };
const graph = () => chain({ a: () => void (calls += 1) }, channels);

/** Runs it twice, once to read its events: nothing may happen but one transient `run.failed`. */
async function assertRefused(app, input, options, code, cause) {
  provoked.add(code);
  const before = calls;
  const run = app.invokeStreaming(input, options);
  const events = await collect(run);
  await assertFailed(run, events, code, cause);
  const error = await failure(app.invoke(input, options));
  assert.ok(error instanceof RunFailed);
  assert.equal(error.code, code);
  assert.equal(error.cause, cause);
  assert.equal(calls, before);
  return (await run.result).error;
}

async function assertFailed(run, events, code, cause) {
  const result = await run.result;
  assert.deepEqual([result.status, result.error.code, result.steps, run.status], ['failed', code, 0, 'failed'], result.error?.message);
  assert.equal(result.error.cause, cause);
  assert.deepEqual(events.map(({ type, transient, error }) => [type, transient, error.code]), [['run.failed', true, code]]);
  assert.ok((await failure(run.join())) instanceof RunFailed);
}

const getter = (name) => Object.defineProperty({}, name, { get: throwBoom, enumerable: true });
const wrongOfApps = [
  { nope: 1 }, { sinks: [] }, { whenBusy: 'often' }, { onGraphChanged: 'often' }, { retention: 5 }, { retention: { keep: 1 } }, { retention: {} }, { retention: { keepLast: 1, finishedOnly: 1 } }, { retention: { keepLast: -1 } }, { retention: { sessionId: 's' } }, { bus: {} }, { checkpointer: {} }, { checkpointer: null }, { durability: 'often' }, { durability: 'toString' }, { durability: 1 },
  ...[0, -1, 1.5, NaN, '3', null, 2 ** 40].flatMap((wrong) => [{ concurrency: wrong }, { maxSteps: wrong }]),
  ...[0, -1, NaN, '3', null].map((timeoutMs) => ({ timeoutMs })), ...[['nope'], ['__end__'], [5], 'a', 5, {}].flatMap((wrong) => [{ interruptBefore: wrong }, { interruptAfter: wrong }]), { clock: {} }, { clock: Date.now }, { clock: { now: Date.now, sleep: 5 } },
];
const wrongOfRuns = [
  5, null, 'options', { allowCycles: true }, getter('seed'), { sessionId: '' }, { sessionId: 5 }, { sessionId: 'x'.repeat(257) }, { sessionId: 'half \ud800' }, { runId: '' }, { runId: {} }, { seed: 1.5 }, { seed: '1' }, { seed: 2 ** 60 },
  { signal: {} }, { signal: 5 }, { abandon: 1 }, { metadata: 5 }, { metadata: [] },
  ...[5, { capacity: 0 }, { capacity: 1.5 }, { overflow: 'block' }, { after: -1 }, { after: 'x' }, { after: '3~0' }, { after: '~2' }, { after: 1.5 }, { signal: {} }, { filter: 5 }, { filter: 'few' }, { filter: 'llm.chunk' },
    { filter: ['nope'] }, { filter: ['chat'] }, { filter: [5] }, { filter: ['custom:'] }].map((events) => ({ events })),
];

test('RUN_INVALID_OPTION: a run with a wrong option fails, and nothing is stored', async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = graph().compile({ checkpointer });
  for (const wrong of [...wrongOfApps, ...wrongOfRuns]) {
    const cause = wrong !== null && Object.getOwnPropertyDescriptor(wrong, 'seed')?.get ? boom : undefined;
    const error = await assertRefused(app, {}, wrong, 'RUN_INVALID_OPTION', cause);
    assert.ok(error.message.length > 10);
  }
  const error = await assertRefused(app, {}, { metadata: { f() {} } }, 'STATE_NOT_CLONEABLE');
  assert.equal(error.details.path, 'metadata.f');
  assert.deepEqual(await checkpointer.listSessions(), []);
});

test('compile() throws at a wrong option, and at one that belongs to a run', () => {
  const ofRuns = [{ sessionId: 's' }, { runId: 'r' }, { seed: 1 }, { signal: new AbortController().signal }, { events: {} }, { abandon: true }, { metadata: {} }];
  for (const wrong of [...wrongOfApps, ...ofRuns, { allowCycles: 1 }, { allowCycles: null }]) {
    assert.throws(() => graph().compile(wrong), (error) => error instanceof RunFailed && error.code === 'RUN_INVALID_OPTION', JSON.stringify(wrong));
  }
});

test('undefined and Infinity are no wrong options', async () => {
  const unset = { checkpointer: undefined, durability: undefined, sinks: undefined, seed: undefined, events: undefined, signal: undefined };
  await graph().compile({ ...unset, maxSteps: undefined }).invoke({}, unset);
  const endless = { concurrency: Infinity, maxSteps: Infinity, timeoutMs: Infinity, events: { capacity: Infinity } };
  let rounds = 0;
  const app = new GraphBuilder().addNode('a', () => void (rounds += 1), { runWhen: 'always' }).addEdge(START, 'a').addConditionalEdge('a', () => (rounds < 1500 ? 'a' : END)).compile();
  const run = app.invokeStreaming({}, endless);
  assert.equal((await collect(run)).length, 1500 * 4 + 2);
  assert.equal((await run.result).steps, 1500);
});

test('bad input fails the run before it begins', async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = graph().compile({ checkpointer });
  const cases = [
    [5, 'STATE_INVALID_UPDATE'], ['text', 'STATE_INVALID_UPDATE'], [[], 'STATE_INVALID_UPDATE'], [new Map(), 'STATE_INVALID_UPDATE'], [{ map: 5 }, 'STATE_INVALID_UPDATE'], [{ log: replace(5) }, 'STATE_INVALID_UPDATE'],
    [{ nope: 1 }, 'STATE_UNKNOWN_CHANNEL'], [JSON.parse('{"__proto__":1}'), 'STATE_UNKNOWN_CHANNEL'], [{ log: throwBoom }, 'STATE_NOT_CLONEABLE'],
    [getter('log'), 'STATE_INVALID_UPDATE', boom], [{ log: getter('deep') }, 'STATE_NOT_CLONEABLE', boom], [{ keyed: 1 }, 'STATE_REDUCER', boom], [{ sum: 1 }, 'STATE_REDUCER', boom],
  ];
  for (const [input, code, cause] of cases) await assertRefused(app, input, { sessionId: 's' }, code, cause);
  assert.deepEqual(await checkpointer.listSessions(), []);
  assert.equal(await app.getState('s'), null);
  await app.invoke({ one: 1 }, { sessionId: 's' });
});

test('SESSION_BUSY and RUN_ALREADY_ACTIVE name who is there, with a store and without', async () => {
  for (const options of [{}, { checkpointer: new MemoryCheckpointer() }]) {
    const gate = deferred();
    const app = chain({ a: () => gate.promise }).compile(options);
    const owner = app.invokeStreaming({}, { sessionId: 's', runId: 'r' });
    const busy = await assertRefused(app, {}, { sessionId: 's' }, 'SESSION_BUSY');
    assert.deepEqual(busy.details, { owner: 'r' });
    assert.equal(busy.sessionId, 's');
    const other = chain({ a: () => undefined }).compile(options);
    const active = await assertRefused(other, {}, { sessionId: 't', runId: 'r' }, 'RUN_ALREADY_ACTIVE');
    assert.equal(active.runId, 'r');
    if (options.checkpointer !== undefined) {
      await assertRefused(other, {}, { sessionId: 's' }, 'SESSION_BUSY');
      assert.equal((await failure(app.resume('s'))).code, 'SESSION_BUSY');
      assert.equal((await failure(options.checkpointer.deleteSession('s'))).code, 'SESSION_BUSY');
    }
    assert.equal(app.attach('s').id, 'r');
    gate.resolve();
    await owner.join();
    await app.invoke({}, { sessionId: 's', runId: 'r' });
  }
});

test('CHECKPOINT_NO_STORE, SESSION_NOT_FOUND, INTERRUPT_UNKNOWN and SESSION_UNFINISHED: what cannot be resumed or begun', async () => {
  const app = graph().compile();
  const stored = chain({ a: throwBoom }).compile({ checkpointer: new MemoryCheckpointer() });
  await failure(stored.invoke({}, { sessionId: 's' }));
  const before = await stored.history('s');
  const cases = [
    [() => app.resumeStreaming('s'), 'CHECKPOINT_NO_STORE'],
    [() => stored.resumeStreaming('t'), 'SESSION_NOT_FOUND'],
    [() => stored.resumeStreaming(''), 'RUN_INVALID_OPTION'],
    [() => stored.resumeStreaming(undefined), 'RUN_INVALID_OPTION'],
    [() => stored.resumeStreaming(5), 'RUN_INVALID_OPTION'],
    [() => stored.resumeStreaming('s', 'yes'), 'INTERRUPT_UNKNOWN'],
    [() => stored.resumeStreaming('s', null), 'INTERRUPT_UNKNOWN'],
    [() => stored.resumeStreaming('s', { id: 'yes' }), 'INTERRUPT_UNKNOWN'],
    [() => stored.invokeStreaming({}, { sessionId: 's' }), 'SESSION_UNFINISHED'],
  ];
  for (const [start, code] of cases) {
    const run = start();
    await assertFailed(run, await collect(run), code);
    provoked.add(code);
  }
  assert.deepEqual(await stored.history('s'), before);
  for (const ask of [() => app.getState('s'), () => app.history('s')]) assert.equal((await failure(ask())).code, 'CHECKPOINT_NO_STORE');
  for (const ask of [() => stored.getState('s', { step: -1 }), () => stored.history('s', { limit: 0 }), () => stored.history('s', { before: NaN })]) assert.equal((await failure(ask())).code, 'RUN_INVALID_OPTION');
});

test('INTERRUPT_UNKNOWN and INTERRUPT_UNANSWERED: answers that do not fit what is open', async () => {
  const ask = (_, ctx) => ctx.interrupt();
  const app = chain({ a: ask }).compile({ checkpointer: new MemoryCheckpointer() });
  await failure(app.invoke({}, { sessionId: 's' }));
  const before = await app.history('s');
  const cases = [
    [undefined, 'INTERRUPT_UNANSWERED'],
    [{}, 'INTERRUPT_UNANSWERED'],
    [{ other: 1 }, 'INTERRUPT_UNKNOWN'],
    [{ '1/a#0/0': () => 1 }, 'STATE_NOT_CLONEABLE'],
  ];
  for (const [answers, code] of cases) {
    const run = app.resumeStreaming('s', answers);
    await assertFailed(run, await collect(run), code);
    provoked.add(code);
  }
  assert.equal((await failure(app.resume('s', { '1/a#0/0': [() => 1] }))).details.path, 'answers["1/a#0/0"][0]');
  assert.equal((await failure(app.resume('s', [Symbol()]))).details.path, 'answer[0]');
  assert.deepEqual(await app.history('s'), before);
});

test('CHECKPOINT_NO_STORE: there is nothing to pause in', async () => {
  const app = graph().compile();
  await assertRefused(app, {}, { interruptBefore: ['a'] }, 'CHECKPOINT_NO_STORE');
  await assertRefused(graph().compile({ interruptAfter: '*' }), {}, {}, 'CHECKPOINT_NO_STORE');
  await app.invoke({}, { interruptBefore: [], interruptAfter: [] });
});

test('CHECKPOINT_GRAPH_CHANGED: a session that stands at a node which is gone', async () => {
  const checkpointer = new MemoryCheckpointer();
  await failure(chain({ ok: () => undefined, gone: throwBoom }).compile({ checkpointer }).invoke({}, { sessionId: 's' }));
  const run = chain({ ok: () => undefined, other: () => undefined }).compile({ checkpointer }).resumeStreaming('s');
  await assertFailed(run, await collect(run), 'CHECKPOINT_GRAPH_CHANGED');
  provoked.add('CHECKPOINT_GRAPH_CHANGED');
  assert.match((await run.result).error.message, /`gone`/);
});

test('CHECKPOINT_UNAVAILABLE: the checkpointer was closed', async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = graph().compile({ checkpointer });
  await checkpointer.close();
  await assertRefused(app, {}, {}, 'CHECKPOINT_UNAVAILABLE');
  for (const ask of [() => app.getState('s'), () => app.history('s'), () => checkpointer.listSessions(), () => checkpointer.deleteSession('s')]) assert.equal((await failure(ask())).code, 'CHECKPOINT_UNAVAILABLE');
});

test('RUN_DEPTH_LIMIT: graphs in graphs beyond 32', async () => {
  let app = graph().compile();
  for (let depth = 0; depth < 33; depth += 1) app = new GraphBuilder({ channels }).addSubgraph('sub', app).addEdge(START, 'sub').addEdge('sub', END).compile();
  await assertRefused(app, {}, {}, 'RUN_DEPTH_LIMIT');
});

test('NOT_INITIALIZED: the slim entry before init()', async () => {
  const script = `import { append, END, GraphBuilder, init, START } from 'weavegraph-wasm/slim';
    import { readFileSync } from 'node:fs';
    const graph = new GraphBuilder({ channels: { log: append() } }).addNode('a', () => ({ log: 1 })).addEdge(START, 'a').addEdge('a', END);
    for (const call of [() => graph.validate(), () => graph.compile()]) try { call(); console.log('no error'); } catch (error) { console.log(error.code, error.name); }
    await init(readFileSync(new URL(import.meta.resolve('weavegraph-wasm/engine.wasm'))));
    console.log((await graph.compile().invoke()).log);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: join(import.meta.dirname, '..') });
  assert.equal(stdout, 'NOT_INITIALIZED WeaveError\nNOT_INITIALIZED WeaveError\n[ 1 ]\n');
  provoked.add('NOT_INITIALIZED');
});

test('this file provokes its codes', () => {
  for (const code of codesOf('refusals')) assert.ok(provoked.has(code), code);
  assert.ok(WeaveError);
});
