// When steps are stored, how much is kept, snapshots of large states, and sessions that another graph takes up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, last, MemoryCheckpointer, merge, reduce, START } from 'weavegraph-wasm';
import { chain, collect, failure, loop, turn, types } from './graphs.mjs';

const throwing = () => {
  throw new Error('no');
};

for (const durability of ['sync', 'async', 'exit', undefined]) {
  test(`durability ${durability}: the same state and history in the end`, async () => {
    const app = loop(40, (_, ctx) => ({ log: ctx.step })).compile({ checkpointer: new MemoryCheckpointer(), durability });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    const events = await collect(run);
    assert.equal(events.filter(({ transient }) => transient !== true).length, 40 * 4 + 2);
    const { state, status } = await app.getState('s');
    assert.deepEqual([status, state], ['completed', await run.join()]);
    assert.deepEqual((await app.history('s')).map(({ step }) => step), Array.from({ length: 41 }, (_, n) => 40 - n));
    const saved = events.filter(({ type }) => type === 'checkpoint.saved').length;
    if (durability === 'exit') assert.equal(saved, 0);
    else assert.ok(saved > 0 && saved <= 40);
    if (durability === 'sync') assert.equal(saved, 40);
    assert.deepEqual((await app.invoke({}, { sessionId: 's' })).log.length, 80);
  });
}

test('sync: a step is stored before the next one begins; exit: that it has begun is, and nothing else before the end', async () => {
  for (const [durability, expected] of [['sync', [0, 1, 2, 3, 4]], ['exit', [0, 0, 0, 0, 0]]]) {
    const seen = [];
    const app = loop(5, async (_, ctx) => void seen.push((await app.getState(ctx.sessionId))?.step ?? null)).compile({ checkpointer: new MemoryCheckpointer(), durability });
    await app.invoke();
    assert.deepEqual(seen, expected);
  }
});

test('a failure is stored whatever the durability, and can be resumed', async () => {
  for (const durability of ['sync', 'async', 'exit']) {
    let isBroken = true;
    const app = chain({ a: () => ({ log: 'a' }), b: () => { if (isBroken) throw new Error('no'); return { log: 'b' }; } }).compile({ checkpointer: new MemoryCheckpointer(), durability });
    await failure(app.invoke({ log: 'in' }, { sessionId: 's' }));
    isBroken = false;
    assert.deepEqual((await app.resume('s')).log, ['in', 'a', 'b']);
  }
});

test('keepLast: older checkpoints go with a later snapshot, the state stays whole', async () => {
  const checkpointer = new MemoryCheckpointer({ keepLast: 3 });
  const app = loop(100, (_, ctx) => ({ text: `${ctx.step} ${'x'.repeat(20_000)}`, log: ctx.step, map: { [ctx.step % 5]: ctx.step }, sum: 1 }), { text: last(), log: append(), map: merge(), sum: reduce((sum, n) => sum + n, 0) }).compile({ checkpointer });
  await app.invoke({}, { sessionId: 's' });
  const steps = (await app.history('s')).map(({ step }) => step);
  assert.equal(steps[0], 100);
  assert.ok(steps.length >= 3 && steps.length < 40, `${steps.length}`);
  const { state } = await app.getState('s');
  assert.deepEqual([state.log.length, state.log[0], state.map, state.sum, state.text.slice(0, 4)], [100, 1, { 0: 100, 1: 96, 2: 97, 3: 98, 4: 99 }, 100, '100 ']);
  assert.equal(await app.getState('s', { step: 1 }), null);
  const kept = await app.getState('s', { step: steps.at(-1) });
  assert.deepEqual([kept.state.log.length, kept.state.sum], [steps.at(-1), steps.at(-1)]);
  assert.equal((await app.invoke({}, { sessionId: 's' })).log.length, 200);
  for (const keepLast of [0, -1, 1.5, '3', null]) assert.throws(() => new MemoryCheckpointer({ keepLast }), { code: 'RUN_INVALID_OPTION' });
});

