/**
 * The readers of one run. While the run lives each has a queue in the engine; when it ends, what is kept moves here, so that a run
 * that has ended holds no engine memory and can still be read.
 */

import { endOf } from './cursor.js';
import { RunEvents, type Pulled, type ReaderSource } from './event-stream.js';
import { readEvents, separate } from './event-factory.js';
import { readWords, type Engine } from './engine.js';
import type { Execution } from './execution.js';
import type { WeaveEvent } from './events.js';
import { Ask } from './words.js';
import { isIn, type ReadSubscription } from './read-options.js';
import type { LogTail } from './log-tail.js';
import { loadStorage } from './storage-loader.js';

type RawRun = InstanceType<Engine['RawRun']>;

const MAX_BATCH = 64;

export class Readers implements ReaderSource {
  readonly #execution: Execution;
  readonly #own: ReadSubscription;
  // Made with the first reader; most runs have none.
  #live: Set<RunEvents> | undefined;
  #waiting: Set<RunEvents> | undefined;
  /** Readers that lag so far that they read the log. */
  #tails: Map<RunEvents, LogTail> | undefined;
  #raw: RawRun | undefined;
  /** After the end: all that is kept. */
  #archive: WeaveEvent[] | undefined;
  /** After the end: the run's events are those behind `#firstAfter`, and the archive has those behind `#keptAfter`. */
  #firstAfter = 0;
  #keptAfter = 0;
  #branch = 1;
  /** After the end: the last numbers of the branches before. */
  #ends: readonly number[] = [];
  /** Someone can still ask for events after the end. */
  isExposed = false;

  /** From now on events are kept for whoever may ask. */
  expose(): void {
    if (this.isExposed) return;
    this.isExposed = true;
    this.#ask(Ask.Keep, this.#own.capacity);
  }

  constructor(execution: Execution, own: ReadSubscription) {
    this.#execution = execution;
    this.#own = own;
  }

  /** The run's own iterator, from its first event. */
  openOwn(isElsewhere: boolean): RunEvents {
    return this.#open(new RunEvents(this, this.#own, true, isElsewhere));
  }

  /** It may be another request's, as far as anyone can tell. */
  open(subscription: ReadSubscription): RunEvents {
    return this.#open(new RunEvents(this, subscription, false, true));
  }

