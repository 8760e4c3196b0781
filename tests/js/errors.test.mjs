// What a run can fail with: each code is provoked, and class, node, step and the very object that was thrown are looked at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, command, END, GraphBuilder, last, merge, NodeError, reduce, replace, RunCancelled, RunFailed, send, START, StateError, WeaveError } from 'weavegraph-wasm';
import { errorCodes } from '../../build/facade/errors.js';
import { codesOf, places } from './codes.mjs';
import { chain, collect, failure, fan, loop, ManualClock } from './graphs.mjs';

const boom = new TypeError('boom');
const throwBoom = () => {
  throw boom;
};
const node = (run) => chain({ ok: () => undefined, a: run });
const update = (write) => node(() => write);
const route = (answer, targets) => new GraphBuilder().addNode('ok', () => undefined).addEdge(START, 'ok').addNode('a', () => undefined).addEdge('ok', 'a').addConditionalEdge('a', answer, targets);
const channel = (descriptor, ...writes) => fan(Object.fromEntries(writes.map((write, index) => [`n${index}`, () => ({ x: write })])), { x: descriptor });
const inNode = { node: 'a', step: 2 };

/** code, class, where, the graph; `cause`: the failure carries `boom`. */
const cases = [
  ['STATE_UNKNOWN_CHANNEL', StateError, inNode, { 'an update': update({ nope: 1 }), 'the update of a command': update(command({ update: { nope: 1 } })) }],
  ['STATE_INVALID_UPDATE', StateError, { step: 1 }, {
    'a number for a map': channel(merge(), 3),
    'an array for a map': channel(merge(), [3]),
    'replace() of a list by a map': channel(append(), replace({})),
    'a key that is an object': channel(append({ key: () => ({}) }), 'item'),
  }],
  ['STATE_NOT_CLONEABLE', StateError, { ...inNode, path: 'log.deep[1]' }, { 'a function': update({ log: { deep: [0, () => 1] } }), 'a symbol': update({ log: { deep: [0, Symbol('s')] } }), 'an instance': update({ log: { deep: [0, new (class A {})()] } }) }],
  ['STATE_NOT_CLONEABLE', StateError, { ...inNode, path: 'log.x', cause: true }, { 'a getter that throws': update({ log: { get x() { return throwBoom(); } } }) }],
  ['STATE_NOT_CLONEABLE', StateError, { ...inNode, path: 'input' }, { 'the input of a send': update(command({ goto: send('a', throwBoom) })) }],
  ['STATE_CONFLICT', StateError, { step: 1 }, { 'two writers': channel(last(), 1, 1) }],
  ['STATE_REDUCER', StateError, { step: 1, cause: true }, { 'a reducer': channel(reduce(throwBoom, 0), 1), 'a key function': channel(append({ key: throwBoom }), 'item') }],
  ['NODE_THREW', NodeError, { ...inNode, cause: true }, {
    'a throw': node(throwBoom),
    'a rejection': node(async () => throwBoom()),
    'a thenable that throws': node(() => ({ then: throwBoom })),
    'a thenable that rejects': node(() => ({ then: (_, reject) => reject(boom) })),
    'a getter in the way': node(() => ({ get then() { return throwBoom(); } })),
    'a getter of the update': node(() => ({ get log() { return throwBoom(); } })),
    'a throw of onError': chain({ ok: () => undefined, a: [() => { throw new Error('first'); }, { onError: throwBoom }] }),
    'onError that throws what it was told': chain({ ok: () => undefined, a: [throwBoom, { onError: (error) => { throw error; } }] }),
    'onError that rejects with what it was told': chain({ ok: () => undefined, a: [throwBoom, { onError: async (error) => { throw error; } }] }),
    'a throw of retryOn': chain({ ok: () => undefined, a: [() => { throw new Error('first'); }, { retry: { maxAttempts: 2, retryOn: throwBoom } }] }),
  }],
  ['NODE_INVALID_RESULT', NodeError, inNode, {
    'a number': node(() => 5),
    'a list': node(async () => []),
    'a map': node(() => new Map([['log', 1]])),
    'a date': node(() => new Date()),
    'an error': node(() => boom),
    'an instance': node(() => new (class A {})()),
    'a bare send': node(() => send('a', 1)),
    'a goto that is a number': node(() => command({ goto: 5 })),
    'a mode that is unknown': node(() => command({ goto: END, mode: 'both' })),
    'a route that answers nothing': route(() => undefined),
    'a route that answers a promise of null': route(async () => null),
  }],
  ['ROUTE_THREW', NodeError, { ...inNode, cause: true }, { 'a throw': route(throwBoom), 'a rejection': route(async () => throwBoom()), 'a thenable that throws': route(() => ({ then: throwBoom })) }],
  ['ROUTE_THREW', NodeError, { step: 0, cause: true }, { 'a route of START': new GraphBuilder().addNode('a', () => undefined).addEdge('a', END).addConditionalEdge(START, throwBoom) }],
  ['ROUTE_UNKNOWN_TARGET', NodeError, inNode, {
    'a route to nowhere': route(() => 'nope'),
    'a route to a node that it did not declare': route(() => 'ok', [END]),
    'a route to a label that it did not declare': route(() => END, { done: END }),
    'one of several targets': route(async () => ['ok', 'nope']),
    'a goto': update(command({ goto: 'nope' })),
    'a goto to START': update(command({ goto: START })),
    'a send': update(command({ goto: send('nope', 1) })),
    'a send to END': update(command({ goto: [send(END, 1)] })),
  }],
  ['RUN_STEP_LIMIT', RunFailed, { options: { maxSteps: 3 } }, { 'a loop': loop(10) }],
];

