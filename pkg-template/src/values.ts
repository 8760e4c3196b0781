/**
 * Copies users' values as they enter, and freezes the copies.
 *
 * Owns the walk over plain objects and arrays, the hot path of every update. It must not know channels, nodes or runs.
 * Invariant: what `copyValue` returns shares no mutable object with the caller, nor with anything that it returned before.
 *
 * The walk stops at values that carry the package's stamp (see `values/stamp.ts`), so what a node passes on from its state
 * costs nothing. A finished copy leaves its size, height and frozenness in three module variables, which its parent reads at
 * once; that is cheaper than a result object, and user code (getters, proxies) cannot run in between.
 */

import { copyBuiltin, isArrayPrototype, isObjectPrototype } from './values/builtins.js';
import { createCopyError, Fault, property, within } from './values/fault.js';
import { hasBinary, maxHeight, stamp, stampedBytes, stampedHeight, stampedUnfrozen, stampOf } from './values/stamp.js';

export { hasBinary, heightOf, isOurs, sizeOf } from './values/stamp.js';

/** Approximate size in bytes of what the last `copyValue` returned. */
export let copiedBytes = 0;

/** Holes that an array may have; they become `undefined`. */
const maxHoles = 100_000;

const tooDeep = `is nested more than ${maxHeight} levels deep; flatten it`;

let lastBytes = 0;
let lastHeight = 0;
let lastUnfrozen = false;

// Brent's cycle detection along the current path: at depths that are powers of two the container is remembered, and a deeper
// one that is the same has been entered twice.
let remembered: object | undefined;
let rememberedDepth = 0;

/**
 * A deep, frozen, stamped copy of a user's value. `where` names it in errors, as in `update.messages`.
 *
 * Kept: plain objects (also without a prototype, and of another realm), arrays, Map, Set, Date, RegExp, Error, ArrayBuffer
 * and views, and all primitives but symbols. Objects become plain ones with the prototype of Object. Only own enumerable
 * string keys count, `__proto__` among them; getters are read once; holes of an array become `undefined`. Map, Set and Date
 * copies throw from the methods that would change them. An Error becomes one of its native base class, with name, message,
 * stack, cause and own properties. A view is copied without the rest of its buffer; a view of a class of its own, such as
 * Node's Buffer, becomes one of the base class. Binary data cannot be frozen: a stamped value that holds some is copied again.
 *
 * @throws StateError STATE_NOT_CLONEABLE for anything else, cycles, more than 1,000 levels, shared memory, and arrays with
 * more than 100,000 holes; `details.path` says where, `cause` is what a getter or a proxy threw.
 */
export function copyValue(value: unknown, where: string): unknown {
  switch (typeof value) {
    case 'object':
      if (value !== null) return copyRoot(value, where);
      copiedBytes = 8;
      return value;
    case 'string':
      copiedBytes = 8 + value.length;
      return value;
    case 'function':
    case 'symbol':
      throw createCopyError(refusePrimitive(value), where);
    default:
      copiedBytes = 8;
      return value;
  }
}

/** What user code may be given of a value of the package: the value, or a fresh copy if it holds something unfrozen. */
export function lend(value: unknown): unknown {
  return hasBinary(value) ? copyRoot(value as object, '') : value;
}

/** A value of the package: the given one if it is ours already, else a copy. For values that come back from a store. */
export function adopt(value: unknown): unknown {
  return typeof value === 'object' && value !== null && stampOf(value) === 0 ? copyRoot(value, '') : value;
}

function copyRoot(value: object, where: string): object {
  const outer = remembered;
  const outerDepth = rememberedDepth;
  try {
    const copy = copyContainer(value, 1);
    copiedBytes = lastBytes;
    return copy;
  } catch (error) {
    throw createCopyError(error, where);
  } finally {
    // A getter may have called us from within another copy.
    remembered = outer;
    rememberedDepth = outerDepth;
  }
}

