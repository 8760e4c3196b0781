/**
 * Drives one execution: carries out the engine's commands in order and calls user code between two calls of the engine.
 *
 * Owns the command queue and the run's timers; `task-calls`, `barrier-calls` and `record-writer` carry out what they are called for. It must not decide anything about the workflow: order,
 * retries, routing, versions and the log are the engine's. Invariant: user code runs with no call of the engine on the stack, so
 * whatever it does, including calling back into this run, only queues more commands.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { ChannelState } from './channel-state.js';
import { Timers } from './clock.js';
import { BarrierCalls } from './barrier-calls.js';
import type { Attempt } from './context.js';
import { engine, forget, instanceNumber, isTrap, readWords, remember, reportTrap, type Engine, type Trappable } from './engine.js';
import { createError, WeaveError, type ErrorCode } from './errors.js';
import { readEvents, type EventSource } from './event-factory.js';
import type { WeaveEvent } from './events.js';
import type { Names } from './failures.js';
import type { ReadOptions } from './read-options.js';
import { Readers } from './readers.js';
import { RecordWriter } from './record-writer.js';
import type { LogStore } from './log-store.js';
import { loadStorage } from './storage-loader.js';
import { TaskCalls } from './task-calls.js';
import { OpenStream } from './text-stream.js';
import { describe, Thrown } from './thrown.js';
import { nextTurn } from './turn.js';
import { readUpdate, toStartWords, type Update } from './updates.js';
import { Ask, NONE, Op, Tell, TellText } from './words.js';
import type { RunStatus } from './sessions.js';
import type { ActiveExecution } from './session-locks.js';

type RawRun = InstanceType<Engine['RawRun']>;
type RawLog = InstanceType<Engine['RawLog']>;

/** How often a session that is being stolen is read again. */
const MOST_RETRIES = 8;

/** What becomes of a session that another graph has left; `policy` as the engine numbers it. */
export interface Migration {
  readonly policy: number;
  readonly update?: Update;
  readonly frontier?: Uint32Array;
}

/** How an execution is to start. */
export interface Plan {
  readonly input: unknown;
  readonly isResume: boolean;
  /** Resolves once no other execution of this realm holds the session. */
  readonly turn: Promise<void> | undefined;
}

/** What whoever keeps the executions is told. */
export interface Keeper {
  /** A resumed execution goes on under the session's run id. May refuse by throwing a WeaveError. */
  renamed(execution: Execution, runId: string): void;
  /** Once, when the run is over and before anyone else hears of it. */
  ended(execution: Execution): void;
}

export class Execution implements Trappable, EventSource, ActiveExecution {
  arena = new Arena();
  state: ChannelState;
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
  /** Once it is open. */
  store: LogStore | undefined;
  /** Of the session; it rises with the record that takes it up, before readers hear of that. */
  branch = 1;
  /** Gives back what the run has taken. */
  readonly onEnd: Array<() => void> = [];

