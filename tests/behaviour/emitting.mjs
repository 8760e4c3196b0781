// Cases about what nodes emit: each method's event, text streams, and data that nobody can change afterwards.
import { equal, failure, holds } from './checks.mjs';
import { chain, collect } from './shapes.mjs';

/** The user's events of one node, without what every event has. */
async function emitted(weavegraph, node) {
  const events = await collect(chain(weavegraph, { a: node }).compile().invokeStreaming());
  return events.filter(({ type }) => !/^(run|step|node)\./.test(type)).map(({ seq, at, runId, sessionId, node: _, step, task, attempt, transient, ...rest }) => Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))));
}
const texts = (events) => events.map(({ type, text, streamId, offset, reasoning }) => [type, text, streamId, ...(offset === undefined ? [] : [offset]), ...(reasoning === undefined ? [] : [reasoning])]);

export const emittingCases = {
  'each method of ctx makes its event': async (weavegraph) => {
    const events = await emitted(weavegraph, (_, ctx) => {
      ctx.emit('scope', 'hello');
      ctx.emit('scope', 'hello', null);
      ctx.progress(0.5);
      ctx.progress(1, 'done');
      ctx.milestone('half', 7);
      ctx.custom('mine', new Map([['a', 1]]));
      ctx.diagnostic('disk', 'is full');
      ctx.tool.call('1', 'search', { q: 'x' });
      ctx.tool.result('1', ['y']);
      ctx.tool.result('2', 'no', { isError: true });
    });
    equal(events, [
      { message: 'hello', scope: 'scope', type: 'message' }, { data: null, message: 'hello', scope: 'scope', type: 'message' }, { fraction: 0.5, type: 'progress' }, { fraction: 1, message: 'done', type: 'progress' },
      { data: 7, name: 'half', type: 'milestone' }, { data: new Map([['a', 1]]), name: 'mine', type: 'custom' }, { message: 'is full', scope: 'disk', type: 'diagnostic' },
      { args: { q: 'x' }, id: '1', name: 'search', type: 'tool.call' }, { id: '1', result: ['y'], type: 'tool.result' }, { id: '2', isError: true, result: 'no', type: 'tool.result' },
    ]);
  },

  'tokens are transient and count characters; the final is durable and joins them': async (weavegraph) => {
    const run = chain(weavegraph, { a: (_, ctx) => {
      ctx.token('Gr');
      ctx.token('üße 😀');
      ctx.llm.chunk('hm', { kind: 'reasoning' });
      ctx.llm.chunk('!', { kind: 'text', metadata: { model: 'm' } });
      ctx.llm.final();
    } }).compile().invokeStreaming();
    const events = (await collect(run)).filter(({ type }) => type.startsWith('llm.'));
    equal(events.map(({ seq, transient, offset }) => [seq, transient, offset]), [[3, true, 0], [3, true, 2], [3, true, 8], [3, true, 10], [4, undefined, undefined]]);
    const { text, reasoning, metadata, streamId } = events[4];
    equal([text, reasoning, metadata], ['Grüße 😀!', 'hm', { model: 'm' }]);
    holds(events.every((event) => event.streamId === streamId), 'one stream');
  },

  'several text streams at once are kept apart': async (weavegraph) => {
    const events = await emitted(weavegraph, (_, ctx) => {
      ctx.token('a', { streamId: 'one' });
      ctx.token('b', { streamId: 'two' });
      ctx.token('c', { streamId: 'one' });
      ctx.llm.final('whole', { streamId: 'two' });
      ctx.llm.error('broke', { streamId: 'one' });
      ctx.token('d', { streamId: 'two' });
    });
    equal(texts(events), [
      ['llm.chunk', 'a', 'one', 0], ['llm.chunk', 'b', 'two', 0], ['llm.chunk', 'c', 'one', 1], ['llm.final', 'whole', 'two'], ['llm.error', undefined, 'one'], ['llm.chunk', 'd', 'two', 0],
      ['llm.final', 'd', 'two'],
    ]);
  },

  'data of events is a frozen copy': async (weavegraph) => {
    const data = { list: [1] };
    const [event] = await emitted(weavegraph, (_, ctx) => {
      ctx.custom('mine', data);
      data.list.push(2);
    });
    equal(event.data, { list: [1] });
    holds((await failure(async () => event.data.list.push(3))) instanceof TypeError, 'it is frozen');
  },

  'data that cannot be stored throws where it is given, and the node may go on': async (weavegraph) => {
    const errors = [];
    const events = await emitted(weavegraph, async (_, ctx) => {
      for (const emit of [() => ctx.emit('s', 'm', () => 1), () => ctx.custom('c', { f() {} }), () => ctx.tool.call('1', 't', Symbol('s'))]) errors.push((await failure(async () => emit())).code);
      ctx.emit('s', 'on');
    });
    equal([errors, events.length], [Array(3).fill('STATE_NOT_CLONEABLE'), 1]);
  },
};
