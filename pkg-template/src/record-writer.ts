/**
 * Appends the engine's records to the session's log, and tells the engine what the store said.
 */

import { copyBytes } from './engine.js';
import { WeaveError } from './errors.js';
import type { Execution } from './execution.js';
import type { SessionRow } from './log-store.js';
import { OpenStream } from './text-stream.js';
import { Thrown } from './thrown.js';
import { Ask, statuses, Tell, TellText } from './words.js';

export class RecordWriter {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** Carries out the command at `at` and returns where the next one begins. */
  append(queue: readonly number[], at: number): number {
    const [, slot, flags, length, count] = queue.slice(at, at + 5) as [number, number, number, number, number];
    const next = at + 5 + count;
    const values: unknown[] = [];
    for (let index = at + 5; index < next; index += 1) values.push(toStored(this.#execution.arena.get(queue[index]!)));
    const savesContents = (flags & 1) === 1;
    if (savesContents) for (const content of this.#execution.state.contents) values.push(content.save());
    const bytes = copyBytes(this.#execution.ask(Ask.Record), length);
    const store = this.#execution.store!;
    const row: SessionRow | undefined = (flags & 2) === 0 ? undefined : { runId: this.#execution.runId, status: statuses[this.#execution.ask(Ask.Status)]!, step: this.#execution.ask(Ask.Step), at: this.#execution.timers.now(), createdAt: this.#execution.timers.now() };
    const answered = (answer: 'ok' | 'taken'): number => {
      if (answer === 'taken') return this.#execution.raw?.taken(this.#execution.timers.now(), undefined) ?? 0;
      if (savesContents) store.snapshotTaken?.(this.#execution.sessionId, slot);
      return this.#execution.tell(Tell.Appended);
    };
    const refused = (thrown: unknown): number => {
      const isTyped = thrown instanceof WeaveError && thrown.code.startsWith('CHECKPOINT_');
      const kept = this.#execution.keepThrown(thrown, isTyped, 'CHECKPOINT_UNAVAILABLE');
      return this.#execution.tellText(TellText.AppendFailed, 0, 0, kept.handle, kept.code, kept.text);
    };
    let answer: 'ok' | 'taken' | Promise<'ok' | 'taken'>;
    try {
      answer = store.append(this.#execution.sessionId, { slot, bytes, values }, row);
    } catch (thrown) {
      this.#execution.take(refused(thrown));
      return next;
    }
    if (typeof answer === 'string') {
      this.#execution.take(answered(answer));
    } else {
      answer.then(
        (word) => this.#execution.enter(() => answered(word)),
        (thrown: unknown) => this.#execution.enter(() => refused(thrown)),
      );
    }
    return next;
  }
}

/** A value as the log keeps it: what was thrown becomes data, a stream its text. */
function toStored(value: unknown): unknown {
  if (value instanceof OpenStream) return value.toFinal();
  if (value instanceof Thrown) return value.cause === undefined ? null : Thrown.toValue(value.cause.value);
  return value;
}
