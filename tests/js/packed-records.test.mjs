// Records of a session in memory lie packed: what comes back is what was handed in, wherever it was put.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../build/facade/memory-store.js';
import { PackedRecords } from '../../build/facade/packed-records.js';

/** A record with as many bytes and values as its slot says. */
const record = (slot) => ({ slot, bytes: Uint8Array.from({ length: slot * 3 }, (_, index) => (slot + index) % 256), values: Array.from({ length: slot % 4 }, (_, index) => ({ slot, index })), storedAt: 1_700_000_000_000 + slot });
const records = (...slots) => slots.map(record);

test('records come back as they were handed in, from any index and as many as asked for', () => {
  const packed = new PackedRecords(records(0, 1, 2, 5, 9, 200));
  assert.equal(packed.length, 6);
  assert.deepEqual(packed.slice(0), records(0, 1, 2, 5, 9, 200));
  assert.deepEqual(packed.slice(3, 2), records(5, 9));
  assert.deepEqual(packed.slice(6), []);
});

test('the place of a slot is found with gaps, before the first and after the last', () => {
  const packed = new PackedRecords(records(2, 3, 7));
  assert.deepEqual([0, 2, 3, 4, 7, 8].map((slot) => packed.indexFrom(slot)), [0, 0, 1, 2, 2, 3]);
  assert.deepEqual([packed.slotAt(0), packed.slotAt(2), packed.slotAt(3), packed.slotAt(-1)], [2, 7, undefined, undefined]);
});

test('what was read stays as it was while the session grows, and when its bytes come from a buffer that is used again', () => {
  const packed = new PackedRecords();
  const buffer = new Uint8Array(3);
  packed.push({ slot: 0, bytes: buffer.fill(7), values: [] });
  const [read] = packed.slice(0);
  for (let slot = 1; slot < 50; slot += 1) packed.push({ slot, bytes: buffer.fill(slot), values: [slot] });
  assert.deepEqual([...read.bytes], [7, 7, 7]);
  assert.deepEqual(packed.slice(0).map(({ bytes, values }) => [...bytes, ...values]), [[7, 7, 7], ...Array.from({ length: 49 }, (_, index) => Array(4).fill(index + 1))]);
});

test('a record goes into a free slot between others, and is refused where one stands', () => {
  const store = new MemoryStore(10);
  for (const slot of [0, 1, 4]) assert.equal(store.append('s', record(slot)), 'ok');
  assert.equal(store.append('s', record(2)), 'ok');
  for (const slot of [0, 2, 4]) assert.equal(store.append('s', record(slot)), 'taken');
  assert.deepEqual(store.read('s', 1, 2), records(1, 2));
  assert.deepEqual(store.newest('s'), record(4));
});

test('a session whose records are all dropped has no newest one', () => {
  const store = new MemoryStore(10);
  for (const slot of [0, 1, 4]) store.append('s', record(slot));
  store.drop('s', { upTo: 3, keep: [1] });
  assert.deepEqual(store.read('s', 0, 10), records(1, 4));
  store.drop('s', { upTo: 4, keep: [] });
  assert.equal(store.newest('s'), undefined);
  assert.deepEqual(store.read('s', 0, 10), []);
});
