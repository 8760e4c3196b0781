/**
 * Typed, versioned slots of the `extra` channel.
 *
 * Owns the names under which a slot and its mark are stored. It must not know runs: who clears the slots of an invocation reads the marks
 * (see `invocation-slots.ts`). Invariant: no slot has the name of a mark, since the parts of a slot's name hold no colon.
 */

import type { Value } from './channels.js';
import { createError, kindOf } from './errors.js';

/** Added to a slot's name: the name of what marks it as one of its invocation. @internal */
export const MARK = ':invocation';

/** What a slot is read from. */
type Holder = { extra: Readonly<Record<string, Value>> };

/**
 * A typed slot of the `extra` channel, stored under `namespace:name:v<version>`; a new version is a new slot. With `lifecycle: 'invocation'`
 * it is cleared as the next `invoke` or `invokeNext` of the session starts, before that one's input is folded, and kept by `resume`. A
 * mark beside the slot, `<storage key>:invocation`, says so in the state itself; so it holds after a reload and in any app. A graph of
 * its own channels needs `extra: merge()`.
 *
 * ```ts
 * import { END, GraphBuilder, START, StateKey } from 'weavegraph-wasm';
 *
 * const visits = new StateKey<number>('shop', 'visits', 1, { parse: (raw) => Number(raw) });
 * const app = new GraphBuilder()
 *   .addNode('count', (state) => ({ extra: visits.set((visits.get(state) ?? 0) + 1) }))
 *   .addEdge(START, 'count')
 *   .addEdge('count', END)
 *   .compile();
 * console.log(visits.require(await app.invoke())); // 1
 * ```
 */
export class StateKey<T> {
  /** `namespace:name:v<version>`. */
  readonly storageKey: string;
  /** The names that `set` and `clear` write: the slot's, and that of its mark. @internal */
  readonly names: readonly string[];
  readonly #parse: ((raw: Value) => T) | undefined;

  /**
   * @param namespace of your application or library; neither it nor `name` is empty or has a colon
   * @param version from 1; raise it when the shape of the value changes
   * @param options `lifecycle`: `durable` (default) or `invocation`; `parse`: makes the value of what is stored, and throws if it cannot
   * @throws StateError STATE_INVALID_KEY
   */
  constructor(namespace: string, name: string, version: number, options: { lifecycle?: 'durable' | 'invocation'; parse?: (raw: Value) => T } = {}) {
    for (const part of [namespace, name] as unknown[]) {
      if (typeof part !== 'string' || part === '' || part.includes(':')) throw invalid(`a state key's namespace and name are texts without colons, not ${JSON.stringify(part) ?? kindOf(part)}`);
    }
    if (!Number.isSafeInteger(version) || version < 1) throw invalid(`version of the state key \`${namespace}:${name}\` is ${String(version)}; give an integer from 1 on`);
    const { lifecycle = 'durable', parse } = options;
    if (lifecycle !== 'durable' && lifecycle !== 'invocation') throw invalid(`lifecycle of the state key \`${namespace}:${name}\` is ${String(lifecycle)}; it is 'durable' or 'invocation'`);
    if (parse !== undefined && typeof parse !== 'function') throw invalid(`parse of the state key \`${namespace}:${name}\` is ${kindOf(parse)}; give a function`);
    this.storageKey = `${namespace}:${name}:v${version}`;
    this.names = lifecycle === 'durable' ? [this.storageKey] : [this.storageKey, this.storageKey + MARK];
    this.#parse = parse;
    Object.freeze(this);
  }

  /**
   * The slot's value; `undefined` if it is empty.
   *
   * @throws StateError STATE_INVALID_KEY: `parse` threw, which is the `cause`, or the state has no map `extra`
   */
  get(state: Holder): T | undefined {
    const extra: unknown = state.extra;
    if (typeof extra !== 'object' || extra === null) throw invalid(`\`${this.storageKey}\` cannot be read: the state has no map \`extra\``);
    if (!Object.hasOwn(extra, this.storageKey)) return undefined;
    const raw = (extra as Record<string, unknown>)[this.storageKey];
    if (this.#parse === undefined) return raw as T;
    try {
      return this.#parse(raw);
    } catch (cause) {
      throw createError('STATE_INVALID_KEY', `what is stored under \`${this.storageKey}\` is not what its parse expects`, { cause });
    }
  }

  /**
   * The slot's value.
   *
   * @throws StateError STATE_MISSING_KEY: it is empty; STATE_INVALID_KEY as of `get`
   */
  require(state: Holder): T {
    const value = this.get(state);
    if (value === undefined) throw createError('STATE_MISSING_KEY', `nothing is stored under \`${this.storageKey}\``);
    return value;
  }

  /**
   * An update of `extra` that fills the slot.
   *
   * @throws StateError STATE_INVALID_KEY: `null` and `undefined` cannot be stored; `clear` empties the slot
   */
  set(value: T): Record<string, Value> {
    if (value === undefined || value === null) throw invalid(`\`${this.storageKey}\` cannot hold ${String(value)}; empty it with clear()`);
    return Object.fromEntries(this.names.map((name, at) => [name, at === 0 ? value : true]));
  }

  /** An update of `extra` that empties the slot. */
  clear(): Record<string, null> {
    return Object.fromEntries(this.names.map((name) => [name, null]));
  }
}

function invalid(message: string): Error {
  return createError('STATE_INVALID_KEY', message);
}
