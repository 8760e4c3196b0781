/**
 * Compares two runs of a graph by what they did: their final states and their events.
 *
 * Owns which order of events is the same and which of their fields do not count. It must not know how runs were recorded: live, from a log,
 * or in another runtime. It runs nothing.
 */

import type { Value } from './channels.js';
import { createError, kindOf } from './errors.js';
import type { NodeBase, WeaveEvent } from './events.js';
import { StateKey } from './state-key.js';
import { toJsonSafe } from './values/json-safe.js';

/** What a run left: its final state, and its events in the order in which they came. */
export interface ReplayRun {
  state: Value;
  events: readonly WeaveEvent[];
}

/**
 * What of two runs is compared. Events are compared per step: first by node order, then by task, then in the task's own order, since
 * tasks that wait end in any order. Of an event, `seq`, `at`, `branch`, `transient`, durations and ids (of runs, sessions, streams, tool
 * calls and interrupts) do not count; nor does the time of an entry of the `errors` channel; nor do events about the store or a reader
 * (`checkpoint.saved`, `stream.*`, `snapshot`, diagnostics of no node).
 */
export interface ReplayProfile {
  /** Left out of the state and of the `changes` of events: slots or keys of `extra`, and channels by name. */
  ignoreKeys?: ReadonlyArray<StateKey<any> | string>;
  /** What is compared of an event in place of its other fields; `undefined` leaves it out. Its place in the order stays. */
  normalize?: (event: WeaveEvent) => Value;
}

const MOST_DIFFERENCES = 20;
const LONGEST_TEXT = 80;
const uncounted = ['seq', 'at', 'branch', 'transient', 'runId', 'sessionId', 'streamId', 'durationMs', 'delayMs'];

/**
 * Compares what two runs did: a run and its replay, or the same input before and after a change of a node. With the same seed and clock,
 * runs whose nodes wait for nothing but `ctx.sleep` have equal events anyway; this compares those that wait for the world.
 *
 * ```ts
 * import { append, compareReplayRuns, END, GraphBuilder, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({ channels: { log: append<string>() } })
 *   .addNode('a', () => ({ log: 'a' }))
 *   .addEdge(START, 'a')
 *   .addEdge('a', END)
 *   .compile();
 * const record = async () => {
 *   const run = app.invokeStreaming();
 *   const events = [];
 *   for await (const event of run) events.push(event);
 *   return { events, state: run.state };
 * };
 * compareReplayRuns(await record(), await record()).assertMatches();
 * ```
 *
 * @returns `differences`: at most 20, each with its place, and then a last line if there are more; `assertMatches` throws WeaveError REPLAY_MISMATCH with them as `details.differences`
 * @throws RunFailed RUN_INVALID_OPTION: a run or the profile is none; StateError STATE_NOT_CLONEABLE: it holds what is no value
 */
export function compareReplayRuns(expected: ReplayRun, actual: ReplayRun, profile: ReplayProfile = {}): { matches: boolean; differences: string[]; assertMatches(): void } {
  const differences: string[] = [];
  const { ignoreKeys = [], normalize } = checkProfile(profile);
  const ignored = new Set(ignoreKeys.flatMap((key) => (key instanceof StateKey ? key.names : [key])));
  const read = (run: ReplayRun): Recorded => {
    const { state, events } = checkRun(run);
    return { state: toJsonSafe(plainState(state, ignored)), groups: groupsOf(events, normalize, ignored) };
  };
  const [left, right] = [read(expected), read(actual)];
  compare(left.state, right.state, 'state', differences);
  for (let at = 0; at < Math.max(left.groups.length, right.groups.length) && differences.length <= MOST_DIFFERENCES; at += 1) {
    const [mine, other] = [left.groups[at], right.groups[at]];
    if (mine?.place !== other?.place) {
      differences.push(`events: expected ${mine?.place ?? 'the end'}, got ${other?.place ?? 'the end'}`);
      break;
    }
    compareGroups(mine!, other!, differences);
  }
  const matches = differences.length === 0;
  if (differences.length > MOST_DIFFERENCES) differences.splice(MOST_DIFFERENCES, differences.length, 'and more');
  return {
    matches,
    differences,
    assertMatches() {
      if (!matches) throw createError('REPLAY_MISMATCH', ['the runs differ:', ...differences].join('\n  '), { details: { differences } });
    },
  };
}

interface Recorded {
  readonly state: unknown;
  readonly groups: readonly Group[];
}

/** The events of one task of one step, in its own order, or one event of the run. */
interface Group {
  readonly place: string;
  readonly events: Array<{ readonly type: string; readonly content: unknown }>;
}

function checkRun(run: ReplayRun): ReplayRun {
  if (typeof run !== 'object' || run === null || !Array.isArray(run.events)) throw createError('RUN_INVALID_OPTION', 'a run to compare is no object with `state` and a list of `events`');
  return run;
}

function checkProfile(profile: ReplayProfile): ReplayProfile {
  const { ignoreKeys = [], normalize } = profile;
  const isFine = Array.isArray(ignoreKeys) && ignoreKeys.every((key) => typeof key === 'string' || key instanceof StateKey);
  if (!isFine) throw createError('RUN_INVALID_OPTION', 'ignoreKeys is no list of state keys and texts');
  if (normalize !== undefined && typeof normalize !== 'function') throw createError('RUN_INVALID_OPTION', `normalize is ${kindOf(normalize)}; give a function of an event`);
  return profile;
}

