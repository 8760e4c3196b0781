/**
 * Values as bytes, exactly.
 *
 * Owns the version of the format: the first byte. What follows is one value, as `tags.ts` says; counts are LEB128, a key that comes
 * again in the same bytes is a number. It must not know records or stores.
 */

import { copyValue } from '../values.js';
import type { Value } from '../channels.js';
import { Broken, createBrokenError } from './broken.js';
import { createCopyError } from './fault.js';
import { maxHeight } from './stamp.js';
import { ValueReader } from './value-reader.js';
import { ValueWriter } from './value-writer.js';

const VERSION = 1;

const writer = new ValueWriter();

/**
 * A value as bytes: every kind of value that a channel may hold, exact, with the version of the format. Small things stay small: a
 * repeated key of objects is written once.
 *
 * ```ts
 * import { fromBytes, toBytes } from 'weavegraph-wasm';
 *
 * const bytes = toBytes({ at: new Date(0), tags: new Set(['a']), n: 10n });
 * console.log(fromBytes(bytes)); // { at: 1970-01-01T00:00:00.000Z, tags: Set(1) { 'a' }, n: 10n }
 * ```
 *
 * @throws StateError STATE_NOT_CLONEABLE: it is no value; `details.path` says where.
 */
export function toBytes(value: Value): Uint8Array {
  const copy = copyValue(value, '');
  try {
    writer.begin().byte(VERSION);
    writer.value(copy);
    return writer.finish();
  } catch (error) {
    throw createCopyError(error, '');
  }
}

/**
 * The value that `toBytes` wrote, as new objects that the caller owns. Safe for bytes from anywhere: it takes time and memory in
 * proportion to them, and calls nothing of theirs.
 *
 * @throws CheckpointError CHECKPOINT_CORRUPT: these are not the bytes of a value. CHECKPOINT_VERSION: a newer version wrote them, or
 * they hold binary data of a class that this platform lacks.
 */
export function fromBytes(bytes: Uint8Array): Value {
  try {
    if (!isBytes(bytes)) throw new Broken('is not a Uint8Array');
    const reader = new ValueReader(bytes, maxHeight);
    checkVersion(reader.byte(), VERSION);
    const value = reader.value();
    reader.end();
    return value;
  } catch (thrown) {
    throw createBrokenError(thrown, 'what should be the bytes of a value');
  }
}

/** Whether it is a Uint8Array, of whatever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Reflect.get(value, Symbol.toStringTag) === 'Uint8Array';
}

/** @throws Broken for a version that is not `known` */
export function checkVersion(found: number, known: number): void {
  if (found !== known) throw new Broken(`is of version ${found}, this package knows ${known}${found > known ? '; update weavegraph-wasm' : ''}`, found > known);
}
