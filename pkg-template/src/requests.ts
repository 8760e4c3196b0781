/**
 * Requests that share an isolate. In workerd one of them hangs when another one's turn wakes it, and its I/O is refused in that turn: there
 * the entry provides the isolation module, and whoever waits for another request's run looks for itself. Elsewhere there is none, and
 * waiters are woken directly.
 *
 * Owns nothing but what was provided. It must not know how requests are kept apart.
 */

import type { Execution } from './execution.js';

/** Keeps requests apart. */
export interface Isolation {
  /** Calls `look` every now and then, in turns of the request that asks, until it answers true. */
  poll(look: () => boolean): void;
  /** The way into a run that begins in this request. */
  open(execution: Execution): Inbox;
  /** Lets go of runs whose request is gone. */
  sweep(): void;
}

/** What other requests have for a run. */
export interface Inbox {
  /** Calls it in a turn of the run's own request. */
  post(call: () => void): void;
  /** The run is over. */
  close(): void;
}

/** Absent where requests need not be kept apart. */
export let isolation: Isolation | undefined;

/** Called by entries of such environments. @internal */
export function provideIsolation(given: Isolation): void {
  isolation = given;
}

/** Resolves in a turn of the request that asks: once `isSo`, or, where requests are not kept apart, as what `subscribe` was given is called. */
export function when(isSo: () => boolean, subscribe: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (isolation === undefined) return subscribe(resolve);
    isolation.poll(() => isSo() && (resolve(), true));
  });
}
