// Cases about the definition's hash: no order of adding changes it, each change of a definition does, and what is no part of it does not.
// `changes` is by the members of the options' types, which tests/js/hash-changes.test.mjs compares with the declarations.
import { equal, holds } from './checks.mjs';
import { chain } from './shapes.mjs';

const idle = () => undefined;
/** A definition as data, so that it can be changed and put together in any order. */
const base = () => ({
  name: 'g',
  channels: {
    log: ['append', {}], keyed: ['append', { key: ({ id }) => id }], one: ['last', { initial: 0 }], either: ['last', { onConflict: 'last' }],
    map: ['merge', { initial: { a: { b: 1, c: [1, 2] } } }], sum: ['reduce', (sum, n) => sum + n, 0],
  },
  nodes: {
    a: {
      retry: { maxAttempts: 3, initialDelayMs: 10, factor: 3, maxDelayMs: 100, jitter: 0.5 }, timeoutMs: 5, concurrency: 2, runWhen: 'always', targets: ['b', 'c'],
      metadata: { kind: 'x', deep: { list: [1, 2], at: new Date(5), map: new Map([['k', 1], ['l', 2]]) } }, description: 'first',
    },
    b: {}, c: {}, d: {}, 'ä "quoted"': {},
  },
  edges: [['__start__', 'a'], ['a', 'b'], ['a', 'c'], [['b', 'c'], 'd'], ['d', 'ä "quoted"'], ['ä "quoted"', '__end__']],
  routes: [['__start__', ['a', 'b']], ['d', { again: 'a', done: '__end__' }], ['d', { again: 'a' }], ['b', undefined]],
});

