/**
 * Names of nodes and channels by the engine's ids, and the engine's failures as errors.
 */

import type { Arena } from './arena.js';
import { END, START } from './graph-builder.js';
import { engine } from './engine.js';
import { createError, type ErrorCode, type WeaveError } from './errors.js';
import { Thrown } from './thrown.js';
import { END_ID, START_ID } from './words.js';

export class Names {
  readonly #nodes: readonly string[];
  readonly #channels: readonly string[];
  readonly #foreign: readonly string[];

  /** `foreign`: nodes that only a session's log knows; their ids follow the graph's. */
  constructor(nodes: readonly string[], channels: readonly string[], foreign: readonly string[] = []) {
    this.#nodes = nodes;
    this.#channels = channels;
    this.#foreign = foreign;
  }

  withForeign(foreign: readonly string[]): Names {
    return foreign.length === 0 ? this : new Names(this.#nodes, this.#channels, foreign);
  }

  node(id: number): string {
    if (id < this.#nodes.length) return this.#nodes[id]!;
    if (id === END_ID) return END;
    if (id === START_ID) return START;
    return this.#foreign[id - this.#nodes.length] ?? '?';
  }

  channel(id: number): string {
    return this.#channels[id] ?? '?';
  }
}

/** Where an error belongs. */
export interface Place {
  readonly runId: string;
  readonly sessionId: string;
}

/** The parts of a failure, as the engine hands them over: code, message, node + 1, step + 1, cause + 1; 0 is none. */
export type FailureParts = [code: ErrorCode, message: string, node: number, step: number, cause: number];

/** The error of a failure that words mentioned; it can be taken once. */
export function takeError(number: number, arena: Arena, names: Names, place: Place): WeaveError {
  return toError(engine().takeFailure(number) as FailureParts, arena, names, place);
}

export function toError(parts: FailureParts, arena: Arena, names: Names, place: Place): WeaveError {
  const [code, message, node, step, cause] = parts;
  const thrown = cause === 0 ? undefined : arena.get(cause - 1);
  const fields = {
    ...(node > 0 && { node: names.node(node - 1) }),
    ...(step > 0 && { step: step - 1 }),
    runId: place.runId,
    sessionId: place.sessionId,
  };
  if (!(thrown instanceof Thrown)) return createError(code, message, cause === 0 ? fields : { ...fields, cause: thrown });
  const details = thrown.details === undefined ? fields : { ...fields, details: thrown.details };
  return createError(code, message, thrown.cause === undefined ? details : { ...details, cause: thrown.cause.value });
}
