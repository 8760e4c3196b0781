/**
 * What the calls of an AppRunner do with its app. Loaded with the first one.
 *
 * Owns nothing: sessions are the store's, runs the app's. It must not know in which order calls come: the runner keeps it.
 */

import { App } from './app.js';
import type { StepOptions, StepReport } from './app-runner.js';
import { readBreakpoints } from './breakpoints.js';
import { createError, type WeaveError } from './errors.js';
import type { WeaveEvent } from './events.js';
import type { Execution } from './execution.js';
import type { SessionRow } from './log-store.js';
import type { ReadOptions } from './read-options.js';
import { notFound } from './restore.js';
import { RunHandle } from './run.js';
import type { RunOptions } from './run-options.js';
import { rowOf } from './session-admin.js';
import { Kind } from './words.js';

/** What a call is about. */
export interface RunnerCalls {
  readonly app: App<any, any>;
  readonly sessionId: string;
  /** Told of each run, before it does anything. */
  begun(execution: Execution): void;
}

type Update = Readonly<Record<string, unknown>> | undefined;

/** As `RawRun` numbers them. */
const AFTER_EACH_STEP = 1;
const BEFORE_THE_FIRST = 2;

function begin({ app, sessionId, begun }: RunnerCalls, input: Update, options: RunOptions<any>, manner: Partial<ReadOptions>, isResume: boolean): Execution {
  const execution = App.begin(app, input, isResume ? options : { ...options, sessionId }, isResume ? { sessionId, answers: undefined } : undefined, manner);
  begun(execution);
  return execution;
}

export async function createSession(calls: RunnerCalls, input: Update, entry: Uint32Array | undefined): Promise<{ resumed: boolean; step: number }> {
  const { app, sessionId } = calls;
  const known = await app.getState(sessionId);
  if (known !== null) {
    if (input !== undefined) throw takesNoInput(sessionId, known.status === 'completed');
    return { resumed: true, step: known.step };
  }
  const execution = begin(calls, input, {}, { pause: BEFORE_THE_FIRST, entry, storesStart: true }, false);
  const { status } = await new RunHandle(execution, false).result;
  // What it has to run may be nothing.
  if (status !== 'interrupted' && status !== 'completed') await new RunHandle(execution, false).join();
  return { resumed: false, step: 0 };
}

function takesNoInput(sessionId: string, isComplete: boolean): WeaveError {
  const message = `there is a session \`${sessionId}\`, which has its input; leave the input out to go on with it, or hand it in with invokeNext`;
  return createError(isComplete ? 'RUN_INVALID_OPTION' : 'SESSION_UNFINISHED', message, { sessionId });
}

export async function runStep(calls: RunnerCalls, options: StepOptions): Promise<StepReport<any>> {
  const { interruptBefore, interruptAfter, interruptEachStep = false, ...unknown } = options;
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw createError('RUN_INVALID_OPTION', `runStep has no option \`${name}\``);
  if (typeof interruptEachStep !== 'boolean') throw createError('RUN_INVALID_OPTION', 'interruptEachStep is neither true nor false');
  readBreakpoints(App.partsOf(calls.app).core, options);
  // To go on with it would be two events in its log.
  if (await isComplete(calls)) return { status: 'completed', ...(await standing(calls)), done: true };
  const execution = begin(calls, undefined, { interruptBefore, interruptAfter }, { pause: AFTER_EACH_STEP }, true);
  const steps = execution.readers.open({ mask: 1 << Kind['step.completed'], capacity: 0xffff_ffff, waits: false, keeps: undefined, after: undefined, signal: undefined });
  const run = new RunHandle(execution, false);
  const result = await run.result;
  const pauses = result.status === 'interrupted' ? result.interrupts : [];
  // A failure, a cancel, and a node that asks are told as of any run.
  if (result.status === 'failed' || result.status === 'cancelled' || pauses.some(({ reason }) => reason === 'node')) await run.join();
  let last: Extract<WeaveEvent, { type: 'step.completed' }> | undefined;
  for await (const event of steps) if (event.type === 'step.completed' && event.path === undefined) last = event;
  const done = result.status === 'completed';
  const report = last === undefined ? await standing(calls) : { step: last.step, ran: last.ran, skipped: last.skipped, updatedChannels: last.updatedChannels, nextFrontier: last.next, state: run.state };
  const pause = pauses.find(({ reason }) => reason === 'after') ?? pauses[0];
  if (pause !== undefined) return { status: 'paused', reason: { kind: pause.reason as 'before' | 'after', node: pause.node }, ...report, done };
  if (interruptEachStep && !done) return { status: 'paused', reason: { kind: 'step', step: report.step }, ...report, done };
  return { status: 'completed', ...report, done };
}

/** A session of which nothing was run. */
async function standing({ app, sessionId }: RunnerCalls): Promise<Omit<StepReport<any>, 'status' | 'reason' | 'done'>> {
  const { step, frontier, state } = (await app.getState(sessionId))!;
  return { step, ran: [], skipped: [], updatedChannels: [], nextFrontier: frontier, state };
}

export async function runUntilComplete(calls: RunnerCalls): Promise<unknown> {
  if (await isComplete(calls)) return (await standing(calls)).state;
  return new RunHandle(begin(calls, undefined, {}, {}, true), false).join();
}

export async function invokeNext(calls: RunnerCalls, input: Update, entry: Uint32Array | undefined, options: RunOptions<any>): Promise<unknown> {
  const { status, step } = await findRow(calls);
  // Of a session that was only created, nothing is dropped but its first frontier, which this one is in place of.
  const isNew = status === 'interrupted' && step === 0 && (await calls.app.getState(calls.sessionId))?.interrupts.length === 0;
  return new RunHandle(begin(calls, input, isNew ? { ...options, abandon: true } : options, { entry, storesStart: true }, false), false).join();
}

/** @throws WeaveError SESSION_NOT_FOUND */
export async function findRow({ app, sessionId }: RunnerCalls): Promise<SessionRow> {
  const row = await rowOf(await App.partsOf(app).openStore(), sessionId);
  if (row === undefined) throw notFound(sessionId);
  return row;
}

/** Its last run came to its end. */
async function isComplete(calls: RunnerCalls): Promise<boolean> {
  return (await findRow(calls)).status === 'completed';
}