  #open(reader: RunEvents): RunEvents {
    if (reader.subscription.signal?.aborted) return reader;
    (this.#live ??= new Set()).add(reader);
    if (this.#raw !== undefined) this.#subscribe(reader, this.#raw);
    else if (this.#archive !== undefined) this.#serve(reader);
    return reader;
  }

  /** The engine knows the run. */
  attach(raw: RawRun): void {
    this.#raw = raw;
    for (const reader of this.#live ?? []) this.#subscribe(reader, raw);
    // A `next()` that waits already makes its reader count from the first event on.
    for (const reader of this.#waiting ?? []) reader.wake();
  }

  #subscribe(reader: RunEvents, raw: RawRun): void {
    const { mask, capacity, waits, after } = reader.subscription;
    const from = after !== undefined ? 2 : reader.isOwn ? 0 : 1;
    try {
      let seq = after?.seq ?? 0;
      // The engine sees to a number that was never reached.
      const end = after === undefined ? Infinity : endOf(after, Infinity, raw.ask(Ask.Branch, 0, 0, 0), (branch) => raw.ask(Ask.CursorEnd, branch, 0, 0));
      if (seq > end) reader.lead([this.#reset((seq = end))]);
      reader.id = raw.subscribe(mask, capacity, waits, from, seq);
    } catch (thrown) {
      this.#execution.fail(thrown);
    }
  }

  /** The run begins anew with another engine half; what its readers have not pulled never was. */
  detach(): void {
    this.#raw = undefined;
  }

  /** Calls from outside the execution's pump; a trap ends the run. */
  #ask(what: number, a = 0, b = 0): number {
    try {
      return this.#raw?.ask(what, a, b, 0) ?? 0;
    } catch (thrown) {
      this.#execution.fail(thrown);
      return 0;
    }
  }

  /** A reader that comes after the end. */
  #serve(reader: RunEvents): void {
    const { mask, after } = reader.subscription;
    if (after === undefined) return reader.leave([], 0);
    const end = endOf(after, this.#execution.terminal!.seq, this.#branch, (branch) => this.#ends[branch] ?? -1);
    if (after.seq > end) reader.lead([this.#reset(end)]);
    const seq = Math.min(after.seq, end);
    const from = seq === 0 ? this.#firstAfter : seq;
    const kept = this.#behind(from, mask);
    if (from >= this.#keptAfter) reader.leave(kept, 0);
    else if (this.#execution.store !== undefined) reader.lag(from, 0);
    else reader.leave([this.#reset(this.#keptAfter), ...kept], 0);
  }

  /** What the archive has behind a number, and how the run ended in any case. */
  #behind(after: number, mask: number): WeaveEvent[] {
    const { type } = this.#execution.terminal!;
    return this.#archive!.filter((event) => isIn(mask, event) && (event.transient === true ? event.type === type : event.seq > after)).map(separate);
  }

  #reset(after: number): WeaveEvent {
    const { runId, sessionId, timers } = this.#execution;
    return { type: 'stream.reset', seq: after, at: timers.now(), runId, sessionId, after, transient: true };
  }

  pull(reader: RunEvents): Pulled {
    const raw = this.#raw;
    if (raw === undefined) return this.#archive === undefined ? this.#wait(reader) : 'ended';
    try {
      const count = raw.pull(reader.id, batchOf(reader), this.#execution.timers.now());
      const words = readWords(count);
      const [kind, after] = words;
      const events = kind === 0 ? readEvents(words, 1, count, this.#execution) : [];
      // A pull may let the run go on, also one that finds nothing: the queue is empty then.
      if (raw.ask(Ask.NeedsPulled, 0, 0, 0) === 1) this.#pulled(reader.isElsewhere);
      if (kind === 0) {
        reader.lastSeq = events.at(-1)!.seq;
        return events;
      }
      if (kind === 1) return this.#wait(reader);
      return kind === 2 ? 'ended' : { refillAfter: after! };
    } catch (thrown) {
      this.#execution.fail(thrown);
      return this.#raw === undefined ? [] : this.#wait(reader);
    }
  }

  /** The run may go on, in a turn of its own. */
  #pulled(isElsewhere: boolean): void {
    const tell = (): void => this.#execution.pulled();
    queueMicrotask(() => (isElsewhere ? this.#execution.inTurn(tell) : tell()));
  }

  /** Before a timer fires: readers that work off what they have pulled are not silent. */
  touch(): void {
    for (const reader of this.#live ?? []) {
      if (!reader.hasTaken) continue;
      reader.hasTaken = false;
      this.#ask(Ask.Touch, reader.id, this.#execution.timers.now());
    }
  }

  #wait(reader: RunEvents): 'empty' {
    (this.#waiting ??= new Set()).add(reader);
    return 'empty';
  }

  /** Reads the log after a number until the engine's ring takes over; yields durable events. */
  async refill(reader: RunEvents, after: number): Promise<WeaveEvent[]> {
    const { store } = this.#execution;
    if (store === undefined) return [];
    let tail = this.#tails?.get(reader);
    if (tail === undefined) {
      const { LogTail } = await loadStorage();
      (this.#tails ??= new Map()).set(reader, (tail = new LogTail(this.#execution, store)));
    }
    const events = await tail.read(after, this.#raw === undefined ? MAX_BATCH : batchOf(reader));
    const { mask } = reader.subscription;
    const last = events.at(-1)?.seq ?? after;
    if (this.#raw === undefined) {
      if (events.length > 0) reader.lag(last, reader.dropped);
      else reader.leave(this.#behind(last, mask), reader.dropped);
    } else if (this.#ask(Ask.Rejoin, reader.id, last) === 1) {
      this.#closeTail(reader);
    }
    const kept = events.filter((event) => isIn(mask, event));
    const first = events[0]?.seq ?? 0;
    return first > after + 1 ? [this.#reset(first - 1), ...kept] : kept;
  }

  #closeTail(reader: RunEvents): void {
    this.#tails?.get(reader)?.close();
    this.#tails?.delete(reader);
  }

  /** Whether the reader's queue is the engine's. */
  isAttached(): boolean {
    return this.#raw !== undefined;
  }

  dropped(reader: RunEvents): number {
    return this.#ask(Ask.Dropped, reader.id);
  }

  close(reader: RunEvents): void {
    this.#live?.delete(reader);
    this.#waiting?.delete(reader);
    this.#closeTail(reader);
    if (this.#raw === undefined) return;
    this.#ask(Ask.Unsubscribe, reader.id);
    this.#pulled(reader.isElsewhere);
  }

  /** `join` or `result` was asked for. */
  excuse(isElsewhere: boolean): void {
    this.#ask(Ask.ExcuseReaders);
    if (isElsewhere) this.#pulled(true);
    else this.#execution.pulled();
  }

  /** There is something to pull: once per turn, after the engine's commands. */
  wake(): void {
    for (const reader of this.#waiting ?? []) queueMicrotask(() => reader.wake());
    this.#waiting?.clear();
  }

  /** The run is over and its engine half about to go: what is kept and what readers have not pulled moves here. */
  archive(): void {
    const raw = this.#raw!;
    // Not asked of the clock, which may throw: the run is over whatever happens here.
    const now = this.#execution.terminal!.at;
    /** What a reader's queue holds, and, where the log comes next, after which number. */
    const drain = (id: number): { events: WeaveEvent[]; logAfter: number | undefined } => {
      const events: WeaveEvent[] = [];
      for (;;) {
        const count = raw.pull(id, 1024, now);
        const words = readWords(count);
        if (words[0] !== 0) return { events, logAfter: words[0] === 3 ? words[1]! : undefined };
        for (const event of readEvents(words, 1, count, this.#execution)) events.push(event);
      }
    };
    for (const reader of this.#live ?? []) {
      const { events, logAfter } = drain(reader.id);
      const dropped = raw.ask(Ask.Dropped, reader.id, 0, 0);
      if (events.length > 0 || logAfter === undefined) reader.leave(events, dropped);
      if (logAfter !== undefined) reader.lag(logAfter, dropped);
    }
    this.#archive = [];
    this.#branch = raw.ask(Ask.Branch, 0, 0, 0);
    this.#ends = Array.from({ length: this.#branch }, (_, branch) => raw.ask(Ask.CursorEnd, branch, 0, 0));
    if (this.isExposed) {
      const { events, logAfter } = drain(raw.subscribe(0xffff_ffff, 0xffff_ffff, false, 0, 0));
      const [first] = events;
      if (first === undefined) {
        // The log has them all.
        this.#firstAfter = logAfter!;
        this.#keptAfter = this.#execution.terminal!.seq;
      } else if (first.type === 'stream.gap') {
        events.shift();
        this.#firstAfter = first.from - 1;
        this.#keptAfter = first.to;
      } else {
        this.#firstAfter = this.#keptAfter = first.transient === true ? first.seq : first.seq - 1;
      }
      this.#archive = events;
    }
    this.#raw = undefined;
    this.wake();
  }

  /** The engine's half is lost: readers, or only those that are elsewhere, end with `terminal`. */
  lose(terminal: WeaveEvent, onlyElsewhere = false): void {
    this.#raw = undefined;
    for (const reader of this.#live ?? []) {
      if (onlyElsewhere && !reader.isElsewhere) continue;
      this.#live?.delete(reader);
      terminal.seq = Math.max(terminal.seq, reader.lastSeq);
      reader.leave([{ ...terminal, seq: reader.lastSeq }], reader.dropped);
    }
    this.#archive = [terminal];
    this.#firstAfter = this.#keptAfter = terminal.seq;
    this.wake();
  }
}

/** Events that a reader may hold beside its queue: few, so that a run that waits for it waits for what it reads. */
function batchOf({ subscription }: RunEvents): number {
  return Math.max(1, Math.min(MAX_BATCH, Math.floor(subscription.capacity / 4)));
}
