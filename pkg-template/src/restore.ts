/**
 * Sessions out of their logs: for a run that goes on, and for `getState` and `history`. `log-tail.ts` reads their events.
 *
 * Owns how a log is paged. It must not interpret a record: the engine reads the bytes and says what to fold.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { ChannelState } from './channel-state.js';
import { engine, instanceNumber, isTrap, readWords, reportTrap, type Engine } from './engine.js';
import { toErrorEvent } from './error-note.js';
import { createError, WeaveError } from './errors.js';
import { toError, takeError, type FailureParts, type Names } from './failures.js';
import { pathPart } from './graph-frame.js';
import type { LogStore, StoredRecord } from './log-store.js';
import type { Checkpoint, CheckpointSummary, RunStatus } from './sessions.js';
import { beginInner, type InnerState } from './subgraph-calls.js';
import { lend } from './values.js';
import { Op, reasons } from './words.js';

export type RawLog = InstanceType<Engine['RawLog']>;

/** Records that are read at once. */
export const PAGE = 256;

/**
 * The session as its log leaves it, folded into `state`, and its half-done sub-graphs into `inner`. A new session has an empty log.
 *
 * @throws WeaveError SESSION_NOT_FOUND, CheckpointError CHECKPOINT_*
 */
export async function restore(app: AppCore, sessionId: string, store: LogStore, arena: Arena, state: ChannelState, inner: Map<number, InnerState>, isResume: boolean): Promise<RawLog> {
  const { RawLog } = engine();
  const log = new RawLog(app.graph());
  const newest = await store.newest(sessionId);
  if (newest === undefined) {
    if (isResume) throw notFound(sessionId);
    return log;
  }
  const reading = new Reading(app, sessionId, arena, state, log, inner);
  for (let slot = reading.beginAt(snapshotSlot(app, sessionId, newest)); slot <= newest.slot; ) {
    const page = await store.read(sessionId, slot, PAGE);
    if (page.length === 0) throw reading.missing(slot);
    for (const record of page) reading.read(record, -1, false);
    slot = page.at(-1)!.slot + 1;
  }
  return log;
}

/** A session that was restored, as its newest checkpoint. */
export function checkpointOf(app: AppCore, sessionId: string, arena: Arena, state: ChannelState, log: RawLog): Checkpoint {
  return new Reading(app, sessionId, arena, state, log).checkpoint();
}

/** Reads once more if a record is missing: the session may have been pruned meanwhile. */
export async function again<T>(read: () => Promise<T>): Promise<T> {
  return read().catch((thrown: unknown) => {
    if (thrown instanceof WeaveError && thrown.code === 'CHECKPOINT_CORRUPT') return read();
    throw thrown;
  });
}

/** A checkpoint, or `null` where there is none. */
export function readCheckpoint(app: AppCore, sessionId: string, store: LogStore, step: number | undefined): Promise<Checkpoint | null> {
  return again(() => readCheckpointOnce(app, sessionId, store, step));
}

async function readCheckpointOnce(app: AppCore, sessionId: string, store: LogStore, step: number | undefined): Promise<Checkpoint | null> {
  const newest = await store.newest(sessionId);
  if (newest === undefined) return null;
  return withLog(app, async (log) => {
    const reading = new Reading(app, sessionId, new Arena(), new ChannelState(app), log);
    for (let slot = step === undefined ? reading.beginAt(snapshotSlot(app, sessionId, newest)) : 0; slot <= newest.slot; ) {
      const page = await store.read(sessionId, slot, PAGE);
      if (page.length === 0) throw reading.missing(slot);
      for (const record of page) {
        if (!reading.canRead(record)) continue;
        reading.read(record, step ?? -1, false);
        if (step !== undefined && reading.described().isAtGoal) return reading.checkpoint();
      }
      slot = page.at(-1)!.slot + 1;
    }
    const last = reading.checkpoint();
    return step === undefined || last.step === step ? last : null;
  });
}

/** Checkpoints newest first: at most `limit`, of steps below `before`. */
export function readHistory(app: AppCore, sessionId: string, store: LogStore, limit: number, before: number): Promise<CheckpointSummary[]> {
  return again(() => readHistoryOnce(app, sessionId, store, limit, before));
}

async function readHistoryOnce(app: AppCore, sessionId: string, store: LogStore, limit: number, before: number): Promise<CheckpointSummary[]> {
  const byStep = new Map<number, CheckpointSummary>();
  await withLog(app, async (log) => {
    const reading = new Reading(app, sessionId, new Arena(), undefined, log);
    for (let slot = 0; ; ) {
      const page = await store.read(sessionId, slot, PAGE);
      for (const record of page) {
        if (!reading.canRead(record)) continue;
        reading.read(record, -1, true);
        for (const raw of reading.checkpoints()) {
          const summary = reading.summary(raw);
          byStep.delete(summary.step);
          byStep.set(summary.step, summary);
        }
      }
      if (page.length < PAGE) break;
      slot = page.at(-1)!.slot + 1;
    }
  });
  return [...byStep.values()]
    .reverse()
    .filter((summary) => summary.step < before)
    .slice(0, limit);
}

