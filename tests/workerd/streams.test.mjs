// Streams of many requests at once, and of clients that go away, in workerd by its own config, on one app at module scope.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { begin, clientOf, collect, isEnd, until } from './client.mjs';
import { dates, startWorkerd } from './workerd-process.mjs';
import { caseNames } from '../behaviour/suite.mjs';

const countTo = (count) => Array.from({ length: count }, (_, index) => index + 1);
const messagesOf = (events) => events.filter(({ type }) => type === 'message').map(({ message }) => message);

/** A run whose client goes away after its first message, which is found out as the next one is sent. */
async function abandon(read, query) {
  const client = new AbortController();
  const run = await begin(read('run', query, { signal: client.signal }));
  client.abort();
  await assert.rejects(run.rest, { name: 'AbortError' });
}

for (const date of dates) {
  describe(`by the rules of ${date}`, () => {
    let workerd;
    let ask;
    let read;
    before(async () => {
      workerd = await startWorkerd({ date, flags: ['enable_request_signal'] });
      ({ ask, read } = clientOf(workerd.origin));
    });
    after(async () => {
      await workerd.stop();
      assert.doesNotMatch(workerd.printed(), /hung|different request/);
    });

    test('the behaviour suite passes', async () => {
      const { passed, failed } = await ask('suite');
      assert.deepEqual(failed, []);
      assert.deepEqual(passed, caseNames);
    });

    for (const app of ['none', 'memory']) {
      test(`${app}: 200 requests stream each its own run at once; what comes, comes while it runs`, async () => {
        const queries = countTo(200).map((number) => ({ app, session: `${app} ${number}`, input: { ms: 500 } }));
        // Each run goes on until it is told to end, and none is told before all have sent something.
        const runs = await Promise.all(queries.map((query) => begin(read('run', query))));
        await Promise.all(queries.map((query) => ask('end', query)));
        for (const [index, run] of runs.entries()) {
          const events = await run.rest;
          const durable = events.filter(({ transient }) => transient !== true);
          assert.deepEqual(durable.map(({ seq }) => seq), countTo(durable.length));
          const messages = messagesOf(events);
          assert.deepEqual(messages, messages.map((_, at) => `${queries[index].session} ${at}`));
          assert.ok(durable.every(({ sessionId }) => sessionId === queries[index].session));
          assert.equal(events.at(-1).type, 'run.completed');
        }
      });
    }

    test('a client that goes away leaves its session to whoever comes next, and others alone', async () => {
      const other = { app: 'memory', session: 'stays' };
      const gone = { app: 'memory', session: 'gone' };
      const staying = await begin(read('run', other));
      const abandoned = abandon(read, gone);
      const waiting = ask('invoke', { ...other, input: { steps: 2 }, options: { whenBusy: 'wait' } });
      // One in the line goes away too.
      const client = new AbortController();
      const left = assert.rejects(collect(read('run', { ...other, options: { whenBusy: 'wait' } }, { signal: client.signal })), { name: 'AbortError' });
      await abandoned;
      // What it stored is told before and after its end.
      const following = collect(read('follow', gone), isEnd);
      client.abort();
      await left;
      await until(() => ask('owner', gone), (owner) => owner === null);
      await ask('end', gone);
      const resumed = await collect(read('resume', gone));
      assert.equal(resumed.at(-1).type, 'run.completed');
      const events = await following;
      assert.deepEqual(events.map(({ seq }) => seq), countTo(events.length));
      await ask('end', other);
      assert.equal((await staying.rest).at(-1).type, 'run.completed');
      assert.equal((await waiting).isDone, true);
    });

    test('readers of a run whose client went away are told, and so is who waits for its session', async () => {
      const query = { app: 'none', session: 'left' };
      const client = new AbortController();
      const run = await begin(read('run', query, { signal: client.signal }));
      const reader = await begin(read('attach', query));
      client.abort();
      await assert.rejects(run.rest, { name: 'AbortError' });
      const waiting = ask('invoke', { ...query, input: { steps: 2 }, options: { whenBusy: 'wait' } });
      const last = (await reader.rest).at(-1);
      assert.deepEqual([last.type, last.error.code], ['run.failed', 'CHECKPOINT_CONFLICT']);
      assert.equal((await waiting).isDone, true);
    });

    test('with its signal and waitUntil a run is cancelled as its client goes away', async () => {
      const query = { app: 'memory', session: 'bound', options: { isBound: true } };
      await abandon(read, query);
      assert.equal((await until(() => ask('getState', query), (state) => state.status !== 'running')).status, 'cancelled');
      assert.equal(await ask('owner', query), null);
    });

    test('nothing grows as clients go away', async () => {
      // What is kept grows with each round; what is freed is used again, sooner or later.
      const sizes = [];
      while (sizes.length < 6 && (sizes.length < 2 || sizes.at(-1) !== sizes.at(-2))) {
        await Promise.all(countTo(50).map((number) => abandon(read, { app: 'memory', session: `gone in round ${sizes.length} ${number}` })));
        await until(() => ask('owned'), (count) => count === 0);
        sizes.push(await ask('memory'));
      }
      assert.equal(sizes.at(-1), sizes.at(-2), sizes.join(', '));
    });
  });
}

test('in a Durable Object a run goes on as its client goes away', async () => {
  const workerd = await startWorkerd({ date: dates.at(-1), isObject: true });
  try {
    const { ask, read } = clientOf(workerd.origin);
    const query = { app: 'memory', session: 'alone' };
    await abandon(read, query);
    await ask('end', query);
    assert.equal((await until(() => ask('getState', query), (state) => state.status !== 'running')).status, 'completed');
  } finally {
    await workerd.stop();
  }
});
