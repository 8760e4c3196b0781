// Owns the measuring of what a user downloads, and the budgets. Must not know how the package is built.
// Invariant: every JavaScript module that the default entry reaches counts, each compressed by itself as a server sends it: at the
// start, or when a session is first stored.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { checkBundles } from './bundle-sizes.mjs';
import { Refusal, root, say } from './command.mjs';
import { partsFile } from './facade.mjs';
import { readManifest } from './manifest.mjs';
import { reachedFrom } from './modules.mjs';

const defaultEntry = 'entries/web.js';

/** Prints the sizes of pkg/ and of bundles of it; above a budget is a refusal. */
export async function checkSizes() {
  const folder = join(root, 'pkg');
  const read = (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined);
  const atStart = reachedFrom([defaultEntry], { read, isEager: true });
  const later = reachedFrom([defaultEntry], { read }).filter((path) => !atStart.includes(path));
  const parts = (modules) => [modules.filter((path) => path.startsWith('wasm/')), modules.filter((path) => !path.startsWith('wasm/'))];
  const [glue, facade] = parts(atStart);
  const [storeGlue, storage] = parts(later);
  const { budget, bundles } = readManifest();
  print('at the start', budget['start-gzip'], [
    measure('wasm', folder, ['wasm/weavegraph_wasm_bg.wasm']),
    measure('glue', folder, glue),
    measure(`facade (${facade.length} modules)`, folder, facade),
  ]);
  print('with the first stored session', budget['storage-gzip'], [
    measure('wasm of IndexedDB', folder, ['wasm/store_bg.wasm']),
    measure('its glue', folder, storeGlue),
    measure('storage module', folder, storage),
  ]);
  const sources = JSON.parse(readFileSync(join(root, 'build', partsFile), 'utf8'))['core.js'];
  const largest = Object.entries(sources).sort(([, a], [, b]) => b - a).slice(0, 6);
  say(`largest sources in core.js, raw: ${largest.map(([name, bytes]) => `${name} ${bytes}`).join(', ')}`);
  await checkBundles(bundles);
}

function print(when, limit, rows) {
  const total = rows.reduce((sum, row) => ({ what: 'total', raw: sum.raw + row.raw, gzip: sum.gzip + row.gzip, brotli: sum.brotli + row.brotli }));
  say(line(`bytes ${when}`, 'raw', 'gzip', 'brotli'));
  for (const { what, raw, gzip, brotli } of [...rows, total]) say(line(what, raw, gzip, brotli));
  if (total.gzip > limit) throw new Refusal(`What is downloaded ${when} is ${total.gzip} bytes gzip'ed, the budget in wasm-pack.toml is ${limit}.`);
  say(`budget ${when}: ${total.gzip} of ${limit} bytes gzip (${Math.round((100 * total.gzip) / limit)} %)`);
}

function measure(what, folder, paths) {
  const contents = paths.map((path) => readFileSync(join(folder, path)));
  const sum = (size) => contents.reduce((bytes, content) => bytes + size(content), 0);
  return {
    what,
    raw: sum((content) => content.length),
    gzip: sum((content) => gzipSync(content, { level: 9 }).length),
    brotli: sum((content) => brotliCompressSync(content).length),
  };
}

function line(what, ...columns) {
  return `  ${what.padEnd(36)}${columns.map((column) => String(column).padStart(10)).join('')}`;
}
