// AppRunner: sessions step by step, and sessions of many invocations.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, AppRunner, END, GraphBuilder, last, MemoryCheckpointer, merge, START, StateKey } from 'weavegraph-wasm';
import { MockClock } from 'weavegraph-wasm/testing';
import { chain, code, collect, deferred, failure, fan, turn, types, until } from './graphs.mjs';

/** a → b → c, each of which writes its name. */
const line = (options) => chain(Object.fromEntries(['a', 'b', 'c'].map((name) => [name, () => ({ log: name })]))).compile(options);
const words = ({ status, reason, ran, nextFrontier, step, done }) => `${status}${reason === undefined ? '' : ` ${reason.kind} ${reason.node ?? reason.step}`}: ${step} ${ran} → ${nextFrontier}${done ? ' done' : ''}`;

test('a session step by step; a finished one runs nothing more', async () => {
  const calls = [];
  const app = chain({ a: () => (calls.push('a'), { log: 'a' }), b: () => (calls.push('b'), { log: 'b' }) }).compile({ checkpointer: new MemoryCheckpointer() });
  const runner = new AppRunner(app);
  assert.deepEqual(await runner.createSession('s', { log: 'in' }), { resumed: false, step: 0 });
  assert.deepEqual(calls, []);
  const first = await runner.runStep('s');
  assert.deepEqual(first, { status: 'completed', step: 1, ran: ['a'], skipped: [], updatedChannels: ['log'], nextFrontier: ['b'], done: false, state: { log: ['in', 'a'] } });
  assert.equal(words(await runner.runStep('s')), 'completed: 2 b → __end__ done');
  for (let time = 0; time < 2; time += 1) {
    const { ran, done, step, state } = await runner.runStep('s');
    assert.deepEqual([ran, done, step, state], [[], true, 2, { log: ['in', 'a', 'b'] }]);
  }
  const { seq } = await app.getState('s');
  assert.deepEqual(await runner.runUntilComplete('s'), { log: ['in', 'a', 'b'] });
  assert.deepEqual([calls, (await app.getState('s')).seq], [['a', 'b'], seq], 'nor is anything written');
});

test('runUntilComplete goes on from wherever the session stands', async () => {
  const runner = new AppRunner(line());
  await runner.createSession('s');
  await runner.runStep('s');
  assert.deepEqual((await runner.runUntilComplete('s')).log, ['a', 'b', 'c']);
});

test('the session is stored with its input before anything runs, and another runner takes it up', async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = line({ checkpointer, durability: 'exit' });
  await new AppRunner(app).createSession('s', { log: 'in' });
  const { status, state, frontier, step } = await app.getState('s');
  assert.deepEqual([status, state, frontier, step], ['interrupted', { log: ['in'] }, ['a'], 0]);
  const other = new AppRunner(line({ checkpointer }));
  assert.deepEqual(await other.createSession('s'), { resumed: true, step: 0 });
  await other.runStep('s');
  assert.deepEqual(await new AppRunner(app).createSession('s'), { resumed: true, step: 1 });
  assert.deepEqual((await other.runUntilComplete('s')).log, ['in', 'a', 'b', 'c']);
});

test('a new input for a session that is there is an error, not ignored', async () => {
  const runner = new AppRunner(line());
  await runner.createSession('s', { log: 'in' });
  await assert.rejects(runner.createSession('s', { log: 'more' }), code('SESSION_UNFINISHED', /`s`.*invokeNext/));
  await assert.rejects(runner.createIterativeSession('s', { log: 'more' }), code('SESSION_UNFINISHED'));
  await runner.runUntilComplete('s');
  await assert.rejects(runner.createSession('s', { log: 'more' }), code('RUN_INVALID_OPTION', /`s`/));
  assert.deepEqual(await runner.createSession('s', {}), { resumed: true, step: 3 }, 'nothing is no input');
  assert.deepEqual((await runner.runUntilComplete('s')).log, ['in', 'a', 'b', 'c']);
});

