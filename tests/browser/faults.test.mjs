// What browsers do to a database that is not there, not ours, in use or taken away: by the public API of the installed package, in
// a real Chromium. Nothing hangs, and each has its code.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { failure, patience, resultIn, runIn, startIn, startLab } from './lab.mjs';

let lab;
before(async () => (lab = await startLab()));
after(() => lab?.close());

const quick = { steps: 10, pauseMs: 0 };
const list = (page) => failure(page, () => globalThis.lab.checkpointer.listSessions());
const stateOf = (page, sessionId) => failure(page, (id) => globalThis.lab.app().getState(id), sessionId);
/** A run, a list and a state, each with the code that it ends with. */
async function codes(page) {
  return [(await runIn(page, 's', quick)).code, (await list(page)).code, (await stateOf(page, 's')).code];
}
const thrice = (code) => [code, code, code];
/** In a page: a raw connection, kept open. */
const openRaw = (page, name, version) => page.evaluate((wanted, number) => new Promise((resolve, reject) => {
  const request = indexedDB.open(wanted, number);
  request.onsuccess = () => resolve(void (globalThis.raw = request.result));
  request.onerror = () => reject(request.error);
}), name, version);
/** In a page: what a later version of the package would do, which asks for a later version of the database. */
const asLater = () => {
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (name, version) { return open.call(this, name, version + 1); };
};
/** In a page: limits pass twenty times as fast. */
const inHaste = () => {
  const real = setInterval;
  globalThis.setInterval = (callback, ms) => real(callback, ms / 20);
};

for (const [what, hide] of [
  ['without indexedDB', () => Object.defineProperty(globalThis, 'indexedDB', { value: undefined })],
  ['where indexedDB is null', () => Object.defineProperty(globalThis, 'indexedDB', { value: null })],
  ['where looking at indexedDB throws', () => Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } })],
  ['where indexedDB may not be opened', () => (IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); })],
]) {
  test(`${what} all is CHECKPOINT_UNAVAILABLE, with a remedy`, () => lab.inTabs(async (open) => {
    const page = await open({ before: hide });
    assert.deepEqual(await codes(page), thrice('CHECKPOINT_UNAVAILABLE'));
    assert.match((await list(page)).message, /indexedDB.*give another checkpointer/);
    const other = await page.evaluate(async () => (await globalThis.lab.app({ steps: 3, pauseMs: 0, checkpointer: new globalThis.lab.weavegraph.MemoryCheckpointer() }).invoke()).log.length);
    assert.equal(other, 3, 'another checkpointer works');
  }));
}

test('a database of a later version is CHECKPOINT_VERSION', () => lab.inTabs(async (open, name) => {
  const page = await open();
  await openRaw(page, name, 7);
  assert.deepEqual(await codes(page), thrice('CHECKPOINT_VERSION'));
  const { message, cause } = await list(page);
  assert.match(message, new RegExp(`\`${name}\`.*reload the page`));
  assert.equal(cause, 'VersionError');
}));

test('a database of somebody else is CHECKPOINT_CORRUPT, and left alone', () => lab.inTabs(async (open, name) => {
  const page = await open();
  await openRaw(page, name, 2);
  assert.deepEqual(await codes(page), thrice('CHECKPOINT_CORRUPT'));
  assert.match((await list(page)).message, new RegExp(`\`${name}\`.*give another name`));
  assert.deepEqual(await page.evaluate(() => [...raw.objectStoreNames]), []);
}));

test('a tab with a later version of the package is not kept waiting, and this one is told to reload', () => lab.inTabs(async (open) => {
  const older = await open();
  assert.equal((await runIn(older, 's', quick)).status, 'completed');
  const later = await open({ before: asLater });
  assert.equal((await runIn(later, 't', quick)).status, 'completed');
  assert.equal((await list(older)).code, 'CHECKPOINT_VERSION');
  assert.equal((await runIn(older, 'u', quick)).code, 'CHECKPOINT_VERSION');
}));

test('a run that a later version of the package cuts off ends with CHECKPOINT_VERSION, and goes on there', () => lab.inTabs(async (open) => {
  const older = await open();
  await startIn(older, 's', { steps: 1000, pauseMs: 40 });
  await older.waitForFunction(() => globalThis.lab.acknowledged.length >= 3, patience);
  const later = await open({ before: asLater });
  await list(later);
  assert.equal((await resultIn(older)).code, 'CHECKPOINT_VERSION');
  const end = await runIn(later, 's', { resumes: true, steps: 1, pauseMs: 0, whenBusy: 'wait' });
  assert.equal(end.status, 'completed', end.message);
  assert.ok(end.log.length > 3);
}));

test('a tab that keeps an older database open: onBlocked is called, then CHECKPOINT_BLOCKED, and once it is closed all is well', () => lab.inTabs(async (open, name) => {
  const older = await open();
  assert.equal((await runIn(older, 's', quick)).status, 'completed');
  await openRaw(older, name, 2);
  const later = await open({ before: `(${asLater})(); (${inHaste})()` });
  const blocked = await later.evaluate(async (wanted) => {
    globalThis.calls = 0;
    globalThis.store = new globalThis.lab.weavegraph.IndexedDbCheckpointer({ name: wanted, onBlocked: () => (calls += 1) });
    const error = await store.listSessions().catch((thrown) => thrown);
    return { code: error.code, message: error.message, calls };
  }, name);
  assert.deepEqual([blocked.code, blocked.calls], ['CHECKPOINT_BLOCKED', 1]);
  assert.match(blocked.message, /close the other tabs/);
  await older.evaluate(() => raw.close());
  assert.deepEqual(await later.evaluate(async () => (await store.listSessions()).map(({ sessionId }) => sessionId)), ['s']);
}));

