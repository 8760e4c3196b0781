// Readers that lag, without a store: a run that waits for them, and a reader that loses its oldest events and is told so exactly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chain, collect, deferred, loop, ManualClock, turn, types, until } from './graphs.mjs';

const STEPS = 40;
/** A run of many steps, two messages each: 6 events a step, and the first and the last. */
const ticking = (options, steps = STEPS) => {
  let rounds = 0;
  const node = (_, ctx) => {
    rounds += 1;
    ctx.emit('s', `${rounds}a`);
    ctx.emit('s', `${rounds}b`);
  };
  const run = loop(steps, node).compile().invokeStreaming({}, options);
  return { run, total: steps * 6 + 2, rounds: () => rounds };
};

/** Nothing is missing but what gaps tell, to the number. Returns how many are missing. */
function assertAccounted(events, total) {
  let expected = 1;
  let lost = 0;
  for (const event of events) {
    if (event.type === 'stream.gap') {
      assert.deepEqual([event.from, event.count, event.transient], [expected, event.to - event.from + 1, true]);
      expected = event.to + 1;
      lost += event.count;
    } else if (event.transient !== true) {
      assert.equal(event.seq, expected);
      expected += 1;
    }
  }
  assert.equal(expected, total + 1);
  return lost;
}

for (const capacity of [1, 2, 3, 5, 64, 1024]) {
  test(`wait: the run never runs ahead of its reader by more than a step (capacity ${capacity})`, async () => {
    const { run, total, rounds } = ticking({ events: { capacity } });
    const events = [];
    let ahead = 0;
    for await (const event of run) {
      events.push(event);
      if (event.type === 'step.started') ahead = Math.max(ahead, rounds() - event.step);
      await turn();
    }
    assert.equal(assertAccounted(events, total), 0);
    assert.equal(events.length, total);
    // What is queued, and what this reader has pulled but not taken.
    assert.ok(ahead <= Math.ceil((capacity * 1.25) / 6) + 1, `${ahead} steps ahead`);
  });
}

test('wait: the run goes on when the queue is at half', async () => {
  const { run, rounds } = ticking({ events: { capacity: 12 } });
  const reader = run[Symbol.asyncIterator]();
  await reader.next();
  for (let turns = 0; turns < 10; turns += 1) await turn();
  const held = rounds();
  assert.ok(held >= 2 && held <= 4, `${held}`);
  let taken = 0;
  for (; rounds() === held; taken += 1) {
    await reader.next();
    await turn();
  }
  assert.ok(taken >= 6 && taken <= 15, `${taken}`);
  await reader.return();
  assert.equal((await run.result).steps, STEPS);
});

test('wait: a run that nobody reads, or has left, never waits', async () => {
  const unread = ticking({ events: { capacity: 1 } }).run;
  const reader = unread.events({ overflow: 'wait', capacity: 1 });
  assert.equal((await unread.result).steps, STEPS);
  assert.equal((await collect(reader)).length, 2);

  for (const leave of [(it) => it.return(), (_, controller) => controller.abort()]) {
    const controller = new AbortController();
    const { run } = ticking({ events: { capacity: 1, signal: controller.signal } });
    const it = run[Symbol.asyncIterator]();
    await it.next();
    await turn();
    assert.equal(run.status, 'running');
    await leave(it, controller);
    await until(() => run.status === 'completed', 'the end');
  }
});

test('wait: join, result and cancel inside the loop do not wait for the loop', async () => {
  for (const [ask, status] of [[(run) => run.join(), 'completed'], [(run) => run.result, 'completed'], [(run) => run.cancel(), 'cancelled']]) {
    const { run } = ticking({ events: { capacity: 2 } });
    const events = [];
    for await (const event of run) {
      events.push(event);
      if (events.length === 3) await ask(run);
    }
    assert.equal(run.status, status);
    assert.equal(events.at(-1).type, `run.${status}`);
    const lost = assertAccounted(events, events.at(-1).seq);
    assert.equal(events.filter(({ type }) => type !== 'stream.gap').length + lost, events.at(-1).seq);
    if (status === 'completed') assert.ok(lost > 0 && events.length <= 3 + 1 + 32, `${events.length}`);
  }
});

test('wait: within one step the queue may reach 16 capacities, then the oldest go', async () => {
  for (const [count, lost] of [[28, 0], [29, 1], [100, 72]]) {
    // Behind run.started, which is taken: step.started, node.started, the messages, node.completed and step.completed.
    const app = chain({ a: async (_, ctx) => { await turn(); for (let n = 0; n < count; n += 1) ctx.emit('s', `${n}`); } }).compile();
    const run = app.invokeStreaming({}, { events: { capacity: 2 } });
    const reader = run[Symbol.asyncIterator]();
    const events = [(await reader.next()).value];
    for (let turns = 0; turns < 10; turns += 1) await turn();
    assert.deepEqual([run.status, reader.dropped], ['running', lost]);
    for await (const event of { [Symbol.asyncIterator]: () => reader }) events.push(event);
    assert.equal(assertAccounted(events, count + 6), lost);
    assert.equal(reader.dropped, lost);
  }
});

