/**
 * Which execution of this realm holds which session, and who waits for it. Other realms are the store's claims.
 *
 * Invariant: a session has at most one holder, and waiters only as long as it has one.
 */

import type { WeaveError } from './errors.js';
import { isolation, when } from './requests.js';

/** An execution that holds a session, or waits for it. */
export interface ActiveExecution {
  readonly runId: string;
  /** Another execution has taken its session: it ends at once. */
  lost(): void;
  /** Its store is closed: it ends at once. */
  cutOff(error: WeaveError): void;
}

interface Waiter {
  readonly execution: ActiveExecution;
  readonly isThief: boolean;
  go: () => void;
}

export class SessionLocks {
  readonly #holders = new Map<string, ActiveExecution>();
  readonly #lines = new Map<string, Waiter[]>();

  /** By session. */
  get holders(): ReadonlyMap<string, ActiveExecution> {
    isolation?.sweep();
    return this.#holders;
  }

  /** Takes a free session. */
  take(sessionId: string, execution: ActiveExecution): void {
    this.#holders.set(sessionId, execution);
  }

  /** Resolves once the session is the execution's, in the order of the calls; a thief comes next and ends the holder, and earlier thieves. */
  wait(sessionId: string, execution: ActiveExecution, steals: boolean): Promise<void> {
    const line = this.#lines.get(sessionId) ?? [];
    this.#lines.set(sessionId, line);
    const waiter: Waiter = { execution, isThief: steals, go: () => undefined };
    if (steals) {
      const robbed = [this.#holders.get(sessionId), ...line.filter(({ isThief }) => isThief).map((thief) => thief.execution)];
      line.unshift(waiter);
      // Later, since signals abort and call user code.
      queueMicrotask(() => robbed.forEach((each) => each?.lost()));
    } else {
      line.push(waiter);
    }
    return when(() => !line.includes(waiter), (go) => (waiter.go = go));
  }

  /** The execution is over, whether it held the session or waited. */
  release(sessionId: string, execution: ActiveExecution): void {
    const line = this.#lines.get(sessionId) ?? [];
    if (this.#holders.get(sessionId) !== execution) {
      const at = line.findIndex((waiter) => waiter.execution === execution);
      if (at >= 0) line.splice(at, 1);
    } else {
      const next = line.shift();
      if (next === undefined) this.#holders.delete(sessionId);
      else this.#holders.set(sessionId, next.execution);
      next?.go();
    }
    if (line.length === 0) this.#lines.delete(sessionId);
  }

  /** Holders and waiters. */
  all(): ActiveExecution[] {
    return [...this.#holders.values(), ...[...this.#lines.values()].flat().map(({ execution }) => execution)];
  }
}
