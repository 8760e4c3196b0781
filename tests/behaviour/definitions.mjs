// Cases about the definition of a graph: what the builder says of it, what is wrong with it, its hash, its drawing and its data.
import { equal, failure, holds } from './checks.mjs';
import { chain, loop } from './shapes.mjs';

const idle = () => undefined;
/** Every kind of channel, node option and edge. */
const desk = ({ append, END, GraphBuilder, last, merge, reduce, START }) =>
  new GraphBuilder({
    name: 'desk',
    channels: { log: append({ key: ({ id }) => id }), map: merge({ initial: { a: 1 } }), one: last({ initial: 0, onConflict: 'last' }), sum: reduce((sum, n) => sum + n, 0) },
  })
    .addNode('read', idle, { description: 'reads "it"', metadata: { kind: 'in' }, retry: { maxAttempts: 3, initialDelayMs: 10 }, timeoutMs: 100 })
    .addNode('left', idle, { runWhen: 'always', concurrency: 2 })
    .addNode('right', idle, { targets: ['both'] })
    .addNode('both', idle)
    .addEdge(START, 'read')
    .addEdge('read', 'left')
    .addEdge('read', 'right')
    .addEdge(['left', 'right'], 'both')
    .addConditionalEdge('both', () => END, { again: 'read', done: END });
const codes = (graph) => graph.validate().map(({ code }) => code);

