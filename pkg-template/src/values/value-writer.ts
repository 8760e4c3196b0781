/**
 * Writes values of the package as bytes. `bytes.ts` has the format.
 *
 * Owns a growing buffer and the table of keys. It must be given the package's own copies only: nothing in them runs user code, is
 * cyclic or of an unknown class. Invariant: `finish` leaves the writer ready for the next one, and keeps no large buffer.
 */

import { binaryParts, errorParts } from './classes.js';
import { Fault } from './fault.js';
import { shortCount, shortText, Tag } from './tags.js';

const KEPT_BYTES = 65_536;
/** Shorter text is written letter by letter: the encoder takes longer to be called. Its length is one byte. */
const BY_HAND = 128;
/** Longer text is not written in place: three bytes would have to be set aside for each character. */
const IN_PLACE = 8_192;

const encoder = new TextEncoder();
type Plain = Readonly<Record<string, unknown>>;

const loneSurrogate = /\p{Surrogate}/u;

export class ValueWriter {
  #buffer = new Uint8Array(1024);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;
  readonly #keys = new Map<string, number>();

  /** Begins anew; an error may have left something. */
  begin(): this {
    this.#at = 0;
    this.#keys.clear();
    return this;
  }

  /** What was written, in a buffer of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.slice(0, this.#at);
    if (this.#buffer.length > KEPT_BYTES) this.#replace(new Uint8Array(1024));
    return bytes;
  }

  /** What was written so far, until the next call. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = byte;
  }

  /** An integer from 0 to 2^53 - 1. */
  count(count: number): void {
    this.#reserve(8);
    for (; count > 127; count = count < 0x8000_0000 ? count >>> 7 : Math.floor(count / 128)) this.#buffer[this.#at++] = (count & 127) | 128;
    this.#buffer[this.#at++] = count;
  }

