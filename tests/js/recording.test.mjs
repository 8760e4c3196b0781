// What the events of a session add up to (www/recording.js), told by runs of the installed package. Where a test asks for the clock, it tells the events their
// times itself. A crash is a log that stops in the middle, followed by what another process tells.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { append, command, END, GraphBuilder, last, MemoryCheckpointer, send, START } from 'weavegraph-wasm';
import { Recording } from '../../www/recording.js';

/** Tells a recording what a run tells; `until` stops listening after the event that it holds of. */
async function tell(recording, run, until = () => false) {
  for await (const event of run) {
    recording.add(event);
    if (until(event)) break;
  }
  return recording;
}
const statuses = (recording, step) => recording.step(step).tasks.map(({ node, task, status }) => `${node}#${task} ${status}`);
/** An event at `at`, in the shape of the package's. */
const event = (type, at, rest = {}) => ({ seq: 1, at, runId: 'r', sessionId: 's', type, ...rest });

/** `split` sends three pieces to `work`; `act(piece, ctx)` may throw or wait. */
function fanOut(act, options = {}) {
  return new GraphBuilder({ channels: { done: append() } })
    .addNode('split', () => command({ goto: [0, 1, 2].map((piece) => send('work', piece)) }), { targets: ['work'] })
    .addNode('work', async (_, ctx) => {
      await act(ctx.input, ctx);
      return { done: ctx.input };
    }, options)
    .addEdge(START, 'split')
    .addEdge('work', END)
    .compile({ checkpointer: new MemoryCheckpointer() });
}
const aborted = (ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));

describe('a run', () => {
  test('is told as steps with their tasks, what they wrote, who is next, and the store’s word', async () => {
    const recording = await tell(new Recording(), fanOut(() => {}).invokeStreaming({}, { sessionId: 'run' }));
    assert.equal(recording.status, 'completed');
    assert.deepEqual(recording.steps.map(({ step, frontier, next, updatedChannels }) => ({ step, frontier, next, updatedChannels })), [
      { step: 1, frontier: ['split'], next: ['work', 'work', 'work'], updatedChannels: [] },
      { step: 2, frontier: ['work', 'work', 'work'], next: ['__end__'], updatedChannels: ['done'] },
    ]);
    assert.deepEqual(statuses(recording, 2), ['work#0 done', 'work#1 done', 'work#2 done']);
    assert.deepEqual(recording.step(2).tasks.map((task) => task.channels), [['done'], ['done'], ['done']]);
    assert.ok(recording.steps.every((step) => step.storedMs !== null && step.storedAt >= step.endedAt));
    assert.equal(recording.lastStep, 2);
    assert.deepEqual({ ...recording.nodes().get('work'), step: undefined }, { status: 'done', step: undefined, total: 3, waiting: 0, running: 0, done: 3, failed: 0, progress: 1, steps: 1, error: '' });
    assert.deepEqual([...recording.nodes(1).keys()], ['split'], 'as of step 1');
  });

  test('is the same from its log, save what only the run itself tells: the store’s word and the chunks', async () => {
    const app = fanOut((piece, ctx) => ctx.token(`piece ${piece}`, { streamId: `piece-${piece}` }));
    const live = await tell(new Recording(), app.invokeStreaming({}, { sessionId: 'log' }));
    const logged = new Recording();
    const reader = app.follow('log', { after: 0 });
    await tell(logged, reader, ({ type }) => type === 'run.completed');
    const noTimes = { startedAt: null, endedAt: null, storedMs: null, storedAt: null };
    const durable = ({ steps }) => steps.map((step) => ({ ...step, ...noTimes, tasks: step.tasks.map((task) => ({ ...task, ...noTimes })) }));
    assert.deepEqual(durable(logged), durable(live));
    assert.equal(logged.seq, live.seq);
    assert.ok(logged.steps.every((step) => step.storedAt === null));
    assert.deepEqual(logged.streams, live.streams);
    assert.deepEqual(logged.streams.get('piece-2'), { text: 'piece 2', isOpen: false, step: 2, node: 'work' });
  });

  test('shows its texts while they stream, a retry’s from the beginning', async () => {
    let attempts = 0;
    const seen = [];
    const recording = new Recording();
    const app = new GraphBuilder({ channels: { x: last({ initial: 0 }) } })
      .addNode('write', (_, ctx) => {
        ctx.token('one ', { streamId: 'text' });
        ctx.token(attempts === 0 ? 'two' : 'three', { streamId: 'text' });
        attempts += 1;
        if (attempts === 1) throw new Error('torn');
      }, { retry: { maxAttempts: 2, initialDelayMs: 1 } })
      .addEdge(START, 'write').addEdge('write', END).compile();
    for await (const told of app.invokeStreaming()) {
      recording.add(told);
      if (told.type === 'llm.chunk') seen.push({ ...recording.streams.get('text') });
    }
    assert.deepEqual(seen.map(({ text, isOpen }) => `${text} ${isOpen}`), ['one  true', 'one two true', 'one  true', 'one three true']);
    assert.deepEqual(recording.streams.get('text'), { text: 'one three', isOpen: false, step: 1, node: 'write' });
  });
});

