// The contract of checkpointers, by the package's own cases, for every store that Node has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryCheckpointer, StoreCheckpointer } from 'weavegraph-wasm';
import { checkpointerContract } from 'weavegraph-wasm/testing';
import { documentedStore, KeyValueMap, MapStore, SlowStore, xorCodec } from './stores.mjs';

const overMap = (options) => {
  const sessions = new Map();
  return () => new StoreCheckpointer(new MapStore(sessions), options);
};
const overSlow = (options) => {
  const sessions = new Map();
  return async () => new StoreCheckpointer(new SlowStore(sessions), options);
};
const { KeyValueStore, lines } = await documentedStore();
const overKeyValue = () => {
  const entries = new Map();
  return () => new StoreCheckpointer(new KeyValueStore(new KeyValueMap(entries)));
};
const asyncCodec = { encode: async (bytes) => xorCodec(1).encode(bytes), decode: async (bytes) => xorCodec(1).decode(bytes) };

const stores = {
  memory: [() => new MemoryCheckpointer(), { persists: false }],
  'a Map that answers at once': [overMap()],
  'a store of promises': [overSlow()],
  'the store of the documentation': [overKeyValue()],
  'an encrypting codec': [overMap({ codec: xorCodec() })],
  'an asynchronous codec over a store of promises': [overSlow({ codec: asyncCodec })],
};

for (const [store, [make, options]] of Object.entries(stores)) {
  for (const { name, run } of checkpointerContract(make, options)) test(`${store}: ${name}`, run);
}

test('the store of the documentation has at most 60 lines', () => {
  assert.ok(lines <= 60, `it has ${lines}`);
});

/** Ways in which a store may be wrong, each with the case that has to find it. */
const faults = {
  'forgets to fence': [(store) => (store.append = (session, slot, record, { row }) => (MapStore.prototype.drop.call(store, session, { upTo: slot, keep: [...Array(slot).keys()] }), MapStore.prototype.append.call(store, session, slot, record, { row }))), /only one gets it|cannot write any more/],
  'reads in the wrong order': [(store) => (store.read = (...args) => MapStore.prototype.read.apply(store, args).reverse()), /goes on from where/],
  'ignores the limit': [(store) => (store.rows = ({ limit }) => MapStore.prototype.rows.call(store, { limit })), /page by page/],
  'ignores `from`': [(store) => (store.read = (session, { limit }) => MapStore.prototype.read.call(store, session, { from: 0, limit })), /many steps/],
  'loses rows': [(store) => (store.append = (session, slot, record) => MapStore.prototype.append.call(store, session, slot, record, {})), /listed/],
  'drops too much': [(store) => (store.drop = (session) => MapStore.prototype.drop.call(store, session, 'all')), /pruning|pruned/],
  'drops nothing': [(store) => (store.drop = () => undefined), /deleted session is gone/],
  'mixes ids': [(store) => ['append', 'read', 'newest', 'drop'].forEach((method) => (store[method] = (session, ...args) => MapStore.prototype[method].call(store, session.toLowerCase(), ...args))), /ids of any text/],
  'changes bytes': [(store) => (store.newest = (session) => { const found = MapStore.prototype.newest.call(store, session); return found && { ...found, record: found.record.map((byte, index) => byte ^ (index === 20)) }; }), /goes on from where/],
};

for (const [fault, [spoil, found]] of Object.entries(faults)) {
  test(`the contract finds a store that ${fault}`, async () => {
    const sessions = new Map();
    const make = () => {
      const store = new MapStore(sessions);
      spoil(store);
      return new StoreCheckpointer(store);
    };
    const cases = checkpointerContract(make).filter(({ name }) => found.test(name));
    const errors = await Promise.all(cases.map(({ run }) => run().then(() => undefined, (error) => error)));
    assert.ok(errors.some((error) => error instanceof Error && error.message.length > 20));
  });
}
