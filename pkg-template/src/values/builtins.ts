/**
 * Copies what is neither a plain object nor an array: Map, Set, Date, RegExp, Error and binary data.
 *
 * Owns which classes of the language are values, how each is copied, and the locks on those that freezing alone does not
 * protect. It must not know how parts are copied: it hands them out and is given the copies. Invariant: a class is recognised by its
 * internal slots or by its prototype being native, of whatever realm; never by a name that user code could forge.
 */

import { copyBinary } from './binary.js';
import { Fault, mapEntry, property, within } from './fault.js';

/** A copy that is not frozen yet. */
export interface BuiltinCopy {
  readonly copy: object;
  /** Of itself, without its parts. */
  readonly bytes: number;
  /** It stays writable: freezing would break it or protect nothing. */
  readonly isUnfrozen: boolean;
  /**
   * What is to be copied and put into `copy`. The caller does it, with no function of this module on the stack: a level of nesting
   * takes as little of it as one of plain objects.
   */
  readonly parts?: {
    readonly list: readonly unknown[];
    /** The path to one. */
    readonly segment: (index: number) => string;
    readonly fill: (copies: readonly unknown[]) => void;
  };
}

/** By name. */
export const nativeErrors: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  // Made like the others here: its `errors` are copied as a property.
  AggregateError: AggregateError as unknown as ErrorConstructor,
};

const dateLocks = locks('Date', Date.prototype, (name) => name.startsWith('set'));
const mapLocks = locks('Map', Map.prototype, (name) => /^(set|delete|clear|getOrInsert.*)$/.test(name));
const setLocks = locks('Set', Set.prototype, (name) => /^(add|delete|clear)$/.test(name));
const regExpLocks = locks('RegExp', RegExp.prototype, (name) => name === 'compile');

/** Whether a prototype is that of plain objects, in this realm or another one. */
export function isObjectPrototype(prototype: unknown): boolean {
  return nativeName(prototype) === 'Object';
}

/** Whether a prototype is that of arrays, in this realm or another one. */
export function isArrayPrototype(prototype: unknown): boolean {
  return prototype === Array.prototype || nativeName(prototype) === 'Array';
}

/** Copies a value of a class, or says why it cannot be one. */
export function copyBuiltin(value: object, prototype: unknown): BuiltinCopy {
  if (ArrayBuffer.isView(value)) return copyBinary(value);
  switch (nativeName(prototype)) {
    case 'Map':
      return copyMap(value as Map<unknown, unknown>);
    case 'Set':
      return copySet(value as Set<unknown>);
    case 'Date': {
      const copy = new Date(Date.prototype.getTime.call(value));
      return { copy: Object.defineProperties(copy, dateLocks), bytes: 8, isUnfrozen: false };
    }
    case 'RegExp': {
      const copy = new RegExp(value as RegExp);
      // With g or y it writes its own lastIndex, so a frozen one would be useless; lastIndex starts at 0.
      const isUnfrozen = copy.global || copy.sticky;
      return { copy: Object.defineProperties(copy, regExpLocks), bytes: copy.source.length, isUnfrozen };
    }
    case 'ArrayBuffer':
    case 'SharedArrayBuffer':
      return copyBinary(value as ArrayBufferLike);
  }
  const base = nativeErrorOf(prototype);
  if (base !== undefined) return copyError(value as Error, base);
  throw new Fault(describeClass(prototype));
}

function copyMap(source: Map<unknown, unknown>): BuiltinCopy {
  const copy = new Map<unknown, unknown>();
  /** Keys and values in turn. */
  const list: unknown[] = [];
  Map.prototype.forEach.call(source, (value, key) => void list.push(key, value));
  const segment = (index: number): string => (index % 2 === 0 ? `.keys()[${index / 2}]` : mapEntry(list[index - 1], (index - 1) / 2));
  const fill = (copies: readonly unknown[]): void => {
    for (let index = 0; index < copies.length; index += 2) copy.set(copies[index], copies[index + 1]);
    Object.defineProperties(copy, mapLocks);
  };
  return { copy, bytes: 8 * list.length, isUnfrozen: false, parts: { list, segment, fill } };
}