describe('failure', () => {
  test('a retried task keeps the attempt that failed, and is done in the end', async () => {
    let isFirst = true;
    const app = fanOut((piece) => {
      if (piece !== 1 || !isFirst) return;
      isFirst = false;
      throw new Error('flaky');
    }, { retry: { maxAttempts: 2, initialDelayMs: 1 } });
    const recording = new Recording();
    const seen = new Set();
    for await (const told of app.invokeStreaming({}, { sessionId: 'retry' })) {
      recording.add(told);
      const task = recording.step(2)?.tasks[1];
      if (task !== undefined) seen.add(task.status);
    }
    assert.deepEqual([...seen], ['waiting', 'running', 'retrying', 'done']);
    const { status, attempt, error, earlier, startedAt } = recording.step(2).tasks[1];
    assert.deepEqual({ status, attempt, error }, { status: 'done', attempt: 2, error: '' });
    assert.deepEqual(earlier.map((each) => each.status), ['failed']);
    assert.ok(earlier[0].startedAt <= earlier[0].endedAt && earlier[0].endedAt <= startedAt);
    assert.deepEqual(recording.step(2).tasks[0].earlier, []);
  });

  test('a run that failed says where and why, and its finished tasks stay done', async () => {
    const app = fanOut(async (piece, ctx) => {
      if (piece !== 1) return;
      await ctx.sleep(20);
      throw new Error('<b>no</b>');
    });
    const recording = await tell(new Recording(), app.invokeStreaming({}, { sessionId: 'fail' }));
    assert.equal(recording.status, 'failed');
    assert.deepEqual(statuses(recording, 2), ['work#0 done', 'work#1 failed', 'work#2 done']);
    assert.equal(recording.step(2).endedAt, null);
    assert.equal(recording.lastStep, 1);
    const { status, error, done, failed } = recording.nodes().get('work');
    assert.deepEqual({ status, done, failed }, { status: 'failed', done: 2, failed: 1 });
    assert.match(error, /^NODE_THREW: .*<b>no<\/b>/);
  });

  test('a node whose onError helps is done', async () => {
    const app = fanOut((piece) => {
      if (piece === 1) throw new Error('no');
    }, { onError: () => ({ done: 'instead' }) });
    const recording = await tell(new Recording(), app.invokeStreaming({}, { sessionId: 'helped' }));
    assert.deepEqual(statuses(recording, 2), ['work#0 done', 'work#1 done', 'work#2 done']);
    assert.equal(recording.step(2).tasks[1].error, '');
  });

  test('bad input is one execution that failed, without a step', async () => {
    const recording = await tell(new Recording(), fanOut(() => {}).invokeStreaming({ nothing: 1 }));
    assert.equal(recording.status, 'failed');
    assert.deepEqual(recording.steps, []);
    assert.equal(recording.executions.length, 1);
  });
});

