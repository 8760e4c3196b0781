// Cases about readers of a run: order, filters, cursors, capacity, leaving, and what they are told when they lag.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, collect, gate, loop, numbers, range, StillClock, takeUntil, turn, types, until } from './shapes.mjs';

const all = [
  'run.started', 'step.started', 'node.started', 'message', 'llm.chunk', 'llm.final', 'tool.call', 'custom', 'custom', 'node.completed', 'step.completed',
  'step.started', 'node.started', 'node.completed', 'step.completed', 'run.completed',
];
const talking = (weavegraph) => chain(weavegraph, {
  a: (_, ctx) => {
    ctx.emit('s', 'hello');
    ctx.token('t');
    ctx.llm.final();
    ctx.tool.call('1', 'search', {});
    ctx.custom('one', 1);
    ctx.custom('two', 2);
  },
  b: () => undefined,
}).compile();
/** 6 durable events a step, and the first and the last. */
function ticking(weavegraph, steps, options, runOptions) {
  let rounds = 0;
  const node = (_, ctx) => {
    rounds += 1;
    ctx.emit('s', `${ctx.step}`);
    ctx.emit('s', 'again');
  };
  const run = loop(weavegraph, steps, node).compile(options).invokeStreaming({}, runOptions);
  return { run, total: steps * 6 + 2, rounds: () => rounds };
}

