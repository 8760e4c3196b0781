/**
 * What attempts leave behind in their session: questions, results of `once`, and deadlines.
 *
 * It must not decide what is recorded, answered or open: the engine does. Invariant: what a promise resolves with is in the store, if there
 * is one.
 */

import type { AttemptRequests } from './attempt-requests.js';
import type { Attempt } from './context.js';
import { createError, kindOf, type ErrorCode, type WeaveError } from './errors.js';
import type { Execution } from './execution.js';
import { copiedBytes, copyValue, lend } from './values.js';
import { Ask, Asked, FIRST_WAIT, NONE, TellText } from './words.js';

/** What the engine says to one who asks: a value that is recorded, a wait for the store, or one of `Asked`. */
type Answered = { readonly value: unknown } | { readonly wait: Promise<void> } | number;

export class AttemptRecords {
  readonly #execution: Execution;
  readonly #requests: AttemptRequests;

  constructor(execution: Execution, requests: AttemptRequests) {
    this.#execution = execution;
    this.#requests = requests;
  }

  interrupt(attempt: Attempt, payload: unknown, id: unknown): Promise<unknown> {
    return quiet(this.#interrupt(attempt, payload, id));
  }

  once(attempt: Attempt, key: unknown, fn: unknown): Promise<unknown> {
    return quiet(this.#once(attempt, key, fn));
  }

  sleepUntil(attempt: Attempt, at: unknown): Promise<void> {
    return quiet(this.#sleepUntil(attempt, at));
  }

  async #interrupt(attempt: Attempt, payload: unknown, id: unknown): Promise<unknown> {
    if (id !== undefined && (typeof id !== 'string' || id === '')) throw wrong(attempt, `the id of an interrupt is ${id === '' ? 'empty' : kindOf(id)}; give a string`);
    const copy = copyValue(payload, 'payload');
    const answered = this.#ask(attempt, 'ctx.interrupt', TellText.Interrupt, id ?? '', copy, copiedBytes);
    if (answered === Asked.Duplicate) throw wrong(attempt, `the interrupt \`${id ?? 'of this place'}\` was opened before in this step; give each an id of its own`);
    if (answered === Asked.NoStore) throw atAttempt(attempt, 'CHECKPOINT_NO_STORE', 'ctx.interrupt needs a checkpointer to wait in; give one to compile() or in the options');
    if (typeof answered === 'object' && 'value' in answered) return answered.value;
    attempt.isParked = true;
    return new Promise(() => undefined);
  }

  async #once(attempt: Attempt, key: unknown, fn: unknown): Promise<unknown> {
    if (typeof key !== 'string' || key === '') throw wrong(attempt, `the key of ctx.once is ${key === '' ? 'empty' : kindOf(key)}; give a string`);
    if (typeof fn !== 'function') throw wrong(attempt, `ctx.once was given ${kindOf(fn)}; give it a function`);
    const found = this.#ask(attempt, 'ctx.once', TellText.Once, key);
    if (found === Asked.Duplicate) throw atAttempt(attempt, 'ONCE_DUPLICATE_KEY', `node \`${attempt.node}\` used the key \`${key}\` twice in one attempt; give each effect a key of its own`);
    if (typeof found === 'object' && 'value' in found) return found.value;
    let value: unknown;
    let bytes: number;
    try {
      const result: unknown = await fn();
      value = copyValue(result, `once(${JSON.stringify(key)})`);
      bytes = copiedBytes;
    } catch (thrown) {
      const { pump } = this.#execution;
      pump.enter(() => pump.tellText(TellText.DropOnce, attempt.index, attempt.ticket, NONE, '', ''), attempt.frame);
      throw thrown;
    }
    const kept = this.#ask(attempt, 'ctx.once', TellText.KeepOnce, key, value, bytes);
    if (typeof kept === 'object' && 'wait' in kept) await kept.wait;
    return lend(value);
  }

  async #sleepUntil(attempt: Attempt, at: unknown): Promise<void> {
    if (typeof at !== 'number' || Number.isNaN(at)) throw wrong(attempt, 'ctx.sleepUntil takes an instant in epoch milliseconds');
    const { timers } = this.#execution;
    const answered = this.#ask(attempt, 'ctx.sleepUntil', TellText.SleepUntil, '', at > timers.now() ? at : undefined, 8);
    let deadline: unknown = at;
    if (typeof answered === 'object') {
      if ('wait' in answered) await answered.wait;
      else deadline = answered.value ?? at;
    }
    const left = (deadline as number) - timers.now();
    if (left > 0) await this.#requests.sleep(attempt, left);
  }

  /** @throws RunCancelled: the attempt is over. */
  #ask(attempt: Attempt, what: string, call: number, text: string, value?: unknown, bytes = 8): Answered {
    const { pump, arena } = this.#execution;
    let answered: Answered = Asked.Over;
    if (!attempt.isOver) {
      pump.enter(() => {
        const count = pump.tellText(call, attempt.index, attempt.ticket, value === undefined ? NONE : arena.put(value), '', text, bytes);
        const number = pump.ask(Ask.Asked);
        if (number >= FIRST_WAIT) answered = { wait: this.#requests.wait(attempt, number) };
        else answered = number < 0 ? number : { value: number === 0 ? undefined : lend(arena.get(number - 1)) };
        return count;
      }, attempt.frame);
    }
    if (answered === Asked.Over) throw attempt.abortedWith ?? atAttempt(attempt, 'RUN_CANCELLED', `${what} was called after its attempt was over`);
    return answered;
  }
}

/** One that nobody awaits must not end the process when it is cut short. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function atAttempt({ node, step }: Attempt, code: ErrorCode, message: string): WeaveError {
  return createError(code, message, { node, step });
}

function wrong(attempt: Attempt, message: string): WeaveError {
  return atAttempt(attempt, 'NODE_INVALID_RESULT', message);
}
