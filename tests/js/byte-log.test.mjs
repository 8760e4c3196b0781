// What lies between the engine and a store of bytes: containers of records, the codec, and every wrong answer that a store may give.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, CheckpointError, END, GraphBuilder, MemoryCheckpointer, replace, START, StoreCheckpointer } from 'weavegraph-wasm';
import { ByteLog } from '../../build/facade/byte-log.js';
import { checksum, packRecord, PackedRecord, packRow, unpackRow } from '../../build/facade/record-bytes.js';
import { CheckpointError as FacadeError } from '../../build/facade/errors.js';
import { copyValue } from '../../build/facade/values.js';
import { chain, deferred, failure, loop } from './graphs.mjs';
import { MapStore, SlowStore, xorCodec } from './stores.mjs';

const record = (slot = 0, values = [copyValue({ a: [1, new Map([['x', 2n]])] }, ''), 'text', 5]) => ({ slot, bytes: Uint8Array.from({ length: 70 }, (_, index) => index), values });
const row = { runId: 'r', status: 'completed', step: 3, at: 5, createdAt: 4 };
const facts = { before: 300, storedAt: 1.7e12 };
const code = (wanted, message = /./) => (error) => error instanceof FacadeError && error.code === wanted && message.test(error.message);

test('a record comes back from its container: bytes, values, slot, time and size', () => {
  const packed = packRecord(record(7), facts);
  const back = new PackedRecord('s', 7, packed, packed.length);
  assert.deepEqual([back.slot, back.before, back.storedAt, back.size, back.valueCount], [7, 300, 1.7e12, packed.length, 3]);
  assert.deepEqual([...back.bytes], [...record().bytes]);
  assert.deepEqual(back.values, record().values);
  assert.ok(Object.isFrozen(back.values[0]) && Object.isFrozen(back.values[0].a), 'they are the package\'s own');
});

test('a key of objects is written once in a whole record', () => {
  const one = { aRatherLongKeyOfAnObject: 1 };
  const grown = packRecord(record(0, Array(11).fill(one)), facts).length - packRecord(record(0, [one]), facts).length;
  assert.equal(grown, 10 * 3);
});

test('a container with any byte changed, torn off or added is CHECKPOINT_CORRUPT, and says which record', () => {
  const packed = packRecord(record(7), facts);
  const read = (bytes) => () => new PackedRecord('s', 7, bytes, bytes.length).values;
  for (let at = 0; at < packed.length; at += 1) {
    for (const bit of [1, 0x80, 0xff]) assert.throws(read(packed.map((byte, index) => (index === at ? byte ^ bit : byte))), code('CHECKPOINT_CORRUPT', /record 7 of session `s`/));
    assert.throws(read(packed.subarray(0, at)), code('CHECKPOINT_CORRUPT'));
  }
  assert.throws(read(Uint8Array.of(...packed, 0)), code('CHECKPOINT_CORRUPT'));
  for (const bytes of ['text', undefined, null, [1, 2], packed.buffer, new Uint16Array(40)]) assert.throws(read(bytes ?? 0), code('CHECKPOINT_CORRUPT', /no Uint8Array/));
});

test('a container of a later version is CHECKPOINT_VERSION', () => {
  const later = packRecord(record(), facts);
  later[0] = 2;
  new DataView(later.buffer).setUint32(later.length - 4, checksum(later.subarray(0, -4)), true);
  assert.throws(() => new PackedRecord('s', 0, later, later.length), code('CHECKPOINT_VERSION', /update/));
});

test('the checksum is the MurmurHash3 that others compute', () => {
  const of = (text) => checksum(new TextEncoder().encode(text));
  assert.deepEqual([of(''), of('a'), of('ab'), of('abc'), of('abcd'), of('hello')], [0, 0x3c2569b2, 0x9bbfd75f, 0xb3dd93fa, 0x43ed676a, 0x248bfa47]);
});

test('a row comes back, and a wrong one is CHECKPOINT_CORRUPT', () => {
  assert.deepEqual(unpackRow('s', packRow({ ...row, bytes: 17 })), { ...row, bytes: 17 });
  assert.deepEqual(unpackRow('s', packRow(row)), row);
  for (const wrong of [{ runId: 5 }, { status: 'asleep' }, { step: -1 }, { step: 0.5 }, { at: NaN }, { createdAt: 'now' }, { bytes: -1 }]) {
    assert.throws(() => unpackRow('s', packRow({ ...row, ...wrong })), code('CHECKPOINT_CORRUPT', /row of session `s`/));
  }
});

