/** Checkpointers, stores of users, values as bytes, and the testing entry. */

import {
  fromBytes,
  fromJsonSafe,
  IndexedDbCheckpointer,
  MemoryCheckpointer,
  StoreCheckpointer,
  toBytes,
  toJsonSafe,
  type Checkpointer,
  type Clock,
  type MaybePromise,
  type PrunePolicy,
  type SessionStore,
  type SessionSummary,
  type Value,
} from 'weavegraph-wasm';
import { checkpointerContract, MockClock, type ContractCase } from 'weavegraph-wasm/testing';
import { isExactly } from './exactness.js';

// ── a store of one's own ──

/** As the contract has it, without `keep`. */
class Plain implements SessionStore {
  readonly name = 'plain';
  append(session: string, slot: number, record: Uint8Array, options: { strict: boolean; row?: Uint8Array }): MaybePromise<'ok' | 'taken'> {
    return session === '' || slot < 0 || record.length === 0 || options.strict || options.row === undefined ? 'taken' : 'ok';
  }
  read(session: string, range: { from: number; limit: number }): MaybePromise<Array<{ slot: number; record: Uint8Array }>> {
    return session === '' && range.from < range.limit ? [] : Promise.resolve([]);
  }
  newest(session: string): MaybePromise<{ slot: number; record: Uint8Array } | null> {
    return session === '' ? null : { slot: 0, record: new Uint8Array() };
  }
  rows(page: { after?: string; limit: number }): MaybePromise<Array<{ session: string; row: Uint8Array }>> {
    return page.after === undefined ? [] : [{ session: page.after, row: new Uint8Array(page.limit) }];
  }
  drop(session: string, slots: { upTo: number } | 'all'): MaybePromise<void> {
    void session;
    if (slots !== 'all') isExactly<number>()(slots.upTo);
  }
}

const stored = new StoreCheckpointer(new Plain());
const checkpointer: Checkpointer = new StoreCheckpointer(new Plain(), { codec: { encode: (record) => record, decode: async (bytes) => bytes } });
const memory: Checkpointer = new MemoryCheckpointer({ keepLast: 5 });
isExactly<string>()(stored.name);
// @ts-expect-error a store has five methods
new StoreCheckpointer({ name: 'less', append: () => 'ok' as const });
// @ts-expect-error a codec has two
new StoreCheckpointer(new Plain(), { codec: { encode: (record: Uint8Array) => record } });
// @ts-expect-error only this package makes checkpointers
const forged: Checkpointer = { name: 'forged', close: async () => {} };
void forged;

// ── looking after sessions ──

isExactly<SessionSummary[]>()(await checkpointer.listSessions({ limit: 5, after: 's', status: 'failed' }));
// @ts-expect-error there is no such status
await checkpointer.listSessions({ status: 'asleep' });
const policy: PrunePolicy = { keepLast: 5, olderThanMs: 1, maxBytes: 1, finishedOnly: true, sessionId: 's' };
const pruned: { checkpoints: number; events: number; bytes?: number } = await memory.prune(policy);
isExactly<number>()(pruned.checkpoints);
// @ts-expect-error a misspelt policy
await memory.prune({ keepFirst: 5 });
isExactly<Value>()(await checkpointer.exportSession('s'));
isExactly<string>()(await checkpointer.importSession({}, { as: 't' }));
isExactly<void>()(await checkpointer.deleteSession('s'));

// ── values ──

const bytes: Uint8Array = toBytes({ any: new Map() });
isExactly<Value>()(fromBytes(bytes));
isExactly<Value>()(fromJsonSafe(toJsonSafe(1n)));
// @ts-expect-error bytes are a Uint8Array
fromBytes('text');

// ── testing ──

const clock: Clock = new MockClock();
void clock;
isExactly<void>()(await new MockClock(5).advance(1));
isExactly<number>()(new MockClock().pending);
const cases: Array<{ name: string; run(): Promise<void> }> = checkpointerContract(() => memory);
isExactly<ContractCase[]>()(checkpointerContract(async () => stored, { persists: false }));
void cases;

// ── IndexedDB ──

const kept: Checkpointer = new IndexedDbCheckpointer();
new IndexedDbCheckpointer({ name: 'mine', flush: 'strict', broadcast: false, onBlocked: () => console.log(kept.name) });
new IndexedDbCheckpointer({ name: undefined, flush: undefined, broadcast: undefined, onBlocked: undefined });
// @ts-expect-error: there are two ways to flush
new IndexedDbCheckpointer({ flush: 'sometimes' });
// @ts-expect-error: no such option
new IndexedDbCheckpointer({ database: 'mine' });
void new IndexedDbCheckpointer().persist().then(isExactly<boolean>());
void new IndexedDbCheckpointer().estimate().then(isExactly<{ usageBytes: number; quotaBytes: number } | null>());
