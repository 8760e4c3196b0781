// Browsers and workers: the wasm is fetched beside this module and compiled while it streams in. An import that returned
// is ready.
import init from '../wasm/weavegraph_wasm.js';
import { markReady } from '../engine.js';

const url = new URL('../wasm/weavegraph_wasm_bg.wasm', import.meta.url);
try {
  await init({ module_or_path: url });
} catch (cause) {
  throw new Error(`weavegraph-wasm could not load ${url}: ${cause}; if a bundler lost it, import 'weavegraph-wasm/inline'`, { cause });
}
markReady();

export * from '../index.js';
