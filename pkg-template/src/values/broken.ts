/**
 * What is wrong with bytes or text that should hold a value, on its way to the typed error.
 */

import { createError, type CheckpointError } from '../errors.js';

/** Thrown inside a decoder. */
export class Broken {
  constructor(
    /** Continues a sentence that starts with what was read. */
    readonly problem: string,
    /** It may be sound, but this version or platform cannot read it. */
    readonly isNewer = false,
  ) {}
}

/** The error that users see. `what` was read; anything that is not `Broken` was thrown by the platform, which refuses what it is asked to make. */
export function createBrokenError(thrown: unknown, what: string, sessionId?: string): CheckpointError {
  const broken = thrown instanceof Broken ? thrown : undefined;
  const problem = broken?.problem ?? `cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  return createError(broken?.isNewer === true ? 'CHECKPOINT_VERSION' : 'CHECKPOINT_CORRUPT', `${what} ${problem}`, {
    sessionId,
    ...(broken === undefined && { cause: thrown }),
  });
}
