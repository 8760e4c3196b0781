/**
 * Sessions in JavaScript memory, on the same log contract as every store.
 *
 * Owns the records of its sessions, so they outlive a wasm instance that traps. It must not know what a record says. Limit: a session
 * keeps the records since the newest snapshot that leaves at least `keepLast` slots.
 */

import { createError } from './errors.js';
import type { ActiveExecution, ListPage, LogStore, SessionRow, StoredRecord } from './log-store.js';
import type { Checkpointer, SessionSummary } from './sessions.js';

const DEFAULT_KEEP_LAST = 10_000;

interface StoredSession {
  /** Slot of `records[0]`. */
  first: number;
  records: StoredRecord[];
  /** Slots with a snapshot, ascending. */
  snapshots: number[];
  createdAt: number;
  row: SessionRow;
}

/**
 * Keeps sessions as long as the page or process lives.
 *
 * ```ts
 * import { append, END, GraphBuilder, MemoryCheckpointer, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({ channels: { lines: append<string>() } })
 *   .addNode('greet', () => ({ lines: 'hello' }))
 *   .addEdge(START, 'greet')
 *   .addEdge('greet', END)
 *   .compile({ checkpointer: new MemoryCheckpointer() });
 * await app.invoke({}, { sessionId: 'visit' });
 * await app.invoke({}, { sessionId: 'visit' }); // lines: ['hello', 'hello']
 * ```
 */
export class MemoryCheckpointer implements Checkpointer {
  readonly __checkpointer = true as const;
  readonly name = 'memory';
  readonly #store: MemoryStore;

  /**
   * @param options `keepLast`: how many records of a session are kept at least for `history`; older ones go with the next snapshot. Default 10,000.
   * @throws RunFailed RUN_INVALID_OPTION: `keepLast` is not a positive integer.
   */
  constructor(options: { keepLast?: number } = {}) {
    const { keepLast = DEFAULT_KEEP_LAST } = options;
    if (!Number.isSafeInteger(keepLast) || keepLast < 1) throw createError('RUN_INVALID_OPTION', 'keepLast is not a positive integer');
    this.#store = new MemoryStore(keepLast);
  }

  async listSessions(page: ListPage = {}): Promise<SessionSummary[]> {
    return this.#store.list(page);
  }

  /**
   * Forgets a session; one that is not there is no error.
   *
   * @throws WeaveError SESSION_BUSY: a run of this realm holds it.
   */
  async deleteSession(sessionId: string): Promise<void> {
    this.#store.remove(sessionId);
  }

  async close(): Promise<void> {
    this.#store.close();
  }

  /** The log behind a checkpointer; `undefined` for one that this package did not make. @internal */
  static logOf(checkpointer: unknown): LogStore | undefined {
    return typeof checkpointer === 'object' && checkpointer !== null && #store in checkpointer ? checkpointer.#store : undefined;
  }
}

class MemoryStore implements LogStore {
  readonly name = 'memory';
  readonly active = new Map<string, ActiveExecution>();
  readonly #sessions = new Map<string, StoredSession>();
  readonly #keepLast: number;
  #isClosed = false;

  constructor(keepLast: number) {
    this.#keepLast = keepLast;
  }

  append(sessionId: string, record: StoredRecord, row: SessionRow | undefined): 'ok' | 'taken' {
    this.#check();
    const session = this.#sessions.get(sessionId);
    if (session === undefined) {
      if (row === undefined || record.slot !== 0) return 'taken';
      this.#sessions.set(sessionId, { first: 0, records: [record], snapshots: [], createdAt: row.at, row });
      return 'ok';
    }
    if (record.slot !== session.first + session.records.length) return 'taken';
    session.records.push(record);
    if (row !== undefined) {
      session.row = row;
      // The last changed stands last.
      this.#sessions.delete(sessionId);
      this.#sessions.set(sessionId, session);
    }
    return 'ok';
  }

  newest(sessionId: string): StoredRecord | undefined {
    this.#check();
    return this.#sessions.get(sessionId)?.records.at(-1);
  }

  read(sessionId: string, from: number, limit: number): readonly StoredRecord[] {
    this.#check();
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return [];
    const start = Math.max(from - session.first, 0);
    return session.records.slice(start, start + limit);
  }

  snapshotTaken(sessionId: string, slot: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.snapshots.push(slot);
    const next = session.first + session.records.length;
    const keepFrom = session.snapshots.filter((snapshot) => next - snapshot >= this.#keepLast).at(-1);
    if (keepFrom === undefined) return;
    session.records.splice(0, keepFrom - session.first);
    session.snapshots = session.snapshots.filter((snapshot) => snapshot >= keepFrom);
    session.first = keepFrom;
  }

  list({ limit = 100, after, status }: ListPage): SessionSummary[] {
    this.#check();
    const rows: SessionSummary[] = [];
    const ids = [...this.#sessions.keys()].reverse();
    // A page behind a session that is gone is empty, so that whoever pages comes to an end.
    const start = after === undefined ? 0 : ids.includes(after) ? ids.indexOf(after) + 1 : ids.length;
    for (const sessionId of ids.slice(start)) {
      const { row, createdAt } = this.#sessions.get(sessionId)!;
      if (status !== undefined && row.status !== status) continue;
      if (rows.length >= limit) break;
      const owner = this.active.get(sessionId);
      rows.push({
        sessionId,
        runId: row.runId,
        step: row.step,
        status: row.status,
        createdAt,
        updatedAt: row.at,
        owner: owner === undefined ? null : { id: owner.runId, here: true },
      });
    }
    return rows;
  }

  remove(sessionId: string): void {
    this.#check();
    const owner = this.active.get(sessionId);
    if (owner !== undefined) {
      throw createError('SESSION_BUSY', `session \`${sessionId}\` is held by run \`${owner.runId}\`; cancel it first`, { sessionId, details: { owner: owner.runId } });
    }
    this.#sessions.delete(sessionId);
  }

  close(): void {
    this.#isClosed = true;
    this.#sessions.clear();
  }

  #check(): void {
    if (this.#isClosed) throw createError('CHECKPOINT_UNAVAILABLE', 'the checkpointer was closed');
  }
}
