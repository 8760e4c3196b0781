/**
 * Appends the engine's records to the session's log, and tells the engine what the store said.
 */

import { copyBytes } from './engine.js';
import { WeaveError } from './errors.js';
import type { Execution } from './execution.js';
import type { MaybePromise, SessionRow } from './log-store.js';
import type { Pump } from './pump.js';
import { OpenStream } from './text-stream.js';
import { isThenable } from './thenable.js';
import { Thrown } from './thrown.js';
import { Ask, statuses, Tell, TellText } from './words.js';

export class RecordWriter {
  readonly #execution: Execution;
  readonly #pump: Pump;

  constructor(execution: Execution, pump: Pump) {
    this.#execution = execution;
    this.#pump = pump;
  }

  /** Carries out the command at `at` and returns where the next one begins. */
  append(queue: readonly number[], at: number): number {
    const execution = this.#execution;
    const [, slot, flags, length, count] = queue.slice(at, at + 5) as [number, number, number, number, number];
    const next = at + 5 + count;
    const values: unknown[] = [];
    for (let index = at + 5; index < next; index += 1) values.push(toStored(execution.arena.get(queue[index]!)));
    const savesContents = (flags & 1) === 1;
    if (savesContents) for (const content of execution.state.contents) values.push(content.save());
    const bytes = copyBytes(this.#pump.ask(Ask.Record), length);
    const row: SessionRow | undefined =
      (flags & 2) === 0
        ? undefined
        : {
            runId: execution.runId,
            status: statuses[this.#pump.ask(Ask.Status)]!,
            step: this.#pump.ask(Ask.Step),
            at: execution.timers.now(),
            createdAt: this.#pump.ask(Ask.CreatedAt),
          };
    const { sessionId } = execution;
    const store = execution.store!;
    const sentAt = this.#pump.observation && execution.timers.now();
    this.#when(
      // An injected clock says this, too: then the record follows from the run alone.
      () => store.append(sessionId, execution.options.clock === undefined ? { slot, bytes, values } : { slot, bytes, values, storedAt: execution.timers.now() }, row, (flags & 4) !== 0),
      (answer) => {
        if (answer === 'taken') {
          this.#readBack(slot);
          return 0;
        }
        if (savesContents) store.snapshotTaken?.(sessionId, slot);
        execution.stored(savesContents);
        if (sentAt !== undefined) this.#pump.observation?.saved(execution.timers.now() - sentAt, bytes, values);
        return this.#pump.tell(Tell.Appended, store.answersInTurns === true ? 1 : 0);
      },
    );
    return next;
  }

  /** The slot was not free: the engine knows its own record, whose acknowledgement was lost. */
  #readBack(slot: number): void {
    const { sessionId, store, timers } = this.#execution;
    const { raw } = this.#pump;
    this.#when(
      () => store!.read(sessionId, slot, 1),
      ([record]) => (raw === this.#pump.raw ? (raw?.taken(timers.now(), record?.slot === slot ? record.bytes : undefined) ?? 0) : 0),
    );
  }

  /** Asks the store and tells the engine: at once, or when a promise settles. */
  #when<T>(ask: () => MaybePromise<T>, tell: (answer: T) => number): void {
    const { raw } = this.#pump;
    let answer: MaybePromise<T>;
    try {
      answer = ask();
    } catch (thrown) {
      return this.#pump.take(this.#refused(thrown));
    }
    // A run that has begun anew since is not told what was asked for before.
    const enter = (call: () => number): void => {
      if (raw === this.#pump.raw) this.#pump.enter(call);
    };
    if (!isThenable(answer)) return this.#pump.take(tell(answer));
    (answer as Promise<T>).then(
      (word) => enter(() => tell(word)),
      (thrown: unknown) => enter(() => this.#refused(thrown)),
    );
  }

  #refused(thrown: unknown): number {
    const isTyped = thrown instanceof WeaveError && thrown.code.startsWith('CHECKPOINT_');
    const kept = this.#execution.keepThrown(thrown, isTyped, 'CHECKPOINT_UNAVAILABLE');
    return this.#pump.tellText(TellText.AppendFailed, 0, 0, kept.handle, kept.code, kept.text);
  }
}

/** A value as the log keeps it: what was thrown becomes data, a stream its text. */
function toStored(value: unknown): unknown {
  if (value instanceof OpenStream) return value.toFinal();
  if (value instanceof Thrown) return value.cause === undefined ? null : Thrown.toValue(value.cause.value);
  return value;
}
