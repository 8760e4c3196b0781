/**
 * Reads values out of bytes that anyone may have written. `bytes.ts` has the format.
 *
 * Owns the checks that make this safe: a count is never believed beyond the bytes that are left, depth has a limit, keys become own
 * properties, nothing of the input is called. Invariant: what it returns shares no memory with the bytes.
 */

import { Broken } from './broken.js';
import { makeBinary, makeError, setOwn, type ErrorPart } from './classes.js';
import { shortText, Tag } from './tags.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #maxHeight: number;
  readonly #keys: string[] = [];
  #at = 0;

  /** @param maxHeight levels of containers that a value may have */
  constructor(bytes: Uint8Array, maxHeight: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#maxHeight = maxHeight;
  }

  get at(): number {
    return this.#at;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw ends();
    return this.#bytes[this.#at++]!;
  }

  /** Takes the next byte if it is this one. */
  takes(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  /** An integer from 0 to 2^53 - 1. */
  count(): number {
    let count = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      count += (byte & 127) * scale;
      if (count > Number.MAX_SAFE_INTEGER) throw new Broken('holds a count out of range');
      if (byte < 128) return count;
    }
  }

  /** The next bytes, in place. */
  raw(length: number): Uint8Array {
    return this.#bytes.subarray(this.#take(length), this.#at);
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new Broken(`goes on after its end, at byte ${this.#at}`);
  }

  /** The next value, `depth` levels down. */
  value(depth = 0): unknown {
    const tag = this.byte();
    if (tag < shortText) return tag;
    if (tag < Tag.ShortObject) return this.#text(tag - shortText);
    if (tag < Tag.ShortArray) return this.#object(tag - Tag.ShortObject, depth);
    if (tag < Tag.Null) return this.#array(tag - Tag.ShortArray, depth);
    switch (tag) {
      case Tag.Null:
        return null;
      case Tag.Undefined:
        return undefined;
      case Tag.False:
        return false;
      case Tag.True:
        return true;
      case Tag.Integer:
        return this.count();
      case Tag.NegativeInteger:
        return -this.count();
      case Tag.Float:
        return this.#float();
      case Tag.Bigint:
        return this.#bigint();
      case Tag.NegativeBigint:
        return -this.#bigint();
      case Tag.Text:
        return this.#text(this.count());
      case Tag.Units:
        return this.#units();
      case Tag.Object:
        return this.#object(this.items(2), depth);
      case Tag.Array:
        return this.#array(this.items(1), depth);
      case Tag.Map:
        return this.#map(depth);
      case Tag.Set:
        return this.#set(depth);
      case Tag.Date:
        return new Date(this.#float());
      case Tag.RegExp:
        return new RegExp(this.#string(), this.#string());
      case Tag.Error:
        return this.#error(depth);
      case Tag.Binary:
        return this.#binary();
      default:
        throw new Broken(`holds the unknown mark ${tag} at byte ${this.#at - 1}`);
    }
  }

  /** Moves on and returns where it was. */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw ends();
    this.#at += length;
    return start;
  }

  /** A count of items that take at least `bytes` bytes each. */
  items(bytes: number): number {
    const count = this.count();
    if (count * bytes > this.#bytes.length - this.#at) throw ends();
    return count;
  }

  #level(depth: number): number {
    if (depth >= this.#maxHeight) throw new Broken(`is nested more than ${this.#maxHeight} levels deep`);
    return depth + 1;
  }

  #float(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  #bigint(): bigint {
    const bytes = this.raw(this.count());
    const digits: string[] = ['0x0'];
    for (let index = bytes.length - 1; index >= 0; index -= 1) digits.push(bytes[index]!.toString(16).padStart(2, '0'));
    return BigInt(digits.join(''));
  }

  #text(length: number): string {
    const start = this.#take(length);
    const bytes = this.#bytes;
    if (length < 24) {
      let text = '';
      let index = start;
      for (; index < this.#at; index += 1) {
        const byte = bytes[index]!;
        if (byte > 127) break;
        text += String.fromCharCode(byte);
      }
      if (index === this.#at) return text;
    }
    return decoder.decode(bytes.subarray(start, this.#at));
  }

  #units(): string {
    const count = this.items(2);
    const parts: string[] = [];
    for (let left = count; left > 0; ) {
      const units: number[] = [];
      for (const end = Math.max(left - 4096, 0); left > end; left -= 1) units.push(this.#view.getUint16(this.#take(2), true));
      parts.push(String.fromCharCode(...units));
    }
    return parts.join('');
  }

  #string(): string {
    const text = this.value(this.#maxHeight);
    if (typeof text !== 'string') throw new Broken(`holds no text at byte ${this.#at - 1} where there should be some`);
    return text;
  }

  #key(): string {
    const number = this.count();
    if (number === 0) {
      const key = this.#string();
      this.#keys.push(key);
      return key;
    }
    const key = this.#keys[number - 1];
    if (key === undefined) throw new Broken(`names a key that it has not, at byte ${this.#at - 1}`);
    return key;
  }

  #object(count: number, depth: number): object {
    const inner = this.#level(depth);
    const object: Record<string, unknown> = {};
    for (let index = 0; index < count; index += 1) setOwn(object, this.#key(), this.value(inner));
    return object;
  }

  #array(count: number, depth: number): unknown[] {
    const inner = this.#level(depth);
    const array: unknown[] = [];
    for (let index = 0; index < count; index += 1) array.push(this.value(inner));
    return array;
  }

  #map(depth: number): Map<unknown, unknown> {
    const inner = this.#level(depth);
    const map = new Map<unknown, unknown>();
    for (let left = this.items(2); left > 0; left -= 1) {
      const key = this.value(inner);
      map.set(key, this.value(inner));
    }
    return map;
  }

  #set(depth: number): Set<unknown> {
    const inner = this.#level(depth);
    const set = new Set<unknown>();
    for (let left = this.items(1); left > 0; left -= 1) set.add(this.value(inner));
    return set;
  }

  #error(depth: number): Error {
    const inner = this.#level(depth);
    const number = this.byte();
    const parts: ErrorPart[] = [];
    for (let left = this.items(3); left > 0; left -= 1) parts.push([this.#key(), this.byte() === 1, this.value(inner)]);
    const error = makeError(number, parts);
    if (error === undefined) throw new Broken(`holds an error of the unknown class ${number}`);
    return error;
  }

  #binary(): object {
    const number = this.byte();
    const data = makeBinary(number, this.raw(this.count()));
    if (data === 'missing') throw new Broken('holds binary data of a class that this platform lacks', true);
    if (data === undefined) throw new Broken(`holds impossible binary data before byte ${this.#at}`);
    return data;
  }
}

function ends(): Broken {
  return new Broken('ends too early');
}
