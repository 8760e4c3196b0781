/**
 * Sessions in JavaScript memory, on the same log contract as every store.
 *
 * Owns the records of its sessions, so they outlive a wasm instance that traps. It must not know what a record says. Limit: a session
 * keeps the records since the newest snapshot that leaves at least `keepLast` slots.
 */

import { createError } from './errors.js';
import type { LogStore, SessionRow, StoredRecord } from './log-store.js';

interface StoredSession {
  /** Ascending by slot; those that pruning left may have gaps between them. */
  records: StoredRecord[];
  /** Slots with a snapshot, ascending. */
  snapshots: number[];
  /** A session without one is none. */
  row: SessionRow | undefined;
}

export class MemoryStore implements LogStore {
  readonly name = 'memory';
  readonly #sessions = new Map<string, StoredSession>();
  readonly #keepLast: number;
  #isClosed = false;

  constructor(keepLast: number) {
    this.#keepLast = keepLast;
  }

  append(sessionId: string, given: StoredRecord, row: SessionRow | undefined): 'ok' | 'taken' {
    this.#check();
    const { slot, bytes, values, storedAt = Date.now() } = given;
    const record: StoredRecord = { slot, bytes, values, storedAt };
    let session = this.#sessions.get(sessionId);
    if (session === undefined) this.#sessions.set(sessionId, (session = { records: [], snapshots: [], row: undefined }));
    const { records } = session;
    const at = slot > (records.at(-1)?.slot ?? -1) ? records.length : startOf(records, slot);
    if (records[at]?.slot === slot) return 'taken';
    records.splice(at, 0, record);
    if (row !== undefined) session.row = { ...row, createdAt: session.row?.createdAt ?? row.createdAt };
    return 'ok';
  }

  newest(sessionId: string): StoredRecord | undefined {
    this.#check();
    return this.#sessions.get(sessionId)?.records.at(-1);
  }

  read(sessionId: string, from: number, limit: number): readonly StoredRecord[] {
    this.#check();
    const records = this.#sessions.get(sessionId)?.records ?? [];
    const start = startOf(records, from);
    return records.slice(start, start + limit);
  }

  rows({ after, limit }: { after?: string; limit: number }): ReadonlyArray<{ sessionId: string; row: SessionRow }> {
    this.#check();
    const rows = [...this.#sessions].flatMap(([sessionId, { row }]) => (row === undefined || (after !== undefined && sessionId <= after) ? [] : [{ sessionId, row }]));
    return rows.sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1)).slice(0, limit);
  }

  drop(sessionId: string, slots: { upTo: number; keep: readonly number[] } | 'all'): void {
    this.#check();
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    if (slots === 'all') return void this.#sessions.delete(sessionId);
    session.records = session.records.filter(({ slot }) => slot > slots.upTo || slots.keep.includes(slot));
    session.snapshots = session.snapshots.filter((slot) => slot > slots.upTo);
  }

  snapshotTaken(sessionId: string, slot: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.snapshots.push(slot);
    const next = session.records.at(-1)!.slot + 1;
    const keepFrom = session.snapshots.filter((snapshot) => next - snapshot >= this.#keepLast).at(-1);
    if (keepFrom === undefined) return;
    session.records.splice(0, startOf(session.records, keepFrom));
    session.snapshots = session.snapshots.filter((snapshot) => snapshot >= keepFrom);
  }

  close(): void {
    this.#isClosed = true;
    this.#sessions.clear();
  }

  #check(): void {
    if (this.#isClosed) throw createError('CHECKPOINT_UNAVAILABLE', 'the checkpointer was closed; make a new one');
  }
}

/** Where the records from a slot on begin. */
function startOf(records: readonly StoredRecord[], slot: number): number {
  const guess = slot - (records[0]?.slot ?? 0);
  if (guess <= 0) return 0;
  // Without gaps this is the place.
  if (records[guess]?.slot === slot) return guess;
  const start = records.findIndex((record) => record.slot >= slot);
  return start === -1 ? records.length : start;
}
