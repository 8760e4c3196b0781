/**
 * Step-by-step control of sessions, and sessions of many invocations.
 *
 * Owns the order of the calls on a session and who hears of their runs. It must not know how a call is carried out: `runner-calls.ts` does,
 * which is loaded with the first call. Invariant: what a call is given is read and copied before the call returns.
 */

import { App } from './app.js';
import { canonicalText } from './canonical.js';
import type { Channels, DefaultChannels, StateOf, UpdateOf } from './channels.js';
import { asRunFailed, createError, kindOf, WeaveError } from './errors.js';
import type { EventStream, SubscribeOptions } from './events.js';
import { START } from './graph-builder.js';
import { MergedEvents } from './merged-events.js';
import { readOptions, readSessionId, readSubscription, type ReadOptions } from './read-options.js';
import { when } from './requests.js';
import type { RunDefaults, RunOptions } from './run-options.js';
import type { RunnerCalls } from './runner-calls.js';
import { loadStorage, type Storage } from './storage-loader.js';
import { readUpdate } from './updates.js';
import { packageVersion } from './version.js';
import { END_ID } from './words.js';

/** What a step did, or why it did not run. */
export interface StepReport<C extends Channels> {
  /** `paused`: at one of the nodes that the call named, or because it asked for each step. */
  status: 'completed' | 'paused';
  reason?: { kind: 'before' | 'after'; node: string } | { kind: 'step'; step: number };
  /** The session's last finished step. */
  step: number;
  /** The nodes that the step ran, in node order; empty if none was run. */
  ran: string[];
  skipped: string[];
  updatedChannels: string[];
  nextFrontier: string[];
  /** Nothing is left to run. */
  done: boolean;
  state: StateOf<C>;
}

/** Where `runStep` pauses: at nodes by name, or after the step in any case. */
export interface StepOptions {
  interruptBefore?: readonly string[];
  interruptAfter?: readonly string[];
  interruptEachStep?: boolean;
}

/** A call on a session; the next one waits for it. */
class Turn {
  #isOver = false;
  readonly #waiting: Array<() => void> = [];

