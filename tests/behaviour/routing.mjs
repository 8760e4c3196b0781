// Cases about where a step leads: routes, joins, commands, sends and the gate.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, collect, loop } from './shapes.mjs';

/** A builder whose nodes note that they ran; `results` stand in for some. */
function noting({ append, END, GraphBuilder, last }, names, results = {}) {
  const graph = new GraphBuilder({ channels: { log: append(), n: last({ initial: 0 }) } });
  const note = (_, ctx) => ({ log: ctx.input === undefined ? ctx.node : `${ctx.node}(${JSON.stringify(ctx.input)})` });
  for (const name of names) graph.addNode(name, results[name] ?? note, { targets: [...names, END] });
  return graph;
}
const logOf = async (graph, input, options) => (await graph.compile(options).invoke(input)).log;
const stepsOf = async (graph) => (await collect(graph.compile().invokeStreaming())).filter(({ type }) => type === 'step.completed').map(({ ran, skipped }) => [ran.join(), skipped.join()]);

export const routingCases = {
  'routes: names, labels, lists, sends, promises and none': async (weavegraph) => {
    const { END, send, START } = weavegraph;
    const leads = (route, targets) => logOf(noting(weavegraph, ['a', 'b', 'c']).addEdge(START, 'a').addConditionalEdge('a', route, targets).addEdge('b', END).addEdge('c', END));
    equal(await leads(() => 'b', ['b', 'c']), ['a', 'b']);
    equal(await leads(async () => 'b', ['b', 'c']), ['a', 'b']);
    equal(await leads(() => 'yes', { yes: 'c', no: 'b' }), ['a', 'c']);
    equal(await leads(() => ['yes', 'no', 'yes'], { yes: 'c', no: 'b' }), ['a', 'c', 'b']);
    equal(await leads(() => [send('b', 1), 'c', send('b', 2)]), ['a', 'b(1)', 'c', 'b(2)']);
    equal([await leads(() => [], ['b', 'c']), await leads(() => END)], [['a'], ['a']]);
    equal(await leads(({ log: [first] }) => (first === 'a' ? 'b' : 'c')), ['a', 'b'], 'a route sees the state after its step');
  },

  'routes of START choose by the input, and add to plain edges': async (weavegraph) => {
    const { END, START } = weavegraph;
    const graph = noting(weavegraph, ['a', 'b']).addConditionalEdge(START, async ({ n }) => (n === 1 ? ['b', 'a'] : 'a'), ['a', 'b']).addEdge('a', END).addEdge('b', END);
    equal([await logOf(graph, { n: 1 }), await logOf(graph, { n: 2 })], [['b', 'a'], ['a']]);
    equal(await logOf(noting(weavegraph, ['a', 'b', 'c']).addEdge(START, 'a').addEdge('a', 'b').addConditionalEdge('a', () => 'c', ['c']).addEdge('b', END).addEdge('c', END)), ['a', 'b', 'c']);
  },

  'routes that throw or lead nowhere fail by code': async (weavegraph) => {
    const { END, START } = weavegraph;
    const boom = new TypeError('boom');
    const route = (answer, targets) => noting(weavegraph, ['a', 'b']).addEdge(START, 'a').addConditionalEdge('a', answer, targets).addEdge('b', END).compile().invoke();
    const error = await failure(route(() => { throw boom; }));
    equal([error.code, error.node, error.step], ['ROUTE_THREW', 'a', 1]);
    holds(error.cause === boom, 'the very object');
    equal(await codeOf(route(() => 'nope')), 'ROUTE_UNKNOWN_TARGET');
    equal(await codeOf(route(() => 'b', [END])), 'ROUTE_UNKNOWN_TARGET');
    equal(await codeOf(route(() => undefined)), 'NODE_INVALID_RESULT');
  },

  'joins run once, when all their sources have run': async (weavegraph) => {
    const { END, START } = weavegraph;
    const diamond = noting(weavegraph, ['a', 'b', 'b2', 'join']).addEdge(START, 'a').addEdge(START, 'b').addEdge('b', 'b2').addEdge(['a', 'b2'], 'join').addEdge('join', END);
    equal(await logOf(diamond), ['a', 'b', 'b2', 'join']);
  },

  'joins in a loop fire again once all their sources have run again': async (weavegraph) => {
    const { END, START } = weavegraph;
    const graph = noting(weavegraph, ['a', 'b', 'join'], { join: ({ n }) => ({ n: n + 1, log: `j${n}` }) }).addEdge(START, 'a').addEdge(START, 'b').addEdge(['a', 'b'], 'join');
    equal(await logOf(graph.addConditionalEdge('join', ({ n }) => (n < 3 ? ['a', 'b'] : END), ['a', 'b', END])), ['a', 'b', 'j0', 'a', 'b', 'j1', 'a', 'b', 'j2']);
  },

  'joins that never got all their sources are told as waiting': async (weavegraph) => {
    const { END, START } = weavegraph;
    const graph = noting(weavegraph, ['a', 'b', 'join']).addEdge(START, 'a').addConditionalEdge('a', () => END, ['b', END]).addEdge(['a', 'b'], 'join').addEdge('join', END);
    const { status, waiting } = await graph.compile().invokeStreaming().result;
    equal([status, waiting], ['completed', [{ to: 'join', missing: ['b'] }]]);
  },

  'commands write and route: they silence the own edges, add to them, or leave them': async (weavegraph) => {
    const { command, END, send, START } = weavegraph;
    const cases = [
      [{ update: { log: 'a' }, goto: 'c' }, ['a', 'c']], [{ update: { log: 'a' }, goto: 'c', mode: 'append' }, ['a', 'b', 'c']], [{ update: { log: 'a' } }, ['a', 'b']],
      [{ goto: [] }, []], [{ goto: [], mode: 'append' }, ['b']], [{ goto: END }, []], [{ goto: ['c', 'b', 'c'] }, ['c', 'b']], [{ goto: [send('c', 1), 'b', send('c', 2)] }, ['c(1)', 'b', 'c(2)']], [{}, ['b']],
    ];
    for (const [given, expected] of cases) {
      const graph = noting(weavegraph, ['a', 'b', 'c'], { a: async () => command(given) }).addEdge(START, 'a').addEdge('a', 'b').addEdge('b', END).addEdge('c', END);
      equal(await logOf(graph), expected, JSON.stringify(given));
    }
    equal(await codeOf(chain(weavegraph, { a: () => command({ goto: 'nope' }) }).compile().invoke()), 'ROUTE_UNKNOWN_TARGET');
  },

  'a thousand sends are as many tasks, merged in the order of the sends': async (weavegraph) => {
    const { command, END, send, START } = weavegraph;
    const inputs = Array.from({ length: 1000 }, (_, n) => n);
    const work = (_, ctx) => (ctx.task % 10 === 0 ? Promise.resolve({ log: ctx.input }) : { log: ctx.input });
    const graph = noting(weavegraph, ['split', 'work'], { split: () => command({ goto: inputs.map((n) => send('work', n)) }), work }).addEdge(START, 'split').addEdge('split', END).addEdge('work', END);
    equal(await logOf(graph), inputs);
    equal(await logOf(graph, {}, { concurrency: 7 }), inputs);
  },

  'the input of a send is a frozen copy': async (weavegraph) => {
    const { send, START, END } = weavegraph;
    const input = { list: [1] };
    const seen = [];
    const work = async (_, ctx) => {
      seen.push(ctx.input, (await failure(async () => ctx.input.list.push(2))) instanceof TypeError);
    };
    await noting(weavegraph, ['work'], { work }).addConditionalEdge(START, () => [send('work', input), send('work', input)], ['work']).addEdge('work', END).compile().invoke();
    equal(seen, [{ list: [1] }, true, { list: [1] }, true]);
    holds(!Object.isFrozen(input), 'the own object is left alone');
  },

  'the gate skips what an edge reaches again with nothing changed; runWhen always does not': async (weavegraph) => {
    const { START } = weavegraph;
    const idle = () => undefined;
    const graph = noting(weavegraph, ['a', 'b'], { a: idle, b: idle }).addEdge(START, 'a').addEdge('a', 'b').addConditionalEdge('b', () => 'a');
    equal(await stepsOf(graph), [['a', ''], ['b', ''], ['', 'a']]);
    equal((await graph.compile().invokeStreaming().result).reason, 'quiescent');
    equal(await stepsOf(loop(weavegraph, 3)), [['work', ''], ['work', ''], ['work', '']]);
  },
};
