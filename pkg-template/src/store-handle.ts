/**
 * What this realm has of a checkpointer: the log store behind it, once that is open, and who of this realm uses which session.
 *
 * Owns the opening and the closing. It must not know what a store does: the storage module makes it.
 */

import { createError } from './errors.js';
import type { LogStore, MaybePromise } from './log-store.js';
import { loadStorage, type Storage } from './storage-loader.js';
import { isThenable } from './thenable.js';

/** An execution that holds a session. */
export interface ActiveExecution {
  readonly runId: string;
}

export class StoreHandle {
  /** Executions of this realm by session. */
  readonly active = new Map<string, ActiveExecution>();
  #opening: MaybePromise<LogStore> | undefined;
  #isClosed = false;
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

  /**
   * The log store; a promise until it is there.
   *
   * @throws CheckpointError CHECKPOINT_UNAVAILABLE, also as a rejection
   */
  open(): MaybePromise<LogStore> {
    if (this.#isClosed) throw createError('CHECKPOINT_UNAVAILABLE', 'the checkpointer was closed; make a new one');
    return (this.#opening ??= this.#open());
  }

  #open(): MaybePromise<LogStore> {
    const storage = loadStorage();
    const store = isThenable(storage) ? storage.then(this.#make) : this.#make(storage);
    if (!isThenable(store)) return store;
    const opening = store.then(
      (opened) => (this.#opening = opened),
      (thrown: unknown) => {
        this.#opening = undefined;
        throw thrown;
      },
    );
    return opening;
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const store = await this.#opening;
    await store?.close();
  }
}