  over(): Promise<void> {
    return when(
      () => this.#isOver,
      (wake) => (this.#isOver ? wake() : this.#waiting.push(wake)),
    );
  }

  end(): void {
    this.#isOver = true;
    for (const wake of this.#waiting) wake();
  }
}

/**
 * Step-by-step control and long-lived sessions of an app. Calls on one session queue up in their order, those on others go on at the same
 * time. Without a checkpointer, of the app or in the options, it keeps its sessions in memory of its own; a node that asks then cannot be
 * answered, since `App.resume` does that on the app's.
 *
 * ```ts
 * import { append, AppRunner, END, GraphBuilder, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({ channels: { lines: append<string>() } })
 *   .addNode('ask', () => ({ lines: 'ask' }))
 *   .addNode('act', () => ({ lines: 'act' }))
 *   .addEdge(START, 'ask')
 *   .addEdge('ask', 'act')
 *   .addEdge('act', END)
 *   .compile();
 * const runner = new AppRunner(app);
 * await runner.createSession('one', { lines: 'in' });
 * const { ran, done } = await runner.runStep('one'); // ['ask'], false
 * console.log((await runner.runUntilComplete('one')).lines); // ['in', 'ask', 'act']
 * await runner.close();
 * ```
 */
export class AppRunner<C extends Channels = DefaultChannels, X = unknown> {
  readonly #app: App<C, X>;
  readonly #options: ReadOptions;
  readonly #turns = new Map<string, Turn>();
  /** Sessions that wait for `invokeNext`, until they are finished. */
  readonly #iterative = new Set<string>();
  readonly #streams = new Set<MergedEvents>();
  readonly #defaults: RunDefaults<X>;
  #isClosed = false;

  /**
   * @param options stand in place of the app's
   * @throws RunFailed RUN_INVALID_OPTION
   */
  constructor(app: App<C, X>, options: RunDefaults<X> = {}) {
    this.#app = App.derive(app, options);
    this.#defaults = App.partsOf(this.#app).defaults;
    this.#options = readOptions(this.#defaults, undefined);
  }

  /**
   * Stores a session with its input, before anything runs. A session that is there goes on where it stands.
   *
   * @param input folded into the channels. A session that is there takes none: hand it in with `invokeNext`
   * @returns `resumed`: it was there; `step`: its last finished one
   * @throws WeaveError SESSION_UNFINISHED, or RunFailed RUN_INVALID_OPTION if its last run is complete: there is such a session, and an input
   * was given. RunFailed with what is wrong with the input.
   */
  async createSession(sessionId: string, input?: UpdateOf<C>): Promise<{ resumed: boolean; step: number }> {
    const update = this.#read(input);
    return this.#inTurn(sessionId, (storage) => storage.createSession(this.#calls(sessionId), update, undefined));
  }

  /**
   * Runs the next step of a session, or what is left of it. Where it pauses it does so once: the next call goes on. A boundary between two
   * steps is looked at as a whole: a step that leads to a node of `interruptBefore` is reported with that pause. A session that is complete
   * gives `done: true`, and nothing runs.
   *
   * @throws RunInterrupted: a node waits for an answer, which `App.resume` gives. WeaveError SESSION_NOT_FOUND, and what `App.resume` throws.
   */
  async runStep(sessionId: string, options: StepOptions = {}): Promise<StepReport<C>> {
    checkObject('runStep', options);
    return this.#inTurn(sessionId, (storage) => storage.runStep(this.#calls(sessionId), options)) as Promise<StepReport<C>>;
  }

  /** Runs what is left of a session, and gives its final state. @throws as `runStep` */
  async runUntilComplete(sessionId: string): Promise<StateOf<C>> {
    return this.#inTurn(sessionId, (storage) => storage.runUntilComplete(this.#calls(sessionId))) as Promise<StateOf<C>>;
  }

  /**
   * As `createSession`, for a session of many invocations. Its first frontier is stored too: `runUntilComplete` runs it, the first
   * `invokeNext` takes its place.
   *
   * @param entry where it begins: START, the default, or a node
   * @throws WeaveError SESSION_INVALID_ENTRY: it is END, or no node. And what `createSession` throws.
   */
  async createIterativeSession(sessionId: string, input?: UpdateOf<C>, entry: string = START): Promise<{ resumed: boolean; step: number }> {
    const nodes = this.#entry(entry);
    const update = this.#read(input);
    const created = await this.#inTurn(sessionId, (storage) => storage.createSession(this.#calls(sessionId), update, nodes));
    this.#iterative.add(sessionId);
    return created;
  }

  /**
   * Folds an update into a session's state and runs from an entry to the end. The update is stored before anything runs, so a crash does not
   * lose it: `runUntilComplete` then goes on.
   *
   * @param entryOrOptions `entry`: START, the default, or a node; the other options are of this run
   * @returns the state after it
   * @throws WeaveError SESSION_NOT_FOUND; SESSION_UNFINISHED: the last invocation did not end, and `abandon` is not given;
   * SESSION_INVALID_ENTRY. And what `App.invoke` throws.
   */
  async invokeNext(sessionId: string, update: UpdateOf<C>, entryOrOptions: string | (RunOptions<X> & { entry?: string }) = START): Promise<StateOf<C>> {
    const { entry = START, ...options } = typeof entryOrOptions === 'string' ? { entry: entryOrOptions } : checkObject('invokeNext', entryOrOptions);
    if (options.sessionId !== undefined && options.sessionId !== sessionId) throw createError('RUN_INVALID_OPTION', 'sessionId is another session than the first argument names; leave it out');
    const nodes = this.#entry(entry);
    const read = this.#read(update);
    readOptions(this.#defaults, options);
    return this.#inTurn(sessionId, (storage) => storage.invokeNext(this.#calls(sessionId), read, nodes, options)) as Promise<StateOf<C>>;
  }

  /**
   * Ends a session of many invocations, for this runner: its state stays. With the last one the event streams end.
   *
   * @throws WeaveError SESSION_NOT_FOUND
   */
  async finishIterativeSession(sessionId: string): Promise<void> {
    await this.#inTurn(sessionId, async (storage) => {
      if (!this.#iterative.delete(sessionId)) await storage.findRow(this.#calls(sessionId));
      else if (this.#iterative.size === 0) this.#endStreams();
    });
  }

  /**
   * Live events of all sessions of this runner, across invocations: each run's in order. Any number of streams at any time. It ends with
   * the last `finishIterativeSession` or `close`, after what was told until then.
   *
   * @param options as of `Run.events`, for each run by itself. `after` needs one session: use `App.follow`
   * @throws RunFailed RUN_INVALID_OPTION
   */
  eventStream(options: SubscribeOptions = {}): EventStream {
    const subscription = readSubscription(options, false);
    if (subscription.after !== undefined) throw createError('RUN_INVALID_OPTION', 'after needs one session; use follow() of the app');
    const merged = new MergedEvents(subscription, () => this.#streams.delete(merged));
    this.#streams.add(merged);
    if (this.#isClosed) merged.end();
    return merged.stream;
  }

  /** What it runs, and how. `configHash`: 16 hexadecimal digits over the options that are data, those of the app included. */
  runMetadata(): { version: string; graphHash: string; configHash: string; checkpointer: string; clock: 'system' | 'injected' } {
    const { handle, clock } = this.#options;
    const facts = { checkpointer: handle!.name, clock: clock === undefined ? ('system' as const) : ('injected' as const) };
    return { version: packageVersion, graphHash: this.#app.definitionHash(), configHash: hashOf({ ...dataOf(this.#options), ...facts }), ...facts };
  }

  /** Ends the event streams, once the calls under way are over; later ones are RUN_INVALID_OPTION. A checkpointer that it was given stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const turn of [...this.#turns.values()]) await turn.over();
    this.#endStreams();
  }

  #endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  #calls(sessionId: string): RunnerCalls {
    return {
      app: this.#app,
      sessionId,
      begun: (execution) => {
        for (const stream of this.#streams) stream.add(execution);
      },
    };
  }

  #read(input: unknown): Readonly<Record<string, unknown>> | undefined {
    try {
      return readUpdate(App.partsOf(this.#app).core, input, 'the input').value;
    } catch (thrown) {
      throw thrown instanceof WeaveError ? asRunFailed(thrown) : thrown;
    }
  }

  /** The engine's ids of where an invocation begins; `undefined`: at START. */
  #entry(entry: unknown): Uint32Array | undefined {
    if (entry === START) return undefined;
    const node = App.partsOf(this.#app).core.nodeIds.get(entry as string);
    if (node === undefined || node === END_ID) throw createError('SESSION_INVALID_ENTRY', `\`${String(entry)}\` is no entry; give START or a node of the graph`);
    return Uint32Array.of(node);
  }

  async #inTurn<T>(sessionId: string, call: (storage: Storage) => Promise<T>): Promise<T> {
    readSessionId(sessionId);
    if (this.#isClosed) throw createError('RUN_INVALID_OPTION', 'the runner is closed; make a new one');
    const before = this.#turns.get(sessionId);
    const turn = new Turn();
    this.#turns.set(sessionId, turn);
    try {
      await before?.over();
      return await call(await loadStorage());
    } finally {
      if (this.#turns.get(sessionId) === turn) this.#turns.delete(sessionId);
      turn.end();
    }
  }
}

function checkObject<T>(call: string, options: T): T {
  if (typeof options !== 'object' || options === null) throw createError('RUN_INVALID_OPTION', `the options of ${call} are ${kindOf(options)}; give an object`);
  return options;
}

/** The options that are data, as they take effect. */
function dataOf({ durability, concurrency, maxSteps, timeoutMs, retention, onGraphChanged, interruptBefore, interruptAfter }: ReadOptions): Record<string, unknown> {
  const policy = typeof onGraphChanged === 'function' ? 'function' : onGraphChanged;
  return { durability, concurrency, maxSteps, timeoutMs, retention, onGraphChanged: policy, interruptBefore, interruptAfter };
}

/** FNV-1a, 64 bit, as the engine has it for definitions, over the text of each part and the byte 0xFF. */
function hashOf(parts: Readonly<Record<string, unknown>>): string {
  let hash = 0xcbf29ce484222325n;
  for (const name of Object.keys(parts).sort()) {
    for (const byte of [...new TextEncoder().encode(`${name}:${canonicalText(parts[name])}`), 0xff]) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
