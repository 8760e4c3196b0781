/** Nodes, routes and edges know the channels, the inputs of sends and the context of runs. */

import {
  append,
  command,
  END,
  GraphBuilder,
  last,
  reduce,
  send,
  START,
  type,
  type App,
  type Channel,
  type Command,
  type CompileOptions,
  type GraphDefinition,
  type GraphErrorCode,
  type GraphParts,
  type GraphProblem,
  type NodeContext,
  type NodeFn,
  type NodeOptions,
  type NodeResult,
  type RetryPolicy,
  type RouteFn,
  type RouteResult,
  type Send,
  type StateOf,
  type SubgraphOptions,
  type Value,
  type WeaveError,
} from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

type Env = { apiKey: string; fetchPage(url: string): Promise<string> };
const channels = { lines: append<string>(), round: last({ initial: 0 }), page: last<{ url: string; body: string }>() };
type Declared = typeof channels;

// ── a whole graph, chained ──

const graph = new GraphBuilder({ name: 'pages', channels, context: type<Env>() })
  .addNode('plan', (state) => {
    isExactly<StateOf<Declared>>()(state);
    return { round: state.round + 1 };
  })
  .addNode<{ url: string }>('fetch', async (_, ctx) => {
    isExactly<{ url: string }>()(ctx.input);
    isExactly<Env>()(ctx.context);
    isExactly<AbortSignal>()(ctx.signal);
    return { page: { url: ctx.input.url, body: await ctx.context.fetchPage(ctx.input.url) } };
  })
  .addNode('silent', () => {})
  .addNode('silentLater', async () => {})
  .addNode('nothing', () => null)
  .addNode('undefined', () => undefined)
  .addNode('either', (state) => (state.round > 3 ? { lines: 'enough' } : command({ goto: 'plan' })))
  .addNode('untyped', (_, ctx) => {
    isExactly<unknown>()(ctx.input);
  })
  .addEdge(START, 'plan')
  .addEdge(['fetch', 'silent'], 'either')
  .addEdge(['silent', 'nothing'] as const, 'undefined')
  .addEdge('either', END)
  .addConditionalEdge('plan', (state) => (state.round < 3 ? 'fetch' : END))
  .addConditionalEdge(START, async () => ['silent', send('fetch', { url: 'https://example.org' })], ['silent', 'fetch'])
  .addConditionalEdge('fetch', () => 'again', { again: 'plan', enough: END })
  .addConditionalEdge('nothing', () => [], ['plan'] as const);

// ── graphs as nodes ──

const counting = new GraphBuilder({ channels: { round: last({ initial: 0 }), words: append<string>() } }).addNode('count', (state) => ({ round: state.round + 1 })).compile();
const inside = { words: append<string>(), round: last({ initial: 0 }) };
graph
  .addSubgraph('shared', counting)
  .addSubgraph('mapped', counting, {
    input: (state) => {
      isExactly<StateOf<Declared>>()(state);
      return { words: state.lines };
    },
    output: (state) => {
      isExactly<StateOf<typeof inside>>()(state);
      return { lines: state.words, round: state.round };
    },
    retry: { maxAttempts: 2 },
    targets: ['plan'],
  })
  .addSubgraph('ofAnotherContext', new GraphBuilder({ context: type<Env>() }).compile());
export const subgraphOptions: SubgraphOptions<Declared, typeof inside> = { input: () => ({ round: 1 }), output: () => ({}), timeoutMs: 10 };
graph.addSubgraph('declaredApart', counting, subgraphOptions);

isExactly<string[]>()(graph.nodes());
isExactly<string[]>()(graph.topologicalSort());
isExactly<GraphProblem[]>()(graph.validate());
for (const { from, to, conditional, label } of graph.edges()) {
  isExactly<string | string[]>()(from);
  isExactly<string>()(to);
  isExactly<boolean>()(conditional);
  isExactly<string | undefined>()(label);
}
for (const problem of graph.validate()) {
  isExactly<GraphErrorCode>()(problem.code);
  isExactly<string[]>()(problem.nodes);
}
isExactly<'__start__'>()(START);
isExactly<'__end__'>()(END);

export const app: App<Declared, Env> = graph.compile();
export const app2: App<Declared, Env> = graph.compile({ allowCycles: true, maxSteps: 10, context: { apiKey: 'k', fetchPage: async () => '' } });
isExactly<string>()(app.name);
isExactly<string>()(app.definitionHash());
isExactly<string>()(app.toMermaid({ direction: 'LR' }));
isExactly<string>()(app.toDot());
isExactly<GraphDefinition>()(app.toJSON());
isExactly<number>()(app.metadata().nodeCount);
isExactly<Record<string, string>>()(app.metadata().channels);
for (const edge of app.toJSON().edges) {
  if ('route' in edge) isExactly<Record<string, string> | undefined>()(edge.targets);
  else isExactly<string | string[]>()(edge.from);
}

