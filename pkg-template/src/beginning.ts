/**
 * How a run begins: with its input read and its session opened, which may have to wait for another run; and how it begins anew where a
 * session that it steals was taken meanwhile.
 *
 * Owns the way to the engine's half of a run. It must not know what becomes of the run afterwards.
 */

import { readAnswers, type ReadAnswer } from './answers.js';
import { readBreakpoints } from './breakpoints.js';
import { engine, instanceNumber, isTrap, type Engine } from './engine.js';
import { createError, WeaveError } from './errors.js';
import type { Execution } from './execution.js';
import { loadStorage } from './storage-loader.js';
import { describe } from './thrown.js';
import { readUpdate, toStartWords, type Update } from './updates.js';
import { Ask, NONE, TellText, TellWith } from './words.js';

type RawLog = InstanceType<Engine['RawLog']>;

/** How often a session that is being stolen is read again. */
const MOST_RETRIES = 8;

/** What becomes of a session that another graph has left; `policy` as the engine numbers it. */
export interface Migration {
  readonly policy: number;
  readonly update?: Update;
  readonly frontier?: Uint32Array;
}

/** A change of the state from outside, in place of a run. */
export interface Edit {
  readonly update: Update;
  /** The node that counts as run. */
  readonly asNode: number | undefined;
  /** The step that the session is to be at. */
  readonly expectStep: number | undefined;
  /** Given the session as the engine describes it, once it is stored. */
  readonly done: (described: unknown) => void;
}

/** How a run is to begin. */
export interface Plan {
  readonly input: unknown;
  readonly isResume: boolean;
  /** What a resume answers. */
  readonly answers?: unknown;
  /** Resolves once no other execution of this realm holds the session. */
  readonly turn: Promise<void> | undefined;
}

export class Beginning {
  readonly #execution: Execution;
  /** Both are there once it may begin. */
  #plan!: Plan;
  #update!: Update;
  #answers: readonly ReadAnswer[] = [];
  /** Of the run's start, by its clock. */
  startedAt = 0;
  /** Aborted when the run ends, or is to end, while its session is opened. */
  #opening: AbortController | undefined;
  /** How often the record that takes up the session found its slot taken. */
  #retries = 0;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** Copies what came in and begins in a later microtask, so that no user code runs before `invokeStreaming` has returned. */
  start(plan: Plan): void {
    const execution = this.#execution;
    let problem: WeaveError | undefined;
    this.#plan = plan;
    try {
      this.#update = readUpdate(execution.app, plan.input, 'the input');
      this.#answers = readAnswers(plan.answers);
    } catch (thrown) {
      problem = thrown instanceof WeaveError ? thrown : createError('STATE_INVALID_UPDATE', describe(thrown), { cause: thrown });
    }
    this.#soon(() => (problem === undefined ? this.#begin() : execution.refuse(problem)));
  }

  #soon(begin: () => void | Promise<void>): void {
    Promise.resolve()
      .then(begin)
      .catch((thrown: unknown) => this.#execution.fail(thrown));
  }

  /** The run ends, or is to end: it does not wait for its session any more. */
  stop(): void {
    this.#opening?.abort();
  }

  /** Reads the session again and tries to take it up as it stands then, if it was to be stolen and someone else was faster. */
  again(): boolean {
    const execution = this.#execution;
    const isTakingOver = execution.options.whenBusy === 'steal' && execution.pump.ask(Ask.IsTakingOver) === 1;
    if (!isTakingOver || this.#retries >= MOST_RETRIES) return false;
    this.#retries += 1;
    const raw = execution.pump.raw!;
    execution.error = undefined;
    execution.readers.detach();
    execution.timers.stopAll();
    execution.restart();
    execution.pump.restart();
    raw.free();
    this.#soon(() => this.#begin());
    return true;
  }

  /** The engine's half of a run that ends before it has begun. */
  makeEmpty(): void {
    this.#makeRaw(this.#emptyLog());
  }

  async #begin(): Promise<void> {
    const execution = this.#execution;
    if (execution.terminal !== undefined) return;
    let log: RawLog | undefined;
    let isOpened = false;
    try {
      const { observer } = execution.options;
      if (observer !== undefined) {
        const { Observation } = await loadStorage();
        execution.pump.observation ??= new Observation(execution, observer);
        if (execution.terminal !== undefined) return;
      }
      log = await this.#open();
      isOpened = true;
      if (log !== undefined) await this.#start(log);
    } catch (thrown) {
      if (thrown instanceof WeaveError) return execution.refuse(thrown);
      if (isOpened || isTrap(thrown)) throw thrown;
      execution.refuse(createError('CHECKPOINT_UNAVAILABLE', `the store could not be read: ${describe(thrown)}`, { cause: thrown }));
    }
  }

