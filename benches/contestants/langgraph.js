// The work of the cases with LangGraph.js, as its documentation tells. Must not know the other contestants.
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { createGate } from '../gate.js';
import { message } from '../message.js';

const Counter = Annotation.Root({ n: Annotation() });
const recursionLimit = 1_000_000;

function counting(node, steps) {
  return new StateGraph(Counter)
    .addNode('count', node)
    .addEdge(START, 'count')
    .addConditionalEdges('count', (state) => (state.n < steps ? 'count' : END), ['count', END]);
}

export function countAsync(steps) {
  const app = counting(async (state) => ({ n: state.n + 1 }), steps).compile();
  return { run: () => app.invoke({ n: 0 }, { recursionLimit }) };
}

export function countSync(steps) {
  const app = counting((state) => ({ n: state.n + 1 }), steps).compile();
  return { run: () => app.invoke({ n: 0 }, { recursionLimit }) };
}

export function countStored(steps) {
  const graph = counting(async (state) => ({ n: state.n + 1 }), steps);
  return {
    prepare: () => graph.compile({ checkpointer: new MemorySaver() }),
    run: (app) => app.invoke({ n: 0 }, { recursionLimit, configurable: { thread_id: 'bench' } }),
  };
}

export function chain(length) {
  const graph = new StateGraph(Counter);
  for (let index = 0; index < length; index += 1) {
    graph.addNode(`node ${index}`, async (state) => ({ n: state.n + 1 })).addEdge(index === 0 ? START : `node ${index - 1}`, `node ${index}`);
  }
  const app = graph.addEdge(`node ${length - 1}`, END).compile();
  return { run: () => app.invoke({ n: 0 }, { recursionLimit }) };
}

export function fanOut(width) {
  const List = Annotation.Root({ list: Annotation({ reducer: (list, item) => list.concat(item), default: () => [] }) });
  const graph = new StateGraph(List);
  for (let index = 0; index < width; index += 1) {
    graph.addNode(`node ${index}`, async () => ({ list: index })).addEdge(START, `node ${index}`).addEdge(`node ${index}`, END);
  }
  const app = graph.compile();
  return { run: () => app.invoke({}, { recursionLimit }) };
}

export function single() {
  const app = new StateGraph(Counter)
    .addNode('count', async (state) => ({ n: state.n + 1 }))
    .addEdge(START, 'count')
    .addEdge('count', END)
    .compile();
  return { run: () => app.invoke({ n: 0 }) };
}

export function events(count) {
  const app = new StateGraph(Counter)
    .addNode('talk', async (_, { writer }) => {
      for (let index = 0; index < count; index += 1) writer({ type: 'message', scope: 'bench', message: 'tick' });
      return {};
    })
    .addEdge(START, 'talk')
    .addEdge('talk', END)
    .compile();
  return {
    run: async () => {
      let read = 0;
      for await (const event of await app.stream({ n: 0 }, { streamMode: 'custom' })) read += event.type === 'message' ? 1 : 0;
      return read;
    },
  };
}

/** One message a step. */
export function messages(steps, { isRead, isStored, make = message }) {
  const State = Annotation.Root({ n: Annotation(), messages: Annotation({ reducer: (list, item) => list.concat(item), default: () => [] }) });
  const graph = new StateGraph(State)
    .addNode('say', async (state) => ({ messages: [make(state.n)], n: (isRead ? state.messages.length : state.n) + 1 }))
    .addEdge(START, 'say')
    .addConditionalEdges('say', (state) => (state.n < steps ? 'say' : END), ['say', END]);
  return {
    prepare: () => {
      const kept = isStored ? new MemorySaver() : undefined;
      return { kept, app: graph.compile({ checkpointer: kept }) };
    },
    run: async ({ app, kept }) => ({ state: await app.invoke({ n: 0 }, { recursionLimit, configurable: { thread_id: 'bench' } }), kept }),
  };
}

/** Runs in flight, each waiting in its node until `release`. */
export function open(count, { isStored }) {
  const gate = createGate(count);
  const checkpointer = isStored ? new MemorySaver() : undefined;
  const app = new StateGraph(Counter)
    .addNode('wait', async (state) => (await gate.pass(), { n: state.n + 1 }))
    .addEdge(START, 'wait')
    .addEdge('wait', END)
    .compile({ checkpointer });
  const runs = Array.from({ length: count }, (_, index) => app.invoke({ n: 0 }, { configurable: { thread_id: `thread ${index}` } }));
  return { full: gate.full, release: gate.open, ended: () => Promise.all(runs), kept: checkpointer };
}
