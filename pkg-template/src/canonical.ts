/**
 * The one text of a value, for the definition's hash.
 *
 * Owns the text's form, which is close to JSON; it is compared and hashed, never parsed. It must not know what the value is for.
 * Invariant: equal values have equal texts whatever the insertion order of keys, Map entries and Set items, and values of different
 * kinds differ. Input is what `copyValue` returned, so there are no cycles and at most 1,000 levels.
 */

/** The text of a copied value. The stack of an Error is left out, since it names places of one machine. */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : textOf(value);
    default:
      return String(value);
  }
}

function textOf(value: object): string {
  // Array.from, not map: a hole counts as undefined.
  if (Array.isArray(value)) return `[${Array.from(value, canonicalText).join()}]`;
  if (value instanceof Map) {
    const entries = Array.from(value, ([key, item]) => `${canonicalText(key)}:${canonicalText(item)}`);
    return `Map{${entries.sort().join()}}`;
  }
  if (value instanceof Set) return `Set[${Array.from(value, canonicalText).sort().join()}]`;
  // The prototype's method, because a frozen copy may shadow its own.
  if (value instanceof Date) return `Date(${Date.prototype.getTime.call(value)})`;
  if (value instanceof RegExp) return `RegExp(${JSON.stringify(value.source)},${JSON.stringify(value.flags)})`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${hex(new Uint8Array(value))})`;
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${Object.prototype.toString.call(value).slice(8, -1)}(${hex(bytes)})`;
  }
  if (value instanceof Error) return `Error${fields(value, ['name', 'message', 'cause'])}`;
  return fields(value, []);
}

/** Own enumerable properties, and those of `hidden` that are there, by sorted name. */
function fields(value: object, hidden: readonly string[]): string {
  const names = new Set([...Object.keys(value), ...hidden.filter((name) => name in value)]);
  if (hidden.length > 0) names.delete('stack');
  const texts = [...names].sort().map((name) => `${JSON.stringify(name)}:${canonicalText((value as Record<string, unknown>)[name])}`);
  return `{${texts.join()}}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