test('a store that answers at once is never waited for, one of promises always', async () => {
  for (const [store, codec, isAtOnce] of [[new MapStore(), undefined, true], [new MapStore(), xorCodec(), true], [new SlowStore(), undefined, false], [new MapStore(), { encode: async (bytes) => bytes, decode: async (bytes) => bytes }, false]]) {
    const log = new ByteLog(store, { codec });
    const answers = [log.append('s', record(0), row), log.append('s', record(0), row), log.newest('s'), log.newest('none'), log.read('s', 0, 5), log.rows({ limit: 5 }), log.drop('s', { upTo: 3, keep: [0] }), log.drop('s', 'all')];
    if (!isAtOnce) assert.ok(answers.slice(0, 6).some((answer) => answer instanceof Promise));
    else assert.ok(answers.every((answer) => !(answer instanceof Promise)));
    const [first, second, newest, none, list, rows] = await Promise.all(answers);
    if (isAtOnce) assert.deepEqual([first, second, newest.slot, none, list.length, rows[0].sessionId], ['ok', 'taken', 0, undefined, 1, 's']);
  }
});

test('the row says how many bytes the records have, over appends, restarts and pruning', () => {
  const store = new MapStore();
  const bytes = () => [...store.sessions.get('s').records.values()].reduce((total, { length }) => total + length, 0);
  const shown = (log) => log.rows({ limit: 1 })[0].row.bytes;
  const codec = { encode: (given) => Uint8Array.of(...given, 0, 0), decode: (given) => given.subarray(0, -2) };
  const log = new ByteLog(store, { codec });
  log.append('s', record(0), { ...row, status: 'running' });
  log.append('s', record(1), undefined);
  log.append('s', record(2), { ...row, status: 'running' });
  assert.equal(shown(log), bytes());
  log.drop('s', { upTo: 0, keep: [], bytes: log.read('s', 0, 1)[0].size });
  log.append('s', record(3), row);
  assert.equal(shown(log), bytes());
  const other = new ByteLog(store, { codec });
  other.newest('s');
  other.append('s', record(4), row);
  assert.equal(shown(log), bytes());
});

test('a store is asked for what its contract says', () => {
  const asked = [];
  const store = Object.fromEntries(['append', 'read', 'newest', 'rows', 'drop'].map((method) => [method, (...args) => { asked.push([method, ...args]); return { append: 'ok', read: [], newest: null, rows: [] }[method]; }]));
  const log = new ByteLog({ name: 'n', ...store });
  log.append('s', record(4), undefined);
  log.append('s', record(5), row);
  log.read('s', 3, 9);
  log.rows({ limit: 2 });
  log.rows({ limit: 2, after: 'a' });
  log.drop('s', { upTo: 3, keep: [], bytes: 5 });
  log.drop('s', { upTo: 3, keep: [1] });
  log.drop('s', 'all');
  assert.ok(asked[0][3] instanceof Uint8Array && asked[1][4].row instanceof Uint8Array);
  assert.deepEqual([asked[0].slice(0, 3), asked[0][4]], [['append', 's', 4], { strict: false }]);
  assert.deepEqual(asked.slice(2), [['read', 's', { from: 3, limit: 9 }], ['rows', { limit: 2 }], ['rows', { limit: 2, after: 'a' }], ['drop', 's', { upTo: 3 }], ['drop', 's', { upTo: 3, keep: [1] }], ['drop', 's', 'all']]);
});

