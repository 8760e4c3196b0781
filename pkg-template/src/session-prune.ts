/**
 * Drops old records of sessions.
 *
 * Owns the reading of a policy and the choice of a snapshot to begin at. Invariant: what stays is a snapshot with all that came after it,
 * and the records that took a session up, so that whoever wrote before such a takeover still finds its next slot taken.
 */

import { Arena } from './arena.js';
import { engine, isTrap, reportTrap } from './engine.js';
import { Names, toError, type FailureParts } from './failures.js';
import type { LogStore, StoredRecord } from './log-store.js';
import { readSessionId } from './read-options.js';
import { allRecords, allRows, invalid, rowOf } from './session-admin.js';
import type { Pruned, PrunePolicy, RunStatus } from './sessions.js';
import { isOurs, sizeOf } from './values.js';

/** Bits of `recordFlags`. */
const SNAPSHOT = 1;
const TAKEOVER = 2;

/** What one record counts for. */
interface Counted {
  readonly slot: number;
  readonly flags: number;
  readonly storedAt: number;
  readonly bytes: number;
  readonly isSized: boolean;
  readonly events: number;
  readonly checkpoints: number;
}

/** @throws RunFailed RUN_INVALID_OPTION */
function checkPolicy(policy: unknown): PrunePolicy {
  if (typeof policy !== 'object' || policy === null) throw invalid('the policy', 'an object');
  const { keepLast, olderThanMs, maxBytes, finishedOnly, sessionId, ...rest } = policy as PrunePolicy;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw invalid(`the policy's \`${unknown}\``, 'known; there are keepLast, olderThanMs, maxBytes, finishedOnly and sessionId');
  for (const [name, value] of Object.entries({ keepLast, olderThanMs, maxBytes })) {
    if (value !== undefined && !(typeof value === 'number' && value >= 0)) throw invalid(name, 'a number from 0');
  }
  if (finishedOnly !== undefined && typeof finishedOnly !== 'boolean') throw invalid('finishedOnly', 'true or false');
  if (sessionId !== undefined) readSessionId(sessionId);
  if (keepLast === undefined && olderThanMs === undefined && maxBytes === undefined) throw invalid('the policy', 'complete; say what may go by keepLast, olderThanMs or maxBytes');
  return policy;
}

/** Prunes one session or all, as of `now`. @throws RunFailed RUN_INVALID_OPTION, CheckpointError CHECKPOINT_* */
export async function prune(store: LogStore, given: PrunePolicy, now = Date.now()): Promise<Pruned> {
  const policy = checkPolicy(given);
  const total = { checkpoints: 0, events: 0, bytes: 0, isSized: false };
  const pruneOne = async (sessionId: string, status: RunStatus): Promise<void> => {
    if (policy.finishedOnly === true && (status === 'running' || status === 'interrupted')) return;
    const records: Counted[] = [];
    for await (const record of allRecords(store, sessionId)) records.push(count(record, sessionId));
    const gone = chosen(records, policy, now);
    if (gone.length === 0) return;
    const isKept = ({ flags }: Counted): boolean => (flags & TAKEOVER) !== 0;
    const upTo = gone.at(-1)!.slot;
    const keep = records.filter((record) => record.slot <= upTo && isKept(record)).map(({ slot }) => slot);
    const stays = await store.drop(sessionId, { upTo, keep, bytes: sum(gone, 'bytes') });
    const dropped = gone.filter(({ slot }) => !stays.some(([first, last]) => first <= slot && slot <= last));
    total.checkpoints += sum(dropped, 'checkpoints');
    total.events += sum(dropped, 'events');
    total.bytes += sum(dropped, 'bytes');
    total.isSized ||= dropped.some(({ isSized }) => isSized);
  };
  if (policy.sessionId !== undefined) {
    const row = await rowOf(store, policy.sessionId);
    if (row !== undefined) await pruneOne(policy.sessionId, row.status);
  } else {
    for await (const { sessionId, row } of allRows(store)) await pruneOne(sessionId, row.status);
  }
  const { checkpoints, events, bytes, isSized } = total;
  return { checkpoints, events, ...((isSized || bytes === 0) && { bytes }) };
}

/** The records that go: those before the snapshot that is the furthest that the policy allows, without takeovers. */
function chosen(records: readonly Counted[], { keepLast, olderThanMs, maxBytes }: PrunePolicy, now: number): Counted[] {
  let size = sum(records, 'bytes');
  let checkpoints = sum(records, 'checkpoints');
  let start = 0;
  // With `olderThanMs: 0` what was stored in this millisecond may go too.
  const isOld = ({ storedAt }: Counted): boolean => olderThanMs === undefined || now - storedAt >= olderThanMs;
  for (const [index, record] of records.entries()) {
    // What is before this one would go. A snapshot stands for the state after the last step of its record.
    if ((record.flags & SNAPSHOT) !== 0) {
      const kept = checkpoints - Math.max(record.checkpoints - 1, 0);
      if (keepLast !== undefined && kept < keepLast) break;
      if (index > start && maxBytes !== undefined && size + sum(records.slice(start, index), 'bytes') <= maxBytes) break;
      start = index;
    }
    if (!isOld(record)) break;
    size -= record.bytes;
    checkpoints -= record.checkpoints;
  }
  return records.slice(0, start).filter(({ flags }) => (flags & TAKEOVER) === 0);
}

function count(record: StoredRecord, sessionId: string): Counted {
  const { slot, bytes, storedAt = 0, size } = record;
  const [, events, checkpoints] = checkRecord(record, sessionId);
  const inMemory = (): number => record.values.reduce<number>((total, value) => total + sizeOfStored(value), bytes.length);
  return { slot, storedAt, flags: engine().recordFlags(bytes), bytes: size ?? inMemory(), isSized: size !== undefined, events, checkpoints };
}

/** An update is no copy itself, but holds copies by channel. */
function sizeOfStored(value: unknown): number {
  if (typeof value !== 'object' || value === null || isOurs(value)) return sizeOf(value);
  return Object.values(value).reduce<number>((total, part) => total + sizeOf(part), 16);
}

function sum(records: readonly Counted[], key: 'bytes' | 'events' | 'checkpoints'): number {
  return records.reduce((total, record) => total + record[key], 0);
}

/**
 * Reads a record by itself: the number of its first event, its events, how many of them complete a step, 1 if one is whole only with earlier
 * records, and the first and the last of these steps.
 *
 * @throws CheckpointError CHECKPOINT_CORRUPT, CHECKPOINT_VERSION
 */
export function checkRecord(record: StoredRecord, sessionId: string): [firstSeq: number, events: number, steps: number, needsEarlier: number, firstStep?: number, lastStep?: number] {
  try {
    return [...engine().checkRecord(record.slot, record.bytes, record.valueCount ?? record.values.length)] as [number, number, number, number, number?, number?];
  } catch (thrown) {
    if (isTrap(thrown)) throw reportTrap(thrown);
    throw Array.isArray(thrown) ? toError(thrown as FailureParts, new Arena(), new Names(), { runId: '', sessionId }) : thrown;
  }
}
