// For libraries and for applications that bring the wasm themselves: nothing is loaded until `init` is called.
import load, { type InitInput } from '../wasm/weavegraph_wasm.js';
import { markReady } from '../engine.js';

/** Where the wasm comes from: its bytes, the compiled module, its address, or the response that carries it. */
export type WasmSource = ArrayBuffer | ArrayBufferView | WasmModule | string | WasmAddress | WasmResponse | Promise<WasmResponse>;

// No global class is named, so these resolve under the types of browsers, of Node and of Workers.
type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module & object : never;
/** A `URL`. */
type WasmAddress = { readonly href: string; readonly protocol: string };
/** A `Response`. */
type WasmResponse = { readonly status: number; arrayBuffer(): Promise<ArrayBuffer> };

let loading: Promise<void> | undefined;

/**
 * Loads the wasm. Until the promise resolved, calls throw NOT_INITIALIZED. Without a source the package's own file is
 * taken. Later calls return the first one's promise; after a failure the next call tries again.
 */
export function init(source: WasmSource = new URL('../wasm/weavegraph_wasm_bg.wasm', import.meta.url)): Promise<void> {
  loading ??= loadFrom(source).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function loadFrom(source: WasmSource): Promise<void> {
  // A view of another kind than a typed array is not compiled everywhere.
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : readFile(source);
  await load({ module_or_path: (bytes ?? source) as InitInput | Promise<InitInput> });
  markReady();
}

/** The bytes of a `file:` address where there is a file system: `fetch` does not read it there. */
function readFile(source: WasmSource): Uint8Array | undefined {
  if (!(source instanceof URL && source.protocol === 'file:')) return undefined;
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): typeof import('node:fs') | undefined } };
  return process?.getBuiltinModule?.('node:fs')?.readFileSync(source);
}

export * from '../index.js';
