/**
 * Makes a session of a checkpoint of another one, which goes on with its log.
 *
 * Owns where the new session begins. It must not know how a store shares records. What it costs does not follow from how long the log is: it
 * reads what a resume would read, finds a step by halving, and writes one record and a row.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { engine } from './engine.js';
import { createError } from './errors.js';
import { copyBase } from './fork-base.js';
import type { ForkBase, LogStore, SessionRow, StoredRecord } from './log-store.js';
import { hasSnapshot, notFound, PAGE, Reading, snapshotSlot, withLog } from './restore.js';
import { holdSession, rowOf } from './session-admin.js';
import { checkRecord } from './session-prune.js';
import type { StoreHandle } from './store-handle.js';

/** Records that are looked at for one that completes a step. */
const FEW = 8;
/** How often what it is about to share may be pruned. */
const MOST_TRIES = 5;

/** What is written for a fork. */
interface Beginning {
  readonly base: ForkBase;
  readonly record: StoredRecord;
  readonly row: SessionRow;
}

/** @throws WeaveError SESSION_NOT_FOUND, SESSION_BUSY; RunFailed RUN_INVALID_OPTION; CheckpointError CHECKPOINT_* */
export async function forkSession(app: AppCore, handle: StoreHandle, store: LogStore, sessionId: string, step: number | undefined, as: string | undefined): Promise<string> {
  const id = as ?? engine().newId();
  const refuseTaken = async (): Promise<void> => {
    if ((await rowOf(store, id)) !== undefined) throw createError('RUN_INVALID_OPTION', `there is a session \`${id}\` already; give another id in \`as\`, or delete that one first`, { sessionId: id });
  };
  await refuseTaken();
  const release = await holdSession(handle, store, id);
  try {
    for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
      const { base, record, row } = await find(app, store, sessionId, step);
      if ((await store.newest(id)) !== undefined) {
        await refuseTaken();
        // What an import left that did not come to its end.
        await store.drop(id, 'all');
      }
      const answer = await (store.fork === undefined ? copyBase(store, id, base, record, row) : store.fork(id, base, record, row));
      if (answer === 'taken') await refuseTaken();
      if (answer === 'ok') {
        handle.announce(id, store);
        return id;
      }
    }
  } finally {
    release();
  }
  throw createError('CHECKPOINT_CONFLICT', `session \`${sessionId}\` is being pruned, or \`${id}\` written; try again`, { sessionId });
}

async function find(app: AppCore, store: LogStore, sessionId: string, step: number | undefined): Promise<Beginning> {
  const newest = await store.newest(sessionId);
  if (newest === undefined) throw notFound(sessionId);
  const last = step === undefined ? newest : await recordOf(store, sessionId, step, newest);
  const isInside = step !== undefined && hasSnapshot(last.bytes) && checkRecord(last, sessionId)[5] !== step;
  const [previous] = isInside ? await store.read(sessionId, last.slot - 1, 1) : [last];
  const snapshot = snapshotSlot(app, sessionId, previous!);
  return withLog(app, async (log) => {
    const reading = new Reading(app, sessionId, new Arena(), undefined, log);
    for (let slot = snapshot; slot <= last.slot; ) {
      const page = await store.read(sessionId, slot, Math.min(PAGE, last.slot - slot + 1));
      if (page[0]?.slot !== slot && step !== undefined) throw noStep(sessionId, step);
      if (page.length === 0) throw reading.missing(slot);
      if (slot === snapshot) reading.beginAt(slot);
      for (const record of page) reading.read(record, step ?? -1, false);
      slot = page.at(-1)!.slot + 1;
    }
    const { seq, isAtGoal } = reading.described();
    if (step !== undefined && isAtGoal !== true) throw noStep(sessionId, step);
    const [firstSeq, events] = checkRecord(last, sessionId);
    const [runId, at] = [engine().newId(), Date.now()];
    const record = { slot: last.slot + 1, bytes: log.fork(runId, sessionId, at, snapshot), values: [] };
    const { status, step: reached } = reading.described();
    return {
      base: { sessionId, slot: last.slot, snapshot, ...(seq < firstSeq + events - 1 && { cut: seq }) },
      record,
      row: { runId, status, step: reached, at, createdAt: at },
    };
  });
}

/** The record that completes a step; step 0 is the first record. */
async function recordOf(store: LogStore, sessionId: string, step: number, newest: StoredRecord): Promise<StoredRecord> {
  let [low, high] = step === 0 ? [0, 0] : [0, newest.slot];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = await nextWithSteps(store, sessionId, middle, high, step);
    if (found === undefined) high = middle - 1;
    else if (found.first > step) high = middle - 1;
    else if (found.last < step) low = found.record.slot + 1;
    else return found.record;
  }
  throw noStep(sessionId, step);
}

async function nextWithSteps(store: LogStore, sessionId: string, from: number, upTo: number, step: number): Promise<{ record: StoredRecord; first: number; last: number } | undefined> {
  for (let slot = from; slot <= upTo; ) {
    const page = await store.read(sessionId, slot, FEW);
    for (const record of page) {
      if (record.slot > upTo) return undefined;
      const [, events, , , first, last] = checkRecord(record, sessionId);
      if (step === 0 && events > 0) return { record, first: 0, last: 0 };
      if (first !== undefined) return { record, first, last: last! };
    }
    if (page.length < FEW) return undefined;
    slot = page.at(-1)!.slot + 1;
  }
  return undefined;
}

function noStep(sessionId: string, step: number): Error {
  return createError('RUN_INVALID_OPTION', `session \`${sessionId}\` has no step ${step}, or it was pruned; \`history\` lists those that are there`, { sessionId, details: { step } });
}
