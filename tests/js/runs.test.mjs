// Starting, holding, cancelling and ending runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, MemoryCheckpointer, RunCancelled } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, fan, ManualClock, short, turn, types } from './graphs.mjs';

const never = () => new Promise(() => {});

test('no user code runs before the call has returned', async () => {
  const calls = [];
  const note = (name) => () => void calls.push(name);
  const app = chain({ a: note('node') }, { log: append({ key: (item) => (calls.push('key'), item) }) }).compile({ clock: { now: () => (calls.push('clock'), 1) } });
  const stored = app.invokeStreaming({ log: 1 }, { checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming({ log: 1 });
  const invoked = app.invoke({ log: 1 });
  assert.deepEqual(calls, []);
  assert.equal(run.status, 'running');
  await Promise.all([run.join(), invoked, stored.join()]);
  assert.deepEqual([calls.filter((call) => call === 'node').length, calls.filter((call) => call === 'key').length], [3, 3]);
});

test('the input is copied as it is given', async () => {
  const input = { log: [{ n: 1 }] };
  const run = chain({ a: () => undefined }).compile().invokeStreaming(input);
  input.log[0].n = 2;
  input.log.push('late');
  assert.deepEqual((await run.join()).log, [{ n: 1 }]);
  assert.equal(Object.isFrozen(input.log), false);
});

test('a run tells its ids, status, state and result', async () => {
  const gate = deferred();
  const app = chain({ a: () => ({ log: 'a' }), b: () => gate.promise }).compile();
  const run = app.invokeStreaming({ log: 'in' }, { runId: 'r', sessionId: 's' });
  assert.deepEqual([run.id, run.sessionId, run.status, run.state], ['r', 's', 'running', { log: [] }]);
  await turn();
  assert.deepEqual([run.status, run.state], ['running', { log: ['in', 'a'] }]);
  gate.resolve({ log: 'b' });
  const { durationMs, ...result } = await run.result;
  assert.deepEqual(result, { status: 'completed', runId: 'r', sessionId: 's', steps: 2, reason: 'end', waiting: [], state: { log: ['in', 'a', 'b'] } });
  assert.ok(durationMs >= 0);
  assert.deepEqual([run.status, run.state, await run.join()], ['completed', result.state, result.state]);
  assert.equal(await run.result, await run.result);
});

test('fresh ids are unique, and a given one is free again after the run', async () => {
  const app = chain({ a: () => undefined }).compile();
  const runs = Array.from({ length: 100 }, () => app.invokeStreaming());
  assert.equal(new Set(runs.flatMap((run) => [run.id, run.sessionId])).size, 200);
  await Promise.all(runs.map((run) => run.join()));
  for (let round = 0; round < 3; round += 1) await app.invoke({}, { runId: 'r', sessionId: 's' });
});

test('attach finds the active run of a session, with its events from the first on', async () => {
  for (const options of [{}, { checkpointer: new MemoryCheckpointer() }]) {
    const gate = deferred();
    const app = chain({ a: () => gate.promise }).compile(options);
    assert.equal(app.attach('s'), null);
    const invoked = app.invoke({}, { sessionId: 's', runId: 'r' });
    const early = app.attach('s');
    assert.deepEqual([early.id, early.status], ['r', 'running']);
    const reading = collect(early);
    await turn();
    const late = app.attach('s');
    gate.resolve();
    await invoked;
    const expected = ['run.started', 'step.started', 'node.started', 'node.completed', 'step.completed', ...(options.checkpointer ? ['checkpoint.saved'] : []), 'run.completed'];
    assert.deepEqual(types(await reading), expected);
    assert.deepEqual(types(await collect(late)), expected);
    assert.equal((await late.result).runId, 'r');
    assert.equal(app.attach('s'), null);
  }
  const gate = deferred();
  const app = chain({ a: () => gate.promise }).compile();
  const run = app.invokeStreaming({}, { sessionId: 's', checkpointer: new MemoryCheckpointer() });
  assert.equal(app.attach('s').id, run.id);
  gate.resolve();
  await run.join();
});

test('who attaches to a run whose events nobody kept is told what is gone', async () => {
  const gate = deferred();
  const app = chain({ a: () => undefined, b: () => gate.promise }).compile();
  const invoked = app.invoke({}, { sessionId: 's' });
  await turn();
  const late = app.attach('s');
  const readings = [collect(late), collect(late.events({ after: 0 })), collect(late.events({ after: 3, filter: 'minimal' }))];
  gate.resolve();
  await invoked;
  const [own, replayed, few] = await Promise.all([...readings.slice(0, 2), collect(late.events({ after: 0 }))]);
  assert.deepEqual(own.map(short), ['7~ stream.gap', '8 node.completed b#0/1', '9 step.completed 2', '10 run.completed']);
  assert.deepEqual([own[0].from, own[0].to, own[0].count], [1, 7, 7]);
  for (const events of [replayed, few]) assert.deepEqual(events.map(short), ['7~ stream.reset', '8 node.completed b#0/1', '9 step.completed 2', '10 run.completed']);
  assert.deepEqual((await readings[2]).map(short), ['7~ stream.reset', '10 run.completed']);
});

test('cancel resolves when it is recorded, even if a node ignores its signal; what comes later is ignored', async () => {
  for (const options of [{}, { checkpointer: new MemoryCheckpointer() }]) {
    const gate = deferred();
    const app = fan({ a: () => ({ log: 'done' }), b: () => gate.promise }).compile(options);
    const run = app.invokeStreaming({}, { sessionId: 's' });
    await turn();
    await run.cancel('enough');
    assert.equal(run.status, 'cancelled');
    const result = await run.result;
    assert.deepEqual([result.status, result.reason, result.state, result.steps], ['cancelled', 'enough', { log: [] }, 0]);
    if (options.checkpointer) assert.equal((await app.getState('s')).status, 'cancelled');
    gate.resolve({ log: 'late' });
    await turn();
    assert.deepEqual(run.state, { log: [] });
  }
});

test('cancel twice, after the end and before the start', async () => {
  const run = chain({ a: never }).compile().invokeStreaming();
  await turn();
  await Promise.all([run.cancel('first'), run.cancel('second')]);
  await run.cancel('third');
  assert.equal((await run.result).reason, 'first');

  const done = chain({ a: () => undefined }).compile().invokeStreaming();
  await done.join();
  await done.cancel();
  assert.equal((await done.result).status, 'completed');

  let calls = 0;
  const checkpointer = new MemoryCheckpointer();
  const early = chain({ a: () => void (calls += 1) }).compile({ checkpointer }).invokeStreaming({}, { sessionId: 's' });
  await early.cancel();
  const events = await collect(early);
  assert.deepEqual([calls, types(events), events[0].transient, 'reason' in events[0]], [0, ['run.cancelled'], true, false]);
  assert.deepEqual(await checkpointer.listSessions(), []);
});

test('cancel aborts the signal of every node, and ends its sleeps', async () => {
  const seen = [];
  const watch = async (_, ctx) => {
    ctx.signal.addEventListener('abort', () => seen.push([ctx.node, ctx.signal.reason.code]));
    await ctx.sleep(1e9).catch((error) => seen.push([ctx.node, 'slept', error === ctx.signal.reason]));
    seen.push([ctx.node, 'late', ctx.signal.aborted]);
  };
  const run = fan({ a: watch, b: watch }).compile().invokeStreaming();
  await turn();
  await run.cancel();
  await turn();
  assert.deepEqual(seen.slice(0, 2), [['a', 'RUN_CANCELLED'], ['b', 'RUN_CANCELLED']]);
  assert.deepEqual(seen.slice(2).sort(), [['a', 'late', true], ['a', 'slept', true], ['b', 'late', true], ['b', 'slept', true]]);
});

test('a signal that is first read after the abort has aborted; one of a node that settled never does', async () => {
  let late;
  let settled;
  const run = chain({ a: (_, ctx) => void (settled = ctx), b: (_, ctx) => ((late = ctx), never()) }).compile().invokeStreaming();
  await turn();
  assert.equal(settled.signal.aborted, false);
  await run.cancel();
  assert.equal(late.signal.aborted, true);
  assert.ok(late.signal.reason instanceof RunCancelled);
  assert.equal(settled.signal.aborted, false);
});

test('the signal option cancels: at once, later, with a reason, or never if the run is over', async () => {
  const app = chain({ a: never }).compile();
  const already = app.invokeStreaming({}, { signal: AbortSignal.abort(new Error('too late')) });
  assert.deepEqual([(await already.result).status, (await already.result).reason], ['cancelled', 'too late']);
  for (const [reason, told] of [['text', 'text'], [undefined, 'This operation was aborted'], [Object.create(null), 'something that cannot be shown was thrown']]) {
    const controller = new AbortController();
    const run = app.invokeStreaming({}, { signal: controller.signal });
    await turn();
    controller.abort(reason);
    assert.deepEqual([(await run.result).status, (await run.result).reason], ['cancelled', told]);
  }
  const controller = new AbortController();
  const done = chain({ a: () => undefined }).compile().invokeStreaming({}, { signal: controller.signal });
  await done.join();
  controller.abort();
  assert.equal(done.status, 'completed');
});

test('a sleep that nobody awaits harms nothing: the run ends without it, and a cancel ends it in silence', async () => {
  const clock = new ManualClock();
  const done = chain({ a: (_, ctx) => void ctx.sleep(1e6) }).compile().invokeStreaming({}, { clock });
  assert.equal((await done.result).status, 'completed');
  const detached = chain({ a: (_, ctx) => void (async () => { await ctx.sleep(1e6); throw new Error('it went on'); })() }).compile().invokeStreaming({}, { clock });
  assert.equal((await detached.result).status, 'completed');
  const cut = chain({ a: (_, ctx) => (void ctx.sleep(1e6), never()) }).compile().invokeStreaming({}, { clock });
  await turn();
  await cut.cancel();
  await turn();
  assert.equal(clock.pending, 0);
});

test('context goes by reference, and is never copied, frozen or stored', async () => {
  const context = { client: new (class Client {})(), calls: [] };
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: (_, ctx) => void ctx.context.calls.push(ctx.context) }).compile({ checkpointer, context: 'default' });
  await app.invoke({}, { context, sessionId: 's' });
  assert.equal(context.calls[0], context);
  assert.equal(Object.isFrozen(context), false);
  assert.ok(!JSON.stringify(await app.getState('s')).includes('calls'));
  let seen;
  await chain({ a: (_, ctx) => void (seen = ctx.context) }).compile({ context: 'default' }).invoke();
  assert.equal(seen, 'default');
});

