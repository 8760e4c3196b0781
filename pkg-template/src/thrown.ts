/**
 * What user code threw, as the arena keeps it: the very object, for `cause`, and a value that can be stored and shown in events.
 */

import { copyValue } from './values.js';

export class Thrown {
  /** Facts that the facade adds, such as the path of STATE_NOT_CLONEABLE. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** Absent when the facade itself is the one that complains. */
  readonly cause: { readonly value: unknown } | undefined;

  constructor(cause: { readonly value: unknown } | undefined, details?: Readonly<Record<string, unknown>>) {
    this.cause = cause;
    this.details = details;
  }

  /** What was thrown as a value: an error keeps name and message; what cannot be copied becomes text. */
  static toValue(thrown: unknown): unknown {
    try {
      if (thrown instanceof Error) return copyValue({ name: String(thrown.name), message: String(thrown.message) }, 'cause');
      return copyValue(thrown, 'cause');
    } catch {
      return describe(thrown);
    }
  }
}

/** `instanceof`, of what user code threw: a proxy may throw at that, too. */
export function isA<T>(thrown: unknown, type: abstract new (...given: any[]) => T): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

/** The message of what was thrown, whatever it is; an error's may be anything. */
export function describe(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}
