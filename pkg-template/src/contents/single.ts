/**
 * The content of `last` and `reduce` channels: one value, replaced as a whole.
 *
 * Owns when a user's reducer is called. Invariant: the value is frozen, so it is its own view.
 */

import type { ChannelOptions, Content, Mark } from '../contents.js';
import { adopt, copyValue, hasBinary, lend, sizeOf } from '../values.js';

/** The latest write; `undefined` until there is one, unless the channel has an initial value. */
export function createLastContent(channel: ChannelOptions): Content {
  return new SingleContent(channel.initial, takeWrite);
}

/**
 * What a user's function makes of the current value and each write. A result that is the current value itself is no change;
 * any other is copied and frozen. `replace` sets the value without asking the function.
 */
export function createReduceContent(channel: ChannelOptions): Content {
  const { fn } = channel;
  if (fn === undefined) return createLastContent(channel);
  return new SingleContent(channel.initial, (current, write) => {
    const given = lend(current);
    const result = fn(given, lend(write));
    return Object.is(result, given) ? current : copyValue(result, 'result');
  }, true);
}

type Rule = (current: unknown, write: unknown) => unknown;

const takeWrite: Rule = (_current, write) => write;

class SingleContent implements Content {
  readonly isViewCheap = true;
  readonly #rule: Rule;
  readonly #isReduce: boolean;
  #value: unknown;
  #atBegin: unknown;
  #isOpen = false;

  constructor(initial: unknown, rule: Rule, isReduce = false) {
    this.#value = adopt(initial);
    this.#rule = rule;
    this.#isReduce = isReduce;
  }

  get hasBinary(): boolean {
    return hasBinary(this.#value);
  }

  get bytes(): number {
    return sizeOf(this.#value);
  }

  fold(write: unknown, isReplace: boolean): boolean {
    if (write === undefined && !isReplace) return false;
    const before = this.#value;
    this.#value = isReplace ? write : this.#rule(before, write);
    if (!Object.is(this.#value, before)) return true;
    return !this.#isReduce && typeof write === 'object' && write !== null;
  }

  view(): unknown {
    return this.#value;
  }

  mark(): Mark {
    return new SingleMark(this.#value);
  }

  begin(): void {
    this.#atBegin = this.#value;
    this.#isOpen = true;
  }

  commit(): void {
    this.#atBegin = undefined;
    this.#isOpen = false;
  }

  rollback(): void {
    if (this.#isOpen) this.#value = this.#atBegin;
    this.commit();
  }

  committedView(): unknown {
    return this.#isOpen ? this.#atBegin : this.#value;
  }

  save(): unknown {
    return this.#value;
  }

  load(value: unknown): void {
    this.#value = adopt(value);
  }
}

class SingleMark implements Mark {
  constructor(readonly value: unknown) {}

  view(): unknown {
    return this.value;
  }
}
