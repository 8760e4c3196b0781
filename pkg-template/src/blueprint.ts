/**
 * What a builder collects, and what becomes of it: the plain definition that the engine checks and compiles, and the parts that an
 * app keeps because functions never cross.
 *
 * Owns the shape of both. It must not know the rules of a graph: it only says of a field that it has the wrong kind, and the engine
 * reports that with everything else. Invariant: a definition and parts share no array with the draft that they were made from, so
 * the builder stays usable.
 */

import type { AppCore } from './app-core.js';
import { canonicalText } from './canonical.js';
import { ChannelDescriptor } from './channels.js';
import type { ChannelOptions } from './contents.js';
import type { NodeFn, RetryPolicy, RouteFn, SubgraphOptions } from './nodes.js';
import type { CompileOptions } from './run-options.js';

/** A node as it was added. `options` is a frozen copy. */
export interface NodePart {
  readonly id: string;
  readonly run: NodeFn<any, any, any>;
  /** The node is this graph, and `run` is never called. */
  readonly graph?: AppCore;
  readonly options: SubgraphOptions;
  /** What has the wrong kind in the options; '' if nothing has. */
  readonly problem: string;
}

/** A plain edge or a join as it was added. */
export interface EdgePart {
  readonly from: readonly string[];
  readonly to: string;
  readonly isJoin: boolean;
}

/** A conditional edge as it was added. */
export interface RoutePart {
  readonly from: string;
  readonly route: RouteFn<any>;
  /** Label and node; without declared targets the route may name any node. */
  readonly targets?: ReadonlyArray<readonly [label: string, target: string]>;
  /** `targets` was a record: its labels are words of the user's. */
  readonly hasLabels: boolean;
  readonly problem: string;
}

/** All that a builder knows. Edges and routes are in one list, in the order in which they were added. */
export interface Draft {
  readonly name: string;
  readonly channels: Map<string, ChannelDescriptor>;
  readonly hasDefaultChannels: boolean;
  readonly nodes: NodePart[];
  readonly edges: Array<EdgePart | RoutePart>;
}

/** A graph as the engine reads it: data only, every field present. A `problem` is reported by `validate()`; '' is none. */
export interface Definition {
  name: string;
  allowCycles: boolean;
  channels: ChannelEntry[];
  nodes: NodeEntry[];
  edges: Array<{ from: string[]; to: string; join: boolean }>;
  routes: RouteEntry[];
}

/** A channel of a {@link Definition}. */
export interface ChannelEntry {
  name: string;
  kind: string;
  keyed: boolean;
  takesLast: boolean;
  /** Its changes do not count for the version gate. */
  exempt: boolean;
  /** Canonical text; '' if there is none. */
  initial: string;
  problem: string;
}

/** A node of a {@link Definition}. A number that is none is NaN. */
export interface NodeEntry {
  id: string;
  isFunction: boolean;
  graph: AppCore | undefined;
  hasOutput: boolean;
  retry: RetryEntry | undefined;
  timeoutMs: number | undefined;
  concurrency: number | undefined;
  runWhen: string | undefined;
  hasOnError: boolean;
  targets: string[] | undefined;
  /** Canonical text; '' if there is none. */
  metadata: string;
  description: string | undefined;
  problem: string;
}

/** A retry policy of a {@link Definition}, with the defaults filled in. */
export interface RetryEntry {
  maxAttempts: number;
  initialDelayMs: number;
  factor: number;
  maxDelayMs: number;
  jitter: number;
  hasRetryOn: boolean;
}

/** A conditional edge of a {@link Definition}. */
export interface RouteEntry {
  from: string;
  isFunction: boolean;
  targets: Array<[label: string, target: string]> | undefined;
  problem: string;
}

/** What `compile()` hands to the app. Positions in `nodes`, `routes` and `channels` are the engine's indices. */
export interface AppParts {
  readonly name: string;
  readonly definition: Definition;
  readonly nodes: readonly NodePart[];
  readonly routes: readonly RoutePart[];
  readonly channelNames: readonly string[];
  /** In the order of `channelNames`. */
  readonly channels: readonly ChannelOptions[];
  /** As the user gave them, unchecked. */
  readonly options: CompileOptions<any>;
}

/** The definition of a draft as it stands. */
export function toDefinition(draft: Draft, allowCycles: boolean): Definition {
  return {
    name: draft.name,
    allowCycles,
    channels: Array.from(draft.channels, ([name, channel]) => ({
      name,
      kind: channel.kind,
      keyed: channel.key !== undefined,
      takesLast: channel.onConflict === 'last',
      exempt: draft.hasDefaultChannels && name === 'errors',
      initial: channel.initial === undefined ? '' : canonicalText(channel.initial),
      problem: channel.problem,
    })),
    nodes: draft.nodes.map(toNodeEntry),
    edges: draft.edges.filter(isEdge).map((edge) => ({ from: [...edge.from], to: edge.to, join: edge.isJoin })),
    routes: draft.edges.filter(isRoute).map((route) => ({
      from: route.from,
      isFunction: typeof route.route === 'function',
      targets: route.targets?.map(([label, target]) => [label, target]),
      problem: route.problem,
    })),
  };
}

