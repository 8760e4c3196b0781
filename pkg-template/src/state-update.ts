/**
 * Changes the state of a session from outside: an execution that runs no node and stores one record.
 *
 * Owns who may do so: nobody while a run holds the session, here or in another realm. What an update means is the engine's.
 */

import type { AppCore } from './app-core.js';
import { engine } from './engine.js';
import { createError } from './errors.js';
import { busy, Execution, type Keeper } from './execution.js';
import type { ReadOptions } from './read-options.js';
import { toSummary, type Described } from './restore.js';
import type { Checkpoint } from './sessions.js';
import type { Edit } from './beginning.js';

/** @throws WeaveError SESSION_BUSY, SESSION_NOT_FOUND; StateError, NodeError, CheckpointError, RunFailed, RunCancelled: nothing is stored then. */
export async function updateState(app: AppCore, options: ReadOptions, sessionId: string, edit: Omit<Edit, 'done'>): Promise<Checkpoint> {
  const { locks } = options.handle!;
  const holder = locks.holders.get(sessionId);
  if (holder !== undefined) throw busy(sessionId, holder.runId, true);
  const keeper: Keeper = { renamed: () => undefined, ended: (ended) => locks.release(sessionId, ended) };
  const execution = new Execution(app, options, engine().newId(), sessionId, keeper);
  let raw: Described | undefined;
  execution.edit = { ...edit, done: (described) => (raw = described as Described) };
  locks.take(sessionId, execution);
  execution.start({ input: undefined, isResume: true, turn: undefined });
  await execution.ended;
  if (execution.error !== undefined) throw execution.error;
  if (execution.status === 'cancelled') throw createError('RUN_CANCELLED', 'the update was cancelled; nothing is stored', { sessionId });
  return { ...toSummary(raw!, sessionId, execution.names, execution.arena), state: execution.state.committed() as any };
}