for (const [code, type, { node, step, path, cause, options }, graphs] of cases) {
  for (const [what, graph] of Object.entries(graphs)) {
    test(`${code}: ${what}`, async () => {
      const run = graph.compile().invokeStreaming({}, options);
      const events = await collect(run);
      const result = await run.result;
      assert.equal(result.status, 'failed');
      const { error } = result;
      const shown = { code: error.code, node: error.node, step: error.step, path: error.details?.path };
      assert.deepEqual(shown, { code, node, step, path });
      assert.ok(error instanceof type && error instanceof WeaveError && error instanceof Error);
      assert.equal(error.name, type.prototype.name);
      assert.deepEqual([error.runId, error.sessionId], [run.id, run.sessionId]);
      if (cause) assert.equal(error.cause, boom);
      else assert.ok(!('cause' in error));

      const joined = await failure(run.join());
      assert.ok(joined instanceof RunFailed);
      assert.deepEqual([joined.code, joined.node, joined.step, joined.message], [code, node, step, error.message]);
      assert.equal(joined.cause, error.cause);

      const terminal = events.at(-1);
      assert.equal(terminal.type, 'run.failed');
      const info = { code, name: error.name, message: error.message, ...(node && { node }), ...(step !== undefined && { step }), ...(cause && { cause: { name: 'TypeError', message: 'boom' } }) };
      assert.deepEqual(terminal.error, info);
      assert.equal(run.status, 'failed');
    });
  }
}

test('whatever is thrown is the cause, also undefined and what cannot be copied', async () => {
  const odd = Object.assign(() => 1, { toString: null, [Symbol.toPrimitive]: throwBoom });
  for (const thrown of ['text', 0, null, undefined, Symbol('s'), 10n, { a: 1, f() {} }, Object.create(null), odd]) {
    const app = node(() => { throw thrown; }).compile();
    const error = await failure(app.invoke());
    assert.equal(error.code, 'NODE_THREW');
    assert.ok('cause' in error);
    assert.equal(error.cause, thrown);
  }
});

test('RUN_CANCELLED is no failure: result says cancelled, join rejects with RunCancelled', async () => {
  const run = node(() => new Promise(() => {})).compile().invokeStreaming();
  await run.cancel('enough');
  assert.deepEqual([(await run.result).status, (await run.result).reason], ['cancelled', 'enough']);
  const error = await failure(run.join());
  assert.ok(error instanceof RunCancelled && !(error instanceof RunFailed));
  assert.deepEqual([error.code, error.message, error.runId, error.sessionId], ['RUN_CANCELLED', 'enough', run.id, run.sessionId]);
});

test('NODE_TIMEOUT and RUN_TIMEOUT: the time is up', async () => {
  const clock = new ManualClock();
  const never = () => new Promise(() => {});
  const ofNode = chain({ ok: () => undefined, a: [never, { timeoutMs: 50 }] }).compile().invokeStreaming({}, { clock });
  const rethrown = chain({ ok: () => undefined, a: [never, { timeoutMs: 50, onError: (error) => { throw error; } }] }).compile().invokeStreaming({}, { clock });
  const ofRun = node(never).compile().invokeStreaming({}, { clock, timeoutMs: 60 });
  await clock.advance(49);
  assert.deepEqual([ofNode.status, rethrown.status, ofRun.status], ['running', 'running', 'running']);
  await clock.advance(1);
  for (const run of [ofNode, rethrown]) {
    const { error } = await run.result;
    assert.deepEqual([error.code, error.node, error.step, 'cause' in error], ['NODE_TIMEOUT', 'a', 2, false]);
    assert.ok(error instanceof NodeError);
  }
  assert.equal(ofRun.status, 'running');
  await clock.advance(10);
  const { error, durationMs } = await ofRun.result;
  assert.deepEqual([error.code, error.node, error.step, durationMs], ['RUN_TIMEOUT', undefined, undefined, 60]);
  assert.ok(error instanceof RunFailed);
  assert.equal(clock.pending, 0);
});

test('every code has a place where it is provoked, and this file provokes its own', () => {
  assert.deepEqual(Object.keys(places).sort(), [...errorCodes].sort());
  const provoked = new Set([...cases.map(([code]) => code), 'RUN_CANCELLED', 'NODE_TIMEOUT', 'RUN_TIMEOUT']);
  assert.deepEqual([...provoked].sort(), codesOf('errors').sort());
});
