/**
 * One reader of a run's events: an async iterator over a local batch, filled from the engine's queue when it is empty.
 *
 * Owns the waiting `next()` calls, in order. It must not decide what a reader loses or when a run pauses: the engine keeps the queue.
 */

import { createError, WeaveError } from './errors.js';
import type { EventStream, WeaveEvent } from './events.js';
import type { ReadableStreamLike } from './platform.js';
import type { ReadSubscription } from './read-options.js';
import { isolation } from './requests.js';

type Result = IteratorResult<WeaveEvent, undefined>;

/** What a pull gave. */
export type Pulled = WeaveEvent[] | 'empty' | 'ended' | { readonly refillAfter: number };

/** Where a reader's events come from. */
export interface ReaderSource {
  pull(reader: RunEvents): Pulled;
  /** Reads the log after a number. */
  refill(reader: RunEvents, after: number): Promise<WeaveEvent[]>;
  /** Whether it counts what the reader loses. */
  isAttached(): boolean;
  dropped(reader: RunEvents): number;
  /** The reader has ended. */
  close(reader: RunEvents): void;
}

const LONGEST_MS = 2 ** 31 - 1;

export class RunEvents implements EventStream {
  /** Names it to the engine. @internal */
  id = 0;
  /** Of the newest event that was pulled for it. @internal */
  lastSeq = 0;
  /** It has taken events since its last pull. @internal */
  hasTaken = false;
  /** Called when there may be something to pull, or the end. @internal */
  onNews: (() => void) | undefined;
  #batch: readonly WeaveEvent[] = [];
  #at = 0;
  /** What was left when the run ended; then the engine is not asked any more. */
  #rest: readonly WeaveEvent[] | undefined;
  #refillAfter: number | undefined;
  #isRefilling = false;
  #isLooking = false;
  #isEnded = false;
  #error: WeaveError | undefined;
  #dropped = 0;
  readonly #calls: Array<{ resolve(result: Result): void; reject(error: unknown): void }> = [];
  readonly #source: ReaderSource;
  readonly #onAbort = (): void => void this.return();

