/**
 * Makes events out of words. Reads each kind's words in the order in which the engine's `event_words` writes them.
 *
 * Owns the shape that readers see. It must not decide anything: number, time and order come from the engine.
 */

import type { Arena } from './arena.js';
import { takeError, type Names } from './failures.js';
import type { ErrorInfo, NodeBase, WeaveEvent } from './events.js';
import { pathPart } from './graph-frame.js';
import type { WeaveError } from './errors.js';
import { OpenStream } from './text-stream.js';
import { Thrown } from './thrown.js';
import { readReplace, replace } from './channels.js';
import { hasBinary, isOurs, lend } from './values.js';
import type { Interrupt } from './sessions.js';
import { eventTypes, Kind, reasons } from './words.js';
import { engine } from './engine.js';

/** What the words do not say. */
export interface EventSource {
  readonly arena: Arena;
  readonly names: Names;
  readonly sessionId: string;
  readonly runId: string;
  readonly storeName: string;
  /** The session's branch; absent is 1. */
  readonly branch?: number;
  /** Told of the error behind `run.failed`. */
  failed?(error: WeaveError): void;
}

/** Reads `count` words of events from `at` on. */
export function readEvents(words: Float64Array, at: number, count: number, source: EventSource): WeaveEvent[] {
  const events: WeaveEvent[] = [];
  // Taking an error calls the engine, which may overwrite the words: read from a copy.
  const reader = new EventReader(words.slice(at, count), source);
  while (reader.hasMore()) events.push(reader.read());
  return events;
}

/** What a user's event brings along; see `NodeContext`. */
export type Payload = Readonly<Record<string, unknown>>;

// Events are made by literals of fixed shape: a spread costs ten times as much.
class EventReader {
  #at = 0;
  readonly #words: Float64Array;
  readonly #source: EventSource;
  /** Of the graph in which the event happened. */
  #names: Names;

  constructor(words: Float64Array, source: EventSource) {
    this.#words = words;
    this.#source = source;
    this.#names = source.names;
  }

  hasMore(): boolean {
    return this.#at < this.#words.length;
  }

