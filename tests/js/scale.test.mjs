// Sizes at which recursion, or work that grows with the square, would show: they must simply work.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, last, MemoryCheckpointer, send, START } from 'weavegraph-wasm';

function chain(length) {
  const builder = new GraphBuilder({ channels: { count: last({ initial: 0 }) } });
  for (let node = 0; node < length; node += 1) {
    builder.addNode(`n${node}`, (state) => ({ count: state.count + 1 })).addEdge(node === 0 ? START : `n${node - 1}`, `n${node}`);
  }
  return builder.addEdge(`n${length - 1}`, END);
}

test('a chain of 100,000 nodes is valid, sorts, compiles and runs', async () => {
  const builder = chain(100_000);
  assert.deepEqual(builder.validate(), []);
  assert.equal(builder.topologicalSort().length, 100_002);
  const app = builder.compile({ maxSteps: 100_000 });
  assert.deepEqual(await app.invoke(), { count: 100_000 });
});

test('a cycle through 100,000 nodes is found without recursion', () => {
  const [problem] = chain(100_000).addEdge('n99999', 'n0').validate();
  assert.equal(problem.code, 'GRAPH_CYCLE');
});

test('10,000 sends become 10,000 tasks, merged in send order, and survive a failure in their middle', async () => {
  let fails = true;
  let calls = 0;
  const app = new GraphBuilder({ channels: { squares: append() } })
    .addNode('plan', () => ({}))
    .addNode('square', async (_state, ctx) => {
      calls += 1;
      if (fails && ctx.input === 9_999) throw new Error('not yet');
      return { squares: ctx.input ** 2 };
    })
    .addEdge(START, 'plan')
    .addConditionalEdge('plan', () => Array.from({ length: 10_000 }, (_, number) => send('square', number)), ['square'])
    .addEdge('square', END)
    .compile({ checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming({}, { sessionId: 'squares' });
  assert.equal((await run.result).status, 'failed');
  assert.equal(calls, 10_000);

  fails = false;
  const { squares } = await app.resume('squares');
  assert.equal(calls, 10_001);
  assert.equal(squares.length, 10_000);
  assert.ok(squares.every((square, number) => square === number ** 2));
});

test('40 channels are more than the short form of the boundary takes', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
  const app = new GraphBuilder({ channels: Object.fromEntries(names.map((name) => [name, last({ initial: 0 })])) })
    .addNode('set', () => Object.fromEntries(names.map((name, index) => [name, index + 1])))
    .addEdge(START, 'set')
    .addEdge('set', END)
    .compile();
  const state = await app.invoke({ c39: 7 });
  assert.deepEqual(Object.values(state), names.map((_, index) => index + 1));
});
