/**
 * The content of an `append` channel: a list.
 *
 * Owns the list's storage. Items are pushed to a backing array that all marks share: a mark is the array and a length, so it
 * stays right as long as nothing below its length changes. What does change an earlier item (`key`) takes a copy of the array
 * first, if a mark may see it. Invariant: a write costs its own items, whatever the list's length.
 */

import type { ChannelOptions, Content, Mark } from '../contents.js';
import { createError, kindOf } from '../errors.js';
import { adopt, hasBinary, heightOf, lend, sizeOf } from '../values.js';
import { stamp } from '../values/stamp.js';

type Key = string | number;

/** Slicing and freezing so many items costs no more than an accessor. */
const cheapLength = 100;

/** A list. Without `initial` it is empty. */
export function createAppendContent(channel: ChannelOptions): Content {
  return new AppendContent(channel.initial ?? [], channel.key);
}

class AppendContent implements Content {
  readonly #keyOf: ((item: unknown) => unknown) | undefined;
  #items: unknown[] = [];
  #bytes = 16;
  #height = 1;
  #hasBinary = false;
  /** Nothing may be written to `#items`, not even behind its end: it is a frozen value. */
  #isFrozen = false;
  /** Items below this index may be seen by a mark. */
  #marked = 0;
  /** As of now; made again after a change. */
  #mark: ListMark | undefined;
  #atBegin: ListMark | undefined;
  /** Where the item of a key is, the last one of several. Made at the first keyed write after a whole value came in. */
  #positions: Map<Key, number> | undefined;

  constructor(initial: unknown, keyOf: ((item: unknown) => unknown) | undefined) {
    this.#keyOf = keyOf;
    this.load(initial);
  }

  get isViewCheap(): boolean {
    return this.#items.length <= cheapLength || (this.#mark !== undefined && this.#mark.isMade);
  }

  get hasBinary(): boolean {
    return this.#hasBinary;
  }

  get bytes(): number {
    return this.#bytes;
  }

  fold(write: unknown, isReplace: boolean): boolean {
    if (isReplace) {
      if (!Array.isArray(write)) throw createError('STATE_INVALID_UPDATE', `replace() of an append channel takes an array, not ${kindOf(write)}`);
      this.load(write);
      return true;
    }
    if (write === undefined) return false;
    if (!Array.isArray(write)) return this.#place(write);
    let hasChanged = false;
    for (const item of write) if (this.#place(item)) hasChanged = true;
    return hasChanged;
  }

  view(): unknown {
    return this.mark().view();
  }

  mark(): ListMark {
    if (this.#mark === undefined) {
      this.#mark = new ListMark(this.#items, this.#items.length, this.#bytes, this.#height, this.#hasBinary);
      this.#marked = this.#items.length;
    }
    return this.#mark;
  }

  begin(): void {
    this.#atBegin = this.mark();
  }

  commit(): void {
    this.#atBegin = undefined;
  }

  rollback(): void {
    if (this.#atBegin !== undefined && this.#atBegin !== this.#mark) this.#restore(this.#atBegin);
    this.#atBegin = undefined;
  }

  committedView(): unknown {
    return (this.#atBegin ?? this.mark()).view();
  }

  save(): unknown {
    return this.view();
  }

  load(value: unknown): void {
    if (!Array.isArray(value)) throw createError('STATE_INVALID_UPDATE', `an append channel holds an array, not ${kindOf(value)}`);
    const items = adopt(value) as unknown[];
    this.#restore(new ListMark(items, items.length, sizeOf(items), heightOf(items), hasBinary(items), items));
  }

  #restore(mark: ListMark): void {
    this.#items = mark.view() as unknown[];
    this.#isFrozen = true;
    this.#bytes = mark.bytes;
    this.#height = mark.height;
    this.#hasBinary = mark.hasBinary;
    this.#mark = mark;
    this.#positions = undefined;
  }

  #place(item: unknown): boolean {
    if (this.#keyOf === undefined) {
      this.#push(item);
      return true;
    }
    const positions = (this.#positions ??= this.#findPositions());
    const key = this.#readKey(item);
    const position = key === undefined ? undefined : positions.get(key);
    if (position === undefined) {
      if (key !== undefined) positions.set(key, this.#items.length);
      this.#push(item);
      return true;
    }
    const before = this.#items[position];
    if (!(typeof item === 'object' && item !== null) && Object.is(item, before)) return false;
    this.#own(position);
    this.#items[position] = item;
    this.#bytes -= sizeOf(before);
    this.#count(item);
    return true;
  }

  #push(item: unknown): void {
    this.#own(this.#items.length);
    this.#items.push(item);
    this.#bytes += 8;
    this.#count(item);
  }

  #count(item: unknown): void {
    this.#mark = undefined;
    this.#bytes += sizeOf(item);
    const height = heightOf(item) + 1;
    if (height > this.#height) this.#height = height;
    if (hasBinary(item)) this.#hasBinary = true;
  }

  /** Makes the backing array writable at an index. */
  #own(index: number): void {
    if (!this.#isFrozen && index >= this.#marked) return;
    this.#items = this.#items.slice();
    this.#isFrozen = false;
    this.#marked = 0;
  }

  #findPositions(): Map<Key, number> {
    const positions = new Map<Key, number>();
    this.#items.forEach((item, position) => {
      const key = this.#readKey(item);
      if (key !== undefined) positions.set(key, position);
    });
    return positions;
  }

  #readKey(item: unknown): Key | undefined {
    const key = this.#keyOf?.(lend(item));
    if (typeof key === 'string' || typeof key === 'number') return key;
    if (key === undefined || key === null) return undefined;
    throw createError('STATE_INVALID_UPDATE', `a key function returns a string, a number or undefined, not ${kindOf(key)}`);
  }
}

/** The first items of a backing array. */
class ListMark implements Mark {
  #items: readonly unknown[];
  #view: readonly unknown[] | undefined;

  constructor(
    items: readonly unknown[],
    readonly length: number,
    readonly bytes: number,
    readonly height: number,
    readonly hasBinary: boolean,
    view?: readonly unknown[],
  ) {
    this.#items = items;
    this.#view = view;
  }

  get isMade(): boolean {
    return this.#view !== undefined;
  }

  view(): readonly unknown[] {
    if (this.#view === undefined) {
      // Without arguments it is twice as fast.
      const items = this.length === this.#items.length ? this.#items.slice() : this.#items.slice(0, this.length);
      this.#items = this.#view = Object.freeze(stamp(items, this.bytes, this.height, this.hasBinary));
    }
    return this.#view;
  }
}
