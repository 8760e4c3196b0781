// Channels end to end: how writes merge, in which order, who sees what, and that nobody can change it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, last, MemoryCheckpointer, merge, reduce, replace, START } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, fan, turn } from './graphs.mjs';

/** The state after nodes of one step have returned these writes, and one more step that sees them. */
async function after(channels, ...updates) {
  const graph = new GraphBuilder({ channels });
  updates.forEach((update, n) => graph.addNode(`n${n}`, () => update).addEdge(START, `n${n}`).addEdge(`n${n}`, END));
  return graph.compile().invoke();
}

test('append: items in node order; an array appends its items; a key replaces in place', async () => {
  assert.deepEqual(await after({ x: append({ initial: [0] }) }, { x: 1 }, { x: [2, 3] }, { x: [[4]] }, { x: [] }, { x: undefined }), { x: [0, 1, 2, 3, [4]] });
  const keyed = append({ initial: [{ id: 'a', n: 0 }, { id: 'b', n: 0 }], key: (item) => item.id });
  assert.deepEqual(await after({ x: keyed }, { x: { id: 'b', n: 1 } }, { x: [{ id: 'c', n: 2 }, { id: 'a', n: 3 }] }, { x: [{ n: 4 }, { n: 5 }] }), {
    x: [{ id: 'a', n: 3 }, { id: 'b', n: 1 }, { id: 'c', n: 2 }, { n: 4 }, { n: 5 }],
  });
});

test('merge: one level deep, the later node wins, null deletes', async () => {
  const map = merge({ initial: { a: 1, b: { deep: 1 }, c: 3 } });
  assert.deepEqual(await after({ x: map }, { x: { a: 2, b: { other: 2 } } }, { x: { a: 3, c: null, d: null, e: undefined } }), { x: { a: 3, b: { other: 2 } } });
});

test('last: one value; two writers conflict unless onConflict says that the later wins', async () => {
  assert.deepEqual(await after({ x: last(), y: last({ initial: 1 }) }, { x: null }), { x: null, y: 1 });
  assert.deepEqual(await after({ x: last({ onConflict: 'last' }) }, { x: 1 }, {}, { x: 3 }), { x: 3 });
  await assert.rejects(after({ x: last() }, { x: 1 }, { x: 1 }), { code: 'STATE_CONFLICT' });
  await assert.rejects(after({ x: last() }, { x: replace(1) }, { x: 1 }), { code: 'STATE_CONFLICT' });
  assert.deepEqual(await after({ x: last() }, { x: 1 }, { x: undefined }), { x: 1 });
});

test('reduce: once per write, in node order, with frozen values', async () => {
  const calls = [];
  const channel = reduce((current, write) => (calls.push([Object.isFrozen(current), write]), [...current, write]), []);
  assert.deepEqual(await after({ x: channel }, { x: 'a' }, { x: ['b'] }, {}), { x: ['a', ['b']] });
  assert.deepEqual(calls, [[true, 'a'], [true, ['b']]]);
});

test('replace: this value instead of merging, for every kind, in node order', async () => {
  const channels = { list: append({ initial: [1] }), map: merge({ initial: { a: 1 } }), one: last({ initial: 1 }), sum: reduce((sum, n) => sum + n, 1) };
  assert.deepEqual(await after(channels, { list: 2, map: { b: 2 }, sum: 2 }, { list: replace([9]), map: replace({ z: 9 }), one: replace(9), sum: replace(9) }, { list: 3, map: { c: 3 }, sum: 3 }), {
    list: [9, 3], map: { z: 9, c: 3 }, one: 9, sum: 12,
  });
  assert.deepEqual((await chain({ a: () => undefined }, channels).compile().invoke({ list: replace([]), map: { a: null } })), { list: [], map: {}, one: 1, sum: 1 });
});

test('a graph without channels has messages, extra and errors', async () => {
  const state = await new GraphBuilder()
    .addNode('a', () => ({ messages: { role: 'assistant', content: 'hi' }, extra: { n: 1 }, errors: { at: 1, scope: { scope: 'app' }, error: { message: 'm' }, tags: [] } }))
    .addEdge(START, 'a').addEdge('a', END).compile().invoke({ messages: [{ role: 'user', content: 'hello' }] });
  assert.deepEqual(Object.keys(state), ['messages', 'extra', 'errors']);
  assert.deepEqual([state.messages.map(({ role }) => role), state.extra, state.errors.length], [['user', 'assistant'], { n: 1 }, 1]);
});

