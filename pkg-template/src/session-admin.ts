/**
 * Work on stored sessions that no run is part of: lists and deletion.
 *
 * Owns who may work on a session: nobody while a run holds it, here or in another realm. It must not interpret a record.
 */

import { createError, type WeaveError } from './errors.js';
import type { ListPage, LogStore, SessionRow, StoredRecord } from './log-store.js';
import { readSessionId } from './read-options.js';
import type { SessionSummary } from './sessions.js';
import type { StoreHandle } from './store-handle.js';
import { statuses } from './words.js';

const PAGE = 256;

/** The last changed first. */
export async function listSessions(handle: StoreHandle, store: LogStore, page: ListPage): Promise<SessionSummary[]> {
  const { limit = 100, after, status } = page;
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid('limit', 'a positive integer');
  if (after !== undefined && typeof after !== 'string') throw invalid('after', 'a session id');
  if (status !== undefined && !statuses.includes(status)) throw invalid('status', `one of ${statuses.join(', ')}`);
  const owners = await store.claims?.owners();
  const rows: Array<{ sessionId: string; row: SessionRow }> = [];
  for await (const each of allRows(store)) rows.push(each);
  rows.sort((a, b) => b.row.at - a.row.at);
  // A page behind a session that is gone is empty, so that whoever pages comes to an end.
  const start = after === undefined ? 0 : rows.findIndex(({ sessionId }) => sessionId === after) + 1 || rows.length;
  const wanted = rows.slice(start).filter(({ row }) => status === undefined || row.status === status);
  return wanted.slice(0, limit).map(({ sessionId, row: { runId, step, createdAt, at: updatedAt, bytes, ...row } }) => {
    const here = handle.active.get(sessionId)?.runId;
    const id = here ?? owners?.get(sessionId);
    return { sessionId, runId, step, status: row.status, createdAt, updatedAt, ...(bytes !== undefined && { bytes }), owner: id === undefined ? null : { id, here: here !== undefined } };
  });
}

/**
 * Forgets a session, unless a run holds it.
 *
 * @throws WeaveError SESSION_BUSY
 */
export async function deleteSession(handle: StoreHandle, store: LogStore, sessionId: string): Promise<void> {
  const release = await holdSession(handle, store, sessionId);
  try {
    await store.drop(sessionId, 'all');
  } finally {
    release();
  }
}

/**
 * Keeps runs off a session, of this realm and of others, until the function that it returns is called.
 *
 * @throws WeaveError SESSION_BUSY
 */
export async function holdSession({ locks, active }: StoreHandle, store: LogStore, sessionId: string): Promise<() => void> {
  readSessionId(sessionId);
  const owner = active.get(sessionId);
  if (owner !== undefined) throw busy(sessionId, `run \`${owner.runId}\``, owner.runId);
  // Runs wait for it as for each other; a thief waits too.
  const holder = { runId: 'maintenance', lost: () => undefined, cutOff: () => undefined };
  locks.take(sessionId, holder);
  try {
    const claim = await store.claims?.claim(sessionId, 'fail', undefined, () => undefined);
    if (claim !== undefined && 'owner' in claim) throw busy(sessionId, 'another tab', claim.owner);
    return () => {
      claim?.release();
      locks.release(sessionId, holder);
    };
  } catch (thrown) {
    locks.release(sessionId, holder);
    throw thrown;
  }
}

export function invalid(what: string, wanted: string): WeaveError {
  return createError('RUN_INVALID_OPTION', `${what} is not ${wanted}`);
}

function busy(sessionId: string, holder: string, owner: string): WeaveError {
  return createError('SESSION_BUSY', `session \`${sessionId}\` is held by ${holder}; cancel it first`, { sessionId, details: { owner } });
}

/** The rows behind the session id `after`, ascending. */
export async function* allRows(store: LogStore, after?: string, limit = PAGE): AsyncGenerator<{ sessionId: string; row: SessionRow }> {
  for (let last = after; ; ) {
    const page = await store.rows({ limit, ...(last !== undefined && { after: last }) });
    yield* page;
    if (page.length < limit) return;
    last = page.at(-1)!.sessionId;
  }
}

/** The row of one session. Stores have no such call: its place in their order is looked up. */
export async function rowOf(store: LogStore, sessionId: string): Promise<SessionRow | undefined> {
  // Few ids lie between one and its own beginning.
  const before = sessionId.slice(0, -1);
  for await (const each of allRows(store, before === '' ? undefined : before, 8)) {
    if (each.sessionId === sessionId) return each.row;
    if (each.sessionId > sessionId) return undefined;
  }
  return undefined;
}

/** The records of a session, ascending. */
export async function* allRecords(store: LogStore, sessionId: string): AsyncGenerator<StoredRecord> {
  for (let from = 0; ; ) {
    const page = await store.read(sessionId, from, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    from = page.at(-1)!.slot + 1;
  }
}
