// The work of the cases with this package, as users import it. Must not know the other contestants.
import { END, GraphBuilder, MemoryCheckpointer, START, append, last, send } from 'weavegraph-wasm';
import { createGate } from '../gate.js';
import { message } from '../message.js';

const counter = () => ({ n: last({ initial: 0 }) });
const maxSteps = 1_000_000;

function counting(node, steps) {
  return new GraphBuilder({ channels: counter() })
    .addNode('count', node)
    .addEdge(START, 'count')
    .addConditionalEdge('count', (state) => (state.n < steps ? 'count' : END), ['count', END])
    .compile({ maxSteps });
}

export function countAsync(steps) {
  const app = counting(async (state) => ({ n: state.n + 1 }), steps);
  return { run: () => app.invoke() };
}

export function countSync(steps) {
  const app = counting((state) => ({ n: state.n + 1 }), steps);
  return { run: () => app.invoke() };
}

export function countStored(steps) {
  const app = counting(async (state) => ({ n: state.n + 1 }), steps);
  return { prepare: () => new MemoryCheckpointer(), run: (checkpointer) => app.invoke({}, { checkpointer }) };
}

function chained(length) {
  const graph = new GraphBuilder({ channels: counter() });
  for (let index = 0; index < length; index += 1) {
    graph.addNode(`node ${index}`, async (state) => ({ n: state.n + 1 })).addEdge(index === 0 ? START : `node ${index - 1}`, `node ${index}`);
  }
  return graph.addEdge(`node ${length - 1}`, END);
}

export function chain(length) {
  const app = chained(length).compile();
  return { run: () => app.invoke() };
}

export function compile(length) {
  const run = (graph) => {
    const app = graph.compile();
    return () => app.metadata().nodeCount;
  };
  return { prepare: () => chained(length), run };
}

export function firstRun(length) {
  return { prepare: () => chained(length).compile({ maxSteps }), run: (app) => app.invoke() };
}

export function fanOut(width) {
  const graph = new GraphBuilder({ channels: { list: append() } });
  for (let index = 0; index < width; index += 1) {
    graph.addNode(`node ${index}`, async () => ({ list: index })).addEdge(START, `node ${index}`).addEdge(`node ${index}`, END);
  }
  const app = graph.compile();
  return { run: () => app.invoke() };
}

export function single() {
  const app = new GraphBuilder({ channels: counter() })
    .addNode('count', async (state) => ({ n: state.n + 1 }))
    .addEdge(START, 'count')
    .addEdge('count', END)
    .compile();
  return { run: () => app.invoke() };
}

export function events(count) {
  const app = new GraphBuilder({ channels: counter() })
    .addNode('talk', async (_, ctx) => {
      for (let index = 0; index < count; index += 1) ctx.emit('bench', 'tick');
    })
    .addEdge(START, 'talk')
    .addEdge('talk', END)
    .compile();
  return {
    run: async () => {
      let read = 0;
      for await (const event of app.invokeStreaming()) read += event.type === 'message' ? 1 : 0;
      return read;
    },
  };
}

function saying(steps, { isRead = false, make = message, checkpointer } = {}) {
  return new GraphBuilder({ channels: { messages: append(), n: last({ initial: 0 }) } })
    .addNode('say', async (state) => ({ messages: make(state.n), n: (isRead ? state.messages.length : state.n) + 1 }))
    .addEdge(START, 'say')
    .addConditionalEdge('say', (state) => (state.n < steps ? 'say' : END), ['say', END])
    .compile({ maxSteps, checkpointer });
}

/** One message a step. */
export function messages(steps, { isRead, isStored, make }) {
  const app = saying(steps, { isRead, make });
  return {
    prepare: () => (isStored ? new MemoryCheckpointer() : undefined),
    run: async (checkpointer) => ({ state: await app.invoke({}, checkpointer && { checkpointer }), kept: checkpointer }),
  };
}

