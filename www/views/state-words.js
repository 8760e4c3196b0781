/**
 * Owns: values and changes of a state in one short line of words, and sizes in units.
 * Must not know: the document; how changes are found (state-diff.js).
 * Invariant: a line holds no line break, and is bounded whatever the value holds.
 */

import { gapsOf, isEqual } from './state-diff.js';

const MAX_TEXT_CHARS = 64;
/** Fields, keys or parts that are named; the others are counted. */
const MAX_NAMED = 3;
/** Characters around the place where two long texts differ. */
const CONTEXT_CHARS = 20;
const MAX_PLACES = 12;
const MAX_PLACE_CHARS = 400;

/** What a value is: `“Tides …”, 10,212 characters`, `86 items`, `round 2, score 0.874`. */
export function summaryOf(value) {
  switch (typeof value) {
    case 'undefined': return 'not written yet';
    case 'string': return value === '' ? 'empty text' : value.length > MAX_TEXT_CHARS ? `${counted(value.length, 'character')}: ${quoted(value)}` : quoted(value);
    case 'number': return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(4)));
    case 'bigint': return `${value}`;
    case 'object': return value === null ? 'null' : summaryOfObject(value);
    default: return String(value);
  }
}

function summaryOfObject(value) {
  if (Array.isArray(value)) return value.length === 0 ? 'no items' : counted(value.length, 'item');
  if (value instanceof Map) return counted(value.size, 'entry');
  if (value instanceof Set) return counted(value.size, 'value');
  if (value instanceof Date) return Number.isNaN(+value) ? 'no date' : value.toISOString();
  if (value instanceof Error) return cut(`${value.name}: ${value.message}`);
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `${value.constructor.name}, ${counted(value.byteLength, 'byte')}`;
  if (value instanceof RegExp) return cut(String(value));
  const entries = Object.entries(value);
  const fields = entries.filter(([, field]) => isShort(field));
  if (fields.length === 0) return entries.length === 0 ? 'empty' : counted(entries.length, 'field');
  return fields.slice(0, MAX_NAMED).map(([name, field]) => `${cut(name, 24)} ${summaryOf(field)}`).join(', ');
}

/** What a channel holds. @param {import('./state-diff.js').ChannelDiff} channel */
export function contentOf({ kind, value }) {
  if (kind !== 'merge' || value === undefined) return summaryOf(value);
  const keys = Object.keys(value);
  return keys.length === 0 ? 'no keys' : `${counted(keys.length, 'key')}: ${listed(keys)}`;
}

/** What changed in a channel: `+1: round 2, score 0.874`; '' where nothing did, or nothing is known. @param {import('./state-diff.js').ChannelDiff} channel */
export function changeOf(channel) {
  const { kind, isKeyed, isChanged, hasBefore, before, value, changes, counts } = channel;
  if (!isChanged || !hasBefore) return '';
  if (changes.length === 0) return 'written, holds the same';
  const ofKind = (wanted) => changes.filter((change) => change.kind === wanted);
  if (kind === 'merge') {
    const keys = (wanted) => `${counts[wanted].toLocaleString('en-US')}${wanted === 'changed' ? ' changed' : ''}: ${listed(ofKind(wanted).map(({ path }) => keyOf(path)), counts[wanted])}`;
    return signed(counts, keys);
  }
  if (!Array.isArray(before) || !Array.isArray(value)) return changeBetween(before, value);
  return signed(counts, (wanted) => {
    const [{ before: old, after: young }] = ofKind(wanted).concat({});
    const count = counts[wanted];
    if (wanted === 'changed') return `${count.toLocaleString('en-US')} ${isKeyed ? 'replaced' : 'changed'}${count === 1 ? `: ${changeBetween(old, young)}` : ''}`;
    return count === 1 ? `1: ${summaryOf(wanted === 'added' ? young : old)}` : counted(count, 'item');
  });
}

/** `+1: …; 2 changed; −1: …`, of what there is. */
function signed(counts, wordsOf) {
  const signs = { added: '+', changed: '', removed: '−' };
  return Object.keys(signs).filter((kind) => counts[kind] > 0).map((kind) => signs[kind] + wordsOf(kind)).join('; ');
}

