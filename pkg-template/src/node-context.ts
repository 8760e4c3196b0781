/**
 * Types of what a node is given beside the state: who it is, its run, its signal, and the ways to emit events.
 *
 * Owns nothing at run time; the class behind it is in `context.ts`.
 */

import type { Value } from './channels.js';

/** Which stream of a model's text an event belongs to. */
export interface LlmMeta {
  /** Default: the node's own stream, one per attempt. Name it when a node writes several at once. */
  streamId?: string;
  metadata?: Value;
}

/**
 * The second argument of a node. `In` is what `send` gave the task, `X` the run's `context`. Emitting never throws for want of a
 * reader, and does nothing once the task has ended.
 *
 * @example
 * ```ts
 * import type { NodeContext } from 'weavegraph-wasm';
 *
 * async function draft(_: unknown, ctx: NodeContext) {
 *   ctx.progress(0, 'writing');
 *   for (const word of ['Hello', ' ', 'world']) {
 *     ctx.token(word);
 *     await ctx.sleep(20);
 *   }
 *   ctx.llm.final();
 * }
 * ```
 */
export interface NodeContext<In = unknown, X = unknown> {
  /** The node's name. */
  readonly node: string;
  /** The step that this task belongs to, counted from 1 over the session. */
  readonly step: number;
  /** From 1; rises with each retry. */
  readonly attempt: number;
  /** Which of this step's tasks of this node it is: 0, or the position among its sends. */
  readonly task: number;
  readonly runId: string;
  readonly sessionId: string;
  /** The sub-graph nodes around this one, outermost first; empty in a graph of its own. */
  readonly path: readonly string[];
  /** What `send` gave this task; `undefined` for a task that an edge or a `goto` started. */
  readonly input: In;
  /** The run's `context` option, by reference; never copied, frozen or stored. */
  readonly context: X;
  /** The run's `metadata` option. */
  readonly metadata: Readonly<Record<string, Value>>;
  /** `session/path/step/node#task`: the same over retries, pauses and crashes. What payment APIs ask for. */
  readonly idempotencyKey: string;
  /** Aborts on cancel, on timeout, and when a sibling fails for good. Made when first read. */
  readonly signal: AbortSignal;

  /** Epoch milliseconds of the run's clock. */
  now(): number;
  /** 0 to 1, 1 excluded, from the run's seed: the same numbers for the same (step, node, task, attempt). */
  random(): number;
  /**
   * Waits on the run's clock.
   *
   * @param ms milliseconds
   * @throws the signal's reason, as soon as the signal aborts.
   */
  sleep(ms: number): Promise<void>;
  /**
   * Waits for an instant of the run's clock. The instant is recorded: the same call after a retry, a pause or a crash waits for what is left
   * of the first one. One that has passed is not waited for.
   *
   * @param at epoch milliseconds
   * @throws the signal's reason, as soon as the signal aborts.
   */
  sleepUntil(at: number): Promise<void>;

  /** A `message` event. */
  emit(scope: string, message: string, data?: Value): void;
  /** A `progress` event; `fraction` goes from 0 to 1. */
  progress(fraction: number, message?: string): void;
  /** A piece of text as a model writes it: short for `llm.chunk`. */
  token(text: string, options?: LlmMeta): void;
  /** A model's output, as it comes. */
  readonly llm: {
    /** A piece of text, or of the model's reasoning. Transient: it is not kept, the final is. */
    chunk(text: string, o?: LlmMeta & { kind?: 'text' | 'reasoning' }): void;
    /** Closes the stream with its whole text, by default all its chunks. A stream left open is closed as the node settles. */
    final(text?: string, o?: LlmMeta): void;
    /** Closes the stream with an error of the model. The node goes on. */
    error(message: string, o?: LlmMeta): void;
  };
  /** Calls of tools, and what they gave. */
  readonly tool: {
    call(id: string, name: string, args: Value): void;
    result(id: string, result: Value, options?: { isError?: boolean }): void;
  };
  /** A named result on the way. */
  milestone(name: string, data?: Value): void;
  /** An event of your own; readers may ask for it by `custom:<name>`. */
  custom(name: string, data?: Value): void;
  /** A note for whoever operates this. */
  diagnostic(scope: string, message: string): void;
  /** Stores what is pending, then waits for room while a reader with `overflow: 'wait'` is full. */
  flush(): Promise<void>;

  /**
   * Pauses the run until someone answers, which needs a checkpointer. The question is stored at once; the other tasks of the step finish,
   * then the run ends as `interrupted`. In this execution the promise never settles, and what the node still does or returns does not
   * count; other questions, and `once` calls that are under way, still do. `resume` with an answer runs the node again from its top, in this
   * page or another, and then the promise resolves with the answer; answers of earlier questions come again, also after a crash.
   *
   * @param payload what whoever answers has to know; shown in `Interrupt.payload`
   * @param options `id`: of the interrupt, one of its own in the step. Default: `path/step/node#task/ordinal`, with `onError/` before the
   * ordinal in `onError`; so a node that asks several times has to ask in the same order each time
   * @throws CheckpointError CHECKPOINT_NO_STORE; NodeError NODE_INVALID_RESULT: the id is taken; StateError STATE_NOT_CLONEABLE: the payload.
   */
  interrupt<T = Value>(payload?: Value, options?: { id?: string }): Promise<T>;
  /**
   * Calls `fn` and records its result before it resolves. In a later attempt of the same task, after a retry, a pause or a crash, the record
   * comes back and `fn` is not called. Only a crash between the effect of `fn` and the record repeats it: hand `ctx.idempotencyKey` to
   * whatever can tell a repetition. What `fn` throws is not recorded. Without a checkpointer the record holds for this run.
   *
   * @param key one of its own among the calls of an attempt
   * @returns a frozen copy of the result
   * @throws NodeError ONCE_DUPLICATE_KEY; StateError STATE_NOT_CLONEABLE: the result cannot be recorded; what `fn` throws.
   */
  once<T>(key: string, fn: () => T | Promise<T>): Promise<T>;
}
