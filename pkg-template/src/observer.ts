/**
 * What a run's observer is told: each hook in its turn, as things happen, also before they are stored.
 *
 * Owns nothing of the run. Made only where there is an observer; without one the run does not know of it. Invariant: whatever a hook
 * throws is a `diagnostic` event at most, and no hook is called within a call of the engine or of another hook.
 */

import { readEvents } from './event-factory.js';
import { readWords } from './engine.js';
import type { NodeBase, WeaveEvent } from './events.js';
import type { Execution } from './execution.js';
import type { RunObserver } from './run-options.js';
import { isThenable } from './thenable.js';
import { describe } from './thrown.js';
import { isOurs, sizeOf } from './values.js';
import { Ask, NONE, TellText } from './words.js';

const BATCH = 256;
/** As `RawRun.subscribe` and `TellText.Remark` number them. */
const UNSTORED = 3;
const OF_OBSERVER = 1;
const EVERYTHING = 0xffff_ffff;

type Started = NodeBase & { readonly at: number };

export class Observation {
  readonly #execution: Execution;
  readonly #observer: RunObserver;
  #reader = 0;
  #isTelling = false;
  #startedAt: number | undefined;
  /** Attempts that have not ended. */
  readonly #open = new Map<string, Started>();

  constructor(execution: Execution, observer: RunObserver) {
    this.#execution = execution;
    this.#observer = observer;
  }

  /** The engine knows the run. */
  attach(): void {
    this.#reader = this.#execution.pump.raw!.subscribe(EVERYTHING, EVERYTHING, false, UNSTORED, 0);
  }

  /** Tells what has happened since the last call. What hooks make happen meanwhile is told after them. */
  look(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let raw = this.#execution.pump.raw; raw !== undefined && raw === this.#execution.pump.raw; ) {
        const count = raw.pull(this.#reader, BATCH, this.#execution.pump.now);
        const words = readWords(count);
        if (words[0] !== 0) break;
        const { arena, names, sessionId, runId, storeName, branch } = this.#execution;
        for (const event of readEvents(words, 1, count, { arena, names, sessionId, runId, storeName, branch })) this.#tell(event);
      }
    } finally {
      this.#isTelling = false;
    }
  }

  /** The session was read from its log. */
  loaded(step: number, durationMs: number): void {
    const { sessionId, storeName: backend } = this.#execution;
    this.#call('onCheckpointLoad', { sessionId, backend, step, durationMs });
  }

  /** The store has a record. */
  saved(durationMs: number, bytes: Uint8Array, values: readonly unknown[]): void {
    const { pump, sessionId, storeName: backend } = this.#execution;
    const size = values.reduce<number>((sum, value) => sum + (typeof value !== 'object' || (value !== null && isOurs(value)) ? sizeOf(value) : 0), bytes.length);
    this.#call('onCheckpointSave', { sessionId, backend, step: pump.ask(Ask.Step), durationMs, bytes: size });
  }

  /** The run is over. */
  ended(terminal: WeaveEvent): void {
    this.#isTelling = true;
    for (const started of this.#open.values()) this.#finished(started, terminal.at - started.at, 'interrupted');
    if (this.#startedAt === undefined) return;
    const { runId, sessionId, status } = this.#execution;
    this.#call('onRunFinish', { runId, sessionId, status, durationMs: Math.max(terminal.at - this.#startedAt, 0) });
  }

  #tell(event: WeaveEvent): void {
    switch (event.type) {
      case 'run.started':
        // A run that found its session taken begins again.
        if (this.#startedAt !== undefined) break;
        this.#startedAt = event.at;
        this.#call('onRunStart', { runId: event.runId, sessionId: event.sessionId, graphHash: event.graphHash });
        break;
      case 'node.started':
        this.#open.set(keyOf(event), event);
        this.#call('onNodeStart', placeOf(event));
        break;
      case 'node.completed':
      case 'node.failed':
        // What `onError` gave for a failed attempt is no other attempt.
        if (this.#open.delete(keyOf(event))) this.#finished(event, event.durationMs, event.type === 'node.failed' ? 'failed' : 'completed');
        break;
      case 'node.skipped':
        this.#finished({ ...event, attempt: 0 }, 0, 'skipped');
    }
    this.#call('onEvent', { type: event.type }, event.type === 'diagnostic');
  }

  #finished(task: NodeBase, durationMs: number, outcome: 'completed' | 'failed' | 'skipped' | 'interrupted'): void {
    this.#call('onNodeFinish', { ...placeOf(task), durationMs: Math.max(durationMs, 0), outcome });
  }

  /** `isQuiet`: it is about a diagnostic, and another one might come of it without end. */
  #call<Hook extends keyof RunObserver>(hook: Hook, told: Parameters<NonNullable<RunObserver[Hook]>>[0], isQuiet = false): void {
    const report = (thrown: unknown): void => {
      const { pump } = this.#execution;
      const text = `${hook} threw: ${describe(thrown)}`;
      if (!isQuiet) pump.take(pump.tellText(TellText.Remark, OF_OBSERVER, 0, NONE, '', text));
    };
    try {
      const answer: unknown = (this.#observer[hook] as ((told: unknown) => unknown) | undefined)?.(told);
      // Nobody waits for a hook; one that rejects must not end the process.
      if (isThenable(answer)) answer.then(undefined, (thrown: unknown) => this.#execution.pump.enter(() => (report(thrown), 0)));
    } catch (thrown) {
      report(thrown);
    }
  }
}

function placeOf({ node, task, step, attempt, path }: NodeBase): NodeBase {
  return { node, task, step, attempt, ...(path !== undefined && { path }) };
}

function keyOf({ node, task, path = [] }: NodeBase): string {
  return JSON.stringify([path, node, task]);
}
