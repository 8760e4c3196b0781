/**
 * What attempts ask of their run beside events: text streams, chance, and waiting.
 *
 * Owns the promises that attempts wait for. Invariant: each is settled by the end of its attempt or of the run, but for a sleep whose
 * attempt has settled without it.
 */

import type { AttemptRecords } from './attempt-records.js';
import type { Attempt } from './context.js';
import { createError, type WeaveError } from './errors.js';
import type { Execution } from './execution.js';
import { loadStorage, type Storage } from './storage-loader.js';
import type { OpenStream } from './text-stream.js';
import { isThenable } from './thenable.js';
import { Ask, Tell } from './words.js';

interface Sleep {
  readonly attempt: Attempt;
  resolve(): void;
  reject(error: unknown): void;
}

export class AttemptRequests {
  readonly #execution: Execution;
  readonly #sleeps = new Map<number, Sleep>();
  readonly #flushes = new Map<number, () => void>();
  #lastWait = 0;
  /** Made when an attempt leaves something behind. */
  #records: AttemptRecords | undefined;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** Asks or records something. What does that is loaded with the storage module, which a run with a store has already. */
  leave<T>(use: (records: AttemptRecords) => Promise<T>): Promise<T> {
    const make = ({ AttemptRecords: Records }: Storage): Promise<T> => use((this.#records ??= new Records(this.#execution, this)));
    const storage = loadStorage();
    if (!isThenable(storage)) return make(storage);
    const left = storage.then(make);
    left.catch(() => undefined);
    return left;
  }

  openStream(attempt: Attempt, stream: OpenStream): void {
    stream.handle = this.#execution.arena.put(stream);
    this.#execution.pump.askAbout(attempt.frame, Ask.OpenStream, attempt.index, attempt.ticket, stream.handle);
  }

  closeStream(attempt: Attempt, stream: OpenStream): void {
    this.#execution.pump.askAbout(attempt.frame, Ask.CloseStream, attempt.index, attempt.ticket, stream.handle);
  }

  random(attempt: Attempt): number {
    const fraction = this.#execution.pump.askAbout(attempt.frame, Ask.Random, attempt.index, attempt.ticket);
    if (fraction < 0) throw isOver('ctx.random', attempt);
    return fraction;
  }

  /** Resolves as the engine says so; rejects as the attempt is aborted. */
  sleep(attempt: Attempt, ms: number): Promise<void> {
    const { pump } = this.#execution;
    const sleep =
      attempt.isOver || pump.raw === undefined
        ? Promise.reject(attempt.abortedWith ?? isOver('ctx.sleep', attempt))
        : new Promise<void>((resolve, reject) => {
            const id = (this.#lastWait += 1);
            this.#sleeps.set(id, { attempt, resolve, reject });
            pump.enter(() => pump.tell(Tell.Sleep, attempt.index, attempt.ticket, id, 0, ms), attempt.frame);
          });
    // One that nobody awaits must not end the process when it is cut short.
    sleep.catch(() => undefined);
    return sleep;
  }

  /** Resolves as the engine says that the store has what the attempt left behind; rejects as the attempt is aborted. */
  wait(attempt: Attempt, id: number): Promise<void> {
    return new Promise((resolve, reject) => void this.#sleeps.set(id, { attempt, resolve, reject }));
  }

  wake(id: number): void {
    const sleep = this.#sleeps.get(id);
    this.#sleeps.delete(id);
    sleep?.resolve();
  }

  /** The attempt is aborted. */
  cutShort(attempt: Attempt, error: WeaveError): void {
    for (const [id, sleep] of this.#sleeps) {
      if (sleep.attempt !== attempt) continue;
      this.#sleeps.delete(id);
      sleep.reject(error);
    }
  }

  flush(attempt: Attempt): Promise<void> {
    const { pump } = this.#execution;
    if (attempt.isOver || pump.raw === undefined) return Promise.resolve();
    const id = (this.#lastWait += 1);
    return new Promise((resolve) => {
      this.#flushes.set(id, resolve);
      pump.enter(() => pump.tell(Tell.Flush, id));
    });
  }

  flushed(id: number): void {
    const flush = this.#flushes.get(id);
    this.#flushes.delete(id);
    flush?.();
  }

  /** The run is over: nothing is written any more. */
  stop(): void {
    for (const resolve of this.#flushes.values()) resolve();
    this.#flushes.clear();
  }
}

function isOver(what: string, { node, step }: Attempt): WeaveError {
  return createError('RUN_CANCELLED', `${what} was called after its attempt was over`, { node, step });
}
