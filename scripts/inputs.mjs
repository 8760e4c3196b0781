// Owns the question whether a built folder is up to date. Must not know how anything is built.
// Invariant: a folder counts as up to date only if its `.inputs` names exactly the current content of all its inputs.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.mjs';

const mark = '.inputs';

/** A digest of files and folders (paths below the root, a folder with all below it) and of plain data. */
export function digestOf(paths, data = null) {
  const hash = createHash('sha256').update(JSON.stringify(data));
  for (const path of paths.flatMap((path) => (statSync(join(root, path)).isFile() ? [path] : filesIn(join(root, path)).map((file) => join(path, file))))) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/** Whether `folder` was marked with this digest. */
export function isUpToDate(folder, digest) {
  return existsSync(join(folder, mark)) && readFileSync(join(folder, mark), 'utf8') === digest;
}

/** Marks a folder that is complete. */
export function markUpToDate(folder, digest) {
  writeFileSync(join(folder, mark), digest);
}

/** The paths of all files below a folder, relative to it, sorted, without marks. */
export function filesIn(folder) {
  const paths = readdirSync(folder, { recursive: true }).filter((path) => statSync(join(folder, path)).isFile());
  return paths.filter((path) => path !== mark).sort();
}
