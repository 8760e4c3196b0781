// Owns the copy of the package that the tests import: packed by npm, installed by npm, in tests/node_modules.
// Must not know what the tests do. Invariant: what is installed is what `npm pack` in pkg/ gives now.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './command.mjs';

/** Packs pkg/ into `into` and returns the tarball's path. */
export async function packPackage(into) {
  const output = await run('npm', ['pack', join(root, 'pkg'), '--pack-destination', into, '--json', '--silent'], { isQuiet: true });
  const [{ filename }] = JSON.parse(output);
  return join(into, filename);
}

/** Installs the packed package for tests/js, tests/types and tests/browser, unless it is there already. */
export async function installPacked() {
  const tarball = await packPackage(join(root, 'build'));
  const digest = createHash('sha256').update(readFileSync(tarball)).digest('hex');
  const mark = join(root, 'tests/node_modules/.packed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) {
    say('tests/node_modules: up to date');
    return;
  }
  await run('npm', ['install', '--prefix', join(root, 'tests'), '--no-save', '--no-package-lock', '--no-audit', '--no-fund', tarball], { isQuiet: true });
  writeFileSync(mark, digest);
  say('tests/node_modules: the packed package is installed');
}
