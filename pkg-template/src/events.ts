/**
 * Types of events, of what readers may ask for, and of a reader.
 *
 * Owns the event union, and nothing at run time. It holds the types of later versions too, so that a `switch` over all of them
 * stays exhaustive.
 */

import type { Value } from './channels.js';
import type { ErrorCode } from './errors.js';
import type { ReadableStreamLike } from './platform.js';
import type { Interrupt, RunStatus } from './sessions.js';

/** On every event. Events come in order; a transient one never overtakes a durable one. */
export interface EventBase {
  /** From 1 per session, without holes over the durable events; a transient event repeats the number of the one before it. */
  seq: number;
  /** Epoch milliseconds. */
  at: number;
  runId: string;
  sessionId: string;
  /** Absent means 1. It rises when a session is taken up after a crash that lost events (`async` and `exit` durability). */
  branch?: number;
  /** Never stored, never replayed. */
  transient?: true;
}

/** On every event of a task. */
export interface NodeBase {
  step: number;
  node: string;
  task: number;
  attempt: number;
  /** The sub-graph nodes around it, as `node` or `node#task`. */
  path?: string[];
}

/** An error as an event tells it. */
export interface ErrorInfo {
  code: ErrorCode;
  name: string;
  message: string;
  node?: string;
  step?: number;
  cause?: Value;
}

/** Everything that a run tells. Switch over `type`. Each execution starts with `run.started` and ends with exactly one other `run.*`; one that may not begin has a single `run.failed`. */
export type WeaveEvent = EventBase &
  (
    | { type: 'run.started'; graphHash: string; resumed: boolean; abandoned?: string[]; metadata?: Value }
    /** `quiescent`: every node that was reached was skipped as unchanged. `waiting`: joins that never got all their sources. */
    | { type: 'run.completed'; steps: number; durationMs: number; reason: 'end' | 'quiescent'; waiting?: Array<{ to: string; missing: string[] }> }
    | { type: 'run.failed'; error: ErrorInfo; durationMs: number }
    | { type: 'run.cancelled'; reason?: string; durationMs: number }
    | { type: 'run.interrupted'; interrupts: Interrupt[] }
    | { type: 'step.started'; step: number; path?: string[]; frontier: string[] }
    | {
        type: 'step.completed';
        step: number;
        path?: string[];
        ran: string[];
        skipped: string[];
        updatedChannels: string[];
        next: string[];
        versions: Record<string, number>;
      }
    | (NodeBase & { type: 'node.started' })
    /** `changes`: what the task wrote, by channel. */
    | (NodeBase & { type: 'node.completed'; durationMs: number; changes?: Record<string, Value> })
    | (Omit<NodeBase, 'attempt'> & { type: 'node.skipped'; reason: 'unchanged' })
    | (NodeBase & { type: 'node.failed'; error: ErrorInfo; durationMs: number; willRetry: boolean })
    | (NodeBase & { type: 'node.retrying'; delayMs: number })
    | (NodeBase & { type: 'message'; scope: string; message: string; data?: Value })
    /** Transient. `offset`: characters of the stream before this piece. */
    | (NodeBase & { type: 'llm.chunk'; text: string; streamId: string; offset: number; kind?: 'text' | 'reasoning'; metadata?: Value })
    /** Stands for all chunks of its stream. */
    | (NodeBase & { type: 'llm.final'; text: string; streamId: string; reasoning?: string; metadata?: Value })
    | (NodeBase & { type: 'llm.error'; message: string; streamId: string; metadata?: Value })
    | (NodeBase & { type: 'tool.call'; id: string; name: string; args: Value })
    | (NodeBase & { type: 'tool.result'; id: string; result: Value; isError?: boolean })
    | (NodeBase & { type: 'progress'; fraction: number; message?: string })
    | (NodeBase & { type: 'milestone'; name: string; data?: Value })
    | (NodeBase & { type: 'custom'; name: string; data?: Value })
    | (Partial<NodeBase> & { type: 'diagnostic'; scope: string; message: string })
    /** Transient; comes after the events that it stored. */
    | { type: 'checkpoint.saved'; step: number; backend: string; durationMs: number }
    /** To one reader, in place of the `count` events it lost. */
    | { type: 'stream.gap'; from: number; to: number; count: number }
    /** To one reader whose `after` is not there any more: the log goes on behind this number. */
    | { type: 'stream.reset'; after: number }
    /** To one late reader, first: the state as of `seq`. */
    | { type: 'snapshot'; status: RunStatus; step: number; state: Value; interrupts: Interrupt[]; streams?: Array<{ streamId: string; text: string }> }
  );

/**
 * Which events a reader gets. `run.*`, `stream.*` and `snapshot` always pass. `'minimal'`: these only; `'chat'`: `llm.*`,
 * `tool.*` and `step.completed` too; `'debug'` and `'all'`: everything; an array: these types, and custom events by
 * `custom:<name>`; a function: what it returns true for. A function that throws ends its reader with STREAM_INVALID.
 */
export type EventFilter = 'minimal' | 'chat' | 'debug' | 'all' | ReadonlyArray<WeaveEvent['type'] | `custom:${string}`> | ((event: WeaveEvent) => boolean);

/** How a reader reads. */
export interface SubscribeOptions {
  /** Default `'all'`. */
  filter?: EventFilter | undefined;
  /**
   * First the durable events behind this cursor (a `seq`, or `seq~branch`), then live, without gap or repeat. Default: live only;
   * for a run's own iterator, from its start.
   */
  after?: number | string | undefined;
  /** Events that may wait for the reader. Default 1024. */
  capacity?: number | undefined;
  /**
   * What happens once `capacity` events wait. `'wait'`, the default of a run's own iterator: the run pauses between steps, and in
   * `ctx.flush()`, until the reader is down to half. That holds from the reader's first `next()` until it returns, aborts or
   * ends; one that is full and silent for 30 s turns to `'drop'`, with a diagnostic; inside one step up to 16 capacities may
   * wait; `cancel`, `join` and `result` never wait. `'drop'`, the default elsewhere: the oldest go, and a `stream.gap` says so.
   */
  overflow?: 'wait' | 'drop' | undefined;
  /** Ends the reader. */
  signal?: AbortSignal | undefined;
}

/**
 * One reader of events. It ends after the run's last event, on `return()`, and when its signal aborts.
 *
 * @example
 * ```ts
 * import type { Run } from 'weavegraph-wasm';
 *
 * async function print(run: Run) {
 *   for await (const event of run.events({ filter: 'chat' })) {
 *     if (event.type === 'llm.chunk') console.log(event.text);
 *   }
 * }
 * ```
 */
export interface EventStream extends AsyncIterableIterator<WeaveEvent> {
  /** How many events this reader lost so far. */
  readonly dropped: number;
  /** Never waits: the next event, `null` if none is there yet, `undefined` at the end. */
  tryNext(): WeaveEvent | null | undefined;
  /**
   * Waits at most `ms` milliseconds: the next event, `null` if none came, `undefined` at the end.
   *
   * @param ms milliseconds
   */
  nextTimeout(ms: number): Promise<WeaveEvent | null | undefined>;
  /** The same events as a stream of the platform; cancelling it ends this reader. */
  toReadableStream(): ReadableStreamLike;
  /** Ends this reader. The run goes on. */
  return(): Promise<IteratorResult<WeaveEvent>>;
}
