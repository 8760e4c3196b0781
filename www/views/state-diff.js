/**
 * Owns: what a step changed in the state, channel by channel, and how large each channel is.
 * Must not know: how a change is worded or shown (state-words.js, state-view.js), where states come from.
 * Invariant: pure; sizes and changes are worked out when they are first asked for, and at most `MAX_CHANGES` changes of a channel are listed, however many there are.
 */

/** Changes of one channel that are listed; the others are counted. */
export const MAX_CHANGES = 100;
/** Levels below the value of a `last` or `reduce` channel that are compared part by part; below, a part has changed or not. */
const MAX_DEPTH = 3;
/** Pairs of items that are compared to find which ones of a list stayed; longer lists are compared place by place. */
const MAX_PAIRS = 10_000;

/**
 * One part of a channel's value that differs. `path` is as in JavaScript, `[3]` or `.title`; '' is the value itself. For what was added or changed it is the place
 * in the value after the step, for what was removed that before it.
 * @typedef {{ kind: 'added' | 'removed' | 'changed', path: string, before?: unknown, after?: unknown }} Change
 */

/**
 * What a step did to the state.
 * @param {{ channels: Record<string, { kind: string, options?: Record<string, unknown> }> }} definition `app.toJSON()`
 * @param {Readonly<Record<string, unknown>> | null} before the state that the step found; null where it is not known
 * @param {Readonly<Record<string, unknown>>} after the state that it left
 * @param {readonly string[]} [updatedChannels] who was written, as the engine says; by default the values are compared
 * @returns {ChannelDiff[]} one for each channel, in the order of the definition
 */
export function diffState(definition, before, after, updatedChannels) {
  return Object.entries(definition.channels).map(([name, channel]) => {
    const isChanged = updatedChannels?.includes(name) ?? (before !== null && !isEqual(before[name], after[name]));
    return new ChannelDiff(name, channel, before, after[name], isChanged);
  });
}

/** One channel: what it is, what it holds, and what changed in it. */
export class ChannelDiff {
  #changes = null;
  #bytes = null;

  constructor(name, { kind, options }, before, value, isChanged) {
    this.name = name;
    /** @type {'append' | 'merge' | 'last' | 'reduce'} */
    this.kind = kind;
    this.isKeyed = options?.keyed === true;
    /** Whether `before` is known: without it nothing can be said of what changed. */
    this.hasBefore = before !== null;
    this.before = before?.[name];
    this.value = value;
    this.isChanged = isChanged;
  }

  /** Bytes of the value as JSON. */
  get bytes() {
    this.#bytes ??= jsonBytes(this.value);
    return this.#bytes;
  }

  /** The first of the changes, in the order of the value. @returns {Change[]} */
  get changes() {
    return this.#compared.listed;
  }

  /** How many parts were added, removed and changed, also those that are not listed. @returns {{ added: number, removed: number, changed: number }} */
  get counts() {
    return this.#compared.counts;
  }

  /** How many changes are not listed. */
  get more() {
    const { added, removed, changed } = this.counts;
    return added + removed + changed - this.changes.length;
  }

  get #compared() {
    if (this.#changes === null) {
      this.#changes = new Comparison();
      if (this.isChanged && this.hasBefore) {
        // A list or a map is told by its items; one value part by part.
        const isFlat = this.kind === 'append' || this.kind === 'merge';
        this.#changes.compare('', this.before, this.value, isFlat ? 1 : MAX_DEPTH);
      }
    }
    return this.#changes;
  }
}

class Comparison {
  counts = { added: 0, removed: 0, changed: 0 };
  /** @type {Change[]} */
  listed = [];

  /** `depth`: levels below that are told apart. */
  compare(path, before, after, depth) {
    if (isEqual(before, after)) return;
    if (depth > 0 && Array.isArray(before) && Array.isArray(after)) return this.#lists(path, before, after, depth - 1);
    if (depth > 0 && isPlain(before) && isPlain(after)) return this.#entries(path, new Map(Object.entries(before)), new Map(Object.entries(after)), fieldPath, depth - 1);
    if (depth > 0 && before instanceof Map && after instanceof Map) return this.#entries(path, before, after, (key) => `.get(${nameOf(key)})`, depth - 1);
    this.#add('changed', path, before, after);
  }

