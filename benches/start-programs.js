// The programs whose start is measured: a run of one step with one contestant and nothing else, as a bundle for a page, as one for workerd,
// and as it is for Node. Owns the bundles. Must not know how starts are timed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('./', import.meta.url));
export const folder = join(here, '../build/bench/start');
const slim = join(here, '../pkg/entries/slim.js');

/** By name: the module of each contestant that is a library. `nothing` is the same program without one. */
export const modules = { 'weavegraph-wasm': 'weavegraph', PocketFlow: 'pocketflow', XState: 'xstate', 'LangGraph.js': 'langgraph' };

/** `first` does the run and resolves with its state's number. */
function program(module, { from = './contestants', before = '' } = {}) {
  if (module === undefined) return 'export const first = async () => 1;\n';
  return `import { single } from '${from}/${module}.js';
export const first = async (wasm) => {
  ${before}
  const { prepare, run } = single();
  return (await run(await prepare?.())).n;
};
`;
}

/** For a page: one minified script, to be imported. This package compiles the wasm that `first` is handed. */
export async function bundleForStart(module) {
  const isOurs = module === modules['weavegraph-wasm'];
  const text = await bundle({
    contents: isOurs ? `import { init } from 'weavegraph-wasm/slim';\n${program(module, { before: 'await init(wasm);' })}` : program(module),
    conditions: ['browser'],
    plugins: [resolving('slim', /^weavegraph-wasm/, () => ({ path: slim })), storedLater],
  });
  write(`${module ?? 'nothing'}.page.js`, text);
  return text;
}

/** For workerd: a worker that answers with the state of the run. */
export async function bundleForWorkerd(module) {
  const text = await bundle({
    contents: `${program(module)}export default { async fetch() { return new Response(String(await first())); } };`,
    conditions: ['workerd', 'worker', 'browser'],
    // As wrangler does: modules of wasm are left beside the script.
    plugins: [resolving('wasm beside', /\.wasm$/, ({ path }) => ({ path: `./${path.split('/').pop()}`, external: true }))],
  });
  const name = `${module ?? 'nothing'}.workerd.js`;
  write(name, text);
  return name;
}

/** For Node: a module that imports the package from node_modules and prints the state of the run. */
export function writeForNode(module) {
  const name = `${module ?? 'nothing'}.node.mjs`;
  const from = pathToFileURL(join(here, 'contestants')).href;
  write(name, `${program(module, { from })}console.log(await first());\n`);
  return join(folder, name);
}

/** Bytes as a server sends them. */
export const gzipped = (content) => gzipSync(content, { level: 9 }).length;

/** The wasm of this package. */
export const wasmFile = join(here, '../pkg/wasm/weavegraph_wasm_bg.wasm');

const resolving = (name, filter, answer) => ({ name, setup: ({ onResolve }) => onResolve({ filter }, answer) });

/** What is loaded when a session is first stored is no part of a start. */
const storedLater = resolving('stored later', /\/storage\.js$/, ({ path }) => ({ path, external: true }));

async function bundle({ contents, conditions, plugins }) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', target: 'es2022', mainFields: ['module', 'main'], logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' }, conditions, plugins,
  });
  return outputFiles[0].text;
}

function write(name, text) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}
