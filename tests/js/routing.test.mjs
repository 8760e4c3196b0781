// Where a step leads: edges, joins, routes, commands and sends, and the gate.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, command, END, GraphBuilder, last, MemoryCheckpointer, send, START } from 'weavegraph-wasm';
import { chain, collect, loop, turn } from './graphs.mjs';

const note = (_, ctx) => ({ log: ctx.input === undefined ? ctx.node : `${ctx.node}(${JSON.stringify(ctx.input)})` });
/** A builder whose nodes note that they ran; `results` stand in for some. */
function graph(names, results = {}) {
  const builder = new GraphBuilder({ channels: { log: append(), n: last({ initial: 0 }) } });
  for (const name of names) builder.addNode(name, results[name] ?? note, { targets: [...names, END] });
  return builder;
}
const log = async (builder, input, options) => (await builder.compile(options).invoke(input)).log;

test('a command writes and routes: it silences the node\'s own edges, adds to them, or leaves them', async () => {
  const cases = [
    [{ update: { log: 'a' }, goto: 'c' }, ['a', 'c']],
    [{ update: { log: 'a' }, goto: 'c', mode: 'append' }, ['a', 'b', 'c']],
    [{ update: { log: 'a' } }, ['a', 'b']],
    [{ update: { log: 'a' }, mode: 'append' }, ['a', 'b']],
    [{ goto: [] }, []],
    [{ goto: [], mode: 'append' }, ['b']],
    [{ goto: END }, []],
    [{ goto: ['c', 'b', 'c'] }, ['c', 'b']],
    [{ goto: [send('c', 1), 'b', send('c', 2)] }, ['c(1)', 'b', 'c(2)']],
    [{}, ['b']],
  ];
  for (const [given, expected] of cases) {
    const builder = graph(['a', 'b', 'c'], { a: async () => command(given) }).addEdge(START, 'a').addEdge('a', 'b').addEdge('b', END).addEdge('c', END);
    assert.deepEqual(await log(builder), expected, JSON.stringify(given));
  }
});

test('data of the same shape as a command or a send is data', async () => {
  const builder = new GraphBuilder({ channels: { __command: last(), goto: last(), one: last() } }).addNode('a', () => ({ __command: true, goto: ['a'], one: { node: 'a', input: 1 } })).addEdge(START, 'a').addEdge('a', END);
  assert.deepEqual(await builder.compile().invoke(), { __command: true, goto: ['a'], one: { node: 'a', input: 1 } });
});

test('10,000 sends are as many tasks, merged in the order of the sends', async () => {
  const inputs = Array.from({ length: 10_000 }, (_, n) => n);
  const work = (_, ctx) => (ctx.task % 100 === 0 ? turn().then(() => ({ log: ctx.input })) : { log: ctx.input });
  const builder = graph(['split', 'work'], { split: () => command({ goto: inputs.map((n) => send('work', n)) }), work }).addEdge(START, 'split').addEdge('split', END).addEdge('work', END);
  assert.deepEqual(await log(builder), inputs);
  assert.deepEqual(await log(builder, {}, { concurrency: 7, checkpointer: new MemoryCheckpointer() }), inputs);
});

test('the input of a send is a frozen copy, of each send its own', async () => {
  const input = { list: [1] };
  const seen = [];
  const work = (_, ctx) => {
    assert.throws(() => ctx.input.list.push(2), TypeError);
    seen.push(ctx.input);
  };
  const builder = graph(['split', 'work'], { split: () => { const result = command({ goto: [send('work', input), send('work', input)] }); return result; }, work });
  await builder.addEdge(START, 'split').addEdge('split', END).addEdge('work', END).compile().invoke();
  assert.deepEqual(seen, [{ list: [1] }, { list: [1] }]);
  assert.ok(!Object.isFrozen(input));
});

test('a join runs once, when all its sources have run, by whatever way they were reached', async () => {
  const diamond = graph(['a', 'b', 'b2', 'join']).addEdge(START, 'a').addEdge(START, 'b').addEdge('b', 'b2').addEdge(['a', 'b2'], 'join').addEdge('join', END);
  assert.deepEqual(await log(diamond), ['a', 'b', 'b2', 'join']);
  const bySend = graph(['a', 'b', 'join'], { a: () => command({ update: { log: 'a' }, goto: send('b', 1), mode: 'append' }) }).addEdge(START, 'a').addEdge(['a', 'b'], 'join').addEdge('join', END);
  assert.deepEqual(await log(bySend), ['a', 'b(1)', 'join']);
});

test('a join in a loop fires again once all its sources have run again', async () => {
  const rounds = ({ n }) => ({ n: n + 1, log: `j${n}` });
  const builder = graph(['a', 'b', 'join'], { join: rounds }).addEdge(START, 'a').addEdge(START, 'b').addEdge(['a', 'b'], 'join');
  assert.deepEqual(await log(builder.addConditionalEdge('join', ({ n }) => (n < 3 ? ['a', 'b'] : END), ['a', 'b', END])), ['a', 'b', 'j0', 'a', 'b', 'j1', 'a', 'b', 'j2']);
});