const wrong = {
  append: [['maybe', undefined, null, true, {}, 'OK'], (log) => log.append('s', record(), row), 'CHECKPOINT_UNAVAILABLE', /append\(\) with .*'ok' or 'taken'/],
  'newest ': [[{ slot: -1, record: new Uint8Array(9) }, { slot: 1.5, record: new Uint8Array(9) }, { slot: '0', record: new Uint8Array(9) }, { slot: 2 ** 33, record: new Uint8Array(9) }, {}, 'none'], (log) => log.newest('s'), 'CHECKPOINT_UNAVAILABLE', /newest\(\) with/],
  newest: [[{ slot: 0, record: 'text' }, { slot: 0, record: [1, 2] }, { slot: 0, record: new Uint8Array(9) }, { slot: 0 }], (log) => log.newest('s'), 'CHECKPOINT_CORRUPT', /record 0 of session `s`/],
  read: [[undefined, null, 'text', {}, [undefined], [{ slot: 4 }], [{ slot: 6 }, { slot: 6 }], [{ slot: 7 }, { slot: 6 }], [{ slot: NaN }]], (log) => log.read('s', 5, 9), 'CHECKPOINT_UNAVAILABLE', /read\(\) with/],
  rows: [[undefined, {}, [{}], [null], [{ session: 5 }], [{ session: 'a' }], [{ session: 'c' }, { session: 'b' }]], (log) => log.rows({ after: 'a', limit: 5 }), 'CHECKPOINT_UNAVAILABLE', /rows\(\) with/],
  'rows ': [[[{ session: 'c', row: 5 }], [{ session: 'c' }]], (log) => log.rows({ limit: 5 }), 'CHECKPOINT_CORRUPT', /row of session `c`/],
};

for (const [method, [answers, call, wanted, message]] of Object.entries(wrong)) {
  test(`a wrong answer of ${method.trim()}() is ${wanted} and says what came`, async () => {
    for (const answer of answers) {
      const log = (store) => new ByteLog({ ...new MapStore(), name: 'odd', ...store });
      assert.throws(() => call(log({ [method.trim()]: () => answer })), code(wanted, message));
      await assert.rejects(async () => call(log({ [method.trim()]: async () => answer })), code(wanted, message));
    }
  });
}

test('what a store or a codec throws is CHECKPOINT_UNAVAILABLE with it as the cause; a CheckpointError passes', async () => {
  const typed = await failure(new StoreCheckpointer({ ...methods(), name: 'x', rows: () => [{ session: 's', row: new Uint8Array(3) }] }).listSessions());
  assert.equal(typed.code, 'CHECKPOINT_CORRUPT');
  for (const thrown of [new Error('disk full'), 'text', undefined, null, { code: 'E' }]) {
    for (const raise of [() => { throw thrown; }, async () => { throw thrown; }]) {
      const error = await failure(new StoreCheckpointer({ ...methods(), name: 'mine', rows: raise }).listSessions());
      assert.deepEqual([error.code, error.cause === thrown, error instanceof CheckpointError], ['CHECKPOINT_UNAVAILABLE', true, true]);
      assert.match(error.message, /store `mine` failed at rows\(\)/);
      const inRun = await failure(chain({ a: () => ({ log: 1 }) }).compile({ checkpointer: new StoreCheckpointer({ ...methods(), name: 'mine', append: raise }) }).invoke());
      assert.deepEqual([inRun.code, inRun.cause === thrown], ['CHECKPOINT_UNAVAILABLE', true]);
      const inCodec = await failure(chain({ a: () => ({ log: 1 }) }).compile({ checkpointer: new StoreCheckpointer(new MapStore(), { codec: { ...xorCodec(), encode: raise } }) }).invoke());
      assert.deepEqual([inCodec.code, inCodec.cause === thrown, /codec/.test(inCodec.message)], ['CHECKPOINT_UNAVAILABLE', true, true]);
      const passed = await failure(new StoreCheckpointer({ ...methods(), name: 'mine', rows: () => Promise.reject(typed) }).listSessions());
      assert.equal(passed, typed);
    }
  }
});

test('a codec that answers no bytes, or other bytes than it was given, is found', async () => {
  const through = (codec) => failure(loop(2).compile({ checkpointer: new StoreCheckpointer(new MapStore(), { codec }) }).invoke({}, { sessionId: 's' }));
  assert.equal((await through({ ...xorCodec(), encode: () => 'text' })).code, 'CHECKPOINT_UNAVAILABLE');
  const sessions = new Map();
  const app = (codec) => loop(2).compile({ checkpointer: new StoreCheckpointer(new MapStore(sessions), { codec }) });
  await app(xorCodec(1)).invoke({}, { sessionId: 's' });
  assert.equal((await failure(app(xorCodec(2)).getState('s'))).code, 'CHECKPOINT_CORRUPT');
  assert.equal((await failure(app(undefined).getState('s'))).code, 'CHECKPOINT_CORRUPT');
  assert.equal((await failure(app({ ...xorCodec(1), decode: () => 7 }).getState('s'))).code, 'CHECKPOINT_CORRUPT');
});

