/**
 * What this realm has of a checkpointer: the log store behind it, once that is open, who of this realm uses which session, and who
 * wants to hear of appends.
 *
 * Owns the opening and the closing. It must not know what a store does: the storage module makes it.
 */

import { createError, type WeaveError } from './errors.js';
import type { LogStore, MaybePromise } from './log-store.js';
import { SessionLocks, type ActiveExecution } from './session-locks.js';
import { loadStorage, type Storage } from './storage-loader.js';
import { isThenable } from './thenable.js';
import { nextTurn } from './turn.js';

export type { ActiveExecution };

/** Someone who hears of a session's appends. */
export interface StoreListener {
  readonly sessionId: string;
  stored(): void;
  closed(): void;
}

export class StoreHandle {
  readonly locks = new SessionLocks();
  readonly listeners = new Set<StoreListener>();
  /** Sessions that other realms are to hear of in this turn. */
  readonly #unsaid = new Set<string>();
  #opening: MaybePromise<LogStore> | undefined;
  isClosed = false;
  readonly #make: (storage: Storage) => MaybePromise<LogStore>;

  constructor(
    readonly name: string,
    make: (storage: Storage) => MaybePromise<LogStore>,
  ) {
    this.#make = make;
    // Loading begins now; whoever opens the store hears of a failure, and tries again.
    const loading = loadStorage();
    if (isThenable(loading)) loading.then(undefined, () => undefined);
  }

  /** Executions of this realm by session. */
  get active(): ReadonlyMap<string, ActiveExecution> {
    return this.locks.holders;
  }

  /**
   * The log store; a promise until it is there.
   *
   * @throws CheckpointError CHECKPOINT_UNAVAILABLE, also as a rejection
   */
  open(): MaybePromise<LogStore> {
    this.check();
    return (this.#opening ??= this.#open());
  }

  /** @throws CheckpointError CHECKPOINT_UNAVAILABLE: the checkpointer was closed. */
  check(): void {
    if (this.isClosed) throw closed();
  }

  #open(): MaybePromise<LogStore> {
    const storage = loadStorage();
    const store = isThenable(storage) ? storage.then(this.#make) : this.#make(storage);
    if (!isThenable(store)) return store;
    return store.then(
      (opened) => (this.#opening = opened),
      (thrown: unknown) => {
        this.#opening = undefined;
        throw thrown;
      },
    );
  }

  /** A record of the session was stored: listeners of this realm hear it now, other realms once a turn. */
  announce(sessionId: string, store: LogStore): void {
    for (const listener of this.listeners) if (listener.sessionId === sessionId) listener.stored();
    const { word } = store;
    if (word === undefined) return;
    const isFirst = this.#unsaid.size === 0;
    this.#unsaid.add(sessionId);
    if (!isFirst) return;
    nextTurn(() => {
      for (const unsaid of this.#unsaid) word.say({ kind: 'stored', sessionId: unsaid });
      this.#unsaid.clear();
    });
  }

  /** Ends it for good, and with it the runs and readers that use it. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const execution of this.locks.all()) execution.cutOff(closed());
    for (const listener of this.listeners) listener.closed();
    let store: LogStore | undefined;
    try {
      store = await this.#opening;
    } catch {
      // What never opened needs no closing.
    }
    await store?.close();
  }
}

function closed(): WeaveError {
  return createError('CHECKPOINT_UNAVAILABLE', 'the checkpointer was closed; make a new one');
}
