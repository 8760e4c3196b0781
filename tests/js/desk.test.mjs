// The desk of the page, which runs, follows and shows one session: on two checkpointers over one store, as two tabs are; what needs two realms
// (taking over) is tested in browsers. It needs no document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as weavegraph from 'weavegraph-wasm';
import { Desk } from '../../www/desk.js';

const { END, GraphBuilder, START, StoreCheckpointer, append } = weavegraph;

class Store {
  name = 'shared';
  #logs = new Map();
  #rows = new Map();
  #log = (session) => this.#logs.get(session) ?? new Map();

  append(session, slot, record, { row }) {
    const log = this.#log(session);
    if (log.has(slot)) return 'taken';
    this.#logs.set(session, log.set(slot, record));
    if (row !== undefined) this.#rows.set(session, row);
    return 'ok';
  }

  read(session, { from, limit }) {
    return [...this.#log(session)].sort(([a], [b]) => a - b).filter(([slot]) => slot >= from).slice(0, limit).map(([slot, record]) => ({ slot, record }));
  }

  newest(session) {
    return this.read(session, { from: 0, limit: Infinity }).at(-1) ?? null;
  }

  rows({ after = '', limit }) {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).filter(([session]) => session > after).slice(0, limit).map(([session, row]) => ({ session, row }));
  }

