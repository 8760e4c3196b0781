/**
 * The `errors` channel's record of a step that failed, as the next completed step appends it.
 */

import type { ErrorEvent, ErrorScope } from './channels.js';
import type { WeaveError } from './errors.js';
import { Thrown } from './thrown.js';

const scopes = ['node', 'scheduler', 'runner'] as const;

/** `scope` as the engine numbers it. */
export function toErrorEvent(error: WeaveError, at: number, step: number, scope: number): ErrorEvent {
  const name = scopes[scope] ?? 'runner';
  const where: ErrorScope =
    name === 'node'
      ? { scope: name, kind: error.node ?? '?', step }
      : name === 'scheduler'
        ? { scope: name, step }
        : { scope: name, session: error.sessionId ?? '', step };
  const cause = 'cause' in error ? { cause: Thrown.toValue(error.cause) } : {};
  return { at, scope: where, error: { message: error.message, ...cause }, tags: [name, error.code] };
}
