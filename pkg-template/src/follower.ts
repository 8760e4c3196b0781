/**
 * Reads a session's log as it grows, for one reader. Woken by appends of this realm, by word of other realms, and by a timer, since
 * word may get lost.
 *
 * Owns when it reads, and what the reader is told where the log does not go on. It must not slow a run.
 */

import type { RunEvents, Pulled } from './event-stream.js';
import type { WeaveEvent } from './events.js';
import { locate, LogTail, type TailSource } from './log-tail.js';
import type { LogStore } from './log-store.js';
import { isIn } from './read-options.js';
import { isolation } from './requests.js';
import type { StoreHandle, StoreListener } from './store-handle.js';

const BATCH = 64;
/** Between two looks at the log, in milliseconds. */
const SHORTEST_MS = 100;
const LONGEST_MS = 1000;

export class Follower implements StoreListener {
  readonly sessionId: string;
  readonly #source: TailSource;
  readonly #handle: StoreHandle;
  readonly #store: LogStore;
  readonly #reader: RunEvents;
  readonly #unlisten: (() => void) | undefined;
  #tail: LogTail;
  /** Of the last event that was read; `undefined` until the place in the log is known. */
  #lastSeq: number | undefined;
  #runId = '';
  #isWorthReading = true;
  #isWaking = false;
  #isEnded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay = SHORTEST_MS;

  constructor(source: TailSource, handle: StoreHandle, store: LogStore, reader: RunEvents) {
    this.#source = source;
    this.sessionId = source.sessionId;
    this.#handle = handle;
    this.#store = store;
    this.#reader = reader;
    this.#tail = new LogTail(source, store);
    // Its timer alone wakes it where requests are kept apart.
    if (isolation === undefined) handle.listeners.add(this);
    this.#unlisten = store.word?.listen((message) => message.kind === 'stored' && message.sessionId === this.sessionId && this.stored());
  }

  pull(_reader: RunEvents): Pulled {
    if (this.#isOver()) return 'ended';
    if (this.#isWorthReading) return { refillAfter: 0 };
    this.#timer ??= setTimeout(() => {
      this.#delay = Math.min(2 * this.#delay, LONGEST_MS);
      this.#wake();
    }, this.#delay);
    return 'empty';
  }

  /** What is there now; an empty list says that the log has to grow first. */
  async read(): Promise<WeaveEvent[]> {
    // Before the first look: an append that comes meanwhile is worth another one.
    this.#isWorthReading = false;
    try {
      const events = this.#lastSeq === undefined ? await this.#begin() : await this.#next(this.#lastSeq);
      const isNews = events.length > 0;
      if (isNews) this.#delay = SHORTEST_MS;
      this.#isWorthReading ||= isNews;
      return events.filter((event) => isIn(this.#reader.subscription.mask, event));
    } catch (thrown) {
      if (this.#isOver()) return [];
      throw thrown;
    }
  }

  #isOver(): boolean {
    return this.#isEnded || this.#handle.isClosed;
  }

  /** Finds the place to begin at. */
  async #begin(): Promise<WeaveEvent[]> {
    const { after } = this.#reader.subscription;
    const place = await locate(this.#source, this.#store, after);
    if (place === undefined) {
      // Whatever comes is news to a reader without a cursor.
      if (after === undefined) this.#lastSeq = 0;
      return [];
    }
    this.#lastSeq = place.after;
    this.#runId = place.runId;
    this.#isWorthReading = true;
    return place.isReset ? [this.#reset(place.after)] : [];
  }

  async #next(lastSeq: number): Promise<WeaveEvent[]> {
    const events = await this.#tail.read(lastSeq, BATCH);
    const first = events[0];
    if (first === undefined) return (await this.#isReplaced()) ? this.#beginAnew(lastSeq) : [];
    this.#lastSeq = events.at(-1)!.seq;
    this.#runId = events.at(-1)!.runId;
    // What lay between was pruned.
    return first.seq > lastSeq + 1 ? [this.#reset(first.seq - 1), ...events] : events;
  }

  /** The session was deleted, and perhaps begun anew under its id. */
  async #isReplaced(): Promise<boolean> {
    if (this.#tail.slot === 0) return false;
    const newest = await this.#store.newest(this.sessionId);
    return newest === undefined || newest.slot + 1 < this.#tail.slot;
  }

  #beginAnew(lastSeq: number): WeaveEvent[] {
    this.#tail.close();
    this.#tail = new LogTail(this.#source, this.#store);
    this.#lastSeq = 0;
    return lastSeq > 0 ? [this.#reset(0)] : [];
  }

  #reset(after: number): WeaveEvent {
    return { type: 'stream.reset', seq: after, at: Date.now(), runId: this.#runId, sessionId: this.sessionId, after, transient: true };
  }

  stored(): void {
    this.#delay = SHORTEST_MS;
    this.#wake();
  }

  closed(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** In a later microtask: an append is told in the middle of a run's commands. */
  #wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWorthReading = true;
    if (this.#isWaking) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      this.#reader.wake();
    });
  }

  /** The reader is gone. */
  close(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#handle.listeners.delete(this);
    this.#unlisten?.();
    this.#tail.close();
  }
}
