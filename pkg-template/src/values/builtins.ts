/**
 * Copies what is neither a plain object nor an array: Map, Set, Date, RegExp, Error and binary data.
 *
 * Owns which classes of the language are values, how each is copied, and the locks on those that freezing alone does not
 * protect. It must not know how parts are copied: it is handed a function for that. Invariant: a class is recognised by its
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
}

type CopyPart = (part: unknown) => unknown;

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
export function copyBuiltin(value: object, prototype: unknown, copyPart: CopyPart): BuiltinCopy {
  if (ArrayBuffer.isView(value)) return copyBinary(value);
  switch (nativeName(prototype)) {
    case 'Map':
      return copyMap(value as Map<unknown, unknown>, copyPart);
    case 'Set':
      return copySet(value as Set<unknown>, copyPart);
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
  if (base !== undefined) return copyError(value as Error, base, copyPart);
  throw new Fault(describeClass(prototype));
}

function copyMap(source: Map<unknown, unknown>, copyPart: CopyPart): BuiltinCopy {
  const copy = new Map<unknown, unknown>();
  let index = 0;
  Map.prototype.forEach.call(source, (value, key) => {
    let segment = `.keys()[${index}]`;
    try {
      const keyCopy = copyPart(key);
      segment = mapEntry(key, index);
      copy.set(keyCopy, copyPart(value));
    } catch (error) {
      throw within(error, segment);
    }
    index++;
  });
  return { copy: Object.defineProperties(copy, mapLocks), bytes: 16 * index, isUnfrozen: false };
}

function copySet(source: Set<unknown>, copyPart: CopyPart): BuiltinCopy {
  const copy = new Set<unknown>();
  let index = 0;
  Set.prototype.forEach.call(source, (value) => {
    try {
      copy.add(copyPart(value));
    } catch (error) {
      throw within(error, `.values()[${index}]`);
    }
    index++;
  });
  return { copy: Object.defineProperties(copy, setLocks), bytes: 8 * index, isUnfrozen: false };
}

/** Own enumerable properties as such; those that errors are made of wherever they are defined, hidden as usual. */
function copyError(source: Error, Base: ErrorConstructor, copyPart: CopyPart): BuiltinCopy {
  const copy = Base === (AggregateError as unknown) ? new AggregateError([]) : new Base();
  for (const key of Object.getOwnPropertyNames(copy)) Reflect.deleteProperty(copy, key);
  let bytes = 32;
  const define = (key: string, enumerable: boolean): void => {
    try {
      const part = (source as unknown as Readonly<Record<string, unknown>>)[key];
      if (key === 'name' && !enumerable && part === Base.prototype.name) return;
      Object.defineProperty(copy, key, { value: copyPart(part), enumerable, configurable: true, writable: true });
      bytes += key.length + 8;
    } catch (error) {
      throw within(error, property(key));
    }
  };
  const own = Object.keys(source);
  for (const key of ['name', 'message', 'stack', 'cause', 'errors']) if (key in source && !own.includes(key)) define(key, false);
  for (const key of own) define(key, true);
  return { copy, bytes, isUnfrozen: false };
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
