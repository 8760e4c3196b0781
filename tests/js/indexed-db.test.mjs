// The checkpointer of browsers where there is no browser: its options, and what it says of a runtime without IndexedDB.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IndexedDbCheckpointer, MemoryCheckpointer } from 'weavegraph-wasm';
import { chain, failure } from './graphs.mjs';

test('wrong options are RUN_INVALID_OPTION, named', () => {
  for (const [options, named] of [[{ name: '' }, /name is empty/], [{ name: 5 }, /name is/], [{ flush: 'sometimes' }, /flush is sometimes/], [{ broadcast: 1 }, /broadcast/], [{ onBlocked: 'log' }, /onBlocked/]]) {
    assert.throws(() => new IndexedDbCheckpointer(options), { code: 'RUN_INVALID_OPTION', message: named });
  }
});

test('without IndexedDB runs, lists and reads are CHECKPOINT_UNAVAILABLE, and other runs of the app go on', async () => {
  const checkpointer = new IndexedDbCheckpointer();
  assert.equal(checkpointer.name, 'indexeddb');
  const app = chain({ a: () => ({ log: 'a' }) }).compile({ checkpointer });
  for (const call of [() => app.invoke(), () => app.resume('s'), () => app.getState('s'), () => app.history('s'), () => checkpointer.listSessions(), () => checkpointer.exportSession('s')]) {
    const error = await failure(call());
    assert.equal(error.code, 'CHECKPOINT_UNAVAILABLE');
    assert.match(error.message, /no indexedDB.*give another checkpointer/);
  }
  assert.deepEqual((await app.invoke({}, { checkpointer: new MemoryCheckpointer() })).log, ['a']);
});

test('persist() is false and estimate() null where the runtime has no storage manager', async () => {
  const checkpointer = new IndexedDbCheckpointer();
  assert.equal(await checkpointer.persist(), false);
  assert.equal(await checkpointer.estimate(), null);
});
