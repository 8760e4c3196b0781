/**
 * The readers of one run. While the run lives each has a queue in the engine; when it ends, what is kept moves here, so that a run
 * that has ended holds no engine memory and can still be read.
 */

import { RunEvents } from './event-stream.js';
import { readEvents } from './event-factory.js';
import { readWords, type Engine } from './engine.js';
import type { Execution } from './execution.js';
import type { WeaveEvent } from './events.js';
import { Ask, eventTypes } from './words.js';
import type { ReadSubscription } from './read-options.js';
import { readLog } from './restore.js';

type RawRun = InstanceType<Engine['RawRun']>;

/** What a pull gave. */
export type Pulled = WeaveEvent[] | 'empty' | 'ended' | { readonly refillAfter: number };

const MAX_BATCH = 64;

export class Readers {
  readonly #execution: Execution;
  readonly #own: ReadSubscription;
  readonly #live = new Set<RunEvents>();
  readonly #waiting = new Set<RunEvents>();
  /** Before the engine knows the run, nothing can be read; these wait for it. */
  #raw: RawRun | undefined;
  /** After the end: all that is kept. */
  #archive: WeaveEvent[] | undefined;
  /** Someone can still ask for events after the end. */
  isExposed = false;

  constructor(execution: Execution, own: ReadSubscription) {
    this.#execution = execution;
    this.#own = own;
  }

  /** The run's own iterator, from its first event. */
  openOwn(): RunEvents {
    return this.#open(new RunEvents(this, this.#own, true));
  }

  open(subscription: ReadSubscription): RunEvents {
    return this.#open(new RunEvents(this, subscription, false));
  }

  #open(reader: RunEvents): RunEvents {
    this.#live.add(reader);
    if (this.#raw !== undefined) this.#subscribe(reader, this.#raw);
    else if (this.#archive !== undefined) reader.leave(this.#seed(reader.subscription, reader.isOwn), 0);
    return reader;
  }

  /** The engine knows the run. */
  attach(raw: RawRun): void {
    this.#raw = raw;
    for (const reader of this.#live) this.#subscribe(reader, raw);
  }

  #subscribe(reader: RunEvents, raw: RawRun): void {
    const { mask, capacity, waits, after } = reader.subscription;
    const cursor = after !== undefined ? 2 : reader.isOwn ? 0 : 1;
    reader.id = raw.subscribe(mask, capacity, waits, cursor, after ?? 0);
  }

  /** What a reader that comes after the end gets. */
  #seed({ mask, after }: ReadSubscription, isOwn: boolean): WeaveEvent[] {
    if (after === undefined && !isOwn) return [];
    const kept = this.#archive!.filter((event) => (mask & (1 << eventTypes.indexOf(event.type))) !== 0);
    return after === undefined ? kept : kept.filter((event) => event.seq > after && event.transient !== true);
  }

  pull(reader: RunEvents): Pulled {
    const raw = this.#raw;
    if (raw === undefined) return this.#archive === undefined ? this.#wait(reader) : 'ended';
    const batch = Math.max(1, Math.min(MAX_BATCH, reader.subscription.capacity >> 2));
    const count = raw.pull(reader.id, batch, this.#execution.timers.now());
    const words = readWords(count);
    switch (words[0]) {
      case 0: {
        const events = readEvents(words, 1, count, this.#execution);
        if (raw.ask(Ask.NeedsPulled, 0, 0, 0) === 1) queueMicrotask(() => this.#execution.pulled());
        return events;
      }
      case 1:
        return this.#wait(reader);
      case 2:
        return 'ended';
      default:
        return { refillAfter: words[1]! };
    }
  }

  #wait(reader: RunEvents): 'empty' {
    this.#waiting.add(reader);
    return 'empty';
  }

  /** Reads the log after a number until the engine's ring takes over; yields durable events. */
  async refill(reader: RunEvents, after: number): Promise<WeaveEvent[]> {
    const { store } = this.#execution.options;
    if (store === undefined) return [];
    const events = await readLog(this.#execution, store, after, MAX_BATCH);
    const last = events.at(-1)?.seq ?? after;
    if (this.#raw !== undefined) this.#raw.ask(Ask.Rejoin, reader.id, last, 0);
    else reader.leave([...(this.#archive ?? []).filter((event) => event.seq > last)], reader.dropped);
    return events.filter((event) => (reader.subscription.mask & (1 << eventTypes.indexOf(event.type))) !== 0);
  }

  /** Whether the reader's queue is the engine's. */
  isAttached(): boolean {
    return this.#raw !== undefined;
  }

  dropped(reader: RunEvents): number {
    return this.#raw?.ask(Ask.Dropped, reader.id, 0, 0) ?? 0;
  }

  close(reader: RunEvents): void {
    this.#live.delete(reader);
    this.#waiting.delete(reader);
    if (this.#raw === undefined) return;
    this.#raw.ask(Ask.Unsubscribe, reader.id, 0, 0);
    queueMicrotask(() => this.#execution.pulled());
  }

  /** `join` or `result` was asked for. */
  excuse(): void {
    this.#raw?.ask(Ask.ExcuseReaders, 0, 0, 0);
    this.#execution.pulled();
  }

  /** There is something to pull: once per turn, after the engine's commands. */
  wake(): void {
    for (const reader of this.#waiting) queueMicrotask(() => reader.wake());
    this.#waiting.clear();
  }

  /** The run is over and its engine half about to go: what is kept and what readers have not pulled moves here. */
  archive(): void {
    const raw = this.#raw!;
    const now = this.#execution.timers.now();
    const all = (id: number): WeaveEvent[] => {
      const events: WeaveEvent[] = [];
      for (;;) {
        const count = raw.pull(id, 1024, now);
        const words = readWords(count);
        if (words[0] !== 0) return events;
        events.push(...readEvents(words, 1, count, this.#execution));
      }
    };
    for (const reader of this.#live) {
      const count = raw.pull(reader.id, 1, now);
      const words = readWords(count);
      if (words[0] === 3) {
        reader.lag(words[1]!);
        continue;
      }
      const first = words[0] === 0 ? readEvents(words, 1, count, this.#execution) : [];
      const dropped = raw.ask(Ask.Dropped, reader.id, 0, 0);
      reader.leave(first.concat(all(reader.id)), dropped);
    }
    this.#archive = this.isExposed ? all(raw.subscribe(0xffff_ffff, 0xffff_ffff, false, 0, 0)) : [];
    this.#raw = undefined;
    this.wake();
  }

  /** The engine's half is lost: readers end with `terminal`. */
  lose(terminal: WeaveEvent): void {
    this.#raw = undefined;
    this.#archive = [terminal];
    for (const reader of this.#live) reader.leave([terminal], reader.dropped);
    this.wake();
  }
}