/** What an app is made from. */
export function toParts(draft: Draft, options: CompileOptions<any>): AppParts {
  return {
    name: draft.name,
    definition: toDefinition(draft, options.allowCycles === true),
    nodes: draft.nodes.slice(),
    routes: draft.edges.filter(isRoute),
    channelNames: [...draft.channels.keys()],
    channels: [...draft.channels.values()],
    options,
  };
}

/** Whether it is a conditional edge. */
export function isRoute(edge: EdgePart | RoutePart): edge is RoutePart {
  return 'route' in edge;
}

function isEdge(edge: EdgePart | RoutePart): edge is EdgePart {
  return !isRoute(edge);
}

function toNodeEntry({ id, run, graph, options, problem }: NodePart): NodeEntry {
  return {
    id,
    isFunction: typeof run === 'function',
    graph,
    hasOutput: options.output !== undefined,
    retry: options.retry && toRetryEntry(options.retry),
    timeoutMs: toNumber(options.timeoutMs),
    concurrency: toNumber(options.concurrency),
    runWhen: options.runWhen,
    hasOnError: options.onError !== undefined,
    targets: options.targets && [...options.targets],
    metadata: options.metadata === undefined ? '' : canonicalText(options.metadata),
    description: options.description,
    problem,
  };
}

// The engine's defaults of a node without a policy are the same: both nodes have one hash.
function toRetryEntry(retry: RetryPolicy): RetryEntry {
  return {
    maxAttempts: toNumber(retry.maxAttempts) ?? NaN,
    initialDelayMs: toNumber(retry.initialDelayMs) ?? 500,
    factor: toNumber(retry.factor) ?? 2,
    maxDelayMs: toNumber(retry.maxDelayMs) ?? 30_000,
    jitter: toNumber(retry.jitter) ?? 0.2,
    hasRetryOn: retry.retryOn !== undefined,
  };
}

function toNumber(value: unknown): number | undefined {
  return typeof value === 'number' || value === undefined ? value : NaN;
}

/** The sub-graphs of a definition. Each is to be lent to the engine before the call that is given the definition. */
export function subgraphsOf({ nodes }: Definition): Array<ReturnType<AppCore['graph']>> {
  // All before the first is lent: one that a trap has taken is compiled again, which is such a call, too.
  return nodes.flatMap(({ graph }) => graph?.graph() ?? []);
}

/** A definition as the engine's `flat` reads it: all texts, joined, their lengths, and all numbers, in the order of the fields. */
export function flatten(definition: Definition): [joined: string, lengths: Float64Array, numbers: Float64Array] {
  const texts: string[] = [];
  const numbers: number[] = [];
  const flag = (is: boolean): boolean => (numbers.push(is ? 1 : 0), is);
  const option = (value: number | undefined): void => void (flag(value !== undefined) && numbers.push(value!));
  const list = <T>(items: readonly T[], each: (item: T) => void): void => {
    numbers.push(items.length);
    for (const item of items) each(item);
  };
  const names = (items: readonly string[]): void => list(items, (item) => texts.push(item));

  texts.push(definition.name);
  flag(definition.allowCycles);
  list(definition.channels, ({ name, kind, keyed, takesLast, exempt, initial, problem }) => {
    texts.push(name, kind, initial, problem);
    numbers.push(keyed ? 1 : 0, takesLast ? 1 : 0, exempt ? 1 : 0);
  });
  list(definition.nodes, (node) => {
    texts.push(node.id);
    flag(node.isFunction);
    if (flag(node.retry !== undefined)) {
      const { maxAttempts, initialDelayMs, factor, maxDelayMs, jitter, hasRetryOn } = node.retry!;
      for (const value of [maxAttempts, initialDelayMs, factor, maxDelayMs, jitter]) option(value);
      flag(hasRetryOn);
    }
    option(node.timeoutMs);
    option(node.concurrency);
    if (flag(node.runWhen !== undefined)) texts.push(node.runWhen!);
    flag(node.hasOnError);
    if (flag(node.targets !== undefined)) names(node.targets!);
    texts.push(node.metadata);
    if (flag(node.description !== undefined)) texts.push(node.description!);
    texts.push(node.problem);
  });
  list(definition.edges, ({ from, to, join }) => {
    names(from);
    texts.push(to);
    flag(join);
  });
  list(definition.routes, ({ from, isFunction, targets, problem }) => {
    texts.push(from);
    flag(isFunction);
    if (flag(targets !== undefined)) {
      names(targets!.map(([label]) => label));
      names(targets!.map(([, target]) => target));
    }
    texts.push(problem);
  });
  // Last, and without their number: the engine knows how many it was lent.
  definition.nodes.forEach(({ graph, hasOutput }, index) => graph && numbers.push(index, hasOutput ? 1 : 0));
  return [texts.join(' '), Float64Array.from(texts, ({ length }) => length), Float64Array.from(numbers)];
}
