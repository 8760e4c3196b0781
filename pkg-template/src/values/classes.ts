/**
 * The classes of values that both codecs write by name or number, taken apart and put together again.
 *
 * Owns the numbers of classes in stored bytes: a list here is only ever added to. It must not know how parts are written.
 */

import { nativeErrors } from './builtins.js';

/** Error classes by their number in bytes. */
export const errorClasses = ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'AggregateError'] as const;

/** Classes of binary data by their number in bytes. */
export const binaryClasses = [
  'ArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const;

/** An own property of an error; those that errors are made of are hidden from enumeration. */
export type ErrorPart = readonly [key: string, isEnumerable: boolean, value: unknown];

/** The number of an error's class, and its own properties. */
export function errorParts(error: Error): [number, ErrorPart[]] {
  const prototype: unknown = Object.getPrototypeOf(error);
  const number = errorClasses.findIndex((name) => nativeErrors[name]!.prototype === prototype);
  const parts = Object.entries(Object.getOwnPropertyDescriptors(error)).map(([key, { enumerable, value }]): ErrorPart => [key, enumerable === true, value]);
  return [Math.max(number, 0), parts];
}

/** The error of such a class with such own properties; `undefined` for a class that is not there. */
export function makeError(number: number, parts: readonly ErrorPart[]): Error | undefined {
  const name = errorClasses[number];
  if (name === undefined) return undefined;
  const error: Error = name === 'AggregateError' ? new AggregateError([]) : new nativeErrors[name]!();
  for (const key of Object.getOwnPropertyNames(error)) Reflect.deleteProperty(error, key);
  for (const [key, enumerable, value] of parts) Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
  return error;
}

/** The number of binary data's class, or -1, and its bytes. */
export function binaryParts(data: ArrayBuffer | ArrayBufferView): [number, Uint8Array] {
  const name = Reflect.get(data, Symbol.toStringTag) as (typeof binaryClasses)[number];
  return [binaryClasses.indexOf(name), ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)];
}

/**
 * Binary data of such a class with a copy of the bytes; `undefined` if there is no such class, or if the bytes are no whole items.
 * `'missing'`: the platform lacks the class.
 */
export function makeBinary(number: number, bytes: Uint8Array): object | 'missing' | undefined {
  const name = binaryClasses[number];
  if (name === undefined) return undefined;
  const { buffer } = new Uint8Array(bytes);
  if (name === 'ArrayBuffer') return buffer;
  const Class = (globalThis as unknown as Readonly<Record<string, (new (buffer: ArrayBuffer) => object) & { BYTES_PER_ELEMENT?: number }>>)[name];
  if (Class === undefined) return 'missing';
  return buffer.byteLength % (Class.BYTES_PER_ELEMENT ?? 1) === 0 ? new Class(buffer) : undefined;
}

/** Sets an own property, `__proto__` too: an assignment would set the prototype. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
