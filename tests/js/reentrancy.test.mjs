// User code that calls back: nodes that run graphs, whoever cancels the run that calls it, readers inside nodes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, last, MemoryCheckpointer, reduce, START } from 'weavegraph-wasm';
import { chain, collect, fan, short, turn, types } from './graphs.mjs';

test('a node may run its own app, to any depth', async () => {
  const app = new GraphBuilder({ channels: { n: last({ initial: 0 }), sum: last({ initial: 0 }) } })
    .addNode('add', async ({ n }) => ({ sum: n + (n === 0 ? 0 : (await app.invoke({ n: n - 1 })).sum) }))
    .addEdge(START, 'add').addEdge('add', END).compile({ checkpointer: new MemoryCheckpointer() });
  assert.equal((await app.invoke({ n: 50 })).sum, 1275);
});

test('a synchronous node may start runs that outlive it', async () => {
  const started = [];
  const inner = chain({ a: () => ({ log: 'inner' }) }).compile();
  const state = await chain({ a: () => { started.push(inner.invoke(), inner.invokeStreaming().join()); return { log: 'outer' }; } }).compile().invoke();
  assert.deepEqual(state.log, ['outer']);
  assert.deepEqual((await Promise.all(started)).map(({ log }) => log), [['inner'], ['inner']]);
});

/** Whoever is called gets a `cancel` for the run that calls it, and how many nodes ran after. */
async function cancelledFrom(make) {
  const held = {};
  let after = 0;
  const cancel = () => held.run.cancel('from inside');
  const { graph, options = {} } = make(cancel, () => void (after += 1));
  held.run = graph.compile({ checkpointer: new MemoryCheckpointer(), ...options }).invokeStreaming({}, { sessionId: 's' });
  const events = await collect(held.run);
  const result = await held.run.result;
  assert.deepEqual([result.status, result.reason, after], ['cancelled', 'from inside', 0]);
  assert.equal(types(events).filter((type) => /^run\.(?!started)/.test(type)).length, 1);
  return events;
}

const throwing = () => {
  throw new Error('no');
};
const places = {
  'a synchronous node': (cancel, after) => ({ graph: chain({ a: () => (void cancel(), { log: 1 }), after }) }),
  'a node that awaits it': (cancel, after) => ({ graph: chain({ a: async () => { await cancel(); return { log: 1 }; }, after }) }),
  'a node with siblings to come': (cancel, after) => ({ graph: fan({ a: () => void cancel(), after }) }),
  'a route': (cancel, after) => ({ graph: new GraphBuilder().addNode('a', () => undefined).addNode('after', after).addEdge(START, 'a').addConditionalEdge('a', () => (void cancel(), 'after')).addEdge('after', END) }),
  'an asynchronous route': (cancel, after) => ({ graph: new GraphBuilder().addNode('a', () => undefined).addNode('after', after).addEdge(START, 'a').addConditionalEdge('a', async () => { await cancel(); return 'after'; }).addEdge('after', END) }),
  'a route of START': (cancel, after) => ({ graph: new GraphBuilder().addNode('after', after).addConditionalEdge(START, () => (void cancel(), 'after')).addEdge('after', END) }),
  'a reducer': (cancel, after) => ({ graph: chain({ a: () => ({ x: 1, y: 1 }), after }, { x: reduce(() => (void cancel(), 2), 0), y: append() }) }),
  'a key function': (cancel, after) => ({ graph: chain({ a: () => ({ x: 1 }), after }, { x: append({ key: () => (void cancel(), 'k') }) }) }),
  'retryOn': (cancel, after) => ({ graph: chain({ a: [throwing, { retry: { maxAttempts: 3, retryOn: () => (void cancel(), true) } }], after }) }),
  'onError': (cancel, after) => ({ graph: chain({ a: [throwing, { onError: () => void cancel() }], after }) }),
  'a getter of an update': (cancel, after) => ({ graph: chain({ a: () => ({ log: { get x() { void cancel(); return 1; } } }), after }) }),
  'a getter of emitted data': (cancel, after) => ({ graph: chain({ a: (_, ctx) => ctx.custom('c', { get x() { void cancel(); return 1; } }), after }) }),
  'a clock': (cancel, after) => {
    let calls = 0;
    return { graph: chain({ a: async () => turn(), after }), options: { clock: { now: () => { if ((calls += 1) === 8) void cancel(); return 1; } } } };
  },
};
for (const [place, make] of Object.entries(places)) {
  test(`the run may be cancelled from ${place}`, async () => {
    await cancelledFrom(make);
  });
}

