// compareReplayRuns: what counts as the same, and runs that are the same to the byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, compareReplayRuns, END, GraphBuilder, last, merge, send, START, StateKey, StoreCheckpointer } from 'weavegraph-wasm';
import { MockClock } from 'weavegraph-wasm/testing';
import { PackedRecord } from '../../build/facade/record-bytes.js';
import { chain, code, collect, deferred, fan, turn } from './graphs.mjs';

const record = async (app, input, options) => {
  const run = app.invokeStreaming(input, options);
  const events = await collect(run);
  return { events, state: run.state };
};
const differences = (expected, actual, profile) => compareReplayRuns(expected, actual, profile).differences;

/** Three nodes at once, which emit and end in the order given. */
async function racing(order) {
  const doors = { a: deferred(), b: deferred(), c: deferred() };
  const node = (_, ctx) => doors[ctx.node].promise.then(() => (ctx.emit('s', `from ${ctx.node}`), { log: ctx.node }));
  const running = record(fan({ a: node, b: node, c: node }).compile());
  for (const name of order) {
    await turn();
    doors[name].resolve();
  }
  return running;
}

test('which task was faster does not count; what a task did, and in which order, does', async () => {
  const expected = await racing('abc');
  for (const order of ['cba', 'bca', 'acb']) {
    const actual = await racing(order);
    assert.notDeepEqual(actual.events.map(({ type, node }) => `${type} ${node}`), expected.events.map(({ type, node }) => `${type} ${node}`));
    assert.deepEqual(differences(expected, actual), []);
    compareReplayRuns(expected, actual).assertMatches();
  }
  const twice = (_, ctx) => (ctx.emit('s', 'one'), ctx.emit('s', 'two'));
  const [one, other] = [await record(chain({ a: twice }).compile()), await record(chain({ a: (_, ctx) => (ctx.emit('s', 'two'), ctx.emit('s', 'one')) }).compile())];
  assert.deepEqual(differences(one, other), ['step 1, a, message.message: expected "one", got "two"', 'step 1, a, message.message: expected "two", got "one"']);
});

test('tasks of sends are compared one by one', async () => {
  const app = (inputs) => new GraphBuilder({ channels: { log: append() } }).addNode('w', (_, ctx) => ({ log: ctx.input })).addConditionalEdge(START, () => inputs.map((input) => send('w', input)), ['w']).addEdge('w', END).compile();
  assert.deepEqual(differences(await record(app([1, 2])), await record(app([1, 3]))), ['state.log[1]: expected 2, got 3', 'step 1, w#1, node.completed.changes.log: expected 2, got 3']);
});

test('ids, numbers, times and durations do not count, nor does the store', async () => {
  const app = () => chain({ a: (_, ctx) => (ctx.token('x', { streamId: `${Math.random()}` }), ctx.tool.call(`${Math.random()}`, 'search', { q: 1 }), undefined) });
  const plain = await record(app().compile());
  const bytes = new Map();
  const clock = new MockClock(5);
  const stored = await record(app().compile({ checkpointer: new StoreCheckpointer(storeOn(bytes)), clock }), {}, { sessionId: 's', runId: 'r' });
  assert.ok(stored.events.some(({ type }) => type === 'checkpoint.saved'));
  compareReplayRuns(plain, stored).assertMatches();
});

test('runs with errors compare: the time and the session of an ErrorEvent do not count', async () => {
  const run = async (at, session) => record(chain({ a: () => ({ errors: { at, scope: { scope: 'runner', session, step: 1 }, error: { message: 'm' }, tags: [] } }) }, { errors: append() }).compile());
  compareReplayRuns(await run(1, 'x'), await run(2, 'y')).assertMatches();
  const failing = (text) => record(chain({ a: () => assert.fail(text) }).compile());
  compareReplayRuns(await failing('no'), await failing('no')).assertMatches();
  assert.match(differences(await failing('no'), await failing('yes')).join(), /node\.failed\.error/);
});

test('a task too many, another type, another route: named with their place, and no cascade', async () => {
  const short = await record(chain({ a: () => undefined }).compile());
  const long = await record(chain({ a: () => undefined, b: () => undefined }).compile());
  const [route, place] = differences(short, long).filter((line) => !line.includes('graphHash'));
  assert.deepEqual([route, place], ['step 1, step.completed.next[0]: expected "__end__", got "b"', 'events: expected the run, got step 2']);
  const quiet = await record(chain({ a: (_, ctx) => ctx.custom('x') }).compile());
  assert.deepEqual(differences(short, quiet), ['step 1, a: expected node.completed, got custom']);
});

