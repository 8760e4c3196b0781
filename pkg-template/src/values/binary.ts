/**
 * Copies ArrayBuffers and views.
 *
 * Owns the copying of bytes. Invariant: a copy has a buffer of its own, exactly as long as what was viewed, and no code of
 * the caller runs: subclasses and own properties are looked through by the intrinsic getters.
 */

import { Fault } from './fault.js';
import type { BuiltinCopy } from './builtins.js';

type TypedArrayConstructor = { readonly name: string; new (source: ArrayLike<number> & ArrayLike<bigint>): object };

const typedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype) as object;
const bufferOf = getter<ArrayBufferLike>(typedArrayPrototype, 'buffer');
const lengthOf = getter<number>(typedArrayPrototype, 'byteLength');
const classNameOf = getter<string | undefined>(typedArrayPrototype, Symbol.toStringTag);
const bufferLengthOf = getter<number>(ArrayBuffer.prototype, 'byteLength');
const viewedBufferOf = getter<ArrayBufferLike>(DataView.prototype, 'buffer');
const viewedOffsetOf = getter<number>(DataView.prototype, 'byteOffset');
const viewedLengthOf = getter<number>(DataView.prototype, 'byteLength');

/** Copies binary data. The result cannot be frozen. */
export function copyBinary(value: ArrayBufferLike | ArrayBufferView): BuiltinCopy {
  if (!ArrayBuffer.isView(value)) {
    refuseShared(value);
    const copy = new Uint8Array(new Uint8Array(value)).buffer;
    return { copy, bytes: copy.byteLength, isUnfrozen: true };
  }
  const className = classNameOf(value);
  if (className === undefined) {
    const buffer = viewedBufferOf(value);
    refuseShared(buffer);
    const bytes = new Uint8Array(buffer, viewedOffsetOf(value), viewedLengthOf(value));
    return { copy: new DataView(new Uint8Array(bytes).buffer), bytes: bytes.length, isUnfrozen: true };
  }
  refuseShared(bufferOf(value));
  const Class = (globalThis as unknown as Record<string, TypedArrayConstructor>)[className];
  if (Class === undefined) throw new Fault(`is a ${className}, which this platform does not have`);
  return { copy: new Class(value as never), bytes: lengthOf(value), isUnfrozen: true };
}

function refuseShared(buffer: ArrayBufferLike): void {
  try {
    bufferLengthOf(buffer);
  } catch {
    throw new Fault('is shared memory, which others may change at any time; copy it first, as in new Uint8Array(view)');
  }
}

function getter<Result>(prototype: object, key: string | symbol): (target: object) => Result {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get as ((this: object) => Result) | undefined;
  return (target) => Reflect.apply(get as (this: object) => Result, target, []);
}
