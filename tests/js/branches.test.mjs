// Sessions that are taken up after a crash: in a new realm on the same store, with branches where events may be lost, and cursors into them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { collect, deferred, turn, types, until } from './graphs.mjs';
import { chainIn, here, there, World } from './realms.mjs';

// A test that hangs is named by its time limit.
const alive = setInterval(() => undefined, 1000);
after(() => clearInterval(alive));

const durable = (events) => events.filter(({ transient }) => transient !== true);
const numbers = (events) => durable(events).map(({ seq }) => seq);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const isEnd = ({ type }) => type.startsWith('run.') && type !== 'run.started';

let runs = 0;
let runId;
/** A session whose first run hangs in `b` and is never heard of again, and an app of another realm. */
async function crashed(durability, b = () => ({ log: 'b' }), options = {}) {
  const world = new World({ hasClaims: false, hasWord: false });
  const nodes = (node) => ({ a: () => ({ log: 'a' }), b: node, c: () => ({ log: 'c' }) });
  const first = chainIn(here, nodes(() => new Promise(() => {}))).compile({ checkpointer: world.checkpointer(here, 'dead'), durability });
  const run = first.invokeStreaming({ log: 'in' }, { sessionId: 's', runId: (runId = `r${(runs += 1)}`), metadata: { who: 'me' } });
  await until(() => run.state.log.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 40));
  const app = chainIn(there, nodes(b)).compile({ checkpointer: world.checkpointer(there, 'alive'), durability, ...options });
  return { world, app };
}

for (const durability of ['sync', 'async']) {
  test(`a new realm takes up what a crash left, with ${durability}: no finished node runs again, the run id and metadata stay`, async () => {
    let metadata;
    const { app } = await crashed(durability, (_, ctx) => ((metadata = ctx.metadata), { log: 'b' }));
    assert.equal((await app.getState('s')).status, 'running');
    const run = app.resumeStreaming('s');
    const events = await collect(run);
    assert.deepEqual((await run.join()).log, ['in', 'a', 'b', 'c']);
    assert.deepEqual([run.id, metadata, events[0].resumed], [runId, { who: 'me' }, true]);
    const branch = durability === 'async' ? 2 : undefined;
    assert.ok(events.every((event) => event.branch === branch), JSON.stringify(events));
    const all = await collect(run.events({ after: 0 }));
    assert.deepEqual([...new Set(durable(all).map((event) => event.branch))], [branch]);
    assert.deepEqual(types(events).filter((type) => type === 'node.completed').length, 2);
  });
}

test('cursors with a branch: live, late, and by follow', async () => {
  const gate = deferred();
  const { app } = await crashed('async', () => gate.promise);
  const controller = new AbortController();
  const stored = await takeUntilQuiet(app.follow('s', { after: 0, signal: controller.signal }));
  const end = stored.at(-1).seq;
  assert.deepEqual([stored.map(({ branch }) => branch).find((branch) => branch !== undefined), numbers(stored)], [undefined, range(1, end)]);

  const run = app.resumeStreaming('s', undefined, { events: { after: `${end + 10}~1` } });
  const own = collect(run);
  await until(() => run.id === runId);
  await turn();
  const cursors = [`${end}~1`, `${end + 3}~1`, '2~1', `${end}~2`, '9999~2', '9999~7', 9999];
  const live = cursors.map((cursor) => collect(run.events({ after: cursor })));
  const followed = cursors.map((cursor) => takeToEnd(app.follow('s', { after: cursor })));
  await new Promise((resolve) => setTimeout(resolve, 20));
  gate.resolve({ log: 'b' });
  await run.join();
  const total = (await app.getState('s')).seq;
  const late = cursors.map((cursor) => collect(run.events({ after: cursor })));
  const expected = [[end + 1], [`reset ${end}`, end + 1], [3], [end + 1], ['reset', 'rest'], ['reset', 'rest'], ['reset', 'rest']];
  for (const [way, readings] of Object.entries({ live, followed, late })) {
    for (const [at, reading] of readings.entries()) {
      const events = await reading;
      const heard = events.filter(({ type, transient }) => transient !== true || type === 'stream.reset').map((event) => (event.type === 'stream.reset' ? `reset ${event.after}` : event.seq));
      const from = expected[at];
      const what = `${way}, ${cursors[at]}: ${heard}`;
      if (from[1] === 'rest') {
        assert.match(String(heard[0]), /^reset \d+$/, what);
        assert.deepEqual(heard.slice(1), range(events[0].after + 1, total), what);
      } else {
        assert.deepEqual(heard, [...from.slice(0, -1), ...range(from.at(-1), total)], what);
      }
      for (const event of durable(events)) assert.equal(event.branch, event.seq > end ? 2 : undefined, what);
    }
  }
  assert.deepEqual(numbers(await takeToEnd(app.follow('s', { after: '0~1' }))), range(1, total));
  const [reset, ...rest] = await own;
  assert.deepEqual([reset.type, reset.after], ['stream.reset', end]);
  assert.deepEqual(numbers(rest), range(end + 1, total));
  controller.abort();
});

async function takeUntilQuiet(reader) {
  const events = [];
  for (let event; (event = await reader.nextTimeout(60)); ) events.push(event);
  await reader.return();
  return events;
}

/** To the end of the session's run; there may be nothing left of it. */
async function takeToEnd(reader) {
  const events = [];
  for (let event; (event = await reader.nextTimeout(500)); ) {
    events.push(event);
    if (isEnd(event)) break;
  }
  await reader.return();
  return events;
}