test('behind a deletion that is blocked nothing is said: CHECKPOINT_UNAVAILABLE after a while, and then all is well', () => lab.inTabs(async (open, name) => {
  const holder = await open();
  await openRaw(holder, name, 1);
  const page = await open({ before: inHaste });
  await page.evaluate((wanted) => {
    globalThis.deletion = new Promise((resolve) => (indexedDB.deleteDatabase(wanted).onsuccess = () => resolve(true)));
  }, name);
  const { code, message } = await list(page);
  assert.equal(code, 'CHECKPOINT_UNAVAILABLE');
  assert.match(message, /did not answer in time; try again, or reload/);
  await holder.evaluate(() => raw.close());
  assert.equal(await page.evaluate(() => deletion), true);
  assert.equal((await runIn(page, 's', quick)).status, 'completed');
}));

/** In a page that cannot fetch `path` until `serve()` is called. */
async function withhold(page, path, how) {
  let isServed = false;
  await page.setRequestInterception(true);
  page.on('request', (request) => (isServed || !request.url().endsWith(path) ? request.continue() : how(request)));
  return () => (isServed = true);
}
const refusals = {
  'is not there': (request) => request.respond({ status: 404, contentType: 'text/plain', body: '404' }),
  'cannot be reached': (request) => request.abort('connectionrefused'),
};

for (const [path, message] of [['/pkg/storage.js', /storage\.js could not be loaded; publish it beside core\.js.*reload the page/], ['/pkg/wasm/store.js', /wasm\/store\.js or wasm\/store_bg\.wasm could not/], ['/pkg/wasm/store_bg.wasm', /store_bg\.wasm could not/]]) {
  for (const [what, refuse] of Object.entries(refusals)) {
    test(`${path} ${what}: CHECKPOINT_UNAVAILABLE names it; once it is served all works`, () => lab.inTabs(async (open) => {
      let serve;
      const page = await open({ prepare: async (fresh) => void (serve = await withhold(fresh, path, refuse)) });
      assert.deepEqual(await codes(page), thrice('CHECKPOINT_UNAVAILABLE'));
      assert.match((await list(page)).message, message);
      assert.equal(await page.evaluate(async () => (await globalThis.lab.app({ steps: 3, pauseMs: 0, checkpointer: undefined }).invoke()).log.length), 3, 'a run without a store');
      serve();
      const end = await runIn(page, 's', quick);
      assert.equal(end.status, 'completed', end.message);
    }));
  }
}

test('a private window keeps sessions from tab to tab as long as it is there', async () => {
  const context = await lab.chromium.browser.createBrowserContext();
  try {
    await lab.inTabs(async (open) => {
      const first = await open();
      assert.equal((await runIn(first, 's', { ...quick, fillerBytes: 60_000 })).status, 'completed');
      await first.close();
      const second = await open();
      const [session] = await second.evaluate(() => globalThis.lab.checkpointer.listSessions());
      assert.deepEqual([session.sessionId, session.status, session.step, session.owner], ['s', 'completed', 10, null]);
      const state = await second.evaluate(async () => (await globalThis.lab.app().getState('s')).state.filler.length);
      assert.equal(state, 60_000);
    }, { context });
  } finally {
    await context.close();
  }
});

for (const durability of ['sync', 'async']) {
  test(`storage that is cleared under a run of durability ${durability} fails it; nothing is left of it, and the next run starts anew`, () => lab.inTabs(async (open, name) => {
    const page = await open({ before: inHaste });
    await startIn(page, 's', { steps: 1000, pauseMs: 20, durability });
    await page.waitForFunction(() => globalThis.lab.acknowledged.length >= 5, patience);
    const session = await page.createCDPSession();
    await session.send('Storage.clearDataForOrigin', { origin: lab.address, storageTypes: 'indexeddb' });
    const end = await resultIn(page);
    assert.deepEqual([end.status, end.code], ['failed', 'CHECKPOINT_UNAVAILABLE'], end.message);
    // Chromium closes the second connection too if that was quick, and at times it says nothing at all of the first.
    assert.match(end.message, /storage was cleared|lost its connection|did not answer in time/);
    assert.deepEqual(await page.evaluate(async () => [await globalThis.lab.checkpointer.listSessions(), await globalThis.lab.app().getState('s')]), [[], null]);
    assert.equal((await runIn(page, 's', quick)).status, 'completed');
    assert.deepEqual(await page.evaluate(async (wanted) => (await indexedDB.databases()).filter((each) => each.name === wanted).length, name), 1);
  }));
}

test('what the browser says of its storage: estimate and persist', () => lab.inTabs(async (open) => {
  const page = await open();
  await runIn(page, 's', { ...quick, fillerBytes: 60_000 });
  const { usageBytes, quotaBytes } = await page.evaluate(() => globalThis.lab.checkpointer.estimate());
  assert.ok(usageBytes > 500_000 && quotaBytes > usageBytes, `${usageBytes} of ${quotaBytes}`);
  assert.equal(await page.evaluate(() => globalThis.lab.checkpointer.persist()), await page.evaluate(() => navigator.storage.persisted()));
  const without = async (before) => (await open({ before })).evaluate(async () => [await globalThis.lab.checkpointer.estimate(), await globalThis.lab.checkpointer.persist()]);
  assert.deepEqual(await without(() => Object.defineProperty(Navigator.prototype, 'storage', { get: () => undefined })), [null, false]);
  assert.deepEqual(await without(() => (StorageManager.prototype.estimate = StorageManager.prototype.persist = async () => { throw new TypeError('no'); })), [null, false]);
}));
