/**
 * The wasm instance: whether it is there, the words that its exports leave, and what happens when it traps.
 *
 * Owns readiness, the instance number and the list of open executions. It must not know what an execution is, beyond that it can be
 * told of a trap. Invariant: after a trap no object of the old instance is used again; the next call finds a fresh one.
 */

import * as glue from './wasm/weavegraph_wasm.js';
import { createError, type WeaveError } from './errors.js';

export type Engine = typeof glue;

/** Something that a trap ends. */
export interface Trappable {
  trapped(error: WeaveError): void;
}

let isReady = false;
let instance = 1;
let memory: { readonly buffer: ArrayBuffer } | undefined;
const open = new Set<Trappable>();

/** Called by an entry once its wasm is there. @internal */
export function markReady(): void {
  isReady = true;
}

/**
 * The exports of the engine.
 *
 * @throws WeaveError NOT_INITIALIZED before `init()` of the slim entry has resolved.
 */
export function engine(): Engine {
  if (!isReady) {
    throw createError('NOT_INITIALIZED', "the engine is not loaded: await init() of 'weavegraph-wasm/slim' before the first call, or import 'weavegraph-wasm'");
  }
  return glue;
}

/** The number of the instance that answers now; objects of an earlier one are dead. */
export function instanceNumber(): number {
  return instance;
}

/** Lets `trappable` hear of a trap, until it is forgotten. */
export function remember(trappable: Trappable): void {
  open.add(trappable);
}

export function forget(trappable: Trappable): void {
  open.delete(trappable);
}

/** Whether the engine itself threw, and not user code that it never calls. */
export function isTrap(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError;
}

/**
 * What a call of the engine threw. The engine never throws on purpose, so its instance is lost: every open run ends with
 * ENGINE_PANICKED, and the next call runs on a fresh instance.
 */
export function reportTrap(thrown: unknown): WeaveError {
  let message = '';
  try {
    message = glue.reinit() as string;
    // The glue makes the fresh instance at the next call, after its arguments have gone to the old one: so that is one without any.
    glue.outWords();
  } catch {
    // A trap may leave nothing that answers; the error below says what is known.
  }
  // Builds with test hooks alone have a message; elsewhere the stack says where it was.
  const said = message || (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  const error = createError('ENGINE_PANICKED', `the engine stopped (${said.split('\n')[0]}); open runs have ended, new calls work, stored sessions can be resumed`, {
    cause: thrown,
    details: { panic: said },
  });
  instance += 1;
  memory = undefined;
  words = new Float64Array(0);
  const trapped = [...open];
  open.clear();
  for (const each of trapped) each.trapped(error);
  return error;
}

let words = new Float64Array(0);

/** The words that the last call left; `count` of them count. Valid until the next call. */
export function readWords(count: number): Float64Array {
  // A view is empty once memory has grown (and refuses even to be sliced), and the engine moves its buffer when more words come than ever before.
  if (words.length <= count) {
    memory ??= glue.currentMemory() as { readonly buffer: ArrayBuffer };
    words = new Float64Array(memory.buffer, glue.outWords(), Math.max(count, 4096));
  }
  return words;
}

/** A copy of bytes in the engine's memory. */
export function copyBytes(pointer: number, length: number): Uint8Array {
  memory ??= glue.currentMemory() as { readonly buffer: ArrayBuffer };
  return new Uint8Array(memory.buffer, pointer, length).slice();
}
