/**
 * Types of sessions: what is kept of them, how they stand, and what keeps them.
 *
 * Owns nothing at run time; the log's meaning is the engine's. Invariant: a Checkpointer is made by this package only, because
 * its store follows rules that no type can tell.
 */

import type { Channels, StateOf, Value } from './channels.js';

/** How a run stands. */
export type RunStatus = 'running' | 'completed' | 'failed' | 'cancelled' | 'interrupted';

/** A question that a run waits on. */
export interface Interrupt {
  id: string;
  node: string;
  task: number;
  /** The sub-graph nodes around it. */
  path: string[];
  step: number;
  /** A node asked, or the run was to pause before or after this node. */
  reason: 'node' | 'before' | 'after';
  payload?: Value;
}

/** The answer to the one open interrupt, as a value of its own. */
export interface Answer {
  readonly __answer: Value;
}

/**
 * What resuming answers: a plain object holds answers by interrupt id, anything else answers the one open interrupt. A session that
 * failed, was cancelled or crashed, or that paused before or after a node, needs none.
 */
export type Answers = Readonly<Record<string, Value>> | Answer | string | number | boolean | bigint | null;

/** A session as it stood after a step. */
export interface Checkpoint<C extends Channels = any> {
  sessionId: string;
  /** The run that made the step. */
  runId: string;
  step: number;
  /** Of the last event before it: reading on `after` it leaves no gap. */
  seq: number;
  /** Epoch milliseconds. */
  at: number;
  status: RunStatus;
  state: StateOf<C>;
  /** How often each channel changed. */
  versions: Record<string, number>;
  /** The nodes that the next step runs. */
  frontier: string[];
  /** The tasks that the next step runs, with the inputs of sends. */
  next: Array<{ node: string; task: number; input?: Value }>;
  /** The nodes that this step ran. */
  ran: string[];
  /** The nodes that this step skipped as unchanged. */
  skipped: string[];
  updatedChannels: string[];
  interrupts: Interrupt[];
  /** The `definitionHash()` of the graph that made it. */
  graphHash: string;
  /** Where the session was forked from. */
  parent?: { sessionId: string; step: number };
}

/** A checkpoint without its state, for lists. */
export type CheckpointSummary = Omit<Checkpoint, 'state'>;

/** A session in a list. */
export interface SessionSummary {
  sessionId: string;
  /** Its last run. */
  runId: string;
  step: number;
  status: RunStatus;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Epoch milliseconds. */
  updatedAt: number;
  /** Approximate size in the store. What was pruned while no run of this page or process wrote the session is still counted. */
  bytes?: number;
  /** Who runs it now; null is nobody, so a status of `running` then means that its run died. */
  owner: { id: string; here: boolean } | null;
}

/**
 * What pruning may drop. A record goes only if everything given here lets it go. The newest snapshot of a session and what came after it
 * always stay, so a session that has none yet stays whole.
 */
export interface PrunePolicy {
  /** At least so many of a session's newest checkpoints stay. */
  keepLast?: number;
  /** Only what was stored longer ago may go. */
  olderThanMs?: number;
  /** Only as much of a session goes as is beyond so many bytes. */
  maxBytes?: number;
  /** Only sessions whose last run ended: not those that run or wait for an answer. Default false. */
  finishedOnly?: boolean;
  /** Only this session. Default: all. */
  sessionId?: string;
}

/** What pruning dropped. */
export interface Pruned {
  checkpoints: number;
  events: number;
  /** Where the store counts them. */
  bytes?: number;
}

/** Keeps sessions. What a step costs follows from what it changed, not from how large the state is. Only this package makes them. */
export interface Checkpointer {
  readonly __checkpointer: true;
  /** For events and lists, such as `memory`. */
  readonly name: string;
  /**
   * The last changed first.
   *
   * @param page `limit`: at most so many; `after`: the last session id of the page before; `status`: only these
   */
  listSessions(page?: { limit?: number; after?: string; status?: RunStatus }): Promise<SessionSummary[]>;
  /** Forgets a session; one that is not there is no error. */
  deleteSession(sessionId: string): Promise<void>;
  /** Drops old records of sessions, also of those that run, as far as a policy allows. */
  prune(policy: PrunePolicy): Promise<Pruned>;
  /** Everything of one session as one JSON-safe value. */
  exportSession(sessionId: string): Promise<Value>;
  /** Makes a session of what `exportSession` gave, of this or of another checkpointer, and returns its id. */
  importSession(dump: Value, options?: { as?: string }): Promise<string>;
  /** Ends its work. It cannot be used afterwards. */
  close(): Promise<void>;
}
