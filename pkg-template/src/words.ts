/**
 * The vocabulary of the boundary: commands, event types and statuses by number.
 *
 * These lists repeat the engine's; the test `vocabulary` compares them with what a build with test hooks says.
 */

import type { WeaveEvent } from './events.js';
import type { RunStatus } from './sessions.js';

/** The first word of a command. */
export const Op = {
  Run: 0,
  Rescue: 1,
  AskRetry: 2,
  Abort: 3,
  Begin: 4,
  Write: 5,
  Load: 6,
  Note: 7,
  EndFolds: 8,
  Commit: 9,
  Rollback: 10,
  Route: 11,
  StartTimer: 12,
  StopTimer: 13,
  WakeSleep: 14,
  Flushed: 15,
  Append: 16,
  Yield: 17,
  WakeReaders: 18,
  Finish: 19,
  Release: 20,
  Enter: 21,
  Open: 22,
  Reopen: 23,
  Output: 24,
  Close: 25,
} as const;

/** What `RawRun.tell` takes; the engine's `calls` says what the numbers beside it mean. */
export const Tell = {
  Settled: 0,
  RetryAnswer: 1,
  Applied: 2,
  Routed: 3,
  Fired: 4,
  Sleep: 5,
  Flush: 6,
  Appended: 7,
  Lost: 8,
  Turn: 9,
  Pulled: 10,
  Cancel: 11,
} as const;

/** What `RawRun.tellWith` takes. */
export const TellWith = { Settled: 0, Applied: 1, Routed: 2, Opened: 3, Breakpoints: 4 } as const;

/** What `RawRun.tellText` takes. */
export const TellText = {
  Threw: 0,
  UnknownTarget: 1,
  FoldFailed: 2,
  RouteThrew: 3,
  RouteUnknown: 4,
  AppendFailed: 5,
  Refuse: 6,
  Remark: 7,
  Interrupt: 8,
  Once: 9,
  KeepOnce: 10,
  DropOnce: 11,
  SleepUntil: 12,
  Answer: 13,
} as const;

/** What `RawRun.ask` answers. */
export const Ask = {
  Random: 0,
  OpenStream: 1,
  CloseStream: 2,
  Record: 3,
  Status: 4,
  Step: 5,
  Steps: 6,
  NeedsPulled: 7,
  Rejoin: 8,
  Unsubscribe: 9,
  Dropped: 10,
  ExcuseReaders: 11,
  Keep: 12,
  Metadata: 13,
  Touch: 14,
  CreatedAt: 15,
  Branch: 16,
  CursorEnd: 17,
  IsTakingOver: 18,
  KeyStep: 19,
  Enter: 20,
  IsRunning: 21,
  Asked: 22,
} as const;

/** What `Ask.Asked` answers if it is no number of a value or of a wait. */
export const Asked = { Over: -1, Duplicate: -2, Open: -3, NoStore: -4 } as const;

/** Waits for the store have numbers from here on; sleeps are numbered from 0. */
export const FIRST_WAIT = 2 ** 31;

/** Event types by number. */
export const eventTypes = [
  'run.started',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'run.interrupted',
  'step.started',
  'step.completed',
  'node.started',
  'node.completed',
  'node.skipped',
  'node.failed',
  'node.retrying',
  'message',
  'llm.chunk',
  'llm.final',
  'llm.error',
  'tool.call',
  'tool.result',
  'progress',
  'milestone',
  'custom',
  'diagnostic',
  'checkpoint.saved',
  'stream.gap',
  'stream.reset',
  'snapshot',
] as const satisfies ReadonlyArray<WeaveEvent['type']>;

/** The number of an event type. */
export const Kind = Object.freeze(Object.fromEntries(eventTypes.map((type, number) => [type, number]))) as Readonly<Record<WeaveEvent['type'], number>>;

/** A set of event types, one bit each. */
export function maskBy(isIn: (type: string) => boolean): number {
  return eventTypes.reduce((mask, type, number) => (isIn(type) ? mask | (1 << number) : mask), 0) >>> 0;
}

const minimal = /^(run|stream)\.|^snapshot$/;
/** What the presets of filters let pass. */
export const presetMasks = {
  minimal: maskBy((type) => minimal.test(type)),
  chat: maskBy((type) => minimal.test(type) || /^(llm|tool)\.|^step\.completed$/.test(type)),
  debug: 0xffff_ffff,
  all: 0xffff_ffff,
};

/** Statuses by number. */
export const statuses = ['running', 'completed', 'failed', 'cancelled', 'interrupted'] as const satisfies readonly RunStatus[];

/** Why a task's signal aborts. */
export const Abort = { Cancel: 0, Failure: 1, Timeout: 2, Interrupt: 3 } as const;

/** Why something is open, by the kinds of what the engine keeps. */
export const reasons = { 1: 'node', 2: 'before', 3: 'after' } as const;

/** No handle. */
export const NONE = 0xffff_ffff;
/** The engine's ids of the virtual nodes. */
export const START_ID = 0xffff_ffff;
export const END_ID = 0xffff_fffe;
