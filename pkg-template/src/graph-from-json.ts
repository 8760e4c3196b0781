/**
 * The way back from `toJSON()`: a definition and the functions that it lacks become what a builder collects.
 *
 * Owns the form of that data, as `definition-json` does. The definition has the data, the parts have the functions. It must not know
 * the rules of a graph: `compile()` checks those. Invariant: whatever it is given, it throws nothing but one GraphError with all that is
 * wrong.
 */

import { App } from './app.js';
import type { Draft, EdgePart, NodePart, RoutePart } from './blueprint.js';
import { ChannelDescriptor, defaultChannels, type Channels } from './channels.js';
import { createError, createGraphError, GraphError, kindOf, type GraphErrorCode, type GraphProblem } from './errors.js';
import { isObject, isString, readNode, readRoute, readSubgraph } from './graph-parts.js';
import type { NodeFn, RetryPolicy, RouteFn, SubgraphOptions } from './nodes.js';
import { describe } from './thrown.js';
import { fromJsonSafe } from './values/json-safe.js';

/** What a definition lacks, by the names that it uses. There may be more: one set can serve many graphs. */
export interface GraphParts {
  /** By node. An App for a node that is a graph. */
  nodes: Record<string, NodeFn<any, any, any> | App<any, any>>;
  /** By the `route` of a conditional edge: `source#1`, `source#2`… as `toJSON()` calls them. */
  routes?: Record<string, RouteFn<any>>;
  /** For channels with a function: `reduce`, and `append` with a `key`. Their initial values are the definition's, if it has them. */
  channels?: Channels;
  /** The functions among a node's options. */
  options?: Record<string, Omit<SubgraphOptions, 'retry'> & { retry?: Partial<RetryPolicy> }>;
}

type Fields = Record<string, unknown>;

/** @throws GraphError: everything that keeps the definition from being read. @internal */
export function readGraphJson(definition: unknown, parts: unknown): Draft {
  try {
    return new Reading(parts).draft(definition);
  } catch (thrown) {
    if (thrown instanceof GraphError) throw thrown;
    // An accessor or a proxy of the caller's.
    const message = `the definition cannot be read: ${describe(thrown)}`;
    throw createError('GRAPH_INVALID', message, { cause: thrown, problems: [{ code: 'GRAPH_INVALID', message, nodes: [] }] });
  }
}

class Reading {
  readonly #problems: GraphProblem[] = [];
  readonly #parts: Fields;

  constructor(parts: unknown) {
    this.#parts = this.#object(parts ?? {}, 'the parts', ['nodes', 'routes', 'channels', 'options']) ?? {};
  }

