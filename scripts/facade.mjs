// Owns the compilation of the TypeScript facade: build/facade has a module per source, with declarations; build/bundle has what is
// published, minified: the entries, core.js with what they share, storage.js and isolation.js. Must not know the package's layout beyond that the glue
// is at wasm/. Invariant: both hold nothing but what the current sources give.
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, run, say, since } from './command.mjs';
import { digestOf, filesIn, isUpToDate, markUpToDate } from './inputs.mjs';
import { reachedFrom } from './modules.mjs';
import { glueName, storeName } from './wasm.mjs';

/** In build/: which source has how many bytes in which bundled module. */
export const partsFile = 'bundle-parts.json';

const project = join(root, 'pkg-template/tsconfig.json');

/** Compiles the facade against the types of both glues, and bundles it. Returns the folder of the modules. */
export async function buildFacade() {
  const startedAt = performance.now();
  const out = join(root, 'build/facade');
  const typesOf = (folder, name) => [name, `${name}_base64`].map((file) => `${folder}/${file}.d.ts`);
  const types = [...typesOf('build/wasm', glueName), ...typesOf('build/store/wasm', storeName)];
  const digest = digestOf(['pkg-template/src', 'pkg-template/tsconfig.json', 'package-lock.json', 'scripts/facade.mjs', 'scripts/private-names.mjs', ...types]);
  if (isUpToDate(out, digest)) {
    say('facade: up to date');
    return out;
  }
  rmSync(out, { recursive: true, force: true });
  const tsc = (...options) => run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--outDir', out, ...options]);
  await tsc('--removeComments', '--sourceMap', '--inlineSources', '--sourceRoot', 'weavegraph-wasm:///');
  await tsc('--declaration', '--emitDeclarationOnly', '--stripInternal');
  // TypeScript cannot parse `import source`; such an entry is JavaScript already.
  const entries = join(root, 'pkg-template/src/entries');
  for (const file of readdirSync(entries).filter((name) => name.endsWith('.js'))) cpSync(join(entries, file), join(out, 'entries', file));
  await bundle(out, join(root, 'build/bundle'), await privateNamesOf(out, types));
  markUpToDate(out, digest);
  say(`facade: compiled and bundled in ${since(startedAt)}`);
  return out;
}

/**
 * Bundles the entries so that all of them share one module, core.js, whatever a page imports, and storage.js, which uses core.js
 * and is loaded when a store is. Storage.ts imports all of index.ts: what the entries share is then what all share.
 */
async function bundle(from, to, shortened) {
  const { build } = await import('esbuild');
  rmSync(to, { recursive: true, force: true });
  const entries = filesIn(join(from, 'entries')).filter((file) => file.endsWith('.js'));
  const { metafile } = await build({
    absWorkingDir: from,
    entryPoints: ['index.js', 'storage.js', 'isolation.js', 'testing/index.js', ...entries.map((file) => `entries/${file}`)],
    outdir: to,
    outbase: '.',
    format: 'esm',
    target: 'es2022',
    // Deno's entry has one; no other environment loads it.
    supported: { 'import-source': true },
    bundle: true,
    splitting: true,
    minify: true,
    mangleProps: new RegExp(`^(?:${shortened.join('|')})$`),
    sourcemap: true,
    metafile: true,
    // Without a hash: a second shared module would be an error, not a second request.
    chunkNames: 'core',
    // The glue and the wasm lie beside the bundle, under the same relative paths.
    external: ['./wasm/*', '../wasm/*', '../storage.js', '../isolation.js', 'node:fs'],
    logLevel: 'warning',
  });
  for (const file of filesIn(to).filter((path) => path.endsWith('.js') && path !== 'entries/deno.js')) await compress(join(to, file));
  writeFileSync(join(root, 'build', partsFile), JSON.stringify(partsOf(metafile)));
}

/** The names of members that are nobody's business. */
async function privateNamesOf(out, types) {
  const { privateNames } = await import('./private-names.mjs');
  const folder = join(root, 'pkg-template/src');
  const sources = filesIn(folder).filter((path) => /\.[jt]s$/.test(path)).map((path) => join(folder, path));
  const published = publicDeclarations(out).map((path) => join(out, path));
  return privateNames(sources, [...published, ...types.map((path) => join(root, path))].map((path) => readFileSync(path, 'utf8')));
}

/** The declarations that the public ones mention, of those in `folder`: the rest is nobody's business. */
export function publicDeclarations(folder) {
  const read = (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined);
  return reachedFrom(['index.d.ts', 'entries/slim.d.ts', 'testing/index.d.ts'], { read, rename: (path) => path.replace(/\.js$/, '.d.ts') });
}

/** Another 5 % off a bundled module, its source map kept right. terser cannot parse `import source`, which Deno's entry has. */
async function compress(file) {
  const { minify } = await import('terser');
  const { code, map } = await minify(readFileSync(file, 'utf8'), {
    module: true,
    ecma: 2020,
    compress: { passes: 3 },
    sourceMap: { includeSources: true, content: readFileSync(`${file}.map`, 'utf8'), url: `${basename(file)}.map` },
  });
  writeFileSync(file, `${code}\n`);
  writeFileSync(`${file}.map`, map);
}

/** How many bytes each source has in each bundled module: `{ 'core.js': { 'app': 1234 } }`. */
function partsOf({ outputs }) {
  const modules = Object.entries(outputs).filter(([path]) => path.endsWith('.js'));
  const sizes = ({ inputs }) => Object.entries(inputs).map(([path, { bytesInOutput }]) => [path.replace(/\.js$/, ''), bytesInOutput]);
  return Object.fromEntries(modules.map(([path, output]) => [path.replace(/^.*bundle\//, ''), Object.fromEntries(sizes(output))]));
}
