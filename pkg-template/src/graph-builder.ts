/**
 * The builder of graphs, and the names that its edges use.
 *
 * Owns the collecting of nodes, edges, routes and channels. It must not know the rules of a graph: the engine checks them, all at
 * once, when `validate()` or `compile()` is called. Invariant: adding is cheap and never fails for a rule's sake, and a compiled
 * app does not change with its builder.
 */

import { App, createApp } from './app.js';
import { flatten, isRoute, subgraphsOf, toDefinition, toParts, type Draft } from './blueprint.js';
import { ChannelDescriptor, defaultChannels, type Channels, type DefaultChannels } from './channels.js';
import { engine, reportTrap, type Engine } from './engine.js';
import { kindOf, toProblems, type GraphProblem } from './errors.js';
import { readGraphJson, type GraphParts } from './graph-from-json.js';
import { readNode, readRoute, readSubgraph } from './graph-parts.js';
import type { NodeFn, NodeOptions, RouteFn, SubgraphOptions } from './nodes.js';
import type { GraphDefinition } from './results.js';
import type { CompileOptions } from './run-options.js';

/** Where every run starts: a source of edges only. */
export const START = '__start__' as const;
/** Where a path ends: a target only. */
export const END = '__end__' as const;

/** One edge, as `edges()` lists it. */
export interface GraphEdge {
  /** Several names make a join. */
  from: string | string[];
  to: string;
  conditional: boolean;
  /** What the route answers to mean `to`. */
  label?: string;
}

/** Carries a type and nothing else: `new GraphBuilder({ context: type<Env>() })`. */
export function type<T>(): { readonly __type?: T } {
  return Object.freeze({});
}

/**
 * Collects nodes and edges and compiles them to an app. `C` are the channels, `X` is the type of the run's `context`. It stays
 * usable after `compile()`.
 *
 * @example
 * ```ts
 * import { append, END, GraphBuilder, last, START, type } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({
 *   name: 'greeter',
 *   channels: { name: last({ initial: 'world' }), lines: append<string>() },
 *   context: type<{ shout: boolean }>(),
 * })
 *   .addNode('greet', (state) => ({ lines: `Hello, ${state.name}` }))
 *   .addNode('shout', (state) => ({ lines: state.lines.map((line) => `${line.toUpperCase()}!`) }))
 *   .addNode('done', (_, ctx) => ctx.emit('greeter', ctx.context.shout ? 'loud' : 'soft'))
 *   .addEdge(START, 'greet')
 *   .addConditionalEdge('greet', (state) => (state.name === 'world' ? 'shout' : 'done'), ['shout', 'done'])
 *   .addEdge('shout', 'done')
 *   .addEdge('done', END)
 *   .compile();
 *
 * const state = await app.invoke({ name: 'world' }, { context: { shout: true } });
 * console.log(state.lines); // ['Hello, world', 'HELLO, WORLD!']
 * ```
 */
export class GraphBuilder<C extends Channels = DefaultChannels, X = unknown> {
  #draft: Draft;

