// Cloudflare Workers and edge runtimes: they compile at upload and import the wasm as a module. Their requests are kept apart.
import module from '../wasm/weavegraph_wasm_bg.wasm';
import { initSync } from '../wasm/weavegraph_wasm.js';
import { markReady } from '../engine.js';
import { provideIsolation } from '../requests.js';
import { provideStorage } from '../storage-loader.js';
import * as isolation from '../isolation.js';
import * as storage from '../storage.js';

initSync({ module });
markReady();
provideStorage(storage);
provideIsolation(isolation);

export * from '../index.js';
