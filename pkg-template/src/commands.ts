/**
 * What a node returns to write and to route in one result: commands, and sends with an input of their own.
 *
 * Owns both objects and how the engine reads them. It must not know the graph: whether a target exists is the engine's to say.
 * Invariant: only `command()` and `send()` make them (a private stamp tells), so data of the same shape stays data.
 */

import type { Value } from './channels.js';
import { kindOf } from './errors.js';

/** One task of `node` in the next step; made by {@link send}. */
export interface Send {
  readonly node: string;
  readonly input: Value;
}

/** Writes and routing in one result; made by {@link command}. */
export interface Command<U extends object = object> {
  readonly __command: true;
  readonly update?: U;
  readonly goto: ReadonlyArray<string | Send>;
  readonly mode: 'replace' | 'append';
}

/**
 * Runs `node` in the next step with `input` as its `ctx.input`. Many sends to one node are as many tasks, in parallel; their
 * writes are merged in the order of the sends (map-reduce).
 *
 * @example
 * ```ts
 * import { append, END, GraphBuilder, send, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({ channels: { lengths: append<number>() } })
 *   .addNode('split', () => {})
 *   .addNode<string>('measure', (_, ctx) => ({ lengths: ctx.input.length }))
 *   .addEdge(START, 'split')
 *   .addConditionalEdge('split', () => ['one', 'three'].map((word) => send('measure', word)), ['measure'])
 *   .addEdge('measure', END)
 *   .compile();
 * console.log((await app.invoke()).lengths); // [3, 5]
 * ```
 */
export function send(node: string, input: Value): Send {
  return new SendTask(node, input);
}

/**
 * Writes and routing in one result of a node. `goto` names nodes, END or sends. With `mode: 'replace'`, the default, they stand
 * in place of the node's own edges, so `goto: []` ends this path; with `'append'` they come on top. Without `goto` the node's
 * own edges stay as they are.
 *
 * @example
 * ```ts
 * import { command, END, GraphBuilder, last, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({ channels: { rounds: last({ initial: 0 }) } })
 *   .addNode('work', (state) => command({ update: { rounds: state.rounds + 1 }, goto: state.rounds < 2 ? 'work' : END }), {
 *     targets: ['work', END],
 *   })
 *   .addEdge(START, 'work')
 *   .addEdge('work', END)
 *   .compile();
 * console.log((await app.invoke()).rounds); // 3
 * ```
 */
export function command<const U extends object = {}>(c: {
  update?: U;
  goto?: string | Send | ReadonlyArray<string | Send>;
  mode?: 'replace' | 'append';
}): Command<U> {
  return new NodeCommand<U>(c);
}

/** Where a route or a `goto` leads, as an array, and what is wrong with it ('' if nothing is). @internal */
export interface Targets {
  readonly targets: ReadonlyArray<string | Send>;
  readonly problem: string;
}

/** A command as the engine sees it. @internal */
export interface CommandReading {
  readonly update: unknown;
  /** `undefined`: none was given, the node's own edges stay. */
  readonly goto: ReadonlyArray<string | Send> | undefined;
  readonly mode: 'replace' | 'append';
  /** Why the command cannot be carried out (NODE_INVALID_RESULT); '' if it can. */
  readonly problem: string;
}

/** Reads what a node returned; `undefined` if `command()` did not make it. @internal */
export function readCommand(value: unknown): CommandReading | undefined {
  return NodeCommand.read(value);
}

/** Reads a target; `undefined` if `send()` did not make it. @internal */
export function readSend(value: unknown): Send | undefined {
  return SendTask.isOne(value) ? value : undefined;
}

/** Reads what a route returned, or a `goto`: one target or an array of them. @internal */
export function readTargets(value: unknown): Targets {
  const targets: readonly unknown[] = Array.isArray(value) ? value.slice() : [value];
  const wrong = targets.findIndex((target) => typeof target !== 'string' && !SendTask.isOne(target));
  if (wrong >= 0) {
    const place = Array.isArray(value) ? `target ${wrong}` : 'the target';
    return { targets: [], problem: `${place} is ${kindOf(targets[wrong])}; give a node's name, END or send(…)` };
  }
  return { targets: Object.freeze(targets as Array<string | Send>), problem: '' };
}

class SendTask implements Send {
  readonly #stamp = true;
  readonly node: string;
  readonly input: Value;

  constructor(node: string, input: Value) {
    this.node = String(node);
    this.input = input;
    Object.freeze(this);
  }

  static isOne(value: unknown): value is SendTask {
    return typeof value === 'object' && value !== null && #stamp in value;
  }
}

class NodeCommand<U extends object> implements Command<U> {
  // `goto` reads as [] both when it was left out and when it was given as []: only this knows which.
  readonly #reading: CommandReading;
  readonly __command = true;
  declare readonly update?: U;
  readonly goto: ReadonlyArray<string | Send>;
  readonly mode: 'replace' | 'append';

  constructor(given: unknown) {
    const isObject = typeof given === 'object' && given !== null;
    const { update, goto, mode = 'replace' } = (isObject ? given : {}) as { update?: U; goto?: unknown; mode?: unknown };
    const read = goto === undefined ? undefined : readTargets(goto);
    let problem = read?.problem ? `goto of command(): ${read.problem}` : '';
    if (mode !== 'replace' && mode !== 'append') problem = `mode of command() is ${typeof mode === 'string' ? `'${mode}'` : kindOf(mode)}; it is 'replace' or 'append'`;
    if (!isObject) problem = `command() was given ${kindOf(given)}; give an object`;

    if (update !== undefined) this.update = update;
    this.goto = read?.targets ?? [];
    this.mode = mode === 'append' ? mode : 'replace';
    this.#reading = { update, goto: read?.targets, mode: this.mode, problem };
    Object.freeze(this);
  }

  static read(value: unknown): CommandReading | undefined {
    return typeof value === 'object' && value !== null && #reading in value ? (value as NodeCommand<object>).#reading : undefined;
  }
}