test('states: every kind of value, keys in any order, and the list is bounded', async () => {
  const of = (state) => ({ state, events: [] });
  const state = () => ({ map: new Map([['k', new Set([1n])]]), when: new Date(5), bytes: new Uint8Array([1]), none: undefined, nan: NaN, error: new RangeError('e') });
  assert.deepEqual(differences(of(state()), of(Object.fromEntries(Object.entries(state()).reverse()))), []);
  assert.deepEqual(differences(of({ a: undefined }), of({})), ['state.a: expected {"$weave":"undefined"}, got nothing']);
  assert.deepEqual(differences(of({ list: [1, { deep: 'x' }] }), of({ list: [1, { deep: 'y' }, 3] })), ['state.list[1].deep: expected "x", got "y"', 'state.list[2]: expected nothing, got 3']);
  for (const name of ['extra', 'errors', 'other']) assert.equal(differences(of({ [name]: new Map([[1, 2]]) }), of({ [name]: new Map([[1, 3]]) })).length, 1, `a Map as ${name}`);
  assert.equal(differences(of({ extra: new Date(1) }), of({ extra: new Date(2) })).length, 1);
  assert.deepEqual(differences(of([]), of({})), ['state: expected [], got {}']);
  assert.match(differences(of('x'.repeat(500)), of(''))[0], /^state: expected "x{79}…, got ""$/);
  const many = differences(of(Array(100).fill(1)), of(Array(100).fill(2)));
  assert.deepEqual([many.length, many.at(-1)], [21, 'and more']);
  assert.deepEqual(differences(of(JSON.parse('{"__proto__":1}')), of({})), ['state.__proto__: expected 1, got nothing']);
});

test('assertMatches: REPLAY_MISMATCH with the differences', async () => {
  const compared = compareReplayRuns({ state: 1, events: [] }, { state: 2, events: [] });
  assert.equal(compared.matches, false);
  assert.throws(() => compared.assertMatches(), (error) => error.code === 'REPLAY_MISMATCH' && error.message.includes('state: expected 1, got 2') && error.details.differences === compared.differences);
});

test('ignoreKeys: slots with their marks, keys of extra, channels; in the state and in changes', async () => {
  const key = new StateKey('a', 'b', 1, { lifecycle: 'invocation' });
  const run = (value, isMarked) => record(chain({ n: () => ({ extra: isMarked ? key.set(value) : { [key.storageKey]: value, id: value }, noise: value }) }, { extra: merge(), noise: last() }).compile());
  const [one, other] = [await run('x', true), await run('y', false)];
  assert.deepEqual(differences(one, other, { ignoreKeys: [key] }).map((line) => line.split(':')[0]), ['state.extra.id', 'state.noise', 'step 1, n, node.completed.changes.extra.id', 'step 1, n, node.completed.changes.noise']);
  assert.deepEqual(differences(one, other, { ignoreKeys: [key, 'id', 'noise'] }), []);
});

test('normalize: what it gives is compared in place of the event, and undefined leaves the event out', async () => {
  const run = (text) => record(chain({ a: (_, ctx) => ctx.emit('s', text) }).compile());
  const [one, other] = [await run('at 12:00'), await run('at 13:00')];
  assert.equal(differences(one, other).length, 1);
  assert.deepEqual(differences(one, other, { normalize: (event) => (event.type === 'message' ? event.scope : event.type) }), []);
  assert.deepEqual(differences(one, { ...other, events: other.events.filter(({ type }) => type !== 'message') }, { normalize: ({ type }) => (type === 'message' ? undefined : type) }), []);
});

test('what is no run and no profile is RUN_INVALID_OPTION', () => {
  const run = { state: {}, events: [] };
  for (const wrong of [undefined, null, {}, { state: {}, events: 1 }]) assert.throws(() => compareReplayRuns(run, wrong), code('RUN_INVALID_OPTION', /events/));
  assert.throws(() => compareReplayRuns(run, run, { ignoreKeys: 'x' }), code('RUN_INVALID_OPTION', /ignoreKeys/));
  assert.throws(() => compareReplayRuns(run, run, { ignoreKeys: [1] }), code('RUN_INVALID_OPTION', /ignoreKeys/));
  assert.throws(() => compareReplayRuns(run, run, { normalize: 1 }), code('RUN_INVALID_OPTION', /normalize/));
  assert.throws(() => compareReplayRuns(run, { state: Symbol('s'), events: [] }), code('STATE_NOT_CLONEABLE'));
});

test('events of a sub-graph go with the task that it is, whichever was faster', () => {
  const base = { seq: 1, at: 1, runId: 'r', sessionId: 's' };
  const of = (task) => (type, more) => ({ ...base, type, ...task, ...more });
  const inner = (name) => {
    const [outer, event] = [of({ node: name, task: 0, step: 1, attempt: 1 }), of({ path: [name] })];
    return [outer('node.started'), event('step.started', { step: 1, frontier: ['x'] }), event('node.started', { node: 'x', task: 0, step: 1, attempt: 1 }), event('node.completed', { node: 'x', task: 0, step: 1, attempt: 1 }), event('step.completed', { step: 1 }), outer('node.completed')];
  };
  const [a, b] = [inner('a'), inner('b')];
  const run = (middle) => ({ state: {}, events: [{ ...base, type: 'step.started', step: 1, frontier: ['a', 'b'] }, ...middle, { ...base, type: 'step.completed', step: 1 }] });
  const mixed = a.flatMap((event, at) => [b[at], event]);
  compareReplayRuns(run([...a, ...b]), run(mixed)).assertMatches();
  const changed = mixed.map((event) => (event === a[3] ? { ...event, type: 'node.failed' } : event));
  assert.deepEqual(differences(run([...a, ...b]), run(changed)), ['step 1, a, step 1, x: expected node.completed, got node.failed']);
});

/** Retries, sends, sleeps, records of once, chance, text streams: all that can vary with a seed and a clock. */
function varied(options) {
  let tries = 0;
  return new GraphBuilder({ channels: { log: append(), last: last({ onConflict: 'last' }) } })
    .addNode('plan', async (_, ctx) => {
      await ctx.sleep(10 + 100 * ctx.random());
      if ((tries += 1) === 1) throw new TypeError('not yet');
      return { log: [ctx.now(), ctx.random(), await ctx.once('rolled', async () => (await ctx.sleep(5), ctx.random()))] };
    }, { retry: { maxAttempts: 3, initialDelayMs: 50, jitter: 1 } })
    .addNode('work', async (_, ctx) => {
      ctx.emit('s', `begin ${ctx.task}`);
      await ctx.sleep(1 + Math.floor(60 * ctx.random()));
      ctx.token(`text ${ctx.task}`);
      ctx.progress(ctx.random());
      await ctx.once('sent', () => ctx.task);
      return { log: ctx.input, last: ctx.now() };
    })
    .addEdge(START, 'plan')
    .addConditionalEdge('plan', () => [send('work', 'x'), send('work', 'y'), send('work', 'z')], ['work'])
    .addEdge('work', END)
    .compile(options);
}

const plainOptions = { sessionId: 's', runId: 'r', seed: 7 };

for (const durability of ['sync', 'async', 'exit']) {
  test(`durability ${durability}: with the same seed, ids and clock, events and records are equal to the byte, but for the writer's id`, async () => {
    const once = async (options) => {
      const [records, clock] = [new Map(), new MockClock(1_700_000_000_000)];
      const running = record(varied({ checkpointer: new StoreCheckpointer(storeOn(records)), clock, durability }), { log: 'in' }, { ...plainOptions, ...options });
      await clock.advance(60_000);
      return { ...(await running), records };
    };
    const [one, other, seeded] = [await once(), await once(), await once({ seed: 8 })];
    assert.deepEqual(other.events, one.events);
    assert.notDeepEqual(seeded.events, one.events);
    const writers = new Set();
    /** A container without the checksum over it, and without the 8 bytes behind version, flags and the graph's hash of its record: the writer's id. */
    const masked = ([key, container]) => {
      const packed = new PackedRecord('s', 0, container, container.length);
      const at = Buffer.from(container).indexOf(packed.bytes) + 10;
      writers.add(Buffer.from(container.slice(at, at + 8)).toString('hex'));
      return [key, Buffer.from(container.slice(0, -4)).fill(0, at, at + 8)];
    };
    assert.ok(one.records.size >= 2);
    assert.deepEqual([...other.records].map(masked), [...one.records].map(masked));
    assert.equal(writers.size, 2, 'each run has one');
  });
}

test('runs with sub-graphs at once compare, whichever was faster', async () => {
  const run = async (order) => {
    const doors = { a: deferred(), b: deferred() };
    const inner = chain({ x: (_, ctx) => doors[ctx.path[0]].promise.then(() => ({ log: `x of ${ctx.path}` })), y: () => ({ log: 'y' }) }).compile();
    const graph = new GraphBuilder({ channels: { log: append() } });
    for (const name of ['a', 'b']) graph.addSubgraph(name, inner).addEdge(START, name).addEdge(name, END);
    const running = record(graph.compile());
    for (const name of order) {
      await turn();
      doors[name].resolve();
    }
    return running;
  };
  const [one, other] = [await run('ab'), await run('ba')];
  assert.notDeepEqual(other.events.map(({ type, path }) => `${type} ${path}`), one.events.map(({ type, path }) => `${type} ${path}`));
  compareReplayRuns(one, other).assertMatches();
});

/** A SessionStore over a map of its records. */
function storeOn(records) {
  const of = (session) => [...records].filter(([key]) => key.startsWith(`${session}/`)).map(([key, record]) => ({ slot: Number(key.slice(session.length + 1)), record }));
  return {
    name: 'map',
    append: (session, slot, record) => (records.has(`${session}/${slot}`) ? 'taken' : (records.set(`${session}/${slot}`, record), 'ok')),
    read: (session, { from, limit }) => of(session).filter(({ slot }) => slot >= from).slice(0, limit),
    newest: (session) => of(session).at(-1) ?? null,
    rows: () => [],
    drop: () => {},
  };
}
