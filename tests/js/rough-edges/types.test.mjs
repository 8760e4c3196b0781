// Rough edge 36 of Weavegraph: what is documented and what is sent drift apart. Here every event of runs that tell all there is is compiled
// as a literal of the package's own type, so an event with a field more or less, or of another kind, is an error.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { append, END, GraphBuilder, MemoryCheckpointer, START } from 'weavegraph-wasm';
import { eventTypes } from '../../../build/facade/words.js';
import { root } from '../../../scripts/command.mjs';
import { chain, collect, fan, loop, turn } from '../graphs.mjs';
import { compile } from '../programs.mjs';

const telling = (_, ctx) => {
  ctx.emit('s', 'm');
  ctx.emit('s', 'm', { data: [1] });
  ctx.token('t', { metadata: { model: 'm' } });
  ctx.llm.chunk('why', { kind: 'reasoning' });
  ctx.llm.final();
  ctx.llm.error('no', { streamId: 'other' });
  ctx.tool.call('1', 'search', { q: 'x' });
  ctx.tool.result('1', 'found');
  ctx.tool.result('1', 'no', { isError: true });
  ctx.progress(0.5);
  ctx.progress(1, 'done');
  ctx.milestone('half');
  ctx.milestone('half', 1);
  ctx.custom('own', { n: 1 });
  ctx.diagnostic('s', 'note');
};

async function everyEvent() {
  const events = [];
  const take = async (run) => {
    events.push(...(await collect(run)));
    await run.result;
  };
  const checkpointer = new MemoryCheckpointer();
  let fails = 2;
  const fragile = (_, ctx) => {
    if ((fails -= 1) >= 0) throw new RangeError(`no ${ctx.attempt}`, { cause: { reason: 'r' } });
    return { log: 'b' };
  };
  const app = chain({ a: telling, b: [fragile, { retry: { maxAttempts: 2, initialDelayMs: 0 } }] }).compile({ checkpointer });
  const failed = app.invokeStreaming({ log: 'in' }, { sessionId: 's', metadata: { user: 'u' } });
  await take(failed);
  await take(app.resumeStreaming('s'));
  const stopped = chain({ a: () => new Promise(() => {}) }).compile().invokeStreaming();
  await turn();
  await stopped.cancel('enough');
  await take(stopped);
  const gated = new GraphBuilder().addNode('a', () => undefined).addNode('j', () => undefined).addNode('k', () => undefined)
    .addEdge(START, 'a').addConditionalEdge('a', () => 'a', ['a', 'k']).addEdge(['a', 'k'], 'j').addEdge('j', END);
  await take(gated.compile().invokeStreaming());
  const asking = chain({ ask: (_, ctx) => ctx.interrupt({ q: 1 }).then((log) => ({ log })), b: telling }).compile();
  const around = new GraphBuilder({ channels: { log: append() } }).addSubgraph('inner', asking).addEdge(START, 'inner').addEdge('inner', END).compile({ checkpointer });
  await take(around.invokeStreaming({}, { sessionId: 'asks' }));
  await take(around.resumeStreaming('asks', 'answer'));
  await take(app.invokeStreaming({ nope: 1 }));
  await take(fan({ a: () => { throw new Error('no'); }, b: () => ({ log: 1 }) }).compile().invokeStreaming({}, { maxSteps: 1 }));
  const lagging = loop(20, telling).compile().invokeStreaming();
  const small = lagging.events({ capacity: 2 });
  await lagging.join();
  await take({ [Symbol.asyncIterator]: () => small, result: undefined });
  const beyond = app.invokeStreaming({}, { sessionId: 's' });
  await beyond.join();
  await take({ [Symbol.asyncIterator]: () => beyond.events({ after: 1e9 }), result: undefined });
  return events;
}

/** Each shape of an event once: what its fields are, not what they say. */
function shapes(events) {
  const found = new Map();
  for (const event of events) found.set(`${event.type} ${Object.keys(event).sort()}`, event);
  return [...found.values()];
}

test('rough edge 36: every event that a run sends is of the type that the package declares, to the field', async () => {
  const events = shapes(await everyEvent());
  // For late readers over HTTP, of which there are none.
  const missing = eventTypes.filter((type) => !events.some((event) => event.type === type));
  assert.deepEqual(missing, ['snapshot']);
  const program = (name, list) => ({
    name, path: name, language: 'ts',
    code: `import type { WeaveEvent } from 'weavegraph-wasm';\n${list.map((event, at) => `export const e${at}: Extract<WeaveEvent, { type: '${event.type}' }> = ${JSON.stringify(event)};`).join('\n')}\n`,
  });
  const right = program('right', events);
  const wrong = program('wrong', [{ ...events[0], more: 1 }]);
  const complaints = compile([right, wrong], join(root, 'build/rough-edges'));
  assert.deepEqual(complaints.get(right), undefined);
  assert.match(complaints.get(wrong)?.join() ?? '', /more.+does not exist/, 'the compiler sees a field that is too much');
});
