/**
 * The end of a step: folds of channel contents, in which reducers and key functions run, and calls of routes.
 *
 * It must not decide what is folded or where an answer leads: the engine does. Invariant: after a fold that threw, no other of the same
 * barrier is made.
 */

import { readTargets } from './commands.js';
import { toErrorEvent } from './error-note.js';
import { createError, WeaveError } from './errors.js';
import type { Execution } from './execution.js';
import { takeError } from './failures.js';
import type { Pump } from './pump.js';
import { asPromise, isThenable } from './thenable.js';
import { isA } from './thrown.js';
import { readTargetWords, UnknownTarget } from './updates.js';
import { NONE, Op, Tell, TellText, TellWith } from './words.js';

export class BarrierCalls {
  readonly #execution: Execution;
  readonly #pump: Pump;
  #skipsFolds = false;

  constructor(execution: Execution, pump: Pump) {
    this.#execution = execution;
    this.#pump = pump;
  }

  fold(queue: readonly number[], at: number): number {
    const op = queue[at]!;
    const next = at + (op === Op.Write ? 4 : op === Op.Load ? 3 : 5);
    const error = op === Op.Note ? takeError(queue[at + 4]!, this.#execution.arena, this.#execution.names, this.#execution) : undefined;
    if (this.#skipsFolds) return next;
    const channel = error === undefined ? queue[at + 1]! : this.#pump.here.app.channelIds.get('errors')!;
    try {
      if (error !== undefined) this.#pump.here.state.append(channel, toErrorEvent(error, queue[at + 1]!, queue[at + 2]!, queue[at + 3]!));
      else if (op === Op.Write) this.#pump.here.state.write(channel, this.#execution.arena.get(queue[at + 2]!), queue[at + 3] === 1);
      else this.#pump.here.state.load(channel, this.#execution.arena.get(queue[at + 2]!));
    } catch (thrown) {
      this.#skipsFolds = true;
      this.#pump.take(this.foldThrew(channel, thrown));
    }
    return next;
  }

  foldThrew(channel: number, thrown: unknown): number {
    const isComplaint = isA(thrown, WeaveError) && thrown.code.startsWith('STATE_');
    const kept = this.#execution.keepThrown(thrown, isComplaint, 'STATE_REDUCER');
    return this.#pump.tellText(TellText.FoldFailed, channel, 0, kept.handle, kept.code, kept.text);
  }

  endFolds(): void {
    if (this.#skipsFolds) {
      this.#skipsFolds = false;
      return;
    }
    const { options } = this.#execution;
    const { state, app } = this.#pump.here;
    const mask = state.endFolds();
    if (!(options.durability > 0 && app.hasReduce) && state.contents.length <= 32) {
      this.#pump.take(this.#pump.tellAtOnce(Tell.Applied, mask, 0, 0, 0, this.#execution.storedBytes));
      return;
    }
    const changed = state.changed();
    const reduced: number[] = [];
    for (const channel of options.durability > 0 ? changed : []) {
      if (app.parts.channels[channel]!.kind !== 'reduce') continue;
      const content = state.contents[channel]!;
      reduced.push(channel, this.#execution.arena.put(content.save()), content.bytes);
    }
    this.#pump.take(this.#pump.tellWith(TellWith.Applied, changed.length, 0, 0, 0, this.#execution.storedBytes, new Uint32Array([...changed, ...reduced])));
  }

  route(call: number, id: number): void {
    let answer: unknown;
    try {
      answer = this.ask(id);
    } catch (thrown) {
      this.#pump.take(this.routeThrew(call, thrown));
      return;
    }
    this.#pump.take(this.answered(call, id, answer));
  }

  ask(id: number): unknown {
    const { route } = this.#pump.here.app.routes[id]!;
    return route(this.#pump.here.state.viewForTask() as any);
  }

  /** What a route returned, or a promise of it. */
  answered(call: number, id: number, answer: unknown): number {
    try {
      if (isThenable(answer)) {
        const { here } = this.#pump;
        asPromise(answer).then(
          (value) => this.#pump.enter(() => this.#routed(call, id, value), here),
          (thrown: unknown) => this.#pump.enter(() => this.routeThrew(call, thrown), here),
        );
        return 0;
      }
    } catch (thrown) {
      // A thenable of the user's.
      return this.routeThrew(call, thrown);
    }
    return this.#routed(call, id, answer);
  }

  #routed(call: number, id: number, answer: unknown): number {
    const { targets: known } = this.#pump.here.app.routes[id]!;
    if (typeof answer === 'string') {
      const node = known.get(answer);
      return node === undefined ? this.#pump.tellText(TellText.RouteUnknown, call, 0, NONE, '', answer) : this.#pump.tell(Tell.Routed, call, node);
    }
    let problem: string;
    let words: number[];
    try {
      const read = readTargets(answer);
      problem = read.problem;
      words = readTargetWords(known, this.#pump.here.app, read.targets, this.#execution.arena);
    } catch (thrown) {
      if (isA(thrown, UnknownTarget)) return this.#pump.tellText(TellText.RouteUnknown, call, 0, NONE, '', thrown.name);
      return this.routeThrew(call, thrown, true);
    }
    if (problem !== '') return this.routeThrew(call, createError('NODE_INVALID_RESULT', problem), true);
    return this.#pump.tellWith(TellWith.Routed, call, 0, 0, 0, 0, new Uint32Array(words));
  }

  routeThrew(call: number, thrown: unknown, isComplaint = false): number {
    const kept = this.#execution.keepThrown(thrown, isComplaint, 'NODE_THREW');
    return this.#pump.tellText(TellText.RouteThrew, call, 0, kept.handle, kept.code, kept.text);
  }
}
