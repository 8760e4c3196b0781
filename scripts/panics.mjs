// Owns what the published engine has of panics: a trap and nothing else. The messages, the formatter that makes them and the places in the
// sources are 4 KB (gzip), and no user's code can cause one. Must not know the engine. Invariant: nothing but a panic ever reached what
// is taken out; the build fails if something else calls the formatter.
import { readFileSync, writeFileSync } from 'node:fs';
import { Refusal, run } from './command.mjs';
import { number, readNumber } from './wasm-names.mjs';

const IMPORTS = 2;
const CODE = 10;
const DATA = 11;
const CUSTOM = 0;
const FUNCTION_NAMES = 1;

/** What a panic calls, by the names that the compiler gives. */
const panics = /::panicking::|panic_fmt|panic_bounds|_index_fail|unwrap_failed|expect_failed|panic_already|panic_with_hook|rust_begin_unwind|AccessError|alloc_error/;
/** What only panics may call. */
const formatter = /\bcore(\[\w+\])?::fmt::/;
/** No local variables, `unreachable`, end. */
const trap = Buffer.from([3, 0, 0x00, 0x0b]);

/** Makes every panic of a module a trap. The module must have names. */
export async function dropPanics(file, wasmOpt) {
  const wasm = readFileSync(file);
  const parts = [wasm.subarray(0, 8)];
  const sections = [...sectionsOf(wasm)];
  const names = namesOf(sections);
  for (const { id, body } of sections) {
    let rewritten = body;
    if (id === CODE) rewritten = withTraps(body, names, importsOf(sections));
    if (id === DATA) rewritten = withoutPlaces(body);
    parts.push(Buffer.from([id]), number(rewritten.length), rewritten);
  }
  writeFileSync(file, Buffer.concat(parts));
  checkCalls(await run(process.execPath, [wasmOpt, '--print-call-graph', file, '-o', file], { isQuiet: true }));
}

function* sectionsOf(wasm) {
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [length, begin] = readNumber(wasm, at + 1);
    at = begin + length;
    yield { id, body: wasm.subarray(begin, at) };
  }
}

/** The names of functions by their index. */
function namesOf(sections) {
  const names = new Map();
  for (const { id, body } of sections) {
    if (id !== CUSTOM) continue;
    let [text, at] = readText(body, 0);
    while (text === 'name' && at < body.length) {
      const kind = body[at];
      const [length, begin] = readNumber(body, at + 1);
      at = begin + length;
      if (kind !== FUNCTION_NAMES) continue;
      let [count, next] = readNumber(body, begin);
      for (; count > 0; count -= 1) {
        let index;
        let name;
        [index, next] = readNumber(body, next);
        [name, next] = readText(body, next);
        names.set(index, name);
      }
    }
  }
  if (names.size === 0) throw new Error('panics: the wasm has no names');
  return names;
}

function importsOf(sections) {
  const imports = sections.find(({ id }) => id === IMPORTS);
  return imports === undefined ? 0 : readNumber(imports.body, 0)[0];
}

function readText(bytes, at) {
  const [length, begin] = readNumber(bytes, at);
  return [bytes.toString('utf8', begin, begin + length), begin + length];
}

function withTraps(body, names, firstIndex) {
  const [count, first] = readNumber(body, 0);
  const parts = [number(count)];
  let at = first;
  for (let index = firstIndex; index < firstIndex + count; index += 1) {
    const [length, begin] = readNumber(body, at);
    const name = names.get(index) ?? '';
    parts.push(panics.test(name) || formatter.test(name) ? trap : body.subarray(at, begin + length));
    at = begin + length;
  }
  return Buffer.concat(parts);
}

/** Blanks what nobody reads any more: the places, each a pointer and a length of the file's name, line and column, and these names. */
function withoutPlaces(section) {
  const body = Buffer.from(section);
  let [count, at] = readNumber(body, 0);
  for (; count > 0; count -= 1) {
    // An active segment: 0, an i32.const, end, the bytes.
    if (body[at] !== 0 || body[at + 1] !== 0x41) throw new Error('panics: a data segment is not as expected');
    const [address, end] = readNumber(body, at + 2);
    const [length, begin] = readNumber(body, end + 1);
    at = begin + length;
    blankPlaces(body.subarray(begin, at), address);
  }
  return body;
}

function blankPlaces(data, address) {
  const files = new Map();
  for (let at = 0; at + 16 <= data.length; at += 4) {
    const [file, length, line, column] = [0, 4, 8, 12].map((offset) => data.readUInt32LE(at + offset));
    const begin = file - address;
    const isPlace = begin >= 0 && begin + length <= data.length && length < 256 && line > 0 && line < 1e5 && column > 0 && column < 1e3;
    if (!isPlace || !data.toString('latin1', begin, begin + length).endsWith('.rs')) continue;
    files.set(begin, length);
    data.fill(0, at, at + 16);
  }
  for (const [begin, length] of files) data.fill(0, begin, begin + length);
}

/** @throws Refusal: a function that stays calls the formatter. */
function checkCalls(graph) {
  const calls = [...graph.matchAll(/^\s*"(.*)" -> "(.*)";/gm)];
  if (calls.length === 0) throw new Error('panics: there is no call graph');
  for (const [, caller, called] of calls) {
    if (!formatter.test(called) || formatter.test(caller) || panics.test(caller)) continue;
    throw new Refusal(`${caller} calls ${called}, which is not in the published wasm: put texts together by src/text.rs.`);
  }
}
