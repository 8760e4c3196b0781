// A trap of the engine as it is published, whose panics have no messages. The trap is a real one, of another module, in place of a call
// of the engine: what follows it, up to the fresh instance, is the published engine's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryCheckpointer, WeaveError } from 'weavegraph-wasm';
import * as glue from '../node_modules/weavegraph-wasm/wasm/weavegraph_wasm.js';
import { codesOf } from './codes.mjs';
import { chain, collect, deferred, turn } from './graphs.mjs';

const [code] = codesOf('panic');

/** One function, `t`, that is `unreachable`. */
const trap = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11]))).exports.t;

test('open runs end with ENGINE_PANICKED and the trap\'s stack, the next call works, and the stored session goes on', async () => {
  const checkpointer = new MemoryCheckpointer();
  const gate = deferred();
  const app = chain({ a: () => ({ log: 'a' }), b: async () => (await gate.promise, { log: 'b' }) }).compile({ checkpointer });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  const other = app.invokeStreaming();
  const reading = collect(run);
  await turn();
  const { step } = glue.RawRun.prototype;
  glue.RawRun.prototype.step = () => {
    glue.RawRun.prototype.step = step;
    trap();
  };
  gate.resolve();
  for (const { result } of [run, other]) {
    const { status, error } = await result;
    assert.deepEqual([status, error.code], ['failed', code]);
    assert.ok(error instanceof WeaveError && error.cause instanceof WebAssembly.RuntimeError);
    assert.match(error.details.panic, /unreachable[^]*wasm/);
  }
  const ends = (await reading).filter(({ type }) => /^run\.(?!started)/.test(type));
  assert.deepEqual(ends.map(({ type, transient }) => [type, transient]), [['run.failed', true]]);
  assert.deepEqual((await app.invoke()).log, ['a', 'b']);
  assert.deepEqual((await app.resume('s')).log, ['a', 'b']);
});
