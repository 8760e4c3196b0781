/**
 * Every error that the package throws or rejects with, and the table that gives each code its class.
 *
 * Owns the classes, their names and `createError`. It must not know what provokes an error: codes and messages come from
 * the engine or from the module that found the fault. Invariant: a code has exactly one class, and `cause` is the very
 * object that user code threw.
 */

import type { Value } from './channels.js';
import type { Interrupt } from './sessions.js';

/** Faults of a graph's definition: {@link GraphError}, and the `code` of each {@link GraphProblem}. */
export type GraphErrorCode =
  | 'GRAPH_MISSING_ENTRY'
  | 'GRAPH_CYCLE'
  | 'GRAPH_UNREACHABLE'
  | 'GRAPH_NO_PATH_TO_END'
  | 'GRAPH_DUPLICATE_EDGE'
  | 'GRAPH_DUPLICATE_NODE'
  | 'GRAPH_EDGE_FROM_END'
  | 'GRAPH_EDGE_TO_START'
  | 'GRAPH_UNKNOWN_NODE'
  | 'GRAPH_RESERVED_NAME'
  | 'GRAPH_INVALID_NAME'
  | 'GRAPH_INVALID_CHANNEL'
  | 'GRAPH_INVALID_JOIN'
  | 'GRAPH_INVALID';

/**
 * What went wrong, as stable API: a code is never renamed and never changes its meaning. `SESSION_BUSY` is about another
 * execution that holds the session, `RUN_ALREADY_ACTIVE` about a `runId` that is running already.
 */
export type ErrorCode =
  | GraphErrorCode
  | 'STATE_UNKNOWN_CHANNEL'
  | 'STATE_INVALID_UPDATE'
  | 'STATE_NOT_CLONEABLE'
  | 'STATE_CONFLICT'
  | 'STATE_REDUCER'
  | 'STATE_MISSING_KEY'
  | 'STATE_INVALID_KEY'
  | 'NODE_THREW'
  | 'NODE_TIMEOUT'
  | 'NODE_INVALID_RESULT'
  | 'ROUTE_THREW'
  | 'ROUTE_UNKNOWN_TARGET'
  | 'ONCE_DUPLICATE_KEY'
  | 'RUN_STEP_LIMIT'
  | 'RUN_DEPTH_LIMIT'
  | 'RUN_TIMEOUT'
  | 'RUN_CANCELLED'
  | 'RUN_INTERRUPTED'
  | 'RUN_INVALID_OPTION'
  | 'RUN_ALREADY_ACTIVE'
  | 'SESSION_NOT_FOUND'
  | 'SESSION_BUSY'
  | 'SESSION_UNFINISHED'
  | 'SESSION_INVALID_ENTRY'
  | 'INTERRUPT_UNKNOWN'
  | 'INTERRUPT_UNANSWERED'
  | 'CHECKPOINT_CONFLICT'
  | 'CHECKPOINT_CORRUPT'
  | 'CHECKPOINT_UNAVAILABLE'
  | 'CHECKPOINT_QUOTA'
  | 'CHECKPOINT_BLOCKED'
  | 'CHECKPOINT_VERSION'
  | 'CHECKPOINT_GRAPH_CHANGED'
  | 'CHECKPOINT_NO_STORE'
  | 'STREAM_INVALID'
  | 'REPLAY_MISMATCH'
  | 'NOT_INITIALIZED'
  | 'ENGINE_PANICKED';

/** One fault of a graph's definition. */
export interface GraphProblem {
  code: GraphErrorCode;
  /** Names the fault and the remedy. */
  message: string;
  /** The nodes that the fault is about, as they were given to the builder. */
  nodes: string[];
}

/** What an error may carry besides its message. An absent field stays absent on the error. @internal */
export interface ErrorFields {
  node?: string | undefined;
  step?: number | undefined;
  runId?: string | undefined;
  sessionId?: string | undefined;
  details?: Readonly<Record<string, Value>> | undefined;
  /** Present even when it is `undefined`: a node may throw that too. */
  cause?: unknown;
  problems?: GraphProblem[] | undefined;
  interrupts?: Interrupt[] | undefined;
}

/**
 * The base of every error of this package. The package makes them; test with `instanceof` and switch over `code`.
 *
 * @example
 * ```ts
 * import { GraphBuilder, RunFailed, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder()
 *   .addNode('risky', () => { throw new TypeError('no network'); })
 *   .addEdge(START, 'risky')
 *   .addEdge('risky', '__end__')
 *   .compile();
 * try {
 *   await app.invoke();
 * } catch (error) {
 *   if (!(error instanceof RunFailed)) throw error;
 *   console.log(error.code, error.node, error.cause); // NODE_THREW risky TypeError: no network
 * }
 * ```
 */
