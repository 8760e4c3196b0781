/**
 * What all checkpointers share: a handle on the log store, and calls of the storage module for everything else.
 */

import type { Value } from './channels.js';
import { createError } from './errors.js';
import type { ListPage, LogStore, MaybePromise } from './log-store.js';
import type { Checkpointer, Pruned, PrunePolicy, SessionSummary } from './sessions.js';
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

  /**
   * The last changed first.
   *
   * @param page `limit`: at most so many, default 100; `after`: the last session id of the page before; `status`: only these
   * @throws RunFailed RUN_INVALID_OPTION, CheckpointError CHECKPOINT_*
   */
  async listSessions(page: ListPage = {}): Promise<SessionSummary[]> {
    return (await loadStorage()).listSessions(this.#handle, await this.#handle.open(), page);
  }

  /**
   * Forgets a session; one that is not there is no error.
   *
   * @throws WeaveError SESSION_BUSY: a run holds it, here or in another tab. CheckpointError CHECKPOINT_*
   */
  async deleteSession(sessionId: string): Promise<void> {
    return (await loadStorage()).deleteSession(this.#handle, await this.#handle.open(), sessionId);
  }

  /**
   * Drops old records of sessions, also of those that run, as far as a policy allows, and says how much went. The newest snapshot of a
   * session and what came after it stay.
   *
   * @throws RunFailed RUN_INVALID_OPTION: the policy is wrong, or names nothing that may go. CheckpointError CHECKPOINT_*
   */
  async prune(policy: PrunePolicy): Promise<Pruned> {
    return (await loadStorage()).prune(await this.#handle.open(), policy);
  }

  /**
   * Everything of one session as one JSON-safe value.
   *
   * @throws WeaveError SESSION_NOT_FOUND. CheckpointError CHECKPOINT_*
   */
  async exportSession(sessionId: string): Promise<Value> {
    return (await loadStorage()).exportSession(await this.#handle.open(), sessionId);
  }

  /**
   * Makes a session of what `exportSession` gave, of this or of another checkpointer, and returns its id. Safe for dumps from anywhere: all
   * of it is checked before anything is written.
   *
   * @param options `as`: the id of the session. Default: its own
   * @throws CheckpointError CHECKPOINT_CORRUPT, CHECKPOINT_VERSION: it is no sound dump, or a newer version made it. CHECKPOINT_CONFLICT: there
   * is such a session. WeaveError SESSION_BUSY: a run holds it.
   */
  async importSession(dump: Value, options: { as?: string } = {}): Promise<string> {
    return (await loadStorage()).importSession(this.#handle, await this.#handle.open(), dump, options);
  }

  /** Ends its work; open runs cannot store any more. It cannot be used afterwards. */
  close(): Promise<void> {
    return this.#handle.close();
  }

  /** The handle of a checkpointer; an error for what this package did not make. @internal */
  static handleOf(checkpointer: unknown): StoreHandle {
    if (typeof checkpointer === 'object' && checkpointer !== null && #handle in checkpointer) return checkpointer.#handle;
    throw createError('RUN_INVALID_OPTION', 'checkpointer is not one of this package; make it with new MemoryCheckpointer()');
  }
}
