/**
 * Values as JSON, exactly: what JSON lacks becomes an object with the key `$weave`, which names what it is.
 *
 *     { "$weave": "date", "value": 0 }          { "$weave": "map", "value": [["key", 1]] }
 *
 * Owns the tags. An object that has the key itself is written as `object`, a list of entries. It must not know bytes or stores.
 */

import { copyValue } from '../values.js';
import type { Value } from '../channels.js';
import { base64Of, bytesOfBase64 } from './base64.js';
import { Broken, createBrokenError } from './broken.js';
import { binaryClasses, binaryParts, errorClasses, errorParts, makeBinary, makeError, setOwn, type ErrorPart } from './classes.js';
import { createCopyError, Fault } from './fault.js';
import { maxHeight } from './stamp.js';

const TAG = '$weave';

type Plain = Record<string, unknown>;

/**
 * A value as plain JSON: after `JSON.stringify` and `JSON.parse`, `fromJsonSafe` gives back exactly what it was.
 *
 * ```ts
 * import { fromJsonSafe, toJsonSafe } from 'weavegraph-wasm';
 *
 * const text = JSON.stringify(toJsonSafe({ seen: new Set([1]), none: undefined }));
 * console.log(text); // {"seen":{"$weave":"set","value":[1]},"none":{"$weave":"undefined"}}
 * console.log(fromJsonSafe(JSON.parse(text))); // { seen: Set(1) { 1 }, none: undefined }
 * ```
 *
 * @throws StateError STATE_NOT_CLONEABLE: it is no value; `details.path` says where.
 */
export function toJsonSafe(value: Value): Value {
  const copy = copyValue(value, '');
  try {
    return toSafe(copy);
  } catch (error) {
    throw createCopyError(error, '');
  }
}

/**
 * The value that `toJsonSafe` wrote, as new objects that the caller owns. Plain JSON without tags is itself. Safe for JSON from anywhere.
 *
 * @throws CheckpointError CHECKPOINT_CORRUPT: an object has the key `$weave` and is nothing that `toJsonSafe` writes, or it is no JSON.
 * CHECKPOINT_VERSION: binary data of a class that this platform lacks.
 */
export function fromJsonSafe(value: Value): Value {
  try {
    return fromSafe(value, 0);
  } catch (thrown) {
    throw createBrokenError(thrown, 'what should be a JSON-safe value');
  }
}

function tagged(kind: string, value?: unknown): Plain {
  return value === undefined ? { [TAG]: kind } : { [TAG]: kind, value };
}

function toSafe(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return tagged('undefined');
    case 'bigint':
      // Hexadecimal: reading it takes time in proportion.
      return tagged('bigint', value < 0n ? `-${(-value).toString(16)}` : value.toString(16));
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged('number', Object.is(value, -0) ? '-0' : String(value));
    case 'object':
      return value === null ? null : objectToSafe(value);
    default:
      return value;
  }
}

// Loops, not `map`: each level of a value takes few frames of the stack.
function objectToSafe(value: object): unknown {
  if (Array.isArray(value)) return allToSafe(value);
  if (Object.getPrototypeOf(value) === Object.prototype) {
    const isTagged = Object.hasOwn(value, TAG);
    const entries: unknown[] = [];
    const object: Plain = {};
    for (const [key, part] of Object.entries(value)) {
      if (isTagged) entries.push([key, toSafe(part)]);
      else setOwn(object, key, toSafe(part));
    }
    return isTagged ? tagged('object', entries) : object;
  }
  if (value instanceof Map) {
    const entries: unknown[] = [];
    for (const entry of value) entries.push(allToSafe(entry));
    return tagged('map', entries);
  }
  if (value instanceof Set) return tagged('set', allToSafe(value));
  if (value instanceof Date) return tagged('date', toSafe(value.getTime()));
  if (value instanceof RegExp) return tagged('regexp', [value.source, value.flags]);
  if (value instanceof Error) {
    const [number, parts] = errorParts(value);
    const list: unknown[] = [];
    for (const [key, isEnumerable, part] of parts) list.push([key, isEnumerable, toSafe(part)]);
    return tagged('error', [errorClasses[number], list]);
  }
  const [number, bytes] = binaryParts(value as ArrayBuffer | ArrayBufferView);
  if (number < 0) throw new Fault('is of a class that cannot be stored');
  return tagged('binary', [binaryClasses[number], base64Of(bytes)]);
}

