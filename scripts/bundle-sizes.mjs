// Owns the sizes of bundles that users make of the package: for each entry with all of its names imported, and with GraphBuilder alone.
// Must not know the package's modules. Invariant: a budget is of what is loaded before the first line runs; what `import()` loads is told.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { Refusal, root, say } from './command.mjs';

const folder = join(root, 'pkg');

/** Prints the sizes and refuses what is over `budgets`: `{ [entry]: { all, builder? } }`, in bytes. */
export async function checkBundles(budgets) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entries = Object.keys(exports).filter((entry) => !/\.(wasm|json)$/.test(entry));
  const problems = [...entries.filter((entry) => budgets[entry] === undefined), ...Object.keys(budgets).filter((entry) => !entries.includes(entry))];
  if (problems.length > 0) throw new Refusal(`wasm-pack.toml: [bundles] and the package's entries differ in ${problems.join(', ')}.`);
  say(`${'  JavaScript of a bundle, gzip'.padEnd(38)}${['at start', 'budget', 'later'].map((title) => title.padStart(10)).join('')}`);
  const over = [];
  for (const entry of entries) {
    const target = exports[entry].browser ?? exports[entry].default;
    for (const [what, budget] of Object.entries(budgets[entry])) {
      const { start, later } = await measure(target, what);
      const name = `${entry} ${what === 'all' ? 'all' : 'GraphBuilder'}`;
      say(`  ${name.padEnd(36)}${[start, budget, later].map((bytes) => String(bytes).padStart(10)).join('')}`);
      if (start > budget) over.push(`${name} has ${start} bytes`);
    }
  }
  if (over.length > 0) throw new Refusal(`Bundles are over their budgets in wasm-pack.toml: ${over.join('; ')}.`);
}

/** Bytes of the chunks, each compressed by itself: what the entry loads at once, and the rest. */
async function measure(target, what) {
  const imported = what === 'all' ? '* as all' : '{ GraphBuilder as all }';
  const { metafile, outputFiles } = await build({
    stdin: { contents: `import ${imported} from '${target}';\nconsole.log(all);\n`, resolveDir: folder },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    outdir: 'out',
    write: false,
    metafile: true,
    // Of Node's entry and of slim's; there it is not bundled either.
    external: ['node:fs'],
    logLevel: 'warning',
  });
  const outputs = Object.entries(metafile.outputs);
  const atStart = new Set();
  const waiting = outputs.filter(([path]) => path.endsWith('/stdin.js')).map(([path]) => path);
  if (waiting.length !== 1) throw new Error(`bundle-sizes: of ${outputs.map(([path]) => path)} one is the first`);
  while (waiting.length > 0) {
    const path = waiting.pop();
    if (atStart.has(path)) continue;
    atStart.add(path);
    waiting.push(...metafile.outputs[path].imports.filter(({ kind, external }) => kind === 'import-statement' && !external).map((entry) => entry.path));
  }
  const sum = (isWanted) => outputs.filter(([path]) => isWanted(path)).reduce((bytes, [path]) => bytes + sizeOf(outputFiles.find((file) => file.path.endsWith(path))), 0);
  return { start: sum((path) => atStart.has(path)), later: sum((path) => !atStart.has(path)) };
}

function sizeOf({ contents }) {
  return gzipSync(contents, { level: 9 }).length;
}
