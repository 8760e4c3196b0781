// MockClock of weavegraph-wasm/testing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockClock } from 'weavegraph-wasm/testing';
import { chain, failure } from './graphs.mjs';

test('it stands still until it is told to go on', async () => {
  const clock = new MockClock(1000);
  assert.deepEqual([clock.now(), clock.pending], [1000, 0]);
  const woken = [];
  const sleep = (ms) => clock.sleep(ms).then(() => woken.push([ms, clock.now()]));
  const all = [sleep(300), sleep(100), sleep(200), sleep(0), sleep(-5)];
  assert.equal(clock.pending, 5);
  await clock.advance(0);
  assert.deepEqual(woken, [[0, 1000], [-5, 1000]]);
  await clock.advance(250);
  assert.deepEqual([woken.slice(2), clock.now(), clock.pending], [[[100, 1100], [200, 1200]], 1250, 1]);
  await clock.advance(50);
  await Promise.all(all);
  assert.deepEqual([woken.at(-1), clock.now(), clock.pending], [[300, 1300], 1300, 0]);
  assert.equal(new MockClock().now(), 0);
});

test('who sleeps again on the way is woken again', async () => {
  const clock = new MockClock();
  const times = [];
  const nap = (async () => {
    for (let round = 0; round < 5; round += 1) {
      await clock.sleep(10);
      times.push(clock.now());
    }
  })();
  await clock.advance(50);
  await nap;
  assert.deepEqual(times, [10, 20, 30, 40, 50]);
});

test('a signal ends a sleep with its reason', async () => {
  const clock = new MockClock();
  const controller = new AbortController();
  const sleeping = failure(clock.sleep(10, controller.signal));
  controller.abort(new Error('enough'));
  assert.equal((await sleeping).message, 'enough');
  assert.equal(clock.pending, 0);
  assert.equal((await failure(clock.sleep(10, controller.signal))).message, 'enough');
  await clock.advance(20);
});

test('retries, timeouts and ctx.sleep of a run go by it', async () => {
  const clock = new MockClock(5000);
  let attempts = 0;
  const app = chain({
    retried: [() => { attempts += 1; if (attempts < 3) throw new Error('not yet'); return { log: attempts }; }, { retry: { maxAttempts: 3, initialDelayMs: 60_000, factor: 2, maxDelayMs: 120_000, jitter: 0 } }],
    asleep: async (_, ctx) => { await ctx.sleep(3_600_000); return { log: clock.now() }; },
    slow: [() => new Promise(() => {}), { timeoutMs: 1000, onError: () => ({ log: 'timed out' }) }],
  }).compile({ clock });
  const run = app.invokeStreaming();
  await clock.advance(60_000 + 120_000 + 3_600_000 + 1000);
  assert.deepEqual((await run.join()).log, [3, 5000 + 180_000 + 3_600_000, 'timed out']);
});
