/**
 * A clock that stands still until it is told to go on.
 */

import type { Clock } from '../run-options.js';
import { nextTurn } from '../turn.js';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * Time in the hands of a test: retries, timeouts and `ctx.sleep` of a run with this clock wait until `advance` is called, and take no
 * real time.
 *
 * ```ts
 * import { END, GraphBuilder, START } from 'weavegraph-wasm';
 * import { MockClock } from 'weavegraph-wasm/testing';
 *
 * const clock = new MockClock();
 * const run = new GraphBuilder()
 *   .addNode('nap', (_, ctx) => ctx.sleep(3_600_000))
 *   .addEdge(START, 'nap')
 *   .addEdge('nap', END)
 *   .compile({ clock })
 *   .invokeStreaming();
 * await clock.advance(3_600_000);
 * console.log((await run.result).status, clock.now()); // completed 3600000
 * ```
 */
export class MockClock implements Clock {
  #at: number;
  readonly #sleepers = new Set<Sleeper>();

  /** @param at epoch milliseconds at first. Default 0 */
  constructor(at = 0) {
    this.#at = at;
  }

  /** How many sleep. */
  get pending(): number {
    return this.#sleepers.size;
  }

  now(): number {
    return this.#at;
  }

  /** Resolves once the clock is `ms` further; rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#at + Math.max(ms, 0), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /**
   * Goes on by `ms`. Whoever is due is woken in order, each at its own time, and has done what it can before the next one is; so one who
   * sleeps again on the way is woken again.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#at + ms;
    for (;;) {
      await settled();
      let next: Sleeper | undefined;
      for (const sleeper of this.#sleepers) if (sleeper.at <= end && (next === undefined || sleeper.at < next.at)) next = sleeper;
      if (next === undefined) break;
      this.#at = Math.max(this.#at, next.at);
      next.wake();
    }
    this.#at = end;
    await settled();
  }
}

/** After what is due now, and what that makes due. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await new Promise<void>((resolve) => nextTurn(resolve));
}