/** What of a state counts, or of the writes of a task. */
function plainState(state: unknown, ignored: ReadonlySet<string>): unknown {
  if (!isObject(state)) return state;
  const plain = without(state, (name) => ignored.has(name));
  if (isObject(plain['extra'])) plain['extra'] = without(plain['extra'], (key) => ignored.has(key));
  // A write of one is a list of one.
  if (plain['errors'] !== undefined) plain['errors'] = [plain['errors']].flat().map(timeless);
  return plain;
}

/** An ErrorEvent without its time and the id of its session. */
function timeless(error: unknown): unknown {
  if (!isObject(error)) return error;
  const { scope } = error;
  return { ...without(error, (key) => key === 'at'), scope: isObject(scope) ? without(scope, (key) => key === 'session') : scope };
}

/** A plain one, of any realm. */
function isObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function without(object: Readonly<Record<string, unknown>>, isLeftOut: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !isLeftOut(key)));
}

function groupsOf(events: readonly WeaveEvent[], normalize: ReplayProfile['normalize'], ignored: ReadonlySet<string>): Group[] {
  const groups: Group[] = [];
  for (const { event, place } of inOrder(events.filter(isOfRun), 0, '')) {
    const content = normalize === undefined ? plainEvent(event, ignored) : normalize(event);
    if (content === undefined) continue;
    const part = { type: event.type, content: toJsonSafe(content) };
    const last = groups.at(-1);
    if (last?.place === place) last.events.push(part);
    else groups.push({ place, events: [part] });
  }
  return groups;
}

function isOfRun(event: WeaveEvent): boolean {
  return !/^(checkpoint\.saved|stream\..*|snapshot)$/.test(event.type) && (event.type !== 'diagnostic' || event.node !== undefined);
}

function plainEvent(event: WeaveEvent, ignored: ReadonlySet<string>): unknown {
  const isTool = event.type.startsWith('tool.');
  const plain = without(event as unknown as Record<string, unknown>, (key) => uncounted.includes(key) || (isTool && key === 'id'));
  if ('changes' in plain) plain['changes'] = plainState(plain['changes'], ignored);
  if (Array.isArray(plain['interrupts'])) plain['interrupts'] = plain['interrupts'].map((each: object) => without({ ...each }, (key) => key === 'id'));
  return plain;
}

interface Placed {
  readonly event: WeaveEvent;
  readonly place: string;
}

/**
 * Events in an order that does not depend on which task was faster. What belongs to no task, or to a graph further out, stands between what
 * was before it and what came after; the events in between go task by task, those of a sub-graph with the task that it is.
 */
function* inOrder(events: readonly WeaveEvent[], depth: number, around: string): Generator<Placed> {
  let frontier: readonly string[] = [];
  let step: number | undefined;
  const tasks = new Map<string, { readonly rank: number; readonly task: number; readonly events: WeaveEvent[] }>();
  const place = (name?: string): string => [around, step === undefined ? 'the run' : `step ${step}`, name].filter(Boolean).join(', ');
  function* close(): Generator<Placed> {
    const sorted = [...tasks].sort(([a, one], [b, other]) => one.rank - other.rank || one.task - other.task || (a < b ? -1 : 1));
    for (const [name, task] of sorted) yield* inOrder(task.events, depth + 1, place(name));
    tasks.clear();
  }
  for (const event of events) {
    const { path = [], node, task } = event as Partial<NodeBase>;
    const isInside = path.length > depth;
    const [, id = path[depth]!, ordinal = 0] = isInside ? (/^(.*)#(\d+)$/s.exec(path[depth]!) ?? []) : ['', node, task];
    if (isInside || (path.length === depth && node !== undefined)) {
      const rank = frontier.indexOf(id);
      const key = Number(ordinal) === 0 ? id : `${id}#${ordinal}`;
      if (!tasks.has(key)) tasks.set(key, { rank: rank < 0 ? frontier.length : rank, task: Number(ordinal), events: [] });
      tasks.get(key)!.events.push(event);
      continue;
    }
    yield* close();
    if (event.type === 'step.started' && path.length === depth) ({ step, frontier } = event);
    if (event.type.startsWith('run.')) step = undefined;
    yield { event, place: path.length < depth ? around : place() };
  }
  yield* close();
}

function compareGroups(expected: Group, actual: Group, differences: string[]): void {
  for (let at = 0; at < Math.max(expected.events.length, actual.events.length); at += 1) {
    const [mine, other] = [expected.events[at], actual.events[at]];
    if (mine?.type !== other?.type) {
      // What follows would differ by its place alone.
      differences.push(`${expected.place}: expected ${mine?.type ?? 'no more events'}, got ${other?.type ?? 'no more events'}`);
      return;
    }
    compare(mine!.content, other!.content, `${expected.place}, ${mine!.type}`, differences);
  }
}

/** Two values, as `toJsonSafe` writes them. */
function compare(one: unknown, other: unknown, where: string, differences: string[]): void {
  const [expected, actual] = [unstacked(one), unstacked(other)];
  if (expected === actual || differences.length > MOST_DIFFERENCES) return;
  const isList = Array.isArray(expected);
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null || isList !== Array.isArray(actual)) {
    differences.push(`${where}: expected ${show(expected)}, got ${show(actual)}`);
    return;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) compare(own(expected, key), own(actual, key), isList ? `${where}[${key}]` : `${where}.${key}`, differences);
}

/** An error's stack tells of files and engines, not of what happened. */
function unstacked(value: unknown): unknown {
  if (!isObject(value) || value['$weave'] !== 'error') return value;
  const [kind, parts] = value['value'] as [string, Array<[name: string, isOwn: boolean, value: unknown]>];
  return { class: kind, ...Object.fromEntries(parts.filter(([name]) => name !== 'stack').map(([name, , part]) => [name, part])) };
}

function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
