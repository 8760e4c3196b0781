/**
 * What a store has to do for the engine: an append-only log of slots per session. The insert of a record at a free slot is the only hot
 * write, and the fence: who finds the slot taken is not the session's writer any more.
 */

import type { RunStatus, SessionSummary } from './sessions.js';

/** A record as it stands in a slot: the engine's bytes, and the values that they mention, in order. */
export interface StoredRecord {
  readonly slot: number;
  readonly bytes: Uint8Array;
  readonly values: readonly unknown[];
}

/** What lists show of a session; written when a session starts, is taken up or ends. */
export interface SessionRow {
  readonly runId: string;
  readonly status: RunStatus;
  readonly step: number;
  readonly at: number;
}

export type MaybePromise<T> = T | Promise<T>;

/** See the module's head. A rejected promise is a store that refused for good. */
export interface LogStore {
  readonly name: string;
  append(sessionId: string, record: StoredRecord, row: SessionRow | undefined): MaybePromise<'ok' | 'taken'>;
  newest(sessionId: string): MaybePromise<StoredRecord | undefined>;
  /** Ascending from slot `from`, at most `limit`. */
  read(sessionId: string, from: number, limit: number): MaybePromise<readonly StoredRecord[]>;
  /** A record with a snapshot stands at `slot`: what is before it may go, as far as the store's policy says. */
  snapshotTaken(sessionId: string, slot: number): void;
  /** Executions of this realm by session. */
  readonly active: Map<string, ActiveExecution>;
}

/** An execution that holds a session. */
export interface ActiveExecution {
  readonly runId: string;
}

export type ListPage = { limit?: number; after?: string; status?: RunStatus };
export type { SessionSummary };
