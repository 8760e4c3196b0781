/**
 * The way to the second wasm, the browsers' store: given by an entry that cannot fetch it, or loaded beside this module when first asked for.
 */

import { createError } from './errors.js';
import type { MaybePromise } from './log-store.js';

export type StoreWasm = typeof import('./wasm/store.js');

let load: () => MaybePromise<StoreWasm> = async () => {
  const glue = await import('./wasm/store.js');
  await glue.default({ module_or_path: new URL('./wasm/store_bg.wasm', import.meta.url) });
  return glue;
};
let loading: Promise<StoreWasm> | undefined;

/** Called by entries that bring the wasm along, or find it in another way. `loader` returns the glue with its wasm in place. @internal */
export function provideStoreWasm(loader: () => MaybePromise<StoreWasm>): void {
  load = loader;
}

/**
 * The exports of the store. After a failure the next call tries again, with what is said at `loadStorage` of modules.
 *
 * @throws CheckpointError CHECKPOINT_UNAVAILABLE, as a rejection: there is no indexedDB here, or the wasm could not be loaded.
 */
export function loadStoreWasm(): Promise<StoreWasm> {
  return (loading ??= loadOnce());
}

async function loadOnce(): Promise<StoreWasm> {
  try {
    checkIndexedDb();
    return await load();
  } catch (cause) {
    loading = undefined;
    if ((cause as { code?: unknown } | null)?.code === 'CHECKPOINT_UNAVAILABLE') throw cause;
    const message = "the package's wasm/store.js or wasm/store_bg.wasm could not be loaded; publish them beside storage.js, or import 'weavegraph-wasm/inline'; if they are there, reload the page";
    throw createError('CHECKPOINT_UNAVAILABLE', message, { cause });
  }
}

/** Where there is none, as on servers, nothing is loaded for it; where a page may not use it, looking at it may throw. */
function checkIndexedDb(): void {
  let cause: unknown;
  try {
    if (globalThis.indexedDB) return;
  } catch (thrown) {
    cause = thrown;
  }
  throw createError('CHECKPOINT_UNAVAILABLE', 'this runtime has no indexedDB, or refuses it to this page; give another checkpointer', cause === undefined ? {} : { cause });
}
