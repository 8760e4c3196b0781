/**
 * Owns: values in words: what kind of value it is, a scalar as text, a container in one short line, any text without what steers a reader's eye.
 * Must not know: the document.
 * Invariant: what it returns holds no control characters but line breaks and tabs, and none that turn the direction of text.
 */

const MAX_PREVIEW_CHARS = 64;
const MAX_PREVIEW_STRING_CHARS = 24;

/** Control characters, line separators, marks and overrides of direction, annotations. */
const HARMFUL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u2028-\u202E\u2066-\u2069\uFFF9-\uFFFB]/g;

const numbers = new Intl.NumberFormat('en-US');

/** `1,204`. @param {number} value */
export function grouped(value) {
  return numbers.format(value);
}

/**
 * A text with its control characters as signs, and those that turn the direction of what follows by name. Line breaks and tabs stay.
 * @param {string} text @returns {string}
 */
export function harmless(text) {
  const whole = text.toWellFormed?.() ?? text;
  return whole.search(HARMFUL) === -1 ? whole : whole.replaceAll('\r\n', '\n').replace(HARMFUL, signOf);
}

function signOf(character) {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}

/**
 * @typedef {'string' | 'number' | 'boolean' | 'bigint' | 'date' | 'none' | 'other' | 'array' | 'object' | 'map' | 'set' | 'bytes'} ValueKind
 *   `none` is undefined or null; `bytes` a typed array, a DataView or an ArrayBuffer; `other` a function or a symbol
 * @param {unknown} value @returns {ValueKind}
 */
export function kindOf(value) {
  switch (typeof value) {
    case 'string': case 'number': case 'boolean': case 'bigint': return typeof value;
    case 'undefined': return 'none';
    case 'object': break;
    default: return 'other';
  }
  if (value === null) return 'none';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  if (value instanceof Map) return 'map';
  if (value instanceof Set) return 'set';
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? 'bytes' : 'object';
}

/** Has parts of its own. @param {ValueKind} kind */
export function isContainer(kind) {
  return kind === 'array' || kind === 'object' || kind === 'map' || kind === 'set' || kind === 'bytes';
}

/** A value without parts, as text; a string is itself, without quotes. @param {unknown} value @returns {string} */
export function scalarText(value) {
  if (typeof value === 'string') return harmless(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (typeof value === 'function') return `function ${harmless(value.name)}`.trim();
  return harmless(String(value));
}

/** What holds binary data, as one list of numbers. @param {ArrayBuffer | ArrayBufferView} value */
export function numbersOf(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return value instanceof DataView ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : value;
}

/** `3 fields`, `Map, 1 entry`, `Uint8Array, 1,024 numbers`. @param {object} value a container */
export function sizeText(value) {
  switch (kindOf(value)) {
    case 'array': return counted(value.length, 'item');
    case 'map': return `Map, ${counted(value.size, 'entry', 'entries')}`;
    case 'set': return `Set, ${counted(value.size, 'item')}`;
    case 'bytes': return `${value.constructor.name}, ${counted(numbersOf(value).length, 'number')}`;
    default: return `${nameOf(value)}${counted(Object.keys(value).length, 'field')}`;
  }
}

/** The beginning of what a container holds, in one short line; '' for an empty one. @param {object} value */
export function previewOf(value) {
  let line = '';
  for (const part of previewParts(value)) {
    const longer = line === '' ? part : `${line}, ${part}`;
    if (longer.length > MAX_PREVIEW_CHARS) return line === '' ? `${cut(part, MAX_PREVIEW_CHARS)}` : `${line}, …`;
    line = longer;
  }
  return line;
}

function* previewParts(value) {
  const kind = kindOf(value);
  if (kind === 'bytes') for (const number of numbersOf(value)) yield String(number);
  else if (kind === 'array' || kind === 'set') for (const part of value) yield shortText(part);
  else if (kind === 'map') for (const [key, part] of value) yield `${shortText(key)} → ${shortText(part)}`;
  else for (const key in value) if (Object.hasOwn(value, key)) yield `${oneLine(key)}: ${shortText(value[key])}`;
}

function shortText(value) {
  const kind = kindOf(value);
  if (kind === 'string') return `“${cut(oneLine(value.slice(0, MAX_PREVIEW_STRING_CHARS * 4)), MAX_PREVIEW_STRING_CHARS)}”`;
  if (!isContainer(kind)) return cut(oneLine(scalarText(value)), MAX_PREVIEW_CHARS);
  return kind === 'array' ? '[…]' : kind === 'object' ? '{…}' : `${value.constructor.name} …`;
}

function oneLine(text) {
  return harmless(text.replace(/\s+/gu, ' '));
}

function cut(text, maxChars) {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function counted(count, one, many = `${one}s`) {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** The class of what is no plain object. */
function nameOf(value) {
  const { constructor } = value;
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' || name === 'Object' ? '' : `${harmless(name)}, `;
}
