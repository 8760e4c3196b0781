// Sessions in a MemoryCheckpointer: many runs of one, what getState, history and listSessions say, deleting and closing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, command, END, GraphBuilder, last, MemoryCheckpointer, merge, send, START } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, fan, loop, ManualClock, turn, until } from './graphs.mjs';
import { here, World } from './realms.mjs';

const stored = (graph, options) => graph.compile({ checkpointer: new MemoryCheckpointer(), ...options });
const throwing = () => {
  throw new Error('no');
};

test('runs of a session go on from its state, and count its steps on', async () => {
  const app = stored(chain({ a: ({ log }) => ({ log: `a${log.length}` }), b: () => ({ log: 'b' }) }));
  assert.deepEqual((await app.invoke({ log: 'one' }, { sessionId: 's' })).log, ['one', 'a1', 'b']);
  const second = app.invokeStreaming({ log: 'two' }, { sessionId: 's', runId: 'r2' });
  assert.deepEqual((await second.join()).log, ['one', 'a1', 'b', 'two', 'a4', 'b']);
  assert.equal((await second.result).steps, 2);
  assert.equal((await app.getState('s')).step, 4);
  await app.invoke({}, { sessionId: 'other' });
  assert.equal((await app.getState('other')).step, 2);
  const twice = stored(chain({ a: ({ log }) => ({ log: `a${log.length}` }) }));
  for (let run = 0; run < 30; run += 1) await twice.invoke({}, { sessionId: 's' });
  assert.deepEqual((await twice.getState('s')).state.log, Array.from({ length: 30 }, (_, n) => `a${n}`));
});

test('getState: every field of the newest checkpoint', async () => {
  const clock = new ManualClock(1000);
  const graph = new GraphBuilder({ channels: { log: append(), map: merge() } })
    .addNode('split', () => command({ update: { log: 'split' }, goto: [send('work', { n: 1 }), send('work', { n: 2 })] }), { targets: ['work'] })
    .addNode('work', throwing).addEdge(START, 'split').addEdge('split', END).addEdge('work', END);
  const app = stored(graph, { clock });
  await failure(app.invoke({ log: 'in' }, { sessionId: 's', runId: 'r' }));
  assert.deepEqual(await app.getState('s'), {
    sessionId: 's', runId: 'r', step: 1, seq: 10, at: 1000, status: 'failed', versions: { log: 2, map: 1 }, frontier: ['work', 'work'],
    next: [{ node: 'work', task: 0, input: { n: 1 } }, { node: 'work', task: 1, input: { n: 2 } }], ran: ['split'], skipped: [], updatedChannels: ['log'], interrupts: [],
    graphHash: app.definitionHash(), state: { log: ['in', 'split'], map: {} },
  });
  assert.ok(Object.isFrozen((await app.getState('s')).state.log));
});

test('getState of a step, of step 0, and of what is not there', async () => {
  const app = stored(chain({ a: () => ({ log: 'a' }), b: () => ({ log: 'b' }) }));
  await app.invoke({ log: 'in' }, { sessionId: 's', runId: 'r1' });
  await app.invoke({ log: 'more' }, { sessionId: 's', runId: 'r2' });
  const at = async (step) => {
    const checkpoint = await app.getState('s', { step });
    return checkpoint && [checkpoint.step, checkpoint.runId, checkpoint.state.log.join(''), checkpoint.frontier.join()];
  };
  assert.deepEqual([await at(0), await at(1), await at(2), await at(3), await at(4), await at(5)], [
    [0, 'r1', 'in', 'a'], [1, 'r1', 'ina', 'b'], [2, 'r1', 'inab', END], [3, 'r2', 'inabmorea', 'b'], [4, 'r2', 'inabmoreab', END], null,
  ]);
  assert.equal(await app.getState('t'), null);
  assert.deepEqual(await app.history('t'), []);
});