test('withReducer: another rule for a channel', async () => {
  const build = (rule) => new GraphBuilder({ channels: { x: append({ initial: [1] }) } }).withReducer('x', rule).addNode('a', () => ({ x: 2 })).addNode('b', () => ({ x: 3 })).addEdge(START, 'a').addEdge(START, 'b').addEdge('a', END).addEdge('b', END).compile();
  assert.deepEqual((await build((list, n) => [n, ...list]).invoke()).x, [3, 2, 1]);
  assert.deepEqual((await build(last({ onConflict: 'last' })).invoke()).x, 3);
});

test('writes merge in node order, whatever the order in which the nodes finish', async () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
    const gates = [deferred(), deferred(), deferred()];
    const nodes = Object.fromEntries(gates.map(({ promise }, n) => [`n${n}`, async () => { await promise; return { log: n, map: { winner: n } }; }]));
    const running = fan(nodes, { log: append(), map: merge() }).compile().invoke();
    for (const n of order) {
      gates[n].resolve();
      await turn();
    }
    assert.deepEqual(await running, { log: [0, 1, 2], map: { winner: 2 } });
  }
});

test('nodes of one step see the state before it, and neither each other\'s writes nor later ones', async () => {
  const seen = [];
  const look = async ({ log }) => {
    seen.push([...log]);
    await turn();
    seen.push([...log]);
    return { log: 'x' };
  };
  let kept;
  const app = new GraphBuilder({ channels: { log: append() } }).addNode('a', look).addNode('b', look).addNode('c', (state) => void (kept = state)).addNode('d', () => ({ log: 'd' }));
  await app.addEdge(START, 'a').addEdge(START, 'b').addEdge(['a', 'b'], 'c').addEdge('c', 'd').addEdge('d', END).compile().invoke({ log: 'in' });
  assert.deepEqual(seen, [['in'], ['in'], ['in'], ['in']]);
  assert.deepEqual(kept.log, ['in', 'x', 'x']);
});

test('what nodes see is frozen, deep down; what they wrote is a copy', async () => {
  const mine = { list: [{ n: 1 }], map: new Map([['k', { n: 1 }]]), set: new Set([1]), date: new Date(0) };
  const attempts = [(s) => (s.one = 1), (s) => s.one.list.push(2), (s) => (s.one.list[0].n = 2), (s) => s.one.map.set('x', 1), (s) => (s.one.map.get('k').n = 2), (s) => s.one.set.add(2), (s) => s.one.date.setTime(5), (s) => delete s.log, (s) => s.log.push(1)];
  let thrown = 0;
  const app = chain({
    a: () => ({ one: mine }),
    b: (state) => {
      mine.list[0].n = 99;
      for (const attempt of attempts) {
        try {
          attempt(state);
        } catch (error) {
          thrown += error instanceof TypeError;
        }
      }
    },
  }, { log: append(), one: last() }).compile();
  const state = await app.invoke();
  assert.equal(thrown, attempts.length);
  assert.deepEqual(state, { log: [], one: { list: [{ n: 1 }], map: new Map([['k', { n: 1 }]]), set: new Set([1]), date: new Date(0) } });
  assert.ok(!Object.isFrozen(mine) && !Object.isFrozen(mine.list));
  assert.throws(() => state.one.list.push(1), TypeError);
});

