// Rough edges of Weavegraph that show in a process of one's own: what is printed and read there, and sizes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { END, GraphBuilder, last, START } from 'weavegraph-wasm';
import { MockClock } from 'weavegraph-wasm/testing';
import { root } from '../../../scripts/command.mjs';
import { chain, collect, turn } from '../graphs.mjs';

test('rough edge 34: a run prints nothing, and reads neither variables nor .env nor the working directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weavegraph-quiet-'));
  try {
    writeFileSync(join(folder, '.env'), 'SQLITE_DB_NAME=other.db\n');
    writeFileSync(join(folder, 'quiet.mjs'), `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const read = [];
      for (const name of ['readFileSync', 'openSync', 'readFile', 'open', 'existsSync', 'statSync']) {
        const original = fs[name];
        fs[name] = (path, ...more) => (read.push(String(path)), original(path, ...more));
      }
      syncBuiltinESMExports();
      process.env = new Proxy({}, { get: (_, name) => void read.push(String(name)), has: (_, name) => (read.push(String(name)), false) });
      const { append, END, GraphBuilder, MemoryCheckpointer, START } = await import(${JSON.stringify(import.meta.resolve('weavegraph-wasm'))});
      const graph = new GraphBuilder({ channels: { log: append() } })
        .addNode('a', (_, ctx) => { ctx.emit('s', 'm'); ctx.diagnostic('s', 'm'); ctx.llm.error('no'); return { log: 1 }; })
        .addNode('b', () => { throw new Error('no'); }).addEdge(START, 'a').addEdge('a', 'b').addEdge('b', END);
      for (let n = 0; n < 3; n += 1) await graph.compile({ checkpointer: new MemoryCheckpointer() }).invoke({}, { sessionId: 's' }).catch(() => undefined);
      // The wasm itself, and what Node's own loader asks for.
      process.stdout.write([...new Set(read.map((path) => path.split('/').pop()))].filter((name) => !['WATCH_REPORT_DEPENDENCIES', 'NODE_V8_COVERAGE'].includes(name)).join());
    `);
    const { stdout, stderr, status } = spawnSync(process.execPath, ['quiet.mjs'], { cwd: folder, encoding: 'utf8' });
    assert.deepEqual([stdout, stderr, status], ['weavegraph_wasm_bg.wasm', '', 0]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('rough edge 22: a chain of 100,000 nodes in one fan, as a join, and in a stack of 200 KB', () => {
  const program = `
    import { append, END, GraphBuilder, START } from ${JSON.stringify(import.meta.resolve('weavegraph-wasm'))};
    const names = Array.from({ length: 100_000 }, (_, n) => 'n' + n);
    const fan = new GraphBuilder({ channels: { log: append() } }).addNode('join', () => ({ log: 'join' })).addEdge(names, 'join').addEdge('join', END);
    const chain = new GraphBuilder({ channels: { log: append() } });
    names.forEach((name, n) => {
      fan.addNode(name, () => undefined).addEdge(START, name);
      chain.addNode(name, () => undefined).addEdge(n === 0 ? START : names[n - 1], name);
    });
    const { log } = await fan.compile().invoke();
    chain.addEdge(names.at(-1), END);
    console.log(log.join(), chain.validate().length, chain.topologicalSort().length, chain.addEdge(names.at(-1), names[0]).validate()[0].code);
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--stack-size=200', '--input-type=module', '-e', program], { cwd: join(root, 'tests'), encoding: 'utf8' });
  assert.deepEqual([stdout, stderr], ['join 0 100002 GRAPH_CYCLE\n', '']);
});

test('rough edge 22: a graph of 100,000 nodes crosses without a reference for each name, and the memory grows in few pieces', () => {
  const program = `
    import { performance, PerformanceObserver, constants } from 'node:perf_hooks';
    const { Instance } = WebAssembly;
    const instances = [];
    WebAssembly.Instance = function (...given) {
      instances.push(new Instance(...given));
      return instances.at(-1);
    };
    const { END, GraphBuilder, START } = await import(${JSON.stringify(import.meta.resolve('weavegraph-wasm'))});
    const graph = new GraphBuilder();
    for (let n = 0; n < 100_000; n += 1) graph.addNode('n' + n, () => undefined).addEdge(n === 0 ? START : 'n' + (n - 1), 'n' + n);
    graph.addEdge('n99999', END);
    let collections = 0;
    new PerformanceObserver((list) => (collections += list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length)).observe({ entryTypes: ['gc'] });
    const app = graph.compile();
    app.definitionHash();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [tables] = instances.map(({ exports }) => Object.values(exports).filter((each) => each instanceof WebAssembly.Table).map(({ length }) => length));
    console.log(JSON.stringify({ tables, collections }));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: join(root, 'tests'), encoding: 'utf8' });
  const { tables, collections } = JSON.parse(stdout || assert.fail(stderr));
  assert.ok(tables.length > 0 && tables.every((length) => length < 5_000), `${tables} references`);
  // Each growth of a large memory is one.
  assert.ok(collections < 20, `${collections} collections of everything`);
});

test('rough edge 35: a clock that a run has can be moved on by the millisecond, and no seed repeats an id', async () => {
  const clock = new MockClock(1_000);
  const times = [];
  const app = chain({ a: async (_, ctx) => { times.push(ctx.now()); await ctx.sleep(1.5); await ctx.sleep(1); times.push(ctx.now()); } }).compile({ clock });
  const run = app.invokeStreaming();
  const read = collect(run);
  await turn();
  await clock.advance(1);
  assert.deepEqual(times, [1_000]);
  await clock.advance(2);
  await run.join();
  assert.deepEqual(times, [1_000, 1_002.5]);
  assert.deepEqual((await read).at(-1).at, 1_002.5);
  const runs = Array.from({ length: 20 }, () => app.invokeStreaming({}, { seed: 7 }));
  assert.equal(new Set(runs.flatMap(({ id, sessionId }) => [id, sessionId])).size, 40);
  await clock.advance(10);
  await Promise.all(runs.map((each) => each.join()));
});

test('rough edge 25: a session that ended, and a run that nobody holds, leave nothing behind', async () => {
  const app = new GraphBuilder({ channels: { text: last() } }).addNode('a', () => ({ text: 'x'.repeat(10_000) })).addEdge(START, 'a').addEdge('a', END).compile();
  const rounds = async (count) => {
    for (let n = 0; n < count; n += 1) await app.invoke({}, { metadata: { n } });
    await turn();
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  };
  await rounds(2_000);
  const before = await rounds(100);
  const after = await rounds(5_000);
  assert.ok(after - before < 3_000_000, `${after - before} bytes more after 5,000 runs of 10 KB`);
});
