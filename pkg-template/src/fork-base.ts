/**
 * What a fork shares with the session that it was forked from: where that ends, also in the middle of a record.
 *
 * Owns the copy for stores that cannot share. It must not know how a store shares.
 */

import { engine } from './engine.js';
import type { ForkBase, LogStore, SessionRow, StoredRecord } from './log-store.js';
import type { PackedRecord } from './record-bytes.js';

/** The record as if it ended with the event `cut`; a restore that reads it begins at the slot `snapshot`. */
export function cutBack(record: StoredRecord, cut: number, snapshot: number): StoredRecord {
  const { slot, values, storedAt, size, before, valueCount } = record;
  return {
    slot,
    bytes: engine().cutRecord(slot, record.bytes, cut, snapshot),
    values,
    ...(storedAt !== undefined && { storedAt }),
    ...(size !== undefined && { size }),
    ...(before !== undefined && { before }),
    ...(valueCount !== undefined && { valueCount }),
  };
}

/** Copies what a fork needs. Its oldest record and its row are written last, so that a part of it is no session. */
export async function copyBase(store: LogStore, sessionId: string, base: ForkBase, record: StoredRecord, row: SessionRow): Promise<'ok' | 'taken' | 'gone'> {
  const copies: StoredRecord[] = [];
  for (let slot = base.snapshot; slot <= base.slot; ) {
    const page = await store.read(base.sessionId, slot, Math.min(base.slot - slot + 1, 256));
    // A log without holes, from its snapshot on.
    if (page.length === 0 || page.some((each, index) => each.slot !== slot + index)) return 'gone';
    copies.push(...page);
    slot += page.length;
  }
  if (base.cut !== undefined) copies.push(cutBack(copies.pop()!, base.cut, base.snapshot));
  let before = 0;
  const counted = [...copies, record].map((each) => {
    const copy = { slot: each.slot, bytes: each.bytes, values: each.values, ...(each.storedAt !== undefined && { storedAt: each.storedAt }), before };
    before += (each as PackedRecord).size ?? 0;
    return copy;
  });
  for (const copy of counted.reverse()) {
    if ((await store.append(sessionId, copy, copy.slot === base.snapshot ? { ...row, bytes: before } : undefined)) === 'taken') return 'taken';
  }
  return 'ok';
}
