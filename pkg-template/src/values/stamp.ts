/**
 * The stamp: how the package knows the values that it made.
 *
 * Owns a private field that every copy and every view carries, and what it says about them. It must not know how values are
 * copied. Invariant: a stamped value is deeply frozen, save for what its stamp calls unfrozen; nothing outside the package
 * can put a stamp on anything.
 *
 * A stamp is one small integer, so that it takes no allocation of its own:
 *
 *     bit 0        something in it, at any depth, cannot be frozen
 *     bits 1-10    height: levels of containers, itself included
 *     bits 11-29   bytes, as mantissa (14 bits) and exponent (5 bits): exact below 16 KB, then to four digits
 */

/** Levels of containers that a value may have. */
export const maxHeight = 1000;

const mantissaBits = 14;
const mantissaMask = (1 << mantissaBits) - 1;
const maxBytes = 0x7fff_ffff;

// A constructor that returns its argument lets a subclass put its private field on any object.
class Target {
  constructor(target: object) {
    return target;
  }
}

class Stamp extends Target {
  readonly #stamp: number;

  constructor(target: object, stamp: number) {
    super(target);
    this.#stamp = stamp;
  }

  static of(value: object): number {
    return #stamp in value ? value.#stamp : 0;
  }

  static isOn(value: object): boolean {
    return #stamp in value;
  }
}

/**
 * Stamps a value that nobody else has seen yet, and returns it. It has to happen before the value is frozen: the language is
 * about to refuse new private fields on objects that are not extensible.
 */
export function stamp<T extends object>(value: T, bytes: number, height: number, isUnfrozen: boolean): T {
  const size = bytes < maxBytes ? bytes : maxBytes;
  const exponent = size > mantissaMask ? 32 - mantissaBits - Math.clz32(size) : 0;
  const sizeCode = (exponent << mantissaBits) | (size >>> exponent);
  new Stamp(value, (sizeCode << 11) | ((height < maxHeight ? height : maxHeight) << 1) | (isUnfrozen ? 1 : 0));
  return value;
}

/** A value's stamp, for the three functions below; 0 when it has none. */
export function stampOf(value: object): number {
  return Stamp.of(value);
}

/** Approximate size in bytes. */
export function stampedBytes(stamp: number): number {
  const sizeCode = stamp >>> 11;
  return (sizeCode & mantissaMask) << (sizeCode >>> mantissaBits);
}

/** Levels of containers, at most `maxHeight`. */
export function stampedHeight(stamp: number): number {
  return (stamp >>> 1) & 0x3ff;
}

/** Whether something in it cannot be frozen. */
export function stampedUnfrozen(stamp: number): boolean {
  return (stamp & 1) === 1;
}

/** Whether the package made this value: it is frozen, and nobody else can change it. */
export function isOurs(value: object): boolean {
  return Stamp.isOn(value);
}

/**
 * Whether a value of the package holds something that cannot be frozen: binary data, or a RegExp that keeps a position (`g`,
 * `y`). Each reader gets a copy of its own of such a value. Constant time.
 */
export function hasBinary(value: unknown): boolean {
  return typeof value === 'object' && value !== null && stampedUnfrozen(Stamp.of(value));
}

/** Approximate size in bytes of a value of the package. Constant time. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 8 + value.length;
  return typeof value === 'object' && value !== null ? stampedBytes(Stamp.of(value)) : 8;
}

/** Levels of containers in a value of the package; 0 for a primitive. Constant time. */
export function heightOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? stampedHeight(Stamp.of(value)) : 0;
}
