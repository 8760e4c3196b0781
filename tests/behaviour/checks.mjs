// What the cases assert with. Plain JavaScript, the same in every runtime; must not know the package.

/** Fails unless both are the same value of the same kinds, keys in the same order. `what` names it. */
export function equal(actual, expected, what = '') {
  const [is, should] = [textOf(actual), textOf(expected)];
  if (is !== should) throw new Error(`${what}${what && ': '}${is} is not ${should}`);
}

/** Fails unless the claim holds. */
export function holds(claim, what) {
  if (!claim) throw new Error(`it does not hold: ${what}`);
}

/** What a promise rejects with, or a function throws. */
export async function failure(attempt) {
  let value;
  try {
    value = await (typeof attempt === 'function' ? attempt() : attempt);
  } catch (error) {
    return error;
  }
  throw new Error(`it did not fail, but gave ${textOf(value)}`);
}

/** The `code` of what it fails with. */
export const codeOf = async (attempt) => (await failure(attempt)).code;

/** Two numbers of 32 bits over a text, in hexadecimal: FNV-1a forwards and backwards. */
export function digest(text) {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  const half = (list) => (list.reduce((hash, unit) => Math.imul(hash ^ unit, 0x01000193), 0x811c9dc5) >>> 0).toString(16).padStart(8, '0');
  return half(units) + half(units.reverse());
}

/** Bytes in hexadecimal. */
export const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The same text for the same values only; of errors what every engine has. */
export function textOf(value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) return `[${Array.from(value, textOf).join()}]`;
  if (value instanceof Map) return `Map{${[...value].map(([key, part]) => `${textOf(key)}=>${textOf(part)}`).join()}}`;
  if (value instanceof Set) return `Set{${[...value].map(textOf).join()}}`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${value.source})(${value.flags})`;
  if (value instanceof Error) return `${value.name}{${['message', 'code', 'cause', 'errors'].filter((key) => key in value).map((key) => `${key}:${textOf(value[key])}`).join()}}`;
  const name = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value)) return `${name}(${hexOf(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))})`;
  if (value instanceof ArrayBuffer) return `${name}(${hexOf(new Uint8Array(value))})`;
  return `{${Object.keys(value).map((key) => `${JSON.stringify(key)}:${textOf(value[key])}`).join()}}`;
}
