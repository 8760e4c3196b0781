/**
 * Drives one execution: carries out the engine's commands in order and calls user code between two calls of the engine.
 *
 * Owns the command queue, the attempts under way and the run's timers. It must not decide anything about the workflow: order,
 * retries, routing, versions and the log are the engine's. Invariant: user code runs with no call of the engine on the stack, so
 * whatever it does, including calling back into this run, only queues more commands.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { ChannelState } from './channel-state.js';
import { Timers } from './clock.js';
import { Attempt } from './context.js';
import { copyBytes, engine, forget, instanceNumber, isTrap, readWords, remember, reportTrap, type Engine, type Trappable } from './engine.js';
import { createError, WeaveError, type ErrorCode } from './errors.js';
import { toErrorEvent } from './error-note.js';
import { readEvents, type EventSource } from './event-factory.js';
import type { WeaveEvent } from './events.js';
import { takeError, type Names } from './failures.js';
import { readTargets } from './commands.js';
import type { SessionRow } from './log-store.js';
import type { NodeOptions } from './nodes.js';
import type { ReadOptions } from './read-options.js';
import { Readers } from './readers.js';
import { restore } from './restore.js';
import { OpenStream } from './text-stream.js';
import { describe, Thrown } from './thrown.js';
import { nextTurn } from './turn.js';
import { readReturn, readTargetWords, readUpdate, toStartWords, UnknownTarget, type NodeReturn, type Update } from './updates.js';
import { lend } from './values.js';
import { Abort, Ask, NONE, Op, statuses, Tell, TellText, TellWith } from './words.js';
import type { RunStatus } from './sessions.js';

type RawRun = InstanceType<Engine['RawRun']>;

/** How an execution is to start. */
export interface Plan {
  readonly input: unknown;
  readonly isResume: boolean;
}

/** What whoever keeps the executions is told. */
export interface Keeper {
  /** A resumed execution goes on under the session's run id. May refuse by throwing a WeaveError. */
  renamed(execution: Execution, runId: string): void;
  /** Once, when the run is over and before anyone else hears of it. */
  ended(execution: Execution): void;
}

export class Execution implements Trappable, EventSource {
  readonly arena = new Arena();
  readonly state: ChannelState;
  readonly timers: Timers;
  readonly readers: Readers;
  /** Resolves with the terminal event; never rejects. */
  readonly ended: Promise<WeaveEvent>;
  names: Names;
  metadata: Readonly<Record<string, unknown>> | undefined;
  terminal: WeaveEvent | undefined;
  /** What failed it, with the very object that was thrown as cause. */
  error: WeaveError | undefined;
  steps = 0;

  #raw: RawRun | undefined;
  readonly #queue: number[] = [];
  #isPumping = false;
  readonly #attempts: Array<Attempt | undefined> = [];
  readonly #sleeps = new Map<number, { readonly attempt: Attempt; resolve(): void; reject(error: unknown): void }>();
  readonly #flushes = new Map<number, () => void>();
  #lastWait = 0;
  #now = 0;
  #startedAt = 0;
  #skipsFolds = false;
  #isCancelled: { readonly reason: string | undefined } | undefined;
  #cancelled: Array<{ resolve(): void; reject(error: unknown): void }> = [];
  #end!: (event: WeaveEvent) => void;
  readonly #instance = instanceNumber();
  readonly #onSignal = (): void => void this.cancel(this.options.signal?.reason).catch(() => undefined);

