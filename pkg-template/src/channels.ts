/**
 * How the parts of a state merge what nodes write: the channel constructors, and the types of states and updates.
 *
 * Owns the descriptors. It must not know how a write is folded (see `contents.ts`) nor who writes. Invariant: a descriptor is
 * frozen, its initial value is a copy, and only these constructors can make one: it carries a private stamp.
 */

import type { ChannelOptions } from './contents.js';
import { kindOf } from './errors.js';
import { copyValue } from './values.js';

/**
 * What may be stored, sent and emitted: plain objects, arrays, Map, Set, Date, RegExp, Error, ArrayBuffer and its views, bigint
 * and the other primitives. Anything else (class instances, functions, symbols, cycles, more than 1,000 levels) is
 * STATE_NOT_CLONEABLE, with the path in the message. A value is copied once as it enters, and what nodes read is frozen; the
 * caller's own objects are left as they are. An object that occurs twice becomes two copies.
 */
export type Value = unknown;

/**
 * How one part of the state merges writes. `V` is what nodes read, `U` what they may write; `undefined` writes nothing. Made by
 * {@link append}, {@link merge}, {@link last} and {@link reduce}.
 */
export interface Channel<V, U> {
  readonly kind: 'append' | 'merge' | 'last' | 'reduce';
  /** Carries the types; never there at run time. */
  readonly __types?: [V, U];
}

/** Channels by name. */
export type Channels = Record<string, Channel<any, any>>;

/** What nodes read: the value of every channel, frozen. */
export type StateOf<C extends Channels> = { readonly [K in keyof C]: C[K] extends Channel<infer V, any> ? V : never };

/** What nodes write: for any of the channels a write, or {@link replace} with a whole value. */
export type UpdateOf<C extends Channels> = { [K in keyof C]?: (C[K] extends Channel<infer V, infer U> ? U | Replace<V> : never) | undefined };

/** A whole value in place of a write; made by {@link replace}. */
export interface Replace<V> {
  readonly __replace: V;
}

/** One message of a conversation, in the shape that model providers share. */
export interface Message {
  role: 'user' | 'assistant' | 'system' | 'tool' | (string & {});
  content: string | null | readonly Value[];
  id?: string;
  [extra: string]: Value;
}

/** An error that did not end the run's session: a node reports it in its update, or the engine records it for a failed step. */
export interface ErrorEvent {
  /** Epoch milliseconds. */
  at: number;
  scope: ErrorScope;
  error: { message: string; cause?: Value; details?: Value };
  tags: string[];
  context?: Value;
}

/** Where an {@link ErrorEvent} arose. */
export type ErrorScope =
  | { scope: 'node'; kind: string; step: number }
  | { scope: 'scheduler'; step: number }
  | { scope: 'runner'; session: string; step: number }
  | { scope: 'app' };

/** The channels of a graph that declares none. Changes of this `errors` channel do not make a node run again. */
export type DefaultChannels = {
  messages: Channel<readonly Message[], Message | readonly Message[]>;
  extra: Channel<Readonly<Record<string, Value>>, Record<string, Value | null>>;
  errors: Channel<readonly ErrorEvent[], ErrorEvent | readonly ErrorEvent[]>;
};

/**
 * A list. Writes are appended in node order; an array appends its items, so an item that is an array is written as `[[…]]`. Where
 * `key` names an item that is there already, the new one takes its place; an item whose key is `undefined` is appended.
 * `initial` is empty by default.
 *
 * @example
 * ```ts
 * import { append, type Message } from 'weavegraph-wasm';
 *
 * const channels = { messages: append<Message>({ key: (message) => message.id }) };
 * ```
 * @throws StateError STATE_NOT_CLONEABLE: `initial` holds what cannot be stored.
 */
export function append<T>(options?: { initial?: readonly T[]; key?: (item: T) => string | number | undefined }): Channel<readonly T[], T | readonly T[]> {
  return ChannelDescriptor.of('append', options);
}

/**
 * A map. Writes merge one level deep; of two nodes that write a key in one step the later wins, and `null` deletes a key (RFC
 * 7396), so `null` cannot be stored. `initial` is empty by default.
 *
 * @throws StateError STATE_NOT_CLONEABLE: `initial` holds what cannot be stored.
 */
export function merge<T = Value>(options?: { initial?: Record<string, T> }): Channel<Readonly<Record<string, T>>, Record<string, T | null>> {
  return ChannelDescriptor.of('merge', options);
}

/**
 * One value. Two nodes of one step that write it fail the step with STATE_CONFLICT, unless `onConflict` is `'last'`: then the
 * later in node order wins. Without `initial` it is `undefined` until written.
 *
 * @throws StateError STATE_NOT_CLONEABLE: `initial` holds what cannot be stored.
 */
export function last<T>(options: { initial: T; onConflict?: 'error' | 'last' }): Channel<T, T>;
export function last<T>(options?: { onConflict?: 'error' | 'last' }): Channel<T | undefined, T>;
export function last<T>(options?: { initial?: T; onConflict?: 'error' | 'last' }): Channel<T | undefined, T> {
  return ChannelDescriptor.of('last', options);
}

