/**
 * Reads the options of a run, once, before anything happens. Whatever is wrong is RUN_INVALID_OPTION with the option's name; options that
 * this version does not have yet say so.
 */

import { createError, kindOf, type WeaveError } from './errors.js';
import { readCursor, type Cursor } from './cursor.js';
import type { EventFilter, SubscribeOptions, WeaveEvent } from './events.js';
import { BaseCheckpointer } from './checkpointer.js';
import type { WhenBusy } from './log-store.js';
import type { PrunePolicy } from './sessions.js';
import type { StoreHandle } from './store-handle.js';
import type { Clock, CompileOptions, RunDefaults, RunObserver, RunOptions } from './run-options.js';
import { copyValue } from './values.js';
import { eventTypes, maskBy, presetMasks } from './words.js';

/** Options as the driver uses them. Durations are milliseconds; 0 means unlimited. */
export interface ReadOptions {
  readonly handle: StoreHandle | undefined;
  /** As the engine numbers it: 0 none, 1 sync, 2 async, 3 exit. */
  readonly durability: number;
  readonly concurrency: number;
  readonly maxSteps: number;
  readonly timeoutMs: number;
  readonly clock: Clock | undefined;
  readonly context: unknown;
  readonly sessionId: string | undefined;
  readonly runId: string | undefined;
  readonly seed: bigint | undefined;
  readonly signal: AbortSignal | undefined;
  readonly events: ReadSubscription;
  readonly abandons: boolean;
  readonly whenBusy: WhenBusy;
  readonly onGraphChanged: NonNullable<RunDefaults['onGraphChanged']>;
  readonly retention: PrunePolicy | undefined;
  readonly observer: RunObserver | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  /** Checked by `breakpoints`, which knows the graph. */
  readonly interruptBefore: RunDefaults['interruptBefore'];
  readonly interruptAfter: RunDefaults['interruptAfter'];
  /** As the engine numbers it: 0 never, 1 after each step, 2 before the first. Not an option of users: it ends the run as interrupted by nobody. */
  readonly pause: number;
  /** The engine's ids of the nodes that stand in place of START's edges. Not an option of users. */
  readonly entry: Uint32Array | undefined;
  /** No step starts before the store has the run's start, whatever the durability. Not an option of users. */
  readonly storesStart: boolean;
}

/** A reader's options. */
export interface ReadSubscription {
  /** Of event types, by number. */
  readonly mask: number;
  /** Of what the mask lets pass. */
  readonly keeps: ((event: WeaveEvent) => boolean) | undefined;
  readonly after: Cursor | undefined;
  readonly capacity: number;
  readonly waits: boolean;
  readonly signal: AbortSignal | undefined;
}

const wholeRun: ReadSubscription = { mask: 0xffff_ffff, keeps: undefined, after: undefined, capacity: 1024, waits: true, signal: undefined };
const durabilities = ['none', 'sync', 'async', 'exit'];
const ofApps = ['checkpointer', 'durability', 'concurrency', 'maxSteps', 'timeoutMs', 'clock', 'context', 'onGraphChanged', 'retention', 'observer', 'interruptBefore', 'interruptAfter'];
const ofRuns = [...ofApps, 'sessionId', 'runId', 'seed', 'signal', 'events', 'abandon', 'whenBusy', 'metadata'];
const planned = ['bus', 'sinks', 'drainTimeoutMs'];
/** What stands for no limit. */
const UNLIMITED = 0xffff_fffe;

function invalid(message: string): WeaveError {
  return createError('RUN_INVALID_OPTION', message);
}

