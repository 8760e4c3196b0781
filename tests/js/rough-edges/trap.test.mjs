// Rough edges of Weavegraph where the engine itself dies: on a build with test hooks, whose wasm traps as the published one does, without unwinding.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as glue from '../../../build/pkg-hooks/wasm/weavegraph_wasm.js';
import * as weavegraph from '../../../build/pkg-hooks/entries/node.js';
import { chainIn, collect, deferred, until } from '../graphs.mjs';

/** The next call of the engine by a run traps. What it prints is kept to itself. */
async function trapping(act) {
  const { error: print } = console;
  const { step, tell } = glue.RawRun.prototype;
  console.error = () => undefined;
  const trap = () => {
    Object.assign(glue.RawRun.prototype, { step, tell });
    return glue.panicNow();
  };
  Object.assign(glue.RawRun.prototype, { step: trap, tell: trap });
  try {
    await act();
  } finally {
    Object.assign(glue.RawRun.prototype, { step, tell });
    console.error = print;
  }
}

test('rough edge 6: a trap in the middle of a step leaves the session to go on with', async () => {
  const door = deferred();
  let isHeld = true;
  const checkpointer = new weavegraph.MemoryCheckpointer();
  const app = chainIn(weavegraph, { a: () => ({ log: 'a' }), b: () => (isHeld ? door.promise : { log: 'b' }) }).compile({ checkpointer });
  const run = app.invokeStreaming({ log: 'in' }, { sessionId: 's' });
  await until(() => run.state.log.length === 2);
  isHeld = false;
  await trapping(async () => {
    door.resolve({ log: 'late' });
    assert.equal((await run.result).error.code, 'ENGINE_PANICKED');
  });
  assert.deepEqual((await app.resume('s')).log, ['in', 'a', 'b']);
});

test('rough edge 31: a trap ends the open runs with an event each, and the next call works', async () => {
  const doors = [deferred(), deferred(), deferred()];
  const runs = doors.map(({ promise }) => chainIn(weavegraph, { a: () => promise }).compile().invokeStreaming());
  const reading = runs.map(collect);
  await until(() => runs.every(({ status }) => status === 'running'));
  await new Promise((resolve) => setImmediate(resolve));
  await trapping(async () => {
    doors[0].resolve({});
    for (const run of runs) assert.equal((await run.result).error.code, 'ENGINE_PANICKED');
  });
  for (const events of await Promise.all(reading)) assert.deepEqual(events.filter(({ type }) => type.startsWith('run.')).map(({ type }) => type), ['run.started', 'run.failed']);
  assert.deepEqual((await chainIn(weavegraph, { a: () => ({ log: 'a' }) }).compile().invoke()).log, ['a']);
});
