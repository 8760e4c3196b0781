// Node and Bun: the wasm is read synchronously. Without a top-level await `require()` works as well.
import { readFileSync } from 'node:fs';
import { initSync } from '../wasm/weavegraph_wasm.js';
import { markReady } from '../engine.js';
import { provideStorage } from '../storage-loader.js';
import * as storage from '../storage.js';

initSync({ module: readFileSync(new URL('../wasm/weavegraph_wasm_bg.wasm', import.meta.url)) });
markReady();
provideStorage(storage);

export * from '../index.js';