test('wait: ctx.flush() waits for room while a reader is full', async () => {
  const gate = deferred();
  let flushed = 0;
  const node = async (_, ctx) => {
    await ctx.flush();
    flushed = 1;
    for (let n = 0; n < 4; n += 1) ctx.emit('s', `${n}`);
    await ctx.flush();
    flushed = 2;
    await gate.promise;
  };
  const run = chain({ a: node }).compile().invokeStreaming({}, { events: { capacity: 4 } });
  const reader = run[Symbol.asyncIterator]();
  for (let count = 0; count < 3; count += 1) await reader.next();
  for (let turns = 0; turns < 10; turns += 1) await turn();
  assert.equal(flushed, 1);
  await reader.next();
  await turn();
  assert.equal(flushed, 1);
  await reader.next();
  await until(() => flushed === 2, 'room at half');
  gate.resolve();
  await reader.return();
  await run.join();

  const unread = chain({ a: node }).compile().invokeStreaming({}, { events: { capacity: 1 } });
  await unread.join();
});

test('wait: the slowest of two readers sets the pace', async () => {
  const { run, total } = ticking({ events: { capacity: 6 } });
  const slow = run.events({ overflow: 'wait', capacity: 1 });
  await slow.next();
  let fast = 0;
  const reading = (async () => {
    for await (const event of run) fast = event.seq;
  })();
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.ok(fast <= 8, `${fast}`);
  for await (const { seq } of slow) {
    assert.ok(fast <= seq + 13, `${fast} ${seq}`);
    await turn();
  }
  await reading;
  assert.equal(fast, total);
});

test('wait: a reader that is full and silent for 30 s turns to drop, with a diagnostic', async () => {
  const clock = new ManualClock();
  const { run, total } = ticking({ clock, events: { capacity: 4 } });
  const others = run.events();
  const reader = run[Symbol.asyncIterator]();
  assert.equal((await reader.next()).value.seq, 1);
  await clock.advance(29_999);
  assert.equal(run.status, 'running');
  await clock.advance(1);
  await until(() => run.status === 'completed', 'the end');
  assert.equal(clock.pending, 0);
  const diagnostics = (await collect(others)).filter(({ type }) => type === 'diagnostic');
  assert.equal(diagnostics.length, 1);
  assert.deepEqual([diagnostics[0].scope, diagnostics[0].transient, 'node' in diagnostics[0]], ['stream', true, false]);
  assert.match(diagnostics[0].message, /30 s/);
  const rest = await collect({ [Symbol.asyncIterator]: () => reader });
  assert.deepEqual(types(rest)[0], 'stream.gap');
  assert.equal(rest.length, 1 + 4);
  assert.deepEqual([rest[0].from, rest[0].to, rest[0].count], [2, total - 4, total - 5 + 1], 'the diagnostic is lost, too');
  assert.equal(reader.dropped, rest[0].count);
});

test('wait: a reader that takes its time with what it pulled is not silent', async () => {
  const clock = new ManualClock();
  const { run, total } = ticking({ clock, events: { capacity: 120 } });
  let count = 0;
  for await (const { type } of run) {
    assert.ok(type !== 'diagnostic' && type !== 'stream.gap');
    count += 1;
    await clock.advance(5_000);
  }
  assert.equal(count, total);
});

test('drop: the oldest go, and the gap says exactly which', async () => {
  const { run, total } = ticking();
  const reader = run.events({ capacity: 3 });
  await run.join();
  assert.equal(reader.dropped, total - 3);
  const events = await collect(reader);
  assert.equal(events.length, 4);
  assert.deepEqual([events[0].from, events[0].to, events[0].count, events[0].seq], [1, total - 3, total - 3, total - 3]);
  assert.equal(assertAccounted(events, total), total - 3);
  assert.equal(reader.dropped, total - 3);
});

test('drop: gaps fit between what arrives, and dropped counts them while the run lives and after leaving', async () => {
  const { run, total } = ticking({}, 300);
  const pace = run.events({ overflow: 'wait', capacity: 6 });
  const reader = run.events({ capacity: 7 });
  const events = [];
  let count = 0;
  for await (const _ of pace) {
    count += 1;
    if (count % 13 === 0) for (let taken = 0; taken < 5; taken += 1) events.push((await reader.nextTimeout(0)) ?? { transient: true });
  }
  for await (const event of reader) events.push(event);
  const lost = assertAccounted(events, total);
  assert.ok(lost > 0);
  assert.equal(reader.dropped, lost);

  const again = ticking();
  const left = again.run.events({ capacity: 1 });
  await again.run.events({ overflow: 'wait', capacity: 200 }).next();
  await turn();
  const { dropped } = left;
  assert.ok(dropped > 0);
  await left.return();
  assert.equal(left.dropped, dropped);
  await again.run.cancel();
  assert.equal(left.dropped, dropped);
});

test('a run that is read late keeps its newest events, up to capacity', async () => {
  const { run, total } = ticking({ events: { capacity: 10 } });
  await run.join();
  const events = await collect(run);
  assert.equal(events.length, 11);
  assert.equal(assertAccounted(events, total), total - 10);
});
