// The storage module: loaded only when there is a store, and a typed error where it cannot be.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const installed = join(import.meta.dirname, '../node_modules/weavegraph-wasm');
const program = `
  import { readFileSync } from 'node:fs';
  const { append, END, GraphBuilder, init, MemoryCheckpointer, START } = await import('./entries/slim.js');
  await init(readFileSync('./wasm/weavegraph_wasm_bg.wasm'));
  const graph = () => new GraphBuilder({ channels: { log: append() } }).addNode('a', () => ({ log: 1 })).addEdge(START, 'a').addEdge('a', END);
  const said = [];
  const say = (promise) => promise.then((value) => said.push(value.log ?? value), (error) => said.push([error.code, typeof error.cause]));
  await say(graph().compile().invoke());
  const checkpointer = new MemoryCheckpointer();
  const app = graph().compile({ checkpointer });
  for (const run of [0, 1]) await say(app.invoke({}, { sessionId: 's' }));
  await say(app.getState('s').then(({ step }) => step));
  await say(app.follow('s', { after: 0 }).next().then(({ value }) => value.type));
  await say(checkpointer.close().then(() => 'closed'));
  console.log(JSON.stringify(said));
`;

/** Runs the program in a copy of the package, with or without its storage.js. */
async function run(hasStorage) {
  const folder = mkdtempSync(join(tmpdir(), 'weavegraph-'));
  try {
    cpSync(installed, folder, { recursive: true });
    if (!hasStorage) rmSync(join(folder, 'storage.js'));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    assert.equal(stderr, '');
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a run without a store needs no storage.js; one with a store loads it', async () => {
  assert.deepEqual(await run(true), [[1], [1], [1, 1], 2, 'run.started', 'closed']);
});

test('CHECKPOINT_UNAVAILABLE: storage.js is not there', async () => {
  const missing = ['CHECKPOINT_UNAVAILABLE', 'object'];
  assert.deepEqual(await run(false), [[1], missing, missing, missing, missing, 'closed']);
});
