/**
 * Work on stored sessions that no run is part of: lists and deletion.
 */

import { createError } from './errors.js';
import type { ListPage, LogStore, SessionRow } from './log-store.js';
import type { PrunePolicy, SessionSummary } from './sessions.js';
import type { StoreHandle } from './store-handle.js';

const PAGE = 256;

/** The last changed first. */
export async function listSessions(handle: StoreHandle, store: LogStore, { limit = 100, after, status }: ListPage): Promise<SessionSummary[]> {
  const rows: Array<{ sessionId: string; row: SessionRow }> = [];
  for (let last: string | undefined; ; ) {
    const page = await store.rows({ limit: PAGE, ...(last !== undefined && { after: last }) });
    rows.push(...page);
    if (page.length < PAGE) break;
    last = page.at(-1)!.sessionId;
  }
  rows.sort((a, b) => b.row.at - a.row.at);
  // A page behind a session that is gone is empty, so that whoever pages comes to an end.
  const start = after === undefined ? 0 : rows.findIndex(({ sessionId }) => sessionId === after) + 1 || rows.length;
  const wanted = rows.slice(start).filter(({ row }) => status === undefined || row.status === status);
  return wanted.slice(0, limit).map(({ sessionId, row }) => {
    const owner = handle.active.get(sessionId);
    const { runId, step, createdAt, at: updatedAt } = row;
    return { sessionId, runId, step, status: row.status, createdAt, updatedAt, owner: owner === undefined ? null : { id: owner.runId, here: true } };
  });
}

export async function prune(_handle: StoreHandle, _store: LogStore, _policy: PrunePolicy): Promise<void> {}

/** Forgets a session, unless a run holds it. */
export async function deleteSession(handle: StoreHandle, store: LogStore, sessionId: string): Promise<void> {
  const owner = handle.active.get(sessionId);
  if (owner !== undefined) {
    throw createError('SESSION_BUSY', `session \`${sessionId}\` is held by run \`${owner.runId}\`; cancel it first`, { sessionId, details: { owner: owner.runId } });
  }
  await store.drop(sessionId, 'all');
}
