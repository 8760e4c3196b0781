// The changes that tests/behaviour/hashes.mjs tries are by the options that the package declares: a new option has to be put there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { hashed, unhashed } from '../behaviour/hashes.mjs';

const read = (file) => readFileSync(join(root, 'tests/node_modules/weavegraph-wasm', file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
/** Names at the first level of a body of a declaration. */
const membersOf = (body) => [...body.replaceAll(/\([^()]*\)|<[^<>]*>/g, '').matchAll(/^\s*(?:readonly )?(\w+)\??:/gm)].map(([, name]) => name);
const bodyOf = (text, name) => new RegExp(`interface ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(text)[1];

for (const type of ['NodeOptions', 'RetryPolicy']) {
  test(`${type}: each of its options is one that the hash follows, or is known not to`, () => {
    assert.deepEqual(membersOf(bodyOf(read('nodes.d.ts'), type)).sort(), [...hashed[type], ...unhashed[type]].sort());
  });
}

test('channels: each of their options is one that the hash follows', () => {
  const found = [...read('channels.d.ts').matchAll(/declare function (?:append|merge|last|reduce)\b[\s\S]*?\(options\??: \{([\s\S]*?)\n?\}\)/g)].flatMap(([, body]) => [...body.matchAll(/\b(\w+)\??:/g)].map(([, name]) => name));
  assert.deepEqual([...new Set(found)].filter((name) => name !== 'item').sort(), [...hashed.channels].sort());
});