test('a store or a codec without its methods is RUN_INVALID_OPTION, naming them', () => {
  const store = new MapStore();
  for (const [given, message] of [[undefined, /append\(\), read\(\), newest\(\), rows\(\), drop\(\)/], [null, /append/], ['store', /append/], [{ ...methods(), name: 'x', drop: 5 }, /no drop\(\)$/], [{ ...methods(), name: undefined }, /no name/], [{ ...methods(), name: '' }, /no name/]]) {
    assert.throws(() => new StoreCheckpointer(given), (error) => error.code === 'RUN_INVALID_OPTION' && message.test(error.message), String(message));
  }
  assert.throws(() => new StoreCheckpointer(store, { codec: { encode: () => 1 } }), { code: 'RUN_INVALID_OPTION' });
  assert.throws(() => new StoreCheckpointer(store, { codec: null }), { code: 'RUN_INVALID_OPTION' });
  assert.equal(new StoreCheckpointer(store).name, 'map');
});

test('close() closes the store once, with what it says', async () => {
  let closed = 0;
  const checkpointer = new StoreCheckpointer(Object.assign(new MapStore(), { close: async () => void (closed += 1) }));
  await checkpointer.listSessions();
  await Promise.all([checkpointer.close(), checkpointer.close()]);
  assert.equal(closed, 1);
  await new StoreCheckpointer(new MapStore()).close();
  const broken = new StoreCheckpointer(Object.assign(new MapStore(), { close: () => { throw new Error('no'); } }));
  await broken.listSessions();
  assert.equal((await failure(broken.close())).code, 'CHECKPOINT_UNAVAILABLE');
});

test('while a session is deleted or imported no run of this page gets it', async () => {
  const gate = deferred();
  const store = new MapStore();
  const app = loop(2, () => ({ log: 1 })).compile({ checkpointer: new StoreCheckpointer(Object.assign(store, { drop: async (...args) => { await gate.promise; MapStore.prototype.drop.apply(store, args); } })) });
  await app.invoke({}, { sessionId: 's' });
  const checkpointer = new StoreCheckpointer(store);
  const other = loop(2, () => ({ log: 1 })).compile({ checkpointer });
  const deleting = checkpointer.deleteSession('s');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await failure(other.invoke({}, { sessionId: 's' }))).code, 'SESSION_BUSY');
  const waiting = other.invoke({}, { sessionId: 's', whenBusy: 'wait' });
  gate.resolve();
  await deleting;
  assert.equal((await waiting).log.length, 2);
});

test('an import that breaks off leaves no session, and its leftovers do not stop the next', async () => {
  const from = new MemoryCheckpointer();
  const graph = loop(30, () => ({ log: 1 }));
  await graph.compile({ checkpointer: from }).invoke({}, { sessionId: 's' });
  const dump = await from.exportSession('s');
  const total = dump.records.length;
  assert.ok(total > 10);
  for (const broken of [1, 5, total - 1]) {
    const sessions = new Map();
    let left = broken;
    const failing = new StoreCheckpointer(Object.assign(new MapStore(sessions), { append: (...args) => { if (left-- === 0) throw new Error('power cut'); return MapStore.prototype.append.apply(failing.store, args); } }));
    failing.store = new MapStore(sessions);
    assert.equal((await failure(failing.importSession(dump))).code, 'CHECKPOINT_UNAVAILABLE');
    const next = new StoreCheckpointer(new MapStore(sessions));
    assert.deepEqual(await next.listSessions(), []);
    const app = graph.compile({ checkpointer: next });
    assert.equal((await failure(app.invoke({}, { sessionId: 's' }))).code, 'CHECKPOINT_CORRUPT');
    await next.importSession(dump);
    assert.equal((await app.getState('s')).state.log.length, 30);
  }
});

test('a session that lacks a record is CHECKPOINT_CORRUPT, wherever it is read', async () => {
  const sessions = new Map();
  const app = loop(600, () => ({ log: 1 })).compile({ checkpointer: new StoreCheckpointer(new MapStore(sessions)), durability: 'sync' });
  await app.invoke({}, { sessionId: 's' });
  const { records } = sessions.get('s');
  for (const slot of [0, 7, 256, records.size - 2]) {
    const lost = records.get(slot);
    records.delete(slot);
    for (const read of [() => app.getState('s'), () => app.invoke({}, { sessionId: 's' }), () => app.resume('s')]) {
      const error = await failure(read());
      assert.deepEqual([error.code, error.message.includes(`record ${slot} `)], ['CHECKPOINT_CORRUPT', true], String(error));
    }
    if (slot > 0) assert.equal((await failure(app.history('s'))).code, 'CHECKPOINT_CORRUPT');
    records.set(slot, lost);
  }
  assert.equal((await app.getState('s')).step, 600);
});

