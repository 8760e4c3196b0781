/**
 * The content of one channel in one session: how writes fold into a value, and how that value is read.
 *
 * Owns what the kinds of channel have in common; each kind has a file in `contents/`. It must not know channel names, nodes or
 * steps: the engine decides what is folded and in which order. Invariant: what was handed out (a view, a mark's view) never
 * changes, whatever is folded later. `src/state/json_fold.rs` follows the same rules for hosts without JavaScript;
 * `tests/vectors/folding.json` holds the two together.
 */

import { createAppendContent } from './contents/append.js';
import { createMergeContent } from './contents/merge.js';
import { createLastContent, createReduceContent } from './contents/single.js';

/** What a channel descriptor says about folding. */
export interface ChannelOptions {
  readonly kind: 'append' | 'merge' | 'last' | 'reduce';
  /** A frozen copy; absent means empty. */
  readonly initial: unknown;
  /** `append` only: names the item that a new one takes the place of. `undefined`, and `null` too, names none. */
  readonly key?: (item: unknown) => string | number | undefined;
  /** `reduce` only. */
  readonly fn?: (current: unknown, write: unknown) => unknown;
  /** `last` only; the engine sees to it. */
  readonly onConflict?: 'error' | 'last';
}

/** A value as it was when the mark was taken. It costs nothing until it is looked at. */
export interface Mark {
  /** The frozen value; made at the first call, the same object at each. */
  view(): unknown;
}

/**
 * A channel's content. It changes by `fold`, `load` and `rollback` only, and belongs to one run at a time.
 *
 * Whoever gives a view to user code gives a copy of it while `hasBinary` is true: see `lend` in `values.ts`.
 */
export interface Content {
  /**
   * Folds one write, which `copyValue` made; `undefined` is no write. With `isReplace` the write is the whole value.
   *
   * Returns whether the channel changed, by the rule of versions: a write counts if it is an object, or not `Object.is` to
   * what it replaces. `append([])`, `merge({})`, and `null` for a key that is not there do not count. Of `reduce`, the result
   * is compared.
   *
   * @throws StateError STATE_INVALID_UPDATE: a write that the channel cannot take; STATE_NOT_CLONEABLE: a reducer's result.
   * Also what a reducer or a key function of the user throws. Then the content may hold a part of the write: roll it back.
   */
  fold(write: unknown, isReplace: boolean): boolean;
  /** The frozen value. Made when it is first asked for after a change, then the same object until the next. */
  view(): unknown;
  /** The view is made already, or small enough to be made at once. */
  readonly isViewCheap: boolean;
  /** Holds what cannot be frozen. May stay true after the part in question is gone, until the value is replaced. */
  readonly hasBinary: boolean;
  /** The value as of now. Constant time. */
  mark(): Mark;
  /** Starts a barrier. Constant time. */
  begin(): void;
  /** Ends a barrier. */
  commit(): void;
  /** Ends a barrier, and restores the value as of its start. */
  rollback(): void;
  /** During a barrier the value as of its start, else the view. */
  committedView(): unknown;
  /** The whole value for a record. */
  save(): unknown;
  /** Takes a whole value back from a record. */
  load(value: unknown): void;
  /** Approximate size in bytes. */
  readonly bytes: number;
}

/** The content of a channel in a fresh session: its initial value. */
export function createContent(channel: ChannelOptions): Content {
  switch (channel.kind) {
    case 'append':
      return createAppendContent(channel);
    case 'merge':
      return createMergeContent(channel);
    case 'last':
      return createLastContent(channel);
    case 'reduce':
      return createReduceContent(channel);
  }
}
