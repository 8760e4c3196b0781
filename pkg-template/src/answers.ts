/**
 * What a resume answers: the values that users hand in, copied.
 *
 * Owns `answer()` and the reading of answers. It must not know which interrupts are open: the engine does.
 */

import type { Value } from './channels.js';
import type { Answer } from './sessions.js';
import { copiedBytes, copyValue } from './values.js';
import { isObjectPrototype } from './values/builtins.js';
import { property } from './values/fault.js';

/**
 * An answer to the one open interrupt. Needed only where the answer is a plain object, which would be read as answers by id.
 *
 * @example
 * ```ts
 * import { answer, App } from 'weavegraph-wasm';
 *
 * export const approve = (app: App<any>, sessionId: string) => app.resume(sessionId, answer({ approved: true, by: 'me' }));
 * ```
 */
export function answer(value: Value): Answer {
  return new GivenAnswer(value);
}

/** An answer, copied; without an id it is for the one interrupt that is open. @internal */
export interface ReadAnswer {
  readonly id: string | undefined;
  readonly value: unknown;
  readonly bytes: number;
}

/** @throws StateError STATE_NOT_CLONEABLE @internal */
export function readAnswers(answers: unknown): readonly ReadAnswer[] {
  if (answers === undefined) return [];
  if (GivenAnswer.isOne(answers)) return [read(undefined, answers.__answer, 'answer')];
  if (!isById(answers)) return [read(undefined, answers, 'answer')];
  return Object.entries(answers).map(([id, value]) => read(id, value, `answers${property(id)}`));
}

function read(id: string | undefined, given: unknown, where: string): ReadAnswer {
  const value = copyValue(given, where);
  return { id, value, bytes: copiedBytes };
}

function isById(answers: unknown): answers is Readonly<Record<string, unknown>> {
  if (typeof answers !== 'object' || answers === null) return false;
  const prototype: unknown = Object.getPrototypeOf(answers);
  return prototype === null || isObjectPrototype(prototype);
}

class GivenAnswer implements Answer {
  readonly #stamp = true;
  readonly __answer: Value;

  constructor(value: Value) {
    this.__answer = value;
    Object.freeze(this);
  }

  static isOne(value: unknown): value is GivenAnswer {
    return typeof value === 'object' && value !== null && #stamp in value;
  }
}
