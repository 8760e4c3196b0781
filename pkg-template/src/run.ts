/**
 * What a caller holds of a run. It owns nothing: the execution does.
 */

import type { Channels, StateOf } from './channels.js';
import { asRunFailed, createError } from './errors.js';
import type { RunEvents } from './event-stream.js';
import type { EventStream, SubscribeOptions, WeaveEvent } from './events.js';
import type { Execution } from './execution.js';
import { readSubscription } from './read-options.js';
import { when } from './requests.js';
import type { Run, RunResult } from './results.js';
import type { RunStatus } from './sessions.js';

export class RunHandle<C extends Channels> implements Run<C> {
  readonly #execution: Execution;
  readonly #isAttached: boolean;
  readonly #own: RunEvents | undefined;
  #result: Promise<RunResult<C>> | undefined;

  /** `isExposed`: the caller may read events; `isAttached`: another one has begun the run. */
  constructor(execution: Execution, isExposed: boolean, isAttached = false) {
    this.#execution = execution;
    this.#isAttached = isAttached;
    if (!isExposed) return;
    execution.readers.expose();
    this.#own = execution.readers.openOwn(isAttached);
  }

  get id(): string {
    return this.#execution.runId;
  }
  get sessionId(): string {
    return this.#execution.sessionId;
  }
  get status(): RunStatus {
    return this.#execution.status;
  }
  get state(): StateOf<C> {
    return this.#execution.state.committed() as StateOf<C>;
  }

  get result(): Promise<RunResult<C>> {
    const execution = this.#execution;
    execution.readers.excuse(this.#isAttached);
    const ended = (): Promise<unknown> => (this.#isAttached ? when(() => execution.terminal !== undefined, (wake) => void execution.ended.then(wake)) : execution.ended);
    return (this.#result ??= ended().then(() => this.#toResult(execution.terminal!)));
  }

  async join(): Promise<StateOf<C>> {
    const result = await this.result;
    const place = { runId: result.runId, sessionId: result.sessionId };
    switch (result.status) {
      case 'completed':
        return result.state;
      case 'cancelled':
        throw createError('RUN_CANCELLED', result.reason ?? 'the run was cancelled', place);
      case 'interrupted':
        throw createError('RUN_INTERRUPTED', 'the run waits for answers', { ...place, interrupts: result.interrupts });
      case 'failed':
        throw asRunFailed(result.error);
    }
  }

  cancel(reason?: string): Promise<void> {
    return this.#execution.cancel(reason);
  }

  events(options: SubscribeOptions = {}): EventStream {
    return this.#execution.readers.open(readSubscription(options, false));
  }

  [Symbol.asyncIterator](): AsyncIterator<WeaveEvent, undefined> {
    return this.#own!;
  }

  #toResult(event: WeaveEvent): RunResult<C> {
    const { runId, sessionId, steps } = this.#execution;
    const state = this.#execution.state.committed() as StateOf<C>;
    switch (event.type) {
      case 'run.completed':
        return { status: 'completed', runId, sessionId, steps, durationMs: event.durationMs, reason: event.reason, waiting: event.waiting ?? [], state };
      case 'run.cancelled': {
        const result: RunResult<C> = { status: 'cancelled', runId, sessionId, steps, durationMs: event.durationMs, state };
        if (event.reason !== undefined) result.reason = event.reason;
        return result;
      }
      case 'run.failed':
        return { status: 'failed', runId, sessionId, steps, durationMs: event.durationMs, error: this.#execution.error!, state };
      case 'run.interrupted':
        return { status: 'interrupted', runId, sessionId, steps, durationMs: this.#execution.durationMs, interrupts: event.interrupts, state };
      default:
        throw new Error(`a run ended with ${event.type}`);
    }
  }
}
