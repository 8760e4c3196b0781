/**
 * What a store has to do for the engine: an append-only log of slots per session. The insert of a record at a free slot is the only hot
 * write, and the fence: who finds the slot taken is not the session's writer any more.
 */

import type { RunStatus } from './sessions.js';

/** A record as it stands in a slot: the engine's bytes, and the values that they mention, in order. */
export interface StoredRecord {
  readonly slot: number;
  readonly bytes: Uint8Array;
  readonly values: readonly unknown[];
  /** Epoch milliseconds; known of what came from a store. */
  readonly storedAt?: number;
  /** In the store, in bytes, where it has any. */
  readonly size?: number;
  /** Bytes of the session's records before it, where the store counts them. */
  readonly before?: number;
  /** Of `values`, without reading them. */
  readonly valueCount?: number;
}

/** What lists show of a session; written when a session starts, is taken up or ends. */
export interface SessionRow {
  readonly runId: string;
  readonly status: RunStatus;
  readonly step: number;
  readonly at: number;
  readonly createdAt: number;
  /** Of all records so far, where the store counts them. */
  readonly bytes?: number;
}

export type MaybePromise<T> = T | Promise<T>;

/** The first and the last slot. */
export type SlotRange = readonly [first: number, last: number];

/** What a fork shares with another session: its records up to and with `slot`. */
export interface ForkBase {
  readonly sessionId: string;
  readonly slot: number;
  /** Where a restore begins. */
  readonly snapshot: number;
  /** Of the last record, the last event that counts. Absent: all do. */
  readonly cut?: number | undefined;
}

/** The record as if it ended with the event `seq`; a restore that reads it begins at the slot `snapshot`. */
export type CutBack = (record: StoredRecord, seq: number, snapshot: number) => StoredRecord;

/** See the module's head. What throws or rejects is a store that refused for good. */
export interface LogStore {
  readonly name: string;
  /** `isStrict`: the answer says that a power cut cannot take it back. */
  append(sessionId: string, record: StoredRecord, row: SessionRow | undefined, isStrict?: boolean): MaybePromise<'ok' | 'taken'>;
  newest(sessionId: string): MaybePromise<StoredRecord | undefined>;
  /** Ascending from slot `from`, at most `limit`. */
  read(sessionId: string, from: number, limit: number): MaybePromise<readonly StoredRecord[]>;
  /** Ascending by session id, behind the id `after`. */
  rows(page: { after?: string; limit: number }): MaybePromise<ReadonlyArray<{ sessionId: string; row: SessionRow }>>;
  /**
   * Forgets the records up to and with `upTo`, but for those of `keep`; or all of the session with its row. `bytes`: how many these have. What
   * forks need stays, and what was another session's before a fork is let go only as a whole: ranges of slots that are not dropped.
   */
  drop(sessionId: string, slots: { upTo: number; keep: readonly number[]; bytes?: number } | 'all'): MaybePromise<readonly SlotRange[]>;
  /**
   * Makes a session whose log goes on with `record` behind what another has, in one write with its row. `gone`: what it would share was
   * dropped meanwhile; `taken`: there is such a session. Absent: its sessions cannot share records.
   */
  fork?: ((sessionId: string, base: ForkBase, record: StoredRecord, row: SessionRow) => MaybePromise<'ok' | 'taken' | 'gone'>) | undefined;
  close(): MaybePromise<void>;
  /** Appends are answered in turns of their own, so a run of steps that waits for them lets the page do its work. */
  readonly answersInTurns?: boolean;
  /** A record with a snapshot stands at `slot`: what is before it may go, as far as the store's own policy says. */
  snapshotTaken?(sessionId: string, slot: number): void;
  /** Who runs, across realms. Absent: the slot alone fences. */
  readonly claims?: Claims | undefined;
  /** Word to other realms: hints only. */
  readonly word?: Word | undefined;
}

/** Who runs a session, over all realms that share a store. */
export interface Claims {
  /** The session is ours until `release`; `lost` is called once if another realm steals it. `{ owner }`: busy (only with `fail`). */
  claim(sessionId: string, how: WhenBusy, signal: AbortSignal | undefined, lost: () => void): Promise<{ release(): void } | { owner: string }>;
  /** Owner ids of sessions that other realms hold. */
  owners(): Promise<ReadonlyMap<string, string>>;
}

export type WhenBusy = 'fail' | 'wait' | 'steal';

/** Word to the other realms that share a store. What is said may get lost. */
export interface Word {
  say(message: WordMessage): void;
  /** Returns what ends it. */
  listen(listener: (message: WordMessage) => void): () => void;
}

export type WordMessage = { kind: 'stored'; sessionId: string; seq?: number } | { kind: 'cancel'; sessionId: string; reason?: string };

export type ListPage = { limit?: number; after?: string; status?: RunStatus };
