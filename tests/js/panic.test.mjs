// A panic in Rust, in a build with test hooks: open runs end with ENGINE_PANICKED, the next call works, sessions in memory resume.
import assert from 'node:assert/strict';
import { beforeEach, afterEach, test } from 'node:test';
import * as glue from '../../build/pkg-hooks/wasm/weavegraph_wasm.js';
import { append, END, GraphBuilder, MemoryCheckpointer, RunFailed, START, WeaveError } from '../../build/pkg-hooks/entries/node.js';
import { codesOf } from './codes.mjs';
import { collect, deferred, failure, short, turn, until } from './graphs.mjs';

const [code] = codesOf('panic');

/** Makes the next call, or the nth, of a method of the engine panic. Returns whether it never came to that, and then takes it back. */
function panicAt(type, method, nth = 1) {
  const owner = type.prototype[method] === undefined ? type : type.prototype;
  const original = owner[method];
  let calls = 0;
  owner[method] = function (...args) {
    calls += 1;
    if (calls < nth) return original.apply(this, args);
    owner[method] = original;
    return glue.panicNow();
  };
  return () => {
    owner[method] = original;
    return calls < nth;
  };
}

const said = [];
const { error: print } = console;
beforeEach(() => {
  said.length = 0;
  console.error = (...words) => void said.push(words.join(' '));
});
afterEach(() => {
  console.error = print;
});

/** `chain` of the other tests, on the build with hooks. */
function chain(nodes) {
  const graph = new GraphBuilder({ channels: { log: append() } });
  let from = START;
  for (const [id, node] of Object.entries(nodes)) {
    graph.addNode(id, ...(Array.isArray(node) ? node : [node])).addEdge(from, id);
    from = id;
  }
  return graph.addEdge(from, END);
}
const held = () => {
  const gate = deferred();
  return { gate, app: chain({ a: () => ({ log: 'a' }), b: async () => (await gate.promise, { log: 'b' }) }).compile() };
};

test('open runs reject with ENGINE_PANICKED and their iterators end with one run.failed', async () => {
  const { gate, app } = held();
  const runs = [app.invokeStreaming({}, { runId: 'one', sessionId: 's' }), app.invokeStreaming()];
  const readings = runs.map((run) => collect(run));
  const late = runs[1].events();
  const invoked = failure(app.invoke());
  await turn();
  panicAt(glue.RawRun, 'step');
  gate.resolve();
  for (const [index, run] of runs.entries()) {
    const result = await run.result;
    assert.deepEqual([result.status, run.status, result.error.code, result.error.runId, result.error.sessionId], ['failed', 'failed', code, run.id, run.sessionId]);
    assert.ok(result.error instanceof WeaveError && result.error.cause instanceof WebAssembly.RuntimeError);
    assert.match(result.error.details.panic, /a test asked for a panic/);
    const events = await readings[index];
    assert.equal(events.filter(({ type }) => type === 'run.failed').length, 1);
    const last = events.at(-1);
    assert.deepEqual([last.type, last.transient, last.error.code, last.runId], ['run.failed', true, code, run.id]);
    assert.equal(last.seq, events.at(-2).seq);
    assert.ok((await failure(run.join())) instanceof RunFailed);
    await run.cancel();
    assert.equal(app.attach(run.sessionId), null);
  }
  assert.equal((await invoked).code, code);
  assert.deepEqual((await collect(late)).at(-1).type, 'run.failed');
  assert.deepEqual((await collect(runs[0].events({ after: 0 }))).map(({ type }) => type), ['run.failed']);
  assert.match(said.join(), /a test asked for a panic/);
});

