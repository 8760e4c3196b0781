// Sessions of which something was changed or lost inside the database: by the public API of the installed package, in a real Chromium.
// Damage is found, has its code and its place, and stays with its session.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checksum } from '../../build/facade/record-bytes.js';
import { failure, runIn, startLab } from './lab.mjs';

let lab;
before(async () => (lab = await startLab()));
after(() => lab?.close());

const quick = { steps: 10, pauseMs: 0 };
const list = (page) => failure(page, () => globalThis.lab.checkpointer.listSessions());
const stateOf = (page, sessionId) => failure(page, (id) => globalThis.lab.app().getState(id), sessionId);
const ids = (page) => page.evaluate(async () => (await globalThis.lab.checkpointer.listSessions()).map(({ sessionId }) => sessionId));

/** In a page: changes a record or a row by raw IndexedDB; 'delete' deletes it, null reads it. */
const touch = (page, name, store, key, bytes) => page.evaluate(async (...[wanted, where, at, given]) => {
  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await answer(indexedDB.open(wanted));
  const objects = database.transaction(where, 'readwrite').objectStore(where);
  const found = await answer(given === null ? objects.get(at) : given === 'delete' ? objects.delete(at) : objects.put(Array.isArray(given) ? Uint8Array.from(given) : given, at));
  database.close();
  return given === null ? [...found] : undefined;
}, name, store, key, bytes);
/** With the checksum of what it holds now. */
function sealed(bytes) {
  const whole = Uint8Array.from(bytes);
  new DataView(whole.buffer).setUint32(whole.length - 4, checksum(whole.subarray(0, -4)), true);
  return [...whole];
}
/** Where the engine's bytes begin: behind the version, two numbers and a length. */
function engineAt(bytes) {
  let at = 1;
  for (let numbers = 0; numbers < 3; numbers += 1) for (; bytes[at++] >= 128;);
  return at;
}
const changed = (bytes, at, to) => bytes.map((byte, index) => (index === at ? to(byte) : byte));

for (const [what, change, code, message] of [
  ['with a byte flipped', (bytes) => changed(bytes, bytes.length >> 1, (byte) => byte ^ 1), 'CHECKPOINT_CORRUPT', /record 3 of session `s`.*damaged/],
  ['that was cut short', (bytes) => bytes.slice(0, 20), 'CHECKPOINT_CORRUPT', /record 3 of session `s`/],
  ['that is empty', () => [], 'CHECKPOINT_CORRUPT', /record 3 of session `s`/],
  // The database cannot say where.
  ['that is text', () => 'text', 'CHECKPOINT_CORRUPT', /no Uint8Array/],
  ['of a later container', (bytes) => sealed(changed(bytes, 0, () => 2)), 'CHECKPOINT_VERSION', /record 3 of session `s` is of version 2.*update weavegraph-wasm/],
  ['of a later schema', (bytes) => sealed(changed(bytes, engineAt(bytes), () => 99)), 'CHECKPOINT_VERSION', /3.*99/],
  ['that is missing', () => 'delete', 'CHECKPOINT_CORRUPT', /record 3 of session `s` is missing/],
]) {
  test(`a record ${what} is ${code}; other sessions are fine, and deletion helps`, () => lab.inTabs(async (open, name) => {
    const page = await open();
    for (const sessionId of ['s', 't']) assert.equal((await runIn(page, sessionId, quick)).status, 'completed');
    await touch(page, name, 'records', ['s', 3], change(await touch(page, name, 'records', ['s', 3], null)));
    const seen = [await stateOf(page, 's'), await runIn(page, 's', { resumes: true, ...quick }), await runIn(page, 's', quick)];
    for (const each of seen) {
      assert.equal(each.code, code, each.message);
      assert.match(each.message, message);
    }
    const end = await page.evaluate(async () => {
      const reader = globalThis.lab.app().follow('s', { after: 0 });
      try {
        for await (const event of reader) if (event.type === 'run.completed') return 'completed';
        return 'ended';
      } catch (error) {
        return error.code;
      }
    });
    assert.equal(end, code, 'follow');
    assert.equal((await runIn(page, 't', quick)).status, 'completed');
    assert.deepEqual(await ids(page), ['t', 's']);
    await page.evaluate(() => globalThis.lab.checkpointer.deleteSession('s'));
    assert.equal((await runIn(page, 's', quick)).status, 'completed');
  }));
}

for (const [what, change, code] of [
  ['with a byte flipped', (bytes) => changed(bytes, bytes.length >> 1, (byte) => byte ^ 1), 'CHECKPOINT_CORRUPT'],
  ['of a later version', (bytes) => sealed(changed(bytes, 0, () => 2)), 'CHECKPOINT_VERSION'],
]) {
  test(`a row ${what}: lists say ${code} and whose; its session still runs, which mends the row`, () => lab.inTabs(async (open, name) => {
    const page = await open();
    for (const sessionId of ['s', 't']) assert.equal((await runIn(page, sessionId, quick)).status, 'completed');
    await touch(page, name, 'rows', 's', change(await touch(page, name, 'rows', 's', null)));
    const seen = await list(page);
    assert.deepEqual([seen.code, seen.session], [code, 's']);
    assert.match(seen.message, /row of session `s`/);
    assert.equal((await stateOf(page, 't')).code, 'none');
    assert.equal((await runIn(page, 's', quick)).status, 'completed');
    assert.deepEqual(await ids(page), ['s', 't']);
  }));
}

test('the newest record is lost with its row: the session goes on from the record before', () => lab.inTabs(async (open, name) => {
  const page = await open();
  await runIn(page, 's', quick);
  const newest = await page.evaluate(async (wanted) => {
    const database = await new Promise((resolve) => (indexedDB.open(wanted).onsuccess = ({ target }) => resolve(target.result)));
    const keys = await new Promise((resolve) => (database.transaction('records').objectStore('records').getAllKeys().onsuccess = ({ target }) => resolve(target.result)));
    database.close();
    return keys.at(-1);
  }, name);
  await touch(page, name, 'records', newest, 'delete');
  const end = await runIn(page, 's', { resumes: true, ...quick });
  assert.deepEqual([end.status, end.log?.length], ['completed', 10], end.message);
}));