describe('going on', () => {
  test('after a cancel only what was not done runs again, under the same step', async () => {
    let isHeld = true;
    const app = fanOut((piece, ctx) => (piece === 1 && isHeld ? aborted(ctx) : undefined));
    const recording = new Recording();
    const run = app.invokeStreaming({}, { sessionId: 'cancel' });
    for await (const told of run) {
      recording.add(told);
      if (told.type === 'node.completed' && told.task === 2) run.cancel('enough');
    }
    assert.equal(recording.status, 'cancelled');
    assert.deepEqual(statuses(recording, 2), ['work#0 done', 'work#1 stopped', 'work#2 done']);

    isHeld = false;
    const resumed = app.resumeStreaming('cancel');
    await tell(recording, resumed, ({ type }) => type === 'step.started');
    assert.equal(recording.status, 'running');
    assert.deepEqual(statuses(recording, 2), ['work#0 done', 'work#1 waiting', 'work#2 done']);
    await tell(recording, resumed.events({ after: recording.seq }));
    assert.equal(recording.status, 'completed');
    assert.deepEqual(statuses(recording, 2), ['work#0 done', 'work#1 done', 'work#2 done']);
    assert.deepEqual(recording.step(2).tasks.map((task) => task.earlier.map(({ status }) => status)), [[], ['stopped'], []]);
    assert.deepEqual(recording.executions.map(({ isResumed, how }) => ({ isResumed, how })), [{ isResumed: false, how: 'cancelled' }, { isResumed: true, how: 'completed' }]);
    assert.deepEqual(recording.steps.map((step) => step.execution), [0, 1]);
  });

  test('after a crash the execution without an end is told as died, its tasks as stopped, and its text is told anew', async () => {
    let isHeld = true;
    const store = new MemoryCheckpointer();
    const app = () => new GraphBuilder({ channels: { out: last({ initial: '' }) } })
      .addNode('write', async (_, ctx) => {
        ctx.token('half ', { streamId: 'text' });
        ctx.emit('half', 'way');
        if (isHeld) await aborted(ctx);
        ctx.token('whole', { streamId: 'text' });
        return { out: 'done' };
      })
      .addEdge(START, 'write').addEdge('write', END).compile({ checkpointer: store });
    const recording = new Recording();
    // The dump is what a process that dies in the middle leaves behind.
    const dying = app().invokeStreaming({}, { sessionId: 'crash' });
    await tell(recording, dying.events({ after: 0 }), ({ type }) => type === 'message');
    const dump = await store.exportSession('crash');
    await dying.cancel();
    assert.equal(recording.status, 'running');
    recording.showStream('text', 'half as told by the tab that runs it');
    assert.equal(recording.streams.get('text').text, 'half as told by the tab that runs it');

    isHeld = false;
    const next = await store.importSession(dump, { as: 'next' });
    const seen = [];
    for await (const told of app().resumeStreaming(next)) {
      recording.add(told);
      if (told.type === 'run.started') {
        seen.push([recording.executions[0].how, ...statuses(recording, 1), `open: ${recording.streams.get('text').isOpen}`]);
        recording.showStream('text', 'ha');
        seen.push([recording.streams.get('text').text]);
      }
      if (told.type === 'llm.final') {
        recording.showStream('text', 'late');
        seen.push([recording.streams.get('text').text]);
      }
    }
    assert.deepEqual(seen, [['died', 'write#0 stopped', 'open: false'], ['ha'], ['half whole']]);
    assert.deepEqual(statuses(recording, 1), ['write#0 done']);
    assert.deepEqual(recording.step(1).tasks[0].earlier.map(({ status }) => status), ['stopped']);
    recording.showStream('text', 'later still');
    assert.equal(recording.streams.get('text').text, 'half whole', 'after the end nobody streams');
  });

  test('an abandoned step is forgotten, and what takes its number starts from nothing', async () => {
    let isHeld = true;
    const app = fanOut((piece, ctx) => (piece === 1 && isHeld ? aborted(ctx) : undefined));
    const recording = new Recording();
    const run = app.invokeStreaming({}, { sessionId: 'abandon' });
    for await (const told of run) {
      recording.add(told);
      if (told.type === 'node.completed' && told.task === 2) run.cancel();
    }
    const refused = await tell(recording, app.invokeStreaming({}, { sessionId: 'abandon' }));
    assert.equal(refused.status, 'failed');
    assert.equal(refused.executions[0].how, 'cancelled', 'one that was refused does not rewrite how the last one ended');
    isHeld = false;
    await tell(recording, app.invokeStreaming({}, { sessionId: 'abandon', abandon: true }));
    assert.deepEqual(recording.steps.map(({ step, frontier }) => `${step} ${frontier}`), ['1 split', '2 split', '3 work,work,work']);
    assert.deepEqual(statuses(recording, 2), ['split#0 done']);
    assert.equal(recording.status, 'completed');
  });

  test('a session that is run again counts its steps on', async () => {
    const app = fanOut(() => {});
    const recording = await tell(new Recording(), app.invokeStreaming({}, { sessionId: 'again' }));
    await tell(recording, app.invokeStreaming({}, { sessionId: 'again' }));
    assert.deepEqual(recording.steps.map(({ step, execution }) => `${step} of ${execution}`), ['1 of 0', '2 of 0', '3 of 1', '4 of 1']);
    assert.equal(recording.nodes().get('work').steps, 2);
  });

  test('steps that a crash took back are forgotten when they are run again', () => {
    const recording = new Recording();
    const step = (number, at) => {
      recording.add(event('step.started', at, { step: number, frontier: ['a'] }));
      recording.add(event('node.started', at, { step: number, node: 'a', task: 0, attempt: 1 }));
      recording.add(event('node.completed', at, { step: number, node: 'a', task: 0, attempt: 1, durationMs: 0 }));
      recording.add(event('step.completed', at, { step: number, ran: ['a'], skipped: [], updatedChannels: [], next: ['a'] }));
    };
    recording.add(event('run.started', 0, { resumed: false }));
    for (const number of [1, 2, 3]) step(number, number);
    assert.equal(recording.nodes().get('a').steps, 3);
    recording.add(event('run.started', 10, { resumed: true, branch: 2 }));
    step(2, 10);
    assert.deepEqual(recording.steps.map(({ step: number, execution }) => `${number} of ${execution}`), ['1 of 0', '2 of 1']);
    assert.equal(recording.step(3), undefined);
    assert.equal(recording.nodes().get('a').steps, 2);
  });
});

