/**
 * One execution of a session: who it is, what is known of it while it goes on, and how it ends, once and for all that wait for it.
 *
 * Its parts do the rest: `beginning` opens the session, `pump` carries out the engine's commands, `requests` serves attempts, `readers`
 * serve whoever reads. It must not decide anything about the workflow.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { AttemptRequests } from './attempt-requests.js';
import { Beginning, type Edit, type Plan } from './beginning.js';
import { ChannelState } from './channel-state.js';
import { Timers } from './clock.js';
import { forget, instanceNumber, isTrap, readWords, remember, reportTrap, type Trappable } from './engine.js';
import { createError, WeaveError, type ErrorCode } from './errors.js';
import { readEvents, type EventSource } from './event-factory.js';
import type { WeaveEvent } from './events.js';
import type { Names } from './failures.js';
import { GraphFrame } from './graph-frame.js';
import type { LogStore } from './log-store.js';
import { Pump } from './pump.js';
import type { ReadOptions } from './read-options.js';
import { Readers } from './readers.js';
import { isolation, when } from './requests.js';
import type { ActiveExecution } from './session-locks.js';
import type { InnerState } from './subgraph-calls.js';
import type { RunStatus } from './sessions.js';
import { loadStorage } from './storage-loader.js';
import { describe, isA, Thrown } from './thrown.js';
import { Ask, NONE, Tell, TellText } from './words.js';

/** What whoever keeps the executions is told. */
export interface Keeper {
  /** A resumed execution goes on under the session's run id. May refuse by throwing a WeaveError. */
  renamed(execution: Execution, runId: string): void;
  /** Once, when the run is over and before anyone else hears of it. */
  ended(execution: Execution): void;
}

export class Execution implements Trappable, EventSource, ActiveExecution {
  arena = new Arena();
  /** The session's graph. */
  root: GraphFrame;
  /** Sub-graphs that an earlier execution left half done, by the engine's number. */
  readonly inner = new Map<number, InnerState>();
  readonly timers: Timers;
  readonly readers: Readers;
  readonly pump: Pump;
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
  /** Of the engine that it was made in. */
  readonly instance = instanceNumber();
  /** It only changes the state. */
  edit: Edit | undefined;
  /** Gives back what the run has taken. */
  readonly onEnd: Array<() => void> = [];

  readonly #beginning: Beginning;
  #held: { readonly step: number; readonly key: number } | undefined;
  #hasStored = false;
  #isLost = false;
  #cancellation: { readonly reason: string | undefined } | undefined;
  #cancelled: Array<() => void> | undefined;
  #requests: AttemptRequests | undefined;
  readonly #inbox = isolation?.open(this);
  #end!: (event: WeaveEvent) => void;
  #onSignal: (() => void) | undefined;

