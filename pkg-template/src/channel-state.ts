/**
 * The contents of one session's channels, and what nodes see of them.
 *
 * Owns when views are made: one state object per step, shared by its tasks. It must not decide what is written: the engine orders
 * every change. Invariant: between `begin` and `commit` or `rollback`, `committed()` is the state before the barrier.
 */

import type { AppCore } from './app-core.js';
import { readReplace } from './channels.js';
import { createContent, type Content } from './contents.js';
import { createStateViews } from './state-view.js';
import { copyValue, lend } from './values.js';

export class ChannelState {
  readonly contents: readonly Content[];
  readonly #names: readonly string[];
  readonly #makeView: (contents: readonly Content[]) => object;
  /** Between `begin` and the barrier's end, in the order in which they were opened. */
  readonly #touched: Content[] = [];
  #touchedCount = 0;
  /** By channel. */
  readonly #changed: boolean[] = [];
  /** The same of the first 32. */
  #changedMask = 0;
  #view: object | undefined;

  constructor(app: AppCore) {
    const { channelNames, channels } = app.parts;
    this.#names = channelNames;
    this.contents = channels.map(createContent);
    this.#makeView = createStateViews(channelNames);
  }

  /** What this step's tasks see. */
  view(): object {
    return (this.#view ??= this.#makeView(this.contents));
  }

  /** A state of the task's own, where values cannot be frozen: binary data. */
  viewForTask(): object {
    for (const content of this.contents) if (content.hasBinary) return this.#makeView(this.contents);
    return this.view();
  }

  /** The state after the last finished step, as a plain frozen object. */
  committed(): Record<string, unknown> {
    const state: Record<string, unknown> = {};
    this.#names.forEach((name, channel) => (state[name] = lend(this.contents[channel]!.committedView())));
    return Object.freeze(state);
  }

  /** Begins with what another state has in channels of the same name and kind, by reference. */
  share(app: AppCore, outer: AppCore, state: ChannelState): void {
    app.parts.channelNames.forEach((name, channel) => {
      const there = outer.channelIds.get(name);
      if (there !== undefined && outer.parts.channels[there]!.kind === app.parts.channels[channel]!.kind) this.contents[channel]!.load(state.contents[there]!.save());
    });
  }

  begin(): void {
    this.#changedMask = 0;
    if (this.contents.length > 32) this.#changed.fill(false);
  }

  /** Folds one channel's write out of an update. May throw what a reducer or key function throws. */
  write(channel: number, update: unknown, isReplace: boolean): void {
    const write = (update as Record<string, unknown>)[this.#names[channel]!];
    const value = isReplace ? readReplace(write)?.__replace : write;
    this.#note(channel, this.#open(channel).fold(value, isReplace));
  }

  /** Whether an update's write to a channel was made by `replace()`. */
  isReplacing(channel: number, update: unknown): boolean {
    return readReplace((update as Record<string, unknown>)[this.#names[channel]!]) !== undefined;
  }

  /** Sets a channel's whole content, as `save` gave it. */
  load(channel: number, value: unknown): void {
    this.#open(channel).load(value);
    this.#note(channel, true);
  }

  /** Appends to the `errors` channel. */
  append(channel: number, item: unknown): void {
    this.#note(channel, this.#open(channel).fold(copyValue(item, 'errors'), false));
  }

  #open(channel: number): Content {
    const content = this.contents[channel]!;
    for (let index = 0; index < this.#touchedCount; index += 1) if (this.#touched[index] === content) return content;
    this.#touched[this.#touchedCount++] = content;
    content.begin();
    return content;
  }

  #note(channel: number, hasChanged: boolean): void {
    if (!hasChanged) return;
    if (channel < 32) this.#changedMask |= 1 << channel;
    else this.#changed[channel] = true;
  }

  /** All changes are made: routes see them. Returns which of the first 32 channels changed, as a mask. */
  endFolds(): number {
    if (this.#touchedCount > 0) this.#view = undefined;
    return this.#changedMask >>> 0;
  }

  /** The channels that changed. */
  changed(): number[] {
    const has = (channel: number): boolean => (channel < 32 ? (this.#changedMask & (1 << channel)) !== 0 : this.#changed[channel] === true);
    return [...this.contents.keys()].filter(has);
  }

  commit(): void {
    for (let index = 0; index < this.#touchedCount; index += 1) this.#touched[index]!.commit();
    this.#touchedCount = 0;
  }

  rollback(): void {
    for (let index = 0; index < this.#touchedCount; index += 1) this.#touched[index]!.rollback();
    this.#touchedCount = 0;
    this.#view = undefined;
  }

  /** Approximate bytes of all contents. */
  get bytes(): number {
    let bytes = 0;
    for (const content of this.contents) bytes += content.bytes;
    return bytes;
  }
}
