// Owns the measuring of what a user downloads, and the budget. Must not know how the package is built.
// Invariant: every JavaScript module that the default entry reaches counts, each compressed by itself as a server sends it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Refusal, root, say } from './command.mjs';
import { partsFile } from './facade.mjs';
import { readManifest } from './manifest.mjs';
import { reachedFrom } from './modules.mjs';

const defaultEntry = 'entries/web.js';

/** Prints the sizes of pkg/; above the budget is a refusal. */
export function checkSizes() {
  const folder = join(root, 'pkg');
  const modules = reachedFrom([defaultEntry], { read: (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined) });
  const glue = modules.filter((path) => path.startsWith('wasm/'));
  const facade = modules.filter((path) => !path.startsWith('wasm/'));
  const rows = [
    measure('wasm', folder, ['wasm/weavegraph_wasm_bg.wasm']),
    measure('glue', folder, glue),
    measure(`facade (${facade.length} modules)`, folder, facade),
  ];
  const total = rows.reduce((sum, row) => ({ what: 'total', raw: sum.raw + row.raw, gzip: sum.gzip + row.gzip, brotli: sum.brotli + row.brotli }));
  print([...rows, total]);
  const limit = readManifest().budget['total-gzip'];
  if (total.gzip > limit) throw new Refusal(`The package is ${total.gzip} bytes gzip'ed, the budget in wasm-pack.toml is ${limit}.`);
  say(`budget: ${total.gzip} of ${limit} bytes gzip (${Math.round((100 * total.gzip) / limit)} %)`);
}

function print(rows) {
  say(line('bytes', 'raw', 'gzip', 'brotli'));
  for (const { what, raw, gzip, brotli } of rows) say(line(what, raw, gzip, brotli));
  const parts = JSON.parse(readFileSync(join(root, 'build', partsFile), 'utf8'))['core.js'];
  const largest = Object.entries(parts).sort(([, a], [, b]) => b - a).slice(0, 6);
  say(`largest sources in core.js, raw: ${largest.map(([name, bytes]) => `${name} ${bytes}`).join(', ')}`);
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
  return `  ${what.padEnd(22)}${columns.map((column) => String(column).padStart(10)).join('')}`;
}
