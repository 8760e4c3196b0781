// Owns the names by which a wasm and its glue know each other: wasm-bindgen gives most of them 16 hexadecimal digits of a hash, which do
// not compress. Must not change anything else. Invariant: names stay unique, and both sides change together.
import { readFileSync, writeFileSync } from 'node:fs';

const IMPORTS = 2;
const EXPORTS = 7;
const hashed = /^(\w+?)_+h?[0-9a-f]{16}$/;

/** Takes the hashes out of the names of imports and exports, in the wasm and in the glue. */
export function dropHashes(wasmFile, glueFile) {
  const glue = readFileSync(glueFile, 'utf8');
  const names = new Map();
  const taken = new Set(glue.match(/\w+/g));
  const shorten = (name) => {
    const base = hashed.exec(name)?.[1];
    if (base === undefined) return name;
    if (!names.has(name)) {
      let short = base;
      for (let number = 2; taken.has(short); number += 1) short = `${base}_${number}`;
      taken.add(short);
      names.set(name, short);
    }
    return names.get(name);
  };
  writeFileSync(wasmFile, renamed(readFileSync(wasmFile), shorten));
  writeFileSync(glueFile, glue.replace(/\w+/g, (word) => names.get(word) ?? word));
}

/** A module with other names of imports and exports. */
function renamed(wasm, rename) {
  const parts = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [length, begin] = readNumber(wasm, at + 1);
    at = begin + length;
    const body = wasm.subarray(begin, at);
    const rewritten = id === IMPORTS || id === EXPORTS ? renamedSection(body, id, rename) : body;
    parts.push(Buffer.from([id]), number(rewritten.length), rewritten);
  }
  return Buffer.concat(parts);
}

function renamedSection(body, id, rename) {
  let [count, at] = readNumber(body, 0);
  const parts = [number(count)];
  const readName = () => {
    const [length, begin] = readNumber(body, at);
    at = begin + length;
    return body.toString('utf8', begin, at);
  };
  const name = (text) => [number(Buffer.byteLength(text)), Buffer.from(text)];
  for (; count > 0; count -= 1) {
    // The module of an import is always the glue.
    if (id === IMPORTS) parts.push(...name(readName()));
    parts.push(...name(rename(readName())));
    const kind = body[at];
    // Imported functions and all exports are described by an index; wasm-bindgen imports nothing but functions.
    if (id === IMPORTS && kind !== 0) throw new Error(`wasm-names: an import of kind ${kind} is not known`);
    const [, end] = readNumber(body, at + 1);
    parts.push(body.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

/** An unsigned LEB128, and where it ends. */
function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function number(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