test('metadata is a frozen copy: in ctx, in run.started, and again after a resume', async () => {
  const metadata = { user: { name: 'u' } };
  const seen = [];
  const app = chain({ a: (_, ctx) => { seen.push(ctx.metadata); if (seen.length === 1) throw new Error('no'); } }).compile({ checkpointer: new MemoryCheckpointer() });
  const run = app.invokeStreaming({}, { metadata, sessionId: 's' });
  metadata.user.name = 'changed';
  await run.result;
  const [resumed] = await collect(app.resumeStreaming('s'));
  assert.deepEqual(seen, [{ user: { name: 'u' } }, { user: { name: 'u' } }]);
  assert.deepEqual([resumed.type, resumed.metadata], ['run.started', { user: { name: 'u' } }]);
  assert.throws(() => (seen[0].user.name = 'x'), TypeError);
  let none;
  await chain({ a: (_, ctx) => void (none = ctx.metadata) }).compile().invoke();
  assert.deepEqual(none, {});
});

test('ctx says where it is; the idempotency key is the same over attempts and resumes', async () => {
  const seen = [];
  let isBroken = true;
  const node = (_, ctx) => {
    seen.push([ctx.node, ctx.step, ctx.attempt, ctx.task, ctx.runId, ctx.sessionId, ctx.path, ctx.input, ctx.idempotencyKey]);
    if (isBroken) throw new Error('no');
  };
  const app = chain({ 'a#/b': [node, { retry: { maxAttempts: 2, initialDelayMs: 0 } }] }).compile({ checkpointer: new MemoryCheckpointer() });
  await failure(app.invoke({}, { runId: 'r', sessionId: 's/1' }));
  isBroken = false;
  await app.resume('s/1');
  const place = (attempt) => ['a#/b', 1, attempt, 0, 'r', 's/1', [], undefined, 's%2F1//1/a%23%2Fb#0'];
  assert.deepEqual(seen, [place(1), place(2), place(1)]);
});

test('many runs of one app at once', async () => {
  const runs = Array.from({ length: 200 }, (_, n) => chain({ a: async () => ({ log: n }), b: async (state) => { await turn(); return { log: state.log[0] * 2 }; } }).compile().invoke());
  assert.deepEqual((await Promise.all(runs)).map(({ log }) => log), Array.from({ length: 200 }, (_, n) => [n, n * 2]));
  const shared = chain({ a: async (state) => { await turn(); return { log: `${state.log[0]}!` }; } }).compile({ checkpointer: new MemoryCheckpointer() });
  const states = await Promise.all(Array.from({ length: 200 }, (_, n) => shared.invoke({ log: n })));
  assert.deepEqual(states.map(({ log }) => log), Array.from({ length: 200 }, (_, n) => [n, `${n}!`]));
});
