// Owns the names by which a wasm and its glue know each other: wasm-bindgen's are long, and many have a hash that does not compress.
// Must not change anything else. Invariant: names stay unique, and both sides change together. What the glue does not use is not exported.
import { readFileSync, writeFileSync } from 'node:fs';

const IMPORTS = 2;
const EXPORTS = 7;

/** What whoever instantiates a wasm looks for. */
const customary = 'memory';

/** Gives imports and exports the shortest names there are, in the wasm and in the glue. */
export function shortenNames(wasmFile, glueFile) {
  let glue = readFileSync(glueFile, 'utf8');
  const renamer = (patternOf) => {
    const names = new Map();
    return (name) => {
      if (names.has(name)) return names.get(name);
      const pattern = new RegExp(patternOf(name.replaceAll('.', '\\.')), 'gm');
      if (!pattern.test(glue)) return undefined;
      const short = name === customary ? name : shortName(names.size);
      names.set(name, short);
      glue = glue.replace(pattern, short);
      return short;
    };
  };
  const names = {
    modules: renamer((name) => `["']${name}["'](?=: import0)`),
    imports: renamer((name) => `(?<=^\\s+)${name}(?=: function\\b)`),
    exports: renamer((name) => `(?<=\\bwasm\\.)${name}\\b`),
  };
  writeFileSync(wasmFile, renamed(readFileSync(wasmFile), names));
  writeFileSync(glueFile, glue);
}

/** a, b, … z, aa, ba, … */
function shortName(number) {
  const letter = String.fromCharCode(97 + (number % 26));
  return number < 26 ? letter : letter + shortName(Math.floor(number / 26) - 1);
}

/** A module with other names of imports and exports. */
function renamed(wasm, names) {
  const parts = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [length, begin] = readNumber(wasm, at + 1);
    at = begin + length;
    const body = wasm.subarray(begin, at);
    const rewritten = id === IMPORTS || id === EXPORTS ? renamedSection(body, id, names) : body;
    parts.push(Buffer.from([id]), number(rewritten.length), rewritten);
  }
  return Buffer.concat(parts);
}

function renamedSection(body, id, names) {
  let [left, at] = readNumber(body, 0);
  let count = 0;
  const parts = [];
  const readName = () => {
    const [length, begin] = readNumber(body, at);
    at = begin + length;
    return body.toString('utf8', begin, at);
  };
  for (; left > 0; left -= 1) {
    const known = id === IMPORTS ? [names.modules(readName()), names.imports(readName())] : [names.exports(readName())];
    const description = at;
    // Imported functions and all exports are described by an index; wasm-bindgen imports nothing but functions.
    if (id === IMPORTS && body[at] !== 0) throw new Error(`wasm-names: an import of kind ${body[at]} is not known`);
    [, at] = readNumber(body, at + 1);
    if (known.includes(undefined)) {
      if (id === IMPORTS) throw new Error('wasm-names: the glue lacks an import');
      continue;
    }
    count += 1;
    parts.push(...known.flatMap((name) => [number(name.length), Buffer.from(name)]), body.subarray(description, at));
  }
  return Buffer.concat([number(count), ...parts]);
}

/** An unsigned LEB128, and where it ends. */
export function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

/** The same in bytes. */
export function number(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
