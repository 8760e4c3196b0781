/** Errors are classes to test for and codes to switch over. */

import {
  CheckpointError,
  GraphError,
  NodeError,
  RunCancelled,
  RunFailed,
  RunInterrupted,
  StateError,
  WeaveError,
  type ErrorCode,
  type GraphErrorCode,
  type GraphProblem,
  type Interrupt,
  type Value,
} from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

declare const caught: unknown;

if (caught instanceof WeaveError) {
  isExactly<ErrorCode>()(caught.code);
  isExactly<string | undefined>()(caught.node);
  isExactly<number | undefined>()(caught.step);
  isExactly<string | undefined>()(caught.runId);
  isExactly<string | undefined>()(caught.sessionId);
  isExactly<Readonly<Record<string, Value>> | undefined>()(caught.details);
  isExactly<unknown>()(caught.cause);
  const error: Error = caught;
  void error;
}
if (caught instanceof GraphError) isExactly<GraphProblem[]>()(caught.problems);
else if (caught instanceof RunInterrupted) isExactly<Interrupt[]>()(caught.interrupts);

// Each class narrows by itself, so a chain of tests ends with nothing left.
declare const one: StateError | NodeError | CheckpointError | RunFailed | RunCancelled;
if (one instanceof StateError) isExactly<StateError>()(one);
else if (one instanceof NodeError) isExactly<NodeError>()(one);
else if (one instanceof CheckpointError) isExactly<CheckpointError>()(one);
else if (one instanceof RunFailed) isExactly<RunFailed>()(one);
else isExactly<RunCancelled>()(one);

export function isGraphCode(code: ErrorCode): code is GraphErrorCode {
  return code.startsWith('GRAPH_');
}
export const remedies: Partial<Record<ErrorCode, string>> = { RUN_STEP_LIMIT: 'raise maxSteps', SESSION_BUSY: 'wait', NOT_INITIALIZED: 'await init()' };

export class OwnError extends WeaveError {
  override name = 'OwnError';
}
export const own: WeaveError = new OwnError('mine', { cause: caught });

// ── misuse ──

// @ts-expect-error a code that is not there
if (caught instanceof WeaveError && caught.code === 'RUN_TOO_LONG') void caught;

// @ts-expect-error what an error tells is read-only
if (caught instanceof WeaveError) caught.code = 'NODE_THREW';

// @ts-expect-error only a GraphError has problems
if (caught instanceof RunFailed) void caught.problems;

// @ts-expect-error a cause is unknown until it is looked at
if (caught instanceof RunFailed) void caught.cause.message;

// @ts-expect-error details are unknown until they are looked at
if (caught instanceof WeaveError) void caught.details?.['owner'].id;

// @ts-expect-error a failed run is no cancelled one
export const failed: RunFailed = new RunCancelled();

// @ts-expect-error a plain error has no code
export const plain: WeaveError = new Error('x');

// @ts-expect-error a problem has a code of graphs
export const problem: GraphProblem = { code: 'NODE_THREW', message: '', nodes: [] };