test('bytes cannot be frozen, so each task, reader and session has its own', async () => {
  const bytes = new Uint8Array([1]);
  const scribble = ({ one }) => void (one[0] += 1);
  const talk = (_, ctx) => {
    ctx.custom('c', { bytes });
    ctx.tool.call('1', 't', bytes);
  };
  const graph = { a: () => ({ one: bytes, list: replace([bytes]) }), b: scribble, c: scribble, d: ({ one }) => ({ log: one[0] }), e: talk, f: [() => { throw bytes; }, { onError: () => undefined }] };
  const app = chain(graph, { log: append(), one: last(), list: append() }).compile({ checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming({}, { sessionId: 's', metadata: { bytes } });
  const reading = [collect(run), collect(run.events())];
  const state = await run.join();
  assert.deepEqual([state.log, state.one[0], state.list[0][0], bytes[0]], [[1], 1, 1, 1]);
  /** All bytes that a reader can get at, once per reader. */
  const bytesOf = (events) => events.flatMap(({ changes, data, args, metadata, error }) => [changes?.one, changes?.list?.__replace[0], data?.bytes, args, metadata?.bytes, error?.cause]).filter((found) => found !== undefined);
  const held = async () => [...(await Promise.all([...reading, collect(run.events({ after: 0 }))])).map(bytesOf), [run.state.one, run.state.list[0], (await run.result).state.one, (await app.getState('s')).state.one]].flat();
  const found = await held();
  assert.equal(found.length, 3 * 6 + 4);
  for (const each of [state.one, state.list[0], ...found]) each[0] = 9;
  const [late, once] = [bytesOf(await collect(run.events({ after: 0 }))), await app.getState('s')];
  assert.deepEqual([...late, run.state.one, run.state.list[0], once.state.one].map(([byte]) => byte), Array(9).fill(1));
});

test('__proto__ keys are data, and pollute nothing', async () => {
  const evil = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"plain":1}');
  const app = chain({ a: ({ one }) => ({ map: evil, log: [evil, one], one: evil }) }, { map: merge(), log: append(), one: last() }).compile({ checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming({ one: evil }, { metadata: evil, sessionId: 's' });
  const [state, events] = [await run.join(), await collect(run)];
  for (const value of [state.map, state.log[0], state.log[1], state.one, events[0].metadata, (await app.getState('s')).state.map]) {
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor', 'plain']);
    assert.deepEqual(Object.getOwnPropertyDescriptor(value, '__proto__').value, { polluted: 1 });
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  }
  assert.equal({}.polluted, undefined);
  assert.equal((await failure(app.invoke(evil))).code, 'STATE_UNKNOWN_CHANNEL');
});

test('a channel that nobody reads is kept all the same, large ones too', async () => {
  const app = chain(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`n${n}`, () => ({ list: Array.from({ length: 40 }, (_, i) => n * 40 + i), map: { [`k${n}`]: n } })])), { list: append(), map: merge() }).compile();
  const { list, map } = await app.invoke();
  assert.deepEqual([list.length, list[1999], Object.keys(map).length, map.k49], [2000, 1999, 50, 49]);
});

test('a state is a plain object: it can be spread, listed, cloned and turned into JSON', async () => {
  let seen;
  const big = Array.from({ length: 100 }, (_, n) => n);
  await chain({ a: (state) => void (seen = [{ ...state }, Object.keys(state), structuredClone(state), JSON.parse(JSON.stringify(state)), Object.getPrototypeOf(state) === Object.prototype]) }, { log: append({ initial: big }), one: last({ initial: 1 }) }).compile().invoke();
  const plain = { log: big, one: 1 };
  assert.deepEqual(seen, [plain, ['log', 'one'], plain, plain, true]);
});

test('more than 32 channels', async () => {
  const names = Array.from({ length: 80 }, (_, n) => `c${n}`);
  const app = chain({ a: () => Object.fromEntries(names.map((name, n) => [name, n])), b: () => ({ c79: 'b', c31: 'b', c32: replace('b') }) }, Object.fromEntries(names.map((name) => [name, last()]))).compile({ checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  const events = (await collect(run)).filter(({ type }) => type === 'step.completed');
  assert.deepEqual(events[0].updatedChannels, names);
  assert.deepEqual(events[1].updatedChannels, ['c31', 'c32', 'c79']);
  assert.deepEqual([events[1].versions.c31, events[1].versions.c30], [3, 2]);
  const state = await run.join();
  assert.deepEqual([state.c30, state.c31, state.c32, state.c79], [30, 'b', 'b', 'b']);
  assert.deepEqual((await app.getState('s')).state, state);
});
