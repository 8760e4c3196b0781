/**
 * What all runs of an app share: the compiled graph in the engine, the functions, and names by the engine's ids.
 *
 * The compiled graph dies with a wasm instance that traps; the definition lives here, so it is compiled again at the next use.
 */

import { flatten, subgraphsOf, type AppParts, type NodePart } from './blueprint.js';
import { engine, instanceNumber, reportTrap, type Engine } from './engine.js';
import { createGraphError, toProblems } from './errors.js';
import { Names } from './failures.js';
import type { RouteFn } from './nodes.js';
import { END_ID } from './words.js';
import { END } from './graph-builder.js';

type RawGraph = ReturnType<Engine['RawGraph']['compile']>;

/** A route, and the engine's ids of what it may answer. */
export interface RouteCore {
  readonly from: string;
  readonly route: RouteFn<any>;
  readonly targets: ReadonlyMap<string, number>;
}

export class AppCore {
  readonly parts: AppParts;
  readonly names: Names;
  readonly nodeIds: ReadonlyMap<string, number>;
  readonly channelIds: ReadonlyMap<string, number>;
  /** A channel has a reducer. */
  readonly hasReduce: boolean;
  readonly routes: readonly RouteCore[];
  readonly hash: string;
  /** Node, plain and join edge, and conditional edge counts. */
  readonly counts: readonly [nodes: number, edges: number, conditionalEdges: number];
  readonly nodes: readonly NodePart[];
  #graph: RawGraph;
  #instance: number;

  constructor(parts: AppParts) {
    this.parts = parts;
    this.nodes = parts.nodes;
    this.#graph = compile(parts);
    this.#instance = instanceNumber();
    this.names = new Names({
      nodes: parts.nodes.map((node) => node.id),
      channels: parts.channelNames,
      kinds: parts.channels.map(({ kind }) => kind),
      inner: new Map(parts.nodes.flatMap(({ graph }, id) => (graph === undefined ? [] : [[id, graph.names] as const]))),
    });
    this.nodeIds = new Map([...parts.nodes.map((node, id) => [node.id, id] as const), [END, END_ID]]);
    this.hasReduce = parts.channels.some(({ kind }) => kind === 'reduce');
    this.channelIds = new Map(parts.channelNames.map((name, id) => [name, id]));
    this.routes = parts.routes.map(({ from, route }, id) => ({ from, route, targets: this.#routeTargets(id) }));
    [this.hash, ...this.counts] = this.#graph.facts() as [string, number, number, number];
  }

  /** The compiled graph of the instance that answers now. */
  graph(): RawGraph {
    if (this.#instance !== instanceNumber()) {
      this.#graph = compile(this.parts);
      this.#instance = instanceNumber();
    }
    return this.#graph;
  }

  #routeTargets(route: number): ReadonlyMap<string, number> {
    const labels = this.#graph.route(route) as Array<string | number> | undefined;
    if (labels === undefined) return this.nodeIds;
    const targets = new Map<string, number>();
    for (let at = 0; at < labels.length; at += 2) targets.set(labels[at] as string, labels[at + 1] as number);
    return targets;
  }
}

function compile(parts: AppParts): RawGraph {
  const { RawGraph } = engine();
  const flat = flatten(parts.definition);
  const subgraphs = subgraphsOf(parts.definition);
  try {
    for (const graph of subgraphs) graph.lend();
    return RawGraph.compile(...flat);
  } catch (thrown) {
    throw Array.isArray(thrown) ? createGraphError(toProblems(thrown)) : reportTrap(thrown);
  }
}
