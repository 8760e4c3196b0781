// Owns the assembly of an installable package from the wasm, the facade and pkg-template/.
// Must not know how the two were built. Invariant: the folder holds exactly what is published, and files that did not
// change are not touched, so whoever serves or imports the folder meanwhile is not disturbed.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root, say } from './command.mjs';
import { publicDeclarations } from './facade.mjs';
import { filesIn } from './inputs.mjs';
import { licencesFile } from './licences.mjs';

/** Assembles `folder` from build/bundle, the declarations in `facade`, the given wasm folders and the file `licences`. */
export function assemblePackage(folder, { facade, wasm, licences, crate }) {
  const files = new Map();
  const add = (path, content) => files.set(path, Buffer.from(content));
  const bundle = join(root, 'build/bundle');
  for (const path of filesIn(bundle)) add(path, readFileSync(join(bundle, path)));
  for (const from of wasm) {
    for (const path of filesIn(from).filter((name) => !name.endsWith('.d.ts'))) add(`wasm/${path}`, readFileSync(join(from, path)));
  }

  const { name, ...rest } = JSON.parse(readFileSync(join(root, 'pkg-template/package.json'), 'utf8'));
  add('package.json', `${JSON.stringify({ name, version: crate.version, ...rest }, null, 2)}\n`);
  add('README.md', readFileSync(join(root, 'pkg-template/README.md')));
  add('LICENSE', readFileSync(join(root, 'LICENSE')));
  add(licencesFile, readFileSync(licences));

  for (const path of publicDeclarations(facade)) add(path, readFileSync(join(facade, path)));

  const stale = existsSync(folder) ? filesIn(folder).filter((path) => !files.has(path)) : [];
  for (const path of stale) rmSync(join(folder, path));
  let changed = stale.length;
  for (const [path, content] of files) {
    const target = join(folder, path);
    if (existsSync(target) && readFileSync(target).equals(content)) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    changed += 1;
  }
  say(`${relative(root, folder)}: ${files.size} files, ${changed} changed`);
}