export const definitionCases = {
  'definition: the builder tells nodes, edges and an order': async (weavegraph) => {
    const graph = desk(weavegraph);
    equal(graph.nodes(), ['read', 'left', 'right', 'both']);
    equal(graph.edges(), [
      { from: '__start__', to: 'read', conditional: false }, { from: 'read', to: 'left', conditional: false }, { from: 'read', to: 'right', conditional: false },
      { from: ['left', 'right'], to: 'both', conditional: false }, { from: 'both', to: 'read', conditional: true, label: 'again' }, { from: 'both', to: '__end__', conditional: true, label: 'done' },
    ]);
    equal(graph.topologicalSort(), ['__start__', 'read', 'left', 'right', 'both', '__end__']);
    equal([weavegraph.START, weavegraph.END], ['__start__', '__end__']);
  },

  'definition: the hash is the same number everywhere, whatever the order of adding, and not over functions': async (weavegraph) => {
    const { END, GraphBuilder, START } = weavegraph;
    equal(desk(weavegraph).compile().definitionHash(), 'efe95507cac89664');
    const build = (names, node) => {
      const graph = new GraphBuilder();
      for (const name of names) graph.addNode(name, node);
      return graph.addEdge('a', 'b').addEdge('b', END).addEdge(START, 'a').compile().definitionHash();
    };
    equal(build(['a', 'b'], idle), build(['b', 'a'], () => ({})));
    holds(build(['a', 'b'], idle) !== chain(weavegraph, { a: idle }).compile().definitionHash(), 'another graph has another hash');
  },

  'definition: toMermaid draws every edge and escapes names': async (weavegraph) => {
    const lines = (direction) => [
      `flowchart ${direction}`, '  start([START])', '  n0["read"]', '  n1["left"]', '  n2["right"]', '  n3["both"]', '  stop([END])', '  start --> n0', '  n0 --> n1', '  n0 --> n2',
      '  j0(("#43;"))', '  n1 --- j0', '  n2 --- j0', '  j0 --> n3', '  n3 -.->|"again"| n0', '  n3 -.->|"done"| stop', '  n2 -.-> n3', '',
    ].join('\n');
    const app = desk(weavegraph).compile();
    equal([app.toMermaid(), app.toMermaid({ direction: 'LR' })], [lines('TB'), lines('LR')]);
    holds(!chain(weavegraph, { 'a"]; b': idle }).compile().toMermaid().includes('a"]'), 'names are escaped');
  },

  'definition: toDot draws the same edges, and escapes names': async (weavegraph) => {
    equal(desk(weavegraph).compile().toDot(), [
      'digraph {', '  start [shape=oval label="START"];', '  n0 [shape=box label="read"];', '  n1 [shape=box label="left"];', '  n2 [shape=box label="right"];', '  n3 [shape=box label="both"];',
      '  stop [shape=oval label="END"];', '  start -> n0;', '  n0 -> n1;', '  n0 -> n2;', '  j0 [shape=circle label="&#43;"];', '  n1 -> j0 [dir=none];', '  n2 -> j0 [dir=none];', '  j0 -> n3;',
      '  n3 -> n0 [style=dashed label="again"];', '  n3 -> stop [style=dashed label="done"];', '  n2 -> n3 [style=dashed];', '}', '',
    ].join('\n'));
    holds(chain(weavegraph, { 'a"]; b\\': idle }).compile().toDot().includes('"a&#34;&#93;&#59;&#32;b&#92;&#92;"'), 'names are escaped');
  },

  'definition: a sub-graph is drawn in a frame': async (weavegraph) => {
    const { END, GraphBuilder, START } = weavegraph;
    const app = new GraphBuilder().addSubgraph('in]', chain(weavegraph, { a: idle }).compile()).addEdge(START, 'in]').addEdge('in]', END).compile();
    equal(app.toMermaid(), [
      'flowchart TB', '  start([START])', '  subgraph n0["in#93;"]', '    n0start([START])', '    n0n0["a"]', '    n0stop([END])', '    n0start --> n0n0', '    n0n0 --> n0stop', '  end',
      '  stop([END])', '  start --> n0start', '  n0stop --> stop', '',
    ].join('\n'));
    equal(app.toDot(), [
      'digraph {', '  start [shape=oval label="START"];', '  subgraph cluster_n0 { label="in&#93;";', '    n0start [shape=oval label="START"];', '    n0n0 [shape=box label="a"];',
      '    n0stop [shape=oval label="END"];', '    n0start -> n0n0;', '    n0n0 -> n0stop;', '  }', '  stop [shape=oval label="END"];', '  start -> n0start;', '  n0stop -> stop;', '}', '',
    ].join('\n'));
  },

  'definition: toJSON and metadata are the graph as data': async (weavegraph) => {
    const app = desk(weavegraph).compile();
    equal(app.toJSON(), {
      name: 'desk',
      nodes: [
        { id: 'read', description: 'reads "it"', metadata: { kind: 'in' }, options: { retry: { maxAttempts: 3, initialDelayMs: 10 }, timeoutMs: 100 } },
        { id: 'left', options: { concurrency: 2, runWhen: 'always' } }, { id: 'right', options: { targets: ['both'] } }, { id: 'both' },
      ],
      edges: [
        { from: '__start__', to: 'read' }, { from: 'read', to: 'left' }, { from: 'read', to: 'right' }, { from: ['left', 'right'], to: 'both' },
        { from: 'both', route: 'both#1', targets: { again: 'read', done: '__end__' } },
      ],
      channels: {
        log: { kind: 'append', options: { keyed: true } }, map: { kind: 'merge', options: { initial: { a: 1 } } },
        one: { kind: 'last', options: { initial: 0, onConflict: 'last' } }, sum: { kind: 'reduce', options: { initial: 0 } },
      },
    });
    const { version, ...metadata } = app.metadata();
    holds(/^\d+\.\d+\.\d+/.test(version), version);
    equal(metadata, { graphHash: 'efe95507cac89664', nodeCount: 4, edgeCount: 4, conditionalEdgeCount: 1, channels: { log: 'append', map: 'merge', one: 'last', sum: 'reduce' } });
  },

  'definition: a graph as a node is part of the hash and of the data': async (weavegraph) => {
    const { append, END, GraphBuilder, last, START } = weavegraph;
    const inner = (timeoutMs) => chain(weavegraph, { a: [idle, { timeoutMs }] }).compile();
    const outer = (app, options) => new GraphBuilder({ channels: { log: append(), other: last() } }).addSubgraph('inner', app, options).addEdge(START, 'inner').addEdge('inner', END);
    const app = outer(inner(5)).compile();
    equal([app.definitionHash(), outer(inner(5), { input: () => ({}), output: () => ({}) }).compile().definitionHash()], Array(2).fill('38ce5df91efa2fff'));
    holds(app.definitionHash() !== outer(inner(6)).compile().definitionHash(), 'another graph inside has another hash');
    equal(outer(inner(5), { description: 'd', retry: { maxAttempts: 2 } }).compile().toJSON().nodes, [
      { id: 'inner', description: 'd', options: { retry: { maxAttempts: 2 } }, graph: inner(5).toJSON() },
    ]);
    equal([outer(inner()).nodes(), app.metadata().nodeCount], [['inner'], 1]);
  },

  'definition: what is no compiled graph cannot be a sub-graph, and its options are checked': async ({ END, GraphBuilder, START }) => {
    const graph = new GraphBuilder().addNode('a', idle).addEdge(START, 'a').addEdge('a', END);
    const problems = (app, options) => new GraphBuilder().addSubgraph('inner', app, options).addEdge(START, 'inner').addEdge('inner', END).validate();
    const wrong = (what) => [{ code: 'GRAPH_INVALID', message: `node \`inner\`: what it runs is ${what}; give addSubgraph an App of this package, as compile() makes it`, nodes: ['inner'] }];
    equal(problems(graph), wrong('object'));
    equal([problems(undefined), problems(idle), problems('app')], [wrong('undefined'), wrong('function'), wrong('string')]);
    equal(problems(graph.compile(), { input: 1, output: 'x', timeoutMs: 0 }), [
      { code: 'GRAPH_INVALID', message: 'node `inner`: input is number; give a function of the state around it; also output is string; give a function of its last state', nodes: ['inner'] },
      { code: 'GRAPH_INVALID', message: 'node `inner`: timeoutMs is not a finite number above 0', nodes: ['inner'] },
    ]);
    equal(problems(graph.compile(), { input: idle, output: idle }), []);
  },

  'definition: what toJSON gives is the same graph again, also through JSON': async (weavegraph) => {
    const { append, END, GraphBuilder, last, START } = weavegraph;
    const routes = { 'both#1': () => END };
    const parts = { nodes: { read: idle, left: idle, right: idle, both: idle, another: idle }, routes, channels: { log: append({ key: ({ id }) => id }), sum: weavegraph.reduce((sum, n) => sum + n, 0) } };
    const app = desk(weavegraph).compile();
    for (const definition of [app.toJSON(), JSON.parse(JSON.stringify(app.toJSON()))]) {
      const graph = GraphBuilder.fromJSON(definition, parts);
      const again = graph.compile();
      equal([again.definitionHash(), again.toMermaid(), again.toJSON(), graph.edges()], [app.definitionHash(), app.toMermaid(), app.toJSON(), desk(weavegraph).edges()]);
    }
    const values = { when: new Date(5), big: 12n, map: new Map([['k', new Set([NaN])]]), none: undefined };
    const inner = chain(weavegraph, { a: [() => ({ log: 'a' }), { metadata: values }] }).compile();
    const outer = new GraphBuilder({ name: 'outer', channels: { log: append({ initial: [values] }), once: last({ initial: 0n }) } }).addSubgraph('inner', inner, { description: 'd' }).addEdge(START, 'inner').addEdge('inner', END).compile();
    const again = GraphBuilder.fromJSON(JSON.parse(JSON.stringify(outer.toJSON())), { nodes: { inner } }).compile();
    equal([again.definitionHash(), again.name, again.toDot(), again.toJSON()], [outer.definitionHash(), 'outer', outer.toDot(), outer.toJSON()]);
    const plain = new GraphBuilder().addNode('say', () => ({ messages: { role: 'user', content: 'hi' } })).addEdge(START, 'say').addEdge('say', END).compile();
    const said = GraphBuilder.fromJSON(plain.toJSON(), { nodes: { say: () => ({ messages: { role: 'user', content: 'again' } }) } }).compile();
    equal([said.definitionHash(), (await said.invoke()).messages[0].content], [plain.definitionHash(), 'again']);
  },

  'definition: fromJSON tells all that is wrong at once, as a GraphError': async (weavegraph) => {
    const { GraphBuilder, GraphError, last } = weavegraph;
    const app = chain(weavegraph, { a: idle }).compile();
    const error = await failure(() => GraphBuilder.fromJSON({
      name: 1, nodes: [{ id: 'a', options: { timeout: 1 } }, { id: 'b', graph: {} }, { id: 'c' }, { id: 2 }, 'd'], edges: [{ from: 'a' }, { from: 'a', route: 'a#1', targets: ['a', 1] }, null],
      channels: { log: { kind: 'reduce' }, one: { kind: 'last' }, odd: { kind: 'list' } },
    }, { nodes: { b: idle, c: app }, channels: { one: weavegraph.append() } }));
    holds(error instanceof GraphError, 'its class');
    equal(error.problems.map(({ code, message, nodes }) => [code, message, ...nodes]), [
      ['GRAPH_INVALID', 'the name of the graph is number; give a string'],
      ['GRAPH_INVALID_CHANNEL', 'channel `log` needs its reducer: give it in parts.channels, made with reduce()'],
      ['GRAPH_INVALID_CHANNEL', 'channel `one`: parts.channels has it made with append(), the definition with last()'],
      ['GRAPH_INVALID_CHANNEL', 'channel `odd` is of unknown kind `list`; give append, merge, last or reduce'],
      ['GRAPH_INVALID', 'node `a`: options has `timeout`; known are `retry`, `timeoutMs`, `concurrency`, `runWhen`, `targets`', 'a'],
      ['GRAPH_INVALID', 'node `a`: parts.nodes has nothing for it; give a function of (state, ctx)', 'a'],
      ['GRAPH_INVALID', 'node `b`: parts.nodes has function for it; give an App, it is a graph', 'b'],
      ['GRAPH_INVALID', 'node `c`: parts.nodes has an App for it; give a function of (state, ctx)', 'c'],
      ['GRAPH_INVALID', 'the id of a node is number; give a string'],
      ['GRAPH_INVALID', 'a node is string; give an object'],
      ['GRAPH_INVALID', 'the target of an edge is undefined; give a name'],
      ['GRAPH_INVALID', 'the route of `a`: parts.routes has nothing for `a#1`; give a function of (state)', 'a'],
      ['GRAPH_INVALID', 'the route of `a`: its targets are neither an array of names nor a record of label to name', 'a'],
      ['GRAPH_INVALID', 'an edge is null; give an object'],
    ]);
    for (const wrong of [undefined, null, 'text', 5, [], () => {}]) {
      holds((await failure(() => GraphBuilder.fromJSON(wrong, { nodes: {} }))) instanceof GraphError, 'a definition');
      if (wrong !== undefined) holds((await failure(() => GraphBuilder.fromJSON(app.toJSON(), wrong))) instanceof GraphError, 'parts');
    }
    holds(last !== undefined && (await failure(() => GraphBuilder.fromJSON(app.toJSON()))).problems.length === 1, 'no parts at all');
  },

  'definition: every problem is told at once, with code, nodes and remedy': async ({ END, GraphBuilder, START }) => {
    const graph = new GraphBuilder()
      .addNode('a', idle).addNode('a', idle).addNode('island', idle).addNode('', idle).addNode('node', idle)
      .addEdge(START, 'a').addEdge('a', 'nod').addEdge('a', END).addEdge('a', END).addEdge(END, 'a').addEdge('a', START).addEdge([], 'a');
    equal(graph.validate(), [
      { code: 'GRAPH_DUPLICATE_NODE', message: 'node `a` is added more than once; keep one or rename it', nodes: ['a'] },
      { code: 'GRAPH_INVALID_NAME', message: 'a node has an empty name; give it one', nodes: [''] },
      { code: 'GRAPH_DUPLICATE_EDGE', message: 'the edge from `a` to END is added more than once; keep one', nodes: ['a', '__end__'] },
      { code: 'GRAPH_EDGE_FROM_END', message: 'an edge leads from END to `a`; nothing runs after END, remove it', nodes: ['__end__', 'a'] },
      { code: 'GRAPH_EDGE_TO_START', message: 'START is the target of the edge from `a`; it is a source only, name the node to go to', nodes: ['a', '__start__'] },
      { code: 'GRAPH_INVALID_JOIN', message: 'the join to `a` has no sources; name the nodes that it waits for', nodes: ['a'] },
      { code: 'GRAPH_UNKNOWN_NODE', message: 'there is no node `nod` (the target of the edge from `a`); did you mean `node`?', nodes: ['nod'] },
      { code: 'GRAPH_UNREACHABLE', message: 'nothing leads from START to `island`, ``; add an edge, or name the node in the targets of a route or of the node that goes there', nodes: ['island', ''] },
      { code: 'GRAPH_NO_PATH_TO_END', message: 'END cannot be reached from `node`: nothing leaves `node`; add an edge to END or to another node, or name in its targets where it goes', nodes: ['node'] },
    ]);
  },

  'definition: compile throws a GraphError with all problems': async ({ GraphBuilder, GraphError, WeaveError }) => {
    const graph = new GraphBuilder().addNode('a', idle);
    const error = await failure(() => graph.compile());
    holds(error instanceof GraphError && error instanceof WeaveError && error instanceof Error, 'its class');
    equal([error.name, error.code, error.problems], ['GraphError', 'GRAPH_MISSING_ENTRY', graph.validate()]);
    equal(codes(graph), ['GRAPH_MISSING_ENTRY', 'GRAPH_NO_PATH_TO_END']);
  },

  'definition: a cycle of edges is refused, allowed by allowCycles, and free through a route': async (weavegraph) => {
    const { END, GraphBuilder, START } = weavegraph;
    const graph = new GraphBuilder().addNode('a', idle).addNode('b', idle).addEdge(START, 'a').addEdge('a', 'b').addEdge('b', 'a').addEdge('b', END);
    equal(graph.validate(), [{ code: 'GRAPH_CYCLE', message: 'edges form a cycle: `a` -> `b` -> `a`; lead the way back through a conditional edge, or compile with allowCycles: true', nodes: ['a', 'b', 'a'] }]);
    graph.compile({ allowCycles: true });
    equal(codes(loop(weavegraph, 3)), []);
  },

  'definition: names, channels and options that cannot be used are told': async ({ END, GraphBuilder, last, START }) => {
    const around = (id, options, channels) => codes(new GraphBuilder(channels && { channels }).addNode(id, idle, options).addEdge(START, id).addEdge(id, END));
    equal(around('ok', { timeoutMs: 5 }), []);
    holds(around(START).includes('GRAPH_RESERVED_NAME'), 'START is no name');
    holds(around('a\u0000b').includes('GRAPH_INVALID_NAME'), 'control characters');
    holds(around('ok', { timeoutMs: -1 }).includes('GRAPH_INVALID'), 'an option');
    holds(around('ok', { retry: { maxAttempts: 0 } }).includes('GRAPH_INVALID'), 'a policy');
    holds(around('ok', {}, { x: { kind: 'last' } }).includes('GRAPH_INVALID_CHANNEL'), 'a channel not made by the package');
    holds(around('ok', {}, { x: last({ onConflict: 'first' }) }).includes('GRAPH_INVALID_CHANNEL'), 'an option of a channel');
  },

  'definition: a compiled app does not change with its builder': async (weavegraph) => {
    const graph = chain(weavegraph, { a: () => ({ log: 'a' }) });
    const app = graph.compile();
    graph.addNode('b', () => ({ log: 'b' })).addEdge('a', 'b').addEdge('b', weavegraph.END);
    equal([(await app.invoke()).log, (await graph.compile().invoke()).log], [['a'], ['a', 'b']]);
  },
};