  constructor(
    readonly app: AppCore,
    readonly options: ReadOptions,
    public runId: string,
    readonly sessionId: string,
    readonly keeper: Keeper,
  ) {
    this.root = new GraphFrame(0, app, new ChannelState(app));
    this.names = app.names;
    this.metadata = options.metadata;
    this.pump = new Pump(this);
    this.#beginning = new Beginning(this);
    this.timers = new Timers(options.clock, (timer) =>
      this.pump.enter(() => {
        this.readers.touch();
        return this.pump.tell(Tell.Fired, timer);
      }),
    );
    this.readers = new Readers(this, options.events);
    this.ended = new Promise((resolve) => (this.#end = resolve));
    remember(this);
  }

  get state(): ChannelState {
    return this.root.state;
  }

  /** It begins anew: its session is read again. */
  restart(): void {
    this.arena = new Arena();
    this.root = new GraphFrame(0, this.app, new ChannelState(this.app));
    this.inner.clear();
  }

  /** Made when an attempt asks for something. */
  get requests(): AttemptRequests {
    return (this.#requests ??= new AttemptRequests(this));
  }

  /** The size of all contents, which the engine weighs against a log. */
  get storedBytes(): number {
    return this.options.durability > 0 ? this.state.bytes : 0;
  }

  /** Of a run that is over. */
  get durationMs(): number {
    return Math.max(0, this.terminal!.at - this.#beginning.startedAt);
  }

  get storeName(): string {
    return this.options.handle?.name ?? 'none';
  }

  get status(): RunStatus {
    return this.terminal === undefined ? 'running' : (this.terminal.type.slice('run.'.length) as RunStatus);
  }

  start(plan: Plan): void {
    const { signal } = this.options;
    this.#beginning.start(plan);
    if (signal === undefined) return;
    this.#onSignal = () => void this.cancel(signal.reason).catch(() => undefined);
    if (signal.aborted) this.#onSignal();
    else signal.addEventListener('abort', this.#onSignal, { once: true });
  }

  /** The step by which what is kept for a step's tasks goes; only an update between two executions makes it another. */
  keyStep(step: number): number {
    return this.#held !== undefined && step === this.#held.step ? this.#held.key : step;
  }

  /** Goes on as the session's last run. */
  goOnAs(runId: string): void {
    this.#held = { step: this.pump.ask(Ask.Step) + 1, key: this.pump.ask(Ask.KeyStep) };
    this.keeper.renamed(this, runId);
    this.runId = runId;
    const metadata = this.pump.ask(Ask.Metadata);
    if (this.metadata === undefined && metadata > 0) this.metadata = this.arena.get(metadata - 1) as Readonly<Record<string, unknown>>;
  }

  /** The store has a record. */
  stored(hasSnapshot: boolean): void {
    const { handle, retention } = this.options;
    if (!this.#hasStored) this.branch = this.pump.ask(Ask.Branch);
    this.#hasStored = true;
    handle!.announce(this.sessionId, this.store!);
    if (hasSnapshot && retention !== undefined) void this.#retain();
  }

  async #retain(): Promise<void> {
    await (await loadStorage()).retain(this);
  }

  /** Carries out what may come from another request, in a turn of the run's own. */
  inTurn(call: () => void): void {
    if (this.#inbox === undefined) call();
    else this.#inbox.post(call);
  }

  /** Readers have pulled: the run may go on. */
  pulled(): void {
    const { pump } = this;
    pump.enter(() => (pump.ask(Ask.NeedsPulled) === 1 ? pump.tell(Tell.Pulled) : 0));
  }

  /** Keeps what user code threw (or, as a complaint, what is wrong with what it gave) for the engine to mention. */
  keepThrown(thrown: unknown, isComplaint: boolean, code: ErrorCode): { code: ErrorCode; text: string; handle: number } {
    const complaint = isComplaint && isA(thrown, WeaveError) ? thrown : undefined;
    const cause = complaint === undefined ? { value: thrown } : 'cause' in complaint ? { value: complaint.cause } : undefined;
    return {
      code: complaint?.code ?? code,
      text: describe(thrown),
      handle: this.arena.put(new Thrown(cause, complaint?.details)),
    };
  }

  /** Keeps what failed the run, with the very object that was thrown. */
  failed(error: WeaveError): void {
    this.error ??= error;
  }

  // ───────────────────────────────── what ends it ─────────────────────────────────

  cancel(reason?: unknown): Promise<void> {
    if (this.terminal !== undefined) return Promise.resolve();
    const isFirst = this.#cancellation === undefined;
    this.#cancellation ??= { reason: reason === undefined ? undefined : describe(reason) };
    const promise = when(() => this.terminal !== undefined, (wake) => (this.#cancelled ??= []).push(wake));
    if (isFirst) {
      this.inTurn(() => {
        this.#beginning.stop();
        this.tellCancel();
      });
    }
    return promise.then(() => {
      if (this.status === 'failed' && this.error?.code.startsWith('CHECKPOINT_')) throw this.error;
    });
  }

  /** Whether `cancel` was called. */
  get isCancelled(): boolean {
    return this.#cancellation !== undefined;
  }

  /** What `cancel` was told. */
  get cancelReason(): string | undefined {
    return this.#cancellation?.reason;
  }

  tellCancel(): void {
    const { pump, arena, cancelReason } = this;
    pump.enter(() => pump.tell(Tell.Cancel, cancelReason === undefined ? NONE : arena.put(cancelReason)));
  }

  /** Ends it before it began: one transient `run.failed`, nothing stored. */
  refuse(error: WeaveError): void {
    if (this.terminal !== undefined) return;
    try {
      if (this.pump.raw === undefined) this.#beginning.makeEmpty();
    } catch (thrown) {
      return this.fail(thrown);
    }
    const cause = new Thrown('cause' in error ? { value: error.cause } : undefined, error.details);
    this.pump.enter(() => this.pump.tellText(TellText.Refuse, 0, 0, this.arena.put(cause), error.code, error.message));
  }

  /** Another execution has taken the session: nothing is stored any more. */
  lost(): void {
    this.inTurn(() => this.#lose());
  }

  #lose(): void {
    if (this.terminal !== undefined) return;
    this.#isLost = true;
    if (this.pump.raw !== undefined) return this.pump.enter(() => this.pump.tell(Tell.Lost));
    const { runId, sessionId } = this;
    this.refuse(createError('CHECKPOINT_CONFLICT', `session \`${sessionId}\` was taken by another run before this one began`, { runId, sessionId }));
  }

  /** The checkpointer is closed. */
  cutOff(error: WeaveError): void {
    this.inTurn(() => {
      if (this.terminal !== undefined) return;
      if (this.pump.raw === undefined) return this.refuse(error);
      this.pump.enter(() => this.pump.tellText(TellText.AppendFailed, 0, 0, NONE, error.code, error.message));
    });
  }

  /** Something threw that never should: the engine by a trap, or this module by a fault of its own. */
  fail(thrown: unknown): void {
    const error = isTrap(thrown) && this.instance === instanceNumber() ? reportTrap(thrown) : createError('ENGINE_PANICKED', `the run stopped: ${describe(thrown)}`, { cause: thrown });
    this.trapped(error);
  }

  /** The engine's instance is lost. */
  trapped(error: WeaveError): void {
    this.inTurn(() => {
      if (this.terminal !== undefined) return;
      const { runId, sessionId } = this;
      this.breakOff(this.failure(createError('ENGINE_PANICKED', error.message, { runId, sessionId, cause: error.cause, ...(error.details && { details: error.details }) })));
    });
  }

  /** Keeps what failed it, and makes its last event, which no log has. */
  failure(error: WeaveError): WeaveEvent {
    this.error = error;
    const { runId, sessionId } = this;
    const info = { code: error.code, name: error.name, message: error.message };
    // The clock is not asked: it may be what threw.
    const { now } = this.pump;
    return { seq: 0, at: now || Date.now(), runId, sessionId, transient: true, type: 'run.failed', error: info, durationMs: now - this.#beginning.startedAt };
  }

  /** It ends without the engine. */
  breakOff(terminal: WeaveEvent): void {
    this.#close(terminal);
    this.readers.lose(terminal);
    this.#settle(terminal);
  }

  // ───────────────────────────────── how it ends ─────────────────────────────────

  /** The engine has come to the end of the run. */
  finish(): void {
    const raw = this.pump.raw!;
    const count = raw.outcome();
    const terminal = readEvents(readWords(count), 0, count, this)[0]!;
    if (!this.#isLost && this.error?.code === 'CHECKPOINT_CONFLICT' && this.#beginning.again()) return;
    this.steps = raw.ask(Ask.Steps, 0, 0, 0);
    if (this.error === undefined) this.edit?.done(raw.describe());
    this.#close(terminal);
    if (this.options.retention !== undefined && this.store !== undefined && terminal.transient !== true) void this.#retain();
    try {
      this.readers.archive();
      raw.free();
    } catch (thrown) {
      // The run is over all the same; only what readers have not pulled is lost.
      if (isTrap(thrown)) reportTrap(thrown);
      this.readers.lose({ ...terminal, transient: true });
    }
    this.#settle(terminal);
  }

  /** Lets go of all that it holds. */
  #close(terminal: WeaveEvent): void {
    this.terminal = terminal;
    forget(this);
    this.#beginning.stop();
    for (const end of this.onEnd) end();
    if (this.#onSignal !== undefined) this.options.signal?.removeEventListener('abort', this.#onSignal);
    this.timers.stopAll();
    this.pump.stop();
    this.#requests?.stop();
    this.keeper.ended(this);
    this.#inbox?.close();
    this.pump.observation?.ended(terminal);
  }

  /** Tells those that wait for the end. */
  #settle(terminal: WeaveEvent): void {
    for (const wake of this.#cancelled ?? []) wake();
    this.#cancelled = undefined;
    this.#end(terminal);
  }
}

/** The session is held, by a run of this realm or by another realm. */
export function busy(sessionId: string, owner: string, isHere: boolean): WeaveError {
  const message = `session \`${sessionId}\` is held by ${isHere ? `run \`${owner}\`` : 'another tab, worker or process'}; wait for it (whenBusy), cancel it, or ${isHere ? 'attach to' : 'follow'} it`;
  return createError('SESSION_BUSY', message, { sessionId, details: { owner } });
}