// ── and back ──

const read = GraphBuilder.fromJSON(app.toJSON(), {
  nodes: { plan: () => ({ round: 1 }), inner: counting },
  routes: { 'plan#1': (state) => (Number(state['round']) > 1 ? END : 'fetch') },
  channels: { round: reduce((round: number, more: number) => round + more, 0) },
  options: { plan: { onError: () => ({}), retry: { retryOn: () => true } }, inner: { input: () => ({}) } },
});
isExactly<GraphBuilder<any, any>>()(read);
export const readApp: App<any, any> = read.compile({ allowCycles: true });
export const parts: GraphParts = { nodes: { plan: async () => undefined } };

// @ts-expect-error the functions of nodes are needed
GraphBuilder.fromJSON(app.toJSON(), {});

// @ts-expect-error a route is a function
GraphBuilder.fromJSON(app.toJSON(), { nodes: {}, routes: { 'plan#1': 'fetch' } });

// @ts-expect-error text has to be parsed before
GraphBuilder.fromJSON(JSON.stringify(app.toJSON()), { nodes: {} });

// ── parts that are declared apart ──

const measure: NodeFn<Declared> = (state) => ({ lines: String(state.lines.length) });
const fetchOne: NodeFn<Declared, { url: string }, Env> = async (_, ctx) => ({ lines: await ctx.context.fetchPage(ctx.input.url) });
const toEnd: RouteFn<Declared> = (state) => (state.round > 0 ? END : []);
const options: NodeOptions<Declared> = {
  retry: { maxAttempts: 3, initialDelayMs: 10, factor: 3, maxDelayMs: 1000, jitter: 0, retryOn: (error, attempt) => error instanceof TypeError && attempt < 2 },
  timeoutMs: 1000,
  onError: (error, state, ctx) => {
    isExactly<WeaveError>()(error);
    isExactly<number>()(state.round);
    isExactly<NodeContext>()(ctx);
    return { lines: error.message };
  },
  concurrency: 2,
  runWhen: 'always',
  targets: ['plan', END] as const,
  description: 'measures',
  metadata: { owner: 'me', since: new Date(0) },
};
const anyOptions: NodeOptions = { onError: async () => ({ anything: 1 }) };
const policy: RetryPolicy = { maxAttempts: 2 };
new GraphBuilder({ channels, context: type<Env>() })
  .addNode('measure', measure, options)
  .addNode('fetch', fetchOne, { retry: policy, onError: () => command({ goto: END }) })
  .addNode('other', measure, anyOptions)
  .addConditionalEdge('measure', toEnd);
export const results: NodeResult<Declared>[] = [{}, undefined, null, { lines: 'x' }, command({ goto: 'plan' }), command({ update: { round: 1 } })];

// A node function may ask for less than it is given.
new GraphBuilder().addNode('old', function (this: void) {}).addNode('log', () => console.log('x'));

// ── commands and sends ──

isExactly<Send>()(send('fetch', undefined));
isExactly<Command<{ readonly round: 1 }>>()(command({ update: { round: 1 }, goto: ['plan', send('fetch', { url: 'u' })], mode: 'append' }));
isExactly<Command<{}>>()(command({ goto: [] }));
isExactly<Command<{}>>()(command({}));
export const routes: RouteResult[] = ['a', send('a', 1), ['a', send('b', 2)], [] as const, ['a', 'b'] as readonly string[]];
new GraphBuilder({ channels })
  .addNode('both', (state) => command({ update: { lines: ['x', 'y'], round: state.round + 1 }, goto: 'both' }))
  .addNode('async', async () => command({ update: { lines: 'x' }, goto: [send('both', null)], mode: 'append' }))
  .addNode('computed', (state) => {
    const goto = state.lines.map((line) => send('both', line));
    return command({ goto });
  });

// ── anything plain is a value ──

send('fetch', { when: new Date(), big: 1n, bytes: new Uint8Array(2), map: new Map([[1, new Set(['x'])]]) });
export const value: Value = /x/;

// ── misuse ──

// @ts-expect-error a channel that is not declared, in a node's result
new GraphBuilder({ channels }).addNode('typo', () => ({ liens: 'x' }));

// @ts-expect-error a channel that is not declared, in an async node's result
new GraphBuilder({ channels }).addNode('typo', async () => ({ liens: 'x' }));

