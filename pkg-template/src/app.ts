/**
 * A compiled graph, and the register of the runs that are active in this realm.
 *
 * Owns who may start: one execution per session and per run id. It must not know how a run goes.
 */

import { AppCore } from './app-core.js';
import { pausesWithin, readBreakpoints } from './breakpoints.js';
import type { AppParts } from './blueprint.js';
import type { Channels, DefaultChannels, StateOf, UpdateOf } from './channels.js';
import { toGraphDefinition } from './definition-json.js';
import { engine } from './engine.js';
import { createError, kindOf, WeaveError } from './errors.js';
import { busy, Execution, type Keeper } from './execution.js';
import { RunHandle } from './run.js';
import { MemoryCheckpointer } from './memory-checkpointer.js';
import type { LogStore } from './log-store.js';
import type { EventStream, SubscribeOptions } from './events.js';
import { follow } from './follow.js';
import { checkDefaults, readOptions, readSessionId, readSubscription, type ReadOptions } from './read-options.js';
import type { GraphDefinition, GraphMetadata, Run } from './results.js';
import type { RunDefaults, RunOptions } from './run-options.js';
import type { Answers, Checkpoint, CheckpointSummary } from './sessions.js';
import { loadStorage } from './storage-loader.js';
import { SessionLocks } from './session-locks.js';
import type { StoreHandle } from './store-handle.js';
import { readUpdate } from './updates.js';
import { packageVersion } from './version.js';

/** Runs of this realm by id. */
const activeRuns = new Map<string, Execution>();

/**
 * A compiled graph: immutable, shareable, many runs at once. Made by {@link GraphBuilder.compile}.
 *
 * ```ts
 * import { append, END, GraphBuilder, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({ channels: { lines: append<string>() } })
 *   .addNode('greet', (_state, ctx) => {
 *     ctx.emit('note', 'about to greet');
 *     return { lines: 'hello' };
 *   })
 *   .addEdge(START, 'greet')
 *   .addEdge('greet', END)
 *   .compile();
 * const run = app.invokeStreaming({});
 * for await (const event of run) console.log(event.seq, event.type);
 * console.log((await run.join()).lines); // ['hello']
 * ```
 */
