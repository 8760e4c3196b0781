// Everywhere, without a second file: the wasm lies in the JavaScript and is compiled synchronously. For service workers
// and for bundlers that lose the file.
import base64 from '../wasm/weavegraph_wasm_base64.js';
import { initSync } from '../wasm/weavegraph_wasm.js';
import storeBase64 from '../wasm/store_base64.js';
import * as store from '../wasm/store.js';
import { markReady } from '../engine.js';
import { provideIsolation } from '../requests.js';
import { provideStorage } from '../storage-loader.js';
import * as isolation from '../isolation.js';
import * as storage from '../storage.js';

const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
initSync({ module: bytes(base64) });
markReady();
provideStorage(storage);
storage.provideStoreWasm(() => {
  store.initSync({ module: bytes(storeBase64) });
  return store;
});
if (globalThis.navigator?.userAgent === 'Cloudflare-Workers') provideIsolation(isolation);

export * from '../index.js';
