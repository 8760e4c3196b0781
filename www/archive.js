/**
 * Owns: the sessions that are kept: looking at them often enough, the list, the storage line, what is done with a session that needs no run.
 * Must not know: how a session is run or shown.
 * Invariant: the list is no older than `REFRESH_MS` while the page is seen; what goes wrong with one action is said in the list and harms nothing else.
 */

import { exportSession, importFile } from './session-files.js';
import { SessionReader } from './session-reader.js';
import { askToKeep, removeSessions, storageOf } from './session-store.js';
import { SessionList } from './views/session-list.js';
import { isFinished } from './views/session-text.js';
import { StorageLine } from './views/storage-line.js';

/** A page that was killed says nothing, so who runs what is asked again. */
const REFRESH_MS = 2_000;

export class Archive {
  #app;
  #store;
  #reader;
  #list;
  #storage;
  #calls;
  #room = { freeBytes: null, isPersisted: null };

  /**
   * @param {{ app: import('weavegraph-wasm').App<any, any>, store: Awaited<ReturnType<typeof import('./session-store.js').openStore>>, parts: { root: HTMLElement, facts: HTMLElement, header: HTMLElement } }} owned
   * @param {{ onOpen(id: string): unknown, onGoOn(id: string): unknown, onCancel(id: string): unknown, onRows(): void, onRemoved(id: string): void, onChanged(): void, openId(): string }} calls
   *   `onRows`: the rows are new; `onChanged`: sessions came or went by the user's hand, which other tabs want to know
   */
  constructor({ app, store, parts }, calls) {
    this.#app = app;
    this.#store = store;
    this.#calls = calls;
    this.#list = new SessionList(parts.root, parts.facts, {
      open: (id) => calls.onOpen(id),
      goOn: (id) => calls.onGoOn(id),
      takeOver: (id) => calls.onGoOn(id),
      cancel: (id) => calls.onCancel(id),
      remove: (id) => this.#remove([id]),
      exportSession: async (id) => `Saved as ${await exportSession(store.checkpointer, id, this.row(id)?.title ?? '')}.`,
      importFile: (file) => this.#import(file),
      removeFinished: () => this.#remove(this.rows.filter(isFinished).map(({ sessionId }) => sessionId)),
    });
    this.#storage = new StorageLine(parts.header, this.#list.storageRoot, () => askToKeep(store.checkpointer));
    this.#reader = new SessionReader({ app, checkpointer: store.checkpointer, onRows: () => this.#show() });
    const look = () => {
      if (!document.hidden) this.refresh();
    };
    setInterval(look, REFRESH_MS);
    document.addEventListener('visibilitychange', look);
  }

  /** Newest first. @returns {import('./views/session-text.js').SessionRow[]} */
  get rows() {
    return this.#reader.rows;
  }

  row(sessionId) {
    return this.rows.find((row) => row.sessionId === sessionId);
  }

  /** Looks anew; resolves when that is shown. What keeps the store from being read is said in the list. */
  async refresh() {
    try {
      await this.#reader.refresh();
      this.#room = await storageOf(this.#store.checkpointer);
      this.#show();
    } catch (error) {
      this.#list.say(error.message, true);
    }
  }

  /** Cancels the run of a session, wherever it is. */
  cancel(sessionId) {
    return this.#app.cancel(sessionId, 'cancelled on the page');
  }

  /** Shows which session is open. */
  show() {
    this.#list.show(this.rows, this.#calls.openId());
    this.#list.render();
  }

  #show() {
    this.show();
    const { isKept, problem } = this.#store;
    this.#storage.show({ sessions: this.rows.length, bytes: this.rows.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0), ...this.#room, isKept, problem });
    this.#storage.render();
    this.#calls.onRows();
  }

  async #remove(ids) {
    const removed = await removeSessions(this.#store.checkpointer, ids);
    await this.#changed();
    for (const id of ids) if (this.row(id) === undefined) this.#calls.onRemoved(id);
    return removed === ids.length ? `${removed === 1 ? 'One session' : `${removed} sessions`} deleted.` : `${removed} of ${ids.length} sessions deleted; the others are running.`;
  }

  async #import(file) {
    const { sessionId, isCopy } = await importFile(this.#store.checkpointer, file);
    await this.#changed();
    this.#list.reveal(sessionId);
    return isCopy ? 'Imported under a new name: that session is here already.' : 'Imported.';
  }

  #changed() {
    this.#calls.onChanged();
    return this.refresh();
  }
}