function allToSafe(values: Iterable<unknown>): unknown[] {
  const list: unknown[] = [];
  for (const value of values) list.push(toSafe(value));
  return list;
}

/** `depth` counts the containers around, each with its tag. */
function fromSafe(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) {
    if (value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw new Broken(`holds a ${typeof value}, which is no JSON`);
  }
  if (depth >= maxHeight) throw new Broken(`is nested more than ${maxHeight} levels deep`);
  if (Array.isArray(value)) return allFromSafe(itemsOf(value), depth + 1);
  if (Object.hasOwn(value, TAG)) return fromTagged(value as Plain, depth + 1);
  const object: Plain = {};
  for (const key of Object.keys(value)) setOwn(object, key, fromSafe((value as Plain)[key], depth + 1));
  return object;
}

function fromTagged({ [TAG]: kind, value, ...rest }: Plain, depth: number): unknown {
  if (Object.keys(rest).length > 0) throw unknown(kind);
  switch (kind) {
    case 'undefined':
      if (value !== undefined) break;
      return undefined;
    case 'number': {
      const found = ['-0', 'NaN', 'Infinity', '-Infinity'].find((name) => name === value);
      if (found === undefined) break;
      return Number(found);
    }
    case 'bigint': {
      const [, sign, digits] = (typeof value === 'string' && /^(-?)([\da-f]+)$/.exec(value)) || [];
      if (digits === undefined) break;
      const amount = BigInt(`0x${digits}`);
      return sign === '-' ? -amount : amount;
    }
    case 'date': {
      const at = fromSafe(value, maxHeight - 1);
      if (typeof at !== 'number') break;
      return new Date(at);
    }
    case 'regexp': {
      const [source, flags] = tupleOf(value, 2, kind);
      if (typeof source !== 'string' || typeof flags !== 'string') break;
      return new RegExp(source, flags);
    }
    case 'map': {
      const map = new Map<unknown, unknown>();
      for (const entry of itemsOf(value, kind)) {
        const [key, part] = allFromSafe(tupleOf(entry, 2, kind), depth);
        map.set(key, part);
      }
      return map;
    }
    case 'set':
      return new Set(allFromSafe(itemsOf(value, kind), depth));
    case 'object': {
      const object: Plain = {};
      for (const entry of itemsOf(value, kind)) {
        const [key, part] = tupleOf(entry, 2, kind);
        if (typeof key !== 'string') throw unknown(kind);
        setOwn(object, key, fromSafe(part, depth));
      }
      return object;
    }
    case 'error': {
      const [name, parts] = tupleOf(value, 2, kind);
      const list: ErrorPart[] = [];
      for (const each of itemsOf(parts, kind)) {
        const [key, isEnumerable, part] = tupleOf(each, 3, kind);
        if (typeof key !== 'string' || typeof isEnumerable !== 'boolean') throw unknown(kind);
        list.push([key, isEnumerable, fromSafe(part, depth)]);
      }
      const error = makeError(errorClasses.indexOf(name as 'Error'), list);
      if (error === undefined) break;
      return error;
    }
    case 'binary': {
      const [name, text] = tupleOf(value, 2, kind);
      const bytes = bytesOfBase64(text);
      const data = bytes && makeBinary(binaryClasses.indexOf(name as 'DataView'), bytes);
      if (data === 'missing') throw new Broken(`holds a ${String(name)}, which this platform does not have`, true);
      if (data === undefined) break;
      return data;
    }
  }
  throw unknown(kind);
}

function allFromSafe(values: readonly unknown[], depth: number): unknown[] {
  const list: unknown[] = [];
  for (const value of values) list.push(fromSafe(value, depth));
  return list;
}

/** Without holes: a sparse array may claim any length. */
function itemsOf(value: unknown, kind?: unknown): unknown[] {
  if (!Array.isArray(value) || Object.keys(value).length < value.length) throw unknown(kind);
  return value as unknown[];
}

function tupleOf(value: unknown, length: number, kind: unknown): unknown[] {
  const items = itemsOf(value, kind);
  if (items.length !== length) throw unknown(kind);
  return items;
}

function unknown(kind: unknown): Broken {
  return new Broken(`holds ${kind === undefined ? 'an array with holes' : `a \`${TAG}\` of ${JSON.stringify(kind)} that it does not understand`}`);
}
