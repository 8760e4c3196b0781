/**
 * Reads what nodes return and what callers hand in: copies it once, and says in words which channels it writes and where it leads.
 */

import type { AppCore } from './app-core.js';
import type { Arena } from './arena.js';
import { readReplace, replace } from './channels.js';
import { readCommand, readSend, type Send } from './commands.js';
import { createError, kindOf } from './errors.js';
import { copiedBytes, copyValue } from './values.js';
import { isObjectPrototype } from './values/builtins.js';
import { NONE } from './words.js';

/** An update, copied. */
export interface Update {
  /** By channel, frozen; `undefined` when nothing is written. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly bytes: number;
  /** Bit `n`: channel `n` is written. */
  readonly mask: number;
  /** `channel * 2 + isReplace` of each write; `undefined` if the mask says it all: at most 32 channels, no `replace`. */
  readonly writes: readonly number[] | undefined;
}

/** An update without a command, which is told without words. */
export type PlainUpdate = Update & { readonly writes: undefined };

const nothing: PlainUpdate = { value: undefined, bytes: 0, mask: 0, writes: undefined };

/**
 * Reads an update.
 *
 * @throws StateError STATE_UNKNOWN_CHANNEL, STATE_INVALID_UPDATE, STATE_NOT_CLONEABLE
 */
export function readUpdate(app: AppCore, update: unknown, where: string): Update {
  if (update === undefined || update === null) return nothing;
  if (!isRecord(update)) throw createError('STATE_INVALID_UPDATE', `${where} is ${describeKind(update)}; give an object of writes by channel`);
  const value: Record<string, unknown> = {};
  let writes: number[] | undefined;
  let mask = 0;
  let bytes = 0;
  for (const name in update) {
    if (!Object.hasOwn(update, name)) continue;
    const write = update[name];
    if (write === undefined) continue;
    const channel = app.channelIds.get(name);
    if (channel === undefined) {
      const names = app.parts.channelNames.map((known) => `\`${known}\``).join(', ');
      throw createError('STATE_UNKNOWN_CHANNEL', `${where} writes channel \`${name}\`, which the graph does not have; its channels are ${names}`);
    }
    const whole = readReplace(write);
    const copy = copyValue(whole === undefined ? write : whole.__replace, name);
    value[name] = whole === undefined ? copy : replace(copy);
    bytes += copiedBytes;
    if (writes !== undefined || whole !== undefined || channel > 31) {
      writes ??= channelsOf(mask).map((earlier) => earlier * 2);
      writes.push(channel * 2 + (whole === undefined ? 0 : 1));
    } else {
      mask |= 1 << channel;
    }
  }
  if (mask === 0 && writes === undefined) return nothing;
  // Writes go in channel order, whatever the order of the keys.
  writes?.sort((a, b) => a - b);
  return { value: Object.freeze(value), bytes, mask: mask >>> 0, writes };
}

function isPlain(update: Update): update is PlainUpdate {
  return update.writes === undefined;
}

/** The numbers of a mask's bits. */
function channelsOf(mask: number): number[] {
  const channels: number[] = [];
  for (let channel = 0; channel < 32; channel += 1) if ((mask & (1 << channel)) !== 0) channels.push(channel);
  return channels;
}

/** How many writes there are, and each. */
function toWords({ mask, writes }: Update): number[] {
  const words = writes ?? channelsOf(mask).map((channel) => channel * 2);
  return [words.length, ...words];
}

/** What a node returned beside plain writes: words as of `RawRun`'s `Inner::result`. */
export class WordyReturn {
  constructor(
    readonly update: Update,
    readonly words: Uint32Array,
  ) {}
}

/** A target that is not a node of the graph. */
export class UnknownTarget {
  constructor(readonly name: string) {}
}

/**
 * Reads a node's result.
 *
 * @throws NodeError NODE_INVALID_RESULT, StateError, UnknownTarget
 */
export function readReturn(app: AppCore, result: unknown, arena: Arena): PlainUpdate | WordyReturn {
  if (result === undefined || result === null) return nothing;
  const command = readCommand(result);
  if (command === undefined) {
    if (!isRecord(result)) {
      throw createError('NODE_INVALID_RESULT', `it returned ${describeKind(result)}; return an update (an object of writes by channel), a command(…) or nothing`);
    }
    const update = readUpdate(app, result, 'its update');
    return isPlain(update) ? update : new WordyReturn(update, toStartWords(update));
  }
  if (command.problem !== '') throw createError('NODE_INVALID_RESULT', command.problem);
  const update = readUpdate(app, command.update, 'the update of its command');
  const targets = command.goto === undefined ? [] : readTargetWords(app.nodeIds, app, command.goto, arena);
  // Without a goto the node's own edges stay.
  const mode = command.goto === undefined ? 0 : command.mode === 'append' ? 1 : 2;
  return new WordyReturn(update, new Uint32Array([...toWords(update), mode, targets.length / 3, ...targets]));
}

/**
 * Targets as `(node, isSend, input handle)` words.
 *
 * @throws UnknownTarget, StateError STATE_NOT_CLONEABLE
 */
export function readTargetWords(known: ReadonlyMap<string, number>, app: AppCore, targets: ReadonlyArray<string | Send>, arena: Arena): number[] {
  const words: number[] = [];
  for (const target of targets) {
    const sent = typeof target === 'string' ? undefined : readSend(target);
    const name = sent === undefined ? String(target) : sent.node;
    const node = known.get(name);
    if (node === undefined || (sent !== undefined && node >= app.nodes.length)) throw new UnknownTarget(name);
    words.push(node, sent === undefined ? 0 : 1, sent === undefined ? NONE : arena.put(copyValue(sent.input, 'input')));
  }
  return words;
}

/** An update as `start` takes it: its writes, no command. */
export function toStartWords(update: Update): Uint32Array {
  return new Uint32Array([...toWords(update), 0, 0]);
}

/** A plain object, of this realm or another. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || isObjectPrototype(prototype);
}

function describeKind(value: unknown): string {
  const kind = kindOf(value);
  return kind === 'object' ? `a ${Object.prototype.toString.call(value).slice(8, -1)}` : kind;
}
