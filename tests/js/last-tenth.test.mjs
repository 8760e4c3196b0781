// Memory over 10,000 runs and over a million events, each in a process of its own: after collection, the last tenth grows neither
// JavaScript's heap nor the engine's memory by 1 %.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const TENTHS = 10;

/** Code that V8 compiles lives in the heap too, and comes and goes by 5 % of it: nothing is compiled here. */
const flags = ['--expose-gc', '--no-opt', '--no-maglev', '--no-sparkplug', '--no-flush-bytecode'];

/** `body` gives a function that does the work and calls `note` after each tenth. Resolves with the bytes then: `[{ heap, engine }]`. */
async function measure(body) {
  const program = `
    // The engine's memory is caught as it is made.
    const memories = [];
    const instantiate = WebAssembly.Instance;
    WebAssembly.Instance = class extends instantiate { constructor(...args) { super(...args); if (this.exports.memory) memories.push(this.exports.memory); } };
    const { append, END, GraphBuilder, last, MemoryCheckpointer, START } = await import('weavegraph-wasm');
    const work = await (async () => { ${body} })();
    const sizes = [];
    const note = async () => {
      let heap = Infinity;
      for (let n = 0; n < 10; n += 1) {
        globalThis.gc();
        heap = Math.min(heap, process.memoryUsage().heapUsed);
        await new Promise((resolve) => setImmediate(resolve));
      }
      sizes.push({ heap, engine: memories[0].buffer.byteLength });
    };
    await work(note);
    console.log(JSON.stringify({ sizes, memories: memories.length }));
  `;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', program], { cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const part of child.stdout) output += part;
  const { sizes, memories } = JSON.parse(output);
  assert.equal(memories, 1);
  assert.equal(sizes.length, TENTHS);
  return sizes;
}

const cases = {
  '10,000 runs, each of two steps and 100 events that are read': `
    const app = new GraphBuilder({ channels: { log: append(), n: last() } })
      .addNode('talk', async (_, ctx) => { for (let n = 0; n < 90; n += 1) ctx.emit('bench', { n }); return { log: 'x'.repeat(100) }; })
      .addNode('rest', () => ({ n: 1 }))
      .addEdge(START, 'talk').addEdge('talk', 'rest').addEdge('rest', END).compile();
    let events = 0;
    return async (note) => {
      for (let run = 1; run <= 10_000; run += 1) {
        for await (const event of app.invokeStreaming({ log: run })) events += event.seq > 0 ? 1 : 0;
        if (run % 1000 === 0) await note();
      }
      if (events < 1_000_000) throw new Error('only ' + events + ' events');
    };`,
  '10,000 runs that are stored, fail, are resumed and deleted': `
    const checkpointer = new MemoryCheckpointer();
    let isBroken;
    const app = new GraphBuilder({ channels: { log: append() } })
      .addNode('first', () => ({ log: 'x'.repeat(500) }))
      .addNode('second', async () => { if (isBroken) throw new Error('no'); return { log: 1 }; })
      .addEdge(START, 'first').addEdge('first', 'second').addEdge('second', END).compile({ checkpointer });
    return async (note) => {
      for (let run = 1; run <= 5000; run += 1) {
        const sessionId = 'session ' + run;
        isBroken = true;
        await app.invokeStreaming({}, { sessionId }).result;
        isBroken = false;
        await app.resume(sessionId);
        await checkpointer.deleteSession(sessionId);
        if (run % 500 === 0) await note();
      }
    };`,
  'a million events of one run, read as they come': `
    let due;
    const app = new GraphBuilder({ channels: { log: append() } })
      .addNode('talk', async (_, ctx) => {
        for (let n = 1; n <= 1_000_000; n += 1) {
          ctx.emit('bench', { n });
          if (n % 500 === 0) await ctx.flush();
          if (n % 100_000 === 0) await due();
        }
      })
      .addEdge(START, 'talk').addEdge('talk', END).compile();
    return async (note) => {
      due = note;
      let events = 0;
      for await (const event of app.invokeStreaming({})) events += event.type === 'message' ? 1 : 0;
      if (events !== 1_000_000) throw new Error('only ' + events + ' events');
    };`,
  'a million events of one run that nobody reads, 10,000 steps of it': `
    let steps = 0;
    let due;
    const app = new GraphBuilder({ channels: { n: last({ initial: 0 }) } })
      .addNode('talk', async ({ n }, ctx) => {
        for (let event = 0; event < 100; event += 1) ctx.emit('bench', { n });
        if (n % 1000 === 999) await due();
        return { n: n + 1 };
      })
      .addEdge(START, 'talk').addConditionalEdge('talk', ({ n }) => (n < 10_000 ? 'talk' : END), ['talk', END]).compile({ maxSteps: 10_001 });
    return async (note) => {
      due = note;
      await app.invoke({});
    };`,
};

for (const [what, body] of Object.entries(cases)) {
  test(`the last tenth of ${what} grows no memory`, async (context) => {
    const sizes = await measure(body);
    const [before, after] = sizes.slice(-2);
    for (const kind of ['heap', 'engine']) {
      const growth = after[kind] / before[kind] - 1;
      context.diagnostic(`${kind}: ${after[kind]} bytes, ${(100 * growth).toFixed(2)} % more`);
      assert.ok(growth < 0.01, `the ${kind} grew by ${(100 * growth).toFixed(2)} %: ${sizes.map((size) => size[kind])}`);
    }
  });
}