test('bad input is refused before anything is stored, and a session that is not there is SESSION_NOT_FOUND', async () => {
  const checkpointer = new MemoryCheckpointer();
  const runner = new AppRunner(line({ checkpointer }));
  await assert.rejects(runner.createSession('s', { nowhere: 1 }), (error) => error.name === 'RunFailed' && error.code === 'STATE_UNKNOWN_CHANNEL');
  await assert.rejects(runner.createSession('s', { log: () => 1 }), code('STATE_NOT_CLONEABLE'));
  for (const call of [() => runner.runStep('s'), () => runner.runUntilComplete('s'), () => runner.invokeNext('s', {}), () => runner.finishIterativeSession('s')]) {
    assert.equal((await failure(call())).code, 'SESSION_NOT_FOUND');
  }
  assert.deepEqual(await checkpointer.listSessions(), []);
  for (const id of [undefined, '', 5]) assert.equal((await failure(runner.createSession(id))).code, 'RUN_INVALID_OPTION');
});

test('pauses: before, after, each step; none is repeated', async () => {
  const runner = new AppRunner(line());
  await runner.createSession('s');
  const pauses = { interruptBefore: ['a', 'c'], interruptAfter: ['b'] };
  const seen = [];
  for (let report; report?.done !== true; ) seen.push(words((report = await runner.runStep('s', pauses))));
  assert.deepEqual(seen, ['paused before a: 0  → a', 'completed: 1 a → b', 'paused after b: 2 b → c', 'completed: 3 c → __end__ done']);
  await runner.createSession('t');
  assert.equal(words(await runner.runStep('t', { interruptEachStep: true })), 'paused step 1: 1 a → b');
  assert.equal(words(await runner.runStep('t', { interruptBefore: ['c'], interruptEachStep: true })), 'paused before c: 2 b → c');
  assert.equal(words(await runner.runStep('t', { interruptBefore: ['c'], interruptEachStep: true })), 'completed: 3 c → __end__ done');
  await assert.rejects(runner.runStep('t', { interruptBefore: ['nobody'] }), code('RUN_INVALID_OPTION', /nobody/));
  await assert.rejects(runner.runStep('t', { interruptbefore: [] }), code('RUN_INVALID_OPTION', /interruptbefore/));
  for (const wrong of [null, 'c', { interruptEachStep: 1 }]) await assert.rejects(runner.runStep('t', wrong), code('RUN_INVALID_OPTION'));
  for (const wrong of [null, 5, { sessionId: 'other' }, { maxSteps: 'x' }]) await assert.rejects(runner.invokeNext('t', {}, wrong), code('RUN_INVALID_OPTION'));
});

test('a step that fails is told as a failure; the next call runs what did not finish', async () => {
  let isBroken = true;
  const calls = [];
  const app = fan({ a: () => (calls.push('a'), { log: 'a' }), b: () => (isBroken ? assert.fail('no') : { log: 'b' }) }).compile();
  const runner = new AppRunner(app);
  await runner.createSession('s');
  await assert.rejects(runner.runStep('s'), (error) => error.name === 'RunFailed' && error.code === 'NODE_THREW' && error.node === 'b');
  isBroken = false;
  assert.equal(words(await runner.runStep('s')), 'completed: 1 a,b → __end__ done');
  assert.deepEqual(calls, ['a']);
});

test('a node that asks is told as RunInterrupted, and its answer is given by the app', async () => {
  const app = chain({ a: async (_, ctx) => ({ log: await ctx.interrupt('how?') }), b: () => ({ log: 'b' }) }).compile({ checkpointer: new MemoryCheckpointer() });
  const runner = new AppRunner(app);
  await runner.createSession('s');
  await assert.rejects(runner.runStep('s'), (error) => error.name === 'RunInterrupted' && error.interrupts[0].payload === 'how?');
  await assert.rejects(runner.runStep('s'), code('INTERRUPT_UNANSWERED'));
  await assert.rejects(runner.invokeNext('s', {}), code('SESSION_UNFINISHED'));
  assert.deepEqual((await app.resume('s', 'so')).log, ['so', 'b']);
  assert.equal((await runner.runStep('s')).done, true);
  await assert.rejects(runner.invokeNext('s', {}), code('RUN_INTERRUPTED'));
});

