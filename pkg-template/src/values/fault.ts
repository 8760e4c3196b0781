/**
 * What stops a copy, and where.
 *
 * Owns the collection of a path while a fault travels outwards, and the words of STATE_NOT_CLONEABLE. It must not know how
 * values are walked. Invariant: what user code threw (a getter, a proxy) ends up as the `cause`, untouched.
 */

import { createError, type StateError } from '../errors.js';

const shownPath = 160;

/** Thrown inside a copy; each level that it leaves adds its segment. */
export class Fault {
  /** Innermost first. */
  readonly segments: string[] = [];
  readonly thrown: { readonly value: unknown } | undefined;

  constructor(
    /** Continues a sentence that starts with the path. */
    readonly problem: string,
    thrown?: { readonly value: unknown },
  ) {
    this.thrown = thrown;
  }
}

/** The fault, one level further out. Anything that is no fault was thrown by user code or by the engine under it. */
export function within(error: unknown, segment: string | number): Fault {
  const fault = asFault(error);
  fault.segments.push(typeof segment === 'number' ? `[${segment}]` : segment);
  return fault;
}

/** The error that users see. `where` names the whole value, as in `update.messages`. */
export function createCopyError(error: unknown, where: string): StateError {
  const fault = asFault(error);
  const path = `${where}${fault.segments.reverse().join('')}`.replace(/^\./, '');
  const half = shownPath / 2;
  const shown = path.length > shownPath ? `${path.slice(0, half)} … ${path.slice(-half)}` : path;
  const message = `${shown === '' ? 'the value' : `\`${shown}\``} ${fault.problem}`;
  return createError('STATE_NOT_CLONEABLE', message, {
    details: { path },
    ...(fault.thrown === undefined ? {} : { cause: fault.thrown.value }),
  });
}

/** A property, as one would write it in code. */
export function property(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** An entry of a Map, by its key where that can be written down. */
export function mapEntry(key: unknown, index: number): string {
  return typeof key === 'string' || typeof key === 'number' ? `.get(${JSON.stringify(key)})` : `.values()[${index}]`;
}

function asFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault(`could not be read: ${textOf(error)}`, { value: error });
}

// The thrown thing may be hostile too.
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return 'it threw';
  }
}