export class WeaveError extends Error {
  static {
    setName(this, 'WeaveError');
  }

  /** What went wrong; the README lists all codes. */
  readonly code: ErrorCode;
  /** The node that it happened in. */
  declare readonly node?: string;
  /** The step that it happened in, counted from 1 over the session. */
  declare readonly step?: number;
  /** The run that it belongs to. */
  declare readonly runId?: string;
  /** The session that it belongs to. */
  declare readonly sessionId?: string;
  /** Facts of the particular code, such as `path` of STATE_NOT_CLONEABLE or `owner` of SESSION_BUSY. */
  declare readonly details?: Readonly<Record<string, Value>>;
  /** The very object that user code threw, where user code was at fault. */
  declare readonly cause?: unknown;

  /** A user's subclass has no `code` to give; it is NODE_THREW, as anything else that a node throws. @internal */
  constructor(message?: string, fields: ErrorFields & { code?: ErrorCode | undefined } = {}) {
    super(message, 'cause' in fields ? { cause: fields.cause } : undefined);
    this.code = fields.code ?? 'NODE_THREW';
    if (fields.node !== undefined) this.node = fields.node;
    if (fields.step !== undefined) this.step = fields.step;
    if (fields.runId !== undefined) this.runId = fields.runId;
    if (fields.sessionId !== undefined) this.sessionId = fields.sessionId;
    if (fields.details !== undefined) this.details = Object.freeze({ ...fields.details });
  }

  /**
   * For logs: JSON would otherwise leave out an error's message, and structuredClone its code. A `cause` that is an error is
   * reduced to name and message, a primitive is kept, anything else is left out. The stack is left out. Not in the public types,
   * where an object with these fields is a WeaveError too.
   *
   * @internal
   */
  toJSON(): Record<string, Value> {
    const plain: Record<string, Value> = { name: this.name, code: this.code, message: this.message };
    for (const key of ['node', 'step', 'runId', 'sessionId', 'details'] as const) {
      if (this[key] !== undefined) plain[key] = this[key];
    }
    const cause = this.cause;
    if (cause instanceof Error) plain['cause'] = { name: cause.name, message: cause.message };
    else if (typeof cause === 'bigint' || typeof cause === 'symbol') plain['cause'] = String(cause);
    else if (cause === null || (typeof cause !== 'object' && typeof cause !== 'function' && cause !== undefined)) plain['cause'] = cause;
    return plain;
  }
}

/** The graph's definition is at fault: GRAPH_*. */
export class GraphError extends WeaveError {
  static {
    setName(this, 'GraphError');
  }

  /** Every fault that was found, not only the first. */
  readonly problems: GraphProblem[];

  /** @internal */
  constructor(message?: string, fields: ErrorFields & { code?: ErrorCode | undefined } = {}) {
    super(message, fields);
    this.problems = fields.problems ?? [];
  }
}

/** A value or an update is at fault: STATE_*. */
export class StateError extends WeaveError {
  static {
    setName(this, 'StateError');
  }

  protected declare readonly __state: true;
}

/** A node, a route or a `once` record is at fault: NODE_*, ROUTE_*, ONCE_*. */
export class NodeError extends WeaveError {
  static {
    setName(this, 'NodeError');
  }

  protected declare readonly __node: true;
}

/** The store is at fault, or what it holds: CHECKPOINT_*. */
export class CheckpointError extends WeaveError {
  static {
    setName(this, 'CheckpointError');
  }

  protected declare readonly __checkpoint: true;
}

/** A run ended as failed. Its `code` is that of what failed it: NODE_THREW, RUN_STEP_LIMIT, STATE_CONFLICT and so on. */
export class RunFailed extends WeaveError {
  static {
    setName(this, 'RunFailed');
  }

  protected declare readonly __failed: true;
}

/** A run was cancelled, by `cancel()` or by its signal: RUN_CANCELLED. Cancelling is not failing. */
export class RunCancelled extends WeaveError {
  static {
    setName(this, 'RunCancelled');
  }

  protected declare readonly __cancelled: true;
}

/** A run waits for answers: RUN_INTERRUPTED. */
export class RunInterrupted extends WeaveError {
  static {
    setName(this, 'RunInterrupted');
  }

  /** What it waits for. */
  readonly interrupts: Interrupt[];

  /** @internal */
  constructor(message?: string, fields: ErrorFields & { code?: ErrorCode | undefined } = {}) {
    super(message, fields);
    this.interrupts = fields.interrupts ?? [];
  }
}