test('calls on one session queue up; sessions go on at the same time', async () => {
  const doors = { s: deferred(), t: deferred() };
  const order = [];
  const app = chain({ a: async (_, ctx) => (order.push(`${ctx.sessionId} a`), await doors[ctx.sessionId].promise, { log: 'a' }), b: (_, ctx) => (order.push(`${ctx.sessionId} b`), { log: 'b' }) }).compile();
  const runner = new AppRunner(app);
  const input = { log: 'in' };
  const all = ['s', 't'].flatMap((id) => [runner.createSession(id, input), runner.runStep(id), runner.runStep(id), runner.runUntilComplete(id)]);
  input.log = 'changed';
  await until(() => order.length === 2);
  assert.deepEqual(order, ['s a', 't a']);
  doors.t.resolve();
  await all[7];
  assert.deepEqual(order, ['s a', 't a', 't b']);
  doors.s.resolve();
  const results = await Promise.all(all);
  assert.deepEqual([results[3], results[7]], Array(2).fill({ log: ['in', 'a', 'b'] }), 'an input is read as the call is made');
});

test('a call that fails does not hold up the next', async () => {
  const runner = new AppRunner(line());
  const calls = [runner.runStep('s'), runner.createSession('s'), runner.runStep('s')];
  assert.deepEqual((await Promise.allSettled(calls)).map(({ status, value }) => value?.ran ?? value?.step ?? status), ['rejected', 0, ['a']]);
});

/** Two nodes that lead nowhere else. */
const parts = (options) =>
  new GraphBuilder({ channels: { log: append(), extra: merge() } })
    .addNode('a', ({ log }) => ({ log: `a${log.length}` }))
    .addNode('b', ({ log }) => ({ log: `b${log.length}` }))
    .addEdge(START, 'a')
    .addEdge('a', END)
    .addEdge('b', END)
    .addConditionalEdge('a', () => [], ['b'])
    .compile(options);

test('a session of many invocations, from START or a node', async () => {
  const runner = new AppRunner(parts());
  assert.deepEqual(await runner.createIterativeSession('s', { log: 'in' }), { resumed: false, step: 0 });
  assert.deepEqual((await runner.invokeNext('s', { log: 'one' })).log, ['in', 'one', 'a2'], 'the first takes the place of what it was created with');
  assert.deepEqual((await runner.invokeNext('s', { log: 'two' }, 'b')).log.slice(3), ['two', 'b4']);
  assert.deepEqual((await runner.invokeNext('s', {}, { entry: 'b', metadata: { from: 'test' } })).log.slice(5), ['b5'], 'what it enters runs, whatever has changed');
  assert.deepEqual((await runner.invokeNext('s', {}, START)).log.slice(6), ['a6']);
  await runner.finishIterativeSession('s');
});

test('the entry of a new session is stored: runUntilComplete runs it, also after a restart', async () => {
  const checkpointer = new MemoryCheckpointer();
  await new AppRunner(parts({ checkpointer })).createIterativeSession('s', { log: 'in' }, 'b');
  const app = parts({ checkpointer });
  assert.deepEqual((await app.getState('s')).frontier, ['b']);
  const runner = new AppRunner(app);
  assert.deepEqual(await runner.createIterativeSession('s'), { resumed: true, step: 0 });
  assert.deepEqual((await runner.runUntilComplete('s')).log, ['in', 'b1']);
});

test('a session that has nothing to run is complete as it is created', async () => {
  const app = new GraphBuilder({ channels: { log: append() } }).addNode('a', () => undefined).addConditionalEdge(START, () => END).addEdge('a', END).compile();
  const runner = new AppRunner(app);
  assert.deepEqual(await runner.createSession('s', { log: 'in' }), { resumed: false, step: 0 });
  const { status, done, ran, state } = await runner.runStep('s');
  assert.deepEqual([status, done, ran, state], ['completed', true, [], { log: ['in'] }]);
  await runner.createSession('t');
  assert.deepEqual((await runner.invokeNext('t', { log: 'more' }, 'a')).log, ['more']);
});

test('END and what is no node are SESSION_INVALID_ENTRY, before anything', async () => {
  const checkpointer = new MemoryCheckpointer();
  const runner = new AppRunner(parts({ checkpointer }));
  for (const entry of [END, 'nobody', 5]) {
    await assert.rejects(runner.createIterativeSession('s', {}, entry), code('SESSION_INVALID_ENTRY', /no entry/));
    await assert.rejects(runner.invokeNext('s', {}, { entry }), code('SESSION_INVALID_ENTRY'));
  }
  assert.deepEqual(await checkpointer.listSessions(), []);
});

