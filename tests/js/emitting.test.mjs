// What nodes emit: each method's event, text streams, and that nobody can change an event's data afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryCheckpointer, StateError } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, fan, ManualClock, short, turn } from './graphs.mjs';

/** The user's events of one node, without what every event has. */
async function emitted(node, options = {}) {
  const run = chain({ a: [node, options] }).compile().invokeStreaming();
  const events = (await collect(run)).filter(({ type }) => !/^(run|step|node)\./.test(type));
  for (const event of events) assert.deepEqual([event.node, event.step, event.task, typeof event.attempt], ['a', 1, 0, 'number']);
  return events.map(({ seq, at, runId, sessionId, node: _node, step, task, attempt, transient, ...rest }) => rest);
}
const texts = (events) => events.map(({ type, text, streamId, offset, reasoning }) => [type, text, streamId, ...(offset === undefined ? [] : [offset]), ...(reasoning === undefined ? [] : [reasoning])]);

test('each method of ctx makes its event', async () => {
  const events = await emitted((_, ctx) => {
    ctx.emit('scope', 'hello');
    ctx.emit('scope', 'hello', { deep: [1] });
    ctx.emit('scope', 'hello', null);
    ctx.progress(0.5);
    ctx.progress(1, 'done');
    ctx.milestone('half');
    ctx.milestone('whole', 7);
    ctx.custom('mine');
    ctx.custom('mine', new Map([['a', 1]]));
    ctx.diagnostic('disk', 'is full');
    ctx.tool.call('1', 'search', { q: 'x' });
    ctx.tool.result('1', ['y']);
    ctx.tool.result('2', 'no', { isError: true });
    ctx.tool.result('3', 'yes', { isError: false });
  });
  assert.deepEqual(events, [
    { type: 'message', scope: 'scope', message: 'hello' },
    { type: 'message', scope: 'scope', message: 'hello', data: { deep: [1] } },
    { type: 'message', scope: 'scope', message: 'hello', data: null },
    { type: 'progress', fraction: 0.5 },
    { type: 'progress', fraction: 1, message: 'done' },
    { type: 'milestone', name: 'half' },
    { type: 'milestone', name: 'whole', data: 7 },
    { type: 'custom', name: 'mine' },
    { type: 'custom', name: 'mine', data: new Map([['a', 1]]) },
    { type: 'diagnostic', scope: 'disk', message: 'is full' },
    { type: 'tool.call', id: '1', name: 'search', args: { q: 'x' } },
    { type: 'tool.result', id: '1', result: ['y'] },
    { type: 'tool.result', id: '2', result: 'no', isError: true },
    { type: 'tool.result', id: '3', result: 'yes', isError: false },
  ]);
});

test('chunks are transient and count characters; the final is durable and joins them', async () => {
  const run = chain({ a: (_, ctx) => {
    ctx.token('Gr');
    ctx.token('üße 😀');
    ctx.llm.chunk('hm', { kind: 'reasoning' });
    ctx.llm.chunk('!', { kind: 'text', metadata: { model: 'm' } });
    ctx.llm.final();
  } }).compile().invokeStreaming();
  const events = (await collect(run)).filter(({ type }) => type.startsWith('llm.'));
  assert.deepEqual(events.map(short), ['3~ llm.chunk a#0/1', '3~ llm.chunk a#0/1', '3~ llm.chunk a#0/1', '3~ llm.chunk a#0/1', '4 llm.final a#0/1']);
  assert.deepEqual(events.map(({ offset }) => offset), [0, 2, 8, 10, undefined]);
  assert.deepEqual(events.map(({ kind }) => kind), [undefined, undefined, 'reasoning', 'text', undefined]);
  const { text, reasoning, metadata, streamId } = events[4];
  assert.deepEqual({ text, reasoning, metadata }, { text: 'Grüße 😀!', reasoning: 'hm', metadata: { model: 'm' } });
  assert.ok(events.every((event) => event.streamId === streamId));
});

test('several streams at once are kept apart; one that goes on after its final is a new one', async () => {
  const events = await emitted((_, ctx) => {
    ctx.token('a', { streamId: 'one' });
    ctx.token('b', { streamId: 'two' });
    ctx.token('c', { streamId: 'one' });
    ctx.llm.final('whole', { streamId: 'two', metadata: 1 });
    ctx.llm.error('broke', { streamId: 'one', metadata: 2 });
    ctx.token('d', { streamId: 'two' });
    ctx.llm.final(undefined, { streamId: 'two' });
    ctx.llm.final('alone', { streamId: 'three' });
  });
  assert.deepEqual(texts(events), [
    ['llm.chunk', 'a', 'one', 0], ['llm.chunk', 'b', 'two', 0], ['llm.chunk', 'c', 'one', 1], ['llm.final', 'whole', 'two'], ['llm.error', undefined, 'one'],
    ['llm.chunk', 'd', 'two', 0], ['llm.final', 'd', 'two'], ['llm.final', 'alone', 'three'],
  ]);
  assert.deepEqual([events[3].metadata, events[4].metadata, events[4].message], [1, 2, 'broke']);
});

