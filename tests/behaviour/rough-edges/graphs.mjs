// Rough edges of Weavegraph that are about graphs: edges, joins, gates, reducers, names and what is checked. docs/weavegraph.md numbers them.
import { codeOf, equal, failure, holds } from '../checks.mjs';
import { chain, collect, types } from '../shapes.mjs';

const idle = () => undefined;
/** Nodes by name that write their name, and those of `own`. */
function noting({ append, GraphBuilder, last }, names, own = {}) {
  const graph = new GraphBuilder({ channels: { log: append(), n: last({ initial: 0 }) } });
  for (const name of names) graph.addNode(name, own[name] ?? (() => ({ log: name })));
  return graph;
}
const codes = (graph) => graph.validate().map(({ code }) => code);

export const graphEdges = {
  'rough edge 2: a conditional edge from START runs, alone and beside plain ones': async (weavegraph) => {
    const { END, START } = weavegraph;
    const routed = (graph) => graph.addConditionalEdge(START, ({ n }) => (n > 0 ? 'high' : 'low'), ['high', 'low']).addEdge('high', END).addEdge('low', END);
    const alone = routed(noting(weavegraph, ['high', 'low'])).compile();
    equal([(await alone.invoke({ n: 1 })).log, (await alone.invoke({ n: -1 })).log], [['high'], ['low']]);
    const beside = routed(noting(weavegraph, ['always', 'high', 'low'])).addEdge(START, 'always').addEdge('always', END).compile();
    equal((await beside.invoke({ n: 1 })).log, ['always', 'high']);
  },

  'rough edge 3: a run that ends since nothing has changed says quiescent and whom it skipped': async (weavegraph) => {
    const { END, START } = weavegraph;
    const graph = noting(weavegraph, ['a', 'behind'], { a: idle }).addEdge(START, 'a').addConditionalEdge('a', () => 'a', ['a', 'behind']).addEdge('behind', END);
    const run = graph.compile().invokeStreaming();
    const events = await collect(run);
    equal(types(events).slice(-4), ['step.started', 'node.skipped', 'step.completed', 'run.completed']);
    const [, skipped, step, end] = events.slice(-4);
    equal([skipped.node, skipped.reason, step.skipped, end.reason, (await run.result).reason], ['a', 'unchanged', ['a'], 'quiescent', 'quiescent']);
  },

  'rough edge 3: an equal object, an edit of the same length and an own list of errors count as a change; runWhen asks for none': async (weavegraph) => {
    const { append, END, GraphBuilder, last, replace, START } = weavegraph;
    const rounds = async (channels, write, options) => {
      let calls = 0;
      const graph = new GraphBuilder(channels && { channels }).addNode('a', () => ((calls += 1), write()), options).addEdge(START, 'a').addConditionalEdge('a', () => (calls < 4 ? 'a' : END), ['a', END]);
      const { reason } = await graph.compile().invokeStreaming().result;
      return `${reason} ${calls}`;
    };
    const errors = [{ at: 0, scope: { scope: 'app' }, error: { message: 'm' }, tags: [] }];
    equal(await rounds({ one: last() }, () => ({ one: { same: 1 } })), 'end 4', 'an equal object');
    equal(await rounds({ log: append({ initial: ['x'] }) }, () => ({ log: replace(['y']) })), 'end 4', 'the same length');
    equal(await rounds({ log: append({ initial: [{ id: 1 }], key: ({ id }) => id }) }, () => ({ log: { id: 1, text: 'edited' } })), 'end 4', 'an item edited in place');
    equal(await rounds({ errors: append() }, () => ({ errors })), 'end 4', 'a declared list of errors');
    equal(await rounds(undefined, idle, { runWhen: 'always' }), 'end 4', 'runWhen');
    equal(await rounds({ one: last() }, () => ({ one: 1 })), 'quiescent 2', 'the same number');
    equal(await rounds(undefined, () => ({ errors })), 'quiescent 1', 'the list of errors that is there by default');
  },

  'rough edge 4: an uneven fan-in runs its join once': async (weavegraph) => {
    const { END, START } = weavegraph;
    const graph = () => noting(weavegraph, ['a', 'b', 'c', 'd']).addEdge(START, 'a').addEdge(START, 'b').addEdge('b', 'c').addEdge('d', END);
    equal((await graph().addEdge(['a', 'c'], 'd').compile().invoke()).log, ['a', 'b', 'c', 'd']);
    equal((await graph().addEdge('a', 'd').addEdge('c', 'd').compile().invoke()).log, ['a', 'b', 'd', 'c', 'd'], 'plain edges go on at once, each');
  },

  'rough edge 4: of a thousand branches of uneven length one join runs once': async (weavegraph) => {
    const { END, START } = weavegraph;
    const graph = noting(weavegraph, ['join']).addEdge('join', END);
    const ends = [];
    for (let branch = 0; branch < 1000; branch += 1) {
      for (let at = 0; at <= branch % 4; at += 1) graph.addNode(`${branch}.${at}`, idle).addEdge(at === 0 ? START : `${branch}.${at - 1}`, `${branch}.${at}`);
      ends.push(`${branch}.${branch % 4}`);
    }
    equal((await graph.addEdge(ends, 'join').compile().invoke()).log, ['join']);
  },

  'rough edge 15: withReducer takes the place of the rule that was there': async (weavegraph) => {
    const { append, END, GraphBuilder, START } = weavegraph;
    const graph = () => new GraphBuilder().addNode('a', () => ({ messages: { role: 'assistant', content: 'hi' } })).addEdge(START, 'a').addEdge('a', END);
    const input = { messages: { role: 'user', content: 'hello' } };
    const once = [input.messages, { role: 'assistant', content: 'hi' }];
    equal((await graph().withReducer('messages', append()).compile().invoke(input)).messages, once);
    equal((await graph().withReducer('messages', append()).withReducer('messages', append()).compile().invoke(input)).messages, once, 'twice');
    equal((await graph().withReducer('messages', (list, message) => [...list, message]).compile().invoke(input)).messages, once, 'a function');
  },

  'rough edge 16: a write to a channel that is not there is an error, and errors and edits raise versions': async (weavegraph) => {
    const { append, END, GraphBuilder, MemoryCheckpointer, replace, START } = weavegraph;
    const wrong = await failure(chain(weavegraph, { a: () => ({ logs: 1 }) }).compile().invoke());
    equal([wrong.code, wrong.node], ['STATE_UNKNOWN_CHANNEL', 'a']);
    holds(wrong.message.includes('`logs`'), wrong.message);
    equal(await codeOf(chain(weavegraph, { a: idle }).compile().invoke({ logs: 1 })), 'STATE_UNKNOWN_CHANNEL');

    const error = { at: 0, scope: { scope: 'app' }, error: { message: 'm' }, tags: [] };
    const graph = new GraphBuilder({ channels: { errors: append(), log: append({ initial: ['a'] }) } }).addNode('a', () => ({ errors: error, log: replace(['b']) })).addEdge(START, 'a').addEdge('a', END);
    const app = graph.compile({ checkpointer: new MemoryCheckpointer() });
    await app.invoke({}, { sessionId: 's' });
    const [before, after] = [await app.getState('s', { step: 0 }), await app.getState('s')];
    equal([after.updatedChannels, after.versions.errors - before.versions.errors, after.versions.log - before.versions.log], [['errors', 'log'], 1, 1]);
  },

  'rough edge 22: a chain of 20,000 nodes is checked, sorted, drawn and run in the stack of any runtime; a cycle through them is found': async (weavegraph) => {
    const { END, GraphBuilder, last, START } = weavegraph;
    const length = 20_000;
    const graph = new GraphBuilder({ channels: { count: last({ initial: 0 }) } });
    const count = (state) => ({ count: state.count + 1 });
    for (let node = 0; node < length; node += 1) graph.addNode(`n${node}`, count).addEdge(node === 0 ? START : `n${node - 1}`, `n${node}`);
    graph.addEdge(`n${length - 1}`, END);
    equal([codes(graph), graph.topologicalSort().length], [[], length + 2]);
    const app = graph.compile({ maxSteps: length });
    equal([(await app.invoke()).count, app.definitionHash().length, app.toJSON().nodes.length], [length, 16, length]);
    holds(app.toMermaid().includes(`n${length - 1} --> stop`), 'it is drawn');
    graph.addEdge(`n${length - 1}`, 'n0');
    equal(codes(graph), ['GRAPH_CYCLE']);
    equal((await failure(() => graph.compile())).problems[0].nodes.length, length + 1);
  },

  'rough edge 30: problems come in one order, that of adding': async ({ END, GraphBuilder, START }) => {
    const wrong = (names) => {
      const graph = new GraphBuilder().addNode('in', idle).addEdge(START, 'in').addEdge('in', END);
      for (const name of names) graph.addNode(name, idle).addEdge(name, `${name}?`);
      return graph.validate().filter(({ code }) => code === 'GRAPH_UNKNOWN_NODE').map(({ nodes: [name] }) => name);
    };
    const names = Array.from({ length: 50 }, (_, n) => `node ${(n * 37) % 50}`);
    equal(wrong(names), names.map((name) => `${name}?`));
    equal(wrong([...names].reverse()), [...names].reverse().map((name) => `${name}?`));
  },

  'rough edge 32: a node has one name everywhere, whatever it looks like': async (weavegraph) => {
    const { append, END, GraphBuilder, MemoryCheckpointer, START } = weavegraph;
    for (const name of ['End', 'Start', 'END', 'START', 'Custom:A', 'Custom("A")', '__proto__', 'constructor', 'toString', '42', ' a b ', 'a/b#0', 'ü\u{1f9f6}', '"']) {
      let isBroken = true;
      const seen = [];
      const keys = new Set();
      const app = new GraphBuilder({ channels: { log: append() } })
        .addNode(name, (_, ctx) => {
          seen.push(ctx.node);
          keys.add(ctx.idempotencyKey);
          if (isBroken) throw new Error('no');
          return { log: name };
        })
        .addEdge(START, name).addConditionalEdge(name, () => [END], [name, END])
        .compile({ checkpointer: new MemoryCheckpointer() });
      const run = app.invokeStreaming({}, { sessionId: 's' });
      const told = (await collect(run)).filter(({ node }) => node !== undefined).map(({ node }) => node);
      const { error } = await run.result;
      const { frontier, next } = await app.getState('s');
      equal([error.node, [...new Set(told)], frontier, next.map(({ node }) => node)], [name, [name], [name], [name]], name);
      isBroken = false;
      await app.resume('s');
      equal([(await app.history('s'))[0].ran, app.toJSON().nodes[0].id, seen, keys.size], [[name], name, [name, name], 1], name);
    }
  },

  'rough edge 33: a conditional edge switches no check off, and is checked itself': async ({ END, GraphBuilder, START }) => {
    const graph = () => new GraphBuilder().addNode('a', idle).addNode('b', idle).addNode('island', idle).addNode('stuck', idle).addEdge(START, 'a').addEdge(START, 'stuck').addEdge('b', END);
    const problems = (given) => given.validate().map(({ code, nodes }) => `${code} ${nodes}`);
    equal(problems(graph().addConditionalEdge('a', () => 'b', ['b'])), ['GRAPH_UNREACHABLE island', 'GRAPH_NO_PATH_TO_END stuck']);
    equal(problems(graph().addConditionalEdge('a', () => 'b', ['b', 'ghost'])).slice(0, 1), ['GRAPH_UNKNOWN_NODE ghost']);
    equal(problems(graph().addConditionalEdge('phantom', () => 'b', ['b'])).slice(0, 1), ['GRAPH_UNKNOWN_NODE phantom']);
    holds(codes(graph().addConditionalEdge(END, () => 'b', ['b'])).includes('GRAPH_EDGE_FROM_END'), 'END is no source');
    holds(codes(graph().addConditionalEdge('a', () => START, [START, END])).includes('GRAPH_EDGE_TO_START'), 'START is no target');
    equal(problems(graph().addConditionalEdge('a', idle)), ['GRAPH_NO_PATH_TO_END island,stuck'], 'without targets it may lead anywhere');
  },
};
