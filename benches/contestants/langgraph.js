// The work of the cases with LangGraph.js, as its documentation tells. Must not know the other contestants.
import { Annotation, Command, END, MemorySaver, START, Send, StateGraph, interrupt } from '@langchain/langgraph';
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

function chained(length) {
  const graph = new StateGraph(Counter);
  for (let index = 0; index < length; index += 1) {
    graph.addNode(`node ${index}`, async (state) => ({ n: state.n + 1 })).addEdge(index === 0 ? START : `node ${index - 1}`, `node ${index}`);
  }
  return graph.addEdge(`node ${length - 1}`, END);
}

export function chain(length) {
  const app = chained(length).compile();
  return { run: () => app.invoke({ n: 0 }, { recursionLimit }) };
}

export function compile(length) {
  const run = (graph) => {
    const app = graph.compile();
    return () => Object.keys(app.nodes).filter((node) => node !== START).length;
  };
  return { prepare: () => chained(length), run };
}

export function firstRun(length) {
  return { prepare: () => chained(length).compile(), run: (app) => app.invoke({ n: 0 }, { recursionLimit }) };
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

const Listed = Annotation.Root({ n: Annotation(), list: Annotation({ reducer: (list, item) => list.concat(item), default: () => [] }) });

/** A task for each part of the work, and a node that adds up what they made. */
export function mapReduce(count) {
  const app = new StateGraph(Listed)
    .addNode('split', async () => ({}))
    .addNode('work', async ({ input }) => ({ list: input }))
    .addNode('sum', async ({ list }) => ({ n: list.reduce((total, each) => total + each, 0) }))
    .addEdge(START, 'split')
    .addConditionalEdges('split', () => Array.from({ length: count }, (_, input) => new Send('work', { input })), ['work'])
    .addEdge('work', 'sum')
    .addEdge('sum', END)
    .compile();
  return { run: () => app.invoke({}, { recursionLimit }) };
}

/** A node that waits for many. */
export function join(width) {
  const graph = new StateGraph(Listed).addNode('count', async ({ list }) => ({ n: list.length }));
  const sources = Array.from({ length: width }, (_, index) => `node ${index}`);
  for (const [index, source] of sources.entries()) graph.addNode(source, async () => ({ list: index })).addEdge(START, source);
  const app = graph.addEdge(sources, 'count').addEdge('count', END).compile();
  return { run: () => app.invoke({}, { recursionLimit }) };
}

const pair = () =>
  new StateGraph(Counter)
    .addNode('first', async (state) => ({ n: state.n + 1 }))
    .addNode('second', async (state) => ({ n: state.n + 1 }))
    .addEdge(START, 'first')
    .addEdge('first', 'second');

/** Two nodes, again and again. */
export function pairs(steps) {
  const app = pair()
    .addConditionalEdges('second', (state) => (state.n < 2 * steps ? 'first' : END), ['first', END])
    .compile();
  return { run: () => app.invoke({ n: 0 }, { recursionLimit }) };
}

/** The two are a graph of their own. */
export function subgraphs(steps) {
  const app = new StateGraph(Counter)
    .addNode('pair', pair().addEdge('second', END).compile())
    .addEdge(START, 'pair')
    .addConditionalEdges('pair', (state) => (state.n < 2 * steps ? 'pair' : END), ['pair', END])
    .compile();
  return { run: () => app.invoke({ n: 0 }, { recursionLimit }) };
}

/** A node that asks and goes on with the answer. In a page, which has no AsyncLocalStorage, `interrupt` throws. */
export const interrupted = globalThis.process === undefined ? undefined : asking;

function asking() {
  const graph = new StateGraph(Counter)
    .addNode('ask', async (state) => ({ n: state.n + interrupt('how many?') }))
    .addEdge(START, 'ask')
    .addEdge('ask', END);
  const config = { configurable: { thread_id: 'bench' } };
  const run = async (app) => {
    const { __interrupt__: asked } = await app.invoke({ n: 0 }, config);
    return { asked: asked.length, state: await app.invoke(new Command({ resume: 1 }), config) };
  };
  return { prepare: () => graph.compile({ checkpointer: new MemorySaver() }), run };
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