/** `given` stands in place of `defaults`, option by option. */
export function readOptions(defaults: object, given: object | undefined): ReadOptions {
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw invalid(`the options are ${kindOf(given)}; give an object`);
  checkNames((given ?? {}) as Record<string, unknown>, ofRuns);
  const options: RunOptions<unknown> = { ...defaults };
  for (const name in given) if ((given as Record<string, unknown>)[name] !== undefined) (options as Record<string, unknown>)[name] = (given as Record<string, unknown>)[name];

  const handle = options.checkpointer === undefined ? undefined : BaseCheckpointer.handleOf(options.checkpointer);
  return {
    handle,
    durability: readDurability(options.durability, handle !== undefined),
    concurrency: readInteger('concurrency', options.concurrency) ?? 0,
    maxSteps: readInteger('maxSteps', options.maxSteps) ?? 1000,
    timeoutMs: readDuration('timeoutMs', options.timeoutMs) ?? 0,
    clock: readClock(options.clock),
    context: options.context,
    sessionId: readId('sessionId', options.sessionId),
    runId: readId('runId', options.runId),
    seed: readSeed(options.seed),
    signal: readSignal(options.signal),
    events: options.events === undefined ? wholeRun : readSubscription(options.events, true),
    abandons: readFlag('abandon', options.abandon),
    whenBusy: readWord('whenBusy', options.whenBusy, ['fail', 'wait', 'steal']),
    onGraphChanged: typeof options.onGraphChanged === 'function' ? options.onGraphChanged : readWord<'compatible' | 'error'>('onGraphChanged', options.onGraphChanged, ['compatible', 'error']),
    retention: readRetention(options.retention),
    observer: readObserver(options.observer),
    metadata: readMetadata(options.metadata),
    interruptBefore: options.interruptBefore,
    interruptAfter: options.interruptAfter,
    pause: 0,
    entry: undefined,
    storesStart: false,
  };
}

/** Options that hold for every run of an app, as `compile()` was given them: without `allowCycles`. */
export function checkDefaults({ allowCycles, ...defaults }: CompileOptions<any>): RunDefaults<any> {
  readFlag('allowCycles', allowCycles);
  checkNames(defaults as Record<string, unknown>, ofApps);
  readOptions(defaults, undefined);
  return defaults;
}

function checkNames(options: Record<string, unknown>, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (options[name] === undefined || known.includes(name)) continue;
    throw invalid(planned.includes(name) ? `the option \`${name}\` is not available in this version` : `there is no option \`${name}\``);
  }
}

function readDurability(durability: unknown, hasStore: boolean): number {
  const number = durability === undefined ? 1 : durabilities.indexOf(durability as string);
  if (number < 1) throw invalid(`durability is ${String(durability)}; it is 'sync', 'async' or 'exit'`);
  return hasStore ? number : 0;
}

/** One of `words`; the first by default. */
function readWord<const W extends string>(name: string, value: unknown, words: readonly W[]): W {
  if (value === undefined) return words[0]!;
  if (!words.includes(value as W)) throw invalid(`${name} is ${String(value)}; it is ${words.map((word) => `'${word}'`).join(' or ')}`);
  return value as W;
}

function readRetention(policy: unknown): PrunePolicy | undefined {
  if (policy === undefined) return undefined;
  if (typeof policy !== 'object' || policy === null) throw invalid(`retention is ${kindOf(policy)}; give an object`);
  const { keepLast, olderThanMs, maxBytes, finishedOnly, sessionId, ...unknown } = policy as PrunePolicy;
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw invalid(`retention has no \`${name}\`; it has keepLast, olderThanMs, maxBytes and finishedOnly`);
  if (sessionId !== undefined) throw invalid('retention holds for the session of its run; leave sessionId out');
  for (const [key, value] of Object.entries({ keepLast, olderThanMs, maxBytes })) {
    if (value !== undefined && !(typeof value === 'number' && value >= 0)) throw invalid(`retention.${key} is not a number from 0 on`);
  }
  if (keepLast === undefined && olderThanMs === undefined && maxBytes === undefined) throw invalid('retention says nothing; give keepLast, olderThanMs or maxBytes');
  return { ...policy, finishedOnly: readFlag('retention.finishedOnly', finishedOnly) };
}

/** @throws RunFailed RUN_INVALID_OPTION: it is no session's id. */
export function readSessionId(sessionId: unknown, name = 'sessionId'): string {
  const id = readId(name, sessionId);
  if (id === undefined) throw invalid("the session's id is missing");
  return id;
}

function readInteger(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (value === Infinity) return UNLIMITED;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > UNLIMITED) throw invalid(`${name} is not a positive integer`);
  return value;
}

function readDuration(name: string, value: unknown): number | undefined {
  if (value === undefined || value === Infinity) return undefined;
  if (typeof value !== 'number' || !(value > 0)) throw invalid(`${name} is not a positive number of milliseconds`);
  return value;
}

function readId(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  // Half of a surrogate pair has no bytes of its own: two such ids would be one in a store.
  if (typeof value !== 'string' || value === '' || value.length > 256 || /\p{Cs}/u.test(value)) throw invalid(`${name} is not a well-formed string of 1 to 256 characters`);
  return value;
}

