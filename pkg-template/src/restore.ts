/**
 * Sessions out of their logs: for a run that goes on, for `getState` and `history`, and for readers that lag.
 *
 * Owns how a log is paged. It must not interpret a record: the engine reads the bytes and says what to fold.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { ChannelState } from './channel-state.js';
import { engine, instanceNumber, isTrap, readWords, reportTrap, type Engine } from './engine.js';
import { toErrorEvent } from './error-note.js';
import { createError, WeaveError } from './errors.js';
import { readEvents, type EventSource } from './event-factory.js';
import type { WeaveEvent } from './events.js';
import { toError, takeError, type FailureParts, type Names } from './failures.js';
import type { LogStore, StoredRecord } from './log-store.js';
import type { Checkpoint, CheckpointSummary, RunStatus } from './sessions.js';
import { lend } from './values.js';
import { Op } from './words.js';

type RawLog = InstanceType<Engine['RawLog']>;

const PAGE = 256;

/**
 * The session as its log leaves it, folded into `state`. A new session has an empty log.
 *
 * @throws WeaveError SESSION_NOT_FOUND, CheckpointError CHECKPOINT_*
 */
export async function restore(app: AppCore, sessionId: string, store: LogStore, arena: Arena, state: ChannelState, isResume: boolean): Promise<RawLog> {
  const { RawLog } = engine();
  const log = new RawLog(app.graph());
  const newest = await store.newest(sessionId);
  if (newest === undefined) {
    if (isResume) throw notFound(sessionId);
    return log;
  }
  const reading = new Reading(app, sessionId, arena, state, log);
  for (let slot = reading.snapshotSlot(newest); ; ) {
    const page = await store.read(sessionId, slot, PAGE);
    for (const record of page) reading.read(record, -1, false);
    if (page.length < PAGE) return log;
    slot = page.at(-1)!.slot + 1;
  }
}

/** A checkpoint, or `null` where there is none. */
export async function readCheckpoint(app: AppCore, sessionId: string, store: LogStore, step: number | undefined): Promise<Checkpoint | null> {
  const newest = await store.newest(sessionId);
  if (newest === undefined) return null;
  return withLog(app, async (log) => {
    const reading = new Reading(app, sessionId, new Arena(), new ChannelState(app), log);
    for (let slot = step === undefined ? reading.snapshotSlot(newest) : 0; ; ) {
      const page = await store.read(sessionId, slot, PAGE);
      for (const record of page) {
        reading.read(record, step ?? -1, false);
        if (reading.described().isAtGoal) return reading.checkpoint();
      }
      if (page.length < PAGE) break;
      slot = page.at(-1)!.slot + 1;
    }
    const last = reading.checkpoint();
    return step === undefined || last.step === step ? last : null;
  });
}

