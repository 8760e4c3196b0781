/**
 * Cursors of readers: the number of an event, with or without the branch that the number belongs to.
 */

import { createError } from './errors.js';

export interface Cursor {
  readonly seq: number;
  /** Absent: the session's current one. */
  readonly branch: number | undefined;
}

/** @throws RunFailed RUN_INVALID_OPTION: it is neither a number nor `seq~branch`. */
export function readCursor(after: unknown): Cursor | undefined {
  if (after === undefined) return undefined;
  const [, number, branch] = (typeof after === 'string' && /^(\d+)(?:~([1-9]\d*))?$/.exec(after)) || [undefined, after];
  const cursor = { seq: typeof after === 'string' ? Number(number) : after, branch: branch === undefined ? undefined : Number(branch) };
  if (!Number.isSafeInteger(cursor.seq) || (cursor.seq as number) < 0) throw createError('RUN_INVALID_OPTION', 'after is neither the number of an event nor `seq~branch`');
  return cursor as Cursor;
}

/** The last number that a cursor may have, of a session with the newest number `newest`. `cursorEnd`: -1 for a branch without an end. */
export function endOf({ branch }: Cursor, newest: number, current: number, cursorEnd: (branch: number) => number): number {
  const end = branch === undefined || branch >= current ? -1 : cursorEnd(branch);
  return end < 0 ? newest : end;
}