test('a large state with many steps: restoring does not depend on where snapshots lie', async () => {
  const channels = { list: append({ key: (item) => item.id }), map: merge(), one: last(), sum: reduce((sum, n) => sum + n, 0) };
  let stopAt = 0;
  const node = (state, ctx) => {
    if (ctx.step === stopAt) throw new Error('stop');
    const { step } = ctx;
    return { list: Array.from({ length: 20 }, (_, n) => ({ id: (step * 7 + n) % 400, step })), map: { [`k${step % 50}`]: { step, text: 'y'.repeat(500) } }, one: { step, text: 'z'.repeat(1000) }, sum: step };
  };
  const expected = await loop(400, node, channels).compile().invoke();
  const app = loop(400, node, channels).compile({ checkpointer: new MemoryCheckpointer() });
  for (stopAt = 1; stopAt <= 400; stopAt += 57) await failure(stopAt === 1 ? app.invoke({}, { sessionId: 's' }) : app.resume('s'));
  stopAt = 0;
  assert.deepEqual(await app.resume('s'), expected);
  assert.deepEqual((await app.getState('s')).state, expected);
  assert.equal((await app.getState('s', { step: 399 })).state.one.step, 399);
});

test('a graph with nodes in another order, and with more of them, goes on with a session', async () => {
  const checkpointer = new MemoryCheckpointer();
  const graph = (order, b) => {
    const nodes = { a: () => ({ log: 'a' }), b, c: () => ({ log: 'c' }), extra: () => ({ log: 'extra' }) };
    const builder = new GraphBuilder({ channels: { log: append() } });
    for (const id of order) builder.addNode(id, nodes[id]);
    for (const id of order) if (id === 'extra') builder.addEdge('c', 'extra').addEdge('extra', END);
    return builder.addEdge(START, 'a').addEdge('a', 'b').addEdge('b', 'c').addEdge('c', END).compile({ checkpointer });
  };
  await failure(graph(['a', 'b', 'c'], throwing).invoke({}, { sessionId: 's' }));
  const same = graph(['c', 'b', 'a'], () => ({ log: 'b' }));
  assert.equal(same.definitionHash(), graph(['a', 'b', 'c'], throwing).definitionHash());
  assert.deepEqual((await same.getState('s')).frontier, ['b']);
  assert.deepEqual((await same.resume('s')).log, ['a', 'b', 'c']);
  const more = graph(['extra', 'c', 'a', 'b'], () => ({ log: 'b' }));
  assert.deepEqual((await more.invoke({}, { sessionId: 's' })).log, ['a', 'b', 'c', 'a', 'b', 'c', 'extra']);
  assert.deepEqual((await same.history('s')).map(({ ran }) => ran.join()), ['extra', 'c', 'b', 'a', 'c', 'b', 'a', '']);
});

test('a graph goes on with the channels that it has, unless one with content is gone or of another kind', async () => {
  const graph = (checkpointer, channels, run) => chain({ a: () => ({ log: 'a' }), b: run }, channels).compile({ checkpointer });
  const started = async (input) => {
    const checkpointer = new MemoryCheckpointer();
    await failure(graph(checkpointer, { gone: last({ initial: 1 }), log: append() }, throwing).invoke(input, { sessionId: 's' }));
    return checkpointer;
  };
  const run = ({ fresh }) => ({ log: fresh ?? 'b' });
  const other = graph(await started({}), { fresh: last({ initial: 'new' }), log: append() }, run);
  assert.deepEqual(await other.resume('s'), { fresh: 'new', log: ['a', 'new'] });
  for (const channels of [{ log: append() }, { gone: append(), log: append() }]) {
    const refused = await failure(graph(await started({ gone: 2 }), channels, run).resume('s'));
    assert.equal(refused.code, 'CHECKPOINT_GRAPH_CHANGED');
    assert.match(refused.message, /its channel `gone` is not in this graph, or of another kind/);
  }
});

test('a node of a session that is gone is still named by its history', async () => {
  const checkpointer = new MemoryCheckpointer();
  await chain({ old: () => ({ log: 'old' }) }).compile({ checkpointer }).invoke({}, { sessionId: 's' });
  const app = chain({ fresh: () => ({ log: 'fresh' }) }).compile({ checkpointer });
  assert.deepEqual((await app.invoke({}, { sessionId: 's' })).log, ['old', 'fresh']);
  assert.deepEqual((await app.history('s')).map(({ ran }) => ran), [['fresh'], ['old'], []]);
});

test('two apps share a checkpointer, and a session may be taken up by the other', async () => {
  const checkpointer = new MemoryCheckpointer();
  const build = (word) => chain({ a: async () => { await turn(); return { log: word }; } }).compile({ checkpointer });
  const [one, two] = [build('one'), build('two')];
  await one.invoke({}, { sessionId: 's' });
  const run = two.invokeStreaming({}, { sessionId: 's' });
  assert.equal(one.attach('s').id, run.id);
  assert.deepEqual((await run.join()).log, ['one', 'two']);
  assert.ok(types(await collect(one.invokeStreaming({}, { sessionId: 's', checkpointer: undefined }))).includes('checkpoint.saved'));
});
