// The types of what the published engine exports. V8 as of Node 20 dies ("unreachable code") when an optimised function is thrown away while
// it calls an export that returns a reference: no export of the engine that is called often may. The store of browsers has promises to
// return, and Node no IndexedDB.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/command.mjs';

const [TYPES, IMPORTS, FUNCTIONS, EXPORTS] = [1, 2, 3, 7];
const EXTERNREF = 0x6f;

/** How many exported functions return a reference. */
function countReferences(wasm) {
  let at = 8;
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const list = (read) => Array.from({ length: number() }, read);
  const skipName = () => {
    const length = number();
    at += length;
  };
  const types = [];
  const functions = [];
  let count = 0;
  while (at < wasm.length) {
    const section = wasm[at++];
    const end = number() + at;
    if (section === TYPES) {
      types.push(...list(() => {
        assert.equal(wasm[at++], 0x60, 'a function type');
        list(() => wasm[at++]);
        return list(() => wasm[at++]);
      }));
    } else if (section === IMPORTS) {
      list(() => {
        skipName();
        skipName();
        assert.equal(wasm[at++], 0, 'an imported function');
        functions.push(number());
      });
    } else if (section === FUNCTIONS) {
      functions.push(...list(number));
    } else if (section === EXPORTS) {
      list(() => {
        skipName();
        const isFunction = wasm[at++] === 0;
        const index = number();
        count += isFunction && types[functions[index]].includes(EXTERNREF) ? 1 : 0;
      });
    }
    at = end;
  }
  return count;
}

const wasm = (name) => readFileSync(join(root, 'pkg/wasm', name));

test('only calls that are rare return a reference', () => {
  // `reinit`, after a trap, and `currentMemory`, after memory has grown.
  assert.equal(countReferences(wasm('weavegraph_wasm_bg.wasm')), 2);
});
