// Everywhere, without a second file: the wasm lies in the JavaScript and is compiled synchronously. For service workers
// and for bundlers that lose the file.
import base64 from '../wasm/weavegraph_wasm_base64.js';
import { initSync } from '../wasm/weavegraph_wasm.js';
import { markReady } from '../engine.js';
import { provideStorage } from '../storage-loader.js';
import * as storage from '../storage.js';

initSync({ module: Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)) });
markReady();
provideStorage(storage);

export * from '../index.js';