test('the input of invokeNext is stored before it runs, in every durability', async () => {
  for (const durability of ['sync', 'async', 'exit']) {
    const door = deferred();
    const seen = [];
    const checkpointer = new MemoryCheckpointer();
    const app = chain({ a: async () => { seen.push((await app.getState('s')).state.log); await door.promise; } }).compile({ checkpointer, durability });
    const runner = new AppRunner(app);
    await runner.createIterativeSession('s');
    const running = runner.invokeNext('s', { log: 'one' });
    await until(() => seen.length === 1);
    assert.deepEqual(seen, [['one']], durability);
    door.resolve();
    await running;
  }
});

test('an invocation that failed is SESSION_UNFINISHED for the next one, unless that abandons it', async () => {
  let isBroken = true;
  const app = chain({ a: ({ log }) => (isBroken ? assert.fail('no') : { log: `a${log.length}` }) }).compile();
  const runner = new AppRunner(app);
  await runner.createIterativeSession('s');
  assert.equal((await failure(runner.invokeNext('s', { log: 'one' }))).code, 'NODE_THREW');
  isBroken = false;
  assert.equal((await failure(runner.invokeNext('s', { log: 'two' }))).code, 'SESSION_UNFINISHED');
  assert.deepEqual((await runner.runUntilComplete('s')).log, ['one', 'a1']);
  isBroken = true;
  await failure(runner.invokeNext('s', { log: 'three' }));
  isBroken = false;
  assert.deepEqual((await runner.invokeNext('s', { log: 'four' }, { abandon: true })).log, ['one', 'a1', 'three', 'four', 'a4']);
});

test('a slot of an invocation is cleared by invokeNext, and lasts over the steps of one', async () => {
  const scratch = new StateKey('a', 'scratch', 1, { lifecycle: 'invocation' });
  const seen = [];
  const app = chain({ a: (state) => (seen.push(scratch.get(state)), { extra: scratch.set('a') }), b: (state) => void seen.push(scratch.get(state)) }, { extra: merge() }).compile();
  const runner = new AppRunner(app);
  await runner.createIterativeSession('s', { extra: scratch.set('in') });
  await runner.runStep('s');
  await runner.runStep('s');
  await runner.invokeNext('s', {});
  assert.deepEqual(seen, ['in', 'a', undefined, 'a']);
});

test('eventStream: the live events of all sessions, across invocations, until the last one is finished', async () => {
  const runner = new AppRunner(parts());
  const [all, some] = [collect(runner.eventStream()), collect(runner.eventStream({ filter: ['node.started'] }))];
  await runner.createIterativeSession('s');
  await runner.createIterativeSession('t');
  await Promise.all([runner.invokeNext('s', {}), runner.invokeNext('t', {}), runner.invokeNext('s', {}, 'b')]);
  await runner.finishIterativeSession('s');
  await runner.invokeNext('t', {}, 'b');
  await runner.finishIterativeSession('t');
  const events = await all;
  for (const id of ['s', 't']) {
    const own = events.filter(({ sessionId, transient }) => sessionId === id && transient !== true);
    assert.deepEqual(own.map(({ seq }) => seq), own.map((_, at) => at + 1), 'each in order, with nothing lost');
    assert.deepEqual(own.filter(({ type }) => type.startsWith('run.')).map(({ type }) => type).slice(-2), ['run.started', 'run.completed']);
  }
  assert.deepEqual((await some).filter(({ type }) => type === 'node.started').map(({ sessionId, node }) => `${sessionId} ${node}`).sort(), ['s a', 's b', 't a', 't b']);
  const later = runner.eventStream({ filter: 'minimal' });
  await runner.createIterativeSession('u');
  assert.deepEqual(types([(await later.next()).value, (await later.next()).value]), ['run.started', 'run.interrupted'], 'a stream of later sessions is no closed one');
  await runner.close();
  assert.equal((await later.next()).done, true);
});

