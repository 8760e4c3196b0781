// Node and Bun: the wasm is read synchronously. Without a top-level await `require()` works as well.
import { readFileSync } from 'node:fs';
import { initSync } from '../wasm/weavegraph_wasm.js';
import { markReady } from '../engine.js';
import { provideStorage } from '../storage-loader.js';
import * as storage from '../storage.js';

try {
  initSync({ module: readFileSync(new URL('../wasm/weavegraph_wasm_bg.wasm', import.meta.url)) });
} catch (cause) {
  throw new Error(`weavegraph-wasm could not read its wasm (${String(cause)}); if a bundler lost it, import 'weavegraph-wasm/inline'`, { cause });
}
markReady();
provideStorage(storage);
// Node has no indexedDB, unless a stand-in was made global.
storage.provideStoreWasm(async () => {
  const store = await import('../wasm/store.js');
  store.initSync({ module: readFileSync(new URL('../wasm/store_bg.wasm', import.meta.url)) });
  return store;
});

export * from '../index.js';
