/**
 * Owns: a list that grows at its end and shrinks at its front.
 * Must not know: what is in it.
 * Invariant: `push`, `shift` and `at` take the same time however long it is (`shift` on average).
 */

/** Below this many, what is gone is not worth moving the rest for. */
const MIN_GONE = 1024;

/** @template T */
export class Queue {
  #items = [];
  #head = 0;

  get length() {
    return this.#items.length - this.#head;
  }

  /** @param {number} index @returns {T | undefined} */
  at(index) {
    return index < 0 ? undefined : this.#items[this.#head + index];
  }

  /** @param {T} item */
  push(item) {
    this.#items.push(item);
  }

  /** Takes the oldest out. @returns {T | undefined} */
  shift() {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= MIN_GONE && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}