test('the next call works, with apps made before and after', async () => {
  const { gate, app } = held();
  const builder = chain({ x: () => ({ log: 'x' }) });
  const old = builder.compile();
  const running = failure(app.invoke());
  await turn();
  panicAt(glue.RawRun, 'step');
  gate.resolve();
  assert.equal((await running).code, code);
  assert.deepEqual((await old.invoke({}, { runId: 'one', sessionId: 's' })).log, ['x']);
  assert.deepEqual((await app.invoke()).log, ['a', 'b']);
  assert.deepEqual([builder.validate(), old.definitionHash() === builder.compile().definitionHash()], [[], true]);
  assert.match(old.toMermaid(), /x/);
  assert.deepEqual((await builder.compile().invoke()).log, ['x']);
  assert.equal((await collect(old.invokeStreaming())).length, 6);
});

test('a graph of graphs is there again, whichever of them is asked first', async () => {
  const nest = () => {
    const inner = chain({ x: () => undefined }).compile();
    const middle = chain({ y: () => undefined }).addSubgraph('one', inner).addEdge('y', 'one').addEdge('one', END).compile();
    return [inner, middle, chain({ z: () => undefined }).addSubgraph('two', middle).addSubgraph('three', inner).addEdge('z', 'two').addEdge('two', 'three').addEdge('three', END)];
  };
  const asked = [(graph) => graph.validate(), (graph) => graph.topologicalSort(), (graph) => graph.compile().definitionHash(), (graph) => graph.compile().toMermaid()];
  for (const ask of asked) {
    const [inner, middle, graph] = nest();
    const before = [ask(graph), graph.compile().toMermaid(), middle.toMermaid(), inner.toMermaid()];
    panicAt(glue.RawGraph, 'compile');
    assert.throws(() => chain({ x: () => undefined }).compile(), { code });
    assert.deepEqual([ask(graph), graph.compile().toMermaid(), middle.toMermaid(), inner.toMermaid()], before);
  }
});

test('sessions in memory resume where the last stored step left them', async () => {
  for (const durability of ['sync', 'async', 'exit']) {
    const checkpointer = new MemoryCheckpointer();
    const calls = [];
    const node = (name) => async () => (calls.push(name), await turn(), { log: name });
    const app = chain({ a: node('a'), b: node('b'), c: node('c') }).compile({ checkpointer, durability });
    const run = app.invokeStreaming({ log: 'in' }, { sessionId: 's' });
    await until(() => calls.length === 3);
    panicAt(glue.RawRun, 'step');
    assert.equal((await run.result).error.code, code);
    const row = (await checkpointer.listSessions())[0];
    assert.deepEqual([row.status, row.owner], ['running', null]);
    assert.equal((await failure(app.invoke({}, { sessionId: 's' }))).code, 'SESSION_UNFINISHED');
    const resumed = app.resumeStreaming('s');
    assert.deepEqual((await resumed.join()).log, ['in', 'a', 'b', 'c']);
    assert.equal(resumed.id, run.id);
    if (durability === 'sync') assert.deepEqual(calls, ['a', 'b', 'c', 'c']);
  }
});

test('nodes that still run are told: their signals abort, sleeps reject, and what they do later harms nothing', async () => {
  const seen = [];
  const gate = deferred();
  const node = async (_, ctx) => {
    ctx.signal.addEventListener('abort', () => seen.push('abort'));
    const { code: slept } = await failure(ctx.sleep(1e9));
    seen.push(slept);
    await ctx.flush();
    ctx.emit('s', 'late');
    ctx.token('late');
    ctx.llm.final();
    assert.throws(() => ctx.random(), { code: 'RUN_CANCELLED' });
    seen.push((await failure(ctx.sleep(1))).code);
    gate.resolve();
    return { log: 'late' };
  };
  const run = chain({ a: node }).compile().invokeStreaming();
  const reader = run.events();
  const other = held();
  void other.app.invoke().catch(() => undefined);
  await turn();
  panicAt(glue.RawRun, 'step');
  other.gate.resolve();
  assert.equal((await run.result).error.code, code);
  await gate.promise;
  await turn();
  assert.deepEqual(seen, ['abort', 'RUN_CANCELLED', 'RUN_CANCELLED']);
  assert.deepEqual(run.state, { log: [] });
  assert.deepEqual((await collect(reader)).map(short).at(-1), '0~ run.failed');
});

