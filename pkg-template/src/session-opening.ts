/**
 * Opens a session for a run: its store, the claim that keeps other realms off, their word, and what its log says.
 */

import { busy, type Execution } from './execution.js';
import type { Claims } from './log-store.js';
import { restore, type RawLog } from './restore.js';

/** How often a claim is asked for whose owner went as it was asked for. */
const MOST_TRIES = 3;

/**
 * The session as it stands, once it is the run's; `undefined` if the signal aborts. What it takes is given back as the run ends.
 *
 * @throws WeaveError SESSION_BUSY, SESSION_NOT_FOUND; CheckpointError CHECKPOINT_*
 */
export async function openSession(execution: Execution, isResume: boolean, signal: AbortSignal): Promise<RawLog | undefined> {
  const { app, sessionId, options, arena, state, inner, onEnd } = execution;
  const store = (execution.store = await options.handle!.open());
  // A run that begins again has them already.
  if (onEnd.length === 0) {
    if (store.claims !== undefined && !signal.aborted) await claim(execution, store.claims, signal);
    if (signal.aborted) return undefined;
    const unlisten = store.word?.listen((message) => {
      if (message.kind === 'cancel' && message.sessionId === sessionId) void execution.cancel(message.reason).catch(() => undefined);
    });
    if (unlisten !== undefined) onEnd.push(unlisten);
  }
  const { observation } = execution.pump;
  const from = observation && execution.timers.now();
  const log = await restore(app, sessionId, store, arena, state, inner, isResume);
  if (from !== undefined && log.runId() !== '') observation!.loaded((log.describe() as Array<{ step: number }>).at(-1)!.step, execution.timers.now() - from);
  return log;
}

async function claim(execution: Execution, claims: Claims, signal: AbortSignal): Promise<void> {
  const { sessionId, options, onEnd } = execution;
  for (let tries = 1; ; tries += 1) {
    const answer = await claims.claim(sessionId, options.whenBusy, signal, () => execution.lost());
    if (!('owner' in answer)) {
      if (signal.aborted) answer.release();
      else onEnd.push(() => answer.release());
      return;
    }
    if (answer.owner !== '' || tries === MOST_TRIES) throw busy(sessionId, answer.owner, false);
  }
}