test('how the nodes stand is the same however often one asks in between', async () => {
  const app = fanOut(() => {});
  const [asked, quiet] = [new Recording(), new Recording()];
  for (const run of [() => app.invokeStreaming({}, { sessionId: 'asked' }), () => app.invokeStreaming({}, { sessionId: 'asked' })]) {
    for await (const told of run()) {
      asked.add(told);
      quiet.add(told);
      asked.nodes();
    }
  }
  assert.deepEqual(asked.nodes(), quiet.nodes());
  assert.equal(asked.nodes().get('work').steps, 2);
  assert.deepEqual(asked.nodes(2), quiet.nodes(2));
  assert.equal(asked.nodes(2).get('work').steps, 1);
});

describe('gates', () => {
  test('a node that was skipped is in the step without a task, also before the step ends', async () => {
    const app = new GraphBuilder({ channels: { a: last({ initial: 0 }), b: append() } })
      .addNode('x', () => ({ a: 0 }))
      .addNode('y', () => {})
      .addNode('z', () => ({ b: 'z' }))
      .addEdge(START, 'x').addEdge('x', 'y').addConditionalEdge('y', () => ['x', 'z'], ['x', 'z']).addEdge('z', END)
      .compile();
    const recording = new Recording();
    for await (const told of app.invokeStreaming()) {
      recording.add(told);
      if (told.type === 'node.started' && told.node === 'z') {
        assert.deepEqual(statuses(recording, 3), ['z#0 running']);
        assert.deepEqual(recording.step(3).skipped, ['x']);
      }
    }
    assert.deepEqual(recording.step(3).frontier, ['x', 'z']);
    assert.deepEqual(recording.step(3).skipped, ['x']);
    const { status, steps } = recording.nodes().get('x');
    assert.deepEqual({ status, steps }, { status: 'skipped', steps: 1 });
  });
});

