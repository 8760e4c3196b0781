/**
 * The storage module: all that only sessions with a store need. Loaded by `storage-loader.ts`, or given by an entry.
 */

// All that the entries share stays in one module; see scripts/facade.mjs.
import './index.js';

export { AttemptRecords } from './attempt-records.js';
export { ByteLog } from './byte-log.js';
export { cutBack } from './fork-base.js';
export { IndexedDbLog } from './indexed-db-log.js';
export { MemoryStore } from './memory-store.js';
export { retain } from './retention.js';
export { deleteSession, listSessions } from './session-admin.js';
export { cancelElsewhere } from './cancel-elsewhere.js';
export { Follower } from './follower.js';
export { migrate } from './graph-change.js';
export { withClearedSlots } from './invocation-slots.js';
export { readInnerCheckpoint } from './inner-checkpoint.js';
export { LogTail } from './log-tail.js';
export { Observation } from './observer.js';
export { readCheckpoint, readHistory } from './restore.js';
export { createSession, findRow, invokeNext, runStep, runUntilComplete } from './runner-calls.js';
export { exportSession, importSession } from './session-dump.js';
export { forkSession } from './session-fork.js';
export { openSession } from './session-opening.js';
export { prune } from './session-prune.js';
export { updateState } from './state-update.js';
export { provideStoreWasm } from './store-wasm.js';
