// Cases about runs: starting, ids, status, cancelling, limits, and that a long run leaves room for others.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, collect, fan, gate, loop, never, StillClock, turn, types, until } from './shapes.mjs';

export const runCases = {
  'a chain runs in order': async (weavegraph) => {
    equal(await chain(weavegraph, { a: () => ({ log: 'a' }), b: async () => ({ log: 'b' }) }).compile().invoke(), { log: ['a', 'b'] });
  },

  'no user code runs before the call has returned, and the input is copied as it is given': async (weavegraph) => {
    let calls = 0;
    const input = { log: [{ n: 1 }] };
    const run = chain(weavegraph, { a: () => void (calls += 1) }).compile().invokeStreaming(input);
    input.log[0].n = 2;
    equal([calls, run.status], [0, 'running']);
    equal((await run.join()).log, [{ n: 1 }]);
  },

  'a run tells ids, status, state and result': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: () => ({ log: 'a' }), b: () => door.promise }).compile().invokeStreaming({ log: 'in' }, { runId: 'r', sessionId: 's' });
    equal([run.id, run.sessionId, run.status, run.state], ['r', 's', 'running', { log: [] }]);
    await until(() => run.state.log.length === 2);
    door.open({ log: 'b' });
    const { durationMs, ...result } = await run.result;
    equal(result, { status: 'completed', runId: 'r', sessionId: 's', steps: 2, reason: 'end', waiting: [], state: { log: ['in', 'a', 'b'] } });
    holds(durationMs >= 0, 'it took some time');
    equal([run.status, run.state, await run.join()], ['completed', result.state, result.state]);
  },

  'many runs of an app at once are independent, with ids of their own': async (weavegraph) => {
    const app = chain(weavegraph, { a: async ({ log }) => (await turn(), { log: log[0] * 2 }) }).compile();
    const runs = Array.from({ length: 50 }, (_, n) => app.invokeStreaming({ log: n }));
    equal(new Set(runs.flatMap(({ id, sessionId }) => [id, sessionId])).size, 100);
    equal((await Promise.all(runs.map((run) => run.join()))).map(({ log }) => log), runs.map((_, n) => [n, n * 2]));
  },

  'attach finds the active run of a session, with its events from the first on': async (weavegraph) => {
    const door = gate();
    const app = chain(weavegraph, { a: () => door.promise }).compile();
    equal(app.attach('s'), null);
    const invoked = app.invoke({}, { sessionId: 's', runId: 'r' });
    const run = app.attach('s');
    equal([run.id, run.status], ['r', 'running']);
    const reading = collect(run);
    door.open();
    await invoked;
    equal(types(await reading), ['run.started', 'step.started', 'node.started', 'node.completed', 'step.completed', 'run.completed']);
    equal(app.attach('s'), null);
  },

  'a session and a run id are one run’s at a time': async (weavegraph) => {
    const door = gate();
    const app = chain(weavegraph, { a: () => door.promise }).compile();
    const first = app.invokeStreaming({}, { sessionId: 's', runId: 'r' });
    const busy = await failure(app.invoke({}, { sessionId: 's' }));
    equal([busy.code, busy.details.owner], ['SESSION_BUSY', 'r']);
    equal(await codeOf(app.invoke({}, { runId: 'r' })), 'RUN_ALREADY_ACTIVE');
    const waiting = app.invokeStreaming({}, { sessionId: 's', whenBusy: 'wait' });
    door.open({ log: 1 });
    equal([(await first.join()).log, (await waiting.join()).log], [[1], [1]]);
  },

  'cancel ends a run even if a node ignores its signal; what comes later is ignored': async (weavegraph) => {
    const { RunCancelled } = weavegraph;
    const door = gate();
    let reason;
    const watch = (_, ctx) => {
      ctx.signal.addEventListener('abort', () => (reason = ctx.signal.reason.code));
      return door.promise;
    };
    const run = fan(weavegraph, { a: () => ({ log: 'done' }), b: watch }).compile().invokeStreaming();
    await turn();
    await run.cancel('enough');
    await run.cancel('twice');
    const result = await run.result;
    equal([run.status, result.status, result.reason, result.steps, result.state, reason], ['cancelled', 'cancelled', 'enough', 0, { log: [] }, 'RUN_CANCELLED']);
    holds((await failure(run.join())) instanceof RunCancelled, 'its class');
    door.open({ log: 'late' });
    await turn();
    equal(run.state, { log: [] });
  },

  'cancel before the start: nothing runs': async (weavegraph) => {
    let calls = 0;
    const run = chain(weavegraph, { a: () => void (calls += 1) }).compile().invokeStreaming();
    await run.cancel();
    equal([calls, types(await collect(run))], [0, ['run.cancelled']]);
  },

  'a signal cancels, also one that was aborted before': async (weavegraph) => {
    const controller = new AbortController();
    const app = chain(weavegraph, { a: never }).compile();
    const run = app.invokeStreaming({}, { signal: controller.signal });
    await turn();
    controller.abort('no more');
    equal([(await run.result).status, (await run.result).reason], ['cancelled', 'no more']);
    equal(await codeOf(app.invoke({}, { signal: AbortSignal.abort() })), 'RUN_CANCELLED');
  },

  'app.cancel reaches the run of a session': async (weavegraph) => {
    const app = chain(weavegraph, { a: never }).compile();
    const run = app.invokeStreaming({}, { sessionId: 's' });
    await turn();
    equal([await app.cancel('s', 'stop it'), (await run.result).reason, await app.cancel('s')], [true, 'stop it', false]);
  },

  'maxSteps ends a run with RUN_STEP_LIMIT': async (weavegraph) => {
    const error = await failure(loop(weavegraph, 10, (_, ctx) => ({ log: ctx.step })).compile({ maxSteps: 3 }).invoke());
    equal([error.name, error.code], ['RunFailed', 'RUN_STEP_LIMIT']);
    equal((await loop(weavegraph, 1000).compile().invokeStreaming().result).steps, 1000, 'the default allows a thousand');
    equal(await codeOf(loop(weavegraph, 1001).compile().invoke()), 'RUN_STEP_LIMIT');
  },

  'timeoutMs ends a run with RUN_TIMEOUT': async (weavegraph) => {
    const clock = new StillClock();
    const failing = codeOf(chain(weavegraph, { a: never }).compile({ clock, timeoutMs: 70 }).invoke());
    equal([await clock.wake(), await failing], [70, 'RUN_TIMEOUT']);
  },

  'ctx.sleep takes the time of the run’s clock, real or given': async (weavegraph) => {
    const clock = new StillClock(0);
    const app = chain(weavegraph, { a: async (_, ctx) => (await ctx.sleep(1000), { log: ctx.now() }) }).compile();
    const running = app.invoke({}, { clock });
    equal([await clock.wake(), (await running).log], [1000, [1000]]);
    const order = [];
    setTimeout(() => order.push('timer'), 5);
    await chain(weavegraph, { a: (_, ctx) => ctx.sleep(50) }).compile().invoke();
    equal(order, ['timer'], 'it slept longer than a timer that is due before');
  },

  'options that are wrong or of a later version are refused': async (weavegraph) => {
    const app = chain(weavegraph, { a: () => undefined }).compile();
    for (const wrong of [{ nope: 1 }, { maxSteps: 0 }, { seed: 1.5 }, { sinks: [] }, { events: { filter: 'few' } }, { metadata: [] }, { sessionId: '' }]) equal(await codeOf(app.invoke({}, wrong)), 'RUN_INVALID_OPTION', JSON.stringify(wrong));
    equal(await codeOf(() => chain(weavegraph, { a: () => undefined }).compile({ sessionId: 's' })), 'RUN_INVALID_OPTION');
    equal(await codeOf(app.getState('s')), 'CHECKPOINT_NO_STORE');
  },

  'user code may call anything while it runs': async (weavegraph) => {
    const inner = chain(weavegraph, { a: ({ log }) => ({ log: log[0] + 1 }) }).compile();
    const app = chain(weavegraph, {
      a: async () => {
        const many = await Promise.all([1, 2, 3].map((n) => inner.invoke({ log: n })));
        return { log: many.map(({ log }) => log[1]) };
      },
    }).compile();
    equal((await app.invoke()).log, [2, 3, 4]);
  },

  'a run of 100,000 synchronous steps lets timers fire meanwhile': async (weavegraph) => {
    let [fired, stepsAtFirst] = [0, 0];
    const app = loop(weavegraph, 100_000, (_, ctx) => ({ n: ctx.step }), { n: weavegraph.last() }).compile({ maxSteps: Infinity });
    const run = app.invokeStreaming();
    const tick = () => {
      if (run.status !== 'running') return;
      if ((fired += 1) === 1) stepsAtFirst = run.state.n ?? 0;
      setTimeout(tick, 0);
    };
    setTimeout(tick, 0);
    equal((await run.join()).n, 100_000);
    holds(fired > 1 && stepsAtFirst < 100_000, `${fired} timers fired, the first at step ${stepsAtFirst}`);
  },
};
