/**
 * A step of one task, told in one call: as the engine offered, the writes are folded and the route is asked before it hears of the result.
 *
 * It must not decide where an answer leads, nor what becomes of a failure: the engine does. Invariant: whoever calls the run from within
 * a reducer, a key function or the route finds an engine that knows of the result.
 */

import type { BarrierCalls } from './barrier-calls.js';
import type { Attempt } from './context.js';
import type { Execution } from './execution.js';
import type { Pump } from './pump.js';
import type { PlainUpdate } from './updates.js';
import { NONE, Tell } from './words.js';

/** What `RawRun.step` is told: how far it went. */
const Progress = { Nothing: 0, Folded: 1, Routed: 2 } as const;

/** `Attempt.solo`: 0 is none, 1 folds only, and from 2 on a route. */
const FIRST_ROUTE = 2;

export class SoloStep {
  readonly #execution: Execution;
  readonly #pump: Pump;
  readonly #barrier: BarrierCalls;
  /** The one under way, until the engine knows of it. */
  #attempt: Attempt | undefined;
  #update!: PlainUpdate;
  #handle = NONE;
  #hasFolded = false;
  #changed = 0;

  constructor(execution: Execution, pump: Pump, barrier: BarrierCalls) {
    this.#execution = execution;
    this.#pump = pump;
    this.#barrier = barrier;
  }

  /** Returns the count of words. */
  step(attempt: Attempt, update: PlainUpdate): number {
    const { arena } = this.#execution;
    const { state } = attempt.frame;
    const { value } = update;
    this.#attempt = attempt;
    this.#update = update;
    this.#handle = value === undefined ? NONE : arena.put(value);
    this.#hasFolded = false;
    state.begin();
    let channel = 0;
    try {
      for (let left = update.mask; left !== 0; left &= left - 1) {
        channel = 31 - Math.clz32(left & -left);
        state.write(channel, value, false);
      }
    } catch (thrown) {
      this.interrupt();
      return this.#barrier.foldThrew(channel, thrown);
    }
    this.#changed = state.endFolds();
    // The run was called meanwhile: the engine waits for what it said is to be done.
    if (this.#attempt === undefined) return this.#pump.tell(Tell.Applied, this.#changed, 0, 0, 0, this.#execution.storedBytes);
    this.#hasFolded = true;
    if (attempt.solo < FIRST_ROUTE) return this.#tell(Progress.Routed, NONE);
    return this.#route(attempt.solo - FIRST_ROUTE);
  }

  #route(id: number): number {
    let answer: unknown;
    try {
      answer = this.#barrier.ask(id);
    } catch (thrown) {
      this.interrupt();
      return this.#barrier.routeThrew(0, thrown);
    }
    const node = typeof answer === 'string' ? this.#pump.here.app.routes[id]!.targets.get(answer) : undefined;
    if (node !== undefined && this.#attempt !== undefined) return this.#tell(Progress.Routed, node);
    this.interrupt();
    return this.#barrier.answered(0, id, answer);
  }

  /** The engine has to know of what was done so far, before it hears of anything else. */
  interrupt(): void {
    if (this.#attempt !== undefined) this.#pump.take(this.#tell(this.#hasFolded ? Progress.Folded : Progress.Nothing, NONE));
  }

  #tell(progress: number, node: number): number {
    const { index, ticket, frame } = this.#attempt!;
    const { bytes, mask } = this.#update;
    const { arena, timers } = this.#execution;
    this.#attempt = undefined;
    this.#pump.here = frame;
    const raw = this.#pump.heard();
    const now = (this.#pump.now = timers.now());
    const count = raw === undefined ? -1 : raw.step(now, index, ticket, this.#handle, bytes, mask, progress, this.#changed, this.#execution.storedBytes, node);
    if (count >= 0) return count;
    // It was over before it had returned.
    frame.state.rollback();
    if (this.#handle !== NONE) arena.release(this.#handle);
    return 0;
  }
}
