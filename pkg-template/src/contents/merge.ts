/**
 * The content of a `merge` channel: a map with string keys.
 *
 * Owns the map's storage: the current entries, and a log of the writes that led to them, which is only ever appended to. A mark
 * is the log and a length; it replays the log only if it is looked at after a change. Once the log is twice as long as the map
 * it starts again from the map's entries, so old marks keep the old log. Invariant: a write costs its own keys, a view all of
 * them, and neither `null` nor `undefined` is ever stored.
 */

import type { ChannelOptions, Content, Mark } from '../contents.js';
import { createError, kindOf } from '../errors.js';
import { adopt, hasBinary, heightOf, sizeOf } from '../values.js';
import { stamp } from '../values/stamp.js';

type Entries = Map<string, unknown>;
type Plain = Readonly<Record<string, unknown>>;

/** Building an object of so few keys costs little more than an accessor. */
const cheapSize = 8;
/** A log of so few writes never starts again. */
const shortLog = 32;

/** A map. Without `initial` it is empty. Keys that an update sets to `undefined` are not written. */
export function createMergeContent(channel: ChannelOptions): Content {
  return new MergeContent(channel.initial ?? {});
}

class MergeContent implements Content {
  #entries: Entries = new Map();
  #log = new Log();
  #bytes = 16;
  #height = 1;
  #hasBinary = false;
  /** As of now; made again after a change. */
  #mark: MapMark | undefined;
  #atBegin: MapMark | undefined;

  constructor(initial: unknown) {
    this.load(initial);
  }

  get isViewCheap(): boolean {
    return this.#entries.size <= cheapSize || (this.#mark !== undefined && this.#mark.isMade);
  }

  get hasBinary(): boolean {
    return this.#hasBinary;
  }

  get bytes(): number {
    return this.#bytes;
  }

  fold(write: unknown, isReplace: boolean): boolean {
    if (write === undefined && !isReplace) return false;
    if (!isPlain(write)) {
      throw createError('STATE_INVALID_UPDATE', `${isReplace ? 'replace() of a merge channel' : 'a merge channel'} takes a plain object, not ${describe(write)}`);
    }
    if (isReplace) {
      this.load(write);
      return true;
    }
    let hasChanged = false;
    for (const key of Object.keys(write)) if (this.#set(key, write[key])) hasChanged = true;
    if (hasChanged) {
      this.#mark = undefined;
      if (this.#log.keys.length > shortLog + 2 * this.#entries.size) this.#log = Log.of(this.#entries);
    }
    return hasChanged;
  }

  view(): unknown {
    return this.mark().view(this.#entries);
  }

  mark(): MapMark {
    return (this.#mark ??= new MapMark(this.#log, this.#log.keys.length, this.#bytes, this.#height, this.#hasBinary));
  }

  begin(): void {
    this.#atBegin = this.mark();
  }

  commit(): void {
    this.#atBegin = undefined;
  }

  rollback(): void {
    const mark = this.#atBegin;
    this.#atBegin = undefined;
    if (mark === undefined || mark === this.#mark) return;
    this.#entries = mark.replay();
    this.#log = Log.of(this.#entries);
    this.#bytes = mark.bytes;
    this.#height = mark.height;
    this.#hasBinary = mark.hasBinary;
    this.#mark = mark;
  }

  committedView(): unknown {
    return this.#atBegin === undefined || this.#atBegin === this.#mark ? this.view() : this.#atBegin.view();
  }

  save(): unknown {
    return this.view();
  }

  load(value: unknown): void {
    if (!isPlain(value)) throw createError('STATE_INVALID_UPDATE', `a merge channel holds a plain object, not ${describe(value)}`);
    const object = adopt(value) as Plain;
    const keys = Object.keys(object);
    this.#entries = new Map();
    this.#log = new Log();
    this.#bytes = 16;
    this.#height = 1;
    this.#hasBinary = false;
    for (const key of keys) this.#set(key, object[key]);
    this.#mark = undefined;
    // Unless keys were left out, the value is its own view.
    if (keys.length === this.#entries.size) this.mark().view(this.#entries, object);
  }

  #set(key: string, value: unknown): boolean {
    if (value === undefined) return false;
    const before = this.#entries.get(key);
    if (value === null) {
      if (!this.#entries.delete(key)) return false;
      this.#bytes -= key.length + sizeOf(before);
    } else {
      if (typeof value !== 'object' && Object.is(value, before)) return false;
      this.#entries.set(key, value);
      this.#bytes += sizeOf(value) + (before === undefined ? key.length : -sizeOf(before));
      const height = heightOf(value) + 1;
      if (height > this.#height) this.#height = height;
      if (hasBinary(value)) this.#hasBinary = true;
    }
    this.#log.keys.push(key);
    this.#log.values.push(value);
    return true;
  }
}

/** Writes in order; the value `null` deletes. */
class Log {
  static of(entries: Entries): Log {
    return new Log([...entries.keys()], [...entries.values()]);
  }

  constructor(
    readonly keys: string[] = [],
    readonly values: unknown[] = [],
  ) {}
}

/** What the first writes of a log lead to. */
class MapMark implements Mark {
  readonly #log: Log;
  #view: Plain | undefined;

  constructor(
    log: Log,
    readonly length: number,
    readonly bytes: number,
    readonly height: number,
    readonly hasBinary: boolean,
  ) {
    this.#log = log;
  }

  get isMade(): boolean {
    return this.#view !== undefined;
  }

  /** `entries`, where they are at hand, save the replay; `made`, the work. */
  view(entries?: Entries, made?: Plain): Plain {
    return (this.#view ??= made ?? Object.freeze(stamp(toObject(entries ?? this.replay()), this.bytes, this.height, this.hasBinary)));
  }

  replay(): Entries {
    const entries: Entries = new Map();
    for (let index = 0; index < this.length; index++) {
      const key = this.#log.keys[index] as string;
      const value = this.#log.values[index];
      if (value === null) entries.delete(key);
      else entries.set(key, value);
    }
    return entries;
  }
}

function toObject(entries: Entries): Plain {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    // An assignment to `__proto__` would set the prototype.
    if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    else object[key] = value;
  }
  return object;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function describe(value: unknown): string {
  const kind = kindOf(value);
  return kind === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : kind;
}
