/**
 * What a store of a user's own has to do. Owns nothing at run time.
 */

import type { MaybePromise } from './log-store.js';

export type { MaybePromise } from './log-store.js';

/**
 * An append-only log of numbered slots per session, and one small row beside it. Records and rows are opaque bytes. docs/stores.md of
 * the repository has one over a key-value store, and `checkpointerContract` of `weavegraph-wasm/testing` tests them.
 *
 * Every call may answer at once or by a promise. What it throws ends the run with CHECKPOINT_UNAVAILABLE and that as the `cause`; a
 * CheckpointError that it throws is passed on.
 */
export interface SessionStore {
  /** For events and messages. */
  readonly name: string;
  /**
   * Inserts `record` at `slot` if the slot is free, in one atomic write with `row`, when given: it replaces the session's row. Answers
   * `'taken'` and writes nothing if something stands in the slot. `strict`: answer only when a power cut cannot take it back.
   */
  append(session: string, slot: number, record: Uint8Array, options: { strict: boolean; row?: Uint8Array }): MaybePromise<'ok' | 'taken'>;
  /** The records from slot `from` on, ascending, at most `limit` and fewer only at the end. There may be gaps, and none is an empty list. */
  read(session: string, range: { from: number; limit: number }): MaybePromise<Array<{ slot: number; record: Uint8Array }>>;
  /** The record of the highest slot. */
  newest(session: string): MaybePromise<{ slot: number; record: Uint8Array } | null>;
  /** Rows in ascending order of their session ids (compared as JavaScript compares strings), behind the id `after`, at most `limit` and fewer only at the end. */
  rows(page: { after?: string; limit: number }): MaybePromise<Array<{ session: string; row: Uint8Array }>>;
  /** Removes the records up to and with slot `upTo`, but for those that `keep` lists; or all records and the row. */
  drop(session: string, slots: { upTo: number; keep?: readonly number[] } | 'all'): MaybePromise<void>;
  /** The checkpointer is closed: nothing is asked afterwards. */
  close?(): MaybePromise<void>;
}

/**
 * Works on records and rows on their way into the store and back, as for encryption: `decode` gives back what `encode` was given. What it
 * throws is typed as what a store throws.
 */
export interface RecordCodec {
  encode(record: Uint8Array): MaybePromise<Uint8Array>;
  decode(stored: Uint8Array): MaybePromise<Uint8Array>;
}
