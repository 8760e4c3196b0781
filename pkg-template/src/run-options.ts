/**
 * Types of the options of an app and of a run.
 *
 * Owns nothing at run time; checking them is `read-options.ts`'s, their meaning the engine's.
 */

import type { Value } from './channels.js';
import type { SubscribeOptions, WeaveEvent } from './events.js';
import type { Checkpoint, Checkpointer, PrunePolicy, RunStatus } from './sessions.js';

/** Where a run gets the time. Retries, timeouts, `ctx.sleep` and what is stored with the session all ask it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds of this clock; rejects when the signal aborts. Default: the platform's timers. */
  sleep?(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Which attempt of which task a hook is about. */
export interface ObservedTask {
  node: string;
  task: number;
  step: number;
  /** From 1; 0 of a skipped one. */
  attempt: number;
  /** The sub-graph nodes around it, as events have it. */
  path?: string[];
}

/**
 * What is called as things happen in a run, for logs, metrics and traces. The hooks are called synchronously, `onNodeStart` just before the
 * node, and also of what is not stored yet. What a hook throws, or its promise rejects with, is a `diagnostic` event of the scope
 * `observer` and changes nothing else. Durations are milliseconds of the run's clock. A run without an observer does nothing of this.
 *
 * ```ts
 * import type { RunObserver } from 'weavegraph-wasm';
 *
 * const timings: RunObserver = {
 *   onNodeFinish: ({ node, durationMs, outcome }) => console.log(`${node} ${outcome} after ${durationMs} ms`),
 * };
 * ```
 */
export interface RunObserver {
  /** The input is read and the session taken. A run that is refused before has neither this nor `onRunFinish`. */
  onRunStart?(m: { runId: string; sessionId: string; graphHash: string }): void;
  /** Once for each `onRunStart`, and the last hook of the run; what it throws nobody hears of. */
  onRunFinish?(m: { runId: string; sessionId: string; status: RunStatus; durationMs: number }): void;
  onNodeStart?(m: ObservedTask): void;
  /**
   * Once for each `onNodeStart`, and for each task that is skipped as unchanged. `interrupted`: it gave no result in this run, since it waits
   * for an answer, or was cut short by a cancel or by the failure of another. An attempt that failed stays so if `onError` rescues the task.
   */
  onNodeFinish?(m: ObservedTask & { durationMs: number; outcome: 'completed' | 'failed' | 'skipped' | 'interrupted' }): void;
  /** The run's session was read from the store. */
  onCheckpointLoad?(m: { sessionId: string; backend: string; step: number; durationMs: number }): void;
  /** The store has taken a record, of steps, events, or both. `step`: the last completed one; `bytes`: about how many. */
  onCheckpointSave?(m: { sessionId: string; backend: string; step: number; durationMs: number; bytes?: number }): void;
  /** Any event, transient ones too. */
  onEvent?(m: { type: WeaveEvent['type'] }): void;
}

/** What an app may fix for all its runs. Unknown or invalid options are RUN_INVALID_OPTION. Durations are milliseconds. */
export interface RunDefaults<X = unknown> {
  /** Keeps the sessions. Default: nothing is kept, and a session ends with its run. */
  checkpointer?: Checkpointer | undefined;
  /**
   * When a step is stored: `'sync'`, the default, before the next one starts, and its events reach readers only then, so that no
   * reader sees what a crash takes back; `'async'` behind the next ones, at most 64 steps or 1 MB late; `'exit'` once, as the run
   * ends. With these two the run's start is stored at once, and readers hear of the run after that.
   */
  durability?: 'sync' | 'async' | 'exit' | undefined;
  /** Tasks at once in the whole run; one that sleeps (`ctx.sleep`) or waits to be repeated does not count. Default: no limit. */
  concurrency?: number | undefined;
  /** Steps of one execution. Then it fails with RUN_STEP_LIMIT and may be resumed. Default 1000. */
  maxSteps?: number | undefined;
  /** For one execution. Then it fails with RUN_TIMEOUT and may be resumed. Default: no limit. */
  timeoutMs?: number | undefined;
  /**
   * Pauses before a step that runs one of these nodes, or any (`'*'`): nothing of the step runs, and the run ends as `interrupted` with
   * `reason: 'before'`. `resume` goes on, and does not pause there again. Needs a checkpointer. Default: none.
   */
  interruptBefore?: readonly string[] | '*' | undefined;
  /** The same after a step that ran one of these nodes, with `reason: 'after'`, if something is left to run. Default: none. */
  interruptAfter?: readonly string[] | '*' | undefined;
  /**
   * What resuming a session does that another graph has left (`definitionHash()` differs). `'compatible'`, the default: it goes on if
   * all that the session needs is still there, every node that is to run, every join that waits, every channel with content and its
   * kind; otherwise it fails with CHECKPOINT_GRAPH_CHANGED, which names what is missing. `'error'`: it fails. A function is called
   * with the session's newest checkpoint and the old hash, before anything runs: `null` refuses; otherwise `update` is folded like an
   * input, and `frontier` names the nodes that run next and drops a half-done step. What the function throws is the failure's cause.
   */
  onGraphChanged?: 'error' | 'compatible' | ((old: Checkpoint, oldHash: string) => { update?: Record<string, Value>; frontier?: string[] } | null) | undefined;
  /**
   * What of the run's own session is dropped as it grows: after each snapshot, and as the run ends. Needs no `sessionId`. A failure
   * is a `diagnostic` event and does not harm the run. Default: nothing is dropped.
   */
  retention?: PrunePolicy | undefined;
  /** Called as things happen. Default: nobody. */
  observer?: RunObserver | undefined;
  /** Default: the platform's. */
  clock?: Clock | undefined;
  /** Handed to nodes as `ctx.context`, by reference; never stored. */
  context?: X | undefined;
}

/** Options of one run; they stand in place of the app's. */
export interface RunOptions<X = unknown> extends RunDefaults<X> {
  /** The session that the run continues or begins. Default: a fresh one. */
  sessionId?: string | undefined;
  /** Default: a fresh one. RUN_ALREADY_ACTIVE if a run of this id is active. */
  runId?: string | undefined;
  /** Of `ctx.random` and of the jitter of retries; stored with the session. Default: by chance. Ids never come from it. */
  seed?: number | bigint | undefined;
  /** Cancels the run. */
  signal?: AbortSignal | undefined;
  /** Of the run's own iterator. */
  events?: SubscribeOptions | undefined;
  /** Drops the half-done step of a session whose last run did not end; otherwise that is SESSION_UNFINISHED. Default false. */
  abandon?: boolean | undefined;
  /**
   * Another execution holds the session, here or in another realm on the same store. `'fail'`, the default: SESSION_BUSY, with its id as
   * `details.owner`. `'wait'`: this one begins when it is over, in the order of the calls; its signal and `cancel` end the waiting.
   * `'steal'`: the other one ends at once with CHECKPOINT_CONFLICT. A store without word between realms (see `docs/stores.md`) knows of
   * this realm only; there, whoever finds its next slot taken ends with CHECKPOINT_CONFLICT.
   */
  whenBusy?: 'fail' | 'wait' | 'steal' | undefined;
  /** Nodes read it as `ctx.metadata`; `run.started` tells it. */
  metadata?: Record<string, Value> | undefined;
}

/** Options of `compile()`: the defaults of the app's runs, and how the graph is checked. */
export interface CompileOptions<X = unknown> extends RunDefaults<X> {
  /** Lets plain edges and joins form cycles, which are GRAPH_CYCLE otherwise. Conditional edges may always. Default false. */
  allowCycles?: boolean;
}