test('routes: names, labels, lists, sends, promises, of START, and none', async () => {
  const leads = (route, targets) => log(graph(['a', 'b', 'c']).addEdge(START, 'a').addConditionalEdge('a', route, targets).addEdge('b', END).addEdge('c', END), {});
  assert.deepEqual(await leads(() => 'b', ['b', 'c']), ['a', 'b']);
  assert.deepEqual(await leads(async () => 'b', ['b', 'c']), ['a', 'b']);
  assert.deepEqual(await leads(() => 'yes', { yes: 'c', no: 'b' }), ['a', 'c']);
  assert.deepEqual(await leads(() => ['yes', 'no', 'yes'], { yes: 'c', no: 'b' }), ['a', 'c', 'b']);
  assert.deepEqual(await leads(() => [send('b', 1), 'c', send('b', 2)]), ['a', 'b(1)', 'c', 'b(2)']);
  assert.deepEqual(await leads(() => [], ['b', 'c']), ['a']);
  assert.deepEqual(await leads(() => END), ['a']);
  assert.deepEqual(await leads(({ log: [first] }) => (first === 'a' ? 'b' : 'c')), ['a', 'b'], 'a route sees the state after its step');
  const start = graph(['a', 'b']).addConditionalEdge(START, async ({ n }) => (n === 1 ? ['b', 'a'] : 'a'), ['a', 'b']).addEdge('a', END).addEdge('b', END);
  assert.deepEqual(await log(start, { n: 1 }), ['b', 'a']);
  assert.deepEqual(await log(start, { n: 2 }), ['a']);
  const both = graph(['a', 'b', 'c']).addEdge(START, 'a').addEdge('a', 'b').addConditionalEdge('a', () => 'c', ['c']).addEdge('b', END).addEdge('c', END);
  assert.deepEqual(await log(both), ['a', 'b', 'c']);
});

test('what is not sent with to a declared target is unknown only if there is no such node', async () => {
  const builder = graph(['a', 'b']).addEdge(START, 'a').addEdge('a', END).addEdge('b', END);
  const app = new GraphBuilder({ channels: { log: append() } }).addNode('a', () => command({ goto: 'b' }), { targets: [END] }).addNode('b', note).addEdge(START, 'a').addEdge('a', END).addEdge('a', 'b').addEdge('b', END);
  assert.deepEqual(await log(app), ['b']);
  assert.deepEqual(await log(builder), ['a']);
});

test('the gate: what an edge reaches again with nothing changed is skipped; commands and sends are never gated', async () => {
  const steps = async (builder, options) => (await collect(builder.compile(options).invokeStreaming())).filter(({ type }) => type === 'step.completed').map(({ ran, skipped }) => [ran.join(), skipped.join()]);
  const quiet = () => undefined;
  const byEdge = () => graph(['a', 'b'], { a: quiet, b: quiet }).addEdge(START, 'a').addEdge('a', 'b');
  let rounds = 0;
  assert.deepEqual(await steps(byEdge().addConditionalEdge('b', () => 'a')), [['a', ''], ['b', ''], ['', 'a']]);
  assert.deepEqual(await steps(loop(3, quiet)), [['work', ''], ['work', ''], ['work', '']], 'runWhen always');
  const byGoto = graph(['a'], { a: () => ((rounds += 1), command({ goto: rounds < 3 ? 'a' : END })) }).addEdge(START, 'a').addEdge('a', END);
  assert.deepEqual(await steps(byGoto), [['a', ''], ['a', ''], ['a', '']]);
  rounds = 0;
  const bySend = graph(['a'], { a: quiet }).addEdge(START, 'a').addConditionalEdge('a', () => ((rounds += 1) < 3 ? send('a', 1) : END));
  assert.deepEqual(await steps(bySend), [['a', ''], ['a', ''], ['a', '']]);
});

test('the gate counts objects as changes, equal primitives, empty lists and absent deletions as none', async () => {
  const changes = async (update) => {
    let calls = 0;
    const channels = { log: append(), map: last({ initial: {} }), n: last({ initial: 5 }), extra: last() };
    const app = new GraphBuilder({ channels }).addNode('a', () => ((calls += 1) > 1 ? {} : update)).addEdge(START, 'a').addConditionalEdge('a', () => 'a').compile();
    await app.invoke();
    return calls - 1;
  };
  assert.deepEqual([await changes({ n: 5 }), await changes({ n: 6 }), await changes({ log: [] }), await changes({ log: [undefined] }), await changes({ map: {} }), await changes({ n: NaN }), await changes({})], [0, 1, 0, 1, 1, 1, 0]);
});

test('a chain of 20,000 nodes compiles and runs', async () => {
  const builder = chain(Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`n${n}`, n === 19_999 ? () => ({ log: 'end' }) : () => undefined])));
  assert.deepEqual((await builder.compile({ maxSteps: Infinity }).invoke()).log, ['end']);
});
