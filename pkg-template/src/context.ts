/**
 * What a node gets as `ctx`: one object per attempt, prototype methods only. It owns the attempt's open text streams and its signal,
 * which is created when first read. After the attempt every emitting method is a no-op.
 */

import type { Execution } from './execution.js';
import { escapePart, type GraphFrame } from './graph-frame.js';
import { createError, type WeaveError } from './errors.js';
import type { LlmMeta, NodeContext } from './node-context.js';
import { OpenStream } from './text-stream.js';
import { copiedBytes, copyValue } from './values.js';
import { Kind } from './words.js';

const noMetadata: Readonly<Record<string, unknown>> = Object.freeze({});

export class Attempt implements NodeContext<any, any> {
  isOver = false;
  /** It has asked, and waits for an answer: what it returns does not count. @internal */
  isParked = false;
  /** What the engine offers for the time after it; see `solo-step`. @internal */
  solo = 0;
  #controller: AbortController | undefined;
  #abortedWith: WeaveError | undefined;
  #streams: Map<string, OpenStream> | undefined;
  #streamCount = 0;
  #llm: Llm | undefined;
  #tool: Tool | undefined;
  readonly #execution: Execution;

  constructor(
    execution: Execution,
    /** Position in the step. @internal */ readonly index: number,
    /** Names the attempt to the engine. @internal */ readonly ticket: number,
    /** @internal */ readonly nodeId: number,
    readonly step: number,
    readonly task: number,
    readonly attempt: number,
    readonly input: any,
    /** @internal */ readonly frame: GraphFrame,
  ) {
    this.#execution = execution;
  }

