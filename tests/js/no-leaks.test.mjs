// Memory over many runs, in a process of its own: the engine's does not grow, and nothing of a run stays behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const RUNS = 2000;
/** Runs `body` RUNS times in a fresh process; it reports the engine's memory and the live objects at nine tenths and at the end. */
async function measure(body) {
  const program = `
    // The engine's memory is caught as it is made.
    const memories = [];
    const instantiate = WebAssembly.Instance;
    WebAssembly.Instance = class extends instantiate { constructor(...args) { super(...args); if (this.exports.memory) memories.push(this.exports.memory); } };
    const { append, END, GraphBuilder, last, MemoryCheckpointer, send, START } = await import('weavegraph-wasm');
    const { chain, collect, loop, turn } = await import('./js/graphs.mjs');
    const registry = new FinalizationRegistry(() => (alive -= 1));
    let alive = 0;
    const watch = (object) => { alive += 1; registry.register(object); return object; };
    const settle = async () => { for (let n = 0; n < 10; n += 1) { globalThis.gc(); await turn(); } };
    const one = await (async () => { ${body} })();
    const bytes = [];
    for (let n = 0; n < ${RUNS}; n += 1) {
      await one(n, watch);
      if (n === ${RUNS} * 0.9 - 1) { await settle(); bytes.push(memories[0].buffer.byteLength); }
    }
    await settle();
    bytes.push(memories[0].buffer.byteLength);
    console.log(JSON.stringify({ bytes, alive, handles: process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate').length, memories: memories.length }));
  `;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], { cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const part of child.stdout) output += part;
  const { bytes, alive, handles, memories } = JSON.parse(output);
  assert.equal(memories, 1);
  assert.equal(bytes[1], bytes[0], 'the engine\'s memory grew in the last tenth');
  assert.ok(alive <= 5, `${alive} objects of runs that are over are still held`);
  assert.equal(handles, 0);
  return bytes[1];
}

const cases = {
  'runs that complete': `
    const app = chain({ a: async () => ({ log: 'x'.repeat(100) }), b: () => ({ log: 1 }) }).compile();
    return async (n, watch) => { await app.invoke(watch({ log: n })); };`,
  'runs that are read, by several readers, to the end or not at all': `
    const app = chain({ a: (_, ctx) => { for (let n = 0; n < 20; n += 1) ctx.emit('s', 'm', { n }); ctx.token('t'); } }).compile();
    return async (n, watch) => {
      const run = watch(app.invokeStreaming({}, { events: { capacity: 4 } }));
      const readers = [run.events(), run.events({ capacity: 1 }), run.events({ after: 0 })].map(watch);
      if (n % 2 === 0) for await (const event of run) if (watch(event).type === 'message') break;
      if (n % 3 === 0) await collect(readers[0]);
      await run.result;
    };`,
  'runs that fail, are cancelled, or are refused': `
    const app = chain({ a: async (_, ctx) => { ctx.signal; if (ctx.metadata.fails) throw watched({ no: 1 }); await ctx.sleep(1e6); } }).compile();
    let watched;
    return async (n, watch) => {
      watched = watch;
      const run = watch(app.invokeStreaming({}, { metadata: { fails: n % 2 === 0 }, nope: n % 5 === 0 ? 1 : undefined }));
      await turn();
      await run.cancel();
      await run.result;
    };`,
  'signals that live on': `
    const controller = new AbortController();
    const { signal } = controller;
    const app = chain({ a: () => undefined }).compile();
    return async (n, watch) => {
      const run = watch(app.invokeStreaming({}, { signal, events: { signal } }));
      watch(run.events({ signal, after: 0 }));
      await run.result;
    };`,
  'sessions that are stored, resumed, looked at and deleted': `
    let isBroken;
    const app = chain({ a: () => ({ log: 'x'.repeat(500) }), b: () => { if (isBroken) throw new Error('no'); return { log: 1 }; } });
    const checkpointer = new MemoryCheckpointer();
    const compiled = app.compile({ checkpointer });
    return async (n, watch) => {
      isBroken = true;
      const run = watch(compiled.invokeStreaming(watch({ log: n }), { sessionId: 's' + n, events: { capacity: 1 } }));
      await run.result;
      isBroken = false;
      watch(await compiled.resume('s' + n));
      watch(await compiled.getState('s' + n));
      watch(await compiled.history('s' + n));
      await collect(run);
      await checkpointer.deleteSession('s' + n);
    };`,
  'followers that return, that wait, and that nobody reads; runs that wait and that are stolen from': `
    const checkpointer = new MemoryCheckpointer();
    const app = chain({ a: () => ({ log: 'x'.repeat(500) }), b: (_, ctx) => ctx.sleep(1e6) }).compile({ checkpointer });
    return async (n, watch) => {
      const sessionId = 's' + n;
      const held = watch(app.invokeStreaming({}, { sessionId }));
      const waiting = watch(app.invokeStreaming({}, { sessionId, whenBusy: 'wait' }));
      const followers = [app.follow(sessionId, { after: 0 }), app.follow(sessionId), app.follow(sessionId, { after: 2 })].map(watch);
      await followers[0].next();
      const next = followers[1].next();
      const thief = watch(app.resumeStreaming(sessionId, undefined, { whenBusy: 'steal' }));
      await held.result;
      await waiting.cancel();
      await turn();
      await app.cancel(sessionId);
      await thief.result;
      await next;
      followers.forEach((follower) => follower.return());
      await checkpointer.deleteSession(sessionId);
    };`,
  'apps that are made and thrown away': `
    return async (n, watch) => {
      const app = watch(chain({ a: () => ({ log: n }), b: () => undefined }).compile());
      await app.invoke();
    };`,
  'wide steps with sends, and values that nodes pass on': `
    const graph = new GraphBuilder({ channels: { log: append(), one: last() } }).addNode('work', (_, ctx) => ({ log: ctx.input })).addNode('end', ({ log }) => ({ one: log.slice(-3) }));
    const app = graph.addConditionalEdge(START, () => Array.from({ length: 50 }, (_, n) => send('work', { n, text: 'y'.repeat(50) })), ['work']).addEdge('work', 'end').addEdge('end', END).compile();
    return async (n, watch) => { watch(await app.invoke()); };`,
};

for (const [what, body] of Object.entries(cases)) {
  test(`${RUNS} times: ${what}`, async () => {
    const bytes = await measure(body);
    assert.ok(bytes <= 8 * 1024 * 1024, `${bytes} bytes`);
  });
}
