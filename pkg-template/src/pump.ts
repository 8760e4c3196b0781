/**
 * The engine's half of a run: tells it what has happened, and carries out the commands that it answers with, in order.
 *
 * Owns the command queue. It must not decide anything about the workflow: order, retries, routing, versions and the log are the engine's.
 * Invariant: user code runs with no call of the engine on the stack, so whatever it does, including calling back into this run, only
 * queues more commands.
 */

import { BarrierCalls } from './barrier-calls.js';
import type { Attempt } from './context.js';
import { readWords, type Engine } from './engine.js';
import type { Execution } from './execution.js';
import type { Observation } from './observer.js';
import { RecordWriter } from './record-writer.js';
import type { GraphFrame } from './graph-frame.js';
import { SoloStep } from './solo-step.js';
import { SubgraphCalls } from './subgraph-calls.js';
import { TaskCalls } from './task-calls.js';
import { nextTurn } from './turn.js';
import type { PlainUpdate } from './updates.js';
import { Ask, Op, Tell } from './words.js';

export type RawRun = InstanceType<Engine['RawRun']>;

/** In words. */
const LONG_QUEUE = 4096;

/** Runs that wait hold no queue, so one is mostly enough for all. */
let spareQueue: number[] | undefined;

function borrowQueue(): number[] {
  const queue = spareQueue ?? [];
  spareQueue = undefined;
  return queue;
}

export class Pump {
  /** Absent before the run begins and once it is over: nothing is told then, and nothing answered. */
  raw: RawRun | undefined;
  /** The last reading of the clock. */
  now = 0;
  /** Held only while there are commands. */
  #queue: number[] | undefined;
  /** How many words of the queue count; what lies behind them is old. */
  #end = 0;
  /** The engine's, as of the last call: `Run`s of an earlier one are void. */
  generation = 0;
  /** Told of what happens, as it happens. */
  observation: Observation | undefined;
  /** The graph that calls of the engine are about: that of the command which is carried out, or of the attempt that has something to say. */
  here: GraphFrame;
  /** The graph that commands are about. */
  #said: GraphFrame;
  /** The one that the engine was told of last. */
  #told = 0;
  #subgraphs: SubgraphCalls | undefined;
  #isPumping = false;
  readonly #execution: Execution;
  readonly #tasks: TaskCalls;
  readonly #barrier: BarrierCalls;
  readonly #solo: SoloStep;
  readonly #writer: RecordWriter;

  constructor(execution: Execution) {
    this.#execution = execution;
    this.here = this.#said = execution.root;
    this.#tasks = new TaskCalls(execution, this);
    this.#barrier = new BarrierCalls(execution, this);
    this.#solo = new SoloStep(execution, this, this.#barrier);
    this.#writer = new RecordWriter(execution, this);
  }

  /** Calls the engine and carries out what it says. The one way in for everything that happens outside the pump. */
  enter(call: () => number, frame?: GraphFrame): void {
    if (this.raw === undefined) return;
    const { here } = this;
    try {
      this.#solo.interrupt();
      if (frame !== undefined) this.here = frame;
      this.take(call());
      this.#pump();
    } catch (thrown) {
      this.#execution.fail(thrown);
    }
    this.here = here;
  }

  /** The engine's half of a run that begins anew is another one. */
  restart(): void {
    this.raw = undefined;
    this.here = this.#said = this.#execution.root;
    this.#told = 0;
    this.#subgraphs = undefined;
  }

  /** The engine's half of the run, which knows what it is about to be told of. */
  heard(): RawRun | undefined {
    const { id } = this.here;
    if (id !== this.#told) {
      this.#told = id;
      this.raw?.ask(Ask.Enter, id, 0, 0);
    }
    return this.raw;
  }

