// Which events a run tells, in which order and under which numbers: whole sequences, kind of run by kind of run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, command, END, GraphBuilder, MemoryCheckpointer, send, START } from 'weavegraph-wasm';
import { chain, collect, failure, fan, ManualClock, short, turn } from './graphs.mjs';

/** Numbers rise by one; a transient event repeats the number before it; time never runs backwards; the last event ends it. */
function assertNumbered(events, before = 0) {
  let seq = before;
  let at = 0;
  for (const event of events) {
    assert.ok('transient' in event === false || event.transient === true);
    if (event.transient !== true) seq += 1;
    assert.equal(event.seq, seq, short(event));
    assert.ok(event.at >= at, short(event));
    at = event.at;
    assert.deepEqual([event.runId, event.sessionId], [events[0].runId, events[0].sessionId]);
  }
  const ends = events.map((event) => /^run\.(?!started)/.test(event.type));
  assert.equal(ends.indexOf(true), events.length - 1, 'one terminal event, the last');
}

async function read(app, options, during) {
  const run = app.invokeStreaming({}, options);
  const reading = collect(run);
  await during?.(run);
  const events = await reading;
  assertNumbered(events);
  assert.equal(events.at(-1).type, `run.${(await run.result).status}`);
  return { events, lines: events.map(short) };
}
const without = (event, ...names) => Object.fromEntries(Object.entries(event).filter(([name]) => !['seq', 'at', 'runId', 'sessionId', 'durationMs', ...names].includes(name)));

test('a chain of two nodes: every event, with every field', async () => {
  const app = chain({ a: () => ({ log: 1 }), b: async () => undefined }).compile();
  const { events } = await read(app, { metadata: { user: 'u' } });
  const task = (node, step) => ({ step, node, task: 0, attempt: 1 });
  assert.deepEqual(events.map((event) => without(event)), [
    { type: 'run.started', graphHash: app.definitionHash(), resumed: false, metadata: { user: 'u' } },
    { type: 'step.started', step: 1, frontier: ['a'] },
    { type: 'node.started', ...task('a', 1) },
    { type: 'node.completed', ...task('a', 1), changes: { log: 1 } },
    { type: 'step.completed', step: 1, ran: ['a'], skipped: [], updatedChannels: ['log'], next: ['b'], versions: { log: 2 } },
    { type: 'step.started', step: 2, frontier: ['b'] },
    { type: 'node.started', ...task('b', 2) },
    { type: 'node.completed', ...task('b', 2) },
    { type: 'step.completed', step: 2, ran: ['b'], skipped: [], updatedChannels: [], next: [END], versions: { log: 2 } },
    { type: 'run.completed', steps: 2, reason: 'end' },
  ]);
  assert.equal(typeof events[0].at, 'number');
  assert.ok(events[3].durationMs >= 0 && events.at(-1).durationMs >= 0);
});

test('a fan-out by send: tasks are started in order, and complete as they do', async () => {
  const app = new GraphBuilder({ channels: { log: append() } })
    .addNode('split', () => command({ goto: ['x', 'y', 'z'].map((word) => send('work', word)) }), { targets: ['work'] })
    .addNode('work', async (_, ctx) => {
      for (let turns = ctx.task; turns < 3; turns += 1) await turn();
      return { log: ctx.input };
    })
    .addEdge(START, 'split').addEdge('split', END).addEdge('work', END).compile();
  const { events, lines } = await read(app);
  assert.deepEqual(lines, [
    '1 run.started', '2 step.started 1', '3 node.started split#0/1', '4 node.completed split#0/1', '5 step.completed 1',
    '6 step.started 2', '7 node.started work#0/1', '8 node.started work#1/1', '9 node.started work#2/1',
    '10 node.completed work#2/1', '11 node.completed work#1/1', '12 node.completed work#0/1', '13 step.completed 2', '14 run.completed',
  ]);
  assert.deepEqual([events[4].next, events[5].frontier, events[12].ran], Array(3).fill(['work', 'work', 'work']));
});

test('a retry, then success', async () => {
  const clock = new ManualClock();
  let calls = 0;
  const node = () => {
    calls += 1;
    if (calls < 3) throw new Error(`no ${calls}`);
    return { log: calls };
  };
  const app = chain({ a: [node, { retry: { maxAttempts: 5, initialDelayMs: 100, factor: 3, jitter: 0 } }] }).compile();
  const { events, lines } = await read(app, { clock }, () => clock.advance(1000));
  assert.deepEqual(lines, [
    '1 run.started', '2 step.started 1', '3 node.started a#0/1', '4 node.failed a#0/1', '5 node.retrying a#0/1', '6 node.started a#0/2', '7 node.failed a#0/2', '8 node.retrying a#0/2',
    '9 node.started a#0/3', '10 node.completed a#0/3', '11 step.completed 1', '12 run.completed',
  ]);
  assert.deepEqual([events[3].willRetry, events[6].willRetry, events[4].delayMs, events[7].delayMs], [true, true, 100, 300]);
  assert.deepEqual(events[3].error, { code: 'NODE_THREW', name: 'NodeError', message: 'node `a` failed in step 1: no 1', node: 'a', step: 1, cause: { name: 'Error', message: 'no 1' } });
  assert.deepEqual([events[5].at - events[2].at, events[8].at - events[5].at, events.at(-1).durationMs], [100, 300, 400]);
});

