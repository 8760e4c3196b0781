/**
 * Asks the user's `onGraphChanged` what becomes of a session that another graph has left.
 */

import type { AppCore } from './app-core.js';
import type { Migration } from './beginning.js';
import { createError, kindOf } from './errors.js';
import type { Execution } from './execution.js';
import { checkpointOf, type RawLog } from './restore.js';
import type { RunDefaults } from './run-options.js';
import { describe } from './thrown.js';
import { readUpdate } from './updates.js';

/** As the engine numbers it: what it is to do with the update and the frontier. */
const MIGRATED = 2;

/** @throws CheckpointError CHECKPOINT_GRAPH_CHANGED: it refused or threw; RunFailed RUN_INVALID_OPTION, StateError: it gave what cannot be used. */
export function migrate(
  { app, sessionId, arena, state }: Execution,
  log: RawLog,
  onGraphChanged: Extract<RunDefaults['onGraphChanged'], (...given: any[]) => unknown>,
): Migration {
  const old = checkpointOf(app, sessionId, arena, state, log);
  let answer: unknown;
  try {
    answer = onGraphChanged(old, log.graphHash());
  } catch (cause) {
    throw createError('CHECKPOINT_GRAPH_CHANGED', `onGraphChanged threw (${describe(cause)}), so session \`${sessionId}\` cannot be taken up`, { sessionId, cause });
  }
  if (answer === null) throw createError('CHECKPOINT_GRAPH_CHANGED', `onGraphChanged refused to take up session \`${sessionId}\`, which another graph has left`, { sessionId });
  if (typeof answer !== 'object') throw createError('RUN_INVALID_OPTION', `onGraphChanged returned ${kindOf(answer)}; return null, or an object with update and frontier`);
  const { update, frontier } = answer as { update?: unknown; frontier?: unknown };
  return {
    policy: MIGRATED,
    ...(update !== undefined && { update: readUpdate(app, update, 'the update of onGraphChanged') }),
    ...(frontier !== undefined && { frontier: readFrontier(app, frontier) }),
  };
}

function readFrontier(app: AppCore, frontier: unknown): Uint32Array {
  if (!Array.isArray(frontier)) throw createError('RUN_INVALID_OPTION', `the frontier of onGraphChanged is ${kindOf(frontier)}; give a list of node names`);
  return Uint32Array.from(frontier, (name: unknown) => {
    const id = app.nodeIds.get(name as string);
    if (id === undefined) throw createError('RUN_INVALID_OPTION', `the frontier of onGraphChanged names \`${String(name)}\`, which is no node of this graph`);
    return id;
  });
}
