/**
 * Keeps requests that share an isolate apart: nothing of one is called in another one's turn. Whoever waits for another request's run looks
 * on timers of its own; what is to happen to a run waits in its inbox, which it empties on its own timer.
 *
 * A request that ends, or whose client goes away, takes its timers along: a run that has not looked into its inbox for long is taken for gone,
 * and what it held is given back, as after a crash.
 *
 * Owns the inboxes. Invariant: they hold plain data and functions, nothing that belongs to a request.
 */

// All that the entries share stays in one module; see scripts/facade.mjs.
import './index.js';

import { forget, instanceNumber } from './engine.js';
import { createError } from './errors.js';
import type { Execution } from './execution.js';
import type { Inbox } from './requests.js';

/** Between two looks of whoever waits, in milliseconds. */
const SHORTEST_MS = 100;
const LONGEST_MS = 1000;
/** Between two looks of a run into its inbox. */
const BEAT_MS = 250;
/** After which a run is taken for gone. */
const SILENT_MS = 5000;

const inboxes = new Set<RunInbox>();

class RunInbox implements Inbox {
  /** When the run last had a turn for certain. */
  beatAt = Date.now();
  #posted: Array<() => void> = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly execution: Execution) {
    inboxes.add(this);
    this.#beat();
  }

  #beat(): void {
    this.#timer = setTimeout(() => {
      this.beatAt = Date.now();
      const posted = this.#posted;
      this.#posted = [];
      this.#beat();
      for (const call of posted) call();
    }, BEAT_MS);
  }

  post(call: () => void): void {
    this.#posted.push(call);
  }

  close(): void {
    inboxes.delete(this);
    clearTimeout(this.#timer);
  }
}

export function open(execution: Execution): Inbox {
  return new RunInbox(execution);
}

export function poll(look: () => boolean): void {
  const wait = (ms: number): void => {
    setTimeout(() => {
      sweep();
      if (!look()) wait(Math.min(2 * ms, LONGEST_MS));
    }, ms);
  };
  wait(SHORTEST_MS);
}

export function sweep(): void {
  const now = Date.now();
  for (const inbox of inboxes) {
    if (now - inbox.beatAt < SILENT_MS) continue;
    inboxes.delete(inbox);
    giveUp(inbox);
  }
}

/** What others share with the run is given back now; should its request turn up after all, it is told there. */
function giveUp(inbox: RunInbox): void {
  const { execution } = inbox;
  const { runId, sessionId, pump, instance, keeper, readers } = execution;
  const terminal = execution.failure(createError('CHECKPOINT_CONFLICT', `the request of run \`${runId}\` is gone; resume its session, if it is stored`, { runId, sessionId }));
  execution.terminal = terminal;
  forget(execution);
  const { raw } = pump;
  pump.raw = undefined;
  if (instance === instanceNumber()) raw?.free();
  keeper.ended(execution);
  readers.lose(terminal, true);
  inbox.post(() => execution.breakOff(terminal));
}