  copy() {
    const copy = new Store();
    for (const [session, log] of this.#logs) copy.#logs.set(session, new Map(log));
    for (const [session, row] of this.#rows) copy.#rows.set(session, row);
    return copy;
  }

  drop(session, slots) {
    const log = this.#log(session);
    for (const slot of [...log.keys()]) if (slots === 'all' || (slot <= slots.upTo && !(slots.keep ?? []).includes(slot))) log.delete(slot);
    if (slots === 'all') this.#rows.delete(session);
  }
}

/** A tab: an app that counts to `steps`, a desk, and what the desk told. `gate(step)` may hold a step. */
function openTab(store, { steps = 4, gate = () => undefined } = {}) {
  const ran = [];
  const app = new GraphBuilder({ channels: { lines: append() } })
    .addNode('count', async (state, ctx) => {
      ran.push(ctx.step);
      ctx.token(`word ${ctx.step}`, { streamId: `stream-${ctx.step}` });
      await gate(ctx.step, ctx.signal);
      return { lines: `line ${ctx.step}` };
    })
    .addEdge(START, 'count')
    .addConditionalEdge('count', (state) => (state.lines.length < steps ? 'count' : END), ['count', END])
    .compile({ checkpointer: new StoreCheckpointer(store) });
  const told = [];
  const problems = [];
  const desk = new Desk(app, { onEvent: (event) => told.push(event), onChange: () => {}, onProblem: (error) => problems.push(error) });
  return { app, desk, ran, told, problems };
}

const durable = (told) => told.filter((event) => !event.transient).map((event) => event.seq);
const ascending = (count) => Array.from({ length: count }, (_, i) => i + 1);
async function until(isTrue) {
  for (let i = 0; !isTrue(); i += 1) {
    assert.ok(i < 1000, `never: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
/** Holds `step` until it is let go or its signal aborts. */
function holdAt(held) {
  let letGo;
  const open = new Promise((resolve) => { letGo = resolve; });
  const gate = (step, signal) => (step === held ? Promise.race([open, new Promise((resolve) => signal.addEventListener('abort', resolve))]) : undefined);
  return { gate, letGo: () => letGo() };
}

test('a run here is recorded whole, with its chunks, and its steps can be looked at', async () => {
  const { desk, told } = openTab(new Store());
  const result = await desk.start({}, {});
  assert.equal(result.status, 'completed');
  assert.equal(desk.mode, 'ended');
  assert.deepEqual(durable(told), ascending(desk.recording.seq));
  assert.equal(desk.recording.status, 'completed');
  assert.equal(desk.recording.lastStep, 4);
  assert.equal(desk.recording.streams.get('stream-2').text, 'word 2');
  assert.deepEqual(desk.state.lines, ['line 1', 'line 2', 'line 3', 'line 4']);
  assert.equal(desk.readyCheckpoint(2), undefined);
  assert.deepEqual((await desk.checkpoint(2)).state.lines, ['line 1', 'line 2']);
  assert.deepEqual(desk.readyCheckpoint(2).state.lines, ['line 1', 'line 2']);
  assert.deepEqual((await desk.checkpoint(0)).state.lines, []);
  desk.close();
});

test('after a cancel it goes on in the same recording, without a gap or a repeat', async () => {
  const hold = holdAt(3);
  const { desk, told, ran } = openTab(new Store(), hold);
  const started = desk.start({}, {});
  await until(() => desk.recording.steps.length === 3);
  assert.equal(desk.mode, 'here');
  await desk.cancel('enough');
  assert.equal((await started).status, 'cancelled');
  assert.equal(desk.mode, 'ended');
  assert.equal(desk.recording.step(3).tasks[0].status, 'stopped');
  hold.letGo();
  assert.equal((await desk.goOn({})).status, 'completed');
  assert.deepEqual(durable(told), ascending(desk.recording.seq));
  assert.deepEqual(ran, [1, 2, 3, 3, 4]);
  assert.deepEqual(desk.recording.executions.map(({ how, isResumed }) => [how, isResumed]), [['cancelled', false], ['completed', true]]);
  desk.close();
});

test('another tab follows a run that is not its own, from its first event to its end', async () => {
  const store = new Store();
  const hold = holdAt(3);
  const first = openTab(store, hold);
  const second = openTab(store);
  const started = first.desk.start({}, { sessionId: 'shared' });
  await until(() => first.desk.recording.steps.length === 3);

  await second.desk.open('shared', { id: 'first', here: false });
  await until(() => second.desk.recording.lastStep === 2);
  assert.equal(second.desk.mode, 'elsewhere');
  assert.deepEqual(second.desk.state.lines, ['line 1', 'line 2']);
  hold.letGo();
  await started;
  await until(() => second.desk.recording.status === 'completed' && second.desk.state.lines.length === 4);
  assert.equal(second.desk.mode, 'ended');
  assert.deepEqual(second.ran, []);
  for (const { told, problems, desk } of [first, second]) {
    assert.deepEqual(durable(told), ascending(desk.recording.seq));
    assert.deepEqual(problems, []);
    desk.close();
  }
});

test('a session whose runner died is stopped, and what it had finished is not run again', async () => {
  const store = new Store();
  const first = openTab(store, holdAt(3));
  const started = first.desk.start({}, { sessionId: 'left' });
  await until(() => first.desk.recording.steps.length === 3);
  // What the disk has at the moment of the death; the runner itself has to end, since it shares the realm.
  const left = store.copy();
  await first.desk.cancel();
  await started;
  first.desk.close();

  const second = openTab(left);
  await second.desk.open('left', null);
  await until(() => second.desk.recording.lastStep === 2);
  assert.equal(second.desk.mode, 'stopped');
  const result = await second.desk.goOn({});
  assert.equal(result.status, 'completed', result.error?.stack);
  assert.deepEqual(second.ran, [3, 4]);
  assert.deepEqual(second.desk.recording.executions.map(({ how }) => how), ['died', 'completed']);
  second.desk.close();
});

test('what belongs to the session before does not arrive after another one was opened', async () => {
  const hold = holdAt(2);
  const { desk, told, app } = openTab(new Store(), hold);
  desk.start({}, { sessionId: 'one' });
  await until(() => desk.recording.steps.length === 2);
  const run = app.attach('one');
  const second = desk.start({}, { sessionId: 'two' });
  hold.letGo();
  await Promise.all([run.result, second]);
  await until(() => desk.recording.status === 'completed');
  const ofTwo = told.slice(told.findIndex((event) => event.sessionId === 'two'));
  assert.ok(ofTwo.length > 0 && ofTwo.every((event) => event.sessionId === 'two'));
  assert.equal(desk.sessionId, 'two');
  desk.close();
});
