// Cases about nodes: what ctx tells them, their errors, retries, time limits and rescue, and how many run at once.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, collect, fan, gate, never, StillClock, turn, types } from './shapes.mjs';

export const nodeCases = {
  'nodes may be synchronous, asynchronous and thenable': async (weavegraph) => {
    const app = chain(weavegraph, { a: () => ({ log: 'a' }), b: async () => (await turn(), { log: 'b' }), c: () => ({ then: (resolve) => resolve({ log: 'c' }) }), d: () => null }).compile();
    equal((await app.invoke()).log, ['a', 'b', 'c']);
  },

  'ctx tells a node where it is': async (weavegraph) => {
    let seen;
    const context = { secret: () => 1 };
    const look = (_, ctx) => void (seen = [ctx.node, ctx.step, ctx.attempt, ctx.task, ctx.runId, ctx.sessionId, ctx.path, ctx.input, ctx.metadata, ctx.idempotencyKey, ctx.context === context, ctx.now()]);
    await chain(weavegraph, { first: () => undefined, look }).compile({ clock: new StillClock(5) }).invoke({}, { runId: 'r', sessionId: 's', metadata: { user: 'u' }, context });
    equal(seen, ['look', 2, 1, 0, 'r', 's', [], undefined, { user: 'u' }, 's//2/look#0', true, 5]);
  },

  'an error of a node fails the run and is its cause, the very object': async (weavegraph) => {
    const { NodeError, RunFailed } = weavegraph;
    const boom = new TypeError('boom');
    for (const node of [() => { throw boom; }, async () => { throw boom; }, () => Promise.reject(boom)]) {
      const run = chain(weavegraph, { ok: () => undefined, a: node }).compile().invokeStreaming({}, { runId: 'r', sessionId: 's' });
      const { status, error, steps } = await run.result;
      const rejected = await failure(run.join());
      holds(error instanceof NodeError && rejected instanceof RunFailed, 'the classes');
      holds(error.cause === boom && rejected.cause === boom, 'the cause');
      equal([status, steps, error.code, rejected.code, rejected.message, rejected.node, rejected.step, rejected.runId, rejected.sessionId], ['failed', 1, 'NODE_THREW', 'NODE_THREW', 'node `a` failed in step 2: boom', 'a', 2, 'r', 's']);
    }
  },

  'a result that is no update is NODE_INVALID_RESULT': async (weavegraph) => {
    for (const result of [5, [], new Map(), new Date(), 'text', weavegraph.send('a', 1)]) equal(await codeOf(chain(weavegraph, { a: () => result }).compile().invoke()), 'NODE_INVALID_RESULT');
  },

  'an error can be written as JSON': async (weavegraph) => {
    const error = await failure(chain(weavegraph, { a: () => { throw new RangeError('deep'); } }).compile().invoke({}, { runId: 'r', sessionId: 's' }));
    equal(JSON.parse(JSON.stringify(error)), { name: 'RunFailed', code: 'NODE_THREW', message: 'node `a` failed in step 1: deep', node: 'a', step: 1, runId: 'r', sessionId: 's', cause: { name: 'RangeError', message: 'deep' } });
  },

  'retries wait longer each time, up to their limit': async (weavegraph) => {
    const clock = new StillClock();
    const attempts = [];
    const node = (_, ctx) => {
      attempts.push(ctx.attempt);
      if (ctx.attempt < 5) throw new Error('no');
      return { log: 'done' };
    };
    const running = chain(weavegraph, { a: [node, { retry: { maxAttempts: 5, initialDelayMs: 100, factor: 3, maxDelayMs: 1000, jitter: 0 } }] }).compile({ clock }).invoke();
    const waits = [];
    for (let n = 0; n < 4; n += 1) waits.push(await clock.wake());
    equal([(await running).log, attempts, waits], [['done'], [1, 2, 3, 4, 5], [100, 300, 900, 1000]]);
  },

  'jitter and ctx.random follow from the seed, the same numbers everywhere': async (weavegraph) => {
    const clock = new StillClock();
    const drawn = [];
    const node = (_, ctx) => {
      drawn.push(ctx.random());
      if (ctx.attempt < 3) throw new Error('no');
    };
    const running = chain(weavegraph, { a: [node, { retry: { maxAttempts: 3, initialDelayMs: 1000, jitter: 0.5 } }], b: (_, ctx) => void drawn.push(ctx.random(), ctx.random()) }).compile({ clock }).invoke({}, { seed: 42 });
    const waits = [await clock.wake(), await clock.wake()];
    await running;
    equal([drawn, waits], [DRAWN, WAITS]);
  },

  'retryOn decides, and the last error is told': async (weavegraph) => {
    const asked = [];
    const retry = { maxAttempts: 9, initialDelayMs: 0, jitter: 0, retryOn: (error, attempt) => (asked.push([error.message, attempt]), attempt < 3) };
    const error = await failure(chain(weavegraph, { a: [(_, ctx) => { throw new Error(`no ${ctx.attempt}`); }, { retry }] }).compile().invoke());
    equal([asked, error.cause.message], [[['no 1', 1], ['no 2', 2], ['no 3', 3]], 'no 3']);
  },

  'timeoutMs aborts the attempt with NODE_TIMEOUT': async (weavegraph) => {
    const clock = new StillClock();
    let reason;
    const hang = (_, ctx) => {
      ctx.signal.addEventListener('abort', () => (reason = ctx.signal.reason));
      return never();
    };
    const failing = failure(chain(weavegraph, { a: [hang, { timeoutMs: 50 }] }).compile({ clock }).invoke());
    equal(await clock.wake(), 50);
    equal([(await failing).code, (await failing).node, reason.code], ['NODE_TIMEOUT', 'a', 'NODE_TIMEOUT']);
  },

  'onError gives the result in place of the failure': async (weavegraph) => {
    const onError = async (error, state, ctx) => ({ log: `${error.code} ${error.cause.message} ${state.log.length} ${ctx.attempt}` });
    const run = chain(weavegraph, { a: [() => { throw new Error('no'); }, { onError, retry: { maxAttempts: 2, initialDelayMs: 0, jitter: 0 } }], b: () => ({ log: 'b' }) }).compile().invokeStreaming({ log: 'in' });
    const events = await collect(run);
    equal((await run.join()).log, ['in', 'NODE_THREW no 1 2', 'b']);
    equal(types(events).filter((type) => type.startsWith('node.')), ['node.started', 'node.failed', 'node.retrying', 'node.started', 'node.failed', 'node.completed', 'node.started', 'node.completed']);
  },

  'a failure aborts the siblings': async (weavegraph) => {
    let code;
    const hang = (_, ctx) => {
      ctx.signal.addEventListener('abort', () => (code = ctx.signal.reason.code));
      return never();
    };
    equal(await codeOf(fan(weavegraph, { a: hang, b: async () => { throw new Error('no'); } }).compile().invoke()), 'NODE_THREW');
    equal(code, 'RUN_CANCELLED');
  },

  'concurrency limits the tasks of a run, and of a node': async (weavegraph) => {
    const measure = async (options, nodeOptions) => {
      let [now, most] = [0, 0];
      const node = async () => {
        most = Math.max(most, (now += 1));
        await turn();
        now -= 1;
      };
      await fan(weavegraph, Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((id) => [id, [node, nodeOptions]]))).compile(options).invoke();
      return most;
    };
    equal([await measure({}, {}), await measure({ concurrency: 2 }, {})], [5, 2]);
    const { append, END, GraphBuilder, send, START } = weavegraph;
    let [now, most] = [0, 0];
    const work = async (_, ctx) => {
      most = Math.max(most, (now += 1));
      await turn();
      now -= 1;
      return { log: ctx.task };
    };
    const graph = new GraphBuilder({ channels: { log: append() } }).addNode('work', work, { concurrency: 3 }).addConditionalEdge(START, () => Array.from({ length: 9 }, (_, n) => send('work', n)), ['work']).addEdge('work', END);
    equal([(await graph.compile().invoke()).log, most], [[0, 1, 2, 3, 4, 5, 6, 7, 8], 3]);
  },

  'after its task ended, ctx emits nothing and its calls reject': async (weavegraph) => {
    const door = gate();
    let late;
    const run = chain(weavegraph, { a: (_, ctx) => void (late = ctx), b: () => door.promise }).compile().invokeStreaming();
    const reading = collect(run);
    await turn();
    late.emit('s', 'late');
    late.token('late');
    late.custom('late');
    await late.flush();
    equal(await codeOf(late.sleep(1)), 'RUN_CANCELLED');
    door.open();
    holds((await reading).every(({ type }) => /^(run|step|node)\./.test(type)), 'nothing late is told');
  },
};

/** What seed 42 gives in a step, for a node, a task and an attempt; a change of these changes what users see. */
const DRAWN = [0.050090510062441695, 0.08194627189613612, 0.1467206355173727, 0.41428849697697123, 0.9654580480775546];
const WAITS = [570.5678690280487, 1956.6766067603617];
