// Readers that begin at a number: while the run lives and after its end, with a store and without; and readers that lag behind their log.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { last, MemoryCheckpointer } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, loop, ManualClock, short, turn, types, until } from './graphs.mjs';

const tick = (_, ctx) => {
  ctx.emit('s', `${ctx.step}`);
  ctx.token('t');
};
/** 6 durable events a step, and the first and the last. */
const ticking = (steps, options, runOptions) => {
  const app = loop(steps, tick).compile(options);
  return { app, run: app.invokeStreaming({}, runOptions), total: steps * 6 + 2 };
};
const durable = (events) => events.filter(({ transient }) => transient !== true);
const numbers = (events) => durable(events).map(({ seq }) => seq);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const stores = { 'without a store': () => ({}), 'with a store': () => ({ checkpointer: new MemoryCheckpointer() }) };

for (const [where, options] of Object.entries(stores)) {
  test(`after, ${where}: what is behind it, then live, without gap or repeat`, async () => {
    const { run, total } = ticking(30, options());
    const readers = [[0, collect(run.events({ after: 0, capacity: 10_000 }))]];
    for await (const event of run) {
      if (event.type === 'step.started' && event.step % 7 === 0) {
        for (const after of [0, '17', '17~1', event.seq - 3, event.seq]) readers.push([after, collect(run.events({ after, capacity: 10_000 }))]);
        await turn();
      }
    }
    for (const after of [0, 5, total - 1, total]) readers.push([after, collect(run.events({ after }))]);
    for (const [after, reading] of readers) assert.deepEqual(numbers(await reading), range(Number.parseInt(after) + 1, total), `after ${after}`);
  });

  test(`after, ${where}: a number that was never reached is told by stream.reset`, async () => {
    const { run, total } = ticking(2, options());
    await run.join();
    const events = await collect(run.events({ after: total + 5 }));
    assert.deepEqual(events.map(({ type, after, transient, runId }) => [type, after, transient, runId]), [['stream.reset', total, true, run.id]]);
    assert.deepEqual(types(await collect(run.events({ after: total + 5, filter: 'minimal' }))), ['stream.reset']);

    const gate = deferred();
    const live = chain({ a: () => gate.promise }).compile(options()).invokeStreaming();
    await turn();
    const reading = collect(live.events({ after: 99 }));
    await turn();
    gate.resolve();
    const heard = await reading;
    assert.equal(heard[0].type, 'stream.reset');
    assert.equal(heard.at(-1).type, 'run.completed');
    assert.deepEqual(numbers(heard), range(heard[0].after + 1, heard.at(-1).seq));
  });

  test(`after, ${where}: the filter holds for what is replayed, too`, async () => {
    const { run } = ticking(5, options());
    await run.join();
    assert.deepEqual(types(await collect(run.events({ after: 0, filter: 'minimal' }))), ['run.started', 'run.completed']);
    assert.deepEqual(types(await collect(run.events({ after: 4, filter: (event) => event.type === 'message' && event.message === '2' }))), ['message', 'run.completed']);
  });
}

test('without a store a run keeps as many events as its capacity; what is gone is told', async () => {
  const { run, total } = ticking(100, {}, { events: { capacity: 20 } });
  await run.join();
  const late = await collect(run.events({ after: 5 }));
  assert.equal(late[0].type, 'stream.reset');
  assert.deepEqual(numbers(late), range(late[0].after + 1, total));
  assert.ok(late.length > 10 && late.length <= 21);
  const own = await collect(run);
  assert.equal(own[0].type, 'stream.gap');
  assert.deepEqual(numbers(own), range(own[0].to + 1, total));
});

test('with a store every durable event of a long run is there for whoever comes late', async () => {
  const { run, total } = ticking(900, { checkpointer: new MemoryCheckpointer() }, { events: { capacity: 16 } });
  await run.join();
  const [own, other, some] = await Promise.all([collect(run), collect(run.events({ after: 0 })), collect(run.events({ after: 3000, capacity: 1 }))]);
  assert.deepEqual(numbers(own), range(1, total));
  assert.deepEqual(numbers(other), range(1, total));
  assert.deepEqual(numbers(some), range(3001, total));
  assert.ok(own.every(({ type }) => type !== 'stream.gap'));
});

for (const overflow of ['drop', 'wait']) {
  for (const capacity of [1, 2, 7]) {
    test(`${overflow}, capacity ${capacity}, with a store: a reader that lags is refilled, and loses transient events only`, async () => {
      const { run, total } = ticking(60, { checkpointer: new MemoryCheckpointer() });
      const pace = run.events({ overflow: 'wait', capacity: 3 });
      const reader = run.events({ overflow, capacity });
      const whole = run.events({ capacity: 10_000 });
      const events = [];
      const reading = (async () => {
        for await (const event of reader) {
          events.push(event);
          if (event.seq % 20 === 0) for (let turns = 0; turns < 5; turns += 1) await turn();
        }
      })();
      for await (const _ of pace) await turn();
      await reading;
      assert.deepEqual(numbers(events), range(1, total));
      const transient = (list) => list.filter((event) => event.transient === true).length;
      assert.equal(reader.dropped, transient(await collect(whole)) - transient(events));
      if (overflow === 'drop' && capacity === 1) assert.ok(reader.dropped > 0);
    });
  }
}

