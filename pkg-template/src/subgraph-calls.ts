/**
 * Sub-graphs of a run: their contents are made of those of the graph around them, or of what the user maps, and so is what they return.
 *
 * Owns which of them are open. It must not decide when one begins or is done: the engine does. Invariant: the user's mapping functions
 * answer at once; a promise is no answer.
 */

import type { AppCore } from './app-core.js';
import { readBreakpoints } from './breakpoints.js';
import { ChannelState } from './channel-state.js';
import { Attempt } from './context.js';
import { createError } from './errors.js';
import type { Execution } from './execution.js';
import { GraphFrame } from './graph-frame.js';
import type { Pump } from './pump.js';
import type { TaskCalls } from './task-calls.js';
import { isThenable } from './thenable.js';
import { readUpdate, toStartWords } from './updates.js';
import { lend } from './values.js';
import { Ask, TellWith } from './words.js';

/** The contents of a sub-graph in the middle of its task, as its log leaves them. */
export interface InnerState {
  readonly app: AppCore;
  readonly state: ChannelState;
}

/** The contents with which the sub-graph that is `node` begins, before anything is mapped to it. */
export function beginInner(app: AppCore, state: ChannelState, node: number): InnerState {
  const { graph, options } = app.nodes[node]!;
  const inner = new ChannelState(graph!);
  if (options.input === undefined) inner.share(graph!, app, state);
  return { app: graph!, state: inner };
}

export class SubgraphCalls {
  readonly #execution: Execution;
  readonly #pump: Pump;
  readonly #tasks: TaskCalls;
  readonly #open = new Map<number, GraphFrame>();

  constructor(execution: Execution, pump: Pump, tasks: TaskCalls) {
    this.#execution = execution;
    this.#pump = pump;
    this.#tasks = tasks;
  }

  get(frame: number): GraphFrame | undefined {
    return this.#open.get(frame);
  }

  all(): Iterable<GraphFrame> {
    return this.#open.values();
  }

  open(queue: readonly number[], at: number): void {
    const { arena, inner, options } = this.#execution;
    const frame = this.#pump.here;
    const [index, ticket, node, count, step, task, id] = queue.slice(at + 1) as [number, number, number, number, number, number, number];
    if (this.#pump.ask(Ask.IsRunning, index, ticket) !== 1) return;
    const input: unknown = queue[at + 9] === 0 ? undefined : lend(arena.get(queue[at + 9]! - 1));
    const attempt = new Attempt(this.#execution, index, ticket, node, step, task, count, input, frame);
    frame.attempts[index] = attempt;
    const restored = queue[at + 8] === 1 ? inner.get(id) : undefined;
    const words: number[] = [];
    const fold = (given: unknown, where: string): void => {
      const update = readUpdate(app, given, where);
      if (update.value !== undefined) words.push(arena.put(update.value), update.bytes, ...toStartWords(update));
    };
    const { app, state } = restored ?? beginInner(frame.app, frame.state, node);
    if (restored === undefined) {
      const map = frame.app.nodes[node]!.options.input;
      let mapped: unknown;
      try {
        mapped = map?.(frame.state.viewForTask() as any);
      } catch (thrown) {
        this.#pump.take(this.#tasks.threw(attempt, thrown));
        return;
      }
      try {
        fold(atOnce(mapped, 'input'), 'what its input function returned');
        fold(input, 'the input of its send');
      } catch (thrown) {
        this.#pump.take(this.#tasks.threw(attempt, thrown, true));
        return;
      }
    }
    const opened = new GraphFrame(id, app, state, attempt, frame.id === 0 ? this.#execution.keyStep(step) : step);
    this.#open.set(id, opened);
    this.#pump.here = opened;
    const breakpoints = readBreakpoints(app, app.parts.options);
    if (breakpoints !== undefined) this.#pump.take(this.#pump.tellWith(TellWith.Breakpoints, breakpoints.before, 0, 0, 0, 0, breakpoints.nodes));
    this.#pump.take(this.#pump.tellWith(TellWith.Opened, app.parts.options.maxSteps ?? options.maxSteps, 0, 0, 0, 0, new Uint32Array(words)));
  }

  /** It is done: its last state is mapped to what the task returns. */
  output(): void {
    const { state, around } = this.#pump.here;
    const map = around!.frame.app.nodes[around!.nodeId]!.options.output;
    let mapped: unknown;
    try {
      mapped = map?.(state.viewForTask() as any);
    } catch (thrown) {
      this.#pump.take(this.#tasks.threw(around!, thrown));
      return;
    }
    try {
      mapped = atOnce(mapped, 'output');
    } catch (thrown) {
      this.#pump.take(this.#tasks.threw(around!, thrown, true));
      return;
    }
    this.#pump.take(this.#tasks.returned(around!, mapped));
  }

  close(frame: number): void {
    this.#open.delete(frame);
  }
}

function atOnce(mapped: unknown, option: string): unknown {
  if (!isThenable(mapped)) return mapped;
  mapped.then(undefined, () => undefined);
  throw createError('NODE_INVALID_RESULT', `its ${option} function returned a promise; let it return the update itself, and do what takes time in a node`);
}