  /**
   * @param options `name`: for people, default `graph`; `channels`: default {@link DefaultChannels}; `context`: made by
   *   {@link type}, gives `ctx.context` its type.
   */
  constructor(options?: { name?: string; channels?: C; context?: { readonly __type?: X } }) {
    const { name = 'graph', channels } = options ?? {};
    this.#draft = {
      name: String(name),
      channels: readChannels(channels ?? defaultChannels()),
      hasDefaultChannels: channels === undefined,
      nodes: [],
      edges: [],
    };
  }

  /**
   * A builder of what `App.toJSON()` gave, or its parsed JSON: the definition has the data, `parts` the functions, by the names that
   * the definition uses. It compiles to a graph of the same `definitionHash()`.
   *
   * @throws GraphError with all problems: the definition has not that form, or a function is missing or of another kind. What is
   *   wrong with the graph itself is told by `validate()` and `compile()`.
   */
  static fromJSON(definition: GraphDefinition, parts: GraphParts): GraphBuilder<any, any> {
    const builder = new GraphBuilder<any, any>();
    builder.#draft = readGraphJson(definition, parts);
    return builder;
  }

  /**
   * Adds a node. `In` is the type of `ctx.input`, for a node that `send` reaches.
   *
   * @throws StateError STATE_NOT_CLONEABLE: `options.metadata` holds what cannot be stored.
   */
  addNode<In = unknown>(id: string, run: NodeFn<C, In, X>, options?: NodeOptions<C>): this {
    this.#draft.nodes.push(readNode(id, run, options));
    return this;
  }

  /**
   * Adds a compiled graph as a node. Channels that both graphs declare under one name and kind are shared: the inner graph starts
   * with their values, and its writes to them, in its own order, are what the node writes. A name of another kind is not shared.
   * `options.input` and `options.output` map explicitly instead.
   *
   * @throws StateError STATE_NOT_CLONEABLE: `options.metadata` holds what cannot be stored.
   */
  addSubgraph<D extends Channels>(id: string, graph: App<D, any>, options?: SubgraphOptions<C, D>): this {
    this.#draft.nodes.push(readSubgraph(id, graph, App.coreOf(graph), options));
    return this;
  }

  /** Adds an edge: whenever `from` has run, `to` runs in the next step. `from` may be START, `to` may be END. */
  addEdge(from: string, to: string): this;
  /** Adds a join: `to` runs once when all of `from` have run since the join last fired. START cannot be waited for. */
  addEdge(from: readonly string[], to: string): this;
  addEdge(from: string | readonly string[], to: string): this {
    const isJoin = Array.isArray(from);
    this.#draft.edges.push({ from: isJoin ? from.map(String) : [String(from)], to: String(to), isJoin });
    return this;
  }

  /**
   * Adds a conditional edge: after each run of `from`, which may be START, `route` names what comes next. It adds to the plain
   * edges of `from`.
   *
   * @param targets what the route may name: checked by `compile()` and drawn. As a record, the route answers with its keys.
   *   Without it the route may name any node.
   */
  addConditionalEdge(from: string, route: RouteFn<C>, targets?: readonly string[] | Readonly<Record<string, string>>): this {
    this.#draft.edges.push(readRoute(from, route, targets));
    return this;
  }

  /**
   * Gives a channel another rule: a whole channel in its place, or a function as in `reduce`, which keeps the channel's initial
   * value. A channel that is not there is a GRAPH_INVALID_CHANNEL problem.
   */
  withReducer<K extends keyof C & string>(channel: K, reducer: C[K] | ((current: any, write: any) => any)): this {
    const { channels } = this.#draft;
    const current = channels.get(channel) ?? ChannelDescriptor.invalid('withReducer() names it, but it is not declared; declare it in `channels`');
    channels.set(channel, current.withRule(reducer));
    return this;
  }

  /** The nodes' names, in the order in which they were added. */
  nodes(): string[] {
    return this.#draft.nodes.map((node) => node.id);
  }

  /**
   * The edges, in the order in which they were added. A join has an array as `from`. A conditional edge has one entry per
   * declared target, with a `label` if `targets` was a record, and none without `targets`: where it leads is not known then.
   */
  edges(): GraphEdge[] {
    return this.#draft.edges.flatMap((edge): GraphEdge[] => {
      if (!isRoute(edge)) return [{ from: edge.isJoin ? [...edge.from] : (edge.from[0] ?? ''), to: edge.to, conditional: false }];
      const { from, targets = [], hasLabels } = edge;
      return targets.map(([label, to]) => (hasLabels ? { from, to, conditional: true, label } : { from, to, conditional: true }));
    });
  }

  /**
   * START, all nodes and END, each after all that lead to it by plain edges and joins, in the order of names where these leave it
   * open. The nodes of a cycle stand together. Works on a graph that has problems, too.
   */
  topologicalSort(): string[] {
    return this.#ask((graph, ...flat) => graph.topologicalSort(...flat));
  }

  /** Every problem, with the nodes it is about and the remedy. If there is none, `compile()` succeeds. */
  validate(): GraphProblem[] {
    return this.#ask((graph, ...flat) => toProblems(graph.validate(...flat)));
  }

  /**
   * Makes an app of the graph as it stands.
   *
   * @throws GraphError: with all problems of `validate()`; `allowCycles` permits GRAPH_CYCLE.
   * @throws RunFailed RUN_INVALID_OPTION: an option is unknown or has the wrong kind.
   */
  compile(options?: CompileOptions<X>): App<C, X> {
    return createApp<C, X>(toParts(this.#draft, options ?? {}));
  }

  #ask<T>(question: (graph: Engine['RawGraph'], ...flat: ReturnType<typeof flatten>) => T): T {
    const { RawGraph } = engine();
    const definition = toDefinition(this.#draft, false);
    const flat = flatten(definition);
    const subgraphs = subgraphsOf(definition);
    try {
      for (const graph of subgraphs) graph.lend();
      return question(RawGraph, ...flat);
    } catch (thrown) {
      throw reportTrap(thrown);
    }
  }
}

function readChannels(channels: unknown): Map<string, ChannelDescriptor> {
  if (typeof channels !== 'object' || channels === null || Symbol.iterator in channels) {
    return new Map([['channels', ChannelDescriptor.invalid(`the option itself is ${kindOf(channels)}; give an object of channels by name`)]]);
  }
  return new Map(Object.entries(channels).map(([name, channel]) => [name, ChannelDescriptor.from(channel)]));
}