test('a stream left open is closed before its node settles, also by a failure, a timeout and a cancel', async () => {
  const settled = await emitted((_, ctx) => ctx.token('left', { streamId: 's' }));
  assert.deepEqual(texts(settled), [['llm.chunk', 'left', 's', 0], ['llm.final', 'left', 's']]);

  const clock = new ManualClock();
  const hang = (_, ctx) => (ctx.token(`t${ctx.attempt}`, { streamId: 's' }), new Promise(() => {}));
  const timedOut = chain({ a: [hang, { timeoutMs: 10, retry: { maxAttempts: 2, initialDelayMs: 5, jitter: 0 } }] }).compile().invokeStreaming({}, { clock });
  const cancelled = chain({ a: hang }).compile().invokeStreaming();
  const failed = fan({ a: (_, ctx) => void ctx.token('fine', { streamId: 'a' }), b: (_, ctx) => (ctx.token('cut', { streamId: 'b' }), new Promise(() => {})), c: async () => { throw new Error('no'); } }).compile().invokeStreaming();
  const reading = [timedOut, cancelled, failed].map(collect);
  await clock.advance(100);
  await cancelled.cancel();
  const [ofTimeout, ofCancel, ofFailure] = await Promise.all(reading);
  const order = (events) => events.filter(({ type }) => /^(llm|node\.failed|node\.retrying|run\.[^s])/.test(type)).map(({ type, text }) => (text === undefined ? type : `${type} ${text}`));
  assert.deepEqual(order(ofTimeout), ['llm.chunk t1', 'llm.final t1', 'node.failed', 'node.retrying', 'llm.chunk t2', 'llm.final t2', 'node.failed', 'run.failed']);
  assert.deepEqual(order(ofCancel), ['llm.chunk t1', 'llm.final t1', 'run.cancelled']);
  assert.deepEqual(order(ofFailure), ['llm.chunk fine', 'llm.final fine', 'llm.chunk cut', 'node.failed', 'llm.final cut', 'run.failed']);
});

test('data is copied as it is given and frozen: neither side can change it', async () => {
  const data = { list: [1], map: new Map([['k', { n: 1 }]]) };
  const update = { deep: { n: 1 } };
  const metadata = { user: { name: 'u' } };
  const app = chain({ a: (_, ctx) => {
    ctx.custom('mine', data);
    data.list.push(2);
    data.map.get('k').n = 2;
    return { log: update };
  }, b: () => void (update.deep.n = 2) }).compile();
  const run = app.invokeStreaming({}, { metadata });
  metadata.user.name = 'changed';
  const [one, two] = await Promise.all([collect(run), collect(run.events())]);
  for (const events of [one, two]) {
    const event = events.find(({ type }) => type === 'custom');
    assert.deepEqual(event.data, { list: [1], map: new Map([['k', { n: 1 }]]) });
    assert.throws(() => event.data.list.push(3), TypeError);
    assert.throws(() => event.data.map.set('k', 1), TypeError);
    assert.throws(() => (event.data.map.get('k').n = 3), TypeError);
    const { changes } = events.find(({ type }) => type === 'node.completed');
    assert.deepEqual(changes, { log: { deep: { n: 1 } } });
    assert.throws(() => (changes.log = 1), TypeError);
    assert.throws(() => (changes.log.deep.n = 1), TypeError);
    assert.deepEqual(events[0].metadata, { user: { name: 'u' } });
    assert.throws(() => (events[0].metadata.user.name = 'x'), TypeError);
  }
  one[1].frontier.push('changed');
  one[1].type = 'changed';
  assert.deepEqual([two[1].type, two[1].frontier], ['step.started', ['a']]);
});

test('data that cannot be stored throws where it is given, and the node may go on', async () => {
  const errors = [];
  const events = await emitted((_, ctx) => {
    ctx.token('kept', { streamId: 's' });
    for (const emit of [() => ctx.emit('s', 'm', () => 1), () => ctx.custom('c', { f() {} }), () => ctx.tool.call('1', 't', Symbol('s')), () => ctx.llm.final('t', { streamId: 's', metadata: { f() {} } }), () => ctx.llm.error('e', { streamId: 's', metadata: { f() {} } })]) {
      try {
        emit();
      } catch (error) {
        errors.push(error);
      }
    }
  });
  assert.equal(errors.length, 5);
  assert.ok(errors.every((error) => error instanceof StateError && error.code === 'STATE_NOT_CLONEABLE'));
  assert.deepEqual(texts(events), [['llm.chunk', 'kept', 's', 0], ['llm.final', 'kept', 's']]);
});

test('after its task ended, ctx emits nothing and throws nothing', async () => {
  const gate = deferred();
  let late;
  const app = chain({ a: (_, ctx) => void (late = ctx), b: () => gate.promise }).compile({ checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming();
  const reading = collect(run);
  await turn();
  const emitAll = () => {
    late.emit('s', 'late');
    late.progress(1);
    late.token('late');
    late.llm.final('late');
    late.llm.error('late');
    late.tool.call('1', 't', {});
    late.tool.result('1', 1);
    late.milestone('m');
    late.custom('c');
    late.diagnostic('s', 'm');
  };
  emitAll();
  await late.flush();
  assert.equal((await failure(late.sleep(1))).code, 'RUN_CANCELLED');
  gate.resolve();
  const events = await reading;
  emitAll();
  assert.ok(events.every(({ type }) => /^(run|step|node|checkpoint)\./.test(type)));
});
