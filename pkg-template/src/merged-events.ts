/**
 * One reader of many runs: each run has a queue of its own for it, by the rules of any reader, and what they hold is read in turn.
 *
 * Owns which runs it still reads. It must not know who begins runs. Invariant: it holds nothing itself, so a run that may wait for it does.
 */

import { RunEvents, type Pulled, type ReaderSource } from './event-stream.js';
import type { WeaveEvent } from './events.js';
import type { Execution } from './execution.js';
import type { ReadSubscription } from './read-options.js';

const MAX_BATCH = 64;

export class MergedEvents implements ReaderSource {
  readonly stream: RunEvents;
  readonly #subscription: ReadSubscription;
  readonly #onEnd: () => void;
  readonly #readers = new Set<RunEvents>();
  #isEnding = false;
  /** By runs that are over. */
  #lost = 0;

  constructor(subscription: ReadSubscription, onEnd: () => void) {
    this.#subscription = subscription;
    this.#onEnd = onEnd;
    this.stream = new RunEvents(this, subscription, false, true);
  }

  /** A run has begun. */
  add(execution: Execution): void {
    if (this.#isEnding) return;
    const { mask, capacity, waits } = this.#subscription;
    const reader = execution.readers.open({ mask, capacity, waits, keeps: undefined, after: undefined, signal: undefined });
    reader.onNews = () => this.#wake();
    this.#readers.add(reader);
    this.#wake();
  }

  /** No run comes any more. */
  end(): void {
    this.#isEnding = true;
    this.#wake();
  }

  /** In a turn of its own: whoever has news may be asked from here. */
  #wake(): void {
    queueMicrotask(() => this.stream.wake());
  }

  pull(): Pulled {
    const batch = Math.max(1, Math.min(MAX_BATCH, Math.floor(this.#subscription.capacity / 4)));
    const events: WeaveEvent[] = [];
    for (const reader of this.#readers) {
      let event: WeaveEvent | null | undefined = null;
      for (let count = 0; count < batch && (event = reader.tryNext()); count += 1) events.push(event);
      if (event !== undefined) continue;
      this.#lost += reader.dropped;
      this.#readers.delete(reader);
    }
    if (events.length > 0) return events;
    return this.#isEnding && this.#readers.size === 0 ? 'ended' : 'empty';
  }

  refill(): Promise<WeaveEvent[]> {
    return Promise.resolve([]);
  }

  isAttached(): boolean {
    return true;
  }

  dropped(): number {
    return [...this.#readers].reduce((sum, reader) => sum + reader.dropped, this.#lost);
  }

  close(): void {
    this.#isEnding = true;
    for (const reader of this.#readers) void reader.return();
    this.#onEnd();
  }
}