/** Lends a log of the engine, and frees it. */
export async function withLog<T>(app: AppCore, use: (log: RawLog) => Promise<T>): Promise<T> {
  const { RawLog } = engine();
  const graph = app.graph();
  const instance = instanceNumber();
  let log: RawLog | undefined;
  try {
    log = new RawLog(graph);
    return await use(log);
  } catch (thrown) {
    if (isTrap(thrown)) throw reportTrap(thrown);
    if (instance === instanceNumber() || thrown instanceof WeaveError) throw thrown;
    throw createError('ENGINE_PANICKED', 'the engine stopped while the session was read; read it again', { cause: thrown });
  } finally {
    // What belongs to an instance that is lost must not be freed in the fresh one.
    if (instance === instanceNumber()) log?.free();
  }
}

export function notFound(sessionId: string): Error {
  return createError('SESSION_NOT_FOUND', `the store has no session \`${sessionId}\`; start it with invoke`, { sessionId });
}

/** Whether a session can be read from this record on. */
export function hasSnapshot(record: Uint8Array): boolean {
  return (engine().recordFlags(record) & 1) === 1;
}

/** Where to begin reading, by a session's newest record. */
export function snapshotSlot(app: AppCore, sessionId: string, newest: StoredRecord): number {
  return typed(app, sessionId, new Arena(), () => engine().snapshotSlot(newest.slot, newest.bytes));
}

/** What the engine says of a record that it cannot read, as an error. */
export function typed<T>(app: AppCore, sessionId: string, arena: Arena, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (isTrap(thrown)) throw reportTrap(thrown);
    if (!Array.isArray(thrown)) throw thrown;
    throw toError(thrown as FailureParts, arena, app.names, { runId: '', sessionId });
  }
}

/** What `describe` of the engine returns. */
export interface Described {
  /** The step that was asked for has been reached. */
  isAtGoal?: boolean;
  runId: string;
  step: number;
  seq: number;
  at: number;
  status: RunStatus;
  versions: number[];
  graphHash: string;
  parent?: string;
  parentStep?: number;
  frontier: number[];
  next: Array<[node: number, task: number, input: number]>;
  ran: number[];
  skipped: number[];
  updatedChannels: number[];
  /** Node and ordinal of each task around it come last. */
  interrupts: Array<[id: string, reason: keyof typeof reasons, step: number, node: number, task: number, payload: number, ...path: number[]]>;
}

export class Reading {
  readonly #app: AppCore;
  readonly #sessionId: string;
  readonly #arena: Arena;
  readonly #state: ChannelState | undefined;
  readonly #log: RawLog;
  /** Sub-graphs by the engine's number; what is there once the log was read may be over. */
  readonly #inner: Map<number, InnerState>;
  /** What the folds are about, and what they were about since the last record. */
  #here: InnerState | undefined;
  readonly #touched = new Set<ChannelState>();
  /** The slot that comes next, once one was read. */
  #next: number | undefined;

  constructor(app: AppCore, sessionId: string, arena: Arena, state: ChannelState | undefined, log: RawLog, inner = new Map<number, InnerState>()) {
    this.#app = app;
    this.#sessionId = sessionId;
    this.#arena = arena;
    this.#state = state;
    this.#inner = inner;
    this.#log = log;
  }

  get names(): Names {
    return this.#app.names.withForeign(this.#log.foreignNames());
  }

