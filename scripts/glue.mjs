// Owns what is published of the glue that wasm-bindgen writes: without comments, without what no entry of the package uses, minified.
// Must not know which exports there are. Invariant: each change is made, or the build fails: wasm-bindgen's next version may write
// another glue.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const changes = [
  // The entries are the only callers, and know how to call.
  [/console\.warn\('using deprecated parameters [^']*'\);?/g, ''],
  // Every platform of the package has it.
  [/if \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?\n\}\n/, ''],
  [/console\.warn\("`WebAssembly\.instantiateStreaming` failed.*;/, 'console.warn("the wasm is not served as application/wasm", e);'],
  [/^if \(Symbol\.dispose\) .*$/gm, ''],
  // What arguments take is freed when a later one cannot be passed: the facade's all can.
  [/try \{((?:\s*(?:ptr|len)\d = .*;)+)\s*\} catch \(e\) \{[^]*?\n +throw e;\s*\}/g, '$1'],
  [/if \(realloc === undefined\) \{[^]*?\n {4}\}\n/, ''],
  [/\(typeof FinalizationRegistry === 'undefined'\)\s*\? \{ register: \(\) => \{\}, unregister: \(\) => \{\} \}\s*: new FinalizationRegistry\(/g, '__registry('],
  [/^function addToExternrefTable0\(/m, `function __registry(free) {
  return typeof FinalizationRegistry === 'undefined' ? { register() {}, unregister() {} } : new FinalizationRegistry(free);
}
function addToExternrefTable0(`],
];

/** These are in a glue whose instance can be made anew. */
const changesOfReinit = [
  // The facade hands in nothing else.
  [/^ *_assertClass\(.*\);$/gm, ''],
  [/if \(\(?(\w+)\)?\.__wbg_inst !== undefined && .*?\{\s*throw new Error\('Invalid stale object[^}]*\}/g, '__wbg_check($1);'],
  [/^function __wbg_call_guard\(/m, `function __wbg_check(object) {
  if (object.__wbg_inst !== undefined && object.__wbg_inst !== __wbg_instance_id) throw new Error('object of a previous wasm instance');
}
function __wbg_call_guard(`],
  [/let ret;\s*__wbg_call_guard\(\);\s*ret =/g, '__wbg_call_guard();\nconst ret ='],
];

/** Members of the glue's own classes. */
const members = /^__(wbg_ptr|wbg_inst|destroy_into_raw|wrap)$/;

/** Rewrites a glue, and lays its source map beside it. */
export async function compressGlue(file) {
  const { minify } = await import('terser');
  let glue = readFileSync(file, 'utf8');
  const hasReinit = glue.includes('function __wbg_call_guard(');
  for (const [pattern, by] of hasReinit ? [...changes, ...changesOfReinit] : changes) {
    const changed = glue.replace(pattern, by);
    if (changed === glue) throw new Error(`glue: nothing matches ${pattern}`);
    glue = changed;
  }
  const name = basename(file);
  const { code, map } = await minify({ [`weavegraph-wasm:///wasm/${name}`]: glue }, {
    module: true,
    ecma: 2020,
    compress: { passes: 3 },
    mangle: { properties: { regex: members } },
    sourceMap: { includeSources: true, url: `${name}.map` },
  });
  writeFileSync(file, `${code}\n`);
  writeFileSync(`${file}.map`, map);
}
