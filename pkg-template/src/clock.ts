/**
 * Timers of one run, on its clock. An injected clock may bring its own `sleep`; otherwise the platform's timers count its
 * milliseconds. Delays beyond what setTimeout takes (2^31 - 1 ms) are waited in parts.
 */

import type { Clock } from './run-options.js';

const LONGEST_MS = 2 ** 31 - 1;

export class Timers {
  readonly #clock: Clock | undefined;
  /** Made with the first timer. */
  #stops: Map<number, () => void> | undefined;
  readonly #fire: (timer: number) => void;

  constructor(clock: Clock | undefined, fire: (timer: number) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#clock === undefined ? Date.now() : this.#clock.now();
  }

  start(timer: number, ms: number): void {
    if (this.#clock?.sleep !== undefined) this.#sleep(this.#clock.sleep.bind(this.#clock), timer, ms);
    else this.#wait(timer, ms);
  }

  stop(timer: number): void {
    const stop = this.#stops?.get(timer);
    this.#stops?.delete(timer);
    stop?.();
  }

  stopAll(): void {
    for (const timer of [...(this.#stops?.keys() ?? [])]) this.stop(timer);
  }

  get #started(): Map<number, () => void> {
    return (this.#stops ??= new Map());
  }

  #done(timer: number): void {
    if (this.#stops?.delete(timer)) this.#fire(timer);
  }

  #wait(timer: number, ms: number): void {
    const part = Math.min(ms, LONGEST_MS);
    const handle = setTimeout(() => (ms > part ? this.#wait(timer, ms - part) : this.#done(timer)), part);
    this.#started.set(timer, () => clearTimeout(handle));
  }

  #sleep(sleep: NonNullable<Clock['sleep']>, timer: number, ms: number): void {
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    this.#started.set(timer, stop);
    // A timer that was stopped may have been reused by the time its sleep rejects.
    const done = (): void => {
      if (this.#stops?.get(timer) === stop) this.#done(timer);
    };
    // A clock that refuses to sleep must not hang the run: the time counts as over.
    Promise.resolve()
      .then(() => sleep(ms, controller.signal))
      .then(done, done);
  }
}
