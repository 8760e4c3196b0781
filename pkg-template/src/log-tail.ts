/**
 * The durable events of a session in order, out of its log: for readers that lag, that come late, and that follow. Each record is read
 * once.
 *
 * Owns a log of the engine while it is open. It must not wait for records that are not there yet.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { endOf, type Cursor } from './cursor.js';
import { engine, instanceNumber, isTrap, readWords, reportTrap } from './engine.js';
import { readEvents } from './event-factory.js';
import type { WeaveEvent } from './events.js';
import type { LogStore, StoredRecord } from './log-store.js';
import { hasSnapshot, PAGE, Reading, snapshotSlot, withLog, type RawLog } from './restore.js';
import { checkRecord } from './session-prune.js';

/** Whose events. */
export interface TailSource {
  readonly app: AppCore;
  readonly sessionId: string;
}

export class LogTail {
  readonly #source: TailSource;
  readonly #store: LogStore;
  /** Of the record to read next. */
  #slot = 0;
  #open: { readonly log: RawLog; readonly reading: Reading; readonly arena: Arena; readonly instance: number } | undefined;
  /** Events that a record gave beyond what was asked for. */
  readonly #spare: WeaveEvent[] = [];
  #isReading = false;
  #isClosed = false;

  constructor(source: TailSource, store: LogStore) {
    this.#source = source;
    this.#store = store;
  }

  /** The record that it waits for. */
  get slot(): number {
    return this.#slot;
  }

  /** The first `limit` events after the number `after`, which rises from call to call; fewer at the log's end. */
  async read(after: number, limit: number): Promise<WeaveEvent[]> {
    const { sessionId } = this.#source;
    const events = this.#spare;
    this.#isReading = true;
    try {
      for (let isAtEnd = false; !isAtEnd && events.length < limit; ) {
        if (!this.#isOpen()) {
          events.length = 0;
          this.#slot = await this.#seek(after);
        }
        const page = await this.#store.read(sessionId, this.#slot, PAGE);
        isAtEnd = page.length < PAGE;
        for (const record of page) {
          if (events.length >= limit) break;
          for (const event of this.#read(record, after)) events.push(event);
        }
      }
    } catch (thrown) {
      throw isTrap(thrown) ? reportTrap(thrown) : thrown;
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#free();
    }
    return events.splice(0, limit);
  }

  close(): void {
    this.#isClosed = true;
    if (!this.#isReading) this.#free();
  }

  #isOpen(): boolean {
    return this.#open?.instance === instanceNumber();
  }

  /** Where to begin: at the newest snapshot, unless what is wanted lies before it. */
  async #seek(after: number): Promise<number> {
    const { app, sessionId } = this.#source;
    const newest = await this.#store.newest(sessionId);
    if (newest === undefined) return 0;
    const slot = snapshotSlot(app, sessionId, newest);
    if (slot === 0) return 0;
    const [record] = slot === newest.slot ? [newest] : await this.#store.read(sessionId, slot, 1);
    if (record?.slot !== slot) return 0;
    const [firstSeq, count, , needsEarlier] = checkRecord(record, sessionId);
    return count > 0 && firstSeq <= after + 1 && needsEarlier === 0 ? slot : 0;
  }

  #read(record: StoredRecord, after: number): WeaveEvent[] {
    // A record that does not follow the one before stands behind a gap that pruning left; only one with a snapshot can be read from.
    if (record.slot !== this.#slot || !this.#isOpen()) {
      this.#slot = record.slot + 1;
      if (record.slot > 0 && !hasSnapshot(record.bytes)) return [];
      this.#restart();
    }
    const { log, reading, arena } = this.#open!;
    reading.read(record, -1, false);
    this.#slot = record.slot + 1;
    const count = log.events(after);
    const source = { arena, names: reading.names, sessionId: this.#source.sessionId, runId: log.runId(), storeName: this.#store.name, branch: log.branch() };
    return readEvents(readWords(count), 0, count, source);
  }

  #restart(): void {
    this.#free();
    const { app, sessionId } = this.#source;
    const { RawLog } = engine();
    const log = new RawLog(app.graph());
    const arena = new Arena();
    this.#open = { log, arena, reading: new Reading(app, sessionId, arena, undefined, log), instance: instanceNumber() };
  }

  #free(): void {
    if (this.#isOpen()) this.#open!.log.free();
    this.#open = undefined;
  }
}

/** Where a session's log stands, and where a cursor leads in it. */
export interface Place {
  readonly after: number;
  readonly runId: string;
  /** What the cursor says is not there any more. */
  readonly isReset: boolean;
}

/** The place of a cursor, or of the log's end without one; `undefined` where there is no such session. */
export async function locate({ app, sessionId }: TailSource, store: LogStore, cursor: Cursor | undefined): Promise<Place | undefined> {
  const newest = await store.newest(sessionId);
  if (newest === undefined) return undefined;
  return withLog(app, async (log) => {
    const reading = new Reading(app, sessionId, new Arena(), undefined, log);
    for (let slot = snapshotSlot(app, sessionId, newest); ; ) {
      const page = await store.read(sessionId, slot, PAGE);
      for (const record of page) reading.read(record, -1, false);
      if (page.length < PAGE) break;
      slot = page.at(-1)!.slot + 1;
    }
    const { seq, runId } = reading.described();
    if (cursor === undefined) return { after: seq, runId, isReset: false };
    const end = endOf(cursor, seq, log.branch(), (branch) => log.cursorEnd(branch));
    return { after: Math.min(cursor.seq, end), runId, isReset: cursor.seq > end };
  });
}
