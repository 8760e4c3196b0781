// The work of the cases with this package, as users import it. Must not know the other contestants.
import { END, GraphBuilder, MemoryCheckpointer, START, append, last } from 'weavegraph-wasm';
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

export function chain(length) {
  const graph = new GraphBuilder({ channels: counter() });
  for (let index = 0; index < length; index += 1) {
    graph.addNode(`node ${index}`, async (state) => ({ n: state.n + 1 })).addEdge(index === 0 ? START : `node ${index - 1}`, `node ${index}`);
  }
  const app = graph.addEdge(`node ${length - 1}`, END).compile();
  return { run: () => app.invoke() };
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

/** One message a step. */
export function messages(steps, { isRead, isStored, make = message }) {
  const app = new GraphBuilder({ channels: { messages: append(), n: last({ initial: 0 }) } })
    .addNode('say', async (state) => ({ messages: make(state.n), n: (isRead ? state.messages.length : state.n) + 1 }))
    .addEdge(START, 'say')
    .addConditionalEdge('say', (state) => (state.n < steps ? 'say' : END), ['say', END])
    .compile({ maxSteps });
  return {
    prepare: () => (isStored ? new MemoryCheckpointer() : undefined),
    run: async (checkpointer) => ({ state: await app.invoke({}, checkpointer && { checkpointer }), kept: checkpointer }),
  };
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
