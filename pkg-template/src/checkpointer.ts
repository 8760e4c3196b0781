/**
 * What all checkpointers share: a handle on the log store, and calls of the storage module for everything else.
 */

import { createError } from './errors.js';
import type { ListPage, LogStore, MaybePromise } from './log-store.js';
import type { Checkpointer, SessionSummary } from './sessions.js';
import { loadStorage, type Storage } from './storage-loader.js';
import { StoreHandle } from './store-handle.js';

export class BaseCheckpointer implements Checkpointer {
  readonly __checkpointer = true as const;
  readonly name: string;
  readonly #handle: StoreHandle;

  /** @internal */
  protected constructor(name: string, make: (storage: Storage) => MaybePromise<LogStore>) {
    this.name = name;
    this.#handle = new StoreHandle(name, make);
  }

  /** The last changed first. @throws CheckpointError CHECKPOINT_UNAVAILABLE */
  async listSessions(page: ListPage = {}): Promise<SessionSummary[]> {
    const store = await this.#handle.open();
    return (await loadStorage()).listSessions(this.#handle, store, page);
  }

  /**
   * Forgets a session; one that is not there is no error.
   *
   * @throws WeaveError SESSION_BUSY: a run holds it.
   */
  async deleteSession(sessionId: string): Promise<void> {
    const store = await this.#handle.open();
    return (await loadStorage()).deleteSession(this.#handle, store, sessionId);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** The handle of a checkpointer; an error for what this package did not make. @internal */
  static handleOf(checkpointer: unknown): StoreHandle {
    if (typeof checkpointer === 'object' && checkpointer !== null && #handle in checkpointer) return checkpointer.#handle;
    throw createError('RUN_INVALID_OPTION', 'checkpointer is not one of this package; make it with new MemoryCheckpointer()');
  }
}
