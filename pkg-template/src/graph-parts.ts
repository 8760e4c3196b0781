/**
 * Reads what a user adds to a builder: the kinds of the arguments are checked and what may change later is copied.
 *
 * Owns the remarks about wrong kinds. It must not know the rules of a graph. Invariant: what it returns never changes.
 */

import type { AppCore } from './app-core.js';
import type { NodePart, RoutePart } from './blueprint.js';
import { kindOf } from './errors.js';
import type { NodeFn, NodeOptions, RouteFn, SubgraphOptions } from './nodes.js';
import { copyValue } from './values.js';

const noOptions: NodeOptions = Object.freeze({});

type Kind = readonly [isRight: (value: unknown) => boolean, wanted: string];
const isFunction: Kind[0] = (value) => typeof value === 'function';
export const isString = (value: unknown): value is string => typeof value === 'string';
// A Map or a Set has none of the properties that are asked for.
export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !(Symbol.iterator in value);
const areStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString);

/** Options whose kind is checked here. The engine checks numbers and words. */
const kinds: Readonly<Partial<Record<keyof SubgraphOptions, Kind>>> = {
  retry: [isObject, 'an object with maxAttempts'],
  onError: [isFunction, 'a function of (error, state, ctx)'],
  runWhen: [isString, "'changed' or 'always'"],
  targets: [areStrings, 'an array of names'],
  description: [isString, 'a string'],
  metadata: [isObject, 'an object'],
  input: [isFunction, 'a function of the state around it'],
  output: [isFunction, 'a function of its last state'],
};

/** A node as the builder keeps it. */
export function readNode(id: unknown, run: NodeFn<any, any, any>, given: unknown): NodePart {
  // '' is no name for a node, and the engine says so.
  const part = { id: typeof id === 'string' ? id : '', run, options: noOptions, problem: '' };
  if (given === undefined || given === null) return part;
  if (!isObject(given)) return { ...part, problem: `its options are ${kindOf(given)}; give an object` };

  const options: Record<string, unknown> = { ...given };
  const problems: string[] = [];
  for (const [name, [isRight, wanted]] of Object.entries(kinds)) {
    if (options[name] === undefined || isRight(options[name])) continue;
    problems.push(`${name} is ${kindOf(options[name])}; give ${wanted}`);
    delete options[name];
  }
  const { retry, targets, metadata } = options as NodeOptions;
  if (retry !== undefined) {
    options['retry'] = Object.freeze({ ...retry });
    if (retry.retryOn !== undefined && !isFunction(retry.retryOn)) problems.push(`retry.retryOn is ${kindOf(retry.retryOn)}; give a function of (error, attempt)`);
  }
  if (targets !== undefined) options['targets'] = Object.freeze(targets.slice());
  if (metadata !== undefined) options['metadata'] = copyValue(metadata, 'metadata');
  return { ...part, options: Object.freeze(options), problem: problems.join('; also ') };
}

/** A sub-graph as the builder keeps it. `graph` is `undefined` for what is no App. */
export function readSubgraph(id: unknown, given: unknown, graph: AppCore | undefined, options: unknown): NodePart {
  const part = readNode(id, () => undefined, options);
  if (graph !== undefined) return { ...part, graph };
  const problem = `what it runs is ${kindOf(given)}; give addSubgraph an App of this package, as compile() makes it`;
  return { ...part, problem: part.problem === '' ? problem : `${problem}; also ${part.problem}` };
}

/** A conditional edge as the builder keeps it. */
export function readRoute(from: unknown, route: RouteFn<any>, targets: unknown): RoutePart {
  const part = { from: String(from), route, hasLabels: false, problem: '' };
  if (targets === undefined || targets === null) return part;
  if (areStrings(targets)) return { ...part, targets: targets.map((target) => [target, target] as const) };
  if (isObject(targets) && Object.values(targets).every(isString)) return { ...part, targets: Object.entries(targets) as Array<[string, string]>, hasLabels: true };
  return { ...part, problem: 'its targets are neither an array of names nor a record of label to name' };
}