const classes = {
  GRAPH_MISSING_ENTRY: GraphError,
  GRAPH_CYCLE: GraphError,
  GRAPH_UNREACHABLE: GraphError,
  GRAPH_NO_PATH_TO_END: GraphError,
  GRAPH_DUPLICATE_EDGE: GraphError,
  GRAPH_DUPLICATE_NODE: GraphError,
  GRAPH_EDGE_FROM_END: GraphError,
  GRAPH_EDGE_TO_START: GraphError,
  GRAPH_UNKNOWN_NODE: GraphError,
  GRAPH_RESERVED_NAME: GraphError,
  GRAPH_INVALID_NAME: GraphError,
  GRAPH_INVALID_CHANNEL: GraphError,
  GRAPH_INVALID_JOIN: GraphError,
  GRAPH_INVALID: GraphError,
  STATE_UNKNOWN_CHANNEL: StateError,
  STATE_INVALID_UPDATE: StateError,
  STATE_NOT_CLONEABLE: StateError,
  STATE_CONFLICT: StateError,
  STATE_REDUCER: StateError,
  STATE_MISSING_KEY: StateError,
  STATE_INVALID_KEY: StateError,
  NODE_THREW: NodeError,
  NODE_TIMEOUT: NodeError,
  NODE_INVALID_RESULT: NodeError,
  ROUTE_THREW: NodeError,
  ROUTE_UNKNOWN_TARGET: NodeError,
  ONCE_DUPLICATE_KEY: NodeError,
  RUN_STEP_LIMIT: RunFailed,
  RUN_DEPTH_LIMIT: RunFailed,
  RUN_TIMEOUT: RunFailed,
  RUN_CANCELLED: RunCancelled,
  RUN_INTERRUPTED: RunInterrupted,
  RUN_INVALID_OPTION: RunFailed,
  RUN_ALREADY_ACTIVE: RunFailed,
  SESSION_NOT_FOUND: WeaveError,
  SESSION_BUSY: WeaveError,
  SESSION_UNFINISHED: WeaveError,
  SESSION_INVALID_ENTRY: WeaveError,
  INTERRUPT_UNKNOWN: WeaveError,
  INTERRUPT_UNANSWERED: WeaveError,
  CHECKPOINT_CONFLICT: CheckpointError,
  CHECKPOINT_CORRUPT: CheckpointError,
  CHECKPOINT_UNAVAILABLE: CheckpointError,
  CHECKPOINT_QUOTA: CheckpointError,
  CHECKPOINT_BLOCKED: CheckpointError,
  CHECKPOINT_VERSION: CheckpointError,
  CHECKPOINT_GRAPH_CHANGED: CheckpointError,
  CHECKPOINT_NO_STORE: CheckpointError,
  STREAM_INVALID: WeaveError,
  REPLAY_MISMATCH: WeaveError,
  NOT_INITIALIZED: WeaveError,
  ENGINE_PANICKED: WeaveError,
} as const satisfies Record<ErrorCode, typeof WeaveError>;

/** Every code, for the tests that compare it with the engine's list and with the README's. @internal */
export const errorCodes: readonly ErrorCode[] = Object.freeze(Object.keys(classes) as ErrorCode[]);

/** The error of a code, of the code's class. @internal */
export function createError<Code extends ErrorCode>(code: Code, message: string, fields?: ErrorFields): InstanceType<(typeof classes)[Code]>;
/** @internal */
export function createError(code: ErrorCode, message: string, fields: ErrorFields = {}): WeaveError {
  return new classes[code](message, { ...fields, code });
}

const shownProblems = 10;

/** Problems as the engine hands them over. @internal */
export function toProblems(rows: readonly (readonly [GraphErrorCode, string, string[]])[]): GraphProblem[] {
  return rows.map(([code, message, nodes]) => ({ code, message, nodes }));
}

/** One error for all problems of a definition. Its `code` is the first problem's. @internal */
export function createGraphError(problems: readonly GraphProblem[]): GraphError {
  const [first, ...others] = problems;
  const message =
    others.length === 0
      ? (first?.message ?? 'the graph is invalid')
      : [
          `the graph has ${problems.length} problems:`,
          ...problems.slice(0, shownProblems).map((problem) => `  ${problem.code}: ${problem.message}`),
          ...(problems.length > shownProblems ? [`  and ${problems.length - shownProblems} more, in \`problems\``] : []),
        ].join('\n');
  return createError(first?.code ?? 'GRAPH_INVALID', message, { problems: [...problems] });
}

/** What `join()` rejects with: the same facts as RunFailed, with the `cause` that user code threw, if it did. @internal */
export function asRunFailed(error: WeaveError): RunFailed {
  if (error instanceof RunFailed) return error;
  const { code, node, step, runId, sessionId, details } = error;
  const fields = { code, node, step, runId, sessionId, details };
  return new RunFailed(error.message, 'cause' in error ? { ...fields, cause: error.cause } : fields);
}

/** How a message calls a value of the wrong kind. @internal */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

// On the prototype, so that a minifier cannot change it, the stack's first line shows it, and a subclass may assign its own.
function setName(errorClass: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true });
}