describe('the clock', () => {
  const begin = (recording, at, resumed) => {
    recording.add(event('run.started', at, { resumed }));
    recording.add(event('step.started', at, { step: 1, frontier: ['a'] }));
    recording.add(event('node.started', at + 5, { step: 1, node: 'a', task: 0, attempt: 1 }));
  };

  test('leaves out the time between executions, and the end of one that died is its last word', () => {
    const recording = new Recording();
    begin(recording, 1_000, false);
    recording.add(event('message', 1_040, { step: 1, node: 'a', task: 0, attempt: 1, scope: '', message: '' }));
    begin(recording, 9_000_000, true);
    recording.add(event('node.completed', 9_000_025, { step: 1, node: 'a', task: 0, attempt: 1, durationMs: 20 }));
    const { startedAt, endedAt, earlier } = recording.step(1).tasks[0];
    assert.deepEqual(earlier, [{ status: 'stopped', startedAt: 5, endedAt: 40 }]);
    assert.deepEqual({ startedAt, endedAt, now: recording.now }, { startedAt: 45, endedAt: 65, now: 65 });
  });

  test('never runs back, and stands still once a run is over', () => {
    const recording = new Recording();
    begin(recording, 1_000, false);
    recording.add(event('step.completed', 1_002, { step: 1, ran: ['a'], skipped: [], updatedChannels: [], next: [] }));
    assert.equal(recording.step(1).endedAt, 5);
    recording.add(event('run.cancelled', 1_030));
    recording.add(event('diagnostic', 8_000, { scope: '', message: '', transient: true }));
    recording.add(event('run.failed', 9_000, { transient: true, durationMs: 0, error: { code: 'SESSION_BUSY', name: '', message: '' } }));
    assert.equal(recording.now, 30);
    assert.deepEqual(recording.executions.map(({ how, from }) => `${how} ${from}`), ['cancelled 0', 'failed 30']);
  });

  test('a retry that waits when its run is cancelled ended when it failed', () => {
    const recording = new Recording();
    begin(recording, 0, false);
    recording.add(event('node.failed', 20, { step: 1, node: 'a', task: 0, attempt: 1, willRetry: true, error: { code: 'NODE_THREW', message: 'x' } }));
    recording.add(event('run.cancelled', 500));
    const { status, endedAt } = recording.step(1).tasks[0];
    assert.deepEqual({ status, endedAt }, { status: 'stopped', endedAt: 20 });
    begin(recording, 900, true);
    assert.deepEqual(recording.step(1).tasks[0].earlier, [{ status: 'failed', startedAt: 5, endedAt: 20 }]);
  });

  test('what has no end stands as stopped while nobody runs the session, and as running again once somebody does', () => {
    const recording = new Recording();
    begin(recording, 0, false);
    const { version } = recording;
    const stands = () => recording.nodes().get('a').status;
    assert.equal(stands(), 'running');
    recording.isAlive = false;
    assert.equal(stands(), 'stopped');
    assert.ok(recording.version > version, 'who shows it looks again');
    recording.isAlive = true;
    assert.equal(stands(), 'running');
  });
});