/** By option: what may be changed of a node that has all options. Each is another definition. */
const nodeOptions = {
  retry: {
    maxAttempts: (retry) => void (retry.maxAttempts += 1), initialDelayMs: (retry) => void (retry.initialDelayMs += 0.5), factor: (retry) => void (retry.factor += 1),
    maxDelayMs: (retry) => void (retry.maxDelayMs += 1), jitter: (retry) => void (retry.jitter = 0.25),
  },
  timeoutMs: [(node) => void (node.timeoutMs += 0.001), (node) => delete node.timeoutMs],
  concurrency: [(node) => void (node.concurrency += 1), (node) => delete node.concurrency],
  runWhen: [(node) => delete node.runWhen],
  targets: [(node) => void node.targets.push('d'), (node) => void node.targets.pop(), (node) => delete node.targets],
  metadata: [
    (node) => delete node.metadata, (node) => void (node.metadata = {}), (node) => void (node.metadata.more = undefined), (node) => void (node.metadata.kind = 'y'),
    (node) => void (node.metadata.deep.list = [2, 1]), (node) => void (node.metadata.deep.list = new Set([1, 2])), (node) => void (node.metadata.deep.list = ['1', 2]), (node) => void (node.metadata.deep.list = [1n, 2]),
    (node) => void (node.metadata.deep.at = new Date(6)), (node) => void (node.metadata.deep.at = 5), (node) => void (node.metadata.deep.map = { k: 1, l: 2 }), (node) => node.metadata.deep.map.set('k', 2),
  ],
};
/** And of a channel. */
const channelOptions = {
  initial: [({ one }) => void (one[1].initial = 1), ({ one }) => void (one[1].initial = '0'), ({ one }) => void (one[1].initial = -0), ({ one }) => delete one[1].initial, ({ map }) => void (map[1].initial.a.b = 2), ({ map }) => void (map[1].initial.a.d = null), ({ sum }) => void (sum[2] = 1), ({ log }) => void (log[1].initial = [[]])],
  key: [({ log }) => void (log[1].key = String), ({ keyed }) => delete keyed[1].key],
  onConflict: [({ one }) => void (one[1].onConflict = 'last'), ({ either }) => delete either[1].onConflict],
};
/** And of the graph around them. */
const graphChanges = [
  ({ nodes }) => void (nodes.e = { targets: ['d'] }), ({ channels }) => void (channels.more = ['last', {}]), ({ channels }) => void (channels.logs = channels.log, delete channels.log),
  ({ channels }) => void (channels.log[0] = 'merge'), ({ channels }) => void (channels.log = ['last', {}]), ({ channels }) => void (channels.log = ['reduce', idle, []]),
  ({ edges }) => void edges.push(['b', 'd']), ({ edges }) => void edges.splice(1, 1), ({ edges }) => void (edges[1] = ['a', 'd']), ({ edges }) => void edges.splice(3, 1, ['b', 'd'], ['c', 'd']),
  ({ edges }) => void (edges[3] = [['b', 'c', 'a'], 'd']), ({ edges }) => void edges.splice(3, 1, [['b'], 'd'], ['c', 'd']), ({ edges }) => void edges.push([['b', 'c'], 'ä "quoted"']),
  ({ routes }) => void routes.pop(), ({ routes }) => void routes.push(['c', undefined]), ({ routes }) => void routes.push(routes[2]), ({ routes }) => void (routes[3] = ['c', undefined]), ({ routes }) => void (routes[3] = ['b', ['c']]),
  ({ routes }) => void (routes[3] = ['b', []]), ({ routes }) => void (routes[1] = ['d', { more: 'a', done: '__end__' }]), ({ routes }) => void (routes[1] = ['d', { again: 'b', done: '__end__' }]), ({ routes }) => void (routes[0] = ['__start__', ['a']]),
];
/** What the types have beside these, and is no part of a definition. */
export const unhashed = { NodeOptions: ['onError', 'description'], RetryPolicy: ['retryOn'] };
export const hashed = { NodeOptions: Object.keys(nodeOptions), RetryPolicy: Object.keys(nodeOptions.retry), channels: Object.keys(channelOptions) };
const changes = [
  ...Object.values(nodeOptions.retry).map((change) => ({ nodes }) => change(nodes.a.retry)), ({ nodes }) => delete nodes.a.retry,
  ...Object.entries(nodeOptions).flatMap(([name, list]) => (name === 'retry' ? [] : list)).map((change) => ({ nodes }) => change(nodes.a)),
  ...Object.values(channelOptions).flat().map((change) => ({ channels }) => change(channels)), ...graphChanges,
];
const noChanges = [
  (spec) => void (spec.name = 'h'), ({ nodes }) => void (nodes.a.description = 'other'), ({ nodes }) => delete nodes.a.description, ({ nodes }) => void (nodes.a.onError = idle), ({ nodes }) => void (nodes.a.retry.retryOn = idle),
  ({ nodes }) => void (nodes.b = { runWhen: 'changed', retry: { maxAttempts: 1, initialDelayMs: 500, factor: 2, maxDelayMs: 30_000, jitter: 0.2 }, timeoutMs: undefined, targets: undefined }),
  ({ channels }) => void (channels.keyed[1].key = ({ other }) => other), ({ channels }) => void (channels.sum[1] = idle), ({ channels }) => void (channels.one[1].onConflict = 'error'), ({ channels }) => void (channels.log[1].initial = []),
  ({ edges }) => void (edges[3] = [['c', 'b'], 'd']), ({ routes }) => void (routes[0] = ['__start__', { a: 'a', b: 'b' }]), ({ nodes }) => void (nodes.a.targets = ['c', 'b', 'c']),
];

/** Small numbers by chance, from a seed. */
function dice(seed) {
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}
function shuffled(list, roll) {
  const rest = [...list];
  return Array.from(list, () => rest.splice(roll(rest.length), 1)[0]);
}
/** The same value with keys, and entries of Maps and Sets, in another order. */
function mixed(value, roll) {
  if (Array.isArray(value)) return value.map((item) => mixed(item, roll));
  if (value instanceof Map) return new Map(shuffled([...value], roll));
  if (value?.constructor !== Object) return value;
  return Object.fromEntries(shuffled(Object.entries(value), roll).map(([key, item]) => [key, mixed(item, roll)]));
}