test('sessions that other realms hold are shown with their owner, and are not deleted', async () => {
  const { ByteLog, deleteSession, listSessions } = await import('../node_modules/weavegraph-wasm/storage.js');
  const { SessionLocks } = await import('../../build/facade/session-locks.js');
  const held = new Map([['s', 'tab 2']]);
  const claimed = [];
  const claims = {
    claim: async (session, how) => (held.has(session) ? { owner: held.get(session) } : (claimed.push(`${how} ${session}`), { release: () => claimed.push(`released ${session}`) })),
    owners: async () => held,
  };
  const log = new ByteLog(new MapStore(), { claims });
  for (const id of ['s', 't']) log.append(id, record(0), row);
  const locks = new SessionLocks();
  const handle = { locks, active: locks.holders };
  const owners = async () => (await listSessions(handle, log, {})).map(({ sessionId, owner }) => [sessionId, owner]);
  assert.deepEqual(await owners(), [['s', { id: 'tab 2', here: false }], ['t', null]]);
  await assert.rejects(deleteSession(handle, log, 's'), (error) => error.code === 'SESSION_BUSY' && error.details.owner === 'tab 2');
  assert.equal(locks.holders.size, 0);
  await deleteSession(handle, log, 't');
  assert.deepEqual([claimed, locks.holders.size], [['fail t', 'released t'], 0]);
  locks.take('s', { runId: 'r1', lost() {}, cutOff() {} });
  assert.deepEqual(await owners(), [['s', { id: 'r1', here: true }]]);
});

function methods() {
  const store = new MapStore();
  return Object.fromEntries(['append', 'read', 'newest', 'rows', 'drop'].map((method) => [method, store[method].bind(store)]));
}

test('a record whose writes are not of the kind that it says is corrupt: one that replaces nothing any more, and one that replaces where it merged', async () => {
  const make = (write) => new GraphBuilder({ channels: { log: append() } }).addNode('write', () => ({ log: write })).addEdge(START, 'write').addEdge('write', END).compile({ checkpointer: new MemoryCheckpointer() });
  /** The mark that `replace()` leaves before a value: its tag, one key, `log` as short text. */
  const mark = Buffer.from([0xd3, 1, 0x40 + 3, ...Buffer.from('log')]);
  /** An update of one key, `log`, that is written for the first time in the record. */
  const update = Buffer.from([0x81, 0, 0x40 + 3, ...Buffer.from('log')]);
  const tampered = (dump, change) => ({
    ...dump,
    records: dump.records.map(([slot, base64, ...more]) => {
      const bytes = change(Buffer.from(base64, 'base64'));
      bytes.writeUInt32LE(checksum(bytes.subarray(0, -4)), bytes.length - 4);
      return [slot, bytes.toString('base64'), ...more];
    }),
  });
  const replacing = (bytes) => bytes.indexOf(mark);
  const merging = (bytes) => bytes.indexOf(update);
  for (const [write, find, change] of [
    [replace([7]), replacing, (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + mark.length)])],
    [[7], merging, (bytes, at) => Buffer.concat([bytes.subarray(0, at), mark, bytes.subarray(at)])],
  ]) {
    const app = make(write);
    const checkpointer = new MemoryCheckpointer();
    await app.invoke({}, { sessionId: 's', checkpointer });
    const dump = await checkpointer.exportSession('s');
    let changed = 0;
    const damaged = tampered(dump, (bytes) => {
      const at = find(bytes);
      changed += at < 0 ? 0 : 1;
      return at < 0 ? bytes : change(bytes, at);
    });
    assert.equal(changed, 1);
    const other = new MemoryCheckpointer();
    await assert.rejects(async () => {
      await other.importSession(damaged);
      await app.resume('s', undefined, { checkpointer: other });
    }, { code: 'CHECKPOINT_CORRUPT', message: /its writes are not of the kind that it says/ });
  }
});
