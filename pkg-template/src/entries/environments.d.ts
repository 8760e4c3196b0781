// What single environments have and the facade's other modules must not use.

declare module 'node:fs' {
  export function readFileSync(path: URL): Uint8Array<ArrayBuffer>;
}

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