/**
 * Any pure function, called once per write, in node order. A throw fails the step with STATE_REDUCER. The whole value is stored
 * at each change, so a list or a map that grows belongs in {@link append} or {@link merge}.
 *
 * @throws StateError STATE_NOT_CLONEABLE: `initial` holds what cannot be stored.
 */
export function reduce<V, U = V>(fn: (current: V, write: U) => V, initial: V): Channel<V, U> {
  return ChannelDescriptor.of('reduce', { initial, fn });
}

/** As a write to any channel: this value stands in place of the current one, whatever the channel's rule. */
export function replace<V>(value: V): Replace<V> {
  return new Replacement(value);
}

/** The channels that {@link DefaultChannels} describes. @internal */
export function defaultChannels(): DefaultChannels {
  return { messages: append<Message>(), extra: merge(), errors: append<ErrorEvent>() };
}

/** The whole value that a write asks for, as an object that holds it; `undefined` for an ordinary write. @internal */
export function readReplace(write: unknown): Replace<unknown> | undefined {
  return Replacement.isOne(write) ? write : undefined;
}

class Replacement<V> implements Replace<V> {
  readonly #stamp = true;
  readonly __replace: V;

  constructor(value: V) {
    this.__replace = value;
    Object.freeze(this);
  }

  static isOne(value: unknown): value is Replacement<unknown> {
    return typeof value === 'object' && value !== null && #stamp in value;
  }
}

type Kind = Channel<unknown, unknown>['kind'];
type Given = { readonly initial?: unknown; readonly key?: unknown; readonly fn?: unknown; readonly onConflict?: unknown };

/** What the constructors return. A fault of the options is kept as text, for `validate()` to report with the others. @internal */
export class ChannelDescriptor implements ChannelOptions {
  readonly #stamp = true;
  readonly kind: Kind;
  /** A frozen copy. */
  readonly initial: unknown;
  readonly key?: (item: any) => string | number | undefined;
  readonly fn?: (current: any, write: any) => unknown;
  readonly onConflict?: 'error' | 'last';
  /** What is wrong with the options and how to mend it; '' if nothing is. */
  readonly problem: string;

  private constructor(kind: Kind, given: Given, problem: string) {
    this.kind = kind;
    this.problem = problem;
    this.initial = given.initial;
    if (typeof given.key === 'function') this.key = given.key as (item: any) => string | number | undefined;
    if (typeof given.fn === 'function') this.fn = given.fn as (current: any, write: any) => unknown;
    if (given.onConflict === 'error' || given.onConflict === 'last') this.onConflict = given.onConflict;
    Object.freeze(this);
  }

  /** Reads what the user gave, once. */
  static of(kind: Kind, options: unknown): ChannelDescriptor {
    if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options))) {
      return new ChannelDescriptor(kind, { initial: empty(kind) }, `the options of ${kind}() are ${kindOf(options)}; give an object`);
    }
    const { initial = empty(kind), key, fn, onConflict }: Given = options ?? {};
    const given = {
      initial: copyValue(initial, 'initial'),
      key: kind === 'append' ? key : undefined,
      fn: kind === 'reduce' ? fn : undefined,
      onConflict: kind === 'last' ? onConflict : undefined,
    };
    return new ChannelDescriptor(kind, given, findProblem(kind, given));
  }

  /** Stands where the user gave something else than a channel, so that the fault is reported. */
  static invalid(problem: string): ChannelDescriptor {
    return new ChannelDescriptor('last', {}, problem);
  }

  /** The same channel under another rule: a whole channel, or a reducer that takes over the initial value. A fault stays. */
  withRule(rule: unknown): ChannelDescriptor {
    if (this.problem !== '') return this;
    return typeof rule === 'function' ? ChannelDescriptor.of('reduce', { initial: this.initial, fn: rule }) : ChannelDescriptor.from(rule);
  }

  /** What the user gave as a channel, or a descriptor that reports why it is none. */
  static from(value: unknown): ChannelDescriptor {
    if (typeof value === 'object' && value !== null && #stamp in value) return value as ChannelDescriptor;
    return ChannelDescriptor.invalid(`it is ${kindOf(value)}; make it with append(), merge(), last() or reduce()`);
  }
}

function empty(kind: Kind): unknown {
  return kind === 'append' ? [] : kind === 'merge' ? {} : undefined;
}

function findProblem(kind: Kind, given: Given): string {
  const { initial, key, fn, onConflict } = given;
  if (kind === 'append' && !Array.isArray(initial)) return `initial of append() is ${kindOf(initial)}; give an array`;
  if (kind === 'merge') {
    if (!isPlain(initial)) return `initial of merge() is ${kindOf(initial)}; give a plain object`;
    const cleared = Object.keys(initial).find((name) => initial[name] === null);
    if (cleared !== undefined) return `initial of merge() holds null at '${cleared}'; null deletes a key and cannot be stored`;
  }
  if (key !== undefined && typeof key !== 'function') return `key of append() is ${kindOf(key)}; give a function of the item`;
  if (kind === 'reduce' && typeof fn !== 'function') return `the reducer of reduce() is ${kindOf(fn)}; give a function of (current, write)`;
  if (onConflict !== undefined && onConflict !== 'error' && onConflict !== 'last') {
    return `onConflict of last() is ${typeof onConflict === 'string' ? `'${onConflict}'` : kindOf(onConflict)}; it is 'error' or 'last'`;
  }
  return '';
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
