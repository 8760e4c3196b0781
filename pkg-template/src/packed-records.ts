/**
 * Records of one session in memory, packed: ascending by slot, with gaps where some were dropped.
 *
 * Owns how they lie: the bytes of all in one buffer, their values in one list, their numbers in another. A record as an object of its
 * own would take three times as much. It must not know what a record says, nor which may be dropped.
 */

import type { StoredRecord } from './log-store.js';

/** Numbers of a record: its slot, where its bytes and its values end, when it was stored. */
const stride = 4;

export class PackedRecords {
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #values: unknown[] = [];
  readonly #numbers: number[] = [];

  constructor(records: readonly StoredRecord[] = []) {
    for (const record of records) this.push(record);
  }

  get length(): number {
    return this.#numbers.length / stride;
  }

  /** Adds a record behind the others. */
  push({ slot, bytes, values, storedAt = Date.now() }: StoredRecord): void {
    const start = this.#endOf(1, this.length - 1);
    const end = start + bytes.length;
    if (end > this.#bytes.length) {
      // The first record exactly, since many sessions are short.
      const grown = new Uint8Array(Math.max(end, Math.floor(this.#bytes.length * 1.5)));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, start);
    for (const value of values) this.#values.push(value);
    this.#numbers.push(slot, end, this.#values.length, storedAt);
  }

  /** The slot at an index, `undefined` where there is none. */
  slotAt(index: number): number | undefined {
    return this.#numbers[index * stride];
  }

  /** The records from an index on, at most `limit`. */
  slice(from: number, limit = Infinity): StoredRecord[] {
    const records: StoredRecord[] = [];
    for (let index = from; index < this.length && records.length < limit; index += 1) {
      records.push({
        slot: this.#numbers[index * stride]!,
        bytes: this.#bytes.subarray(this.#endOf(1, index - 1), this.#endOf(1, index)),
        values: this.#values.slice(this.#endOf(2, index - 1), this.#endOf(2, index)),
        storedAt: this.#numbers[index * stride + 3]!,
      });
    }
    return records;
  }

  /** The index of the first record whose slot is not below a slot. */
  indexFrom(slot: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.slotAt(middle)! < slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where the bytes (1) or the values (2) of a record end; before the first one, 0. */
  #endOf(which: 1 | 2, index: number): number {
    return index < 0 ? 0 : this.#numbers[index * stride + which]!;
  }
}