test('a failure: siblings that finished have completed, the others say nothing more', async () => {
  const app = fan({ a: () => ({ log: 1 }), b: async () => { throw new Error('no'); }, c: (_, ctx) => ctx.sleep(60_000) }).compile();
  const { events, lines } = await read(app);
  assert.deepEqual(lines, ['1 run.started', '2 step.started 1', '3 node.started a#0/1', '4 node.started b#0/1', '5 node.started c#0/1', '6 node.completed a#0/1', '7 node.failed b#0/1', '8 run.failed']);
  assert.equal(events[6].willRetry, false);
  assert.deepEqual(events[7].error, events[6].error);
});

test('onError: its events and its result follow the failure, under the same attempt', async () => {
  const rescue = (error, _, ctx) => {
    ctx.emit('rescue', `${error.code} ${ctx.attempt}`);
    return { log: error.code };
  };
  const { events, lines } = await read(chain({ a: [() => { throw new Error('no'); }, { onError: rescue }] }).compile());
  assert.deepEqual(lines, ['1 run.started', '2 step.started 1', '3 node.started a#0/1', '4 node.failed a#0/1', '5 message a#0/1', '6 node.completed a#0/1', '7 step.completed 1', '8 run.completed']);
  assert.deepEqual([events[3].willRetry, events[4].message, events[5].changes], [false, 'NODE_THREW 1', { log: 'NODE_THREW' }]);
});

test('a cancel: the terminal event carries the reason', async () => {
  const app = fan({ a: () => ({ log: 1 }), b: () => new Promise(() => {}) }).compile();
  const { events, lines } = await read(app, {}, async (run) => {
    await turn();
    await run.cancel('enough');
  });
  assert.deepEqual(lines, ['1 run.started', '2 step.started 1', '3 node.started a#0/1', '4 node.started b#0/1', '5 node.completed a#0/1', '6 run.cancelled']);
  assert.equal(events[5].reason, 'enough');
});

test('a quiescent end: the node that nothing changed for is skipped', async () => {
  const app = new GraphBuilder().addNode('a', () => undefined).addEdge(START, 'a').addConditionalEdge('a', () => 'a').compile();
  const { events, lines } = await read(app);
  assert.deepEqual(lines, ['1 run.started', '2 step.started 1', '3 node.started a#0/1', '4 node.completed a#0/1', '5 step.completed 1', '6 step.started 2', '7 node.skipped a#0', '8 step.completed 2', '9 run.completed']);
  assert.deepEqual(without(events[6]), { type: 'node.skipped', step: 2, node: 'a', task: 0, reason: 'unchanged' });
  assert.deepEqual([events[7].ran, events[7].skipped, events[8].reason], [[], ['a'], 'quiescent']);
});

test('a join that never got all its sources is told as waiting', async () => {
  const graph = new GraphBuilder().addNode('a', () => undefined).addNode('b', () => undefined).addNode('j', () => undefined);
  const app = graph.addEdge(START, 'a').addConditionalEdge('a', () => END, ['b', END]).addEdge(['a', 'b'], 'j').addEdge('j', END).compile();
  const { events } = await read(app);
  assert.deepEqual(events.at(-1).waiting, [{ to: 'j', missing: ['b'] }]);
});

test('with a store: the commit is told after its events, transient, and numbers go on over the session', async () => {
  const app = chain({ a: () => ({ log: 1 }), b: () => undefined }).compile({ checkpointer: new MemoryCheckpointer() });
  const { events, lines } = await read(app, { sessionId: 's' });
  assert.deepEqual(lines, [
    '1 run.started', '2 step.started 1', '3 node.started a#0/1', '4 node.completed a#0/1', '5 step.completed 1', '5~ checkpoint.saved 1',
    '6 step.started 2', '7 node.started b#0/1', '8 node.completed b#0/1', '9 step.completed 2', '9~ checkpoint.saved 2', '10 run.completed',
  ]);
  assert.equal(events[5].backend, 'memory');
  const again = await collect(app.invokeStreaming({}, { sessionId: 's' }));
  assertNumbered(again, 10);
  assert.deepEqual([again[1].step, again.at(-1).seq], [3, 20]);
});

test('abandoned and resumed runs say so', async () => {
  let isBroken = true;
  const app = fan({ a: () => ({ log: 1 }), b: () => { if (isBroken) throw new Error('no'); } }).compile({ checkpointer: new MemoryCheckpointer() });
  await failure(app.invoke({}, { sessionId: 's', metadata: { n: 1 } }));
  const abandoning = await collect(app.invokeStreaming({}, { sessionId: 's', abandon: true }));
  assertNumbered(abandoning, 7);
  assert.deepEqual(abandoning[0].abandoned, ['a', 'b']);
  assert.equal(abandoning[0].resumed, false);
  isBroken = false;
  const resumed = await collect(app.resumeStreaming('s'));
  assertNumbered(resumed, 14);
  assert.deepEqual([resumed[0].resumed, 'abandoned' in resumed[0], resumed[0].runId], [true, false, abandoning[0].runId]);
  assert.deepEqual(resumed.map(short).slice(1, 4), ['16 step.started 1', '17 node.started b#0/1', '18 node.completed b#0/1']);
  assert.deepEqual(resumed[1].frontier, ['b']);
});
