/**
 * A run's `retention`: prunes the run's own session while it grows. What goes wrong is told to the run's readers and harms nothing.
 */

import { TellText, NONE } from './words.js';
import type { Execution } from './execution.js';
import { prune } from './session-prune.js';
import { describe } from './thrown.js';

/** Sessions that are being pruned. */
const busy = new Set<Execution>();

/** Prunes, unless it still does; resolves when it is over, never rejects. */
export async function retain(execution: Execution): Promise<void> {
  const { options, sessionId, store } = execution;
  if (busy.has(execution)) return;
  busy.add(execution);
  try {
    await prune(store!, { ...options.retention, sessionId });
  } catch (thrown) {
    execution.enter(() => execution.tellText(TellText.Remark, 0, 0, NONE, 'CHECKPOINT_UNAVAILABLE', `retention could not be kept: ${describe(thrown)}`));
  } finally {
    busy.delete(execution);
  }
}
