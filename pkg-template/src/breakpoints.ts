/**
 * The nodes before and after which a run pauses, as options name them.
 *
 * It must not know when a run pauses: the engine does.
 */

import type { AppCore } from './app-core.js';
import { createError, kindOf } from './errors.js';
import type { RunDefaults } from './run-options.js';

type Given = Pick<RunDefaults, 'interruptBefore' | 'interruptAfter'>;

/** The engine's ids of the nodes to pause before, then of those to pause after. */
export interface Breakpoints {
  readonly before: number;
  readonly nodes: Uint32Array;
}

/** `undefined` if there are none. @throws RunFailed RUN_INVALID_OPTION */
export function readBreakpoints(app: AppCore, { interruptBefore, interruptAfter }: Given): Breakpoints | undefined {
  const before = readNodes(app, 'interruptBefore', interruptBefore);
  const nodes = [...before, ...readNodes(app, 'interruptAfter', interruptAfter)];
  return nodes.length === 0 ? undefined : { before: before.length, nodes: Uint32Array.from(nodes) };
}

const pausing = new WeakMap<AppCore, boolean>();

/** Whether a sub-graph somewhere within the graph pauses, by the options that it was compiled with. */
export function pausesWithin(app: AppCore): boolean {
  const known = pausing.get(app);
  if (known !== undefined) return known;
  const pauses = app.nodes.some(({ graph }) => graph !== undefined && (readBreakpoints(graph, graph.parts.options) !== undefined || pausesWithin(graph)));
  pausing.set(app, pauses);
  return pauses;
}

function readNodes(app: AppCore, option: string, names: unknown): number[] {
  if (names === undefined) return [];
  if (names === '*') return app.nodes.map((_, id) => id);
  if (!Array.isArray(names)) throw createError('RUN_INVALID_OPTION', `${option} is ${typeof names === 'string' ? `'${names}'` : kindOf(names)}; it is '*' or a list of node names`);
  return names.map((name: unknown) => {
    const id = typeof name === 'string' ? app.nodeIds.get(name) : undefined;
    if (id === undefined || id >= app.nodes.length) throw createError('RUN_INVALID_OPTION', `${option} names ${typeof name === 'string' ? `\`${name}\`` : kindOf(name)}, which is no node of the graph`);
    return id;
  });
}