  uint32(word: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, word, true);
    this.#at += 4;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return this.#number(value);
      case 'object':
        if (value === null) return this.byte(Tag.Null);
        if (Array.isArray(value)) return this.#array(value);
        return Object.getPrototypeOf(value) === Object.prototype ? this.#object(value as Plain) : this.#builtin(value);
      case 'boolean':
        return this.byte(value ? Tag.True : Tag.False);
      case 'undefined':
        return this.byte(Tag.Undefined);
      case 'bigint':
        return this.#bigint(value);
      default:
        throw new Fault(`is a ${typeof value}, which cannot be stored`);
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value >= 0 && value < shortText) return this.byte(value);
      this.byte(value < 0 ? Tag.NegativeInteger : Tag.Integer);
      return this.count(Math.abs(value));
    }
    this.byte(Tag.Float);
    this.#float(value);
  }

  #float(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  #bigint(value: bigint): void {
    this.byte(value < 0n ? Tag.NegativeBigint : Tag.Bigint);
    const hex = (value < 0n ? -value : value).toString(16);
    const length = (hex.length + 1) >> 1;
    this.count(length);
    this.#reserve(length);
    for (let end = hex.length; end > 0; end -= 2) this.#buffer[this.#at++] = parseInt(hex.slice(Math.max(end - 2, 0), end), 16);
  }

  #text(text: string): void {
    const { length } = text;
    if (length < BY_HAND) {
      this.#reserve(length + 2);
      const buffer = this.#buffer;
      const start = this.#at + (length < shortCount ? 1 : 2);
      let index = 0;
      for (; index < length; index += 1) {
        const unit = text.charCodeAt(index);
        if (unit > 127) break;
        buffer[start + index] = unit;
      }
      if (index === length) {
        this.#textHead(length);
        this.#at += length;
        return;
      }
    }
    if (length > IN_PLACE) return this.#longText(text);
    // Most text is ASCII: as many bytes as characters, and the length of the head with them.
    this.#reserve(3 * length + 8);
    const from = this.#at;
    this.#textHead(length);
    const start = this.#at;
    const { written } = encoder.encodeInto(text, this.#buffer.subarray(start));
    if (written === length) {
      this.#at += written;
      return;
    }
    this.#at = from;
    if (loneSurrogate.test(text)) return this.#units(text);
    const head = written < shortCount ? 1 : written < 0x80 ? 2 : written < 0x4000 ? 3 : 4;
    this.#buffer.copyWithin(from + head, start, start + written);
    this.#textHead(written);
    this.#at += written;
  }

  #longText(text: string): void {
    const bytes = encoder.encode(text);
    if (bytes.length !== text.length && loneSurrogate.test(text)) return this.#units(text);
    this.#textHead(bytes.length);
    this.raw(bytes);
  }

  #textHead(bytes: number): void {
    if (bytes < shortCount) return this.byte(shortText + bytes);
    this.byte(Tag.Text);
    this.count(bytes);
  }

  /** UTF-8 has no lone surrogates. */
  #units(text: string): void {
    this.byte(Tag.Units);
    this.count(text.length);
    this.#reserve(2 * text.length);
    for (let index = 0; index < text.length; index += 1, this.#at += 2) this.#view.setUint16(this.#at, text.charCodeAt(index), true);
  }

  // Plain loops in functions with few variables: a level of a value takes little of the stack, of which workers have half as much as pages.
  #array(value: readonly unknown[]): void {
    this.#head(Tag.ShortArray, Tag.Array, value.length);
    for (let index = 0; index < value.length; index += 1) this.value(value[index]);
  }

  #object(value: Plain): void {
    const keys = Object.keys(value);
    this.#head(Tag.ShortObject, Tag.Object, keys.length);
    for (let index = 0; index < keys.length; index += 1) {
      this.#key(keys[index]!);
      this.value(value[keys[index]!]);
    }
  }

  #head(short: number, long: number, count: number): void {
    if (count < Tag.ShortArray - Tag.ShortObject) return this.byte(short + count);
    this.byte(long);
    this.count(count);
  }

  /** A key is written once, then by its number; 0 announces a new one. */
  #key(key: string): void {
    const known = this.#keys.get(key);
    if (known !== undefined) return this.count(known);
    this.byte(0);
    this.#text(key);
    this.#keys.set(key, this.#keys.size + 1);
  }

  #builtin(value: object): void {
    if (value instanceof Map) this.#map(value);
    else if (value instanceof Set) this.#set(value);
    else if (value instanceof Error) this.#error(value);
    else this.#atom(value);
  }

  #map(value: ReadonlyMap<unknown, unknown>): void {
    this.byte(Tag.Map);
    this.count(value.size);
    const entries = [...value];
    for (let index = 0; index < entries.length; index += 1) {
      this.value(entries[index]![0]);
      this.value(entries[index]![1]);
    }
  }

  #set(value: ReadonlySet<unknown>): void {
    this.byte(Tag.Set);
    this.count(value.size);
    const parts = [...value];
    for (let index = 0; index < parts.length; index += 1) this.value(parts[index]);
  }

  #error(value: Error): void {
    const [number, parts] = errorParts(value);
    this.byte(Tag.Error);
    this.byte(number);
    this.count(parts.length);
    for (let index = 0; index < parts.length; index += 1) {
      this.#key(parts[index]![0]);
      this.byte(parts[index]![1] ? 1 : 0);
      this.value(parts[index]![2]);
    }
  }

  /** What has no parts. */
  #atom(value: object): void {
    if (value instanceof Date) {
      this.byte(Tag.Date);
      this.#float(value.getTime());
    } else if (value instanceof RegExp) {
      this.byte(Tag.RegExp);
      this.#text(value.source);
      this.#text(value.flags);
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      const [number, bytes] = binaryParts(value);
      if (number < 0) throw new Fault('is binary data of a class that cannot be stored');
      this.byte(Tag.Binary);
      this.byte(number);
      this.count(bytes.length);
      this.raw(bytes);
    } else {
      throw new Fault('is of a class that cannot be stored');
    }
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#replace(larger);
  }

  #replace(buffer: Uint8Array<ArrayBuffer>): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
  }
}
