// The browsers' store as the facade has it, the claims on sessions and the word between tabs, in pages of a real Chromium. What the
// database itself may meet is tested in tests/wasm.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

let chromium;
let server;
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weavegraph-store-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>store</title>');
  server = await serve({ folders: { '/': folder, '/facade/': join(root, 'build/facade'), '/facade/wasm/': join(root, 'pkg/wasm') } });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `body` inside a page of its own. */
const inPage = (body, options) => chromium.visit(`${server.address}/`, (page) => page.evaluate(body), options);

/** Opens several pages of one profile and runs `body` with them. */
async function inPages(count, body, options) {
  const context = await chromium.browser.createBrowserContext();
  const open = (pages) => pages.length === count
    ? body(...pages)
    : chromium.visit(`${server.address}/`, (page) => open([...pages, page]), { ...options, context });
  try {
    return await open([]);
  } finally {
    await context.close();
  }
}

test('records and rows go in and come out', async () => {
  const seen = await inPage(async () => {
    const { IndexedDbStore } = await import('/facade/indexed-db-store.js');
    const store = new IndexedDbStore({ name: 'db' });
    const bytes = (...content) => Uint8Array.from(content);
    const plain = (value) => JSON.parse(JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? [...part] : part)));
    const answers = [];
    answers.push(await store.newest('s'));
    answers.push(await store.append('s', 0, bytes(1, 2), { strict: false, row: bytes(9) }));
    answers.push(await store.append('s', 0, bytes(7), { strict: true }));
    answers.push(await store.append('s', 1, bytes(3), { strict: true }));
    answers.push(await store.append('s', 2, bytes(), { strict: false }));
    answers.push(await store.append('t', 0, bytes(4), { strict: false, row: bytes(8) }));
    answers.push(await store.newest('s'));
    answers.push(await store.read('s', { from: 0, limit: 2 }));
    answers.push(await store.rows({ limit: 9 }));
    answers.push(await store.rows({ after: 's', limit: 9 }));
    await store.drop('s', { upTo: 2, keep: [2, 0] });
    answers.push(await store.read('s', { from: 0, limit: 9 }));
    await store.drop('s', { upTo: 0 });
    answers.push(await store.read('s', { from: 0, limit: 9 }));
    await store.drop('s', 'all');
    answers.push(await store.rows({ limit: 9 }));
    return plain(answers);
  });
  assert.deepEqual(seen, [
    null, 'ok', 'taken', 'ok', 'ok', 'ok',
    { slot: 2, record: [] },
    [{ slot: 0, record: [1, 2] }, { slot: 1, record: [3] }],
    [{ session: 's', row: [9] }, { session: 't', row: [8] }],
    [{ session: 't', row: [8] }],
    [{ slot: 0, record: [1, 2] }, { slot: 2, record: [] }],
    [{ slot: 2, record: [] }],
    [{ session: 't', row: [8] }],
  ]);
});

test('a view is stored without the buffer around it', async () => {
  const sizes = await inPage(async () => {
    const { IndexedDbStore } = await import('/facade/indexed-db-store.js');
    const store = new IndexedDbStore({ name: 'db' });
    const around = new Uint8Array(100_000).fill(1);
    await store.append('s', 0, around.subarray(10, 13), { strict: false, row: around.subarray(0, 2) });
    const { record } = await store.newest('s');
    const [{ row }] = await store.rows({ limit: 1 });
    return [record.byteLength, record.buffer.byteLength, row.byteLength, row.buffer.byteLength];
  });
  assert.deepEqual(sizes, [3, 3, 2, 2]);
});

test('large records are there when their transaction is complete, however often they are read', async () => {
  const wrong = await inPage(async () => {
    const { IndexedDbStore } = await import('/facade/indexed-db-store.js');
    const store = new IndexedDbStore({ name: 'large' });
    // Chromium keeps what is over 64 KB, even compressed, outside of its database, and gives it later than what is in it.
    const size = 400_000;
    const noise = () => Uint8Array.from({ length: size }, () => 256 * Math.random());
    for (let slot = 0; slot < 4; slot += 1) await store.append('s', slot, noise().fill(slot, -1), { strict: false });
    const isWhole = ({ slot, record }) => record.length === size && record.at(-1) === slot;
    const failures = [];
    for (let round = 0; round < 40; round += 1) {
      await store.newest('s').then((newest) => newest.slot === 3 && isWhole(newest) || failures.push('newest'), (error) => failures.push(String(error.cause)));
      await store.read('s', { from: 0, limit: 9 }).then((found) => found.length === 4 && found.every(isWhole) || failures.push('read'), (error) => failures.push(String(error.cause)));
    }
    return failures;
    // With a profile on the disk: a private one keeps all in memory.
  }, { context: chromium.browser.defaultBrowserContext() });
  assert.deepEqual(wrong, []);
});

