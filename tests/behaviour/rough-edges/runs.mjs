// Rough edges of Weavegraph that are about runs: failure, ends, cancelling, limits, sameness and cost. docs/weavegraph.md numbers them.
import { codeOf, equal, failure, holds, textOf } from '../checks.mjs';
import { chain, collect, fan, gate, HastyClock, isEnd, loop, never, StillClock, turn, types, until } from '../shapes.mjs';

const boom = () => {
  throw new Error('boom');
};

export const runEdges = {
  'rough edge 5: a failure keeps what siblings finished, and only the others run again': async (weavegraph) => {
    const { MemoryCheckpointer } = weavegraph;
    let isBroken = true;
    const calls = [];
    const aborted = [];
    const node = (name, work = () => ({ log: name })) => async (state, ctx) => (calls.push(name), work(state, ctx));
    const hanging = (_, ctx) => (isBroken ? new Promise((_yes, no) => ctx.signal.addEventListener('abort', () => (aborted.push(ctx.node), no(ctx.signal.reason)))) : { log: 'slow' });
    const app = fan(weavegraph, {
      sync: (state) => (calls.push('sync'), { log: 'sync' }),
      done: node('done'),
      slow: node('slow', hanging),
      bad: node('bad', async () => { await turn(); if (isBroken) boom(); return { log: 'bad' }; }),
    }).compile({ checkpointer: new MemoryCheckpointer() });
    const error = await failure(app.invoke({}, { sessionId: 's' }));
    equal([error.code, error.node, aborted, calls], ['NODE_THREW', 'bad', ['slow'], ['sync', 'done', 'slow', 'bad']]);
    isBroken = false;
    calls.length = 0;
    equal([(await app.resume('s')).log, calls], [['sync', 'done', 'slow', 'bad'], ['slow', 'bad']]);
  },

  'rough edge 6: a run that times out, is cancelled or fails in the middle of a step leaves its session to go on with': async (weavegraph) => {
    const endings = {
      RUN_TIMEOUT: { options: { clock: new HastyClock(), timeoutMs: 60_000 }, end: () => undefined },
      RUN_CANCELLED: { end: ({ run }) => run.cancel() },
      NODE_THREW: { end: ({ door }) => door.fail(new Error('no')) },
    };
    for (const [code, { options, end }] of Object.entries(endings)) {
      const door = gate();
      let isBroken = true;
      const graph = chain(weavegraph, { a: () => ({ log: 'a' }), b: () => (isBroken ? door.promise : { log: 'b' }) });
      const app = graph.compile({ checkpointer: new weavegraph.MemoryCheckpointer() });
      const run = app.invokeStreaming({ log: 'in' }, { sessionId: 's', ...options });
      await until(() => run.state.log.length === 2);
      await end({ run, door });
      equal(await codeOf(run.join()), code);
      equal((await app.getState('s')).frontier, ['b'], code);
      isBroken = false;
      equal((await app.resume('s')).log, ['in', 'a', 'b'], code);
    }
  },

  'rough edge 6: whoever drops a run, and never looks at it again, loses nothing': async (weavegraph) => {
    const app = chain(weavegraph, { a: async () => (await turn(), { log: 'a' }), b: async () => (await turn(), { log: 'b' }) }).compile({ checkpointer: new weavegraph.MemoryCheckpointer() });
    app.invokeStreaming({}, { sessionId: 's' });
    const dropped = app.invokeStreaming({}, { sessionId: 't' })[Symbol.asyncIterator]();
    await dropped.next();
    await until(async () => (await Promise.all(['s', 't'].map((id) => app.getState(id)))).every((state) => state?.status === 'completed'));
    equal((await app.getState('t')).state.log, ['a', 'b']);
  },

  'rough edge 11: leaving the reader lets the run go on, and it can be cancelled after join was called': async (weavegraph) => {
    const door = gate();
    const app = chain(weavegraph, { a: () => door.promise }).compile();
    const left = app.invokeStreaming();
    for await (const { type } of left) if (type === 'node.started') break;
    equal(left.status, 'running');
    door.open({ log: 'a' });
    equal((await left.join()).log, ['a']);

    const held = chain(weavegraph, { a: never }).compile().invokeStreaming();
    const joined = codeOf(held.join());
    await turn();
    await held.cancel('enough');
    equal([await joined, (await held.result).reason], ['RUN_CANCELLED', 'enough']);
  },

  'rough edge 12: every execution has exactly one terminal event, its last, however it ends': async (weavegraph) => {
    const { append, END, GraphBuilder, MemoryCheckpointer, reduce, START, StoreCheckpointer } = weavegraph;
    const full = { name: 'full', append: boom, read: () => [], newest: () => null, rows: () => [], drop: () => undefined };
    const one = (node, channels) => chain(weavegraph, { a: node }, channels).compile();
    const routed = (route) => new GraphBuilder({ channels: { log: append() } }).addNode('a', () => undefined).addEdge(START, 'a').addConditionalEdge('a', route).compile();
    const app = one(() => ({ log: 'a' }));
    const endings = {
      'run.completed': [app.invokeStreaming(), routed(() => END).invokeStreaming(), routed(() => 'a').invokeStreaming()],
      'run.cancelled': [app.invokeStreaming({}, { signal: AbortSignal.abort() })],
      'run.failed': [
        one(boom).invokeStreaming(), one(async () => boom()).invokeStreaming(), one(() => 7).invokeStreaming(), one(() => ({ nope: 1 })).invokeStreaming(), one(() => ({ log: () => 1 })).invokeStreaming(),
        one(() => ({ x: 1 }), { x: reduce(boom, 0) }).invokeStreaming(), one(() => ({ x: 1 }), { x: append({ key: boom }) }).invokeStreaming(),
        routed(boom).invokeStreaming(), routed(() => 'ghost').invokeStreaming(), routed(() => 5).invokeStreaming(),
        one(never).invokeStreaming({}, { timeoutMs: 1 }), loop(weavegraph, 9).compile({ maxSteps: 2 }).invokeStreaming(),
        app.invokeStreaming({ nope: 1 }), app.invokeStreaming(7), app.invokeStreaming({}, { nope: 1 }), app.resumeStreaming('nobody'), app.resumeStreaming('nobody', undefined, { checkpointer: new MemoryCheckpointer() }),
        app.invokeStreaming({}, { checkpointer: new StoreCheckpointer(full) }),
      ],
    };
    const cancelled = one(never).invokeStreaming();
    void turn().then(() => cancelled.cancel());
    endings['run.cancelled'].push(cancelled);
    for (const [type, runs] of Object.entries(endings)) {
      for (const [index, run] of runs.entries()) {
        const events = await collect(run);
        equal([events.filter(isEnd).length, events.at(-1).type, `run.${run.status}`, `run.${(await run.result).status}`], [1, type, type, type], `${type} ${index}`);
      }
    }
  },

  'rough edge 21: steps, time, attempts and tasks at once are limited, and each limit can be resumed from': async (weavegraph) => {
    const { MemoryCheckpointer } = weavegraph;
    const endless = () => loop(weavegraph, Infinity, (_, ctx) => ({ log: ctx.step }));
    equal(await codeOf(endless().compile().invoke()), 'RUN_STEP_LIMIT', 'by default');
    const app = endless().compile({ checkpointer: new MemoryCheckpointer(), maxSteps: 5 });
    await failure(app.invoke({}, { sessionId: 's' }));
    await failure(app.resume('s', undefined, { maxSteps: 3 }));
    equal((await app.getState('s')).state.log, [1, 2, 3, 4, 5, 6, 7, 8]);
    const clock = new StillClock();
    const attempts = [];
    const slow = (_, ctx) => (attempts.push(ctx.attempt), never());
    const run = chain(weavegraph, { a: [slow, { timeoutMs: 10, retry: { maxAttempts: 3, initialDelayMs: 100, jitter: 0 } }] }).compile({ clock }).invokeStreaming();
    const waits = [];
    for (let n = 0; n < 5; n += 1) waits.push(await clock.wake());
    equal([waits, attempts, (await run.result).error.code], [[10, 100, 10, 200, 10], [1, 2, 3], 'NODE_TIMEOUT']);
  },

  'rough edge 27: the limit of tasks at once is an option of app, run and node': async (weavegraph) => {
    const most = async (options, nodeOptions, runOptions) => {
      let [now, high] = [0, 0];
      const node = async () => {
        high = Math.max(high, (now += 1));
        await turn();
        now -= 1;
      };
      const graph = fan(weavegraph, Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`n${n}`, [node, nodeOptions]])));
      await graph.compile(options).invoke({}, runOptions);
      return high;
    };
    equal([await most({}), await most({ concurrency: 3 }), await most({ concurrency: 3 }, {}, { concurrency: 5 }), await most({}, { concurrency: 1 })], [12, 3, 5, 12]);
    equal([await codeOf(() => chain(weavegraph, { a: never }).compile({ concurrency: 0 })), await codeOf(() => chain(weavegraph, { a: never }).compile({ concurrency: 1.5 }))], ['RUN_INVALID_OPTION', 'RUN_INVALID_OPTION']);
  },

  'rough edge 30: with a seed and a clock, two runs with errors in them are the same, times and errors included': async (weavegraph) => {
    const trace = async () => {
      const graph = fan(weavegraph, {
        a: [(_, ctx) => { if (ctx.attempt < 3) throw new RangeError(`a${ctx.attempt}`); return { log: ctx.random() }; }, { retry: { maxAttempts: 3, initialDelayMs: 7 } }],
        b: [async () => { throw new Error('b'); }, { onError: ({ cause }) => ({ log: cause.message }) }],
        c: async (_, ctx) => { await ctx.sleep(40); throw new TypeError('c'); },
        d: async (_, ctx) => { await ctx.sleep(50); throw new TypeError('d'); },
      });
      const app = graph.compile({ clock: new HastyClock(), checkpointer: new weavegraph.MemoryCheckpointer() });
      const events = await collect(app.invokeStreaming({}, { seed: 5, runId: 'r', sessionId: 's' }));
      return textOf(events.filter(({ transient }) => transient !== true));
    };
    const one = await trace();
    equal(await trace(), one);
    holds(one.includes('"message":"c"') && !one.includes('"message":"d"'), 'the first that fails is told');
  },

  'rough edge 30: two runs with errors in them compare as equal, though times, ids and the order of ends differ': async (weavegraph) => {
    const { compareReplayRuns, END, GraphBuilder, START } = weavegraph;
    const record = async (turns, text = 'no') => {
      const graph = new GraphBuilder();
      for (const [name, count] of Object.entries(turns)) {
        graph.addNode(name, async () => {
          for (let n = 0; n < count; n += 1) await turn();
          return { messages: { role: 'assistant', content: name }, errors: { at: Date.now() + Math.random(), scope: { scope: 'app' }, error: { message: text }, tags: [] } };
        }).addEdge(START, name).addEdge(name, END);
      }
      const run = graph.compile().invokeStreaming();
      const events = await collect(run);
      return { events, state: await run.join() };
    };
    compareReplayRuns(await record({ a: 1, b: 5 }), await record({ a: 5, b: 1 })).assertMatches();
    const other = compareReplayRuns(await record({ a: 1, b: 1 }), await record({ a: 1, b: 1 }, 'other'));
    equal([other.matches, other.differences.length > 0, await codeOf(() => other.assertMatches())], [false, true, 'REPLAY_MISMATCH']);
  },

  'rough edge 31: each attempt tells its start, its end, its own duration and its failure': async (weavegraph) => {
    const nodes = {
      short: (_, ctx) => ctx.sleep(10),
      long: (_, ctx) => ctx.sleep(30),
      twice: [async (_, ctx) => { await ctx.sleep(5); if (ctx.attempt === 1) throw new RangeError('no'); }, { retry: { maxAttempts: 2, initialDelayMs: 1, jitter: 0 } }],
    };
    const events = await collect(fan(weavegraph, nodes).compile({ clock: new HastyClock() }).invokeStreaming());
    const told = events.filter(({ type, node }) => node !== undefined && type !== 'node.retrying').map(({ type, node, attempt, durationMs, error }) => `${node}/${attempt} ${type}${durationMs === undefined ? '' : ` ${durationMs}`}${error === undefined ? '' : ` ${error.code}`}`);
    equal(told.sort(), [
      'long/1 node.completed 30', 'long/1 node.started', 'short/1 node.completed 10', 'short/1 node.started', 'twice/1 node.failed 5 NODE_THREW', 'twice/1 node.started', 'twice/2 node.completed 5', 'twice/2 node.started',
    ]);
  },

  'rough edge 31: an observer is told every start, failure and skip, each with its own duration, and what it throws harms nobody': async (weavegraph) => {
    const told = [];
    const note = (hook) => (facts) => {
      told.push([hook, facts]);
      throw new Error('observer');
    };
    const observer = Object.fromEntries(['onRunStart', 'onRunFinish', 'onNodeStart', 'onNodeFinish', 'onCheckpointLoad', 'onCheckpointSave', 'onEvent'].map((hook) => [hook, note(hook)]));
    const nodes = { slow: (_, ctx) => ctx.sleep(30), bad: async (_, ctx) => { await ctx.sleep(50); throw new RangeError('no'); } };
    const app = fan(weavegraph, nodes).compile({ clock: new HastyClock(), observer, checkpointer: new weavegraph.MemoryCheckpointer() });
    equal((await app.invokeStreaming({}, { sessionId: 's' }).result).error.cause instanceof RangeError, true);
    const of = (hook) => told.filter(([name]) => name === hook).map(([, facts]) => facts);
    equal(of('onNodeStart').map(({ node }) => node), ['slow', 'bad']);
    equal(of('onNodeFinish').map(({ node, outcome, durationMs }) => `${node} ${outcome} ${durationMs}`), ['slow completed 30', 'bad failed 50']);
    equal([of('onRunStart').length, of('onRunFinish').map(({ status }) => status), of('onCheckpointSave').length > 0], [1, ['failed'], true]);
    const before = told.length;
    await failure(app.resume('s'));
    holds(told.slice(before).some(([hook]) => hook === 'onCheckpointLoad') && told.slice(before).some(([hook, { type }]) => hook === 'onEvent' && type === 'run.failed'), 'loads and ends are told');
  },

  'rough edge 37: tasks of a step share one view of a channel, and one that nobody writes stays the same object': async (weavegraph) => {
    const { append, last } = weavegraph;
    const big = Array.from({ length: 20_000 }, (_, n) => `text ${n}`);
    const lists = new Set();
    const kept = new Set();
    const look = ({ log, still }) => (lists.add(log), kept.add(still), undefined);
    const nodes = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`n${n}`, look]));
    await fan(weavegraph, nodes, { log: append(), still: last() }).compile().invoke({ log: big, still: { deep: big } });
    equal([lists.size, kept.size], [1, 1]);
    kept.clear();
    await loop(weavegraph, 50, (state, ctx) => (look(state), { log: ctx.step }), { log: append(), still: last() }).compile().invoke({ still: { deep: big } });
    equal(kept.size, 1);
  },

  'rough edge 38: a step’s work follows what it writes: of 2,000 appends each item is keyed once, and read items are the same objects': async (weavegraph) => {
    const { append } = weavegraph;
    let keyed = 0;
    const seen = new Set();
    const key = ({ id }) => ((keyed += 1), id);
    const node = ({ log }, ctx) => (seen.add(log[0]), { log: { id: ctx.step, text: 'x'.repeat(1000) } });
    const { log } = await loop(weavegraph, 2000, node, { log: append({ key }) }).compile({ maxSteps: 2000 }).invoke();
    equal([log.length, keyed, seen.size], [2000, 2000, 2]);
  },

  'rough edge 12: a reader of an ended run, however late, finds its terminal event': async (weavegraph) => {
    for (const node of [() => undefined, boom]) {
      const run = chain(weavegraph, { a: node }).compile().invokeStreaming();
      await run.result;
      await turn();
      equal(types(await collect(run.events({ after: 0, filter: 'minimal' }))).map((type) => type === 'run.started'), [true, false]);
    }
  },
};
