/**
 * A run's `retention`: prunes the run's own session while it grows. What goes wrong is told to the run's readers and harms nothing.
 */

import { TellText, NONE } from './words.js';
import type { Execution } from './execution.js';
import { prune } from './session-prune.js';
import { describe } from './thrown.js';

/** Runs whose session is being pruned, and whether it is to be pruned once more. */
const pruning = new Map<Execution, boolean>();

/** Prunes, once more if it still does; resolves when it is over, never rejects. */
export async function retain(execution: Execution): Promise<void> {
  const { options, sessionId, store, timers } = execution;
  if (pruning.has(execution)) return void pruning.set(execution, true);
  try {
    do {
      pruning.set(execution, false);
      await prune(store!, { ...options.retention, sessionId }, timers.now());
    } while (pruning.get(execution) === true);
  } catch (thrown) {
    execution.pump.enter(() => execution.pump.tellText(TellText.Remark, 0, 0, NONE, 'CHECKPOINT_UNAVAILABLE', `retention could not be kept: ${describe(thrown)}`));
  } finally {
    pruning.delete(execution);
  }
}
