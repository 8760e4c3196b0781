// Forks in IndexedDB: what they write and ask for, what stands in the database when sessions that share records are deleted over reloads, and
// databases of the layout before. Real Chromium, the installed package.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runIn, startLab } from './lab.mjs';

let lab;
before(async () => {
  lab = await startLab();
});
after(() => lab?.close());

/** How many entries each object store has; of records, those that hold something. */
const entries = (page, name) => page.evaluate(async (wanted) => {
  const database = await new Promise((resolve) => (indexedDB.open(wanted).onsuccess = ({ target }) => resolve(target.result)));
  const all = (store) => new Promise((resolve) => (database.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => resolve(target.result)));
  const [records, rows, pins] = [await all('records'), await all('rows'), await all('pins')];
  database.close();
  return { records: records.filter(({ length }) => length > 0).length, rows: rows.length, pins: pins.length };
}, name);
const quick = { pauseMs: 0, steps: 10 };
const log = (page, sessionId) => page.evaluate(async (id) => (await globalThis.lab.app().getState(id))?.state.log.length, sessionId);
const reload = async (page) => {
  await page.reload();
  await page.waitForFunction(() => document.title === 'ready');
};

test('what a fork writes and asks for does not follow from how long its session is', () => lab.inTabs(async (open) => {
  const page = await open();
  const costs = await page.evaluate(async () => {
    const { append, END, GraphBuilder, last, START } = globalThis.lab.weavegraph;
    const app = (steps) => new GraphBuilder({ channels: { count: last({ initial: 0 }), log: append() } }).addNode('work', ({ count }) => ({ count: count + 1, log: count }))
      .addEdge(START, 'work').addConditionalEdge('work', ({ count }) => (count < steps ? 'work' : END), ['work', END]).compile({ checkpointer: globalThis.lab.checkpointer, maxSteps: 20_000 });
    for (const steps of [1_000, 10_000]) await app(steps).invoke({}, { sessionId: `${steps}`, durability: 'async' });
    const counts = { writes: 0, bytes: 0, requests: 0 };
    const sizeOf = (value) => value?.byteLength ?? JSON.stringify(value).length;
    for (const method of ['add', 'put', 'get', 'getAll', 'getKey', 'openCursor']) {
      const own = IDBObjectStore.prototype[method];
      IDBObjectStore.prototype[method] = function counted(...given) {
        counts.requests += 1;
        if (method === 'add' || method === 'put') {
          counts.writes += 1;
          counts.bytes += sizeOf(given[0]);
        }
        return own.apply(this, given);
      };
    }
    const costOf = async (call) => {
      Object.assign(counts, { writes: 0, bytes: 0, requests: 0 });
      await call();
      return { ...counts };
    };
    const found = {};
    for (const steps of [1_000, 10_000]) {
      found[steps] = [await costOf(() => app(steps).fork(`${steps}`)), await costOf(() => app(steps).fork(`${steps}`, { step: steps - 300 }))];
    }
    return found;
  });
  for (const [short, long] of costs[1_000].map((cost, index) => [cost, costs[10_000][index]])) {
    assert.equal(short.writes, 3);
    assert.equal(long.writes, 3);
    assert.ok(long.bytes < 1_000 && long.bytes < short.bytes + 50, JSON.stringify([short, long]));
    assert.ok(long.requests < 60 && long.requests < short.requests + 30, JSON.stringify([short, long]));
  }
}));

test('a session that forks need is hidden when it is deleted, over reloads, and freed with the last of them', () => lab.inTabs(async (open, name) => {
  const page = await open();
  assert.equal((await runIn(page, 's', quick)).status, 'completed');
  const { records } = await entries(page, name);
  await page.evaluate(() => globalThis.lab.app().fork('s', { step: 5, as: 'f' }).then(() => globalThis.lab.app().fork('f', { as: 'g' })));
  assert.deepEqual(await entries(page, name), { records: records + 2, rows: 3, pins: 2 });
  await page.evaluate(() => globalThis.lab.checkpointer.deleteSession('s'));
  await reload(page);
  assert.deepEqual([await log(page, 's'), await log(page, 'f'), await log(page, 'g')], [undefined, 5, 5]);
  const hidden = await entries(page, name);
  assert.ok(hidden.records < records + 2 && hidden.rows === 2 && hidden.pins === 2, 'what no fork needs is gone at once');
  assert.equal((await runIn(page, 's', { ...quick, steps: 3 })).log.length, 3);
  await page.evaluate(() => globalThis.lab.checkpointer.deleteSession('f'));
  await reload(page);
  assert.deepEqual([await log(page, 's'), await log(page, 'f'), await log(page, 'g')], [3, undefined, 5]);
  await page.evaluate(() => globalThis.lab.checkpointer.deleteSession('s'));
  await page.evaluate(() => globalThis.lab.checkpointer.deleteSession('g'));
  assert.deepEqual(await entries(page, name), { records: 0, rows: 0, pins: 0 });
  await reload(page);
  assert.equal((await runIn(page, 's', { ...quick, steps: 4 })).log.length, 4);
}));

test('a database of the layout before keeps its sessions, and they can be forked', () => lab.inTabs(async (open, name) => {
  const page = await open();
  assert.equal((await runIn(page, 's', quick)).status, 'completed');
  // Made again as the layout before had it, under another name.
  await page.evaluate(async (from, to) => {
    const done = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const source = await done(indexedDB.open(from));
    const request = indexedDB.open(to, 1);
    request.onupgradeneeded = () => ['records', 'rows', 'meta'].forEach((store) => request.result.createObjectStore(store));
    const target = await done(request);
    for (const store of ['records', 'rows', 'meta']) {
      const [keys, values] = await Promise.all([done(source.transaction(store).objectStore(store).getAllKeys()), done(source.transaction(store).objectStore(store).getAll())]);
      const transaction = target.transaction(store, 'readwrite');
      keys.forEach((key, index) => transaction.objectStore(store).put(values[index], key));
      await new Promise((resolve) => (transaction.oncomplete = resolve));
    }
    source.close();
    target.close();
  }, name, `${name} before`);
  const found = await page.evaluate(async (wanted) => {
    const checkpointer = new globalThis.lab.weavegraph.IndexedDbCheckpointer({ name: wanted });
    const app = globalThis.lab.app({ checkpointer, pauseMs: 0, steps: 10 });
    await app.fork('s', { step: 4, as: 'f' });
    const logs = [(await app.getState('s')).state.log.length, (await app.getState('f')).state.log.length, (await app.resume('f')).log.length];
    await checkpointer.close();
    return logs;
  }, `${name} before`);
  assert.deepEqual(found, [10, 4, 10]);
}));