function build(weavegraph, spec, roll) {
  return compiled(weavegraph, spec, roll).definitionHash();
}
function compiled({ GraphBuilder, ...make }, { name, channels, nodes, edges, routes }, roll) {
  const order = (list) => (roll === undefined ? list : shuffled(list, roll));
  const same = (value) => (roll === undefined ? value : mixed(value, roll));
  const graph = new GraphBuilder({ name, channels: Object.fromEntries(order(Object.entries(channels)).map(([id, [kind, ...given]]) => [id, make[kind](...given.map(same))])) });
  const adding = [
    ...Object.entries(nodes).map(([id, { targets, ...options }]) => () => graph.addNode(id, () => roll?.(9), { ...same(options), targets: targets && order(targets) })),
    ...edges.map(([from, to]) => () => graph.addEdge(Array.isArray(from) ? order(from) : from, to)),
    ...routes.map(([from, targets]) => () => graph.addConditionalEdge(from, () => '__end__', Array.isArray(targets) ? order(targets) : same(targets))),
  ];
  order(adding).forEach((add) => add());
  return graph.compile({ allowCycles: roll !== undefined, ...(roll !== undefined && { maxSteps: 1 + roll(9) }) });
}
const changed = (change) => {
  const spec = base();
  change(spec);
  return spec;
};

export const hashCases = {
  'hash: a definition put together in any of 200 orders has one hash': async (weavegraph) => {
    const hash = build(weavegraph, base());
    equal(hash, '6b67b802452178d3');
    for (let seed = 1; seed <= 200; seed += 1) equal(build(weavegraph, base(), dice(seed)), hash, `seed ${seed}`);
  },

  'hash: each single change of a definition gives another one, and no two the same': async (weavegraph) => {
    const found = new Map([[build(weavegraph, base()), 'none']]);
    changes.forEach((change, at) => {
      const hash = build(weavegraph, changed(change), dice(at));
      holds(!found.has(hash), `change ${at}, ${change}, has another hash than ${found.get(hash)}`);
      found.set(hash, change);
    });
    for (const channels of [undefined, {}, { messages: weavegraph.append(), extra: weavegraph.merge(), errors: weavegraph.append() }]) {
      const hash = new weavegraph.GraphBuilder(channels && { channels }).addNode('a', idle).addEdge('__start__', 'a').addEdge('a', '__end__').compile().definitionHash();
      holds(!found.has(hash), 'channels by default, none, and the same declared');
      found.set(hash, 'channels');
    }
  },

  'hash: each change within a sub-graph is one of the graph around it, and no order in there is': async (weavegraph) => {
    const { GraphBuilder } = weavegraph;
    const around = (inner, options) => new GraphBuilder().addSubgraph('inner', inner, options).addNode('next', idle).addEdge('__start__', 'inner').addEdge('inner', 'next').addEdge('next', '__end__').compile();
    const hash = around(compiled(weavegraph, base())).definitionHash();
    const found = new Set([hash, around(compiled(weavegraph, base()), { concurrency: 1 }).definitionHash(), chain(weavegraph, { inner: idle, next: idle }, {}).compile().definitionHash()]);
    changes.forEach((change, at) => found.add(around(compiled(weavegraph, changed(change), dice(at))).definitionHash()));
    equal(found.size, 3 + changes.length);
    const twice = (seed) => around(around(compiled(weavegraph, base(), dice(seed)))).definitionHash();
    equal([around(compiled(weavegraph, base(), dice(5)), { input: idle, output: idle, description: 'other' }).definitionHash(), twice(6)], [hash, twice(7)]);
    holds(twice(6) !== hash, 'two levels are not one');
  },

  'hash: functions, descriptions, the name, run options and written defaults are no part of it': async (weavegraph) => {
    const hash = build(weavegraph, base());
    noChanges.forEach((change, at) => equal(build(weavegraph, changed(change), dice(at)), hash, String(change)));
  },
};
