// Cloudflare Workers and edge runtimes: they compile at upload and import the wasm as a module.
import module from '../wasm/weavegraph_wasm_bg.wasm';
import { initSync } from '../wasm/weavegraph_wasm.js';
import { markReady } from '../engine.js';
import { provideStorage } from '../storage-loader.js';
import * as storage from '../storage.js';

initSync({ module });
markReady();
provideStorage(storage);

export * from '../index.js';
