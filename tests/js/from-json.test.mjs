// toJSON() and fromJSON(): any graph comes back with its hash, its drawings and its data, and nothing that is wrong is a TypeError.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, END, GraphBuilder, GraphError, last, merge, reduce, START, toJsonSafe } from 'weavegraph-wasm';
import { GraphBuilder as OtherBuilder } from '../../build/pkg-hooks/entries/node.js';
import { randomFrom, randomValue } from './random-values.mjs';

const idle = () => undefined;
const names = ['a', 'constructor', '__proto__', 'toString', 'é"]', '1', 'hasOwnProperty', '\\', 'x#1'];

/** Whole numbers below a count. */
const below = (unit) => (count) => Math.floor(unit() * count);

/** A valid graph of anything, and the parts that its definition lacks. */
function randomGraph(unit, depth = 0) {
  const random = below(unit);
  const pick = (list) => list[random(list.length)];
  const chance = (one) => random(one) === 0;
  const parts = { nodes: {}, routes: {}, channels: {}, options: {} };
  const set = (record, key, value) => Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
  const channels = {};
  const values = () => Array.from({ length: random(3) }, () => randomValue(unit, 3));
  for (const name of ['one', 'two', 'constructor'].slice(random(4))) {
    const initial = randomValue(unit, 3);
    channels[name] = pick([
      () => append(chance(2) ? {} : { initial: values() }), () => append({ key: idle, initial: values() }), () => merge({ initial: { a: initial ?? 1 } }),
      () => last({ initial }), () => last({ onConflict: 'last' }), () => reduce(idle, initial),
    ])();
    parts.channels[name] = channels[name];
  }
  const graph = new GraphBuilder(chance(4) ? {} : { name: pick(names), channels });
  const ids = names.slice(0, 1 + random(names.length));
  for (const id of ids) {
    const options = {
      ...(chance(2) && { metadata: { value: randomValue(unit, 3), [pick(names)]: randomValue(unit, 3) } }), ...(chance(3) && { description: pick(names) }), ...(chance(3) && { timeoutMs: 0.5 + random(9) }),
      ...(chance(3) && { concurrency: 1 + random(9) }), ...(chance(3) && { runWhen: pick(['changed', 'always']) }), ...(chance(3) && { targets: [pick(ids), END] }),
      ...(chance(3) && { retry: { maxAttempts: 2, retryOn: idle, ...(chance(2) && { jitter: 0.5, factor: 1.5 }) } }),
    };
    if (chance(4) && depth < 2) {
      const { app } = randomGraph(unit, depth + 1);
      graph.addSubgraph(id, app, options);
      set(parts.nodes, id, app);
    } else {
      graph.addNode(id, idle, options);
      set(parts.nodes, id, idle);
    }
    graph.addEdge(START, id);
    const ways = new Map();
    for (let route = 1; route <= random(3); route += 1) {
      const labels = {};
      for (let label = random(4); label > 0; label -= 1) set(labels, pick(names), pick([...ids, END]));
      graph.addConditionalEdge(id, idle, pick([undefined, labels, [...new Set(Object.values(labels))]]));
      ways.set(`${id}#${route}`, idle);
    }
    for (const [way, route] of ways) set(parts.routes, way, route);
    graph.addEdge(id, END);
  }
  if (ids.length > 2) graph.addEdge(ids.slice(1), ids[0]);
  return { app: graph.compile({ allowCycles: true }), parts };
}

test('any graph comes back from its definition, and from the text of it', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const { app, parts } = randomGraph(randomFrom(seed));
    const definition = app.toJSON();
    for (const read of [definition, JSON.parse(JSON.stringify(definition)), structuredClone(definition)]) {
      const again = GraphBuilder.fromJSON(read, parts).compile({ allowCycles: true });
      assert.equal(again.definitionHash(), app.definitionHash(), `seed ${seed}`);
      assert.deepEqual(again.toJSON(), definition);
      // In a record, labels that are whole numbers come first.
      const drawn = (graph) => [...graph.toMermaid().split('\n'), ...graph.toDot().split('\n')].sort();
      assert.deepEqual([drawn(again), again.metadata()], [drawn(app), app.metadata()]);
    }
  }
});

test('whatever is wrong with a definition or its parts, it is a GraphError with all its problems', () => {
  const junk = [undefined, null, 0, -1, NaN, 2n, '', 'a', '__start__', true, [], {}, [null], { $weave: 'nothing' }, Symbol('s'), idle, new Date(NaN), new Map(), ['a', 1], { a: 1 }, Object.create(null)];
  let refused = 0;
  for (let seed = 1; seed <= 400; seed += 1) {
    const unit = randomFrom(seed);
    const random = below(unit);
    const { app, parts } = randomGraph(unit, 1);
    const given = { definition: app.toJSON(), parts };
    for (let changes = 1 + random(2); changes > 0; changes -= 1) {
      let at = given;
      let key = random(4) === 0 ? 'parts' : 'definition';
      while (typeof at[key] === 'object' && at[key] !== null && Object.isExtensible(at[key]) && Object.keys(at[key]).length > 0 && random(6) > 0) {
        at = at[key];
        const keys = Object.keys(at);
        key = keys[random(keys.length)];
      }
      at[key] = junk[random(junk.length)];
    }
    try {
      GraphBuilder.fromJSON(given.definition, given.parts).compile({ allowCycles: true });
    } catch (error) {
      refused += 1;
      assert.ok(error instanceof GraphError, `seed ${seed}: ${error.stack}`);
      assert.ok(error.problems.length > 0 && error.problems.every(({ code, message, nodes }) => code.startsWith('GRAPH_') && message.length > 10 && nodes.every((node) => typeof node === 'string')), `seed ${seed}`);
    }
  }
  assert.ok(refused > 200, `${refused}`);
  const hostile = { get nodes() { throw new TypeError('mine'); }, edges: [] };
  assert.throws(() => GraphBuilder.fromJSON(hostile, { nodes: {} }), (error) => error instanceof GraphError && error.cause instanceof TypeError && /mine/.test(error.message));
});