  /** Nothing before this slot is to be read. */
  beginAt(slot: number): number {
    return (this.#next = slot);
  }

  /**
   * Whether reading may go on with a record, or begin with it: of what was pruned, records are left that only say who took the session up, and
   * stretches that forks need. Behind a gap it goes on with a snapshot.
   */
  canRead({ slot, bytes }: StoredRecord): boolean {
    if (slot === this.#next) return true;
    const flags = engine().recordFlags(bytes);
    if ((flags & 1) === 1 || slot === 0) {
      this.#next = slot;
      return true;
    }
    return this.#next !== undefined && flags === 0;
  }

  /** @throws CheckpointError CHECKPOINT_CORRUPT: not the record that comes next; and what the engine says of it. */
  read(record: StoredRecord, untilStep: number, lists: boolean): void {
    if (record.slot !== (this.#next ?? record.slot)) throw this.missing(this.#next!);
    this.#next = record.slot + 1;
    const handles = new Uint32Array(record.values.map((value) => this.#arena.put(value)));
    const count = typed(this.#app, this.#sessionId, this.#arena, () => this.#log.read(record.slot, record.bytes, handles, untilStep, lists));
    const words = readWords(count).slice(0, count);
    this.#enter(0);
    for (let at = 0; at < count; ) at = this.#fold(words, at);
    for (const state of this.#touched) {
      state.endFolds();
      state.commit();
    }
    this.#touched.clear();
  }

  #enter(frame: number): void {
    const root = this.#state && { app: this.#app, state: this.#state };
    this.#here = frame === 0 ? root : this.#inner.get(frame);
    if (this.#here !== undefined) this.#touched.add(this.#here.state);
  }

  missing(slot: number): Error {
    return createError('CHECKPOINT_CORRUPT', `record ${slot} of session \`${this.#sessionId}\` is missing from the store`, { sessionId: this.#sessionId });
  }

  #damaged(how: string): Error {
    return createError('CHECKPOINT_CORRUPT', `record ${this.#next! - 1} of session \`${this.#sessionId}\` is damaged: ${how}`, { sessionId: this.#sessionId });
  }

  #fold(words: Float64Array, at: number): number {
    const state = this.#here?.state;
    switch (words[at]) {
      case Op.Enter:
        this.#enter(words[at + 1]!);
        return at + 2;
      case Op.Reopen:
        if (this.#here !== undefined) this.#inner.set(words[at + 1]!, beginInner(this.#here.app, this.#here.state, words[at + 2]!));
        return at + 3;
      case Op.Write: {
        const [channel, update, isReplace] = [words[at + 1]!, this.#arena.get(words[at + 2]!), words[at + 3] === 1];
        // The engine's words and the values come from different parts of the record.
        if (state !== undefined && state.isReplacing(channel, update) !== isReplace) throw this.#damaged('its writes are not of the kind that it says');
        state?.write(channel, update, isReplace);
        return at + 4;
      }
      case Op.Load:
        state?.load(words[at + 1]!, this.#arena.get(words[at + 2]!));
        return at + 3;
      case Op.Note: {
        const error = takeError(words[at + 4]!, this.#arena, this.names, { runId: '', sessionId: this.#sessionId });
        const channel = this.#app.channelIds.get('errors');
        if (channel !== undefined) state?.append(channel, toErrorEvent(error, words[at + 1]!, words[at + 2]!, words[at + 3]!));
        return at + 5;
      }
      case Op.Release: {
        const end = at + 2 + words[at + 1]!;
        for (let index = at + 2; index < end; index += 1) this.#arena.release(words[index]!);
        return end;
      }
      default:
        throw new Error(`unknown word ${words[at]} in a restore`);
    }
  }

  /** The session as it stands. */
  described(): Described {
    return (this.#log.describe() as Described[]).at(-1)!;
  }

  /** The checkpoints of the last record. */
  checkpoints(): Described[] {
    return (this.#log.describe() as Described[]).slice(0, -1);
  }

  checkpoint(): Checkpoint {
    return { ...this.summary(this.described()), state: this.#state!.committed() as any };
  }

  summary(raw: Described, names = this.names): CheckpointSummary {
    return toSummary(raw, this.#sessionId, names, this.#arena, this.names);
  }
}

/** `names` are those of the graph it is about, `outermost` those of the session's. */
export function toSummary(raw: Described, sessionId: string, names: Names, arena: Arena, outermost = names): CheckpointSummary {
  const nodes = (ids: number[]): string[] => ids.map((id) => names.node(id));
  return {
    sessionId,
    runId: raw.runId,
    step: raw.step,
    seq: raw.seq,
    at: raw.at,
    status: raw.status,
    versions: Object.fromEntries(raw.versions.map((version, channel) => [names.channel(channel), version])),
    frontier: nodes(raw.frontier),
    next: raw.next.map(([node, task, input]) => ({ node: names.node(node), task, ...(input > 0 && { input: lend(arena.get(input - 1)) }) })),
    ran: nodes(raw.ran),
    skipped: nodes(raw.skipped),
    updatedChannels: raw.updatedChannels.map((channel) => names.channel(channel)),
    interrupts: raw.interrupts.map(([id, reason, step, node, task, payload, ...around]) => {
      const path: string[] = [];
      let inner = outermost;
      for (let at = 0; at < around.length; at += 2) {
        path.push(pathPart(inner.node(around[at]!), around[at + 1]!));
        inner = inner.inner(around[at]!);
      }
      return { id, node: inner.node(node), task, path, step, reason: reasons[reason], ...(payload > 0 && { payload: lend(arena.get(payload - 1)) }) };
    }),
    graphHash: raw.graphHash,
    ...(raw.parent !== undefined && { parent: { sessionId: raw.parent, step: raw.parentStep! } }),
  };
}
