// The installed package in Node, by every entry that Node can load.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createProject, names, program } from './project.mjs';

let project;
before(async () => void (project = await createProject()));
after(() => project.remove());

async function run(file, text) {
  project.write(file, text);
  return JSON.parse(await project.node(file));
}

const print = 'console.log(JSON.stringify(count));';

test('an import that returned is ready', async () => {
  assert.equal(await run('import.mjs', `import { ${names} } from 'weavegraph-wasm';\n${program}${print}`), 42);
});

test('require works, and gives what import gives', async () => {
  const text = `const { ${names} } = require('weavegraph-wasm');
(async () => {
  ${program}
  const imported = await import('weavegraph-wasm');
  console.log(JSON.stringify([count, imported.GraphBuilder === GraphBuilder]));
})();`;
  assert.deepEqual(await run('require.cjs', text), [42, true]);
});

test('inline is ready without a second file, by import and by require', async () => {
  assert.equal(await run('inline.mjs', `import { ${names} } from 'weavegraph-wasm/inline';\n${program}${print}`), 42);
  assert.equal(await run('inline.cjs', `const { ${names} } = require('weavegraph-wasm/inline');\n(async () => { ${program}${print} })();`), 42);
});

test('slim throws NOT_INITIALIZED until init resolved, and takes its own wasm by default', async () => {
  const text = `import { ${names}, init } from 'weavegraph-wasm/slim';
const attempt = async () => { ${program} return count; };
const early = await attempt().catch((error) => error.code);
const [first, second] = [init(), init()];
await first;
console.log(JSON.stringify([early, await attempt(), first === second]));`;
  assert.deepEqual(await run('slim.mjs', text), ['NOT_INITIALIZED', 42, true]);
});

test('weavegraph-wasm/testing goes with every entry: no second copy of the package is loaded', async () => {
  const text = (entry) => `import { ${names}, CheckpointError, MemoryCheckpointer, fromBytes } from '${entry}';
import { checkpointerContract, MockClock } from 'weavegraph-wasm/testing';
${program}
let error;
try { fromBytes(new Uint8Array(0)); } catch (thrown) { error = thrown; }
const failed = [];
for (const { name, run } of checkpointerContract(() => new MemoryCheckpointer(), { persists: false })) await run().catch((thrown) => failed.push(name + ': ' + thrown));
console.log(JSON.stringify([count, error instanceof CheckpointError, new MockClock(5).now(), failed]));`;
  for (const entry of ['weavegraph-wasm', 'weavegraph-wasm/inline']) {
    assert.deepEqual(await run('testing.mjs', text(entry)), [42, true, 5, []]);
  }
});

for (const [what, source] of [
  ['bytes', 'bytes'],
  ['a view of bytes', 'new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)'],
  ['a compiled module', 'await WebAssembly.compile(bytes)'],
  ['a response', "new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } })"],
  ['a promise of a response', "Promise.resolve(new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } }))"],
  ['a file URL', "new URL(import.meta.resolve('weavegraph-wasm/engine.wasm'))"],
  ['an address as text', '`data:application/wasm;base64,${bytes.toString("base64")}`'],
]) {
  test(`slim takes ${what}`, async () => {
    const text = `import { readFileSync } from 'node:fs';
import { ${names}, init } from 'weavegraph-wasm/slim';
const bytes = readFileSync(new URL(import.meta.resolve('weavegraph-wasm/engine.wasm')));
await init(${source});
${program}${print}`;
    assert.equal(await run('source.mjs', text), 42);
  });
}

test('after a source that failed slim can be given another one', async () => {
  const text = `import { ${names}, init } from 'weavegraph-wasm/slim';
const failure = await init(new Uint8Array(8)).catch((error) => error.name);
await init();
${program}
console.log(JSON.stringify([failure, count]));`;
  assert.deepEqual(await run('retry.mjs', text), ['CompileError', 42]);
});

test('an import leaves no timer and no port open', async () => {
  project.write('idle.mjs', "import 'weavegraph-wasm';\nconsole.log(process.getActiveResourcesInfo().filter((name) => /Time|Immediate|MessagePort/.test(name)).join());");
  assert.equal((await project.node('idle.mjs')).trim(), '');
});