test('eventStream: filters, overflow, leaving, and what it cannot do', async () => {
  const app = chain({ a: (_, ctx) => { for (let n = 0; n < 100; n += 1) ctx.custom('n', n); } }).compile();
  const runner = new AppRunner(app);
  await assert.rejects(async () => runner.eventStream({ after: 3 }), code('RUN_INVALID_OPTION', /follow/));
  await assert.rejects(async () => runner.eventStream({ capacity: 0 }), code('RUN_INVALID_OPTION', /capacity/));
  const [small, left] = [runner.eventStream({ capacity: 10, filter: ['custom'] }), runner.eventStream()];
  assert.equal(small.tryNext(), null);
  await left.return();
  await runner.createSession('s');
  await runner.runUntilComplete('s');
  await runner.close();
  const events = await collect(small);
  assert.equal(events.filter(({ type }) => type === 'custom').length, 100, 'what was dropped is read from the log');
  assert.equal((await left.next()).done, true);
});

test('runMetadata: the hash follows the options that are data, wherever they were given', () => {
  const app = line();
  const of = (options, from = app) => new AppRunner(from, options).runMetadata();
  const { configHash, ...facts } = of();
  assert.deepEqual(facts, { version: facts.version, graphHash: app.definitionHash(), checkpointer: 'memory', clock: 'system' });
  assert.match(configHash, /^[0-9a-f]{16}$/);
  assert.match(facts.version, /^\d+\.\d+\.\d+/);
  assert.equal(of({ maxSteps: 1000, durability: 'sync', context: {}, observer: {} }).configHash, configHash, 'what is the default anyway, and what is no data');
  assert.equal(of({ maxSteps: 7 }).configHash, of(undefined, line({ maxSteps: 7 })).configHash);
  const options = [{}, { maxSteps: 7 }, { concurrency: 7 }, { timeoutMs: 7 }, { durability: 'exit' }, { retention: { keepLast: 1 } }, { onGraphChanged: 'error' }, { interruptBefore: ['a'] }, { interruptAfter: ['a'] }, { onGraphChanged: () => null }, { clock: new MockClock() }];
  assert.equal(new Set(options.map((each) => of(each).configHash)).size, options.length);
  assert.equal(of({ clock: new MockClock() }).clock, 'injected');
});

test('close waits for the calls under way, refuses later ones, and leaves a given checkpointer open', async () => {
  const door = deferred();
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: () => door.promise }).compile();
  const runner = new AppRunner(app, { checkpointer });
  const stream = collect(runner.eventStream());
  await runner.createSession('s');
  const running = runner.runUntilComplete('s');
  let isClosed = false;
  const closing = runner.close().then(() => (isClosed = true));
  await turn();
  assert.equal(isClosed, false);
  await assert.rejects(runner.createSession('t'), code('RUN_INVALID_OPTION', /closed/));
  door.resolve({ log: 'a' });
  await closing;
  assert.deepEqual((await running).log, ['a']);
  assert.equal((await stream).at(-1).type, 'run.completed');
  assert.equal((await checkpointer.listSessions()).length, 1);
  await runner.close();
});

test('what is no app and no options is RUN_INVALID_OPTION', () => {
  assert.throws(() => new AppRunner({}), code('RUN_INVALID_OPTION', /compile/));
  assert.throws(() => new AppRunner(line(), 5), code('RUN_INVALID_OPTION', /options/));
  assert.throws(() => new AppRunner(line(), { maxSteps: -1 }), code('RUN_INVALID_OPTION', /maxSteps/));
  assert.throws(() => new AppRunner(line(), { nothing: 1 }), code('RUN_INVALID_OPTION', /nothing/));
  assert.throws(() => new AppRunner(line(), { interruptBefore: ['nobody'] }), code('RUN_INVALID_OPTION', /nobody/));
});

test('two runners on one store: the second finds the session busy', async () => {
  const door = deferred();
  const app = chain({ a: () => door.promise }, { log: append(), mine: last() }).compile({ checkpointer: new MemoryCheckpointer() });
  const [one, other] = [new AppRunner(app), new AppRunner(app)];
  await one.createSession('s');
  const running = one.runStep('s');
  await until(() => app.attach('s')?.status === 'running');
  assert.equal((await failure(other.runStep('s'))).code, 'SESSION_BUSY');
  door.resolve();
  await running;
});