export class App<C extends Channels = DefaultChannels, X = unknown> {
  readonly name: string;
  readonly #core: AppCore;
  readonly #defaults: RunDefaults<X>;
  /** The options of runs that are given none. */
  #plain: ReadOptions | undefined;
  /** Runs of sessions that have no store. */
  readonly #locks = new SessionLocks();
  readonly #keeper: Keeper = {
    renamed(renamed, runId) {
      if (activeRuns.get(runId) !== undefined && activeRuns.get(runId) !== renamed) throw alreadyActive(runId);
      activeRuns.delete(renamed.runId);
      activeRuns.set(runId, renamed);
    },
    ended: (ended) => {
      this.#locksOf(ended.options).release(ended.sessionId, ended);
      if (activeRuns.get(ended.runId) === ended) activeRuns.delete(ended.runId);
    },
  };

  private constructor(core: AppCore, defaults: RunDefaults<X>) {
    this.name = core.parts.name;
    this.#core = core;
    this.#defaults = defaults;
  }

  /** @internal */
  static make<C extends Channels, X>(core: AppCore, defaults: RunDefaults<X>): App<C, X> {
    return new App<C, X>(core, defaults);
  }

  /** What an app is made of; `undefined` for what is none. @internal */
  static coreOf(app: unknown): AppCore | undefined {
    return typeof app === 'object' && app !== null && #core in app ? app.#core : undefined;
  }

  /** The same graph under other options, with a checkpointer in any case. @internal */
  static derive<C extends Channels, X>(app: App<C, X>, options: RunDefaults<X>): App<C, X> {
    if (typeof app !== 'object' || app === null || !(#core in app)) throw createError('RUN_INVALID_OPTION', `the app is ${kindOf(app)}; give what compile() returned`);
    if (typeof options !== 'object' || options === null) throw createError('RUN_INVALID_OPTION', `the options are ${kindOf(options)}; give an object`);
    const given = Object.entries(checkDefaults(options)).filter(([, value]) => value !== undefined);
    const defaults: RunDefaults<X> = { ...app.#defaults, ...Object.fromEntries(given) };
    defaults.checkpointer ??= new MemoryCheckpointer();
    readBreakpoints(app.#core, defaults);
    return new App<C, X>(app.#core, defaults);
  }

  /** @internal */
  static partsOf<X>(app: App<any, X>): { core: AppCore; defaults: RunDefaults<X>; openStore(): Promise<LogStore> } {
    return { core: app.#core, defaults: app.#defaults, openStore: () => app.#openStore() };
  }

  /** A run that differs in how it begins and where it pauses. @internal */
  static begin(app: App<any, any>, input: unknown, options: RunOptions<any>, resume: { sessionId: string; answers: unknown } | undefined, manner: Partial<ReadOptions>): Execution {
    return app.#begin(input, options, resume, manner);
  }

  /**
   * Runs to the end.
   *
   * @param input writes, folded into the channels before the first step
   * @returns the final state
   * @throws RunFailed with the code of what failed it, also for bad input and options (nothing is stored then); RunCancelled RUN_CANCELLED; RunInterrupted RUN_INTERRUPTED.
   */
  invoke(input?: UpdateOf<C>, options?: RunOptions<X>): Promise<StateOf<C>> {
    return new RunHandle<C>(this.#begin(input, options, undefined), false).join();
  }

  /** Starts now and calls no user code before it returns. Bad input ends the run as failed, with nothing stored. */
  invokeStreaming(input?: UpdateOf<C>, options?: RunOptions<X>): Run<C> {
    return new RunHandle<C>(this.#begin(input, options, undefined), true);
  }

  /**
   * Goes on under the same run id after an interrupt, a failure, a cancel or a crash. Finished tasks of a half-done step do not run again, and
   * of those that have asked only the ones that are answered. A session that is complete ends at once with its state.
   *
   * @param answers a plain object: by interrupt id; anything else, or `answer(…)`: for the one open interrupt; nothing: pauses before and
   * after nodes are over
   * @throws RunFailed SESSION_NOT_FOUND, SESSION_BUSY, CHECKPOINT_NO_STORE, INTERRUPT_UNKNOWN, INTERRUPT_UNANSWERED and what `invoke` throws.
   */
  resume(sessionId: string, answers?: Answers, options?: RunOptions<X>): Promise<StateOf<C>> {
    return new RunHandle<C>(this.#begin(undefined, options, { sessionId, answers }), false).join();
  }

  /** The same, as a run whose events can be read. */
  resumeStreaming(sessionId: string, answers?: Answers, options?: RunOptions<X>): Run<C> {
    return new RunHandle<C>(this.#begin(undefined, options, { sessionId, answers }), true);
  }

  /** The run of this session that is active in this realm, if any. */
  attach(sessionId: string): Run<C> | null {
    const active = this.#active(sessionId);
    return active === undefined || active.edit !== undefined ? null : new RunHandle<C>(active, true, true);
  }

  /**
   * The events of a session wherever it runs (this realm, another tab, another process on the same store): what is stored behind
   * `after`, then what is stored next, over all its runs. Only durable events come, once the store has them. It ends with
   * `return()`, its signal, or as the checkpointer closes; a session that is not there yet, or is deleted, is waited for.
   *
   * @param options as of `Run.events`; a follower never slows a run, so `capacity` and `overflow` mean nothing to it
   * @throws CheckpointError CHECKPOINT_NO_STORE; RunFailed RUN_INVALID_OPTION. Reading it rejects with CHECKPOINT_* when the log
   *   cannot be read, and with STREAM_INVALID when the filter throws.
   */
  follow(sessionId: string, options: SubscribeOptions = {}): EventStream {
    return follow(this.#core, readSessionId(sessionId), this.#needHandle(), readSubscription(options, false));
  }

  /**
   * Cancels the session's run wherever it is active, as far as its store carries the word to other realms. Resolves once the run
   * has ended; a run in another realm that does not answer is waited for 10 seconds.
   *
   * @returns false when no run of the session is active
   * @throws CheckpointError: the store refused the record of the end
   */
  async cancel(sessionId: string, reason?: string): Promise<boolean> {
    const active = this.#active(sessionId);
    if (active !== undefined) {
      await active.cancel(reason);
      return true;
    }
    const store = await this.#handle()?.open();
    return store === undefined ? false : (await loadStorage()).cancelElsewhere(store, sessionId, reason);
  }

  #active(sessionId: string): Execution | undefined {
    let active = this.#handle()?.active.get(sessionId) ?? this.#locks.holders.get(sessionId);
    // A run may have been given a store of its own.
    for (const run of activeRuns.values()) if (run.app === this.#core && run.sessionId === sessionId) active ??= run;
    return active instanceof Execution ? active : undefined;
  }

  /**
   * A checkpoint of a session: the newest, or that of a step (0: the input). `null` where there is none. With `path` (`node` or
   * `node#task` of each task around it) that of a sub-graph, by its own steps: there is one while the step is half done that it is a task of.
   *
   * @throws CheckpointError CHECKPOINT_NO_STORE, CHECKPOINT_CORRUPT, CHECKPOINT_VERSION, CHECKPOINT_UNAVAILABLE; RunFailed
   * RUN_INVALID_OPTION: a path that names no sub-graph
   */
  async getState(sessionId: string, at?: { step?: number; path?: readonly string[] }): Promise<Checkpoint<C> | null> {
    const step = at?.step;
    const path = at?.path;
    if (path !== undefined && !Array.isArray(path)) throw createError('RUN_INVALID_OPTION', `path is ${kindOf(path)}; give an array of names`);
    checkStep('step', step);
    const store = await this.#openStore();
    const { readCheckpoint, readInnerCheckpoint } = await loadStorage();
    return path === undefined || path.length === 0 ? readCheckpoint(this.#core, sessionId, store, step) : readInnerCheckpoint(this.#core, sessionId, store, path, step);
  }

  /**
   * Checkpoints without their states, newest first: at most `limit` (default 100) of steps below `before`.
   *
   * @throws the same as `getState`
   */
  async history(sessionId: string, page?: { limit?: number; before?: number }): Promise<CheckpointSummary[]> {
    const { limit = 100, before = Infinity } = page ?? {};
    if (!(Number.isSafeInteger(limit) && limit > 0)) throw createError('RUN_INVALID_OPTION', 'limit is not a positive integer');
    if (typeof before !== 'number' || Number.isNaN(before)) throw createError('RUN_INVALID_OPTION', 'before is not a step number');
    const store = await this.#openStore();
    return (await loadStorage()).readHistory(this.#core, sessionId, store, limit, before);
  }

  /**
   * Changes the state between two runs: a checkpoint of its own, the next step's number, which followers see as `step.completed`.
   *
   * With `asNode` it is as if that node had run and returned `update`: its edges and routes, which see the new state, and the joins that wait for
   * it decide the frontier, and what was half done is dropped. A session that is left with something to do is `interrupted`; `resume` goes on.
   * Without it the frontier, a half-done step and the status stay.
   *
   * @param update writes, folded as a node's are
   * @param options `asNode`: a node of the graph; `expectStep`: the step that the session must be at
   * @returns the new checkpoint
   * @throws WeaveError SESSION_NOT_FOUND; SESSION_BUSY: a run holds it, here or elsewhere. RunFailed RUN_INVALID_OPTION; ROUTE_THREW,
   *   ROUTE_UNKNOWN_TARGET. StateError STATE_*. CheckpointError CHECKPOINT_CONFLICT: it is not at `expectStep` (`details.step`), or was
   *   taken by someone else; CHECKPOINT_NO_STORE and others. Nothing is stored then.
   */
  async updateState(sessionId: string, update: UpdateOf<C>, options?: { asNode?: string; expectStep?: number }): Promise<Checkpoint<C>> {
    const { asNode: name, expectStep } = options ?? {};
    const id = readSessionId(sessionId);
    this.#needHandle();
    const asNode = name === undefined ? undefined : this.#core.nodeIds.get(name);
    if (name !== undefined && !((asNode ?? Infinity) < this.#core.nodes.length)) throw createError('RUN_INVALID_OPTION', `asNode is \`${String(name)}\`, which is no node of the graph`);
    checkStep('expectStep', expectStep);
    const read = readUpdate(this.#core, update, 'the update');
    const { checkpointer, clock } = this.#defaults;
    return (await loadStorage()).updateState(this.#core, readOptions({ checkpointer, clock }, undefined), id, { update: read, asNode, expectStep });
  }

  /**
   * Makes a session of a checkpoint of another: the newest, or that of a step (0: the input). It goes on by itself, from the same state, frontier,
   * half-done step and open interrupts; `resume` runs what is left. What came before is shared, not copied, where the store can do that
   * (IndexedDB and memory), so it stays as long as either needs it.
   *
   * @param options `step`: of which checkpoint; `as`: the new session's id, by default a fresh one
   * @returns the new session's id
   * @throws WeaveError SESSION_NOT_FOUND. RunFailed RUN_INVALID_OPTION: there is no such step (any more), or there is a session `as`.
   *   CheckpointError CHECKPOINT_*
   */
  async fork(sessionId: string, options?: { step?: number; as?: string }): Promise<string> {
    const { step, as } = options ?? {};
    const id = readSessionId(sessionId);
    checkStep('step', step);
    if (as !== undefined) readSessionId(as, 'as');
    const store = await this.#openStore();
    return (await loadStorage()).forkSession(this.#core, this.#needHandle(), store, id, step, as);
  }

  /** 16 hexadecimal digits over nodes and their data options, edges, joins, declared targets, channels and sub-graphs; not over functions, descriptions and the order in which they were added. */
  definitionHash(): string {
    return this.#core.hash;
  }

  metadata(): GraphMetadata {
    const [nodeCount, edgeCount, conditionalEdgeCount] = this.#core.counts;
    const { channelNames, channels } = this.#core.parts;
    return {
      version: packageVersion,
      graphHash: this.#core.hash,
      nodeCount,
      edgeCount,
      conditionalEdgeCount,
      channels: Object.fromEntries(channelNames.map((name, channel) => [name, channels[channel]!.kind])),
    };
  }

  /** The graph as Mermaid text; every name is escaped. `direction`: `TB` (default) or `LR`. */
  toMermaid(options?: { direction?: 'TB' | 'LR' }): string {
    return this.#core.graph().toMermaid(options?.direction === 'LR');
  }

  /** The graph in DOT, the language of Graphviz; every name is escaped. */
  toDot(): string {
    return this.#core.graph().toDot();
  }

  /** The graph as data, everything but its functions; JSON loses nothing of it. `GraphBuilder.fromJSON` is the way back. */
  toJSON(): GraphDefinition {
    return toGraphDefinition(this.#core.parts);
  }

  #handle(): StoreHandle | undefined {
    return readOptions({ checkpointer: this.#defaults.checkpointer }, undefined).handle;
  }

  #needHandle(): StoreHandle {
    const handle = this.#handle();
    if (handle === undefined) throw createError('CHECKPOINT_NO_STORE', 'the app has no checkpointer; give one to compile()');
    return handle;
  }

  async #openStore(): Promise<LogStore> {
    return this.#needHandle().open();
  }

  /** Makes an execution and lets it start, or end as refused. */
  #locksOf({ handle }: ReadOptions): SessionLocks {
    return handle?.locks ?? this.#locks;
  }

  #begin(input: unknown, given: RunOptions<X> | undefined, resume: { sessionId: string; answers: unknown } | undefined, manner?: Partial<ReadOptions>): Execution {
    const { newId } = engine();
    let options: ReadOptions;
    let problem: WeaveError | undefined;
    try {
      options = given === undefined ? (this.#plain ??= readOptions(this.#defaults, undefined)) : readOptions(this.#defaults, given);
      checkBreakpoints(this.#core, options);
    } catch (thrown) {
      problem = thrown instanceof WeaveError ? thrown : createError('RUN_INVALID_OPTION', 'the options cannot be read', { cause: thrown });
      options = readOptions({}, undefined);
    }
    if (manner !== undefined) options = { ...options, ...manner };
    const wanted: unknown = resume?.sessionId ?? options.sessionId;
    const sessionId = typeof wanted === 'string' ? wanted : newId();
    const locks = this.#locksOf(options);
    const execution = new Execution(this.#core, options, options.runId ?? newId(), sessionId, this.#keeper);
    problem ??= resume === undefined ? undefined : checkResume(resume, options);
    const holder = locks.holders.get(sessionId);
    const isFree = holder === undefined;
    if (!isFree && options.whenBusy === 'fail') problem ??= busy(sessionId, holder.runId, true);
    if (activeRuns.has(execution.runId)) problem ??= alreadyActive(execution.runId);
    if (problem !== undefined) {
      const refused = problem;
      queueMicrotask(() => execution.refuse(refused));
      return execution;
    }
    activeRuns.set(execution.runId, execution);
    if (isFree) locks.take(sessionId, execution);
    const turn = isFree ? undefined : locks.wait(sessionId, execution, options.whenBusy === 'steal');
    execution.start({ input, isResume: resume !== undefined, answers: resume?.answers, turn });
    return execution;
  }
}

function checkStep(name: string, step: number | undefined): void {
  if (step !== undefined && (!Number.isSafeInteger(step) || step < 0)) throw createError('RUN_INVALID_OPTION', `${name} is not a step number`);
}

function alreadyActive(runId: string): WeaveError {
  return createError('RUN_ALREADY_ACTIVE', `run \`${runId}\` is active; give another runId or attach to its session`, { runId });
}

/** Compiles what a builder collected. @internal */
export function createApp<C extends Channels, X>(parts: AppParts): App<C, X> {
  const core = new AppCore(parts);
  const defaults = checkDefaults(parts.options);
  readBreakpoints(core, defaults);
  return App.make<C, X>(core, defaults);
}

function checkBreakpoints(core: AppCore, options: ReadOptions): void {
  const pauses = readBreakpoints(core, options) !== undefined;
  if (options.handle !== undefined || !(pauses || pausesWithin(core))) return;
  throw createError('CHECKPOINT_NO_STORE', 'interruptBefore and interruptAfter need a checkpointer to pause in; give one to compile() or in the options');
}

function checkResume({ sessionId }: { sessionId: unknown }, options: ReadOptions): WeaveError | undefined {
  if (typeof sessionId !== 'string' || sessionId === '') return createError('RUN_INVALID_OPTION', `the session's id is ${kindOf(sessionId)}; give a string`);
  if (options.handle === undefined) return createError('CHECKPOINT_NO_STORE', 'there is no checkpointer to resume from; give one to compile() or in the options');
  return undefined;
}
