// Cases about user code that throws and returns what nobody expects: it fails, or works, as any other would, and never the engine.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, collect } from './shapes.mjs';

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
const throwing = () => {
  throw new Error('no');
};
const things = {
  'an error whose message is an object': () => Object.assign(new Error('x'), { message: { status: 500 } }),
  'an error whose message is undefined': () => Object.assign(new Error('x'), { message: undefined }),
  'an error whose message is a symbol': () => Object.assign(new Error('x'), { message: Symbol('x') }),
  'an error whose message cannot be read': () => Object.defineProperty(new Error('x'), 'message', { get: throwing }),
  'an error whose name cannot be read': () => Object.defineProperty(new Error('x'), 'name', { get: throwing }),
  'an error whose name cannot be shown': () => Object.assign(new Error('x'), { name: { toString: throwing } }),
  'a revoked proxy': revoked,
  'an object that cannot be shown': () => ({ toString: throwing, [Symbol.toPrimitive]: throwing }),
  'undefined': () => undefined,
  'a symbol': () => Symbol('x'),
  'an error that is its own cause': () => { const error = new Error('x'); error.cause = error; return error; },
};

export const hostileCases = {
  'hostile: whatever is thrown, wherever, is the failure’s cause': async (weavegraph) => {
    const { append, END, GraphBuilder, MemoryCheckpointer, reduce, START } = weavegraph;
    for (const [what, make] of Object.entries(things)) {
      const thing = make();
      const hurl = () => { throw thing; };
      const routed = (route) => new GraphBuilder().addNode('a', () => undefined).addEdge(START, 'a').addConditionalEdge('a', route);
      const places = {
        'a node': [chain(weavegraph, { a: hurl }), 'NODE_THREW'],
        'an async node': [chain(weavegraph, { a: async () => hurl() }), 'NODE_THREW'],
        'the then of a node’s result': [chain(weavegraph, { a: () => ({ then: hurl }) }), 'NODE_THREW'],
        'onError': [chain(weavegraph, { a: [throwing, { onError: hurl }] }), 'NODE_THREW'],
        'retryOn': [chain(weavegraph, { a: [throwing, { retry: { maxAttempts: 2, initialDelayMs: 0, retryOn: hurl } }] }), 'NODE_THREW'],
        'a route': [routed(hurl), 'ROUTE_THREW'],
        'an async route': [routed(async () => hurl()), 'ROUTE_THREW'],
        'a reducer': [chain(weavegraph, { a: () => ({ x: 1 }) }, { x: reduce(hurl, 0) }), 'STATE_REDUCER'],
        'a key function': [chain(weavegraph, { a: () => ({ x: 1 }) }, { x: append({ key: hurl }) }), 'STATE_REDUCER'],
      };
      for (const [place, [graph, code]] of Object.entries(places)) {
        for (const options of [{}, { checkpointer: new MemoryCheckpointer() }]) {
          const run = graph.compile(options).invokeStreaming();
          const events = await collect(run);
          const { error } = await run.result;
          equal([error.code, events.at(-1).type, typeof error.message], [code, 'run.failed', 'string'], `${what} by ${place}`);
          holds(error.cause === thing, `${what} by ${place} is the cause`);
        }
      }
    }
  },

  'hostile: a route’s answer that cannot be read fails it': async (weavegraph) => {
    const { END, GraphBuilder, START } = weavegraph;
    for (const answer of [revoked(), [revoked()], [END, revoked()]]) {
      const error = await failure(new GraphBuilder().addNode('a', () => undefined).addEdge(START, 'a').addConditionalEdge('a', () => answer).compile().invoke());
      holds(['ROUTE_THREW', 'NODE_INVALID_RESULT'].includes(error.code), error.message);
    }
  },

  'hostile: a Map or a Set in place of a record is told, not taken for an empty one': async ({ END, GraphBuilder, last, START }) => {
    const graph = (options, channels) => new GraphBuilder(channels && { channels }).addNode('a', () => undefined, options).addEdge(START, 'a').addEdge('a', END);
    const told = (builder) => builder.validate().map(({ code }) => code);
    for (const list of [new Map([['a', 'a']]), new Set(['a'])]) {
      equal(told(graph().addConditionalEdge('a', () => END, list)), ['GRAPH_INVALID']);
      equal(told(graph(undefined, list)), ['GRAPH_INVALID_CHANNEL']);
      equal(told(graph({ metadata: list })), ['GRAPH_INVALID']);
      equal(told(graph(list)), ['GRAPH_INVALID']);
    }
    equal(told(graph({ metadata: {} }, { a: last() }).addConditionalEdge('a', () => 'end', { end: END })), []);
  },

  'hostile: thenables of any make are awaited as by await': async (weavegraph) => {
    const log = async (result) => (await chain(weavegraph, { a: () => result }).compile().invoke()).log;
    equal(await log({ then(resolve, reject) { resolve({ log: 1 }); resolve({ log: 2 }); reject(new Error('late')); throw new Error('later'); } }), [1], 'it settles twice');
    equal(await log({ then(resolve) { resolve({ then: (next) => next({ log: 'deep' }) }); } }), ['deep'], 'it gives another one');
    equal(await log({ then(resolve) { resolve(Promise.resolve({ log: 'promise' })); } }), ['promise'], 'it gives a promise');
    equal(await log(Object.assign(() => undefined, { then: (resolve) => resolve({ log: 'function' }) })), ['function'], 'it is a function');
    equal(await codeOf(log({ then(_, reject) { reject(new Error('no')); } })), 'NODE_THREW', 'it rejects at once');
    const { END, GraphBuilder, START } = weavegraph;
    const route = { then(resolve) { resolve(Promise.resolve(END)); resolve('ghost'); } };
    await new GraphBuilder().addNode('a', () => undefined).addEdge(START, 'a').addConditionalEdge('a', () => route).compile().invoke();
  },
};
