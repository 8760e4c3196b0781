// Owns the question which modules a module loads. Must not know what they are for. It reads compiled output only, where
// imports and exports are single statements with a quoted path.
import { posix } from 'node:path';

const specifier = /\b(from|import)\s*(\(?)\s*(['"])(\.{1,2}\/[^'"]+)\3/g;

/**
 * The paths of all files that the given ones load by relative imports, themselves included, sorted. `read(path)` gives a
 * file's text or `undefined` where there is none; `rename(path)` turns an imported path into a file's. With `isEager` only
 * what is loaded before the first line runs counts: no `import()`.
 */
export function reachedFrom(paths, { read, rename = (path) => path, isEager = false }) {
  const reached = new Set();
  const waiting = [...paths];
  while (waiting.length > 0) {
    const path = waiting.pop();
    const text = reached.has(path) ? undefined : read(path);
    if (text === undefined) continue;
    reached.add(path);
    for (const [, , parenthesis, , imported] of text.matchAll(specifier)) {
      if (isEager && parenthesis !== '') continue;
      waiting.push(rename(posix.join(posix.dirname(path), imported)));
    }
  }
  return [...reached].sort();
}
