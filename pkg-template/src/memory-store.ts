/**
 * Sessions in JavaScript memory, on the same log contract as every store.
 *
 * Owns the records of its sessions, so they outlive a wasm instance that traps. It must not know what a record says. A fork holds on to the log
 * that it goes on from, also when that one's session is deleted. Limit: a session keeps the records since the newest snapshot that leaves at
 * least `keepLast` slots, and what its forks need.
 */

import { createError } from './errors.js';
import type { CutBack, ForkBase, LogStore, SessionRow, SlotRange, StoredRecord } from './log-store.js';
import { PackedRecords } from './packed-records.js';

interface StoredSession {
  records: PackedRecords;
  /** Slots with a snapshot, ascending. */
  snapshots: number[];
  /** A session without one is none. */
  row: SessionRow | undefined;
  /** What it shares with the log that it was forked from. */
  base: (Omit<ForkBase, 'sessionId'> & { readonly log: StoredSession }) | undefined;
  /** Logs whose base is this one. */
  readonly forks: Set<StoredSession>;
  isDeleted: boolean;
}

export class MemoryStore implements LogStore {
  readonly name = 'memory';
  readonly #sessions = new Map<string, StoredSession>();
  readonly #keepLast: number;
  readonly #cutBack: CutBack;
  #isClosed = false;

  constructor(keepLast: number, cutBack: CutBack) {
    this.#keepLast = keepLast;
    this.#cutBack = cutBack;
  }

  append(sessionId: string, record: StoredRecord, row: SessionRow | undefined): 'ok' | 'taken' {
    this.#check();
    const session = this.#sessions.get(sessionId) ?? this.#make(sessionId);
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

  #make(sessionId: string): StoredSession {
    const session: StoredSession = { records: new PackedRecords(), snapshots: [], row: undefined, base: undefined, forks: new Set(), isDeleted: false };
    this.#sessions.set(sessionId, session);
    return session;
  }

  fork(sessionId: string, base: ForkBase, record: StoredRecord, row: SessionRow): 'ok' | 'taken' | 'gone' {
    this.#check();
    if (this.#sessions.has(sessionId)) return 'taken';
    let log = this.#sessions.get(base.sessionId);
    let { cut } = base;
    // What is not the log's own is shared with the one that has it.
    while (log?.base !== undefined && base.slot <= log.base.slot) {
      if (base.slot === log.base.slot) cut ??= log.base.cut;
      log = log.base.log;
    }
    const has = (slot: number): boolean => log !== undefined && this.#read(log, slot, 1)[0]?.slot === slot;
    if (!has(base.slot) || !has(base.snapshot)) return 'gone';
    const fork = this.#make(sessionId);
    fork.base = { log: log!, slot: base.slot, snapshot: base.snapshot, cut };
    log!.forks.add(fork);
    return this.append(sessionId, record, row);
  }

  newest(sessionId: string): StoredRecord | undefined {
    this.#check();
    const records = this.#sessions.get(sessionId)?.records;
    return records?.slice(Math.max(0, records.length - 1))[0];
  }

  read(sessionId: string, from: number, limit: number): readonly StoredRecord[] {
    this.#check();
    const session = this.#sessions.get(sessionId);
    return session === undefined ? [] : this.#read(session, from, limit);
  }

  /** Records of a log ascending, with those that it shares. */
  #read({ base, records }: StoredSession, from: number, limit: number): StoredRecord[] {
    const shared = base === undefined || from > base.slot ? [] : this.#read(base.log, from, Math.min(limit, base.slot - from + 1)).filter(({ slot }) => slot <= base.slot);
    const last = shared.at(-1);
    if (last !== undefined && last.slot === base!.slot && base!.cut !== undefined) shared.push(this.#cutBack(shared.pop()!, base!.cut, base!.snapshot));
    return [...shared, ...records.slice(records.indexFrom(from), limit - shared.length)];
  }

  rows({ after, limit }: { after?: string; limit: number }): ReadonlyArray<{ sessionId: string; row: SessionRow }> {
    this.#check();
    const rows = [...this.#sessions].flatMap(([sessionId, { row }]) => (row === undefined || (after !== undefined && sessionId <= after) ? [] : [{ sessionId, row }]));
    return rows.sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1)).slice(0, limit);
  }

  drop(sessionId: string, slots: { upTo: number; keep: readonly number[] } | 'all'): readonly SlotRange[] {
    this.#check();
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return [];
    if (slots !== 'all') return dropUpTo(session, slots.upTo, slots.keep);
    this.#sessions.delete(sessionId);
    session.isDeleted = true;
    const last = Math.max(-1, ...[...session.forks].map((fork) => fork.base!.slot));
    session.records = new PackedRecords(session.records.slice(0).filter(({ slot }) => slot <= last));
    release(session);
    return [];
  }

  snapshotTaken(sessionId: string, slot: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.snapshots.push(slot);
    const { records } = session;
    const next = records.slotAt(records.length - 1)! + 1;
    const keepFrom = session.snapshots.filter((snapshot) => next - snapshot >= this.#keepLast).at(-1);
    if (keepFrom !== undefined) dropUpTo(session, keepFrom - 1, []);
  }

  close(): void {
    this.#isClosed = true;
    this.#sessions.clear();
  }

  #check(): void {
    if (this.#isClosed) throw createError('CHECKPOINT_UNAVAILABLE', 'the checkpointer was closed; make a new one');
  }
}

/** What stays of these slots: what forks need; and the base, unless nobody needs it any more. */
function dropUpTo(session: StoredSession, upTo: number, keep: readonly number[]): SlotRange[] {
  const { base } = session;
  const needed = [...session.forks].map((fork): SlotRange => [fork.base!.snapshot, fork.base!.slot]);
  const stays = (slot: number): boolean => slot > upTo || keep.includes(slot) || needed.some(([first, last]) => first <= slot && slot <= last);
  session.records = new PackedRecords(session.records.slice(0).filter(({ slot }) => stays(slot)));
  session.snapshots = session.snapshots.filter((slot) => slot > upTo);
  if (base === undefined) return needed;
  if (upTo >= base.slot && needed.every(([first]) => first > base.slot)) release(session, true);
  return [...needed, [0, base.slot]];
}

/** Lets go of its base, when nobody can read the session any more, or nobody needs the base of it. */
function release(session: StoredSession, isSure = session.isDeleted && session.forks.size === 0): void {
  const { base } = session;
  if (!isSure || base === undefined) return;
  session.base = undefined;
  base.log.forks.delete(session);
  release(base.log);
}