test('what another page wrote is there, and its slots are taken', () => inPages(2, async (one, other) => {
  const write = (page, slot) => page.evaluate(async (wanted) => {
    const { IndexedDbStore } = await import('/facade/indexed-db-store.js');
    globalThis.store ??= new IndexedDbStore({ name: 'db' });
    return store.append('s', wanted, Uint8Array.of(wanted), { strict: false });
  }, slot);
  assert.deepEqual([await write(one, 0), await write(other, 0), await write(other, 1), await write(one, 1), await write(one, 2)], ['ok', 'taken', 'ok', 'taken', 'ok']);
}));

test('errors are of the package, with the browser\'s own as cause', async () => {
  const seen = await inPage(async () => {
    const { IndexedDbStore } = await import('/facade/indexed-db-store.js');
    const { CheckpointError } = await import('/facade/errors.js');
    const caught = async (promise) => promise.then(() => 'no error', (error) => [error instanceof CheckpointError, error.code, error.cause?.name ?? null]);
    await new Promise((resolve) => (indexedDB.open('newer', 9).onsuccess = ({ target }) => (target.result.close(), resolve())));
    const newer = new IndexedDbStore({ name: 'newer' });
    const closed = new IndexedDbStore({ name: 'db' });
    await closed.newest('s');
    closed.close();
    closed.close();
    return [await caught(newer.newest('s')), await caught(closed.newest('s')), await caught(closed.append('s', 0, new Uint8Array(1), { strict: false }))];
  });
  assert.deepEqual(seen, [[true, 'CHECKPOINT_VERSION', 'VersionError'], [true, 'CHECKPOINT_UNAVAILABLE', null], [true, 'CHECKPOINT_UNAVAILABLE', null]]);
});

test('without indexedDB nothing is loaded, and the error says so', async () => {
  const seen = await inPage(async () => {
    Object.defineProperty(globalThis, 'indexedDB', { value: undefined });
    const { IndexedDbStore } = await import('/facade/indexed-db-store.js');
    const error = await new IndexedDbStore({ name: 'db' }).newest('s').catch((thrown) => thrown);
    return [error.code, error.message, performance.getEntriesByType('resource').some(({ name }) => name.includes('/wasm/'))];
  });
  assert.deepEqual([seen[0], seen[2]], ['CHECKPOINT_UNAVAILABLE', false]);
  assert.match(seen[1], /no indexedDB/);
});

test('a wasm that cannot be loaded is typed, and loaded at the next call', async () => {
  const seen = await inPage(async () => {
    const { provideStoreWasm } = await import('/facade/store-wasm.js');
    const { IndexedDbStore } = await import('/facade/indexed-db-store.js');
    let tries = 0;
    provideStoreWasm(async () => {
      tries += 1;
      if (tries < 3) throw new TypeError('offline');
      const glue = await import('/facade/wasm/store.js');
      await glue.default();
      return glue;
    });
    const store = new IndexedDbStore({ name: 'db' });
    await new Promise((resolve) => setTimeout(resolve));
    const error = await store.newest('s').catch((thrown) => thrown);
    return [error.code, error.cause.message, await store.newest('s')];
  });
  assert.deepEqual(seen, ['CHECKPOINT_UNAVAILABLE', 'offline', null]);
});

/** What a promise resolves with, or `undefined` if it has not by then. */
const within = (ms, promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms))]);

/** A page with claims on the sessions of `db`; `lost` counts what it lost. */
async function withClaims(page) {
  await page.evaluate(async () => {
    const { createClaims } = await import('/facade/claims.js');
    globalThis.claims = createClaims('db');
    globalThis.lost = 0;
    globalThis.claim = async (how, signal) => {
      const answer = await claims.claim('s', how, signal, () => { lost += 1; });
      if ('owner' in answer) return answer.owner;
      globalThis.held = answer;
      return 'held';
    };
  });
  return {
    claim: (how) => page.evaluate((way) => claim(way), how),
    release: () => page.evaluate(() => held.release()),
    lost: () => page.evaluate(async () => (await new Promise((resolve) => setTimeout(resolve, 20)), lost)),
    owners: () => page.evaluate(async () => [...(await claims.owners())]),
  };
}

test('a session is claimed by one page; another learns who has it', () => inPages(2, async (first, second) => {
  const [one, other] = [await withClaims(first), await withClaims(second)];
  assert.equal(await one.claim('fail'), 'held');
  const owner = await other.claim('fail');
  assert.ok(owner.length > 0 && owner !== 'held', owner);
  assert.deepEqual(await other.owners(), [['s', owner]]);
  assert.deepEqual(await one.owners(), [], 'its own are not listed');
  await one.release();
  assert.equal(await other.claim('fail'), 'held');
  assert.deepEqual([await one.lost(), await other.lost()], [0, 0]);
}));

