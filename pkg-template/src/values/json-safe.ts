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
      if (value === null) return null;
      if (Array.isArray(value)) return allToSafe(value);
      return Object.getPrototypeOf(value) === Object.prototype ? plainToSafe(value as Plain) : builtinToSafe(value);
    default:
      return value;
  }
}

// Plain loops in functions with few variables, here and below: a level of a value takes little of the stack, of which workers have half as
// much as pages.
function allToSafe(values: readonly unknown[]): unknown[] {
  const list: unknown[] = [];
  for (let index = 0; index < values.length; index += 1) list.push(toSafe(values[index]));
  return list;
}

function plainToSafe(value: Plain): Plain {
  if (Object.hasOwn(value, TAG)) return tagged('object', entriesToSafe(Object.entries(value)));
  const object: Plain = {};
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index += 1) setOwn(object, keys[index]!, toSafe(value[keys[index]!]));
  return object;
}

function entriesToSafe(entries: ReadonlyArray<readonly [unknown, unknown]>): unknown[] {
  const list: unknown[] = [];
  for (let index = 0; index < entries.length; index += 1) list.push([toSafe(entries[index]![0]), toSafe(entries[index]![1])]);
  return list;
}

function builtinToSafe(value: object): unknown {
  if (value instanceof Map) return tagged('map', entriesToSafe([...value]));
  if (value instanceof Set) return tagged('set', allToSafe([...value]));
  return value instanceof Error ? errorToSafe(value) : atomToSafe(value);
}

function errorToSafe(error: Error): Plain {
  const [number, parts] = errorParts(error);
  const list: unknown[] = [];
  for (let index = 0; index < parts.length; index += 1) list.push([parts[index]![0], parts[index]![1], toSafe(parts[index]![2])]);
  return tagged('error', [errorClasses[number], list]);
}

/** What has no parts. */
function atomToSafe(value: object): Plain {
  if (value instanceof Date) return tagged('date', toSafe(value.getTime()));
  if (value instanceof RegExp) return tagged('regexp', [value.source, value.flags]);
  const [number, bytes] = binaryParts(value as ArrayBuffer | ArrayBufferView);
  if (number < 0) throw new Fault('is of a class that cannot be stored');
  return tagged('binary', [binaryClasses[number], base64Of(bytes)]);
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
  return plainFromSafe(value as Plain, depth + 1);
}

function plainFromSafe(value: Plain, depth: number): Plain {
  const object: Plain = {};
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index += 1) setOwn(object, keys[index]!, fromSafe(value[keys[index]!], depth));
  return object;
}

function fromTagged(plain: Plain, depth: number): unknown {
  if (Object.keys(plain).some((key) => key !== TAG && key !== 'value')) throw unknown(plain[TAG]);
  const { value } = plain;
  switch (plain[TAG]) {
    case 'map':
      return mapFromSafe(value, depth);
    case 'set':
      return new Set(allFromSafe(itemsOf(value, 'set'), depth));
    case 'object':
      return objectFromSafe(value, depth);
    case 'error':
      return errorFromSafe(value, depth);
  }
  return atomFromSafe(plain[TAG], value);
}

function mapFromSafe(value: unknown, depth: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  const entries = itemsOf(value, 'map');
  for (let index = 0; index < entries.length; index += 1) {
    const items = tupleOf(entries[index], 2, 'map');
    const key = fromSafe(items[0], depth);
    map.set(key, fromSafe(items[1], depth));
  }
  return map;
}

function objectFromSafe(value: unknown, depth: number): Plain {
  const object: Plain = {};
  const entries = itemsOf(value, 'object');
  for (let index = 0; index < entries.length; index += 1) {
    const items = tupleOf(entries[index], 2, 'object');
    if (typeof items[0] !== 'string') throw unknown('object');
    setOwn(object, items[0], fromSafe(items[1], depth));
  }
  return object;
}

function errorFromSafe(value: unknown, depth: number): Error {
  const head = tupleOf(value, 2, 'error');
  const parts = itemsOf(head[1], 'error');
  const list: ErrorPart[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const items = tupleOf(parts[index], 3, 'error');
    if (typeof items[0] !== 'string' || typeof items[1] !== 'boolean') throw unknown('error');
    list.push([items[0], items[1], fromSafe(items[2], depth)]);
  }
  const error = makeError(errorClasses.indexOf(head[0] as 'Error'), list);
  if (error === undefined) throw unknown('error');
  return error;
}

/** What has no parts. */
function atomFromSafe(kind: unknown, value: unknown): unknown {
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
  for (let index = 0; index < values.length; index += 1) list.push(fromSafe(values[index], depth));
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