/** How one value became another: `0 → 1`, `round 1 → 2, text, +finding`, `+812 characters`. */
export function changeBetween(before, after) {
  if (before === null || before === undefined) return `set: ${summaryOf(after)}`;
  if (after === null || after === undefined) return `cleared, was ${summaryOf(before)}`;
  if (typeof before === 'string' && typeof after === 'string' && before.length + after.length > MAX_TEXT_CHARS) return lengthChange(before, after);
  if (Array.isArray(before) && Array.isArray(after)) return before.length === after.length ? `${counted(after.length, 'item')}, some changed` : `${before.length.toLocaleString('en-US')} → ${counted(after.length, 'item')}`;
  if (!isRecord(before) || !isRecord(after)) return `${summaryOf(before)} → ${summaryOf(after)}`;
  const parts = [];
  for (const key of Object.keys(after)) {
    if (!Object.hasOwn(before, key)) parts.push(`+${cut(key, 24)}`);
    else if (!isEqual(before[key], after[key])) {
      parts.push(isShort(before[key]) && isShort(after[key]) ? `${cut(key, 24)} ${summaryOf(before[key])} → ${summaryOf(after[key])}` : cut(key, 24));
    }
  }
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) parts.push(`−${cut(key, 24)}`);
  return listed(parts, parts.length, 4) || 'holds the same';
}

/**
 * Where two texts differ, sentence by sentence or line by line: what was there and what is there now, either '' where nothing is.
 * @param {string} before @param {string} after @returns {{ places: Array<[string, string]>, more: number }} the first places, each bounded, and how many others there are
 */
export function differencesOf(before, after) {
  const [old, young] = [sentencesOf(before), sentencesOf(after)];
  const gaps = gapsOf(old, young);
  const places = gaps.slice(0, MAX_PLACES).map(([from, to, start, end]) => trimmed(old.slice(from, to).join(' '), young.slice(start, end).join(' ')));
  return { places, more: gaps.length - places.length };
}

function sentencesOf(text) {
  return (text.match(/.+?(?:[.!?:]+\s+|\n+|$)|\n+/gsu) ?? []).map((sentence) => sentence.trim());
}

/** Without what both begin and end with, save a few characters. */
function trimmed(before, after) {
  if (before === '' || after === '') return [cut(before, MAX_PLACE_CHARS), cut(after, MAX_PLACE_CHARS)];
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return [excerpt(before, head, before.length - tail), excerpt(after, head, after.length - tail)];
}

function excerpt(text, from, to) {
  const [start, end] = [Math.max(0, from - CONTEXT_CHARS), Math.min(text.length, Math.max(to, from) + CONTEXT_CHARS)];
  return cut(`${start > 0 ? '…' : ''}${oneLine(whole(text.slice(start, end)))}${end < text.length ? '…' : ''}`, MAX_PLACE_CHARS);
}

/** `812 B`, `12.4 KB`, `1.2 MB`, by thousands. */
export function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  // What would round to 1,000 of a unit is 1.0 of the next.
  const unit = bytes < 999_950 ? 1 : 2;
  const size = bytes / 1000 ** unit;
  return `${size < 99.95 ? size.toFixed(1) : Math.round(size).toLocaleString('en-US')} ${unit === 1 ? 'KB' : 'MB'}`;
}

/** `1 item`, `1,204 items`. */
export function counted(count, noun) {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

function lengthChange(before, after) {
  const grown = after.length - before.length;
  if (before !== '' && after.startsWith(before)) return `+${counted(grown, 'character')}`;
  return grown === 0 ? `${counted(after.length, 'character')}, some changed` : `${before.length.toLocaleString('en-US')} → ${counted(after.length, 'character')}`;
}

/** The key that a path of one level names. */
function keyOf(path) {
  return path.startsWith('[') ? JSON.parse(path.slice(1, -1)) : path.slice(1);
}

function listed(names, count = names.length, most = MAX_NAMED) {
  const shown = names.slice(0, most).map((name) => cut(name));
  return `${shown.join(', ')}${count > shown.length ? ` and ${(count - shown.length).toLocaleString('en-US')} more` : ''}`;
}

function isShort(value) {
  return value === null || ['number', 'boolean', 'bigint'].includes(typeof value) || (typeof value === 'string' && value.length <= MAX_TEXT_CHARS);
}

function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function quoted(text) {
  return `“${cut(oneLine(text.slice(0, 4 * MAX_TEXT_CHARS)), MAX_TEXT_CHARS, text.length > 4 * MAX_TEXT_CHARS)}”`;
}

function cut(text, most = MAX_TEXT_CHARS, isCut = false) {
  const line = oneLine(text);
  return line.length <= most && !isCut ? line : `${whole(line.slice(0, most - 1)).trimEnd()}…`;
}

function oneLine(text) {
  return text.replace(/\s+/gu, ' ').trim();
}

/** Without half a character at either end. */
function whole(text) {
  return text.replace(/^[\uDC00-\uDFFF]/, '').replace(/[\uD800-\uDBFF]$/, '');
}