test('who waits has it when the holder lets go', () => inPages(2, async (first, second) => {
  const [one, other] = [await withClaims(first), await withClaims(second)];
  assert.equal(await one.claim('wait'), 'held');
  const waiting = other.claim('wait');
  assert.equal(await within(50, waiting), undefined);
  await one.release();
  assert.equal(await within(5_000, waiting), 'held');
}));

for (const [how, end] of [['is reloaded', (page) => page.reload()], ['is left for another page', (page) => page.goto('about:blank')], ['is closed', (page) => page.close()]]) {
  test(`who waits has it when the holder's page ${how}`, () => inPages(1, async (second) => {
    const first = await second.browserContext().newPage();
    await first.goto(`${server.address}/`);
    const [one, other] = [await withClaims(first), await withClaims(second)];
    assert.equal(await one.claim('fail'), 'held');
    const waiting = other.claim('wait');
    assert.equal(await within(50, waiting), undefined);
    await end(first);
    assert.equal(await within(5_000, waiting), 'held');
  }));
}

test('a page that comes back from the cache has its session again, or has lost it', (context) => inPages(2, async (first, second) => {
  const [one, other] = [await withClaims(first), await withClaims(second)];
  assert.equal(await one.claim('fail'), 'held');
  await first.goto('about:blank');
  await first.goBack();
  // The browser need not keep a page.
  const isKept = () => first.evaluate(() => globalThis.claims !== undefined);
  if (!(await isKept())) return context.diagnostic('the browser did not keep the page: nothing to check');
  assert.equal(await one.lost(), 0);
  assert.notEqual(await other.claim('fail'), 'held', 'it has it again');
  await first.goto('about:blank');
  assert.equal(await other.claim('wait'), 'held');
  await first.goBack();
  if (await isKept()) assert.equal(await one.lost(), 1);
  else context.diagnostic('the browser did not keep the page a second time');
}));

test('who waits may give up', () => inPages(2, async (first, second) => {
  const one = await withClaims(first);
  await withClaims(second);
  await one.claim('fail');
  const seen = await second.evaluate(async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    return claim('wait', controller.signal).catch((error) => error.message);
  });
  assert.equal(seen, 'enough');
  await one.release();
  const isFree = await second.evaluate(() => claim('fail'));
  assert.equal(isFree, 'held', 'nothing is left of the one that gave up');
}));

test('a stolen session is lost, once', () => inPages(2, async (first, second) => {
  const [one, other] = [await withClaims(first), await withClaims(second)];
  await one.claim('fail');
  assert.equal(await other.claim('steal'), 'held');
  assert.equal(await one.lost(), 1);
  assert.equal((await one.owners()).length, 1);
  await one.release();
  assert.notEqual(await one.claim('fail'), 'held', 'a release after the loss gives nothing away');
  await other.release();
  assert.equal(await one.claim('fail'), 'held');
  assert.deepEqual([await one.lost(), await other.lost()], [1, 0]);
}));

test('a session stolen within one page is still its own', () => inPages(1, async (page) => {
  const one = await withClaims(page);
  await one.claim('fail');
  assert.equal(await one.claim('steal'), 'held');
  assert.equal(await one.lost(), 1);
  assert.deepEqual(await one.owners(), []);
}));

test('word reaches other pages, and what is no message is passed over', () => inPages(2, async (first, second) => {
  const open = (page) => page.evaluate(async () => {
    const { createWord } = await import('/facade/word.js');
    globalThis.word = createWord('db', true);
    globalThis.heard = [];
    globalThis.stop = word.listen((message) => heard.push(message));
    return createWord('db', false) === undefined;
  });
  assert.deepEqual([await open(first), await open(second)], [true, true]);
  await first.evaluate(() => {
    const stranger = new BroadcastChannel('weavegraph:db');
    for (const noise of [null, 7, {}, { kind: 'stored' }, { kind: 'other', sessionId: 's' }, { kind: 'cancel', sessionId: 's', reason: 1 }, { kind: 'stored', sessionId: 's', seq: '1' }]) stranger.postMessage(noise);
    stranger.close();
    word.say({ kind: 'stored', sessionId: 's', seq: 4 });
    word.say({ kind: 'cancel', sessionId: 's', reason: 'stop' });
  });
  const messages = [{ kind: 'stored', sessionId: 's', seq: 4 }, { kind: 'cancel', sessionId: 's', reason: 'stop' }];
  await second.waitForFunction(() => heard.length >= 2, { polling: 20 });
  assert.deepEqual(await second.evaluate(() => heard), messages);
  assert.deepEqual(await first.evaluate(() => heard.filter(({ kind }) => kind === 'cancel')), [], 'nobody hears himself');
  await second.evaluate(() => stop());
  await first.evaluate(() => word.say({ kind: 'stored', sessionId: 's' }));
  await second.evaluate(() => word.close());
  await second.evaluate(() => word.say({ kind: 'stored', sessionId: 's' }));
  assert.equal((await second.evaluate(() => heard)).length, 2);
}));