test('a follower goes on after a panic, and so does a run that waits for its session', async () => {
  const checkpointer = new MemoryCheckpointer();
  const gate = deferred();
  const app = chain({ a: () => ({ log: 'a' }), b: async () => (await gate.promise, { log: 'b' }) }).compile({ checkpointer });
  const follower = app.follow('s', { after: 0 });
  const reading = collect(follower);
  const run = app.invokeStreaming({}, { sessionId: 's' });
  await until(() => run.state.log.length === 1);
  await turn();
  const waiting = app.resumeStreaming('s', undefined, { whenBusy: 'wait' });
  panicAt(glue.RawGraph, 'compile');
  assert.throws(() => chain({ x: () => undefined }).compile(), { code });
  assert.deepEqual([(await run.result).error.code, (await waiting.result).error.code], [code, code]);
  gate.resolve();
  assert.deepEqual((await app.resume('s')).log, ['a', 'b']);
  await turn();
  await checkpointer.close();
  const numbers = (await reading).map(({ seq }) => seq);
  assert.deepEqual(numbers, numbers.map((_, at) => at + 1));
  assert.equal(numbers.length, (await reading).findIndex(({ type }) => type === 'run.completed') + 1);
});

const { RawRun, RawLog, RawGraph } = glue;
const places = [
  [RawRun, 'start'], [RawRun, 'tell'], [RawRun, 'step'], [RawRun, 'tellWith'], [RawRun, 'tellText'], [RawRun, 'emit'], [RawRun, 'pull'], [RawRun, 'subscribe'], [RawRun, 'ask'], [RawRun, 'outcome'], [RawRun, 'runId'],
  [RawLog, 'read'], [RawLog, 'describe'], [RawLog, 'foreignNames'], [RawLog, 'branch'], [RawLog, 'events'], [RawLog, 'cursorEnd'], [RawLog, 'isGraphChanged'], [RawGraph, 'compile'],
];
for (const [type, method] of places) {
  test(`wherever the engine panics, here in ${type === RawRun ? 'RawRun' : type === RawLog ? 'RawLog' : 'RawGraph'}.${method}, all is well with the next call`, async () => {
    const work = async () => {
      let isBroken = true;
      const nodes = {
        a: (_, ctx) => { ctx.emit('s', 'm'); ctx.token('t'); ctx.random(); return { log: 'a' }; },
        b: [() => { if (isBroken) throw new Error('no'); return { log: 'b' }; }, { retry: { maxAttempts: 2, initialDelayMs: 0 } }],
        c: async () => ({ log: ['c'] }),
      };
      const graph = chain(nodes);
      graph.validate();
      const app = graph.compile({ checkpointer: new MemoryCheckpointer() });
      const run = app.invokeStreaming({ log: 'in' }, { sessionId: 's' });
      const other = run.events({ capacity: 1 });
      for await (const event of run) {
        if (event.type !== 'node.started') continue;
        const more = run.events({ after: 1 });
        await more.next();
        assert.ok(more.dropped >= 0);
        await more.return();
      }
      await collect(other);
      const follower = app.follow('s', { after: 0 });
      for (let heard = 0; heard < 5 && (await follower.nextTimeout(20)) !== null; heard += 1);
      await follower.return();
      isBroken = false;
      await app.getState('s');
      await app.history('s');
      return app.resume('s');
    };
    for (let nth = 1; ; nth += 1) {
      const isUnused = panicAt(type, method, nth);
      const outcome = await Promise.race([work().then((state) => ({ state }), (error) => ({ error })), until(() => false).catch(() => 'hung')]);
      assert.notEqual(outcome, 'hung', `call ${nth}`);
      if (outcome.error !== undefined) assert.ok(outcome.error instanceof WeaveError, `call ${nth}: ${outcome.error.stack}`);
      if (isUnused()) break;
      assert.deepEqual((await chain({ x: () => ({ log: 'x' }) }).compile().invoke()).log, ['x'], `after call ${nth}`);
    }
  });
}
