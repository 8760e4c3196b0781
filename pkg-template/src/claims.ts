/**
 * Who runs a session, over all tabs and workers of a site, by Web Locks: a claim is a lock that is held as long as its execution. The browser
 * frees it when its holder dies, within milliseconds.
 *
 * It decides only who may begin: who may write is decided by the slot, since a frozen tab does not notice that its lock was stolen.
 */

import { createError } from './errors.js';
import type { Claims, WhenBusy } from './log-store.js';

/** The claims on a database's sessions; `undefined` where there are no Web Locks, and the slot alone fences. */
export function createClaims(database: string): Claims | undefined {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks === undefined ? undefined : new LockClaims(locks, `weavegraph:${database}:`);
}

class LockClaims implements Claims {
  /** Sessions that this object holds, with what holds them: a session may be stolen within one realm. */
  readonly #held = new Map<string, HeldClaim>();

  constructor(
    readonly locks: LockManager,
    readonly prefix: string,
  ) {}

  async claim(sessionId: string, how: WhenBusy, signal: AbortSignal | undefined, lost: () => void): Promise<{ release(): void } | { owner: string }> {
    // A signal is refused together with the two others, which never wait.
    const options: LockOptions = how === 'steal' ? { steal: true } : how === 'fail' ? { ifAvailable: true } : signal === undefined ? {} : { signal };
    const held = new HeldClaim((again, stolen) => this.#lock(sessionId, again, stolen), () => {
      leave();
      lost();
    });
    const leave = (): boolean => this.#held.get(sessionId) === held && this.#held.delete(sessionId);
    try {
      if (!(await held.take(options))) return await this.#owner(sessionId);
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw createError('CHECKPOINT_UNAVAILABLE', 'the browser refuses Web Locks to this page', { sessionId, cause });
    }
    this.#held.set(sessionId, held);
    return {
      release() {
        leave();
        held.release();
      },
    };
  }

  /** Resolves once the lock is held, with what ends it, or with null if it is not to be had. `stolen`: it was taken from us. */
  #lock(sessionId: string, options: LockOptions, stolen: () => void): Promise<(() => void) | null> {
    return new Promise((resolve, reject) => {
      let isGranted = false;
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        if (lock !== null) return new Promise((end) => resolve(((isGranted = true), end)));
        resolve(null);
        return undefined;
      };
      // Before it is granted, `request` rejects for its own reasons; once it was, only a thief makes it reject.
      this.locks.request(this.prefix + sessionId, options, hold).then(undefined, (thrown: unknown) => (isGranted ? stolen() : reject(thrown)));
    });
  }

  async owners(): Promise<ReadonlyMap<string, string>> {
    const { held = [] } = await this.locks.query();
    const owners = new Map<string, string>();
    for (const { name = '', clientId = '' } of held) {
      const sessionId = name.slice(this.prefix.length);
      if (name.startsWith(this.prefix) && !this.#held.has(sessionId)) owners.set(sessionId, clientId);
    }
    return owners;
  }

  /** It may be gone again by now; then its name is empty. */
  async #owner(sessionId: string): Promise<{ owner: string }> {
    const { held = [] } = await this.locks.query();
    return { owner: held.find(({ name }) => name === this.prefix + sessionId)?.clientId ?? '' };
  }
}

/**
 * A lock over the life of a claim. A page that the browser keeps for the way back (bfcache) would keep its locks too, as long as minutes,
 * and run nothing: so it lets go when it is put away, and takes the lock again when it is shown, if nobody else has it by then.
 */
class HeldClaim {
  #end: (() => void) | undefined;
  #isOver = false;

  constructor(
    readonly lock: (options: LockOptions, stolen: () => void) => Promise<(() => void) | null>,
    readonly lost: () => void,
  ) {}

  /** Whether it was to be had. */
  async take(options: LockOptions): Promise<boolean> {
    const end = await this.lock(options, this.#lose);
    if (end === null) return false;
    if (this.#isOver) end();
    else {
      this.#end = end;
      this.#listen('addEventListener');
    }
    return true;
  }

  release(): void {
    this.#isOver = true;
    this.#listen('removeEventListener');
    this.#end?.();
  }

  readonly #lose = (): void => {
    if (this.#isOver) return;
    this.release();
    this.lost();
  };

  readonly #hide = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) this.#end?.();
  };

  readonly #show = ({ persisted }: PageTransitionEvent): void => {
    if (!persisted) return;
    this.take({ ifAvailable: true }).then((isTaken) => isTaken || this.#lose(), this.#lose);
  };

  /** Workers have no such events. */
  #listen(change: 'addEventListener' | 'removeEventListener'): void {
    globalThis[change]?.('pagehide', this.#hide as (event: Event) => void);
    globalThis[change]?.('pageshow', this.#show as (event: Event) => void);
  }
}