  get node(): string {
    return this.frame.app.names.node(this.nodeId);
  }
  get runId(): string {
    return this.#execution.runId;
  }
  get sessionId(): string {
    return this.#execution.sessionId;
  }
  get path(): readonly string[] {
    return this.frame.path;
  }
  get context(): any {
    return this.#execution.options.context;
  }
  get metadata(): Readonly<Record<string, unknown>> {
    return this.#execution.metadata ?? noMetadata;
  }
  get idempotencyKey(): string {
    const { id, key } = this.frame;
    const step = id === 0 ? this.#execution.keyStep(this.step) : this.step;
    return `${escapePart(this.sessionId)}/${key}/${step}/${escapePart(this.node)}#${this.task}`;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith);
    }
    return this.#controller.signal;
  }

  /** @internal */
  abort(reason: WeaveError): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#abortedWith = reason;
    this.#controller?.abort(reason);
  }

  /** Why it was aborted. @internal */
  get abortedWith(): WeaveError | undefined {
    return this.#abortedWith;
  }

  now(): number {
    return this.#execution.timers.now();
  }
  random(): number {
    return this.#execution.requests.random(this);
  }
  sleep(ms: number): Promise<void> {
    if (typeof ms !== 'number' || Number.isNaN(ms)) return Promise.reject(createError('NODE_INVALID_RESULT', 'ctx.sleep takes a number of milliseconds', { node: this.node, step: this.step }));
    return this.#execution.requests.sleep(this, ms);
  }
  sleepUntil(at: number): Promise<void> {
    return this.#execution.requests.leave((records) => records.sleepUntil(this, at));
  }
  interrupt<T = unknown>(payload?: unknown, options?: { id?: string }): Promise<T> {
    return this.#execution.requests.leave((records) => records.interrupt(this, payload, options?.id) as Promise<T>);
  }
  once<T>(key: string, fn: () => T | Promise<T>): Promise<T> {
    return this.#execution.requests.leave((records) => records.once(this, key, fn) as Promise<T>);
  }
  flush(): Promise<void> {
    return this.#execution.requests.flush(this);
  }

  emit(scope: string, message: string, data?: unknown): void {
    this.#send(Kind.message, { scope: String(scope), message: String(message) }, 'data', data);
  }
  progress(fraction: number, message?: string): void {
    this.#send(Kind.progress, message === undefined ? { fraction: Number(fraction) } : { fraction: Number(fraction), message: String(message) });
  }
  token(text: string, options?: LlmMeta): void {
    this.chunk(text, options);
  }
  milestone(name: string, data?: unknown): void {
    this.#send(Kind.milestone, { name: String(name) }, 'data', data);
  }
  custom(name: string, data?: unknown): void {
    this.#send(Kind.custom, { name: String(name) }, 'data', data);
  }
  diagnostic(scope: string, message: string): void {
    this.#send(Kind.diagnostic, { scope: String(scope), message: String(message) });
  }

  get llm(): Llm {
    return (this.#llm ??= new Llm(this));
  }
  get tool(): Tool {
    return (this.#tool ??= new Tool(this));
  }

  /** @internal */
  chunk(text: string, options?: LlmMeta & { kind?: 'text' | 'reasoning' }): void {
    if (this.isOver) return;
    const stream = this.#openStream(options?.streamId);
    const kind = options?.kind;
    const metadata = options?.metadata === undefined ? undefined : copyValue(options.metadata, 'metadata');
    const piece = String(text);
    const offset = stream.add(piece, kind ?? 'text', metadata);
    const payload: Record<string, unknown> = { text: piece, streamId: stream.streamId };
    if (kind !== undefined) payload['kind'] = kind;
    if (metadata !== undefined) payload['metadata'] = metadata;
    this.#execution.pump.emit(this, Kind['llm.chunk'], payload, piece.length + 64, offset);
  }

  /** @internal */
  final(text?: string, options?: LlmMeta): void {
    if (this.isOver) return;
    // Before the stream is closed: it may throw.
    const metadata = options?.metadata === undefined ? undefined : copyValue(options.metadata, 'metadata');
    const stream = this.#closeStream(options?.streamId);
    const payload = stream.toFinal(text === undefined ? undefined : String(text), metadata);
    this.#execution.pump.emit(this, Kind['llm.final'], payload, payload.text.length + 64, 0);
  }

  /** @internal */
  fail(message: string, options?: LlmMeta): void {
    if (this.isOver) return;
    const metadata = options?.metadata === undefined ? undefined : copyValue(options.metadata, 'metadata');
    const stream = this.#closeStream(options?.streamId);
    this.#send(Kind['llm.error'], { message: String(message), streamId: stream.streamId }, 'metadata', metadata);
  }

  /** @internal */
  call(id: string, name: string, args: unknown): void {
    this.#send(Kind['tool.call'], { id: String(id), name: String(name), args: undefined }, 'args', args);
  }

  /** @internal */
  result(id: string, result: unknown, options?: { isError?: boolean }): void {
    const payload = { id: String(id), result: undefined };
    this.#send(Kind['tool.result'], options?.isError === undefined ? payload : { ...payload, isError: options.isError }, 'result', result);
  }

  #send(kind: number, payload: Record<string, unknown>, name?: string, data?: unknown): void {
    if (this.isOver) return;
    let bytes = 64;
    if (name !== undefined && data !== undefined) {
      payload[name] = copyValue(data, name);
      bytes += copiedBytes;
    }
    this.#execution.pump.emit(this, kind, payload, bytes, 0);
  }

  #openStream(streamId: string | undefined): OpenStream {
    this.#streams ??= new Map();
    const key = streamId ?? '';
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const around = this.frame.key;
      const id = streamId ?? `${around === '' ? '' : `${around}/`}${this.step}/${this.node}#${this.task}/${this.attempt}.${(this.#streamCount += 1)}`;
      stream = new OpenStream(String(id));
      this.#streams.set(key, stream);
      this.#execution.requests.openStream(this, stream);
    }
    return stream;
  }

  #closeStream(streamId: string | undefined): OpenStream {
    const stream = this.#openStream(streamId);
    this.#streams?.delete(streamId ?? '');
    this.#execution.requests.closeStream(this, stream);
    return stream;
  }
}

class Llm {
  readonly #attempt: Attempt;
  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }
  chunk(text: string, options?: LlmMeta & { kind?: 'text' | 'reasoning' }): void {
    this.#attempt.chunk(text, options);
  }
  final(text?: string, options?: LlmMeta): void {
    this.#attempt.final(text, options);
  }
  error(message: string, options?: LlmMeta): void {
    this.#attempt.fail(message, options);
  }
}

class Tool {
  readonly #attempt: Attempt;
  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }
  call(id: string, name: string, args: unknown): void {
    this.#attempt.call(id, name, args);
  }
  result(id: string, result: unknown, options?: { isError?: boolean }): void {
    this.#attempt.result(id, result, options);
  }
}
