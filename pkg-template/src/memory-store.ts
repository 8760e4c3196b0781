/**
 * Sessions in JavaScript memory, on the same log contract as every store.
 *
 * Owns the records of its sessions, so they outlive a wasm instance that traps. It must not know what a record says. Limit: a session
 * keeps the records since the newest snapshot that leaves at least `keepLast` slots.
 */

import { createError } from './errors.js';
import type { LogStore, SessionRow, StoredRecord } from './log-store.js';
import { PackedRecords } from './packed-records.js';

interface StoredSession {
  records: PackedRecords;
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

  append(sessionId: string, record: StoredRecord, row: SessionRow | undefined): 'ok' | 'taken' {
    this.#check();
    let session = this.#sessions.get(sessionId);
    if (session === undefined) this.#sessions.set(sessionId, (session = { records: new PackedRecords(), snapshots: [], row: undefined }));
    const { records } = session;
    const { slot } = record;
    if (slot > (records.slotAt(records.length - 1) ?? -1)) {
      records.push(record);
    } else {
      const at = records.indexFrom(slot);
      if (records.slotAt(at) === slot) return 'taken';
      session.records = new PackedRecords([...records.slice(0, at), record, ...records.slice(at)]);
    }
    if (row !== undefined) session.row = { ...row, createdAt: session.row?.createdAt ?? row.createdAt };
    return 'ok';
  }

  newest(sessionId: string): StoredRecord | undefined {
    this.#check();
    const records = this.#sessions.get(sessionId)?.records;
    return records?.slice(Math.max(0, records.length - 1))[0];
  }

  read(sessionId: string, from: number, limit: number): readonly StoredRecord[] {
    this.#check();
    const records = this.#sessions.get(sessionId)?.records;
    return records === undefined ? [] : records.slice(records.indexFrom(from), limit);
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
    session.records = new PackedRecords(session.records.slice(0).filter(({ slot }) => slot > slots.upTo || slots.keep.includes(slot)));
    session.snapshots = session.snapshots.filter((slot) => slot > slots.upTo);
  }

  snapshotTaken(sessionId: string, slot: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.snapshots.push(slot);
    const { records } = session;
    const next = records.slotAt(records.length - 1)! + 1;
    const keepFrom = session.snapshots.filter((snapshot) => next - snapshot >= this.#keepLast).at(-1);
    if (keepFrom === undefined) return;
    session.records = new PackedRecords(records.slice(records.indexFrom(keepFrom)));
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
