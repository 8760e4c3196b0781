/**
 * Names of nodes and channels by the engine's ids, and the engine's failures as errors.
 */

import type { Arena } from './arena.js';
import { END, START } from './graph-builder.js';
import { engine } from './engine.js';
import { createError, type ErrorCode, type WeaveError } from './errors.js';
import { Thrown } from './thrown.js';
import { END_ID, START_ID } from './words.js';

/** What the names of a graph are made of, by the engine's ids. */
export interface NameLists {
  readonly nodes: readonly string[];
  readonly channels: readonly string[];
  /** Kinds of the channels. */
  readonly kinds: readonly string[];
  /** Of the nodes that are graphs. */
  readonly inner: ReadonlyMap<number, Names>;
}

const noNames: NameLists = { nodes: [], channels: [], kinds: [], inner: new Map() };

export class Names {
  readonly #lists: NameLists;
  readonly #foreign: readonly string[];

  /** `foreign`: nodes that only a session's log knows; their ids follow the graph's. */
  constructor(lists: NameLists = noNames, foreign: readonly string[] = []) {
    this.#lists = lists;
    this.#foreign = foreign;
  }

  withForeign(foreign: readonly string[]): Names {
    return foreign.length === 0 ? this : new Names(this.#lists, foreign);
  }

  /** Of the sub-graph that is a node; of one that this graph lacks only what the log knows. */
  inner(node: number): Names {
    return (this.#lists.inner.get(node) ?? new Names()).withForeign(this.#foreign);
  }

  node(id: number): string {
    const { nodes } = this.#lists;
    if (id < nodes.length) return nodes[id]!;
    if (id === END_ID) return END;
    if (id === START_ID) return START;
    return this.#foreign[id - nodes.length] ?? '?';
  }

  channel(id: number): string {
    return this.#lists.channels[id] ?? '?';
  }

  /** Of a channel. */
  kind(id: number): string | undefined {
    return this.#lists.kinds[id];
  }
}

/** Where an error belongs. */
export interface Place {
  readonly runId: string;
  readonly sessionId: string;
}

/** The parts of a failure, as the engine hands them over: code, message, node + 1 or the name of a node within a sub-graph, step + 1, cause + 1; 0 is none. */
export type FailureParts = [code: ErrorCode, message: string, node: number | string, step: number, cause: number];

/** The error of a failure that words mentioned; it can be taken once. */
export function takeError(number: number, arena: Arena, names: Names, place: Place): WeaveError {
  return toError(engine().takeFailure(number) as FailureParts, arena, names, place);
}

export function toError(parts: FailureParts, arena: Arena, names: Names, place: Place): WeaveError {
  const [code, message, node, step, cause] = parts;
  const thrown = cause === 0 ? undefined : arena.get(cause - 1);
  const fields = {
    ...(node !== 0 && { node: typeof node === 'string' ? node : names.node(node - 1) }),
    ...(step > 0 && { step: step - 1 }),
    runId: place.runId,
    sessionId: place.sessionId,
  };
  if (!(thrown instanceof Thrown)) return createError(code, message, cause === 0 ? fields : { ...fields, cause: thrown });
  const details = thrown.details === undefined ? fields : { ...fields, details: thrown.details };
  return createError(code, message, thrown.cause === undefined ? details : { ...details, cause: thrown.cause.value });
}
