// Owns the question which modules a module loads. Must not know what they are for. It reads compiled output only, where
// imports and exports are single statements with a quoted path.
import { posix } from 'node:path';

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"]+)\1/g;

/**
 * The paths of all files that the given ones load by relative imports, themselves included, sorted. `read(path)` gives a
 * file's text or `undefined` where there is none; `rename(path)` turns an imported path into a file's.
 */
export function reachedFrom(paths, { read, rename = (path) => path }) {
  const reached = new Set();
  const waiting = [...paths];
  while (waiting.length > 0) {
    const path = waiting.pop();
    const text = reached.has(path) ? undefined : read(path);
    if (text === undefined) continue;
    reached.add(path);
    for (const [, , imported] of text.matchAll(specifier)) waiting.push(rename(posix.join(posix.dirname(path), imported)));
  }
  return [...reached].sort();
}
