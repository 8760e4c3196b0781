/**
 * Owns: where the page's sessions are kept: the browser's IndexedDB, or memory where there is none; what the browser says of its storage.
 * Must not know: what a session is about, how anything is shown.
 * Invariant: there always is a store that works; `isKept` is true only if a session survives a reload.
 */

import { storeProblemText } from './views/session-text.js';

/** As many as the list shows. */
const MAX_SESSIONS = 500;

/**
 * Opens the store, by a call that costs one read.
 * @param {typeof import('weavegraph-wasm')} weavegraph the package's exports
 * @param {{ name?: string, onBlocked?: () => void }} [options] `name`: of the database, default `weavegraph-briefings`; `onBlocked`: another tab keeps it closed, for now
 * @returns {Promise<{ checkpointer: import('weavegraph-wasm').Checkpointer, isKept: boolean, problem: string }>} `problem`: a sentence, '' where sessions are kept
 */
export async function openStore({ IndexedDbCheckpointer, MemoryCheckpointer }, { name = 'weavegraph-briefings', onBlocked } = {}) {
  const checkpointer = new IndexedDbCheckpointer({ name, onBlocked });
  try {
    await checkpointer.listSessions({ limit: 1 });
    return { checkpointer, isKept: true, problem: '' };
  } catch (error) {
    // It would try to open the database again, for as long as it lives.
    await checkpointer.close().catch(() => {});
    return { checkpointer: new MemoryCheckpointer(), isKept: false, problem: `${storeProblemText(error)} Sessions last until this page is closed.` };
  }
}

/** The sessions that changed last, at most `limit`. @returns {Promise<import('weavegraph-wasm').SessionSummary[]>} */
export function listSessions(checkpointer, limit = MAX_SESSIONS) {
  return checkpointer.listSessions({ limit });
}

/**
 * What the browser says of this site's storage; null for what it does not say.
 * @returns {Promise<{ usedBytes: number | null, freeBytes: number | null, isPersisted: boolean | null }>}
 */
export async function storageOf(checkpointer) {
  const [estimate, isPersisted] = await Promise.all([
    checkpointer.estimate?.() ?? null,
    globalThis.navigator?.storage?.persisted?.().catch(() => null) ?? null,
  ]);
  return { usedBytes: estimate?.usageBytes ?? null, freeBytes: estimate === null ? null : Math.max(0, estimate.quotaBytes - estimate.usageBytes), isPersisted };
}

/** Asks the browser not to evict this site's data. @returns {Promise<boolean>} its answer */
export async function askToKeep(checkpointer) {
  return (await checkpointer.persist?.()) ?? false;
}

/**
 * Deletes sessions; one that runs by now stays.
 * @param {Iterable<string>} sessionIds @returns {Promise<number>} how many went
 */
export async function removeSessions(checkpointer, sessionIds) {
  let removed = 0;
  for (const sessionId of sessionIds) {
    try {
      await checkpointer.deleteSession(sessionId);
      removed += 1;
    } catch (error) {
      if (error?.code !== 'SESSION_BUSY') throw error;
    }
  }
  return removed;
}
