// Rough edges of Weavegraph that are about events and their readers. docs/weavegraph.md numbers them.
import { codeOf, equal, failure, holds, textOf } from '../checks.mjs';
import { chain, collect, gate, isEnd, loop, never, numbers, range, turn, types, until } from '../shapes.mjs';

/** Everything that a node can tell, `count` times. */
const telling = (count) => (_, ctx) => {
  for (let n = 0; n < count; n += 1) {
    ctx.emit('s', `m${n}`, { n });
    ctx.progress(n / count);
    ctx.token('t');
    ctx.llm.chunk('c', { streamId: 'other', kind: 'reasoning' });
    ctx.llm.final('whole', { streamId: 'third' });
    ctx.llm.error('no', { streamId: 'fourth' });
    ctx.tool.call('1', 'search', {});
    ctx.tool.result('1', 'found');
    ctx.milestone('half', n);
    ctx.custom('own', n);
    ctx.diagnostic('s', 'note');
  }
};
/** A node that emits `count` messages. */
const bursting = (count) => (_, ctx) => {
  for (let n = 0; n < count; n += 1) ctx.emit('s', `${n}`);
};

export const eventEdges = {
  'rough edge 1: the end of an answer is another event than the end of the run': async (weavegraph) => {
    const answer = (text) => (_, ctx) => (ctx.token(text), ctx.llm.final(), { log: text });
    const run = chain(weavegraph, { draft: answer('one'), revise: answer('two'), check: (_, ctx) => ctx.emit('check', 'good') }).compile().invokeStreaming();
    const events = [];
    for await (const event of run) {
      events.push(event);
      if (isEnd(event)) break;
    }
    equal(events.filter(({ type }) => type === 'llm.final').map(({ node, text }) => `${node} ${text}`), ['draft one', 'revise two']);
    equal([events.filter(isEnd).length, types(events).includes('message'), run.status], [1, true, 'completed']);
  },

  'rough edge 7: emitting needs no listener, before, while and after there is one': async (weavegraph) => {
    const app = (node) => chain(weavegraph, { a: node, b: telling(3), c: () => ({ log: 'done' }) }).compile();
    equal((await app(telling(3)).invoke()).log, ['done']);
    const left = app(telling(3)).invokeStreaming();
    for await (const { type } of left) if (type === 'message') break;
    equal((await left.join()).log, ['done']);
    const door = gate();
    const aborted = new AbortController();
    const run = app(async (...given) => (telling(3)(...given), await door.promise, telling(3)(...given))).invokeStreaming({}, { events: { signal: aborted.signal } });
    const read = collect(run);
    await turn();
    aborted.abort();
    holds((await read).length > 0, 'it had a reader');
    door.open();
    equal((await run.join()).log, ['done']);
  },

  'rough edge 8: each later run of an app and of a session has readers of its own, and one that follows gets them all': async (weavegraph) => {
    const app = chain(weavegraph, { a: (_, ctx) => (ctx.emit('s', 'hello'), { log: 'a' }) }).compile({ checkpointer: new weavegraph.MemoryCheckpointer() });
    const followed = [];
    const follower = app.follow('s', { after: 0 });
    for (let run = 1; run <= 3; run += 1) {
      const events = await collect(app.invokeStreaming({}, { sessionId: 's' }));
      equal([types(events).includes('message'), events.at(-1).type], [true, 'run.completed'], `run ${run}`);
      while (followed.filter(isEnd).length < run) followed.push((await follower.next()).value);
    }
    equal(numbers(followed), range(1, followed.length));
    equal(followed.filter(({ type }) => type === 'message').length, 3);
    await follower.return();
  },

  'rough edge 9: a burst before the end reaches its reader whole, the end included, ten times of ten': async (weavegraph) => {
    for (const wait of [() => undefined, turn, (run) => run.result]) {
      for (let time = 0; time < 10; time += 1) {
        const run = chain(weavegraph, { a: bursting(200) }).compile().invokeStreaming();
        await wait(run);
        const events = await collect(run);
        equal([events.filter(({ type }) => type === 'message').length, numbers(events).length, events.at(-1).type], [200, 206, 'run.completed']);
      }
    }
  },

  'rough edge 10: events come while the run goes on, and what waits for a reader is bounded': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: async (_, ctx) => (ctx.emit('s', 'now'), await door.promise, bursting(5000)(_, ctx)) }).compile().invokeStreaming();
    const reader = run.events({ capacity: 16, overflow: 'drop' });
    for await (const { type } of run) if (type === 'message') break;
    equal(run.status, 'running');
    door.open();
    await run.join();
    const events = await collect(reader);
    const gap = events.find(({ type }) => type === 'stream.gap');
    equal([events.length <= 17, reader.dropped, gap.count, events.at(-1).type], [true, gap.count, gap.to - gap.from + 1, 'run.completed']);
  },

  'rough edge 13: a reader that fails ends alone, and makes no events': async (weavegraph) => {
    const told = async (count) => {
      const run = chain(weavegraph, { a: bursting(50), b: bursting(50) }).compile().invokeStreaming({}, { runId: 'r', sessionId: 's', clock: { now: () => 1 } });
      const failing = Array.from({ length: count }, () => codeOf(collect(run.events({ filter: () => { throw new Error('no'); } }))));
      const events = await collect(run);
      equal(await Promise.all(failing), Array.from({ length: count }, () => 'STREAM_INVALID'));
      return textOf(events);
    };
    equal(await told(3), await told(0));
  },

  'rough edge 14: a signal ends its reader whenever it aborts, and one that never does is no matter': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: () => door.promise }).compile().invokeStreaming();
    equal(await collect(run.events({ after: 0, signal: AbortSignal.abort() })), []);
    const controller = new AbortController();
    const waiting = run.events({ signal: controller.signal });
    const reading = collect(waiting);
    await turn();
    const kept = collect(run.events({ after: 0, signal: new AbortController().signal }));
    controller.abort();
    await reading;
    equal([await waiting.next(), waiting.tryNext(), await waiting.nextTimeout(1e9)], [{ value: undefined, done: true }, undefined, undefined]);
    door.open();
    equal((await kept).at(-1).type, 'run.completed');
  },

  'rough edge 28: each reader knows exactly what it lost, and gets it again by its number': async (weavegraph) => {
    const { MemoryCheckpointer } = weavegraph;
    const run = loop(weavegraph, 30, bursting(10)).compile().invokeStreaming();
    const [small, large] = [run.events({ after: 0, capacity: 20 }), run.events({ after: 0, capacity: 10_000 })];
    await run.join();
    const [few, all] = [await collect(small), await collect(large)];
    equal([numbers(all), large.dropped], [range(1, 30 * 14 + 2), 0]);
    const gaps = few.filter(({ type }) => type === 'stream.gap');
    const had = numbers(few);
    const lost = gaps.flatMap(({ from, to }) => range(from, to));
    equal([[...had, ...lost].sort((a, b) => a - b), gaps.reduce((sum, { count }) => sum + count, 0), lost.length], [numbers(all), small.dropped, small.dropped]);
    holds(lost.length > 300, 'it lost most');

    const app = loop(weavegraph, 30, bursting(10)).compile({ checkpointer: new MemoryCheckpointer() });
    const stored = app.invokeStreaming({}, { sessionId: 's' });
    await stored.join();
    equal(numbers(await collect(stored.events({ after: 100, capacity: 20 }))), range(101, 30 * 14 + 2));
  },

  'rough edge 29: readers with the same options are two, each with its own count': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: async (...given) => (await door.promise, bursting(100)(...given)) }).compile().invokeStreaming();
    const options = { capacity: 10, overflow: 'drop' };
    const [one, two] = [run.events(options), run.events(options)];
    await one.next();
    door.open();
    const read = collect(one);
    await run.join();
    holds((await collect(two)).length <= 11 && two.dropped > 80, `${two.dropped}`);
    await read;
    equal([two.dropped - one.dropped >= 0, one === two], [true, false]);
  },

  'rough edge 40: what waits for a reader is taken without another turn': async (weavegraph) => {
    const door = gate();
    const run = chain(weavegraph, { a: (...given) => (bursting(500)(...given), door.promise) }).compile().invokeStreaming();
    const reader = run.events({ after: 0 });
    await until(() => run.status === 'running');
    await turn();
    let count = 0;
    for (let event = reader.tryNext(); event !== null; event = reader.tryNext()) count += event.type === 'message' ? 1 : 0;
    equal(count, 500);
    door.open();
    equal([(await collect(reader)).at(-1).type, reader.tryNext()], ['run.completed', undefined]);
  },

  'rough edge 9: a reader that hangs in the middle keeps neither join nor cancel waiting': async (weavegraph) => {
    const run = loop(weavegraph, 100, bursting(50)).compile().invokeStreaming({}, { events: { capacity: 1 } });
    const reader = run[Symbol.asyncIterator]();
    await reader.next();
    await run.join();
    const other = chain(weavegraph, { a: bursting(50), b: never }).compile().invokeStreaming({}, { events: { capacity: 1 } });
    await other[Symbol.asyncIterator]().next();
    await other.cancel();
    equal((await failure(other.join())).code, 'RUN_CANCELLED');
  },
};