  constructor(
    readonly app: AppCore,
    readonly options: ReadOptions,
    public runId: string,
    readonly sessionId: string,
    readonly keeper: Keeper,
  ) {
    this.state = new ChannelState(app);
    this.names = app.names;
    this.metadata = options.metadata;
    this.timers = new Timers(options.clock, (timer) =>
      this.#enter(() => {
        this.readers.touch();
        return this.#tell(Tell.Fired, timer);
      }),
    );
    this.readers = new Readers(this, options.events);
    this.ended = new Promise((resolve) => (this.#end = resolve));
    remember(this);
  }

  get storeName(): string {
    return this.options.store?.name ?? 'none';
  }

  get status(): RunStatus {
    return this.terminal === undefined ? 'running' : (this.terminal.type.slice('run.'.length) as RunStatus);
  }

  /** Whether the engine still answers for this run. */
  get raw(): RawRun | undefined {
    return this.#raw;
  }

  // ───────────────────────────────── start and end ─────────────────────────────────

  /** Copies the input and begins in a later microtask, so that no user code runs before `invokeStreaming` has returned. */
  start(plan: Plan): void {
    let update: Update | undefined;
    let problem: WeaveError;
    try {
      update = readUpdate(this.app, plan.input, 'the input');
    } catch (thrown) {
      problem = thrown instanceof WeaveError ? thrown : createError('STATE_INVALID_UPDATE', describe(thrown), { cause: thrown });
    }
    void Promise.resolve()
      .then(() => (update === undefined ? this.refuse(problem) : this.#begin(update, plan.isResume)))
      .catch((thrown: unknown) => this.fail(thrown));
  }

  async #begin(update: Update, isResume: boolean): Promise<void> {
    const { options } = this;
    if (this.terminal !== undefined) return;
    let log: InstanceType<Engine['RawLog']>;
    try {
      log = await restore(this.app, this.sessionId, options.store, this.arena, this.state, isResume);
    } catch (thrown) {
      if (isTrap(thrown)) throw thrown;
      return this.refuse(thrown instanceof WeaveError ? thrown : createError('CHECKPOINT_UNAVAILABLE', `the store could not be read: ${describe(thrown)}`, { cause: thrown }));
    }
    if (this.terminal !== undefined) return;
    this.names = this.names.withForeign(log.foreignNames());
    this.#makeRaw(log);
    if (isResume) {
      try {
        this.#takeUp(this.#raw!.runId());
      } catch (thrown) {
        if (!(thrown instanceof WeaveError)) throw thrown;
        return this.refuse(thrown);
      }
    }
    const signal = options.signal;
    if (signal?.aborted) void this.cancel(signal.reason).catch(() => undefined);
    else signal?.addEventListener('abort', this.#onSignal, { once: true });
    if (this.#isCancelled !== undefined) return this.#enter(() => this.#tell(Tell.Cancel, this.#reasonHandle()));
    const handle = update.value === undefined ? NONE : this.arena.put(update.value);
    const metadata = options.metadata === undefined ? NONE : this.arena.put(options.metadata);
    const raw = this.#raw!;
    this.#startedAt = this.#now = this.timers.now();
    this.#enter(() => raw.start(this.#now, this.runId, options.seed, isResume, options.abandons, handle, update.bytes, toStartWords(update), metadata));
  }

  #makeRaw(log: InstanceType<Engine['RawLog']>): void {
    const { durability, concurrency, maxSteps, timeoutMs, events } = this.options;
    const { RawRun } = engine();
    this.#raw = new RawRun(this.app.graph(), log, this.sessionId, durability, concurrency, maxSteps, timeoutMs, this.readers.isExposed ? events.capacity : 0);
    log.free();
    this.readers.attach(this.#raw);
  }

  /** Goes on as the session's last run. */
  #takeUp(runId: string): void {
    this.keeper.renamed(this, runId);
    this.runId = runId;
    const metadata = this.#ask(Ask.Metadata);
    if (this.metadata === undefined && metadata > 0) this.metadata = this.arena.get(metadata - 1) as Readonly<Record<string, unknown>>;
  }

  /** Ends it before it began: one transient `run.failed`, nothing stored. */
  refuse(error: WeaveError): void {
    if (this.terminal !== undefined) return;
    try {
      if (this.#raw === undefined) {
        const { RawLog } = engine();
        this.#makeRaw(new RawLog(this.app.graph()));
      }
    } catch (thrown) {
      return this.fail(thrown);
    }
    const cause = new Thrown('cause' in error ? { value: error.cause } : undefined, error.details);
    this.#enter(() => this.#tellText(TellText.Refuse, 0, 0, this.arena.put(cause), error.code, error.message));
  }

  #finish(): void {
    const raw = this.#raw!;
    const count = raw.outcome();
    const [terminal] = readEvents(readWords(count), 0, count, this);
    this.steps = raw.ask(Ask.Steps, 0, 0, 0);
    this.terminal = terminal;
    this.#tidy();
    this.keeper.ended(this);
    this.readers.archive();
    this.#raw = undefined;
    raw.free();
    this.#settle(terminal!);
  }

  #settle(terminal: WeaveEvent): void {
    for (const { resolve, reject } of this.#cancelled) {
      if (terminal.type === 'run.failed' && this.error?.code.startsWith('CHECKPOINT_')) reject(this.error);
      else resolve();
    }
    this.#cancelled = [];
    this.#end(terminal);
  }

  #tidy(): void {
    forget(this);
    this.options.signal?.removeEventListener('abort', this.#onSignal);
    this.timers.stopAll();
    this.#queue.length = 0;
    if (this.#attempts.some((attempt) => attempt?.isOver === false)) this.#abandonAttempts();
    for (const resolve of this.#flushes.values()) resolve();
    this.#flushes.clear();
  }

  /** Attempts that still run when the run is over: they ignored their signal, or the engine is lost. */
  #abandonAttempts(): void {
    const error = createError('RUN_CANCELLED', 'the run is over', { runId: this.runId, sessionId: this.sessionId });
    // A sleep whose attempt has settled without it stays as it is: nobody waits for it.
    for (const { attempt, reject } of this.#sleeps.values()) if (!attempt.isOver) reject(error);
    for (const attempt of this.#attempts) attempt?.abort(error);
  }

  /** The engine's instance is lost. */
  trapped(error: WeaveError): void {
    if (this.terminal !== undefined) return;
    const withIds = createError('ENGINE_PANICKED', error.message, { runId: this.runId, sessionId: this.sessionId, cause: error.cause, ...(error.details && { details: error.details }) });
    this.error = withIds;
    this.#raw = undefined;
    const info = { code: withIds.code, name: withIds.name, message: withIds.message };
    // The clock is not asked: it may be what threw.
    const terminal: WeaveEvent = { seq: 0, at: this.#now || Date.now(), runId: this.runId, sessionId: this.sessionId, transient: true, type: 'run.failed', error: info, durationMs: this.#now - this.#startedAt };
    this.terminal = terminal;
    this.#tidy();
    this.keeper.ended(this);
    this.readers.lose(terminal);
    this.#settle(terminal);
  }

  /** Something threw that never should: the engine by a trap, or this module by a fault of its own. */
  fail(thrown: unknown): void {
    const error = isTrap(thrown) && this.#instance === instanceNumber() ? reportTrap(thrown) : createError('ENGINE_PANICKED', `the run stopped: ${describe(thrown)}`, { cause: thrown });
    this.trapped(error);
  }

  cancel(reason?: unknown): Promise<void> {
    if (this.terminal !== undefined) return Promise.resolve();
    const isFirst = this.#isCancelled === undefined;
    this.#isCancelled ??= { reason: reason === undefined ? undefined : describe(reason) };
    const promise = new Promise<void>((resolve, reject) => this.#cancelled.push({ resolve, reject }));
    if (isFirst && this.#raw !== undefined) this.#enter(() => this.#tell(Tell.Cancel, this.#reasonHandle()));
    return promise;
  }

  #reasonHandle(): number {
    const reason = this.#isCancelled?.reason;
    return reason === undefined ? NONE : this.arena.put(reason);
  }

  // ───────────────────────────────── the pump ─────────────────────────────────

  /** Calls the engine and carries out what it says. The one way in for everything that happens outside the pump. */
  #enter(call: () => number): void {
    if (this.#raw === undefined) return;
    try {
      this.#take(call());
      this.#pump();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  #tell(what: number, a = 0, b = 0, c = 0, d = 0, x = 0): number {
    return this.#raw?.tell(what, (this.#now = this.timers.now()), a, b, c, d, x) ?? 0;
  }

  /** The same at the last reading of the clock: nothing has happened since. */
  #tellAtOnce(what: number, a = 0, b = 0, c = 0, d = 0, x = 0): number {
    return this.#raw?.tell(what, this.#now, a, b, c, d, x) ?? 0;
  }

  #tellWith(what: number, a: number, b: number, c: number, d: number, x: number, words: Uint32Array): number {
    return this.#raw?.tellWith(what, this.timers.now(), a, b, c, d, x, words) ?? 0;
  }

  #tellText(what: number, a: number, b: number, cause: number, code: string, text: string): number {
    return this.#raw?.tellText(what, this.timers.now(), a, b, cause, code, text) ?? 0;
  }

  #ask(what: number, a = 0, b = 0, c = 0): number {
    return this.#raw?.ask(what, a, b, c) ?? -1;
  }

  #take(count: number): void {
    if (count === 0) return;
    const words = readWords(count);
    for (let index = 0; index < count; index += 1) this.#queue.push(words[index]!);
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const queue = this.#queue;
    let at = 0;
    try {
      while (at < queue.length) {
        at = this.#carryOut(queue, at);
        // A long run of commands must not keep all that were done.
        if (at > 4096) at = (queue.splice(0, at), 0);
      }
    } finally {
      this.#isPumping = false;
      queue.length = 0;
    }
  }

  /** Carries out the command at `at` and returns where the next one begins. */
  #carryOut(queue: readonly number[], at: number): number {
    switch (queue[at]) {
      case Op.Run:
        this.#run(queue, at);
        return at + 9;
      case Op.Rescue:
        this.#rescue(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!);
        return at + 4;
      case Op.AskRetry:
        this.#askRetry(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!, queue[at + 4]!);
        return at + 5;
      case Op.Abort:
        this.#abort(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!);
        return at + 4;
      case Op.Begin:
        this.state.begin();
        return at + 1;
      case Op.Write:
      case Op.Load:
      case Op.Note:
        return this.#fold(queue, at);
      case Op.EndFolds:
        this.#endFolds();
        return at + 1;
      case Op.Commit:
        this.state.commit();
        return at + 1;
      case Op.Rollback:
        this.state.rollback();
        return at + 1;
      case Op.Route:
        this.#route(queue[at + 1]!, queue[at + 2]!);
        return at + 3;
      case Op.StartTimer:
        this.timers.start(queue[at + 1]!, queue[at + 2]!);
        return at + 3;
      case Op.StopTimer:
        this.timers.stop(queue[at + 1]!);
        return at + 2;
      case Op.WakeSleep: {
        const sleep = this.#sleeps.get(queue[at + 1]!);
        this.#sleeps.delete(queue[at + 1]!);
        sleep?.resolve();
        return at + 2;
      }
      case Op.Flushed: {
        const flush = this.#flushes.get(queue[at + 1]!);
        this.#flushes.delete(queue[at + 1]!);
        flush?.();
        return at + 2;
      }
      case Op.Append:
        return this.#append(queue, at);
      case Op.Yield:
        nextTurn(() => this.#enter(() => this.#tell(Tell.Turn)));
        return at + 1;
      case Op.WakeReaders:
        this.readers.wake();
        return at + 1;
      case Op.Finish:
        this.#finish();
        return queue.length;
      case Op.Release: {
        const end = at + 2 + queue[at + 1]!;
        for (let index = at + 2; index < end; index += 1) this.arena.release(queue[index]!);
        return end;
      }
      default:
        throw new Error(`unknown command ${queue[at]}`);
    }
  }

  // ───────────────────────────────── nodes ─────────────────────────────────

  #run(queue: readonly number[], at: number): void {
    if (this.#ask(Ask.Generation) !== queue[at + 7]) return;
    const index = queue[at + 1]!;
    const node = queue[at + 3]!;
    const input = queue[at + 8]! === 0 ? undefined : lend(this.arena.get(queue[at + 8]! - 1));
    const attempt = new Attempt(this, index, queue[at + 2]!, node, queue[at + 5]!, queue[at + 6]!, queue[at + 4]!, input);
    this.#attempts[index] = attempt;
    let result: unknown;
    try {
      result = this.app.nodes[node]!.run(this.state.viewForTask() as any, attempt as any);
      // A thenable of the user's may throw here, too.
      if (isThenable(result)) return this.#await(attempt, result);
    } catch (thrown) {
      this.#take(this.#threw(attempt, thrown));
      return;
    }
    this.#take(this.#returned(attempt, result));
  }

  #await(attempt: Attempt, result: PromiseLike<unknown>, told?: WeaveError): void {
    result.then(
      (value) => this.#enter(() => this.#returned(attempt, value)),
      (thrown: unknown) => this.#enter(() => this.#rethrew(attempt, thrown, told)),
    );
  }

  #returned(attempt: Attempt, result: unknown): number {
    if (attempt.isOver) return 0;
    let read: NodeReturn;
    try {
      read = readReturn(this.app, result, (value) => this.arena.put(value));
    } catch (thrown) {
      if (!(thrown instanceof UnknownTarget)) return this.#threw(attempt, thrown, true);
      attempt.isOver = true;
      return this.#tellText(TellText.UnknownTarget, attempt.index, attempt.ticket, NONE, '', thrown.name);
    }
    attempt.isOver = true;
    const { update, words } = read;
    const handle = update.value === undefined ? NONE : this.arena.put(update.value);
    if (words === undefined) return this.#tell(Tell.Settled, attempt.index, attempt.ticket, handle, update.bytes, update.mask);
    return this.#tellWith(TellWith.Settled, attempt.index, attempt.ticket, handle, update.bytes, 0, words);
  }

  /** `isComplaint`: the result was wrong; nothing was thrown by the user. */
  #threw(attempt: Attempt, thrown: unknown, isComplaint = false): number {
    if (attempt.isOver) return 0;
    attempt.isOver = true;
    const { code, text, handle } = this.#keepThrown(thrown, isComplaint, 'NODE_THREW');
    return this.#tellText(TellText.Threw, attempt.index, attempt.ticket, handle, code, text);
  }

  /** What `onError` throws; if that is the error it was told, the failure stays what it was. */
  #rethrew(attempt: Attempt, thrown: unknown, told: WeaveError | undefined): number {
    if (thrown !== told || told === undefined) return this.#threw(attempt, thrown);
    return told.code === 'NODE_THREW' ? this.#threw(attempt, told.cause) : this.#threw(attempt, told, true);
  }

  #keepThrown(thrown: unknown, isComplaint: boolean, code: ErrorCode): { code: ErrorCode; text: string; handle: number } {
    const complaint = isComplaint && thrown instanceof WeaveError ? thrown : undefined;
    const cause = complaint === undefined ? { value: thrown } : 'cause' in complaint ? { value: complaint.cause } : undefined;
    return {
      code: complaint?.code ?? code,
      text: describe(thrown),
      handle: this.arena.put(new Thrown(cause, complaint?.details)),
    };
  }

  #options(attempt: Attempt): NodeOptions {
    return this.app.nodes[attempt.nodeId]!.options;
  }

  #rescue(index: number, token: number, failure: number): void {
    const failed = this.#attempts[index];
    if (failed === undefined) return;
    const error = takeError(failure, this.arena, this.names, this);
    const attempt = new Attempt(this, index, token, failed.nodeId, failed.step, failed.task, failed.attempt, failed.input);
    this.#attempts[index] = attempt;
    let result: unknown;
    try {
      result = this.#options(attempt).onError?.(error, this.state.viewForTask() as any, attempt as any);
      if (isThenable(result)) return this.#await(attempt, result, error);
    } catch (thrown) {
      this.#take(this.#rethrew(attempt, thrown, error));
      return;
    }
    this.#take(this.#returned(attempt, result));
  }

  #askRetry(index: number, token: number, count: number, failure: number): void {
    const attempt = this.#attempts[index]!;
    const error = takeError(failure, this.arena, this.names, this);
    let retries: boolean;
    try {
      const told = error.code === 'NODE_THREW' && 'cause' in error ? error.cause : error;
      retries = this.#options(attempt).retry?.retryOn?.(told, count) === true;
    } catch (thrown) {
      const kept = this.#keepThrown(thrown, false, 'NODE_THREW');
      this.#take(this.#tellText(TellText.Threw, index, token, kept.handle, kept.code, `retryOn threw: ${kept.text}`));
      return;
    }
    this.#take(this.#tell(Tell.RetryAnswer, index, token, retries ? 1 : 0));
  }

  #abort(index: number, token: number, why: number): void {
    const attempt = this.#attempts[index];
    if (attempt === undefined || attempt.ticket !== token) return;
    const place = { node: attempt.node, step: attempt.step, runId: this.runId, sessionId: this.sessionId };
    let error: WeaveError;
    if (why === Abort.Timeout) error = createError('NODE_TIMEOUT', `node \`${attempt.node}\` did not finish within its timeoutMs`, place);
    else if (why === Abort.Cancel) error = createError('RUN_CANCELLED', this.#isCancelled?.reason ?? 'the run was cancelled', place);
    else error = createError('RUN_CANCELLED', 'the step broke off: another task of it, or the run, has failed', place);
    attempt.abort(error);
    for (const [id, sleep] of this.#sleeps) {
      if (sleep.attempt !== attempt) continue;
      this.#sleeps.delete(id);
      sleep.reject(error);
    }
  }

  // ───────────────────────────────── state and routes ─────────────────────────────────

  #fold(queue: readonly number[], at: number): number {
    const op = queue[at]!;
    const next = at + (op === Op.Write ? 4 : op === Op.Load ? 3 : 5);
    const error = op === Op.Note ? takeError(queue[at + 4]!, this.arena, this.names, this) : undefined;
    if (this.#skipsFolds) return next;
    const channel = error === undefined ? queue[at + 1]! : this.app.channelIds.get('errors')!;
    try {
      if (error !== undefined) this.state.append(channel, toErrorEvent(error, queue[at + 1]!, queue[at + 2]!, queue[at + 3]!));
      else if (op === Op.Write) this.state.write(channel, this.arena.get(queue[at + 2]!), queue[at + 3] === 1);
      else this.state.load(channel, this.arena.get(queue[at + 2]!));
    } catch (thrown) {
      this.#skipsFolds = true;
      const isComplaint = thrown instanceof WeaveError && thrown.code.startsWith('STATE_');
      const kept = this.#keepThrown(thrown, isComplaint, 'STATE_REDUCER');
      this.#take(this.#tellText(TellText.FoldFailed, channel, 0, kept.handle, kept.code, kept.text));
    }
    return next;
  }

  #endFolds(): void {
    if (this.#skipsFolds) {
      this.#skipsFolds = false;
      return;
    }
    const { mask, changed } = this.state.endFolds();
    const hasReduced = this.options.durability > 0 && changed.some((channel) => this.app.parts.channels[channel]!.kind === 'reduce');
    if (!hasReduced && this.app.parts.channels.length <= 32) {
      this.#take(this.#tellAtOnce(Tell.Applied, mask, 0, 0, 0, this.state.bytes));
      return;
    }
    const reduced: number[] = [];
    for (const channel of hasReduced ? changed : []) {
      if (this.app.parts.channels[channel]!.kind !== 'reduce') continue;
      const content = this.state.contents[channel]!;
      reduced.push(channel, this.arena.put(content.save()), content.bytes);
    }
    this.#take(this.#tellWith(TellWith.Applied, changed.length, 0, 0, 0, this.state.bytes, new Uint32Array([...changed, ...reduced])));
  }

  #route(call: number, id: number): void {
    const { route } = this.app.routes[id]!;
    let answer: unknown;
    try {
      answer = route(this.state.viewForTask() as any);
      if (isThenable(answer)) {
        answer.then(
          (value) => this.#enter(() => this.#routed(call, id, value)),
          (thrown: unknown) => this.#enter(() => this.#routeThrew(call, thrown)),
        );
        return;
      }
    } catch (thrown) {
      this.#take(this.#routeThrew(call, thrown));
      return;
    }
    this.#take(this.#routed(call, id, answer));
  }

  #routed(call: number, id: number, answer: unknown): number {
    const { targets: known } = this.app.routes[id]!;
    if (typeof answer === 'string') {
      const node = known.get(answer);
      return node === undefined ? this.#tellText(TellText.RouteUnknown, call, 0, NONE, '', answer) : this.#tell(Tell.Routed, call, node);
    }
    const { targets, problem } = readTargets(answer);
    if (problem !== '') return this.#routeThrew(call, createError('NODE_INVALID_RESULT', problem), true);
    let words: number[];
    try {
      words = readTargetWords(known, this.app, targets, (value) => this.arena.put(value));
    } catch (thrown) {
      if (thrown instanceof UnknownTarget) return this.#tellText(TellText.RouteUnknown, call, 0, NONE, '', thrown.name);
      return this.#routeThrew(call, thrown, true);
    }
    return this.#tellWith(TellWith.Routed, call, 0, 0, 0, 0, new Uint32Array(words));
  }

  #routeThrew(call: number, thrown: unknown, isComplaint = false): number {
    const kept = this.#keepThrown(thrown, isComplaint, 'NODE_THREW');
    return this.#tellText(TellText.RouteThrew, call, 0, kept.handle, kept.code, kept.text);
  }

  // ───────────────────────────────── the store ─────────────────────────────────

  #append(queue: readonly number[], at: number): number {
    const [, slot, flags, length, count] = queue.slice(at, at + 5) as [number, number, number, number, number];
    const next = at + 5 + count;
    const values: unknown[] = [];
    for (let index = at + 5; index < next; index += 1) values.push(toStored(this.arena.get(queue[index]!)));
    const savesContents = (flags & 1) === 1;
    if (savesContents) for (const content of this.state.contents) values.push(content.save());
    const raw = this.#raw!;
    const bytes = copyBytes(this.#ask(Ask.Record), length);
    const store = this.options.store!;
    const row: SessionRow | undefined = (flags & 2) === 0 ? undefined : { runId: raw.runId(), status: statuses[this.#ask(Ask.Status)]!, step: this.#ask(Ask.Step), at: this.timers.now() };
    const answered = (answer: 'ok' | 'taken'): number => {
      if (answer === 'taken') return this.#tell(Tell.Taken);
      if (savesContents) store.snapshotTaken(this.sessionId, slot);
      return this.#tell(Tell.Appended);
    };
    const refused = (thrown: unknown): number => {
      const isTyped = thrown instanceof WeaveError && thrown.code.startsWith('CHECKPOINT_');
      const kept = this.#keepThrown(thrown, isTyped, 'CHECKPOINT_UNAVAILABLE');
      return this.#tellText(TellText.AppendFailed, 0, 0, kept.handle, kept.code, kept.text);
    };
    let answer: 'ok' | 'taken' | Promise<'ok' | 'taken'>;
    try {
      answer = store.append(this.sessionId, { slot, bytes, values }, row);
    } catch (thrown) {
      this.#take(refused(thrown));
      return next;
    }
    if (typeof answer === 'string') {
      this.#take(answered(answer));
    } else {
      answer.then(
        (word) => this.#enter(() => answered(word)),
        (thrown: unknown) => this.#enter(() => refused(thrown)),
      );
    }
    return next;
  }

  // ───────────────────────────────── what attempts ask for ─────────────────────────────────

  emit(attempt: Attempt, kind: number, payload: object, bytes: number, offset: number): void {
    const raw = this.#raw;
    if (raw === undefined) return;
    try {
      const count = raw.emit(this.timers.now(), attempt.index, attempt.ticket, kind, this.arena.put(payload), bytes, offset);
      if (count <= 0) return;
      this.#take(count);
      this.#pump();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  openStream(attempt: Attempt, stream: OpenStream): void {
    stream.handle = this.arena.put(stream);
    this.#ask(Ask.OpenStream, attempt.index, attempt.ticket, stream.handle);
  }

  closeStream(attempt: Attempt, stream: OpenStream): void {
    this.#ask(Ask.CloseStream, attempt.index, attempt.ticket, stream.handle);
  }

  random(attempt: Attempt): number {
    const fraction = this.#ask(Ask.Random, attempt.index, attempt.ticket);
    if (fraction < 0) throw createError('RUN_CANCELLED', 'ctx.random was called after its attempt was over', { node: attempt.node, step: attempt.step });
    return fraction;
  }

  sleep(attempt: Attempt, ms: number): Promise<void> {
    if (attempt.isOver || this.#raw === undefined) {
      const reason = attempt.abortedWith ?? createError('RUN_CANCELLED', 'ctx.sleep was called after its attempt was over', { node: attempt.node, step: attempt.step });
      return unwatched(Promise.reject(reason));
    }
    const id = (this.#lastWait += 1);
    return unwatched(
      new Promise((resolve, reject) => {
        this.#sleeps.set(id, { attempt, resolve, reject });
        this.#enter(() => this.#tell(Tell.Sleep, attempt.index, attempt.ticket, id, 0, ms));
      }),
    );
  }

  flush(attempt: Attempt): Promise<void> {
    if (attempt.isOver || this.#raw === undefined) return Promise.resolve();
    const id = (this.#lastWait += 1);
    return new Promise((resolve) => {
      this.#flushes.set(id, resolve);
      this.#enter(() => this.#tell(Tell.Flush, id));
    });
  }

  /** Readers have pulled: the run may go on. */
  pulled(): void {
    this.#enter(() => (this.#ask(Ask.NeedsPulled) === 1 ? this.#tell(Tell.Pulled) : 0));
  }

  /** Keeps what failed the run, with the very object that was thrown. */
  failed(error: WeaveError): void {
    this.error ??= error;
  }
}

/** A sleep that nobody awaits must not end the process when it is cut short. */
function unwatched(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function';
}

/** A value as the log keeps it: what was thrown becomes data, a stream its text. */
function toStored(value: unknown): unknown {
  if (value instanceof OpenStream) return value.toFinal();
  if (value instanceof Thrown) return value.cause === undefined ? null : Thrown.toValue(value.cause.value);
  return value;
}
