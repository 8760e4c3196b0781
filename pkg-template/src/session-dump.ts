/**
 * One session as one JSON-safe value, and back into any store.
 *
 *     { weavegraph: 'session', version: 1, sessionId, row: [...], records: [[slot, base64 of the record's container], ...] }
 *
 * Owns the form of a dump and its check. Invariant: nothing is written before all of a dump is known to be sound, and a session that was
 * written in part only has no row, is in no list, and cannot be taken up: its oldest record is written last.
 */

import type { Value } from './channels.js';
import { engine } from './engine.js';
import { createError } from './errors.js';
import type { LogStore } from './log-store.js';
import { checkRow, MAX_SLOT, PackedRecord, packRecord } from './record-bytes.js';
import { readSessionId } from './read-options.js';
import { notFound } from './restore.js';
import { allRecords, holdSession, rowOf } from './session-admin.js';
import { checkRecord } from './session-prune.js';
import type { StoreHandle } from './store-handle.js';
import { copyValue } from './values.js';
import { base64Of, bytesOfBase64 } from './values/base64.js';
import { Broken, createBrokenError } from './values/broken.js';
import { checkVersion } from './values/bytes.js';

const VERSION = 1;
const SNAPSHOT = 1;

/** @throws WeaveError SESSION_NOT_FOUND */
export async function exportSession(store: LogStore, sessionId: string): Promise<Value> {
  readSessionId(sessionId);
  const row = await rowOf(store, sessionId);
  if (row === undefined) throw notFound(sessionId);
  const records: Value[] = [];
  let before = 0;
  for await (const record of allRecords(store, sessionId)) {
    const bytes = packRecord(record, { before, storedAt: record.storedAt ?? 0 });
    before += bytes.length;
    records.push([record.slot, base64Of(bytes)]);
  }
  const { runId, status, step, at, createdAt } = row;
  return { weavegraph: 'session', version: VERSION, sessionId, row: [runId, status, step, at, createdAt], records };
}

/**
 * Writes a dump as a session of its own id or of `as`, and returns the id.
 *
 * @throws CheckpointError CHECKPOINT_CORRUPT, CHECKPOINT_VERSION, CHECKPOINT_CONFLICT; WeaveError SESSION_BUSY, RUN_INVALID_OPTION
 */
export async function importSession(handle: StoreHandle, store: LogStore, given: Value, { as }: { as?: string } = {}): Promise<string> {
  if (as !== undefined) readSessionId(as);
  const { sessionId: own, row, records } = read(given);
  const sessionId = as ?? own;
  const release = await holdSession(handle, store, sessionId);
  try {
    if ((await store.newest(sessionId)) !== undefined) {
      if ((await rowOf(store, sessionId)) !== undefined) throw taken(sessionId);
      // What an import left that did not come to its end.
      await store.drop(sessionId, 'all');
    }
    const bytes = records.reduce((total, { size }) => total + size, 0);
    for (const record of records.reverse()) {
      const isLast = record === records.at(-1);
      if ((await store.append(sessionId, record, isLast ? { ...row, bytes } : undefined)) === 'taken') throw taken(sessionId);
    }
  } finally {
    release();
  }
  return sessionId;
}

function taken(sessionId: string): Error {
  return createError('CHECKPOINT_CONFLICT', `there is a session \`${sessionId}\` already; import it \`as\` another, or delete that one first`, { sessionId });
}

/** All of a dump, checked. @throws CheckpointError */
function read(given: Value) {
  try {
    // A copy: nothing in it can change or run any more.
    const dump = copyValue(given, 'dump');
    const { weavegraph, version, sessionId, row, records } = Object(dump) as Readonly<Record<string, unknown>>;
    if (weavegraph !== 'session' || !Number.isSafeInteger(version)) throw new Broken('is none: exportSession() makes them');
    checkVersion(version as number, VERSION);
    return { sessionId: readOwnId(sessionId), row: checkRow(row), records: readRecords(String(sessionId), records) };
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('CHECKPOINT_')) throw thrown;
    throw createBrokenError(thrown, 'what should be a dump of a session');
  }
}

function readOwnId(sessionId: unknown): string {
  try {
    return readSessionId(sessionId);
  } catch {
    throw new Broken('has no id that a session may have');
  }
}

function readRecords(sessionId: string, given: unknown): PackedRecord[] {
  if (!Array.isArray(given) || given.length === 0) throw new Broken('has no records');
  const records: PackedRecord[] = [];
  for (const entry of given as unknown[]) {
    const [slot, text, more] = Array.isArray(entry) ? (entry as unknown[]) : [];
    const bytes = bytesOfBase64(text);
    const last = records.at(-1)?.slot ?? -1;
    if (!Number.isSafeInteger(slot) || (slot as number) <= last || (slot as number) > MAX_SLOT || bytes === undefined || more !== undefined) {
      throw new Broken(`has an entry behind slot ${last} that is no record`);
    }
    const record = new PackedRecord(sessionId, slot as number, bytes, bytes.length);
    // Read now: they are to be sound too.
    void record.values;
    records.push(record);
  }
  checkLog(sessionId, records);
  return records;
}

/** Each record by itself, and that the session can be taken up: all records from its newest snapshot on are there, and follow each other. */
function checkLog(sessionId: string, records: readonly PackedRecord[]): void {
  const newest = records.at(-1)!;
  const heads = records.map((record) => checkRecord(record, sessionId));
  const first = records.findIndex(({ slot }) => slot === engine().snapshotSlot(newest.slot, newest.bytes));
  if (first < 0 || !(records[first]!.slot === 0 || (engine().recordFlags(records[first]!.bytes) & SNAPSHOT) !== 0)) throw new Broken('lacks the snapshot that its newest record names');
  for (let index = first + 1; index < records.length; index += 1) {
    const [seq, events] = heads[index - 1]!;
    if (records[index]!.slot !== records[index - 1]!.slot + 1) throw new Broken(`lacks the record before slot ${records[index]!.slot}`);
    if (heads[index]![0] !== seq + events) throw new Broken(`has a record in slot ${records[index]!.slot} that does not go on where the one before ends`);
  }
}