/** A task for each part of the work, and a node that adds up what they made. */
export function mapReduce(count) {
  const app = new GraphBuilder({ channels: { list: append(), n: last() } })
    .addNode('split', async () => {})
    .addNode('work', async (_, ctx) => ({ list: ctx.input }))
    .addNode('sum', async ({ list }) => ({ n: list.reduce((total, each) => total + each, 0) }))
    .addEdge(START, 'split')
    .addConditionalEdge('split', () => Array.from({ length: count }, (_, index) => send('work', index)), ['work'])
    .addEdge('work', 'sum')
    .addEdge('sum', END)
    .compile();
  return { run: () => app.invoke() };
}

/** A node that waits for many. */
export function join(width) {
  const graph = new GraphBuilder({ channels: { list: append(), n: last() } }).addNode('count', async ({ list }) => ({ n: list.length }));
  const sources = Array.from({ length: width }, (_, index) => `node ${index}`);
  for (const [index, source] of sources.entries()) graph.addNode(source, async () => ({ list: index })).addEdge(START, source);
  const app = graph.addEdge(sources, 'count').addEdge('count', END).compile();
  return { run: () => app.invoke() };
}

const pair = () =>
  new GraphBuilder({ channels: counter() })
    .addNode('first', async (state) => ({ n: state.n + 1 }))
    .addNode('second', async (state) => ({ n: state.n + 1 }))
    .addEdge(START, 'first')
    .addEdge('first', 'second');

/** Two nodes, again and again. */
export function pairs(steps) {
  const app = pair()
    .addConditionalEdge('second', (state) => (state.n < 2 * steps ? 'first' : END), ['first', END])
    .compile({ maxSteps });
  return { run: () => app.invoke() };
}

/** The two are a graph of their own. */
export function subgraphs(steps) {
  const app = new GraphBuilder({ channels: counter() })
    .addSubgraph('pair', pair().addEdge('second', END).compile())
    .addEdge(START, 'pair')
    .addConditionalEdge('pair', (state) => (state.n < 2 * steps ? 'pair' : END), ['pair', END])
    .compile({ maxSteps });
  return { run: () => app.invoke() };
}

/** A node that asks and goes on with the answer. */
export function interrupted() {
  const app = new GraphBuilder({ channels: counter() })
    .addNode('ask', async (state, ctx) => ({ n: state.n + (await ctx.interrupt('how many?')) }))
    .addEdge(START, 'ask')
    .addEdge('ask', END)
    .compile();
  const run = async (checkpointer) => {
    const { interrupts, sessionId } = await app.invokeStreaming({}, { checkpointer }).result;
    return { asked: interrupts.length, state: await app.resume(sessionId, 1, { checkpointer }) };
  };
  return { prepare: () => new MemoryCheckpointer(), run };
}

/** An app whose store has a session that is over, of one message a step. */
async function createLong(steps) {
  const app = saying(steps, { checkpointer: new MemoryCheckpointer() });
  await app.invoke({}, { sessionId: 'long' });
  return app;
}

export function resumed(steps) {
  let long;
  return { prepare: () => (long ??= createLong(steps)), run: (app) => app.resume('long') };
}

/** What it gives reads the fork's state. */
export function forked(steps) {
  let long;
  const run = async (app) => {
    const fork = await app.fork('long');
    return async () => (await app.getState(fork)).state;
  };
  return { prepare: () => (long ??= createLong(steps)), run };
}

/** Sessions in flight, each waiting in its node until `release`. */
export function open(count, { isStored }) {
  const gate = createGate(count);
  const checkpointer = isStored ? new MemoryCheckpointer() : undefined;
  const app = new GraphBuilder({ channels: counter() })
    .addNode('wait', async (state) => (await gate.pass(), { n: state.n + 1 }))
    .addEdge(START, 'wait')
    .addEdge('wait', END)
    .compile(checkpointer && { checkpointer });
  const runs = Array.from({ length: count }, (_, index) => app.invoke({}, { sessionId: `session ${index}` }));
  // `kept` keeps the finished sessions.
  return { full: gate.full, release: gate.open, ended: () => Promise.all(runs), kept: checkpointer };
}

/** Runs of one node that emits, each read to its end. */
export function emitting(emits) {
  const talk = events(emits);
  return async (runs) => {
    for (let index = 0; index < runs; index += 1) {
      if ((await talk.run()) !== emits) throw new Error('an event is missing');
    }
  };
}
