/**
 * The way to the storage module, which only sessions with a store need: given by the entry, or loaded when first asked for.
 */

import { createError } from './errors.js';
import type { MaybePromise } from './log-store.js';

export type Storage = typeof import('./storage.js');

let storage: Storage | undefined;
let loading: Promise<Storage> | undefined;

/** Called by entries that bring the module along. @internal */
export function provideStorage(module: Storage): void {
  storage = module;
}

/**
 * The storage module; a promise until it is there. After a failure the next call tries again; in Firefox a module that could not be loaded
 * stays so until the page is reloaded, as the standard has it.
 *
 * @throws CheckpointError CHECKPOINT_UNAVAILABLE, as a rejection
 */
export function loadStorage(): MaybePromise<Storage> {
  return storage ?? (loading ??= load());
}

async function load(): Promise<Storage> {
  try {
    return (storage = await import('./storage.js'));
  } catch (cause) {
    loading = undefined;
    throw createError('CHECKPOINT_UNAVAILABLE', "the package's storage.js could not be loaded; publish it beside core.js, or import 'weavegraph-wasm/inline'; if it is there, reload the page", { cause });
  }
}