  #next(): number {
    return this.#words[this.#at++]!;
  }

  #flag(): boolean {
    return this.#next() === 1;
  }

  #name(): string {
    return this.#names.node(this.#next());
  }

  #list(): string[] {
    const count = this.#next();
    const list: string[] = [];
    for (let index = 0; index < count; index += 1) list.push(this.#name());
    return list;
  }

  #option(): unknown {
    const handle = this.#next();
    return handle === 0 ? undefined : lend(this.#source.arena.get(handle - 1));
  }

  #channels(): string[] {
    const count = this.#next();
    const list: string[] = [];
    for (let index = 0; index < count; index += 1) list.push(this.#names.channel(this.#next()));
    return list;
  }

  #takeError(): WeaveError {
    return takeError(this.#next(), this.#source.arena, this.#names, this.#source);
  }

  read(): WeaveEvent {
    this.#at += 1;
    const kind = this.#next();
    const type = eventTypes[kind]!;
    const seq = this.#next();
    const at = this.#next();
    const flags = this.#next();
    const isTransient = (flags & 1) === 1;
    const path = (flags & 2) === 2 ? this.#path() : undefined;
    const isFromUser = kind >= Kind.message && kind <= Kind.custom;
    const event = isFromUser ? this.#fromUser(type, seq, at) : this.#make(type, seq, at, isTransient);
    const { branch } = this.#source;
    if (branch !== undefined && branch > 1) event.branch = branch;
    if (isTransient) event.transient = true;
    if (path !== undefined) {
      (event as NodeBase).path = path;
      this.#names = this.#source.names;
    }
    return event;
  }

  /** The tasks around the graph that the event happened in, whose names count from here on. */
  #path(): string[] {
    const path: string[] = [];
    for (let left = this.#next(); left > 0; left -= 1) {
      const node = this.#next();
      path.push(pathPart(this.#names.node(node), this.#next()));
      this.#names = this.#names.inner(node);
    }
    return path;
  }

  #make(type: WeaveEvent['type'], seq: number, at: number, isTransient: boolean): WeaveEvent {
    const { runId, sessionId } = this.#source;
    switch (type) {
      case 'run.started': {
        const graphHash = toHex(this.#next()) + toHex(this.#next());
        const resumed = this.#flag();
        const event: WeaveEvent = { type, seq, at, runId, sessionId, graphHash, resumed };
        const metadata = this.#option();
        const abandoned = this.#list();
        if (abandoned.length > 0) event.abandoned = abandoned;
        if (metadata !== undefined) event.metadata = metadata;
        return event;
      }
      case 'run.completed': {
        const steps = this.#next();
        const durationMs = this.#next();
        const reason = this.#flag() ? 'end' : 'quiescent';
        const event: WeaveEvent = { type, seq, at, runId, sessionId, steps, durationMs, reason };
        const count = this.#next();
        if (count > 0) event.waiting = Array.from({ length: count }, () => ({ to: this.#name(), missing: this.#list() }));
        return event;
      }
      case 'run.failed': {
        this.#next();
        const durationMs = this.#next();
        const error = this.#takeError();
        this.#source.failed?.(error);
        return { type, seq, at, runId, sessionId, error: toInfo(error), durationMs };
      }
      case 'run.cancelled': {
        this.#next();
        const event: WeaveEvent = { type, seq, at, runId, sessionId, durationMs: this.#next() };
        const reason = this.#option();
        if (typeof reason === 'string') event.reason = reason;
        return event;
      }
      case 'run.interrupted': {
        this.#at += 2;
        const count = this.#next();
        return { type, seq, at, runId, sessionId, interrupts: Array.from({ length: count }, () => this.#interrupt()) };
      }
      case 'step.started':
        return { type, seq, at, runId, sessionId, step: this.#next(), frontier: this.#list() };
      case 'step.completed':
        return {
          type,
          seq,
          at,
          runId,
          sessionId,
          step: this.#next(),
          ran: this.#list(),
          skipped: this.#list(),
          updatedChannels: this.#channels(),
          next: this.#list(),
          versions: this.#versions(),
        };
      case 'node.started':
        return { type, seq, at, runId, sessionId, step: this.#next(), node: this.#name(), task: this.#next(), attempt: this.#next() };
      case 'node.skipped': {
        const event: WeaveEvent = { type, seq, at, runId, sessionId, step: this.#next(), node: this.#name(), task: this.#next(), reason: 'unchanged' };
        this.#next();
        return event;
      }
      case 'node.completed': {
        const event: WeaveEvent = { type, seq, at, runId, sessionId, step: this.#next(), node: this.#name(), task: this.#next(), attempt: this.#next(), durationMs: this.#next() };
        const changes = this.#changes();
        if (changes !== undefined) event.changes = changes;
        return event;
      }
      case 'node.failed': {
        const [step, node, task, attempt] = [this.#next(), this.#name(), this.#next(), this.#next()];
        const durationMs = this.#next();
        const willRetry = this.#flag();
        return { type, seq, at, runId, sessionId, step, node, task, attempt, error: toInfo(this.#takeError()), durationMs, willRetry };
      }
      case 'node.retrying':
        return { type, seq, at, runId, sessionId, step: this.#next(), node: this.#name(), task: this.#next(), attempt: this.#next(), delayMs: this.#next() };
      case 'checkpoint.saved':
        return { type, seq, at, runId, sessionId, step: this.#next(), backend: this.#source.storeName, durationMs: this.#next() };
      case 'stream.gap':
        return { type, seq, at, runId, sessionId, from: this.#next(), to: this.#next(), count: this.#next() };
      case 'stream.reset':
        return { type, seq, at, runId, sessionId, after: this.#next() };
      case 'diagnostic':
        if (isTransient) return { type, seq, at, runId, sessionId, scope: engine().takeText(this.#next()) ?? '', message: engine().takeText(this.#next()) ?? '' };
        return this.#fromUser(type, seq, at);
      default:
        return this.#fromUser(type, seq, at);
    }
  }

  #interrupt(): Interrupt {
    const names = this.#names;
    const path = this.#path();
    const [step, node, task] = [this.#next(), this.#name(), this.#next()];
    this.#names = names;
    const reason = reasons[this.#next() as keyof typeof reasons];
    const interrupt: Interrupt = { id: engine().takeText(this.#next()) ?? '', node, task, path, step, reason };
    const payload = this.#option();
    if (payload !== undefined) interrupt.payload = payload;
    return interrupt;
  }

  #changes(): Record<string, unknown> | undefined {
    const first = this.#next();
    if (first === 0) return undefined;
    if (first > 0) return lendChanges(this.#source.arena.get(first - 1) as Record<string, unknown>);
    const changes: Record<string, unknown> = {};
    for (let part = 0; part < -first; part += 1) {
      const update = this.#source.arena.get(this.#next()) as Record<string, unknown>;
      for (let left = this.#next(); left > 0; left -= 1) {
        const channel = this.#next();
        const name = this.#names.channel(channel);
        changes[name] = addWrite(this.#names.kind(channel), changes[name], update[name]);
      }
    }
    return changes;
  }

  #versions(): Record<string, number> {
    const count = this.#next();
    const versions: Record<string, number> = {};
    for (let channel = 0; channel < count; channel += 1) versions[this.#names.channel(channel)] = this.#next();
    return versions;
  }

  /** The payload's keys follow the fields that every task's event has. */
  #fromUser(type: WeaveEvent['type'], seq: number, at: number): WeaveEvent {
    const { runId, sessionId } = this.#source;
    const [step, node, task, attempt] = [this.#next(), this.#name(), this.#next(), this.#next()];
    const offset = this.#next();
    const payload = this.#source.arena.get(this.#next());
    if (type === 'message') {
      const { scope, message, data } = payload as { scope: string; message: string; data?: unknown };
      const event: WeaveEvent = { type, seq, at, runId, sessionId, step, node, task, attempt, scope, message };
      if (data !== undefined) event.data = lend(data);
      return event;
    }
    if (type === 'llm.chunk') {
      const { text, streamId, kind, metadata } = payload as { text: string; streamId: string; kind?: 'text' | 'reasoning'; metadata?: unknown };
      const chunk: WeaveEvent = { type, seq, at, runId, sessionId, step, node, task, attempt, text, streamId, offset };
      if (kind !== undefined) chunk.kind = kind;
      if (metadata !== undefined) chunk.metadata = lend(metadata);
      return chunk;
    }
    const event = { type, seq, at, runId, sessionId, step, node, task, attempt };
    Object.assign(event, payload instanceof OpenStream ? payload.toFinal() : payload);
    const name = dataOf[type];
    const data = name === undefined ? undefined : (event as Record<string, unknown>)[name];
    if (hasBinary(data)) (event as Record<string, unknown>)[name!] = lend(data);
    return event as unknown as WeaveEvent;
  }
}

/** Where a user's event has data that may hold bytes, which each reader gets a copy of. */
const dataOf: Readonly<Partial<Record<WeaveEvent['type'], string>>> = { milestone: 'data', custom: 'data', 'tool.call': 'args', 'tool.result': 'result', 'llm.final': 'metadata', 'llm.error': 'metadata' };

/** What a sub-graph wrote to a channel, after one more write: what it appended or merged, the last value, or all writes for a reducer. */
function addWrite(kind: string | undefined, before: unknown, given: unknown): unknown {
  const replaced = readReplace(given);
  const whole = readReplace(before);
  const write = replaced === undefined ? lend(given) : replace(lend(replaced.__replace));
  if (kind === 'reduce') return Object.freeze([...((before as unknown[] | undefined) ?? []), write]);
  if (kind === 'last' || replaced !== undefined || before === undefined) return write;
  const base: unknown = whole === undefined ? before : whole.__replace;
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value]);
  const sum = Object.freeze(kind === 'append' ? [...list(base), ...list(write)] : { ...(base as object), ...(write as object) });
  return whole === undefined ? sum : replace(sum);
}

function lendChanges(changes: Record<string, unknown>): Record<string, unknown> {
  for (const name in changes) {
    const write = changes[name];
    if (hasBinary(write) || hasBinary(readReplace(write)?.__replace)) return separate(changes);
  }
  return changes;
}

/** An event, or a part of one, that shares with the given one only what is frozen. */
export function separate<T>(part: T): T {
  if (typeof part !== 'object' || part === null) return part;
  if (isOurs(part)) return lend(part) as T;
  const whole = readReplace(part);
  if (whole !== undefined) return replace(lend(whole.__replace)) as T;
  const copy = Array.isArray(part) ? part.map(separate) : Object.fromEntries(Object.entries(part).map(([name, value]) => [name, separate(value)]));
  return (Object.isFrozen(part) ? Object.freeze(copy) : copy) as T;
}

/** An error as events carry it. */
export function toInfo(error: WeaveError): ErrorInfo {
  const info: ErrorInfo = { code: error.code, name: error.name, message: error.message };
  if (error.node !== undefined) info.node = error.node;
  if (error.step !== undefined) info.step = error.step;
  if ('cause' in error) info.cause = Thrown.toValue(error.cause);
  return info;
}

function toHex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
