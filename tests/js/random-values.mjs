// Random values of every kind from a seed, and a text that is the same for the same values only. For the tests of codecs.

/** A generator of numbers in [0, 1): mulberry32. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const texts = ['', 'a', 'role', 'content', 'ünïcödé', '日本語', '😀', '\ud800', 'x\udc00y', '\u0000', '\ufeffbom', '__proto__', 'constructor', '$weave', 'value', 'toJSON', '"\\\n', 'n'.repeat(63), 'n'.repeat(64), 'é'.repeat(40), '0', '17', '\u2028'];
const numbers = [0, -0, 1, 63, 64, 127, 128, -1, -64, 2 ** 31 - 1, 2 ** 31, 2 ** 32, -(2 ** 33), 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53, 0.1, -1.5, 5e-324, Number.MAX_VALUE, NaN, Infinity, -Infinity, 1.7e12];
const bigints = [0n, 1n, -1n, 255n, 256n, -256n, 2n ** 64n, -(10n ** 40n), 7n ** 500n];
const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, globalThis.Float16Array, DataView].filter((Class) => Class !== undefined);
const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** A value, at most `depth` containers deep. */
export function randomValue(random, depth = 5) {
  const below = (count) => Math.floor(random() * count);
  const pick = (list) => list[below(list.length)];
  const part = () => randomValue(random, depth - 1);
  const parts = () => Array.from({ length: below(5) }, part);
  const bytes = (unit) => Uint8Array.from({ length: unit * below(6) }, () => below(256)).buffer;
  const makers = [
    () => pick(texts) + (random() < 0.3 ? pick(texts) : ''),
    () => pick(texts),
    () => pick(numbers),
    () => (random() < 0.5 ? below(1e6) - 5e5 : random() * 1e9),
    () => pick(bigints) * (random() < 0.5 ? 1n : -1n),
    () => pick([null, undefined, true, false]),
    () => new Date(pick([0, NaN, 1.7e12, -1, 8.64e15])),
    () => new RegExp(pick(['a+', '', '[/]', '\\/', '^x$', 'ü', '\n']), pick(['', 'g', 'gi', 'muy', 's'])),
    () => bytes(1),
    () => {
      const Class = pick(views);
      return new Class(bytes(Class.BYTES_PER_ELEMENT ?? 1));
    },
    parts,
    () => Object.fromEntries(Array.from({ length: below(5) }, () => [pick(texts), part()])),
    () => ({ role: 'user', content: pick(texts), id: `m${below(100)}` }),
    () => new Map(Array.from({ length: below(4) }, () => [part(), part()])),
    () => new Set(parts()),
    () => Object.assign(new (pick(errors))(pick(texts), random() < 0.5 ? { cause: part() } : undefined), random() < 0.3 ? { code: pick(texts), name: 'Other' } : {}),
    () => new AggregateError([part()], pick(texts)),
  ];
  return makers[below(depth > 0 ? makers.length : 10)]();
}

/** The same text for the same values, exactly. */
export function textOf(value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  const name = Object.getPrototypeOf(value)?.constructor.name;
  const own = (keys) => keys.map((key) => `${JSON.stringify(key)}:${textOf(Object.getOwnPropertyDescriptor(value, key).value)}`).join();
  if (Array.isArray(value)) return `[${Array.from(value, textOf).join()}]`;
  if (value instanceof Map) return `Map{${[...value].map(([key, part]) => `${textOf(key)}=>${textOf(part)}`).join()}}`;
  if (value instanceof Set) return `Set{${[...value].map(textOf).join()}}`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${value.source})(${value.flags})`;
  if (value instanceof Error) return `${name}{${own(Object.getOwnPropertyNames(value).sort())}}/${Object.keys(value).sort()}`;
  if (ArrayBuffer.isView(value)) return `${name}(${new Uint8Array(value.buffer, value.byteOffset, value.byteLength).join(' ')})`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${new Uint8Array(value).join(' ')})`;
  return `${name}{${own(Object.keys(value))}}`;
}