  /** The frames of sub-graphs, and where the commands of one are to be found. */
  get subgraphs(): SubgraphCalls {
    return (this.#subgraphs ??= new SubgraphCalls(this.#execution, this, this.#tasks));
  }

  /** All graphs that run. */
  frames(): GraphFrame[] {
    return [this.#execution.root, ...(this.#subgraphs?.all() ?? [])];
  }

  /** An attempt has returned. The same as by `enter`, without a function for each. */
  returned(attempt: Attempt, result: unknown): void {
    if (this.raw === undefined) return;
    const { here } = this;
    try {
      this.#solo.interrupt();
      this.take(this.#tasks.returned(attempt, result));
      this.#pump();
    } catch (thrown) {
      this.#execution.fail(thrown);
    }
    this.here = here;
  }

  /** A solo attempt has returned. Returns the count of words. */
  stepAlone(attempt: Attempt, update: PlainUpdate): number {
    const wasPumping = this.#isPumping;
    // What user code calls meanwhile only queues commands.
    this.#isPumping = true;
    try {
      return this.#solo.step(attempt, update);
    } finally {
      this.#isPumping = wasPumping;
    }
  }

  /** An attempt's event. The same as by `enter`, without a function for each. */
  emit(attempt: Attempt, kind: number, payload: object, bytes: number, offset: number): void {
    const { here } = this;
    this.here = attempt.frame;
    const raw = this.heard();
    this.here = here;
    if (raw === undefined) return;
    try {
      const { arena, timers } = this.#execution;
      const count = raw.emit(timers.now(), attempt.index, attempt.ticket, kind, arena.put(payload), bytes, offset);
      if (count <= 0 && this.observation === undefined) return;
      this.take(count);
      this.#pump();
    } catch (thrown) {
      this.#execution.fail(thrown);
    }
  }

  tell(what: number, a = 0, b = 0, c = 0, d = 0, x = 0): number {
    return this.heard()?.tell(what, (this.now = this.#execution.timers.now()), a, b, c, d, x) ?? 0;
  }

  /** The same at the last reading of the clock: nothing has happened since. */
  tellAtOnce(what: number, a = 0, b = 0, c = 0, d = 0, x = 0): number {
    return this.heard()?.tell(what, this.now, a, b, c, d, x) ?? 0;
  }

  tellWith(what: number, a: number, b: number, c: number, d: number, x: number, words: Uint32Array): number {
    return this.heard()?.tellWith(what, this.#execution.timers.now(), a, b, c, d, x, words) ?? 0;
  }

  /** `value` is what was thrown, unless the call says otherwise. */
  tellText(what: number, a: number, b: number, value: number, code: string, text: string, bytes = 256): number {
    return this.heard()?.tellText(what, this.#execution.timers.now(), a, b, value, bytes, code, text) ?? 0;
  }

  ask(what: number, a = 0, b = 0, c = 0): number {
    return this.heard()?.ask(what, a, b, c) ?? -1;
  }

  /** The same about a graph. */
  askAbout(frame: GraphFrame, what: number, a = 0, b = 0, c = 0): number {
    const { here } = this;
    this.here = frame;
    const answer = this.ask(what, a, b, c);
    this.here = here;
    return answer;
  }

  /** Queues the commands of a call; a negative count says that there was nothing to call about. */
  take(count: number): void {
    if (count > 0) {
      const words = readWords(count);
      this.generation = words[0]!;
      const queue = (this.#queue ??= borrowQueue());
      for (let index = 1; index < count; index += 1) queue[this.#end++] = words[index]!;
    }
    if (this.observation !== undefined) this.#observe(this.observation);
  }

  /** What its hooks call only queues commands: they are told before a node is called. */
  #observe(observation: Observation): void {
    const wasPumping = this.#isPumping;
    this.#isPumping = true;
    try {
      observation.look();
    } finally {
      this.#isPumping = wasPumping;
    }
  }

  #pump(): void {
    const queue = this.#queue;
    if (this.#isPumping || queue === undefined) return;
    this.#isPumping = true;
    let at = 0;
    try {
      while (at < this.#end) {
        at = this.#carryOut(queue, at);
        if (at <= LONG_QUEUE) continue;
        // A long run of commands must not keep all that were done.
        queue.splice(0, at);
        this.#end -= at;
        at = 0;
      }
    } finally {
      this.#isPumping = false;
      this.#end = 0;
      this.#queue = undefined;
      if (queue.length <= LONG_QUEUE) spareQueue = queue;
    }
  }

  /** Carries out the command at `at` and returns where the next one begins. */
  #carryOut(queue: readonly number[], at: number): number {
    this.here = this.#said;
    switch (queue[at]) {
      case Op.Run:
        this.#tasks.run(queue, at);
        return at + 10;
      case Op.Rescue:
        this.#tasks.rescue(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!);
        return at + 4;
      case Op.AskRetry:
        this.#tasks.askRetry(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!, queue[at + 4]!);
        return at + 5;
      case Op.Abort:
        this.#tasks.abort(queue[at + 1]!, queue[at + 2]!, queue[at + 3]!);
        return at + 4;
      case Op.Begin:
        this.here.state.begin();
        return at + 1;
      case Op.Write:
      case Op.Load:
      case Op.Note:
        return this.#barrier.fold(queue, at);
      case Op.EndFolds:
        this.#barrier.endFolds();
        return at + 1;
      case Op.Commit:
        this.here.state.commit();
        return at + 1;
      case Op.Rollback:
        this.here.state.rollback();
        return at + 1;
      case Op.Route:
        this.#barrier.route(queue[at + 1]!, queue[at + 2]!);
        return at + 3;
      case Op.StartTimer:
        this.#execution.timers.start(queue[at + 1]!, queue[at + 2]!);
        return at + 3;
      case Op.StopTimer:
        this.#execution.timers.stop(queue[at + 1]!);
        return at + 2;
      case Op.WakeSleep:
        this.#execution.requests.wake(queue[at + 1]!);
        return at + 2;
      case Op.Flushed:
        this.#execution.requests.flushed(queue[at + 1]!);
        return at + 2;
      case Op.Append:
        return this.#writer.append(queue, at);
      case Op.Yield:
        nextTurn(() => this.enter(() => this.tell(Tell.Turn)));
        return at + 1;
      case Op.WakeReaders:
        this.#execution.readers.wake();
        return at + 1;
      case Op.Finish:
        this.#execution.finish();
        return this.#end;
      case Op.Enter:
        // One that did not open has nothing to be told any more.
        this.#said = this.subgraphs.get(queue[at + 1]!) ?? this.#execution.root;
        return at + 2;
      case Op.Open:
        this.subgraphs.open(queue, at);
        return at + 10;
      case Op.Output:
        this.subgraphs.output();
        return at + 1;
      case Op.Close:
        this.subgraphs.close(queue[at + 1]!);
        return at + 2;
      case Op.Release: {
        const end = at + 2 + queue[at + 1]!;
        for (let index = at + 2; index < end; index += 1) this.#execution.arena.release(queue[index]!);
        return end;
      }
      default:
        throw new Error(`unknown command ${queue[at]}`);
    }
  }

  /** The run is over: what is queued is not carried out, and attempts that still run are cut off. */
  stop(): void {
    this.raw = undefined;
    this.#end = 0;
    this.#tasks.abandon();
  }
}
