/**
 * Sessions in the browser's IndexedDB.
 *
 * Owns the check of its options and what the browser says of its storage. It must not know how a log is stored: the storage module does.
 */

import { BaseCheckpointer } from './checkpointer.js';
import { createError, kindOf } from './errors.js';

/** What `navigator.storage` has, where it is there. */
interface BrowserStorage {
  persist?(): Promise<boolean>;
  estimate?(): Promise<{ usage?: number; quota?: number }>;
}

/**
 * Keeps sessions in IndexedDB: they survive a reload, a crash and a killed browser. docs/what-is-lost-when.md of the repository says what
 * does not survive what. Tabs and workers of one site share a database: a Web Lock per session says who runs it, the log who may write.
 *
 * ```ts
 * import { END, GraphBuilder, IndexedDbCheckpointer, START, append } from 'weavegraph-wasm';
 *
 * const checkpointer = new IndexedDbCheckpointer();
 * const app = new GraphBuilder({ channels: { lines: append<string>() } })
 *   .addNode('greet', () => ({ lines: 'hello' }))
 *   .addEdge(START, 'greet')
 *   .addEdge('greet', END)
 *   .compile({ checkpointer });
 *
 * // After a reload: goes on with what the page had begun.
 * export async function goOn() {
 *   for (const { sessionId, owner } of await checkpointer.listSessions({ status: 'running' })) if (owner === null) await app.resume(sessionId);
 * }
 * ```
 */
export class IndexedDbCheckpointer extends BaseCheckpointer {
  /**
   * The database is opened at its first use, and again when its connection is lost. Where there is no IndexedDB, calls and runs fail with
   * CHECKPOINT_UNAVAILABLE.
   *
   * @param options `name`: of the database, default `weavegraph`; `flush`: `relaxed` (default) hands each append to the operating system, `strict` to
   * the disk; `broadcast`: word to other tabs, so that `follow` there is quick and `cancel` reaches here, default true; `onBlocked`: called when
   * another tab with an older version of the package keeps the database from being opened
   * @throws RunFailed RUN_INVALID_OPTION
   */
  constructor(options: { name?: string | undefined; flush?: 'relaxed' | 'strict' | undefined; broadcast?: boolean | undefined; onBlocked?: (() => void) | undefined } = {}) {
    const { name = 'weavegraph', flush = 'relaxed', broadcast = true, onBlocked } = options;
    if (typeof name !== 'string' || name === '') throw createError('RUN_INVALID_OPTION', `name is ${name === '' ? 'empty' : kindOf(name)}; give a string`);
    if (flush !== 'relaxed' && flush !== 'strict') throw createError('RUN_INVALID_OPTION', `flush is ${String(flush)}; it is 'relaxed' or 'strict'`);
    if (typeof broadcast !== 'boolean') throw createError('RUN_INVALID_OPTION', 'broadcast is neither true nor false');
    if (onBlocked !== undefined && typeof onBlocked !== 'function') throw createError('RUN_INVALID_OPTION', 'onBlocked is not a function');
    super('indexeddb', (storage) => new storage.IndexedDbLog({ name, isStrict: flush === 'strict', broadcast, onBlocked }));
  }

  /** Asks the browser not to evict this site's data; it may ask its user, and answers then. False when it will not say yes. */
  async persist(): Promise<boolean> {
    return (await browserStorage()?.persist?.().catch(() => false)) ?? false;
  }

  /** What the whole site uses and may use, as far as the browser says; `null` where it does not. */
  async estimate(): Promise<{ usageBytes: number; quotaBytes: number } | null> {
    const { usage, quota } = (await browserStorage()?.estimate?.().catch(() => undefined)) ?? {};
    return usage === undefined || quota === undefined ? null : { usageBytes: usage, quotaBytes: quota };
  }
}

function browserStorage(): BrowserStorage | undefined {
  return (globalThis as { navigator?: { storage?: BrowserStorage } }).navigator?.storage;
}
