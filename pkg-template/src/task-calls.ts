/**
 * Calls of nodes, `onError` and `retryOn`: what they return or throw goes back to the engine.
 *
 * Owns the attempts under way. It must not decide what becomes of a result: the engine does. Invariant: an attempt that
 * is over tells nothing any more.
 */

import { Attempt } from './context.js';
import { createError, type WeaveError } from './errors.js';
import type { Execution } from './execution.js';
import { takeError } from './failures.js';
import type { NodeOptions } from './nodes.js';
import type { Pump } from './pump.js';
import { asPromise, isThenable } from './thenable.js';
import { isA } from './thrown.js';
import { readReturn, UnknownTarget, WordyReturn, type PlainUpdate } from './updates.js';
import { lend } from './values.js';
import { Abort, Ask, NONE, Tell, TellText, TellWith } from './words.js';

export class TaskCalls {
  readonly #execution: Execution;
  readonly #pump: Pump;

  constructor(execution: Execution, pump: Pump) {
    this.#execution = execution;
    this.#pump = pump;
  }

  run(queue: readonly number[], at: number): void {
    if (this.#pump.generation !== queue[at + 7]) return;
    const index = queue[at + 1]!;
    const frame = this.#pump.here;
    const node = queue[at + 3]!;
    // Of what is void in a sub-graph the generation says nothing.
    if (frame.id !== 0 && this.#pump.ask(Ask.IsRunning, index, queue[at + 2]!) !== 1) return;
    const input = queue[at + 9]! === 0 ? undefined : lend(this.#execution.arena.get(queue[at + 9]! - 1));
    const attempt = new Attempt(this.#execution, index, queue[at + 2]!, node, queue[at + 5]!, queue[at + 6]!, queue[at + 4]!, input, frame);
    attempt.solo = queue[at + 8]!;
    frame.attempts[index] = attempt;
    let result: unknown;
    try {
      result = frame.app.nodes[node]!.run(frame.state.viewForTask() as any, attempt as any);
      // A thenable of the user's may throw here, too.
      if (isThenable(result)) return this.#await(attempt, result);
    } catch (thrown) {
      this.#pump.take(this.threw(attempt, thrown));
      return;
    }
    this.#pump.take(this.returned(attempt, result));
  }

  #await(attempt: Attempt, result: PromiseLike<unknown>, told?: WeaveError): void {
    asPromise(result).then(
      (value) => this.#pump.returned(attempt, value),
      (thrown: unknown) => this.#pump.enter(() => this.#rethrew(attempt, thrown, told)),
    );
  }

  returned(attempt: Attempt, result: unknown): number {
    if (attempt.isOver || attempt.isParked) return 0;
    let read: PlainUpdate | WordyReturn;
    try {
      read = readReturn(attempt.frame.app, result, this.#execution.arena);
    } catch (thrown) {
      if (!isA(thrown, UnknownTarget)) return this.threw(attempt, thrown, true);
      attempt.isOver = true;
      this.#pump.here = attempt.frame;
      return this.#pump.tellText(TellText.UnknownTarget, attempt.index, attempt.ticket, NONE, '', thrown.name);
    }
    attempt.isOver = true;
    this.#pump.here = attempt.frame;
    const { arena } = this.#execution;
    const { index, ticket } = attempt;
    if (read instanceof WordyReturn) {
      const { update, words } = read;
      return this.#pump.tellWith(TellWith.Settled, index, ticket, update.value === undefined ? NONE : arena.put(update.value), update.bytes, 0, words);
    }
    if (attempt.solo > 0) return this.#pump.stepAlone(attempt, read);
    return this.#pump.tell(Tell.Settled, index, ticket, read.value === undefined ? NONE : arena.put(read.value), read.bytes, read.mask);
  }

  /** `isComplaint`: the result was wrong; nothing was thrown by the user. */
  threw(attempt: Attempt, thrown: unknown, isComplaint = false): number {
    if (attempt.isOver || attempt.isParked) return 0;
    attempt.isOver = true;
    this.#pump.here = attempt.frame;
    const { code, text, handle } = this.#execution.keepThrown(thrown, isComplaint, 'NODE_THREW');
    return this.#pump.tellText(TellText.Threw, attempt.index, attempt.ticket, handle, code, text);
  }

  /** What `onError` throws; if that is the error it was told, the failure stays what it was. */
  #rethrew(attempt: Attempt, thrown: unknown, told: WeaveError | undefined): number {
    if (thrown !== told || told === undefined) return this.threw(attempt, thrown);
    return told.code === 'NODE_THREW' ? this.threw(attempt, told.cause) : this.threw(attempt, told, true);
  }

  #options(attempt: Attempt): NodeOptions {
    return attempt.frame.app.nodes[attempt.nodeId]!.options;
  }

  rescue(index: number, token: number, failure: number): void {
    const frame = this.#pump.here;
    const failed = frame.attempts[index];
    if (failed === undefined) return;
    const error = takeError(failure, this.#execution.arena, frame.names(this.#execution.names), this.#execution);
    const attempt = new Attempt(this.#execution, index, token, failed.nodeId, failed.step, failed.task, failed.attempt, failed.input, frame);
    frame.attempts[index] = attempt;
    let result: unknown;
    try {
      result = this.#options(attempt).onError?.(error, frame.state.viewForTask() as any, attempt as any);
      if (isThenable(result)) return this.#await(attempt, result, error);
    } catch (thrown) {
      this.#pump.take(this.#rethrew(attempt, thrown, error));
      return;
    }
    this.#pump.take(this.returned(attempt, result));
  }

  askRetry(index: number, token: number, count: number, failure: number): void {
    const frame = this.#pump.here;
    const attempt = frame.attempts[index]!;
    const error = takeError(failure, this.#execution.arena, frame.names(this.#execution.names), this.#execution);
    let retries: boolean;
    try {
      const told = error.code === 'NODE_THREW' && 'cause' in error ? error.cause : error;
      retries = this.#options(attempt).retry?.retryOn?.(told, count) === true;
    } catch (thrown) {
      const kept = this.#execution.keepThrown(thrown, false, 'NODE_THREW');
      this.#pump.take(this.#pump.tellText(TellText.Threw, index, token, kept.handle, kept.code, `retryOn threw: ${kept.text}`));
      return;
    }
    this.#pump.take(this.#pump.tell(Tell.RetryAnswer, index, token, retries ? 1 : 0));
  }

  abort(index: number, token: number, why: number): void {
    const attempt = this.#pump.here.attempts[index];
    if (attempt === undefined || attempt.ticket !== token) return;
    const place = { node: attempt.node, step: attempt.step, runId: this.#execution.runId, sessionId: this.#execution.sessionId };
    let error: WeaveError;
    if (why === Abort.Timeout) error = createError('NODE_TIMEOUT', `node \`${attempt.node}\` did not finish within its timeoutMs`, place);
    else if (why === Abort.Interrupt) error = createError('RUN_INTERRUPTED', 'the run waits for answers', place);
    else if (why === Abort.Cancel) error = createError('RUN_CANCELLED', this.#execution.cancelReason ?? 'the run was cancelled', place);
    else error = createError('RUN_CANCELLED', 'the step broke off: another task of it, or the run, has failed', place);
    attempt.abort(error);
    this.#execution.requests.cutShort(attempt, error);
  }

  /** The run is over. Attempts that still run ignored their signal, or the engine is lost. */
  abandon(): void {
    const attempts = this.#pump.frames().flatMap((frame) => frame.attempts);
    if (!attempts.some((attempt) => attempt?.isOver === false)) return;
    const { runId, sessionId } = this.#execution;
    const error = createError('RUN_CANCELLED', 'the run is over', { runId, sessionId });
    for (const attempt of attempts) {
      // The sleep of one that has settled without it stays as it is: nobody waits for it.
      if (attempt === undefined || attempt.isOver) continue;
      this.#execution.requests.cutShort(attempt, error);
      attempt.abort(error);
    }
  }
}
