// One request and another one's run, in workerd by its own config: whatever the one does to the other, neither hangs, and nothing of the one is
// called in the other's turn.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { begin, clientOf, collect, isEnd, until } from './client.mjs';
import { dates, startWorkerd } from './workerd-process.mjs';

const durable = (events) => events.filter(({ transient }) => transient !== true);
const numbers = (events) => durable(events).map(({ seq }) => seq);
const countTo = (count) => Array.from({ length: count }, (_, index) => index + 1);
/** Of a run that only an abort ends. */
const long = { ms: 1e9 };
const lastOf = (events) => events.at(-1);

const [, newest] = dates;
const ways = [
  ...dates.map((date) => ({ name: `by the rules of ${date}`, date })),
  { name: 'by entries/inline.js', date: newest, entry: 'inline' },
  { name: 'in a Durable Object', date: newest, isObject: true },
];
for (const { name, ...how } of ways) {
  describe(name, () => {
    let workerd;
    let ask;
    let read;
    before(async () => {
      workerd = await startWorkerd(how);
      ({ ask, read } = clientOf(workerd.origin));
    });
    after(async () => {
      await workerd.stop();
      assert.doesNotMatch(workerd.printed(), /hung|different request/);
    });

    for (const app of ['none', 'memory', 'store']) {
      test(`${app}: attached readers get every event in order, and the run's result, while they and the run last`, async () => {
        const query = { app, session: `attached, ${app}` };
        const run = await begin(read('run', query));
        const readers = [await begin(read('attach', query)), await begin(read('attach', query))];
        const result = await begin(read('result', query));
        await ask('end', query);
        const events = await run.rest;
        assert.equal(lastOf(events).type, 'run.completed');
        assert.deepEqual(numbers(events), countTo(durable(events).length));
        for (const reader of readers) assert.deepEqual(durable(await reader.rest), durable(events));
        const { status, log } = lastOf(await result.rest);
        assert.equal(status, 'completed');
        assert.deepEqual(log, log.map((_, index) => index));
      });

      test(`${app}: cancel ends another request's run, in that one's own turn`, async () => {
        const query = { app, session: `cancelled, ${app}`, input: long };
        const run = await begin(read('run', query, { body: 'the body' }));
        const reader = await begin(read('attach', query));
        assert.equal(await ask('cancel', query), true);
        const events = await run.rest;
        assert.deepEqual([lastOf(events).type, lastOf(events).reason], ['run.cancelled', 'another request']);
        assert.deepEqual(durable(await reader.rest), durable(events));
        assert.equal(await ask('witnessed', query), 'own turn');
        assert.equal(await ask('cancel', query), false);
      });

      test(`${app}: whoever waits for a session gets it in its turn`, async () => {
        const query = { app, session: `waited for, ${app}` };
        const waits = { ...query, input: { steps: 2 }, options: { whenBusy: 'wait' } };
        const run = await begin(read('run', query));
        assert.equal(await ask('invoke', query).catch(({ code }) => code), 'SESSION_BUSY');
        const next = collect(read('run', waits));
        const nextButOne = ask('invoke', waits);
        await ask('end', query);
        assert.equal(lastOf(await run.rest).type, 'run.completed');
        const events = await next;
        assert.equal(lastOf(events).type, 'run.completed');
        assert.equal((await nextButOne).isDone, true);
      });

      test(`${app}: a thief gets the session, and the robbed run ends in its own turn`, async () => {
        const query = { app, session: `stolen, ${app}`, input: long };
        const run = await begin(read('run', query, { body: 'the body' }));
        const state = await ask('invoke', { ...query, input: { steps: 3, ms: 1 }, options: { whenBusy: 'steal', ...(app !== 'none' && { abandon: true }) } });
        assert.equal(state.isDone, true);
        const last = lastOf(await run.rest);
        assert.deepEqual([last.type, last.error.code], ['run.failed', 'CHECKPOINT_CONFLICT']);
        assert.equal(await ask('witnessed', query), 'own turn');
      });
    }

    for (const app of ['memory', 'store']) {
      test(`${app}: a run that tells much waits for the reader of another request, which loses nothing`, async () => {
        // One that hears nothing of its reader goes on after 5 s each time.
        const query = { app, session: `much, ${app}`, input: { steps: 6, says: 1500, ms: 50 }, options: { timeoutMs: 20_000 } };
        const state = ask('invoke', query);
        await until(() => ask('owner', query), (owner) => owner?.here === true);
        const told = durable(await collect(read('attach', query)));
        assert.equal((await state).log.length, 6);
        assert.deepEqual(numbers(told), countTo(told.length));
        assert.equal(told.filter(({ type }) => type === 'message').length, 6 * 1500);
      });

      test(`${app}: a follower gets every durable event without a gap, and getState what is stored`, async () => {
        const query = { app, session: `followed, ${app}` };
        const run = await begin(read('run', query));
        const following = collect(read('follow', query), isEnd);
        assert.equal((await ask('getState', query)).sessionId, query.session);
        await ask('end', query);
        const events = await run.rest;
        assert.deepEqual(await following, durable(events));
        assert.deepEqual(numbers(events), countTo(durable(events).length));
      });
    }

    test('closing the checkpointer ends the runs and the followers of other requests', async () => {
      const query = { app: 'closing', session: 'closed', input: long };
      const run = await begin(read('run', query, { body: 'the body' }));
      const following = collect(read('follow', query));
      await ask('close', query);
      const last = lastOf(await run.rest);
      assert.deepEqual([last.type, last.error.code], ['run.failed', 'CHECKPOINT_UNAVAILABLE']);
      assert.equal((await following).some(isEnd), false);
      assert.equal(await ask('witnessed', query), 'own turn');
    });
  });

  describe(`${name}, in the build with test hooks`, () => {
    test('a panic in one request ends the runs of others in their own turns, and what comes next works', async () => {
      const workerd = await startWorkerd({ ...how, pkg: join(root, 'build/pkg-hooks') });
      try {
        const { ask, read } = clientOf(workerd.origin);
        const resumed = { session: 'resumed' };
        const broken = await begin(read('run', resumed));
        for (const app of ['none', 'memory']) {
          const query = { app, session: `trapped, ${app}`, input: long };
          const run = await begin(read('run', query, { body: 'the body' }));
          const reader = await begin(read('attach', query));
          assert.equal(await ask('panic').catch(({ code }) => code), 'ENGINE_PANICKED');
          for (const events of [await run.rest, await reader.rest]) {
            assert.deepEqual([lastOf(events).type, lastOf(events).error.code], ['run.failed', 'ENGINE_PANICKED']);
            assert.equal(events.filter(isEnd).length, 1);
          }
          assert.equal(await ask('witnessed', query), 'own turn');
          assert.equal(lastOf(await collect(read('run', { app, session: 'next', input: { steps: 2 } }))).type, 'run.completed');
        }
        assert.equal(lastOf(await broken.rest).error.code, 'ENGINE_PANICKED');
        await ask('end', resumed);
        assert.equal(lastOf(await collect(read('resume', resumed))).type, 'run.completed');
      } finally {
        await workerd.stop();
      }
      assert.doesNotMatch(workerd.printed(), /hung|different request/);
    });
  });
}