  #raw: RawRun | undefined;
  readonly #queue: number[] = [];
  #isPumping = false;
  readonly #tasks = new TaskCalls(this);
  readonly #barrier = new BarrierCalls(this);
  readonly #writer = new RecordWriter(this);
  readonly #flushes = new Map<number, () => void>();
  #lastWait = 0;
  #now = 0;
  #startedAt = 0;
  #isCancelled: { readonly reason: string | undefined } | undefined;
  #cancelled: Array<{ resolve(): void; reject(error: unknown): void }> = [];
  #end!: (event: WeaveEvent) => void;
  /** Aborted when it ends, or is to end, before it began. */
  #starting: AbortController | undefined;
  #isLost = false;
  /** How it was started, and how often the record that takes up the session found its slot taken. */
  #plan: { readonly update: Update; readonly plan: Plan } | undefined;
  #retries = 0;
  #hasStored = false;
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
      this.enter(() => {
        this.readers.touch();
        return this.tell(Tell.Fired, timer);
      }),
    );
    this.readers = new Readers(this, options.events);
    this.ended = new Promise((resolve) => (this.#end = resolve));
    remember(this);
  }

  get storeName(): string {
    return this.options.handle?.name ?? 'none';
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
    this.#listenToSignal();
    void Promise.resolve()
      .then(() => (update === undefined ? this.refuse(problem) : this.#begin(update, plan)))
      .catch((thrown: unknown) => this.fail(thrown));
  }

  #listenToSignal(): void {
    const { signal } = this.options;
    if (signal?.aborted) this.#onSignal();
    else signal?.addEventListener('abort', this.#onSignal, { once: true });
  }

  async #begin(update: Update, plan: Plan): Promise<void> {
    if (this.terminal !== undefined) return;
    let log: RawLog | undefined;
    try {
      log = await this.#open(plan);
    } catch (thrown) {
      if (isTrap(thrown)) throw thrown;
      return this.refuse(thrown instanceof WeaveError ? thrown : createError('CHECKPOINT_UNAVAILABLE', `the store could not be read: ${describe(thrown)}`, { cause: thrown }));
    }
    try {
      if (log !== undefined) await this.#start(update, plan, log);
    } catch (thrown) {
      if (!(thrown instanceof WeaveError)) throw thrown;
      this.refuse(thrown);
    }
  }

  /** The session as it stands, once it is ours; `undefined` if the run ended meanwhile. */
  async #open({ isResume, turn }: Plan): Promise<RawLog | undefined> {
    const { handle } = this.options;
    if (handle === undefined && turn === undefined) return this.#emptyLog();
    const { signal } = (this.#starting = new AbortController());
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    if (this.#isCancelled !== undefined && (turn !== undefined || this.options.whenBusy === 'wait')) this.#starting.abort();
    const open = async (): Promise<RawLog | undefined> => {
      await turn;
      if (signal.aborted) return undefined;
      return handle === undefined ? this.#emptyLog() : (await loadStorage()).openSession(this, isResume, signal);
    };
    const opening = open();
    const log = await Promise.race([opening, stopped]);
    this.#starting = undefined;
    if (log !== undefined && this.terminal === undefined) return log;
    // Whatever still comes is not for this run.
    opening.then(
      (late) => this.#drop(late),
      () => undefined,
    );
    if (this.terminal === undefined) this.#conclude();
    return undefined;
  }

  /** Frees a log that is not used, unless its instance is lost. */
  #drop(log: RawLog | undefined): void {
    if (this.#instance === instanceNumber()) log?.free();
  }

  #emptyLog(): RawLog {
    const { RawLog } = engine();
    return new RawLog(this.app.graph());
  }

  async #start(update: Update, plan: Plan, log: RawLog): Promise<void> {
    const { options } = this;
    const { isResume } = plan;
    this.#plan = { update, plan };
    let changed: Migration | undefined;
    try {
      if (isResume && log.isGraphChanged()) changed = await this.#migrate(log);
      if (this.terminal !== undefined) return this.#drop(log);
    } catch (thrown) {
      this.#drop(log);
      throw thrown;
    }
    if (changed?.update !== undefined) update = changed.update;
    this.names = this.app.names.withForeign(log.foreignNames());
    this.#makeRaw(log);
    if (isResume) this.#takeUp(this.#raw!.runId());
    if (this.#isCancelled !== undefined) return this.enter(() => this.tell(Tell.Cancel, this.#reasonHandle()));
    const handle = update.value === undefined ? NONE : this.arena.put(update.value);
    const metadata = options.metadata === undefined ? NONE : this.arena.put(options.metadata);
    const raw = this.#raw!;
    this.#startedAt = this.#now = this.timers.now();
    this.enter(() => raw.start(this.#now, this.runId, options.seed, isResume, options.abandons, handle, update.bytes, toStartWords(update), metadata, changed?.policy ?? 0, changed?.frontier));
  }

  /** Another graph has left the session: what the option says to that. */
  async #migrate(log: RawLog): Promise<Migration> {
    const { onGraphChanged } = this.options;
    if (typeof onGraphChanged !== 'function') return { policy: onGraphChanged === 'error' ? 1 : 0 };
    const { migrate } = await loadStorage();
    return migrate(this, log, onGraphChanged);
  }

  /** It was cancelled before it began. */
  #conclude(): void {
    this.#makeRaw(this.#emptyLog());
    this.enter(() => this.tell(Tell.Cancel, this.#reasonHandle()));
  }

  #makeRaw(log: RawLog): void {
    const { durability, concurrency, maxSteps, timeoutMs, events } = this.options;
    const { RawRun } = engine();
    this.#raw = new RawRun(this.app.graph(), log, this.sessionId, durability, concurrency, maxSteps, timeoutMs, this.readers.isExposed ? events.capacity : 0);
    log.free();
    this.branch = this.ask(Ask.Branch);
    this.readers.attach(this.#raw);
  }

  /** Goes on as the session's last run. */
  #takeUp(runId: string): void {
    this.keeper.renamed(this, runId);
    this.runId = runId;
    const metadata = this.ask(Ask.Metadata);
    if (this.metadata === undefined && metadata > 0) this.metadata = this.arena.get(metadata - 1) as Readonly<Record<string, unknown>>;
  }

  /** Ends it before it began: one transient `run.failed`, nothing stored. */
  refuse(error: WeaveError): void {
    if (this.terminal !== undefined) return;
    try {
      if (this.#raw === undefined) this.#makeRaw(this.#emptyLog());
    } catch (thrown) {
      return this.fail(thrown);
    }
    const cause = new Thrown('cause' in error ? { value: error.cause } : undefined, error.details);
    this.enter(() => this.tellText(TellText.Refuse, 0, 0, this.arena.put(cause), error.code, error.message));
  }

  /** Another execution has taken the session: nothing is stored any more. */
  lost(): void {
    if (this.terminal !== undefined) return;
    this.#isLost = true;
    if (this.#raw !== undefined) return this.enter(() => this.tell(Tell.Lost));
    const { runId, sessionId } = this;
    this.refuse(createError('CHECKPOINT_CONFLICT', `session \`${sessionId}\` was taken by another run before this one began`, { runId, sessionId }));
  }

  /** The checkpointer is closed. */
  cutOff(error: WeaveError): void {
    if (this.terminal !== undefined) return;
    if (this.#raw === undefined) return this.refuse(error);
    this.enter(() => this.tellText(TellText.AppendFailed, 0, 0, NONE, error.code, error.message));
  }

  #finish(): void {
    const raw = this.#raw!;
    const count = raw.outcome();
    const [terminal] = readEvents(readWords(count), 0, count, this);
    if (this.#isOutrun(raw)) return this.#beginAgain(raw);
    this.steps = raw.ask(Ask.Steps, 0, 0, 0);
    this.terminal = terminal;
    this.#tidy();
    this.keeper.ended(this);
    this.#raw = undefined;
    if (this.options.retention !== undefined && this.store !== undefined && terminal?.transient !== true) void this.#retain();
    try {
      this.readers.archive();
      raw.free();
    } catch (thrown) {
      // The run is over all the same; only what readers have not pulled is lost.
      if (isTrap(thrown)) reportTrap(thrown);
      this.readers.lose({ ...terminal!, transient: true });
    }
    this.#settle(terminal!);
  }

  /** It was to steal the session, and someone else was faster: the session's writer that went, or another thief. */
  #isOutrun(raw: RawRun): boolean {
    if (this.options.whenBusy !== 'steal' || this.#isLost || this.#retries >= MOST_RETRIES) return false;
    return this.error?.code === 'CHECKPOINT_CONFLICT' && raw.ask(Ask.IsTakingOver, 0, 0, 0) === 1;
  }

  /** Reads the session again, and tries to take it up as it stands then. */
  #beginAgain(raw: RawRun): void {
    const { update, plan } = this.#plan!;
    this.#retries += 1;
    this.error = undefined;
    this.#raw = undefined;
    this.readers.detach();
    this.timers.stopAll();
    this.arena = new Arena();
    this.state = new ChannelState(this.app);
    raw.free();
    void this.#begin(update, plan).catch((thrown: unknown) => this.fail(thrown));
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
    this.#starting?.abort();
    for (const end of this.onEnd) end();
    this.options.signal?.removeEventListener('abort', this.#onSignal);
    this.timers.stopAll();
    this.#queue.length = 0;
    this.#tasks.abandon();
    for (const resolve of this.#flushes.values()) resolve();
    this.#flushes.clear();
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
    if (isFirst) this.#starting?.abort();
    if (isFirst && this.#raw !== undefined) this.enter(() => this.tell(Tell.Cancel, this.#reasonHandle()));
    return promise;
  }

  /** What `cancel` was told. */
  get cancelReason(): string | undefined {
    return this.#isCancelled?.reason;
  }

  #reasonHandle(): number {
    const reason = this.#isCancelled?.reason;
    return reason === undefined ? NONE : this.arena.put(reason);
  }

  // ───────────────────────────────── the pump ─────────────────────────────────

  /** Calls the engine and carries out what it says. The one way in for everything that happens outside the pump. */
  enter(call: () => number): void {
    if (this.#raw === undefined) return;
    try {
      this.take(call());
      this.#pump();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  tell(what: number, a = 0, b = 0, c = 0, d = 0, x = 0): number {
    return this.#raw?.tell(what, (this.#now = this.timers.now()), a, b, c, d, x) ?? 0;
  }

  /** The same at the last reading of the clock: nothing has happened since. */
  tellAtOnce(what: number, a = 0, b = 0, c = 0, d = 0, x = 0): number {
    return this.#raw?.tell(what, this.#now, a, b, c, d, x) ?? 0;
  }

  tellWith(what: number, a: number, b: number, c: number, d: number, x: number, words: Uint32Array): number {
    return this.#raw?.tellWith(what, this.timers.now(), a, b, c, d, x, words) ?? 0;
  }

  tellText(what: number, a: number, b: number, cause: number, code: string, text: string): number {
    return this.#raw?.tellText(what, this.timers.now(), a, b, cause, code, text) ?? 0;
  }

  ask(what: number, a = 0, b = 0, c = 0): number {
    return this.#raw?.ask(what, a, b, c) ?? -1;
  }

  take(count: number): void {
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
        this.#tasks.run(queue, at);
        return at + 9;
      case Op.Rescue:
        this.#tasks.rescue(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!);
        return at + 4;
      case Op.AskRetry:
        this.#tasks.askRetry(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!, queue[at + 4]!);
        return at + 5;
      case Op.Abort:
        this.#tasks.abort(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!);
        return at + 4;
      case Op.Begin:
        this.state.begin();
        return at + 1;
      case Op.Write:
      case Op.Load:
      case Op.Note:
        return this.#barrier.fold(queue, at);
      case Op.EndFolds:
        this.#barrier.endFolds();
        return at + 1;
      case Op.Commit:
        this.state.commit();
        return at + 1;
      case Op.Rollback:
        this.state.rollback();
        return at + 1;
      case Op.Route:
        this.#barrier.route(queue[at + 1]!, queue[at + 2]!);
        return at + 3;
      case Op.StartTimer:
        this.timers.start(queue[at + 1]!, queue[at + 2]!);
        return at + 3;
      case Op.StopTimer:
        this.timers.stop(queue[at + 1]!);
        return at + 2;
      case Op.WakeSleep:
        this.#tasks.wake(queue[at + 1]!);
        return at + 2;
      case Op.Flushed: {
        const flush = this.#flushes.get(queue[at + 1]!);
        this.#flushes.delete(queue[at + 1]!);
        flush?.();
        return at + 2;
      }
      case Op.Append:
        return this.#writer.append(queue, at);
      case Op.Yield:
        nextTurn(() => this.enter(() => this.tell(Tell.Turn)));
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

  /** Keeps what user code threw (or, as a complaint, what is wrong with what it gave) for the engine to mention. */
  keepThrown(thrown: unknown, isComplaint: boolean, code: ErrorCode): { code: ErrorCode; text: string; handle: number } {
    const complaint = isComplaint && thrown instanceof WeaveError ? thrown : undefined;
    const cause = complaint === undefined ? { value: thrown } : 'cause' in complaint ? { value: complaint.cause } : undefined;
    return {
      code: complaint?.code ?? code,
      text: describe(thrown),
      handle: this.arena.put(new Thrown(cause, complaint?.details)),
    };
  }

  // ───────────────────────────────── what attempts ask for ─────────────────────────────────

  emit(attempt: Attempt, kind: number, payload: object, bytes: number, offset: number): void {
    const raw = this.#raw;
    if (raw === undefined) return;
    try {
      const count = raw.emit(this.timers.now(), attempt.index, attempt.ticket, kind, this.arena.put(payload), bytes, offset);
      if (count <= 0) return;
      this.take(count);
      this.#pump();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  openStream(attempt: Attempt, stream: OpenStream): void {
    stream.handle = this.arena.put(stream);
    this.ask(Ask.OpenStream, attempt.index, attempt.ticket, stream.handle);
  }

  closeStream(attempt: Attempt, stream: OpenStream): void {
    this.ask(Ask.CloseStream, attempt.index, attempt.ticket, stream.handle);
  }

  random(attempt: Attempt): number {
    const fraction = this.ask(Ask.Random, attempt.index, attempt.ticket);
    if (fraction < 0) throw createError('RUN_CANCELLED', 'ctx.random was called after its attempt was over', { node: attempt.node, step: attempt.step });
    return fraction;
  }

  sleep(attempt: Attempt, ms: number): Promise<void> {
    if (attempt.isOver || this.#raw === undefined) {
      const reason = attempt.abortedWith ?? createError('RUN_CANCELLED', 'ctx.sleep was called after its attempt was over', { node: attempt.node, step: attempt.step });
      return unwatched(Promise.reject(reason));
    }
    const id = (this.#lastWait += 1);
    const sleep = unwatched(this.#tasks.sleep(id, attempt));
    this.enter(() => this.tell(Tell.Sleep, attempt.index, attempt.ticket, id, 0, ms));
    return sleep;
  }

  flush(attempt: Attempt): Promise<void> {
    if (attempt.isOver || this.#raw === undefined) return Promise.resolve();
    const id = (this.#lastWait += 1);
    return new Promise((resolve) => {
      this.#flushes.set(id, resolve);
      this.enter(() => this.tell(Tell.Flush, id));
    });
  }

  /** Readers have pulled: the run may go on. */
  pulled(): void {
    this.enter(() => (this.ask(Ask.NeedsPulled) === 1 ? this.tell(Tell.Pulled) : 0));
  }

  async #retain(): Promise<void> {
    await (await loadStorage()).retain(this);
  }

  /** The store has a record. */
  stored(hasSnapshot: boolean): void {
    const { handle, retention } = this.options;
    if (!this.#hasStored) this.branch = this.ask(Ask.Branch);
    this.#hasStored = true;
    handle!.announce(this.sessionId, this.store!);
    if (hasSnapshot && retention !== undefined) void this.#retain();
  }

  /** Keeps what failed the run, with the very object that was thrown. */
  failed(error: WeaveError): void {
    this.error ??= error;
  }
}

/** The session is held, by a run of this realm or by another realm. */
export function busy(sessionId: string, owner: string, isHere: boolean): WeaveError {
  const message = `session \`${sessionId}\` is held by ${isHere ? `run \`${owner}\`` : 'another tab, worker or process'}; wait for it (whenBusy), cancel it, or ${isHere ? 'attach to' : 'follow'} it`;
  return createError('SESSION_BUSY', message, { sessionId, details: { owner } });
}

/** A sleep that nobody awaits must not end the process when it is cut short. */
function unwatched(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}
