// Owns the compilation of the TypeScript facade into build/facade: JavaScript without comments, declarations with them.
// Must not know the package's layout beyond that the glue is at wasm/. Invariant: build/facade holds nothing but what the
// current sources give.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say, since } from './command.mjs';
import { digestOf, isUpToDate, markUpToDate } from './inputs.mjs';
import { glueName } from './wasm.mjs';

const project = join(root, 'pkg-template/tsconfig.json');

/** Compiles the facade against the glue's types in build/wasm. Returns the folder. */
export async function buildFacade() {
  const startedAt = performance.now();
  const out = join(root, 'build/facade');
  const types = [glueName, `${glueName}_base64`].map((name) => `build/wasm/${name}.d.ts`);
  const digest = digestOf(['pkg-template/src', 'pkg-template/tsconfig.json', 'package-lock.json', 'scripts/facade.mjs', ...types]);
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
  markUpToDate(out, digest);
  say(`facade: compiled in ${since(startedAt)}`);
  return out;
}
