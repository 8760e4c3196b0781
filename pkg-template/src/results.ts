/**
 * Types of what an app hands out: a run, its result, and reports about the graph.
 *
 * Owns nothing at run time.
 */

import type { Channels, StateOf, Value } from './channels.js';
import type { WeaveError } from './errors.js';
import type { EventStream, SubscribeOptions, WeaveEvent } from './events.js';
import type { Interrupt, RunStatus } from './sessions.js';

/** How a run ended. Switch over `status`. */
export type RunResult<C extends Channels> = {
  runId: string;
  sessionId: string;
  /** Steps of this execution. */
  steps: number;
  /** Milliseconds of this execution. */
  durationMs: number;
} & (
  | {
      status: 'completed';
      /** `quiescent`: every node that was reached was skipped as unchanged. */
      reason: 'end' | 'quiescent';
      /** Joins that never got all their sources. */
      waiting: Array<{ to: string; missing: string[] }>;
      state: StateOf<C>;
    }
  | { status: 'interrupted'; interrupts: Interrupt[]; state: StateOf<C> }
  | { status: 'cancelled'; reason?: string; state?: StateOf<C> }
  | { status: 'failed'; error: WeaveError; state?: StateOf<C> }
);

/**
 * One execution of a graph. Iterating it yields every event once, in order, and ends after the last one, also when the run
 * failed: then the last event says so. Leaving the loop early only stops reading; the run goes on. A run that nobody reads never
 * waits for a reader.
 *
 * @example
 * ```ts
 * import { END, GraphBuilder, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder().addNode('hello', (_, ctx) => ctx.emit('demo', 'hi')).addEdge(START, 'hello').addEdge('hello', END).compile();
 * const run = app.invokeStreaming();
 * for await (const event of run) console.log(event.seq, event.type);
 * const result = await run.result;
 * if (result.status === 'failed') console.error(result.error.code);
 * ```
 */
export interface Run<C extends Channels = any> extends AsyncIterable<WeaveEvent> {
  /** The `runId`. */
  readonly id: string;
  readonly sessionId: string;
  readonly status: RunStatus;
  /** As of the last finished step. */
  readonly state: StateOf<C>;
  /** How it ended. Never rejects. */
  readonly result: Promise<RunResult<C>>;
  /**
   * The final state.
   *
   * @throws RunFailed with the code of what failed it; RunCancelled RUN_CANCELLED; RunInterrupted RUN_INTERRUPTED.
   */
  join(): Promise<StateOf<C>>;
  /**
   * Aborts the signals of all nodes and ends the run. Resolves once `run.cancelled` is recorded, even if a node ignores its
   * signal. On a run that has ended it does nothing.
   *
   * @throws CheckpointError: the store refused the record; the run is then `failed`.
   */
  cancel(reason?: string): Promise<void>;
  /** Another reader of the same events, independent of the others. `after: 0` begins at the first event that is kept. */
  events(options?: SubscribeOptions): EventStream;
  [Symbol.asyncIterator](): AsyncIterator<WeaveEvent, undefined>;
}

/** Facts about a compiled graph. */
export interface GraphMetadata {
  /** Of this package. */
  version: string;
  /** The same as `definitionHash()`. */
  graphHash: string;
  nodeCount: number;
  edgeCount: number;
  conditionalEdgeCount: number;
  /** The kind of each channel. */
  channels: Record<string, string>;
}

/** A graph as data: all but its functions. Values that JSON lacks are as `toJsonSafe` writes them. */
export interface GraphDefinition {
  name: string;
  nodes: Array<{ id: string; description?: string; metadata?: Record<string, Value>; options?: Record<string, Value>; graph?: GraphDefinition }>;
  /** An array in `from` is a join. `route` names the function of a conditional edge, `targets` its labels. */
  edges: Array<{ from: string | string[]; to: string; label?: string } | { from: string; route: string; targets?: Record<string, string> }>;
  channels: Record<string, { kind: string; options?: Record<string, Value> }>;
}