function copySet(source: Set<unknown>): BuiltinCopy {
  const copy = new Set<unknown>();
  const list: unknown[] = [];
  Set.prototype.forEach.call(source, (value) => void list.push(value));
  const fill = (copies: readonly unknown[]): void => {
    for (const part of copies) copy.add(part);
    Object.defineProperties(copy, setLocks);
  };
  return { copy, bytes: 8 * list.length, isUnfrozen: false, parts: { list, segment: (index) => `.values()[${index}]`, fill } };
}

/** Own enumerable properties as such; those that errors are made of wherever they are defined, hidden as usual. */
function copyError(source: Error, Base: ErrorConstructor): BuiltinCopy {
  const copy = Base === (AggregateError as unknown) ? new AggregateError([]) : new Base();
  for (const key of Object.getOwnPropertyNames(copy)) Reflect.deleteProperty(copy, key);
  let bytes = 32;
  const keys: Array<{ key: string; enumerable: boolean }> = [];
  const list: unknown[] = [];
  const read = (key: string, enumerable: boolean): void => {
    try {
      const part = (source as unknown as Readonly<Record<string, unknown>>)[key];
      if (key === 'name' && !enumerable && part === Base.prototype.name) return;
      keys.push({ key, enumerable });
      list.push(part);
      bytes += key.length + 8;
    } catch (error) {
      throw within(error, property(key));
    }
  };
  const own = Object.keys(source);
  for (const key of ['name', 'message', 'stack', 'cause', 'errors']) if (key in source && !own.includes(key)) read(key, false);
  for (const key of own) read(key, true);
  const fill = (copies: readonly unknown[]): void => {
    for (const [index, { key, enumerable }] of keys.entries()) Object.defineProperty(copy, key, { value: copies[index], enumerable, configurable: true, writable: true });
  };
  return { copy, bytes, isUnfrozen: false, parts: { list, segment: (index) => property(keys[index]!.key), fill } };
}

function nativeErrorOf(prototype: unknown): ErrorConstructor | undefined {
  for (let level = prototype; typeof level === 'object' && level !== null; level = Object.getPrototypeOf(level)) {
    const name = nativeName(level);
    if (Object.hasOwn(nativeErrors, name)) return nativeErrors[name];
  }
  return undefined;
}

const nativeNames = new WeakMap<object, string>();

/** The name of the native class that a prototype belongs to, in whatever realm; '' for all others. */
function nativeName(prototype: unknown): string {
  if (typeof prototype !== 'object' || prototype === null) return '';
  let name = nativeNames.get(prototype);
  if (name === undefined) nativeNames.set(prototype, (name = findNativeName(prototype)));
  return name;
}

function findNativeName(prototype: object): string {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof constructor !== 'function' || constructor.prototype !== prototype) return '';
  const source = Function.prototype.toString.call(constructor);
  return /^function (\w+)\(\)\s*\{\s*\[native code\]\s*\}$/.exec(source)?.[1] ?? '';
}

function describeClass(prototype: unknown): string {
  const name = className(prototype);
  if (name === 'Promise') return 'is a Promise; await it first';
  return `is ${name === '' || name === 'Object' ? 'an instance of a class' : `an instance of ${name}`}; give plain data, as in { ...value }`;
}

function className(prototype: unknown): string {
  try {
    const name: unknown = (prototype as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

/** Own properties that stand before the methods by which a value would be changed. They are not enumerable. */
function locks(className: string, prototype: object, isMutator: (name: string) => boolean): PropertyDescriptorMap {
  const descriptors: PropertyDescriptorMap = {};
  for (const name of Object.getOwnPropertyNames(prototype).filter(isMutator)) {
    const value = (): never => {
      throw new TypeError(`this ${className} is frozen, ${name}() cannot change it; change a copy, new ${className}(value), and return that in an update`);
    };
    descriptors[name] = { value };
  }
  return descriptors;
}