test('the definition has the data and the parts the functions', async () => {
  const calls = [];
  const build = () => new GraphBuilder({ channels: { sum: reduce((sum, n) => sum + n, 5), items: append({ key: ({ id }) => id, initial: [{ id: 1, text: 'old' }] }) } })
    .addNode('a', () => { throw new Error('no'); }, { retry: { maxAttempts: 2, initialDelayMs: 0 } })
    .addConditionalEdge(START, () => 'go', { go: 'a' })
    .addEdge('a', END);
  const definition = JSON.parse(JSON.stringify(build().compile().toJSON()));
  const app = GraphBuilder.fromJSON(definition, {
    nodes: { a: () => { calls.push('a'); throw new Error('no'); } },
    routes: { '__start__#1': () => 'go' },
    channels: { sum: reduce((sum, n) => sum * n, 100), items: append({ key: ({ id }) => id }) },
    options: { a: { onError: () => ({ sum: 2, items: [{ id: 1, text: 'new' }] }), retry: { retryOn: (_, attempt) => calls.push(attempt) > 0 } } },
  }).compile();
  assert.equal(app.definitionHash(), build().compile().definitionHash());
  assert.deepEqual(await app.invoke(), { sum: 10, items: [{ id: 1, text: 'new' }] });
  assert.deepEqual(calls, ['a', 1, 'a']);
});

test('a definition by hand leaves out what has a default', () => {
  const graph = GraphBuilder.fromJSON({ nodes: [{ id: 'a' }], edges: [{ from: START, to: 'a' }, { from: 'a', to: END, label: 'for people' }] }, { nodes: { a: idle } });
  const same = new GraphBuilder().addNode('a', idle).addEdge(START, 'a').addEdge('a', END).compile();
  assert.deepEqual([graph.compile().name, graph.compile().definitionHash()], ['graph', same.definitionHash()]);
});

test('the rules of a graph are told by validate() and compile()', () => {
  const graph = GraphBuilder.fromJSON({ name: 'g', nodes: [{ id: 'a', options: { timeoutMs: -1, runWhen: 'never' } }], edges: [{ from: 'a', to: 'nope' }], channels: {} }, { nodes: { a: idle } });
  assert.deepEqual(graph.validate().map(({ code }) => code), ['GRAPH_INVALID', 'GRAPH_INVALID', 'GRAPH_UNKNOWN_NODE', 'GRAPH_MISSING_ENTRY']);
});

test('an App of another copy of the package is no sub-graph', () => {
  const other = new OtherBuilder().addNode('a', idle).addEdge(START, 'a').addEdge('a', END).compile();
  assert.match(new GraphBuilder().addSubgraph('s', other).addEdge(START, 's').addEdge('s', END).validate()[0].message, /an App of this package/);
});

test('graphs nested a hundred levels deep are drawn, written and read; one more is refused', () => {
  const around = (app) => new GraphBuilder().addSubgraph('s', app).addEdge(START, 's').addEdge('s', END);
  let app = new GraphBuilder().addNode('a', idle).addEdge(START, 'a').addEdge('a', END).compile();
  let inner = app;
  for (let level = 0; level < 100; level += 1) [inner, app] = [app, around(app).compile()];
  assert.equal(app.toMermaid().split('subgraph ').length, 101);
  assert.equal(app.toDot().split('cluster_').length, 101);
  assert.equal(GraphBuilder.fromJSON(JSON.parse(JSON.stringify(app.toJSON())), { nodes: { s: inner } }).compile().definitionHash(), app.definitionHash());
  assert.throws(() => around(app).compile(), { code: 'GRAPH_INVALID', message: /nested more than 100 levels deep/ });
});

test('toJSON gives what JSON can hold, and every call its own', () => {
  const app = new GraphBuilder({ channels: { at: last({ initial: new Date(1) }) } }).addNode('a', idle, { metadata: { big: 1n } }).addEdge(START, 'a').addEdge('a', END).compile();
  const [one, two] = [app.toJSON(), app.toJSON()];
  assert.deepEqual(one, { name: 'graph', nodes: [{ id: 'a', metadata: toJsonSafe({ big: 1n }) }], edges: one.edges, channels: { at: { kind: 'last', options: { initial: toJsonSafe(new Date(1)) } } } });
  one.nodes[0].metadata.big = 'changed';
  one.edges.length = 0;
  assert.deepEqual(app.toJSON(), two);
});