  constructor(
    source: ReaderSource,
    /** @internal */ readonly subscription: ReadSubscription,
    /** From the run's first event. @internal */ readonly isOwn: boolean,
    /** Another request may read it. @internal */ readonly isElsewhere = false,
  ) {
    this.#source = source;
    const { signal } = subscription;
    if (signal?.aborted) this.#isEnded = true;
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Events that this reader lost. */
  get dropped(): number {
    return this.#isEnded || !this.#source.isAttached() ? this.#dropped : this.#source.dropped(this);
  }

  /** @throws WeaveError STREAM_INVALID: the filter threw. */
  next(): Promise<Result> {
    if (this.#calls.length === 0) {
      try {
        const event = this.#take();
        if (event !== null) return Promise.resolve(toResult(event));
      } catch (thrown) {
        return Promise.reject(thrown);
      }
    }
    return new Promise((resolve, reject) => {
      this.#calls.push({ resolve, reject });
      this.#look();
    });
  }

  tryNext(): WeaveEvent | null | undefined {
    return this.#calls.length > 0 ? null : this.#take();
  }

  nextTimeout(ms: number): Promise<WeaveEvent | null | undefined> {
    return new Promise((resolve, reject) => {
      const call = {
        resolve: (result: Result) => {
          clearTimeout(timer);
          resolve(result.done === true ? undefined : result.value);
        },
        reject: (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const onTime = (): void => {
        this.#calls.splice(this.#calls.indexOf(call), 1);
        resolve(null);
      };
      // Longer delays overflow the platform's timers, which then fire at once.
      const timer = ms > LONGEST_MS ? undefined : setTimeout(onTime, ms);
      this.#calls.push(call);
      this.#answer();
      this.#look();
    });
  }

  return(): Promise<Result> {
    this.#finish();
    return Promise.resolve({ value: undefined, done: true });
  }

  toReadableStream(): ReadableStreamLike {
    const pull = async (controller: { enqueue(event: WeaveEvent): void; close(): void }): Promise<void> => {
      const { value, done } = await this.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    };
    // A high-water mark of 0: nothing is pulled that nobody asked for, so the stream's back-pressure is this reader's.
    const cancel = (): void => this.#finish();
    return new ReadableStream({ pull, cancel }, { highWaterMark: 0 }) as unknown as ReadableStreamLike;
  }

  /** There may be something to pull. @internal */
  wake(): void {
    if (isolation === undefined || !this.isElsewhere) this.#answer();
  }

  /** Nobody wakes it where requests are kept apart. */
  #look(): void {
    if (isolation === undefined || !this.isElsewhere || this.#isLooking) return;
    this.#isLooking = true;
    isolation.poll(() => {
      this.#answer();
      return !(this.#isLooking = this.#calls.length > 0);
    });
  }

  /** These events come first. @internal */
  lead(events: readonly WeaveEvent[]): void {
    this.#batch = events;
    this.#at = 0;
  }

  /** Ends it with an error. @internal */
  fail(thrown: unknown): void {
    if (this.#isEnded) return;
    this.#error = asLogError(thrown);
    this.#finish();
  }

  /** The run is over: these events are left. @internal */
  leave(events: readonly WeaveEvent[], dropped: number): void {
    this.#rest = events;
    this.#refillAfter = undefined;
    this.#detach(dropped);
  }

  /** The run is over, and the log has more behind this number. @internal */
  lag(after: number, dropped: number): void {
    this.#refillAfter = after;
    this.#detach(dropped);
  }

  /** The run is over: a signal that lives on must not keep this reader. */
  #detach(dropped: number): void {
    this.#dropped = dropped;
    this.subscription.signal?.removeEventListener('abort', this.#onAbort);
    this.wake();
  }

  /** An event, `null` when there is none now, `undefined` at the end. */
  #take(): WeaveEvent | null | undefined {
    for (;;) {
      if (this.#error !== undefined) {
        const error = this.#error;
        this.#error = undefined;
        throw error;
      }
      if (this.subscription.signal?.aborted) this.#finish();
      if (this.#isEnded) return undefined;
      if (this.#at < this.#batch.length) {
        // The first of a batch is taken as it is pulled.
        if (this.#at > 0) this.hasTaken = true;
        const event = this.#batch[this.#at++]!;
        if (this.#keeps(event)) return event;
        continue;
      }
      const pulled = this.#pull();
      if (pulled === 'empty') return null;
      if (pulled === 'ended') {
        this.#finish();
        return undefined;
      }
      if (!Array.isArray(pulled)) {
        this.#refill((pulled as { readonly refillAfter: number }).refillAfter);
        return null;
      }
      this.#batch = pulled;
      this.#at = 0;
      this.hasTaken = false;
    }
  }

  #pull(): Pulled {
    if (this.#isRefilling) return 'empty';
    if (this.#rest !== undefined) {
      const rest = this.#rest as WeaveEvent[];
      this.#rest = undefined;
      return rest;
    }
    if (this.#refillAfter !== undefined) return { refillAfter: this.#refillAfter };
    return this.#source.pull(this);
  }

  #refill(after: number): void {
    this.#isRefilling = true;
    this.#refillAfter = undefined;
    this.#source.refill(this, after).then(
      (events) => {
        this.#isRefilling = false;
        if (this.#isEnded) return;
        this.#batch = events;
        this.#at = 0;
        this.#answer();
      },
      (thrown: unknown) => {
        this.#isRefilling = false;
        if (this.#isEnded) return;
        // The run has ended meanwhile, and said so.
        if (this.#rest !== undefined) return this.#answer();
        this.#error = asLogError(thrown);
        this.#answer();
      },
    );
  }

  #keeps(event: WeaveEvent): boolean {
    const { keeps } = this.subscription;
    if (keeps === undefined) return true;
    try {
      return keeps(event);
    } catch (thrown) {
      // Before the end, which answers the calls that wait.
      this.#error = createError('STREAM_INVALID', 'the filter of a reader threw', { cause: thrown });
      this.#finish();
      return false;
    }
  }

  /** Serves the calls that wait, as far as there are events. */
  #answer(): void {
    this.onNews?.();
    while (this.#calls.length > 0) {
      let event: WeaveEvent | null | undefined;
      try {
        event = this.#take();
      } catch (thrown) {
        this.#calls.shift()?.reject(thrown);
        continue;
      }
      if (event === null) return;
      this.#calls.shift()?.resolve(toResult(event));
    }
  }

  #finish(): void {
    if (this.#isEnded) return;
    this.#dropped = this.dropped;
    this.#isEnded = true;
    this.#batch = [];
    this.#rest = undefined;
    this.subscription.signal?.removeEventListener('abort', this.#onAbort);
    this.#source.close(this);
    this.#answer();
  }
}

function asLogError(thrown: unknown): WeaveError {
  return thrown instanceof WeaveError ? thrown : createError('CHECKPOINT_UNAVAILABLE', 'the log could not be read for a reader', { cause: thrown });
}

function toResult(event: WeaveEvent | undefined): Result {
  return event === undefined ? { value: undefined, done: true } : { value: event, done: false };
}