// @ts-expect-error a write of the wrong type, in a node's result
new GraphBuilder({ channels }).addNode('wrong', () => ({ round: 'one' }));

// @ts-expect-error a node does not return a bare value
new GraphBuilder({ channels }).addNode('bare', () => 'done');

// @ts-expect-error reading a channel that is not there
new GraphBuilder({ channels }).addNode('read', (state) => ({ lines: state.liens }));

// @ts-expect-error what nodes read is read-only
new GraphBuilder({ channels }).addNode('write', (state) => void (state.round = 1));

// @ts-expect-error a channel that is not declared, in a command
new GraphBuilder({ channels }).addNode('typo', () => command({ update: { liens: 'x' } }));

// @ts-expect-error a write of the wrong type, in a command
new GraphBuilder({ channels }).addNode('wrong', () => command({ update: { round: 'one' } }));

// @ts-expect-error a command has two modes
command({ goto: 'plan', mode: 'add' });

// @ts-expect-error an update is an object
command({ update: 'x' });

// @ts-expect-error a command goes to names and sends
command({ goto: 1 });

// @ts-expect-error a send has an input, if only undefined
send('fetch');

// @ts-expect-error the input of a send is typed where it is read
new GraphBuilder({ channels }).addNode<{ url: string }>('fetch', (_, ctx) => ({ lines: ctx.input.uri }));

// @ts-expect-error an input without a type is unknown
new GraphBuilder({ channels }).addNode('fetch', (_, ctx) => ({ lines: ctx.input.url }));

// @ts-expect-error a context without a type is unknown
new GraphBuilder({ channels }).addNode('key', (_, ctx) => ({ lines: ctx.context.apiKey }));

// @ts-expect-error a context has what its type says
new GraphBuilder({ channels, context: type<Env>() }).addNode('key', (_, ctx) => ({ lines: ctx.context.password }));

// @ts-expect-error a context of the wrong type, as the app's default
graph.compile({ context: { apiKey: 1 } });

// @ts-expect-error a node that wants another context
new GraphBuilder({ channels, context: type<{ db: string }>() }).addNode('fetch', fetchOne);

// @ts-expect-error a node of other channels
new GraphBuilder({ channels: { other: last<number>() } }).addNode('measure', measure);

// @ts-expect-error a retry policy has a number of attempts
export const noAttempts: RetryPolicy = { initialDelayMs: 100 };

// @ts-expect-error a retry policy with an option that is not there
export const unknownRetry: RetryPolicy = { maxAttempts: 2, delay: 100 };

// @ts-expect-error retryOn answers yes or no
export const wrongRetryOn: RetryPolicy = { maxAttempts: 2, retryOn: () => 'maybe' };

// @ts-expect-error durations are numbers of milliseconds
graph.addNode('slow', () => {}, { timeoutMs: '1s' });

// @ts-expect-error an option that is not there
graph.addNode('slow', () => {}, { timeout: 1 });

// @ts-expect-error a node runs when changed or always
graph.addNode('slow', () => {}, { runWhen: 'never' });

// @ts-expect-error a sub-graph is compiled
graph.addSubgraph('inner', new GraphBuilder());

// @ts-expect-error a sub-graph is no function
graph.addSubgraph('inner', () => ({}));

// @ts-expect-error the inner graph has no such channel
graph.addSubgraph('inner', counting, { input: () => ({ lines: 'x' }) });

// @ts-expect-error the graph around has no such channel
graph.addSubgraph('inner', counting, { output: () => ({ words: 'x' }) });

// @ts-expect-error a node has nothing to map
graph.addNode('inner', () => {}, { input: () => ({}) });

// @ts-expect-error a route names nodes
graph.addConditionalEdge('plan', () => 1);

// @ts-expect-error labels stand for one node each
graph.addConditionalEdge('plan', () => 'a', { a: ['plan', 'fetch'] });

// @ts-expect-error an edge goes to one node
graph.addEdge('plan', ['fetch', 'silent']);

// @ts-expect-error cycles are allowed or not
graph.compile({ allowCycles: 'yes' });

// @ts-expect-error an option that is not there
export const unknownCompile: CompileOptions = { recursionLimit: 5 };

// @ts-expect-error an app is made by compile()
new (null! as typeof App)();

// @ts-expect-error two directions can be drawn
app.toMermaid({ direction: 'BT' });

// @ts-expect-error a channel says what it reads
export const wrongChannel: Channel<number, number> = append<number>();

// @ts-expect-error a compiled graph does not grow
app.addNode('late', () => {});