function copyContainer(value: object, depth: number): object {
  const known = stampOf(value);
  if (known !== 0) {
    lastHeight = stampedHeight(known);
    if (depth + lastHeight > maxHeight + 1) throw new Fault(tooDeep);
    lastUnfrozen = stampedUnfrozen(known);
    lastBytes = stampedBytes(known);
    if (!lastUnfrozen) return value;
    depth = 0; // Already known to be neither cyclic nor too deep.
  } else {
    if (value === remembered && depth > rememberedDepth) throw new Fault('contains itself; refer to it by an id instead');
    if ((depth & (depth - 1)) === 0) {
      remembered = value;
      rememberedDepth = depth;
    } else if (depth > maxHeight) {
      throw new Fault(tooDeep);
    }
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return copyPlain(value as Record<string, unknown>, depth);
  if (Array.isArray(value) && isArrayPrototype(prototype)) return copyArray(value, depth);
  if (isObjectPrototype(prototype)) return copyPlain(value as Record<string, unknown>, depth);
  return copyOther(value, prototype, depth);
}

function copyPlain(source: Readonly<Record<string, unknown>>, depth: number): object {
  const copy: Record<string, unknown> = {};
  let bytes = 16;
  let height = 0;
  let isUnfrozen = false;
  let key: string | undefined;
  try {
    const keys = Object.keys(source);
    for (let index = 0; index < keys.length; index++) {
      key = keys[index] as string;
      let part = source[key];
      bytes += key.length + 8;
      switch (typeof part) {
        case 'string':
          bytes += part.length;
          break;
        case 'object':
          if (part === null) break;
          part = copyContainer(part, depth + 1);
          bytes += lastBytes;
          if (lastHeight > height) height = lastHeight;
          if (lastUnfrozen) isUnfrozen = true;
          break;
        case 'function':
        case 'symbol':
          throw refusePrimitive(part);
      }
      // An assignment to `__proto__` would set the prototype.
      if (key === '__proto__') Object.defineProperty(copy, key, { value: part, enumerable: true, configurable: true, writable: true });
      else copy[key] = part;
    }
  } catch (error) {
    throw key === undefined ? error : within(error, property(key));
  }
  lastBytes = bytes;
  lastHeight = height + 1;
  lastUnfrozen = isUnfrozen;
  return Object.freeze(stamp(copy, bytes, height + 1, isUnfrozen));
}

function copyArray(source: readonly unknown[], depth: number): object {
  const copy = sliceArray(source);
  let bytes = 16;
  let height = 0;
  let isUnfrozen = false;
  let index = 0;
  try {
    for (; index < copy.length; index++) {
      const part = copy[index];
      bytes += 8;
      switch (typeof part) {
        case 'string':
          bytes += part.length;
          break;
        case 'object':
          if (part === null) break;
          copy[index] = copyContainer(part, depth + 1);
          bytes += lastBytes;
          if (lastHeight > height) height = lastHeight;
          if (lastUnfrozen) isUnfrozen = true;
          break;
        case 'undefined':
          // It may be a hole.
          copy[index] = undefined;
          break;
        case 'function':
        case 'symbol':
          throw refusePrimitive(part);
      }
    }
  } catch (error) {
    throw within(error, index);
  }
  lastBytes = bytes;
  lastHeight = height + 1;
  lastUnfrozen = isUnfrozen;
  return Object.freeze(stamp(copy, bytes, height + 1, isUnfrozen));
}

/** A shallow copy. A sparse array may claim four thousand million items, so its holes are counted before any are made. */
function sliceArray(source: readonly unknown[]): unknown[] {
  if (source.length > maxHoles) {
    let holes = 0;
    for (let index = 0; index < source.length; index++) {
      if (source[index] === undefined && !Object.hasOwn(source, index) && ++holes > maxHoles) {
        throw new Fault(`has more than ${maxHoles} holes; use a Map or an object for sparse data`);
      }
    }
  }
  // `slice` asks the array for its class, which an own `constructor` could forge.
  const isOrdinary = (source as { readonly constructor: unknown }).constructor === Array;
  if (isOrdinary) return source.slice();
  const copy: unknown[] = [];
  for (let index = 0; index < source.length; index++) copy.push(source[index]);
  return copy;
}

function copyOther(value: object, prototype: unknown, depth: number): object {
  const builtin = copyBuiltin(value, prototype);
  const { parts } = builtin;
  let bytes = 16 + builtin.bytes;
  let height = 0;
  let isUnfrozen = builtin.isUnfrozen;
  if (parts !== undefined) {
    const copies: unknown[] = [];
    try {
      for (let part of parts.list) {
        switch (typeof part) {
          case 'object':
            if (part === null) break;
            part = copyContainer(part, depth + 1);
            bytes += lastBytes;
            if (lastHeight > height) height = lastHeight;
            if (lastUnfrozen) isUnfrozen = true;
            break;
          case 'string':
            bytes += part.length;
            break;
          case 'function':
          case 'symbol':
            throw refusePrimitive(part);
        }
        copies.push(part);
      }
    } catch (error) {
      throw within(error, parts.segment(copies.length));
    }
    parts.fill(copies);
  }
  lastBytes = bytes;
  lastHeight = height + 1;
  lastUnfrozen = isUnfrozen;
  stamp(builtin.copy, bytes, height + 1, isUnfrozen);
  return builtin.isUnfrozen ? builtin.copy : Object.freeze(builtin.copy);
}

function refusePrimitive(value: unknown): Fault {
  return typeof value === 'symbol'
    ? new Fault('is a symbol; use a string')
    : new Fault('is a function; values are plain data, functions go into the `context` of a run');
}