export const streamCases = {
  'events come once, in order, numbered from 1, whenever reading begins': async (weavegraph) => {
    for (const wait of [() => undefined, turn, (run) => run.join()]) {
      const run = talking(weavegraph).invokeStreaming();
      await wait(run);
      const events = await collect(run);
      equal(types(events), all);
      equal(numbers(events), range(1, 15));
      equal(await run[Symbol.asyncIterator]().next(), { value: undefined, done: true });
    }
  },

  'events come as they happen': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: (_, ctx) => (ctx.emit('s', 'now'), door.promise) }).compile().invokeStreaming();
    for await (const event of run) if (event.type === 'message') door.open();
    equal(run.status, 'completed');
  },

  'every kind of event carries its fields': async (weavegraph) => {
    const clock = new StillClock(1000);
    const run = chain(weavegraph, { a: (_, ctx) => (ctx.emit('s', 'm', { deep: [1] }), { log: 'a' }) }).compile({ clock }).invokeStreaming({}, { runId: 'r', sessionId: 's', metadata: { user: 'u' } });
    const events = await collect(run);
    const { graphHash } = events[0];
    const base = { at: 1000, runId: 'r', sessionId: 's' };
    const node = { step: 1, node: 'a', task: 0, attempt: 1 };
    const sorted = (event) => Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)));
    equal(events.map(sorted), [
      { type: 'run.started', graphHash, resumed: false, metadata: { user: 'u' } },
      { type: 'step.started', step: 1, frontier: ['a'] },
      { type: 'node.started', ...node },
      { type: 'message', ...node, scope: 's', message: 'm', data: { deep: [1] } },
      { type: 'node.completed', ...node, durationMs: 0, changes: { log: 'a' } },
      { type: 'step.completed', step: 1, ran: ['a'], skipped: [], updatedChannels: ['log'], next: ['__end__'], versions: { log: 2 } },
      { type: 'run.completed', steps: 1, durationMs: 0, reason: 'end' },
    ].map((event, index) => sorted({ ...base, seq: index + 1, ...event })));
  },

  'filters: presets, lists, custom events by name, functions; the lifecycle always passes': async (weavegraph) => {
    const lifecycle = ['run.started', 'run.completed'];
    const expected = [
      [undefined, all], ['all', all], ['debug', all], ['minimal', lifecycle], [[], lifecycle], [() => false, lifecycle],
      ['chat', ['run.started', 'llm.chunk', 'llm.final', 'tool.call', 'step.completed', 'step.completed', 'run.completed']],
      [['message', 'llm.chunk'], ['run.started', 'message', 'llm.chunk', 'run.completed']],
      [['custom:two'], ['run.started', 'custom', 'run.completed']],
      [(event) => event.type === 'custom' && event.data === 1, ['run.started', 'custom', 'run.completed']],
    ];
    for (const [filter, wanted] of expected) {
      const run = talking(weavegraph).invokeStreaming({}, { events: { filter } });
      const other = run.events({ filter });
      equal([types(await collect(run)), types(await collect(other))], [wanted, wanted], String(filter));
    }
  },

  'a filter that throws ends its reader with STREAM_INVALID, and the run goes on': async (weavegraph) => {
    const boom = new Error('boom');
    const run = talking(weavegraph).invokeStreaming();
    const error = await failure(collect(run.events({ filter: () => { throw boom; } })));
    holds(error.code === 'STREAM_INVALID' && error.cause === boom, error.message);
    equal([(await run.result).status, types(await collect(run))], ['completed', all]);
  },

  'two readers get the same events, as objects of their own': async (weavegraph) => {
    const run = talking(weavegraph).invokeStreaming();
    const [one, two] = await Promise.all([collect(run), collect(run.events())]);
    equal(one, two);
    one[1].frontier.push('changed');
    equal(two[1].frontier, ['a']);
  },

  'leaving the loop early only unsubscribes': async (weavegraph) => {
    const { run } = ticking(weavegraph, 50, {}, { events: { capacity: 1 } });
    for await (const event of run) if (event.type === 'step.completed') break;
    equal([(await run.result).steps, await collect(run)], [50, []]);
  },

  'a reader ends with return and with its signal': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: () => door.promise }).compile().invokeStreaming();
    const controller = new AbortController();
    const [returned, aborted] = [run.events(), run.events({ signal: controller.signal })];
    const reading = collect(aborted);
    equal((await returned.next()).value.type, 'run.started');
    await returned.return();
    equal(await returned.next(), { value: undefined, done: true });
    controller.abort();
    holds((await reading).length <= 3, 'it ended before the run');
    door.open();
    await run.join();
  },

  'tryNext never waits, nextTimeout not for long': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: () => door.promise }).compile().invokeStreaming();
    const reader = run.events();
    equal(reader.tryNext(), null);
    equal([(await reader.next()).value.type, (await reader.nextTimeout(5000)).type, (await reader.nextTimeout(5000)).type], ['run.started', 'step.started', 'node.started']);
    equal([reader.tryNext(), await reader.nextTimeout(5)], [null, null]);
    door.open();
    await run.join();
    equal([reader.tryNext(), await reader.nextTimeout(5), reader.tryNext()].map(({ type }) => type), ['node.completed', 'step.completed', 'run.completed']);
    equal([reader.tryNext(), await reader.nextTimeout(5)], [undefined, undefined]);
  },

  'several next() at once are answered in order': async (weavegraph) => {
    const reader = talking(weavegraph).invokeStreaming().events();
    const answers = await Promise.all(Array.from({ length: all.length + 1 }, () => reader.next()));
    equal(answers.map(({ value }) => value?.type), [...all, undefined]);
  },

  'toReadableStream is the same events as a stream of the platform': async (weavegraph) => {
    const stream = talking(weavegraph).invokeStreaming().events().toReadableStream().getReader();
    const read = [];
    for (let part; !(part = await stream.read()).done; ) read.push(part.value.type);
    equal(read, all);
  },

  'after: what is behind a number, then live, without gap or repeat': async (weavegraph) => {
    const { run, total } = ticking(weavegraph, 30);
    const readers = [[0, collect(run.events({ after: 0 }))]];
    for await (const event of run) if (event.type === 'step.started' && event.step % 7 === 0) for (const after of [0, '17~1', event.seq]) readers.push([after, collect(run.events({ after }))]);
    readers.push([5, collect(run.events({ after: 5 }))], [total, collect(run.events({ after: total }))]);
    for (const [after, reading] of readers) equal(numbers(await reading), range(Number.parseInt(after) + 1, total), `after ${after}`);
    const [reset] = await collect(run.events({ after: total + 5 }));
    equal([reset.type, reset.after], ['stream.reset', total]);
  },

  'overflow wait: a run does not run ahead of its reader': async (weavegraph) => {
    for (const capacity of [1, 5, 64]) {
      const { run, total, rounds } = ticking(weavegraph, 40, {}, { events: { capacity } });
      const events = [];
      let ahead = 0;
      for await (const event of run) {
        events.push(event);
        if (event.type === 'step.started') ahead = Math.max(ahead, rounds() - event.step);
        if (event.seq % 5 === 0) await turn();
      }
      equal(numbers(events), range(1, total));
      holds(ahead <= Math.ceil((capacity * 1.25) / 6) + 1, `${ahead} steps ahead`);
    }
  },

  'overflow wait: ctx.flush waits for room': async (weavegraph) => {
    let flushed = 0;
    const node = async (_, ctx) => {
      for (let n = 0; n < 20; n += 1) {
        ctx.emit('s', `${n}`);
        await ctx.flush();
        flushed += 1;
      }
    };
    const run = chain(weavegraph, { a: node }).compile().invokeStreaming({}, { events: { capacity: 2 } });
    const reader = run[Symbol.asyncIterator]();
    await reader.next();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    holds(flushed < 20, 'it waits for its reader');
    const rest = await collect({ [Symbol.asyncIterator]: () => reader });
    equal([flushed, numbers(rest)], [20, range(2, 26)]);
  },

  'overflow drop: the oldest go, and the gap says exactly which': async (weavegraph) => {
    const { run, total } = ticking(weavegraph, 40);
    const reader = run.events({ capacity: 3 });
    await run.join();
    equal(reader.dropped, total - 3);
    const [gap, ...events] = await collect(reader);
    equal([gap.type, gap.from, gap.to, gap.count, gap.transient], ['stream.gap', 1, total - 3, total - 3, true]);
    equal(numbers(events), range(total - 2, total));
  },

  'a run that is read late keeps its newest events, up to its capacity': async (weavegraph) => {
    const { run, total } = ticking(weavegraph, 40, {}, { events: { capacity: 10 } });
    await run.join();
    const [gap, ...events] = await collect(run);
    equal([gap.type, gap.count, numbers(events)], ['stream.gap', total - 10, range(total - 9, total)]);
  },

  'with a store a reader that lags is refilled, and loses nothing durable': async (weavegraph) => {
    for (const overflow of ['drop', 'wait']) {
      const { run, total } = ticking(weavegraph, 60, { checkpointer: new weavegraph.MemoryCheckpointer() });
      const reader = run.events({ overflow, capacity: 2 });
      const events = [];
      for await (const event of reader) {
        events.push(event);
        if (event.seq % 40 === 0) await turn();
      }
      equal(numbers(events), range(1, total), overflow);
    }
  },

  'a failed run ends its stream with run.failed, a cancelled one with run.cancelled': async (weavegraph) => {
    const failed = await collect(chain(weavegraph, { a: () => { throw new Error('no'); } }).compile().invokeStreaming());
    equal(types(failed).slice(-2), ['node.failed', 'run.failed']);
    equal(failed.at(-1).error, { code: 'NODE_THREW', name: 'NodeError', message: 'node `a` failed in step 1: no', node: 'a', step: 1, cause: { name: 'Error', message: 'no' } });
    const run = chain(weavegraph, { a: () => new Promise(() => {}) }).compile().invokeStreaming();
    const events = await takeUntil(run, (event) => event.type === 'node.started');
    const rest = collect(run.events());
    await run.cancel('why');
    equal([events.length, (await rest).map(({ type, reason }) => [type, reason])], [3, [['run.cancelled', 'why']]]);
    await until(() => run.status === 'cancelled');
    equal(await codeOf(run.join()), 'RUN_CANCELLED');
  },
};
