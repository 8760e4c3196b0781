// Cases about channels: how writes merge, in which order, and that nobody can change what others see.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, fan, gate, turn } from './shapes.mjs';

/** The state after nodes of one step have returned these updates. */
const after = (weavegraph, channels, ...updates) => fan(weavegraph, Object.fromEntries(updates.map((update, n) => [`n${n}`, () => update])), channels).compile().invoke();

export const channelCases = {
  'append: items in node order, arrays item by item, undefined not at all': async (weavegraph) => {
    const { append } = weavegraph;
    equal(await after(weavegraph, { x: append({ initial: [0] }) }, { x: 1 }, { x: [2, 3] }, { x: [[4]] }, { x: [] }, { x: undefined }), { x: [0, 1, 2, 3, [4]] });
  },

  'append with a key: an item that is there is replaced in place': async (weavegraph) => {
    const x = weavegraph.append({ initial: [{ id: 'a', n: 0 }, { id: 'b', n: 0 }], key: (item) => item.id });
    equal(await after(weavegraph, { x }, { x: { id: 'b', n: 1 } }, { x: [{ id: 'c', n: 2 }, { id: 'a', n: 3 }] }, { x: [{ n: 4 }, { n: 5 }] }), {
      x: [{ id: 'a', n: 3 }, { id: 'b', n: 1 }, { id: 'c', n: 2 }, { n: 4 }, { n: 5 }],
    });
  },

  'merge: one level deep, the later node wins, null deletes': async (weavegraph) => {
    const x = weavegraph.merge({ initial: { a: 1, b: { deep: 1 }, c: 3 } });
    equal(await after(weavegraph, { x }, { x: { a: 2, b: { other: 2 } } }, { x: { a: 3, c: null, d: null, e: undefined } }), { x: { a: 3, b: { other: 2 } } });
  },

  'last: two writers of a step conflict, unless the later one is to win': async (weavegraph) => {
    const { last } = weavegraph;
    equal(await after(weavegraph, { x: last(), y: last({ initial: 1 }) }, { x: null }), { x: null, y: 1 });
    equal(await after(weavegraph, { x: last({ onConflict: 'last' }) }, { x: 1 }, {}, { x: 3 }), { x: 3 });
    const error = await failure(after(weavegraph, { x: last() }, { x: 1 }, { x: 1 }));
    equal([error.name, error.code, error.step], ['RunFailed', 'STATE_CONFLICT', 1]);
  },

  'reduce: once per write, in node order, and a throw is STATE_REDUCER': async (weavegraph) => {
    const { reduce } = weavegraph;
    const seen = [];
    const x = reduce((current, write) => (seen.push(Object.isFrozen(current)), [...current, write]), []);
    equal(await after(weavegraph, { x }, { x: 'a' }, { x: ['b'] }, {}), { x: ['a', ['b']] });
    equal(seen, [true, true]);
    const boom = new RangeError('boom');
    const error = await failure(after(weavegraph, { x: reduce(() => { throw boom; }, 0) }, { x: 1 }));
    holds(error.code === 'STATE_REDUCER' && error.cause === boom, error.message);
  },

  'replace: this value in place of merging, for every kind': async (weavegraph) => {
    const { append, last, merge, reduce, replace } = weavegraph;
    const channels = { list: append({ initial: [1] }), map: merge({ initial: { a: 1 } }), one: last({ initial: 1 }), sum: reduce((sum, n) => sum + n, 1) };
    equal(await after(weavegraph, channels, { list: 2, map: { b: 2 }, sum: 2 }, { list: replace([9]), map: replace({ z: 9 }), one: replace(9), sum: replace(9) }, { list: 3, map: { c: 3 }, sum: 3 }), {
      list: [9, 3], map: { z: 9, c: 3 }, one: 9, sum: 12,
    });
  },

  'a graph without channels has messages, extra and errors': async ({ END, GraphBuilder, START }) => {
    const app = new GraphBuilder().addNode('a', () => ({ messages: { role: 'assistant', content: 'hi' }, extra: { n: 1 } })).addEdge(START, 'a').addEdge('a', END).compile();
    equal(await app.invoke({ messages: [{ role: 'user', content: 'hello' }] }), { messages: [{ role: 'user', content: 'hello' }, { role: 'assistant', content: 'hi' }], extra: { n: 1 }, errors: [] });
  },

  'withReducer gives a channel another rule': async ({ append, END, GraphBuilder, START }) => {
    const graph = new GraphBuilder({ channels: { x: append({ initial: [1] }) } }).withReducer('x', (list, n) => [n, ...list]);
    equal(await graph.addNode('a', () => ({ x: 2 })).addEdge(START, 'a').addEdge('a', END).compile().invoke({ x: 0 }), { x: [2, 0, 1] });
  },

  'writes merge in node order, whatever the order in which nodes finish': async (weavegraph) => {
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
      const gates = [gate(), gate(), gate()];
      const nodes = Object.fromEntries(gates.map(({ promise }, n) => [`n${n}`, async () => { await promise; return { log: n, map: { winner: n } }; }]));
      const running = fan(weavegraph, nodes, { log: weavegraph.append(), map: weavegraph.merge() }).compile().invoke();
      for (const n of order) {
        gates[n].open();
        await turn();
      }
      equal(await running, { log: [0, 1, 2], map: { winner: 2 } }, String(order));
    }
  },

  'nodes of a step see the state before it, and not each other': async (weavegraph) => {
    const seen = [];
    const look = async ({ log }) => {
      seen.push([...log]);
      await turn();
      seen.push([...log]);
      return { log: 'x' };
    };
    equal((await fan(weavegraph, { a: look, b: look }).compile().invoke({ log: 'in' })).log, ['in', 'x', 'x']);
    equal(seen, Array(4).fill(['in']));
  },

  'what nodes see is frozen, deep down, and a copy of what was written': async (weavegraph) => {
    const mine = { list: [{ n: 1 }], map: new Map([['k', { n: 1 }]]), set: new Set([1]), date: new Date(0) };
    const changes = [(s) => (s.one = 1), (s) => s.one.list.push(2), (s) => (s.one.list[0].n = 2), (s) => s.one.map.set('x', 1), (s) => (s.one.map.get('k').n = 2), (s) => s.one.set.add(2), (s) => s.one.date.setTime(5), (s) => s.log.push(1)];
    const refused = [];
    const app = chain(weavegraph, {
      a: () => ({ one: mine }),
      b: async (state) => {
        mine.list[0].n = 99;
        for (const change of changes) refused.push((await failure(async () => change(state))) instanceof TypeError);
      },
    }, { log: weavegraph.append(), one: weavegraph.last() }).compile();
    equal(await app.invoke(), { log: [], one: { list: [{ n: 1 }], map: new Map([['k', { n: 1 }]]), set: new Set([1]), date: new Date(0) } });
    equal(refused, changes.map(() => true));
    holds(!Object.isFrozen(mine) && !Object.isFrozen(mine.list), 'the own objects are left alone');
  },

  'bytes are each reader’s own': async (weavegraph) => {
    const bytes = new Uint8Array([1]);
    const scribble = ({ one }) => void (one[0] += 1);
    const app = chain(weavegraph, { a: () => ({ one: bytes }), b: scribble, c: scribble, d: ({ one }) => ({ log: one[0] }) }, { log: weavegraph.append(), one: weavegraph.last() }).compile();
    const { log, one } = await app.invoke();
    equal([log, one[0], bytes[0]], [[1], 1, 1]);
  },

  'what no channel can take is refused by code and path': async (weavegraph) => {
    const { append, merge } = weavegraph;
    const instance = new (class Thing {})();
    for (const [code, update, path] of [['STATE_UNKNOWN_CHANNEL', { nope: 1 }], ['STATE_INVALID_UPDATE', { map: 3 }], ['STATE_NOT_CLONEABLE', { x: [{ deep: [instance] }] }, 'x[0].deep[0]'], ['STATE_NOT_CLONEABLE', { x: () => 1 }, 'x']]) {
      const error = await failure(after(weavegraph, { x: append(), map: merge() }, update));
      equal([error.code, error.details?.path], [code, path]);
    }
    equal(await codeOf(chain(weavegraph, { a: () => undefined }).compile().invoke({ nope: 1 })), 'STATE_UNKNOWN_CHANNEL');
    equal(await codeOf(() => weavegraph.last({ initial: instance })), 'STATE_NOT_CLONEABLE');
  },

  '__proto__ is a key like any other': async (weavegraph) => {
    const evil = JSON.parse('{"__proto__":{"polluted":1},"plain":1}');
    const { map } = await chain(weavegraph, { a: () => ({ map: evil }) }, { map: weavegraph.merge() }).compile().invoke();
    equal(Object.keys(map), ['__proto__', 'plain']);
    equal({}.polluted, undefined);
  },
};
