// GraphError: every code of a definition, all problems at once, and what an error looks like from outside.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, GraphError, last, RunFailed, send, START, StateError, WeaveError } from 'weavegraph-wasm';
import { codesOf } from './codes.mjs';
import { chain, failure } from './graphs.mjs';

const idle = () => undefined;
const graph = () => new GraphBuilder().addNode('a', idle).addEdge(START, 'a').addEdge('a', END);

const wrong = {
  GRAPH_MISSING_ENTRY: new GraphBuilder().addNode('a', idle).addEdge('a', END),
  GRAPH_CYCLE: graph().addNode('b', idle).addEdge('a', 'b').addEdge('b', 'a'),
  GRAPH_UNREACHABLE: graph().addNode('island', idle).addEdge('island', END),
  GRAPH_NO_PATH_TO_END: graph().addNode('b', idle).addEdge('a', 'b').addConditionalEdge('b', idle, ['b']),
  GRAPH_DUPLICATE_EDGE: graph().addEdge('a', END),
  GRAPH_DUPLICATE_NODE: graph().addNode('a', idle),
  GRAPH_EDGE_FROM_END: graph().addEdge(END, 'a'),
  GRAPH_EDGE_TO_START: graph().addEdge('a', START),
  GRAPH_UNKNOWN_NODE: graph().addEdge('a', 'nope'),
  GRAPH_RESERVED_NAME: graph().addNode(START, idle),
  GRAPH_INVALID_NAME: graph().addNode('', idle),
  GRAPH_INVALID_CHANNEL: new GraphBuilder({ channels: { x: last({ onConflict: 'first' }) } }).addNode('a', idle).addEdge(START, 'a').addEdge('a', END),
  GRAPH_INVALID_JOIN: graph().addEdge([], 'a'),
  GRAPH_INVALID: graph().addNode('b', idle, { timeoutMs: -1 }).addEdge('a', 'b').addEdge('b', END),
};

for (const code of codesOf('graph-errors')) {
  test(`${code} is reported by validate() and thrown by compile()`, () => {
    const problems = wrong[code].validate();
    assert.ok(problems.some((problem) => problem.code === code), JSON.stringify(problems));
    for (const problem of problems) {
      assert.deepEqual(Object.keys(problem).sort(), ['code', 'message', 'nodes']);
      assert.ok(problem.message.length > 10 && Array.isArray(problem.nodes));
    }
    assert.throws(() => wrong[code].compile(), (error) => {
      assert.ok(error instanceof GraphError && error instanceof WeaveError);
      assert.deepEqual([error.name, error.code], ['GraphError', problems[0].code]);
      assert.deepEqual(error.problems, problems);
      return true;
    });
  });
}

test('allowCycles permits GRAPH_CYCLE and nothing else', () => {
  wrong.GRAPH_CYCLE.compile({ allowCycles: true });
  assert.throws(() => wrong.GRAPH_CYCLE.compile({ allowCycles: false }), { code: 'GRAPH_CYCLE' });
  assert.throws(() => wrong.GRAPH_UNREACHABLE.compile({ allowCycles: true }), { code: 'GRAPH_UNREACHABLE' });
});

test('all problems come at once, and the message shows the first ten', () => {
  const builder = graph();
  for (let n = 0; n < 15; n += 1) builder.addEdge('a', `nope ${n}`);
  const problems = builder.validate();
  assert.equal(problems.length, 15);
  assert.throws(() => builder.compile(), (error) => {
    assert.equal(error.problems.length, 15);
    assert.match(error.message, /15 problems/);
    assert.match(error.message, /nope 9/);
    assert.doesNotMatch(error.message, /nope 10/);
    assert.match(error.message, /and 5 more/);
    return true;
  });
  builder.addNode('nope 0', idle).addEdge('nope 0', END);
  assert.equal(builder.validate().length, 14);
});

test('values that cannot be stored are refused where they are given', () => {
  const instance = new (class A {})();
  assert.throws(() => last({ initial: instance }), (error) => error instanceof StateError && error.code === 'STATE_NOT_CLONEABLE' && error.details.path === 'initial');
  assert.throws(() => append({ initial: [1, { f() {} }] }), { code: 'STATE_NOT_CLONEABLE' });
  assert.throws(() => graph().addNode('b', idle, { metadata: { deep: [instance] } }), (error) => error.details.path === 'metadata.deep[0]');
  assert.doesNotThrow(() => send('a', instance));
});

test('an error can be logged, compared and cloned by its code', async () => {
  const cause = new RangeError('deep');
  const error = await failure(chain({ a: () => { throw cause; } }).compile().invoke({}, { runId: 'r', sessionId: 's' }));
  assert.ok(error instanceof RunFailed);
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    name: 'RunFailed', code: 'NODE_THREW', message: error.message, node: 'a', step: 1, runId: 'r', sessionId: 's', cause: { name: 'RangeError', message: 'deep' },
  });
  assert.match(String(error), /^RunFailed: node `a` failed in step 1: deep$/);
  assert.match(error.stack, /^RunFailed: /);
  assert.ok(!Object.keys(error).includes('name'));
  assert.ok(Object.keys(structuredClone({ ...error })).includes('code'));
});