function readSeed(seed: unknown): bigint | undefined {
  if (seed === undefined) return undefined;
  if (typeof seed === 'bigint') return BigInt.asUintN(64, seed);
  if (typeof seed !== 'number' || !Number.isSafeInteger(seed)) throw invalid('seed is neither a safe integer nor a bigint');
  return BigInt.asUintN(64, BigInt(seed));
}

function readSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal;
  if (!isSignal) throw invalid('signal is not an AbortSignal');
  return signal as AbortSignal;
}

function readClock(clock: unknown): Clock | undefined {
  if (clock === undefined) return undefined;
  if (typeof clock !== 'object' || clock === null || typeof (clock as Clock).now !== 'function') throw invalid('clock has no function now()');
  const { sleep } = clock as Clock;
  if (sleep !== undefined && typeof sleep !== 'function') throw invalid('clock.sleep is not a function');
  return clock as Clock;
}

function readObserver(observer: unknown): RunObserver | undefined {
  if (observer === undefined) return undefined;
  if (typeof observer !== 'object' || observer === null) throw invalid(`observer is ${kindOf(observer)}; give an object with hooks such as onRunStart`);
  return observer;
}

function readFlag(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw invalid(`${name} is neither true nor false`);
  return value === true;
}

function readMetadata(metadata: unknown): Readonly<Record<string, unknown>> | undefined {
  if (metadata === undefined) return undefined;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) throw invalid(`metadata is ${kindOf(metadata)}; give an object`);
  return copyValue(metadata, 'metadata') as Readonly<Record<string, unknown>>;
}

/** A run's own iterator waits by default; other readers drop. */
export function readSubscription(options: SubscribeOptions, isOwn: boolean): ReadSubscription {
  if (typeof options !== 'object' || options === null) throw invalid(`the options of a reader are ${kindOf(options)}; give an object`);
  const { filter, after, capacity, overflow, signal } = options;
  if (overflow !== undefined && overflow !== 'wait' && overflow !== 'drop') throw invalid(`overflow is ${String(overflow)}; it is 'wait' or 'drop'`);
  const { mask, keeps } = filter === undefined ? everything : readFilter(filter);
  return {
    mask,
    keeps,
    after: readCursor(after),
    capacity: readInteger('capacity', capacity) ?? 1024,
    waits: overflow === undefined ? isOwn : overflow === 'wait',
    signal: readSignal(signal),
  };
}

const everything = { mask: 0xffff_ffff, keeps: undefined };

/** The kinds that a preset or an event type stands for; 0: it is neither. */
function maskOf(name: string): number {
  if (Object.hasOwn(presetMasks, name)) return presetMasks[name as keyof typeof presetMasks];
  return maskBy((type) => type === name || (type === 'custom' && /^custom:[^]/.test(name)));
}

function readFilter(filter: EventFilter): Pick<ReadSubscription, 'mask' | 'keeps'> {
  if (typeof filter === 'function') return { mask: 0xffff_ffff, keeps: (event) => isLifecycle(event) || Boolean(filter(event)) };
  const names: readonly unknown[] = typeof filter === 'string' ? [filter] : filter;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) throw invalid('filter is neither a preset, a list of event types nor a function');
  const isPreset = typeof filter === 'string';
  const wrong = names.find((name) => Object.hasOwn(presetMasks, name) !== isPreset);
  if (wrong !== undefined) throw invalid(`filter names \`${wrong}\`; give one of 'minimal', 'chat', 'debug' and 'all', or a list of event types`);
  const unknown = names.find((name) => maskOf(name) === 0);
  if (unknown !== undefined) throw invalid(`filter names \`${unknown}\`, which is no event type`);
  const mask = names.reduce((all, name) => all | maskOf(name), presetMasks.minimal) >>> 0;
  const customs = names.filter((name) => name.startsWith('custom:')).map((name) => name.slice('custom:'.length));
  if (customs.length === 0 || names.includes('custom')) return { mask, keeps: undefined };
  return { mask, keeps: (event) => event.type !== 'custom' || customs.includes(event.name) };
}

/** Whether a mask lets an event pass. */
export function isIn(mask: number, event: WeaveEvent): boolean {
  return (mask & (1 << eventTypes.indexOf(event.type))) !== 0;
}

function isLifecycle(event: WeaveEvent): boolean {
  return event.type.startsWith('run.') || event.type.startsWith('stream.') || event.type === 'snapshot';
}