for (const place of ['a key function', 'a route']) {
  test(`a cancel from ${place} keeps what the node returned: a resume does not run it again`, async () => {
    const checkpointer = new MemoryCheckpointer();
    const calls = [];
    let run;
    const once = (name) => {
      if (place === name && calls.length === 1) void run.cancel();
      calls.push(name);
    };
    const x = place === 'a key function' ? append({ key: () => (once(place), 'k') }) : append();
    const app = new GraphBuilder({ channels: { x } })
      .addNode('a', () => (calls.push('a'), { x: 'x' }))
      .addEdge(START, 'a')
      .addConditionalEdge('a', () => (once('a route'), END), [END])
      .compile({ checkpointer });
    run = app.invokeStreaming({}, { sessionId: 's' });
    assert.equal((await run.result).status, 'cancelled');
    assert.deepEqual((await app.resume('s')).x, ['x']);
    assert.equal(calls.filter((call) => call === 'a').length, 1);
  });
}

for (const [what, go] of [['throws', () => { throw new Error('no'); }], ['rejects', async () => { throw new Error('no'); }], ['names nothing that is there', () => 'nowhere']]) {
  test(`a route that ${what} after a node that returned nothing: a resume does not run the node again`, async () => {
    let runs = 0;
    let routes = 0;
    const app = new GraphBuilder({ channels: { x: append() } })
      .addNode('a', () => void (runs += 1))
      .addEdge(START, 'a')
      .addConditionalEdge('a', () => ((routes += 1) === 1 ? go() : END), [END])
      .compile({ checkpointer: new MemoryCheckpointer() });
    assert.equal((await app.invokeStreaming({}, { sessionId: 's' }).result).status, 'failed');
    await app.resume('s');
    assert.deepEqual([runs, routes], [1, 2]);
  });
}

test('the run may be cancelled from a listener of its own signal, and from a filter', async () => {
  await cancelledFrom((cancel, after) => ({ graph: fan({ a: (_, ctx) => (ctx.signal.addEventListener('abort', cancel), turn().then(() => cancel()).then(() => new Promise(() => {}))), b: [() => new Promise(() => {}), {}] }).addNode('after', after).addEdge('a', 'after').addEdge('after', END) }));
  const run = chain({ a: () => undefined, b: () => turn(), c: () => new Promise(() => {}) }).compile().invokeStreaming();
  await collect(run.events({ filter: ({ node }) => { if (node === 'b') void run.cancel(); return true; } }));
  assert.equal(run.status, 'cancelled');
});

test('a node may read the events of its own run', async () => {
  const held = {};
  const seen = [];
  const app = chain({ a: async (_, ctx) => {
    const reader = held.run.events({ after: 0 });
    ctx.emit('s', 'm');
    for await (const event of reader) {
      seen.push(short(event));
      if (event.type === 'message') break;
    }
  } }).compile();
  held.run = app.invokeStreaming();
  await held.run.join();
  assert.deepEqual(seen, ['1 run.started', '2 step.started 1', '3 node.started a#0/1', '4 message a#0/1']);
});

test('a getter of emitted data may emit: its event comes first', async () => {
  const run = chain({ a: (_, ctx) => ctx.custom('outer', { get x() { ctx.custom('inner'); return 1; } }) }).compile().invokeStreaming({}, { events: { filter: ['custom'] } });
  assert.deepEqual((await collect(run)).slice(1, -1).map(({ seq, name }) => [seq, name]), [[4, 'inner'], [5, 'outer']]);
});

test('a thenable that settles at once, twice, or in its own time is awaited once', async () => {
  const thenables = [
    (resolve) => resolve({ log: 1 }),
    (resolve, reject) => { resolve({ log: 1 }); resolve({ log: 2 }); reject(new Error('late')); },
    (resolve) => { resolve({ log: 1 }); throw new Error('late'); },
    (resolve) => void setImmediate(() => { resolve({ log: 1 }); resolve({ log: 2 }); }),
  ];
  for (const then of thenables) assert.deepEqual((await chain({ a: () => ({ then }), b: () => turn() }).compile().invoke()).log, [1]);
});
