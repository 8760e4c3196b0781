/**
 * The storage module: all that only sessions with a store need. Loaded by `storage-loader.ts`, or given by an entry.
 */

// All that the entries share stays in one module; see scripts/facade.mjs.
import './index.js';

export { MemoryStore } from './memory-store.js';
export { deleteSession, listSessions } from './session-admin.js';
export { LogTail, readCheckpoint, readHistory, restore } from './restore.js';