/** Checkpoints newest first: at most `limit`, of steps below `before`. */
export async function readHistory(app: AppCore, sessionId: string, store: LogStore, limit: number, before: number): Promise<CheckpointSummary[]> {
  const byStep = new Map<number, CheckpointSummary>();
  await withLog(app, async (log) => {
    const reading = new Reading(app, sessionId, new Arena(), undefined, log);
    for (let slot = 0; ; ) {
      const page = await store.read(sessionId, slot, PAGE);
      for (const record of page) {
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
async function withLog<T>(app: AppCore, use: (log: RawLog) => Promise<T>): Promise<T> {
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

/** The durable events of a session in order, for a reader that lags: each record is read once. */
export class LogTail {
  readonly #source: EventSource & { readonly app: AppCore };
  readonly #store: LogStore;
  #slot = 0;
  #open: { readonly log: RawLog; readonly reading: Reading; readonly arena: Arena; readonly instance: number } | undefined;
  /** Events that a record gave beyond what was asked for. */
  readonly #spare: WeaveEvent[] = [];
  #isReading = false;
  #isClosed = false;

  constructor(source: EventSource & { readonly app: AppCore }, store: LogStore) {
    this.#source = source;
    this.#store = store;
  }

  /** The first `limit` events after the number `after`, which rises from call to call; fewer at the log's end. */
  async read(after: number, limit: number): Promise<WeaveEvent[]> {
    const { sessionId } = this.#source;
    const events = this.#spare;
    this.#isReading = true;
    try {
      for (let isAtEnd = false; !isAtEnd && events.length < limit; ) {
        if (this.#open?.instance !== instanceNumber()) this.#slot = events.length = 0;
        const page = await this.#store.read(sessionId, this.#slot, PAGE);
        isAtEnd = page.length < PAGE;
        for (const record of page) {
          if (events.length >= limit) break;
          for (const event of this.#read(record, after)) events.push(event);
        }
      }
    } catch (thrown) {
      throw isTrap(thrown) ? reportTrap(thrown) : thrown;
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#free();
    }
    return events.splice(0, limit);
  }

  close(): void {
    this.#isClosed = true;
    if (!this.#isReading) this.#free();
  }

  #read(record: StoredRecord, after: number): WeaveEvent[] {
    // A record that does not follow the one before stands behind a gap that pruning left: it has a snapshot to start from.
    if (record.slot !== this.#slot || this.#open?.instance !== instanceNumber()) this.#restart();
    const { log, reading, arena } = this.#open!;
    reading.read(record, -1, false);
    this.#slot = record.slot + 1;
    const count = log.events(after);
    const { app, sessionId } = this.#source;
    const source = { arena, names: app.names.withForeign(log.foreignNames()), sessionId, runId: reading.runId(), storeName: this.#store.name };
    return readEvents(readWords(count), 0, count, source);
  }

  #restart(): void {
    this.#free();
    const { app, sessionId } = this.#source;
    const { RawLog } = engine();
    const log = new RawLog(app.graph());
    const arena = new Arena();
    this.#open = { log, arena, reading: new Reading(app, sessionId, arena, undefined, log), instance: instanceNumber() };
  }

  #free(): void {
    if (this.#open?.instance === instanceNumber()) this.#open.log.free();
    this.#open = undefined;
  }
}

export function notFound(sessionId: string): Error {
  return createError('SESSION_NOT_FOUND', `the store has no session \`${sessionId}\`; start it with invoke`, { sessionId });
}

/** What `describe` of the engine returns. */
interface Described {
  /** The step that was asked for has been reached. */
  isAtGoal?: boolean;
  runId: string;
  step: number;
  seq: number;
  at: number;
  status: RunStatus;
  versions: number[];
  graphHash: string;
  frontier: number[];
  next: Array<[node: number, task: number, input: number]>;
  ran: number[];
  skipped: number[];
  updatedChannels: number[];
}

class Reading {
  readonly #app: AppCore;
  readonly #sessionId: string;
  readonly #arena: Arena;
  readonly #state: ChannelState | undefined;
  readonly #log: RawLog;

  constructor(app: AppCore, sessionId: string, arena: Arena, state: ChannelState | undefined, log: RawLog) {
    this.#app = app;
    this.#sessionId = sessionId;
    this.#arena = arena;
    this.#state = state;
    this.#log = log;
  }

  get #names(): Names {
    return this.#app.names.withForeign(this.#log.foreignNames());
  }

  #typed<T>(read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      if (isTrap(thrown)) throw reportTrap(thrown);
      if (!Array.isArray(thrown)) throw thrown;
      throw toError(thrown as FailureParts, this.#arena, this.#app.names, { runId: '', sessionId: this.#sessionId });
    }
  }

  snapshotSlot(newest: StoredRecord): number {
    return this.#typed(() => engine().snapshotSlot(newest.slot, newest.bytes));
  }

  read(record: StoredRecord, untilStep: number, lists: boolean): void {
    const handles = Uint32Array.from(record.values, (value) => this.#arena.put(value));
    const count = this.#typed(() => this.#log.read(record.slot, record.bytes, handles, untilStep, lists));
    const words = readWords(count).slice(0, count);
    for (let at = 0; at < count; ) at = this.#fold(words, at);
    this.#state?.endFolds();
    this.#state?.commit();
  }

  #fold(words: Float64Array, at: number): number {
    const state = this.#state;
    switch (words[at]) {
      case Op.Write:
        state?.write(words[at + 1]!, this.#arena.get(words[at + 2]!), words[at + 3] === 1);
        return at + 4;
      case Op.Load:
        state?.load(words[at + 1]!, this.#arena.get(words[at + 2]!));
        return at + 3;
      case Op.Note: {
        const error = takeError(words[at + 4]!, this.#arena, this.#names, { runId: '', sessionId: this.#sessionId });
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

  runId(): string {
    return this.described().runId;
  }

  checkpoint(): Checkpoint {
    return { ...this.summary(this.described()), state: this.#state!.committed() as any };
  }

  summary(raw: Described): CheckpointSummary {
    const names = this.#names;
    const nodes = (ids: number[]): string[] => ids.map((id) => names.node(id));
    return {
      sessionId: this.#sessionId,
      runId: raw.runId,
      step: raw.step,
      seq: raw.seq,
      at: raw.at,
      status: raw.status,
      versions: Object.fromEntries(raw.versions.map((version, channel) => [names.channel(channel), version])),
      frontier: nodes(raw.frontier),
      next: raw.next.map(([node, task, input]) => ({ node: names.node(node), task, ...(input > 0 && { input: lend(this.#arena.get(input - 1)) }) })),
      ran: nodes(raw.ran),
      skipped: nodes(raw.skipped),
      updatedChannels: raw.updatedChannels.map((channel) => names.channel(channel)),
      interrupts: [],
      graphHash: raw.graphHash,
    };
  }
}