  /** The session as it stands, once it is the run's; `undefined` if the run has ended meanwhile. */
  async #open(): Promise<RawLog | undefined> {
    const execution = this.#execution;
    const { options } = execution;
    const { isResume, turn } = this.#plan;
    if (options.handle === undefined && turn === undefined) return this.#emptyLog();
    const { signal } = (this.#opening = new AbortController());
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    if (execution.isCancelled && (turn !== undefined || options.whenBusy === 'wait')) this.stop();
    const open = async (): Promise<RawLog | undefined> => {
      await turn;
      if (signal.aborted) return undefined;
      return options.handle === undefined ? this.#emptyLog() : (await loadStorage()).openSession(execution, isResume, signal);
    };
    const opening = open();
    const log = await Promise.race([opening, stopped]);
    this.#opening = undefined;
    if (log !== undefined && execution.terminal === undefined) return log;
    // Whatever still comes is not for this run.
    opening.then(
      (late) => this.#drop(late),
      () => undefined,
    );
    if (execution.terminal === undefined) {
      this.makeEmpty();
      execution.tellCancel();
    }
    return undefined;
  }

  /** Frees a log that is not used, unless its instance is lost. */
  #drop(log: RawLog | undefined): void {
    if (this.#execution.instance === instanceNumber()) log?.free();
  }

  #emptyLog(): RawLog {
    const { RawLog } = engine();
    return new RawLog(this.#execution.app.graph());
  }

  async #start(log: RawLog): Promise<void> {
    const execution = this.#execution;
    const { app, options, arena, pump } = execution;
    const { isResume } = this.#plan;
    let changed: Migration | undefined;
    let update = this.#update;
    try {
      if (isResume && execution.edit === undefined && log.isGraphChanged()) changed = await this.#migrate(log);
      if (!isResume && execution.edit === undefined && options.handle !== undefined && log.runId() !== '') update = (await loadStorage()).withClearedSlots(execution, update);
      if (execution.terminal !== undefined) return this.#drop(log);
    } catch (thrown) {
      this.#drop(log);
      throw thrown;
    }
    update = changed?.update ?? update;
    if (options.handle !== undefined) execution.names = app.names.withForeign(log.foreignNames());
    this.#makeRaw(log);
    const raw = pump.raw!;
    if (execution.edit !== undefined) return this.#edit(execution.edit);
    if (isResume) execution.goOnAs(raw.runId());
    if (execution.isCancelled) return execution.tellCancel();
    const handle = update.value === undefined ? NONE : arena.put(update.value);
    const metadata = options.metadata === undefined ? NONE : arena.put(options.metadata);
    this.startedAt = pump.now = execution.timers.now();
    this.#prepare();
    const frontier = isResume ? changed?.frontier : options.entry;
    pump.enter(() =>
      raw.start(pump.now, execution.runId, options.seed, isResume, options.abandons, handle, update.bytes, toStartWords(update), metadata, changed?.policy ?? 0, frontier, options.storesStart),
    );
  }

  #edit({ update, asNode = NONE, expectStep }: Edit): void {
    const { arena, pump, sessionId, isCancelled, timers } = this.#execution;
    const step = pump.ask(Ask.Step);
    if (expectStep !== undefined && expectStep !== step) {
      throw createError('CHECKPOINT_CONFLICT', `session \`${sessionId}\` is at step ${step}, not ${expectStep}; read its state again`, { sessionId, details: { step, expectStep } });
    }
    if (isCancelled) return this.#execution.tellCancel();
    const handle = update.value === undefined ? NONE : arena.put(update.value);
    this.startedAt = pump.now = timers.now();
    pump.enter(() => pump.raw!.update(pump.now, handle, update.bytes, toStartWords(update), asNode));
  }

  /** What the engine is told before the start. */
  #prepare(): void {
    const { app, options, arena, pump } = this.#execution;
    const breakpoints = readBreakpoints(app, options);
    if (breakpoints !== undefined) pump.tellWith(TellWith.Breakpoints, breakpoints.before, 0, 0, 0, 0, breakpoints.nodes);
    for (const { id, value, bytes } of this.#answers) {
      pump.tellText(TellText.Answer, id === undefined ? 1 : 0, 0, value === undefined ? NONE : arena.put(value), '', id ?? '', bytes);
    }
  }

  /** Another graph has left the session: what the option says to that. */
  async #migrate(log: RawLog): Promise<Migration> {
    const { onGraphChanged } = this.#execution.options;
    if (typeof onGraphChanged !== 'function') return { policy: onGraphChanged === 'error' ? 1 : 0 };
    const { migrate } = await loadStorage();
    return migrate(this.#execution, log, onGraphChanged);
  }

  #makeRaw(log: RawLog): void {
    const execution = this.#execution;
    const { handle, durability, concurrency, maxSteps, timeoutMs, events, pause } = execution.options;
    const { RawRun } = engine();
    const capacity = execution.readers.isExposed ? events.capacity : 0;
    const raw = (execution.pump.raw = new RawRun(execution.app.graph(), log, execution.sessionId, durability, concurrency, maxSteps, timeoutMs, capacity, pause));
    log.free();
    if (handle !== undefined) execution.branch = execution.pump.ask(Ask.Branch);
    execution.pump.observation?.attach();
    execution.readers.attach(raw);
  }
}