  draft(given: unknown): Draft {
    const definition = this.#object(given, 'the definition', ['name', 'nodes', 'edges', 'channels']) ?? {};
    const { name = 'graph', channels } = definition;
    if (!isString(name)) this.#say(`the name of the graph is ${kindOf(name)}; give a string`);
    const entries = channels === undefined ? {} : (this.#object(channels, 'channels') ?? {});
    const draft: Draft = {
      name: String(name),
      channels: new Map(Object.entries(channels === undefined ? defaultChannels() : {}) as Array<[string, ChannelDescriptor]>),
      hasDefaultChannels: channels === undefined,
      nodes: [],
      edges: [],
    };
    let isExempt = draft.hasDefaultChannels;
    for (const [channel, entry] of Object.entries(entries)) {
      const { descriptor, exempt } = this.#channel(channel, entry);
      if (exempt) isExempt = true;
      if (descriptor !== undefined) draft.channels.set(channel, descriptor);
    }
    for (const entry of this.#list(definition['nodes'], 'nodes')) draft.nodes.push(...this.#node(entry));
    for (const entry of this.#list(definition['edges'], 'edges')) draft.edges.push(...this.#edge(entry));
    if (this.#problems.length > 0) throw createGraphError(this.#problems);
    return { ...draft, hasDefaultChannels: isExempt };
  }

  #node(given: unknown): NodePart[] {
    const entry = this.#object(given, 'a node', ['id', 'description', 'metadata', 'options', 'graph']);
    if (entry === undefined) return [];
    const { id, description, metadata, graph } = entry;
    if (!isString(id)) {
      this.#say(`the id of a node is ${kindOf(id)}; give a string`);
      return [];
    }
    const what = `node \`${id}\``;
    const data = this.#object(entry['options'] ?? {}, `${what}: options`, ['retry', 'timeoutMs', 'concurrency', 'runWhen', 'targets'], [id]);
    const functions = this.#object(this.#part('options', id) ?? {}, `${what}: what parts.options has`, undefined, [id]);
    const options: Fields = { ...data, description, metadata: this.#value(metadata, `${what}: metadata`, [id]), ...functions };
    if (isObject(data?.['retry']) && isObject(functions?.['retry'])) options['retry'] = { ...data['retry'], ...functions['retry'] };
    const run = this.#part('nodes', id);
    const core = App.coreOf(run);
    const isGraph = graph !== undefined;
    if (isGraph) this.#object(graph, `${what}: its graph`, undefined, [id]);
    if (isGraph ? core === undefined : typeof run !== 'function') {
      this.#say(`${what}: parts.nodes has ${run === undefined ? 'nothing' : core === undefined ? kindOf(run) : 'an App'} for it; give ${isGraph ? 'an App, it is a graph' : 'a function of (state, ctx)'}`, [id]);
    }
    const part = isGraph && core !== undefined ? readSubgraph(id, run, core, options) : readNode(id, run as NodeFn<any, any, any>, options);
    if (part.problem !== '') this.#say(`${what}: ${part.problem}`, [id]);
    return [part];
  }

  #edge(given: unknown): Array<EdgePart | RoutePart> {
    const isRoute = isObject(given) && given['route'] !== undefined;
    const edge = this.#object(given, 'an edge', isRoute ? ['from', 'route', 'targets'] : ['from', 'to', 'label']);
    if (edge === undefined) return [];
    const { from, to, route, targets } = edge;
    const isJoin = Array.isArray(from);
    if (!(isString(from) || (isJoin && !isRoute && from.every(isString)))) {
      this.#say(`the source of an edge is ${kindOf(from)}; give a name${isRoute ? '' : ', or several for a join'}`);
      return [];
    }
    if (!isRoute) {
      if (isString(to)) return [{ from: isJoin ? [...from] : [from as string], to, isJoin }];
      this.#say(`the target of an edge is ${kindOf(to)}; give a name`);
      return [];
    }
    const source = from as string;
    const called = isString(route) ? this.#part('routes', route) : undefined;
    if (!isString(route)) this.#say(`the route of \`${source}\` is ${kindOf(route)}; give its name in parts.routes`, [source]);
    else if (typeof called !== 'function') {
      this.#say(`the route of \`${source}\`: parts.routes has ${called === undefined ? 'nothing' : kindOf(called)} for \`${route}\`; give a function of (state)`, [source]);
    }
    // Of targets that were an array, each is its own label.
    const isNames = isObject(targets) && Object.entries(targets).every(([label, target]) => label === target);
    const part = readRoute(source, called as RouteFn<any>, isNames ? Object.keys(targets) : targets);
    if (part.problem !== '') this.#say(`the route of \`${source}\`: ${part.problem}`, [source]);
    return [part];
  }

  #channel(name: string, given: unknown): { descriptor?: ChannelDescriptor; exempt?: boolean } {
    const say = (what: string): void => this.#say(`channel \`${name}\`${what}`, [], 'GRAPH_INVALID_CHANNEL');
    const entry = this.#object(given, `channel \`${name}\``, ['kind', 'options']);
    if (entry === undefined) return {};
    const { kind } = entry;
    if (kind !== 'append' && kind !== 'merge' && kind !== 'last' && kind !== 'reduce') {
      say(` is of unknown kind ${isString(kind) ? `\`${kind}\`` : kindOf(kind)}; give append, merge, last or reduce`);
      return {};
    }
    const data = this.#object(entry['options'] ?? {}, `channel \`${name}\`: options`, ['initial', 'keyed', 'onConflict', 'exempt']) ?? {};
    const isKeyed = data['keyed'] === true;
    const part = this.#part('channels', name);
    const functions = part === undefined ? undefined : ChannelDescriptor.from(part);
    if (functions === undefined) {
      if (kind === 'reduce' || isKeyed) say(` needs ${isKeyed ? 'its key' : 'its reducer'}: give it in parts.channels, made with ${kind}()`);
    } else if (functions.problem !== '') say(`: in parts.channels ${functions.problem}`);
    else if (functions.kind !== kind) say(`: parts.channels has it made with ${functions.kind}(), the definition with ${kind}()`);
    else if ((functions.key !== undefined) !== isKeyed) say(`: parts.channels has it with${isKeyed ? 'out' : ''} a key, the definition with${isKeyed ? '' : 'out'} (\`keyed\`)`);
    const exempt = data['exempt'] === true;
    if (exempt && name !== 'errors') say(' is exempt from the version gate, which only `errors` can be');
    const { key, fn } = functions ?? {};
    const initial = Object.hasOwn(data, 'initial') ? this.#value(data['initial'], `channel \`${name}\`: initial`, []) : functions?.initial;
    const descriptor = ChannelDescriptor.of(kind, { initial, key, fn, onConflict: data['onConflict'] ?? functions?.onConflict });
    // A missing reducer is told above.
    if (descriptor.problem !== '' && (kind !== 'reduce' || fn !== undefined)) say(`: ${descriptor.problem}`);
    return { descriptor, exempt };
  }

  /** A JSON-safe value. */
  #value(given: unknown, what: string, nodes: string[]): unknown {
    if (given === undefined) return undefined;
    try {
      return fromJsonSafe(given);
    } catch (thrown) {
      this.#say(`${what}: ${describe(thrown)}`, nodes);
      return undefined;
    }
  }

  #part(kind: 'nodes' | 'routes' | 'channels' | 'options', name: string): unknown {
    const parts = this.#parts[kind];
    return isObject(parts) && Object.hasOwn(parts, name) ? parts[name] : undefined;
  }

  #list(given: unknown, what: string): unknown[] {
    if (Array.isArray(given)) return given as unknown[];
    this.#say(`the ${what} of the definition are ${kindOf(given)}; give an array`);
    return [];
  }

  #object(given: unknown, what: string, known?: readonly string[], nodes: string[] = []): Fields | undefined {
    if (!isObject(given)) {
      this.#say(`${what} is ${kindOf(given)}; give an object`, nodes);
      return undefined;
    }
    const unknown = known && Object.keys(given).filter((key) => !known.includes(key));
    if (unknown !== undefined && unknown.length > 0) this.#say(`${what} has \`${unknown.join('`, `')}\`; known are \`${known!.join('`, `')}\``, nodes);
    return given;
  }

  #say(message: string, nodes: string[] = [], code: GraphErrorCode = 'GRAPH_INVALID'): void {
    this.#problems.push({ code, message, nodes });
  }
}
