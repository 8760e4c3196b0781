/**
 * A record with its values, and a session's row, as one piece of bytes each: what a store keeps.
 *
 *     version · bytes of the session before it · when it was stored · length, the engine's record · how many values, the values · checksum
 *     version · the row as a value · checksum
 *
 * Owns these containers. It must not know what a record says. Invariant: in every version the last four bytes are the checksum of all
 * before them, so damage is told from a newer version.
 */

import { readReplace, replace } from './channels.js';
import type { SessionRow, StoredRecord } from './log-store.js';
import { statuses } from './words.js';
import { adopt } from './values.js';
import { Broken, createBrokenError } from './values/broken.js';
import { checkVersion, isBytes } from './values/bytes.js';
import { maxHeight } from './values/stamp.js';
import { Tag } from './values/tags.js';
import { ValueReader } from './values/value-reader.js';
import { ValueWriter } from './values/value-writer.js';

/** The highest slot that the engine knows. */
export const MAX_SLOT = 0xffff_fffe;

const VERSION = 1;
const CHECKSUM_BYTES = 4;
/** What the engine stores may wrap values in a level or two of its own. */
const MAX_HEIGHT = maxHeight + 8;

const writer = new ValueWriter();

/** Facts about a record that the store, not the engine, goes by. */
export interface RecordFacts {
  /** Bytes that the session's records had before this one. */
  readonly before: number;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

export function packRecord({ bytes, values }: StoredRecord, { before, storedAt }: RecordFacts): Uint8Array<ArrayBuffer> {
  writer.begin().byte(VERSION);
  writer.count(before);
  writer.count(Math.max(Math.trunc(storedAt), 0));
  writer.count(bytes.length);
  writer.raw(bytes);
  writer.count(values.length);
  for (const value of values) writeValue(value);
  return sealed();
}

/** A value; among them are updates, whose writes may be made by `replace()`. */
function writeValue(value: unknown): void {
  const keys = replacedIn(value);
  if (keys.length === 0) return writer.value(value);
  writer.byte(Tag.Replacing);
  writer.count(keys.length);
  for (const key of keys) writer.value(key);
  const update = value as Readonly<Record<string, unknown>>;
  writer.value(Object.fromEntries(Object.entries(update).map(([key, write]) => [key, keys.includes(key) ? readReplace(write)!.__replace : write])));
}

function replacedIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  let keys: string[] | undefined;
  for (const key in value) if (readReplace((value as Readonly<Record<string, unknown>>)[key]) !== undefined) (keys ??= []).push(key);
  return keys ?? [];
}

/** What `writeValue` wrote. */
function readValue(reader: ValueReader): unknown {
  if (!reader.takes(Tag.Replacing)) return adopt(reader.value());
  const keys = new Set<unknown>();
  for (let left = reader.items(1); left > 0; left -= 1) keys.add(reader.value());
  const update = adopt(reader.value());
  if (typeof update !== 'object' || update === null || Object.getPrototypeOf(update) !== Object.prototype) throw new Broken('replaces by what is no update');
  return Object.freeze(Object.fromEntries(Object.entries(update).map(([key, write]) => [key, keys.has(key) ? replace(write) : write])));
}

/** A record out of a container. Its values, the package's own, are read when they are first asked for. */
export class PackedRecord implements StoredRecord, RecordFacts {
  readonly bytes: Uint8Array;
  readonly before: number;
  readonly storedAt: number;
  readonly valueCount: number;
  readonly #reader: ValueReader;
  readonly #what: string;
  readonly #sessionId: string;
  #values: readonly unknown[] | undefined;

  /**
   * @param size of the record in the store
   * @throws CheckpointError CHECKPOINT_CORRUPT, CHECKPOINT_VERSION
   */
  constructor(
    sessionId: string,
    readonly slot: number,
    container: unknown,
    readonly size: number,
  ) {
    this.#sessionId = sessionId;
    this.#what = `record ${slot} of session \`${sessionId}\``;
    try {
      const reader = open(container);
      this.before = reader.count();
      this.storedAt = reader.count();
      this.bytes = reader.raw(reader.count());
      this.valueCount = reader.items(1);
      this.#reader = reader;
    } catch (thrown) {
      throw this.#broken(thrown);
    }
  }

  /** @throws CheckpointError CHECKPOINT_CORRUPT, CHECKPOINT_VERSION */
  get values(): readonly unknown[] {
    return (this.#values ??= this.#read());
  }

  #read(): unknown[] {
    const values: unknown[] = [];
    try {
      for (let left = this.valueCount; left > 0; left -= 1) values.push(readValue(this.#reader));
      this.#reader.end();
    } catch (thrown) {
      throw this.#broken(thrown);
    }
    return values;
  }

  #broken(thrown: unknown): Error {
    return createBrokenError(thrown, this.#what, this.#sessionId);
  }
}

export function packRow({ runId, status, step, at, createdAt, bytes }: SessionRow): Uint8Array<ArrayBuffer> {
  writer.begin().byte(VERSION);
  writer.value([runId, status, step, at, createdAt, bytes]);
  return sealed();
}

/** @throws CheckpointError CHECKPOINT_CORRUPT, CHECKPOINT_VERSION */
export function unpackRow(sessionId: string, container: unknown): SessionRow {
  try {
    const reader = open(container);
    const row = reader.value();
    reader.end();
    return checkRow(row);
  } catch (thrown) {
    throw createBrokenError(thrown, `the row of session \`${sessionId}\``, sessionId);
  }
}

/** @throws Broken */
export function checkRow(row: unknown): SessionRow {
  const [runId, status, step, at, createdAt, bytes] = Array.isArray(row) ? (row as unknown[]) : [];
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const isTime = (value: unknown): value is number => Number.isFinite(value);
  const known = statuses.find((each) => each === status);
  if (typeof runId !== 'string' || known === undefined || !isCount(step) || !isTime(at) || !isTime(createdAt) || !(bytes === undefined || isCount(bytes))) {
    throw new Broken('does not hold what a row holds');
  }
  return { runId, status: known, step, at, createdAt, ...(bytes !== undefined && { bytes }) };
}

/** Closes what was written. */
function sealed(): Uint8Array<ArrayBuffer> {
  writer.uint32(checksum(writer.written()));
  return writer.finish();
}

/** A reader behind the version of a container that is whole. */
function open(container: unknown): ValueReader {
  if (!isBytes(container)) throw new Broken(`is no Uint8Array but ${describe(container)}`);
  const end = container.length - CHECKSUM_BYTES;
  if (end < 1) throw new Broken('ends too early');
  const body = container.subarray(0, end);
  if (new DataView(container.buffer, container.byteOffset).getUint32(end, true) !== checksum(body)) throw new Broken('is damaged: its checksum is another');
  const reader = new ValueReader(body, MAX_HEIGHT);
  checkVersion(reader.byte(), VERSION);
  return reader;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/**
 * The 32 bits of MurmurHash3 with seed 0. Each step is one to one, so a fault within four bytes is always found.
 */
export function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash ^= scramble(view.getInt32(at, true));
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at -= 1) tail = (tail << 8) | bytes[at]!;
  hash ^= scramble(tail) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