test('a waiting reader that one step runs over by far is refilled, and the run waits for it', async () => {
  let isDone = false;
  const big = async (_, ctx) => {
    await turn();
    for (let n = 0; n < 500; n += 1) ctx.emit('s', `${n}`);
  };
  const app = chain({ a: big, b: () => void (isDone = true) }).compile({ checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming({}, { events: { capacity: 2 } });
  const reader = run[Symbol.asyncIterator]();
  const events = [(await reader.next()).value];
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(isDone, false);
  for await (const event of { [Symbol.asyncIterator]: () => reader }) {
    events.push(event);
    if (event.seq === 400) assert.equal(isDone, false);
    if (event.seq % 50 === 0) await turn();
  }
  assert.deepEqual(numbers(events), range(1, events.at(-1).seq));
  assert.equal(events.at(-1).type, 'run.completed');
});

test('in a session, 0 is the start of the run, and any other number one that counts over all runs', async () => {
  const checkpointer = new MemoryCheckpointer();
  const first = ticking(3, { checkpointer }, { sessionId: 's' });
  await first.run.join();
  const second = first.app.invokeStreaming({}, { sessionId: 's', events: { capacity: 4 } });
  const [live, earlier] = [collect(second.events({ after: 0 })), collect(second.events({ after: 5 }))];
  await second.join();
  for (const events of [await live, await collect(second.events({ after: 0 })), await collect(second)]) {
    assert.ok(events.every(({ runId }) => runId === second.id));
    assert.deepEqual(numbers(events), range(first.total + 1, first.total * 2));
  }
  for (const events of [await earlier, await collect(second.events({ after: 5 }))]) {
    assert.deepEqual(numbers(events), range(6, first.total * 2));
    assert.deepEqual([events[0].runId, events.at(-1).runId], [first.run.id, second.id]);
  }
});

test('events of an unfinished step are stored and shown within 8 ms if someone reads', async () => {
  for (const opens of ['before', 'after']) {
    const clock = new ManualClock();
    const gate = deferred();
    const app = chain({ a: async (_, ctx) => { await turn(); ctx.emit('s', 'now'); await gate.promise; } }).compile({ checkpointer: new MemoryCheckpointer(), clock });
    const run = app.invokeStreaming();
    const heard = [];
    const read = async () => {
      for await (const event of run) heard.push(short(event));
    };
    const early = opens === 'before' ? read() : undefined;
    for (let turns = 0; turns < 5; turns += 1) await turn();
    const reading = early ?? read();
    await turn();
    assert.ok(!heard.includes('4 message a#0/1'));
    await clock.advance(8);
    assert.deepEqual(heard.slice(-2), ['3 node.started a#0/1', '4 message a#0/1'], opens);
    gate.resolve();
    await reading;
  }
});

test('ctx.flush() stores at once what is pending', async () => {
  const gate = deferred();
  const app = chain({ a: async (_, ctx) => { ctx.emit('s', 'now'); await ctx.flush(); await gate.promise; } }).compile({ checkpointer: new MemoryCheckpointer(), clock: new ManualClock() });
  const run = app.invokeStreaming();
  for await (const event of run) if (event.type === 'message') gate.resolve();
  assert.equal(run.status, 'completed');
});

test('a reader that comes for events that pruning took is told by stream.reset', async () => {
  const app = loop(60, (_, ctx) => ({ log: `${ctx.step} ${'x'.repeat(20_000)}` }), { log: last() }).compile({ checkpointer: new MemoryCheckpointer({ keepLast: 1 }) });
  const run = app.invokeStreaming({}, { events: { capacity: 4 } });
  await run.join();
  const events = await collect(run.events({ after: 0 }));
  assert.equal(events[0].type, 'stream.reset');
  assert.ok(events[0].after > 100);
  assert.deepEqual(numbers(events), range(events[0].after + 1, events.at(-1).seq));
  assert.equal(events.at(-1).type, 'run.completed');
});

test('a store that is lost ends its readers with one transient run.failed, lagging ones too', async () => {
  const checkpointer = new MemoryCheckpointer();
  const gate = deferred();
  const app = loop(20, async (_, ctx) => { tick(_, ctx); if (ctx.step === 10) await gate.promise; }).compile({ checkpointer });
  const run = app.invokeStreaming();
  const lagging = run.events({ capacity: 1 });
  const reading = collect(run);
  await until(() => run.status === 'running' && app.attach(run.sessionId) !== null);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  await checkpointer.close();
  gate.resolve();
  const events = await reading;
  assert.deepEqual([events.at(-1).type, events.at(-1).transient, events.at(-1).error.code], ['run.failed', true, 'CHECKPOINT_UNAVAILABLE']);
  assert.equal(events.filter(({ type }) => type === 'run.failed').length, 1);
  assert.equal((await failure(run.join())).code, 'CHECKPOINT_UNAVAILABLE');
  const error = await failure(collect(lagging));
  assert.equal(error.code, 'CHECKPOINT_UNAVAILABLE');
  assert.equal(lagging.tryNext(), undefined);
});