test('history: newest first, page by page, without states', async () => {
  const app = stored(loop(12, () => ({ log: 1 })));
  await app.invoke({}, { sessionId: 's' });
  const whole = await app.history('s');
  assert.deepEqual(whole.map(({ step }) => step), [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  assert.ok(whole.every((summary) => !('state' in summary) && summary.sessionId === 's'));
  assert.deepEqual(whole.map(({ status }) => status), ['completed', ...Array(12).fill('running')]);
  const pages = [];
  for (let before; ; before = pages.at(-1).at(-1).step) {
    const page = await app.history('s', { limit: 5, ...(before !== undefined && { before }) });
    if (page.length === 0) break;
    pages.push(page);
  }
  assert.deepEqual(pages.map(({ length }) => length), [5, 5, 3]);
  assert.deepEqual(pages.flat(), whole);
  const { state, ...summary } = await app.getState('s', { step: 7 });
  assert.deepEqual(whole[5], summary);
  assert.equal(state.log.length, 7);
});

test('while a run is active its finished steps can be read', async () => {
  const gate = deferred();
  const app = stored(chain({ a: () => ({ log: 'a' }), b: () => gate.promise }));
  const run = app.invokeStreaming({}, { sessionId: 's' });
  await turn();
  const { step, status, state, next } = await app.getState('s');
  assert.deepEqual([step, status, state.log, next], [1, 'running', ['a'], [{ node: 'b', task: 0 }]]);
  gate.resolve();
  await run.join();
});

test('listSessions: the last changed first, by pages, by status, with who runs it', async () => {
  const clock = new ManualClock(1000);
  const checkpointer = new MemoryCheckpointer();
  const gate = deferred();
  const good = chain({ a: () => undefined }).compile({ checkpointer, clock });
  const held = chain({ a: () => gate.promise }).compile({ checkpointer, clock });
  for (const sessionId of ['one', 'two', 'three']) {
    await good.invoke({}, { sessionId, runId: `r-${sessionId}` });
    await clock.advance(10);
  }
  await failure(chain({ a: throwing }).compile({ checkpointer, clock }).invoke({}, { sessionId: 'failed' }));
  await clock.advance(10);
  await good.invoke({}, { sessionId: 'two', runId: 'again' });
  await clock.advance(10);
  const run = held.invokeStreaming({}, { sessionId: 'held', runId: 'h' });
  await turn();

  const rows = await checkpointer.listSessions();
  assert.deepEqual(rows.map(({ sessionId, status }) => [sessionId, status]), [['held', 'running'], ['two', 'completed'], ['failed', 'failed'], ['three', 'completed'], ['one', 'completed']]);
  assert.deepEqual(rows[1], { sessionId: 'two', runId: 'again', step: 2, status: 'completed', createdAt: 1010, updatedAt: 1040, owner: null });
  assert.deepEqual(rows[0].owner, { id: 'h', here: true });
  const ids = async (page) => (await checkpointer.listSessions(page)).map(({ sessionId }) => sessionId);
  assert.deepEqual([await ids({ limit: 2 }), await ids({ limit: 2, after: 'two' }), await ids({ after: 'one' }), await ids({ after: 'gone' })], [['held', 'two'], ['failed', 'three'], [], []]);
  assert.deepEqual([await ids({ status: 'failed' }), await ids({ status: 'completed', limit: 2 }), await ids({ status: 'cancelled' })], [['failed'], ['two', 'three'], []]);
  gate.resolve();
  await run.join();
});

test('deleteSession forgets a session; one that is not there is no error', async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: () => ({ log: 'a' }) }).compile({ checkpointer });
  await app.invoke({}, { sessionId: 's' });
  await checkpointer.deleteSession('s');
  await checkpointer.deleteSession('s');
  assert.equal(await app.getState('s'), null);
  assert.deepEqual((await app.invoke({}, { sessionId: 's' })).log, ['a']);
  assert.equal((await app.getState('s')).step, 1);
});

test('a checkpointer that is closed in the middle of a run fails it with CHECKPOINT_UNAVAILABLE', async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = fan({ a: async () => { await checkpointer.close(); return { log: 1 }; } }).compile({ checkpointer });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  const events = await collect(run);
  const { error } = await run.result;
  assert.deepEqual([error.code, error.name, events.at(-1).type, events.at(-1).transient], ['CHECKPOINT_UNAVAILABLE', 'CheckpointError', 'run.failed', true]);
  assert.equal(events.filter(({ type }) => type === 'node.completed').length, 0, 'what is not stored was never said');
  assert.equal((await failure(run.join())).code, 'CHECKPOINT_UNAVAILABLE');
});

test('cancel rejects with the code of a store that does not take it', async () => {
  const world = new World();
  const run = chain({ a: () => new Promise(() => {}) }).compile({ checkpointer: world.checkpointer(here) }).invokeStreaming();
  await until(() => run.status === 'running' && world.calls.some(([, name]) => name === 'append'));
  await turn();
  world.before = async () => {
    throw new Error('full');
  };
  assert.equal((await failure(run.cancel())).code, 'CHECKPOINT_UNAVAILABLE');
  assert.equal(run.status, 'failed');
  await run.cancel();
});

test('values of every kind come back from a session as they went in, and nobody can change them there', async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const value = { map: new Map([['k', new Set([1])]]), date: new Date(5), regexp: /x/gi, error: new RangeError('e'), bytes, big: 10n, nothing: undefined, deep: [{ n: NaN }, -0] };
  const app = stored(chain({ a: () => ({ value }), b: (state) => void (state.value.bytes[0] = 99) }, { value: last() }));
  await app.invoke({}, { sessionId: 's' });
  bytes[0] = 77;
  for (let read = 0; read < 2; read += 1) {
    const { state } = await app.getState('s');
    assert.deepEqual(state.value, { ...value, bytes: new Uint8Array([1, 2, 3]) });
    state.value.bytes[0] = 66;
  }
  assert.deepEqual((await app.invoke({}, { sessionId: 's' })).value.bytes, new Uint8Array([77, 2, 3]));
});
