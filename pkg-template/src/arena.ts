/**
 * The values of one run, by handle. The engine holds handles only and says when one is free again.
 */

export class Arena {
  readonly #slots: unknown[] = [];
  readonly #free: number[] = [];

  put(value: unknown): number {
    const handle = this.#free.pop();
    if (handle === undefined) return this.#slots.push(value) - 1;
    this.#slots[handle] = value;
    return handle;
  }

  get(handle: number): unknown {
    return this.#slots[handle];
  }

  release(handle: number): void {
    this.#slots[handle] = undefined;
    this.#free.push(handle);
  }
}
