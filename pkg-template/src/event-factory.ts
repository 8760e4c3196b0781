/**
 * Makes events out of words. Reads each kind's words in the order in which the engine's `event_words` writes them.
 *
 * Owns the shape that readers see. It must not decide anything: number, time and order come from the engine.
 */

import type { Arena } from './arena.js';
import { takeError, type Names } from './failures.js';
import type { ErrorInfo, WeaveEvent } from './events.js';
import type { WeaveError } from './errors.js';
import { OpenStream } from './text-stream.js';
import { Thrown } from './thrown.js';
import { eventTypes } from './words.js';
import { engine } from './engine.js';

/** What the words do not say. */
export interface EventSource {
  readonly arena: Arena;
  readonly names: Names;
  readonly sessionId: string;
  readonly runId: string;
  readonly storeName: string;
  /** Told of the error behind `run.failed`. */
  failed?(error: WeaveError): void;
}

/** Reads `count` words of events from `at` on. The words must not be overwritten meanwhile: errors are taken first. */
export function readEvents(words: Float64Array, at: number, count: number, source: EventSource): WeaveEvent[] {
  // Taking an error calls the engine, which may move memory: read from a copy.
  const copy = words.slice(at, count);
  const events: WeaveEvent[] = [];
  for (let start = 0; start < copy.length; start += copy[start]!) events.push(new EventReader(copy, start + 1, source).read());
  return events;
}

/** What a user's event brings along; see `NodeContext`. */
export type Payload = Readonly<Record<string, unknown>>;

class EventReader {
  #at: number;

  constructor(
    readonly words: Float64Array,
    at: number,
    readonly source: EventSource,
  ) {
    this.#at = at;
  }

  #next(): number {
    return this.words[this.#at++]!;
  }

  #flag(): boolean {
    return this.#next() === 1;
  }

  #name(): string {
    return this.source.names.node(this.#next());
  }

  #list(): string[] {
    const count = this.#next();
    const list = new Array<string>(count);
    for (let index = 0; index < count; index += 1) list[index] = this.#name();
    return list;
  }

  #option(): unknown {
    const handle = this.#next();
    return handle === 0 ? undefined : this.source.arena.get(handle - 1);
  }

  #task(): { step: number; node: string; task: number; attempt: number } {
    const step = this.#next();
    const node = this.#name();
    const task = this.#next();
    return { step, node, task, attempt: this.#next() };
  }

  #channels(): string[] {
    const count = this.#next();
    return Array.from({ length: count }, () => this.source.names.channel(this.#next()));
  }

  #takeError(): WeaveError {
    return takeError(this.#next(), this.source.arena, this.source.names, this.source);
  }

  #error(): ErrorInfo {
    return toInfo(this.#takeError());
  }

  read(): WeaveEvent {
    const type = eventTypes[this.#next()]!;
    const seq = this.#next();
    const at = this.#next();
    const base = { seq, at, runId: this.source.runId, sessionId: this.source.sessionId };
    const event = this.#flag() ? ({ ...base, transient: true } as const) : base;
    switch (type) {
      case 'run.started': {
        const graphHash = toHex(this.#next()) + toHex(this.#next());
        const resumed = this.#flag();
        const metadata = this.#option();
        const abandoned = this.#list();
        return { ...event, type, graphHash, resumed, ...(abandoned.length > 0 && { abandoned }), ...(metadata !== undefined && { metadata }) };
      }
      case 'run.completed': {
        const steps = this.#next();
        const durationMs = this.#next();
        const reason = this.#flag() ? 'end' : 'quiescent';
        const waiting = Array.from({ length: this.#next() }, () => ({ to: this.#name(), missing: this.#list() }));
        return { ...event, type, steps, durationMs, reason, ...(waiting.length > 0 && { waiting }) };
      }
      case 'run.failed': {
        this.#next();
        const durationMs = this.#next();
        const error = this.#takeError();
        this.source.failed?.(error);
        return { ...event, type, error: toInfo(error), durationMs };
      }
      case 'run.cancelled': {
        this.#next();
        const durationMs = this.#next();
        const reason = this.#option();
        return { ...event, type, ...(typeof reason === 'string' && { reason }), durationMs };
      }
      case 'step.started':
        return { ...event, type, step: this.#next(), frontier: this.#list() };
      case 'step.completed': {
        const step = this.#next();
        const ran = this.#list();
        const skipped = this.#list();
        const updatedChannels = this.#channels();
        const next = this.#list();
        const count = this.#next();
        const versions: Record<string, number> = {};
        for (let channel = 0; channel < count; channel += 1) versions[this.source.names.channel(channel)] = this.#next();
        return { ...event, type, step, ran, skipped, updatedChannels, next, versions };
      }
      case 'node.started':
        return { ...event, type, ...this.#task() };
      case 'node.skipped': {
        const { step, node, task } = this.#task();
        return { ...event, type, step, node, task, reason: 'unchanged' };
      }
      case 'node.completed': {
        const task = this.#task();
        const durationMs = this.#next();
        const changes = this.#option() as Record<string, unknown> | undefined;
        return { ...event, type, ...task, durationMs, ...(changes !== undefined && { changes }) };
      }
      case 'node.failed': {
        const task = this.#task();
        const durationMs = this.#next();
        const willRetry = this.#flag();
        return { ...event, type, ...task, error: this.#error(), durationMs, willRetry };
      }
      case 'node.retrying':
        return { ...event, type, ...this.#task(), delayMs: this.#next() };
      case 'checkpoint.saved': {
        const step = this.#next();
        return { ...event, transient: true, type, step, backend: this.source.storeName, durationMs: this.#next() };
      }
      case 'stream.gap':
        return { ...event, type, from: this.#next(), to: this.#next(), count: this.#next() };
      case 'stream.reset':
        return { ...event, type, after: this.#next() };
      case 'diagnostic':
        if ('transient' in event) return { ...event, type, scope: engine().takeText(this.#next()) ?? '', message: engine().takeText(this.#next()) ?? '' };
        return this.#fromUser(type, event);
      default:
        return this.#fromUser(type, event);
    }
  }

  #fromUser(type: WeaveEvent['type'], event: object): WeaveEvent {
    const task = this.#task();
    const offset = this.#next();
    const payload = this.source.arena.get(this.#next());
    const fields = payload instanceof OpenStream ? payload.toFinal() : (payload as Payload);
    const made = { ...event, type, ...task, ...fields };
    return (type === 'llm.chunk' ? { ...made, offset } : made) as unknown as WeaveEvent;
  }
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