  #entries(path, before, after, pathOf, depth) {
    for (const [key, value] of after) {
      if (before.has(key)) this.compare(path + pathOf(key), before.get(key), value, depth);
      else this.#add('added', path + pathOf(key), undefined, value);
    }
    for (const [key, value] of before) if (!after.has(key)) this.#add('removed', path + pathOf(key), value);
  }

  #lists(path, before, after, depth) {
    for (const [from, to, start, end] of gapsOf(before, after)) {
      const pairs = Math.min(to - from, end - start);
      for (let i = 0; i < pairs; i += 1) this.compare(`${path}[${start + i}]`, before[from + i], after[start + i], depth);
      for (let i = from + pairs; i < to; i += 1) this.#add('removed', `${path}[${i}]`, before[i]);
      for (let i = start + pairs; i < end; i += 1) this.#add('added', `${path}[${i}]`, undefined, after[i]);
    }
  }

  #add(kind, path, before, after) {
    this.counts[kind] += 1;
    if (this.listed.length === MAX_CHANGES) return;
    this.listed.push({ kind, path, ...(kind === 'added' ? {} : { before }), ...(kind === 'removed' ? {} : { after }) });
  }
}

/**
 * Where two lists differ: of each place `[from, to, start, end]`, in whose stead the second list has its items `start` … `end` for the first one's `from` … `to`.
 * @param {readonly unknown[]} before @param {readonly unknown[]} after @returns {Array<[number, number, number, number]>}
 */
export function gapsOf(before, after) {
  let head = 0;
  while (head < before.length && head < after.length && isEqual(before[head], after[head])) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && isEqual(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail += 1;
  const [rows, columns] = [before.length - head - tail, after.length - head - tail];
  if (rows === 0 && columns === 0) return [];
  if (rows === 0 || columns === 0 || rows * columns > MAX_PAIRS) return [[head, head + rows, head, head + columns]];
  // The longest common subsequence, from its end.
  const isSame = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => isEqual(before[head + i], after[head + j])));
  const longest = Array.from({ length: rows + 1 }, () => new Array(columns + 1).fill(0));
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) longest[i][j] = isSame[i][j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  }
  const gaps = [];
  let [i, j, from, start] = [0, 0, 0, 0];
  const close = () => {
    if (i > from || j > start) gaps.push([head + from, head + i, head + start, head + j]);
  };
  while (i < rows && j < columns) {
    if (isSame[i][j]) {
      close();
      [i, j] = [i + 1, j + 1];
      [from, start] = [i, j];
    } else if (longest[i + 1][j] >= longest[i][j + 1]) i += 1;
    else j += 1;
  }
  [i, j] = [rows, columns];
  close();
  return gaps;
}

/** Whether two values of a state hold the same. */
export function isEqual(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a)) return a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (a instanceof Map) return a.size === b.size && isEqual([...a], [...b]);
  if (a instanceof Set) return a.size === b.size && isEqual([...a], [...b]);
  if (a instanceof Date || a instanceof RegExp) return Object.is(+a, +b) && String(a) === String(b);
  if (a instanceof ArrayBuffer) return isEqual(new Uint8Array(a), new Uint8Array(b));
  if (ArrayBuffer.isView(a)) return isEqual(Array.from(bytesOf(a)), Array.from(bytesOf(b)));
  if (a instanceof Error && (a.message !== b.message || a.name !== b.name)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

const sizes = new WeakMap();
const encoder = new TextEncoder();

/** Bytes of a value as JSON in UTF-8, 0 for `undefined`. What JSON does not have counts as its nearest likeness: a Map as its entries, a Set as a list. */
export function jsonBytes(value) {
  // Only what cannot change keeps its size.
  const isKept = typeof value === 'object' && value !== null && Object.isFrozen(value);
  const known = isKept ? sizes.get(value) : undefined;
  if (known !== undefined) return known;
  const json = JSON.stringify(value, likeness);
  const bytes = json === undefined ? 0 : encoder.encode(json).length;
  if (isKept) sizes.set(value, bytes);
  return bytes;
}

/** Bytes of a whole state as JSON. @param {readonly ChannelDiff[]} channels */
export function stateBytes(channels) {
  const present = channels.filter(({ bytes }) => bytes > 0);
  // Name, colon and comma of each, and the braces.
  return present.reduce((sum, { name, bytes }) => sum + jsonBytes(name) + bytes + 2, present.length === 0 ? 2 : 1);
}

function likeness(_, value) {
  if (typeof value === 'bigint') return `${value}`;
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
  if (ArrayBuffer.isView(value)) return [...bytesOf(value)];
  if (value instanceof Error) return { name: value.name, message: value.message };
  return value;
}

function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function isPlain(value) {
  return typeof value === 'object' && value !== null && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);
}

function fieldPath(key) {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function nameOf(key) {
  return typeof key === 'string' ? JSON.stringify(key) : typeof key === 'object' && key !== null ? '…' : String(key);
}
