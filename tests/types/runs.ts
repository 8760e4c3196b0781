/** Runs, their options and results, sessions and checkpointers. */

import {
  append,
  GraphBuilder,
  last,
  MemoryCheckpointer,
  RunCancelled,
  RunFailed,
  type,
  type Answers,
  type App,
  type Checkpoint,
  type Checkpointer,
  type CheckpointSummary,
  type Clock,
  type EventStream,
  type Interrupt,
  type Run,
  type RunDefaults,
  type RunOptions,
  type RunResult,
  type RunStatus,
  type SessionSummary,
  type StateOf,
  type WeaveError,
  type WeaveEvent,
} from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

const channels = { lines: append<string>(), round: last({ initial: 0 }) };
type Declared = typeof channels;
type Env = { user: string };
declare const app: App<Declared, Env>;
declare const plain: App;

// ── invoking ──

isExactly<StateOf<Declared>>()(await app.invoke());
isExactly<readonly string[]>()((await app.invoke({ lines: 'x' }, { context: { user: 'a' } })).lines);
isExactly<Run<Declared>>()(app.invokeStreaming({ round: 1 }, { sessionId: 's', runId: 'r', seed: 1n, abandon: true, metadata: { from: 'test' } }));
isExactly<StateOf<Declared>>()(await app.resume('s'));
isExactly<Run<Declared>>()(app.resumeStreaming('s', undefined, { timeoutMs: 1000 }));
isExactly<Run<Declared> | null>()(app.attach('s'));
isExactly<EventStream>()(app.follow('s'));
isExactly<EventStream>()(app.follow('s', { after: '3~2', filter: ['custom:x'] }));
isExactly<Promise<boolean>>()(app.cancel('s', 'no reason'));
await plain.invoke({ messages: [{ role: 'user', content: 'hello' }] });
await plain.invoke({ messages: { role: 'user', content: 'hello' }, extra: { a: 1 } }, {});
for (const answers of ['yes', 1, true, 1n, null, { id: { any: 'value' } }] satisfies Answers[]) await app.resume('s', answers);

export const everyOption: RunOptions<Env> = {
  checkpointer: new MemoryCheckpointer({ keepLast: 10 }),
  durability: 'async',
  concurrency: 4,
  maxSteps: 100,
  timeoutMs: 60_000,
  clock: { now: () => Date.now() },
  onGraphChanged: (old, oldHash) => (old.step > 3 ? { update: { round: old.state.round }, frontier: [oldHash] } : null),
  retention: { keepLast: 10, olderThanMs: 1000, maxBytes: 1e6, finishedOnly: true },
  whenBusy: 'wait',
  context: { user: 'a' },
  sessionId: 's',
  runId: 'r',
  seed: 42,
  signal: new AbortController().signal,
  events: { filter: 'chat', after: 0, capacity: 16, overflow: 'drop', signal: new AbortController().signal },
  abandon: false,
  metadata: {},
};
// `undefined` counts as left out, whatever the compiler's options.
export const nothing: RunOptions<Env> = { checkpointer: undefined, durability: undefined, signal: undefined, events: { after: undefined }, seed: undefined, context: undefined };
export const defaults: RunDefaults<Env> = { durability: 'exit' };
export const clock: Clock = { now: () => 0, sleep: (ms, signal) => new Promise((resolve) => (signal?.aborted ? resolve() : setTimeout(resolve, ms))) };
export function passOn<X>(any: App<Declared, X>, context: X, signal: AbortSignal): Promise<StateOf<Declared>> {
  return any.invoke({}, { context, signal });
}

// ── a run ──

declare const run: Run<Declared>;
isExactly<string>()(run.id);
isExactly<string>()(run.sessionId);
isExactly<RunStatus>()(run.status);
isExactly<number>()(run.state.round);
isExactly<StateOf<Declared>>()(await run.join());
isExactly<void>()(await run.cancel('enough'));
for await (const event of run) isExactly<WeaveEvent>()(event);
for await (const event of run.events({ after: 0 })) isExactly<WeaveEvent>()(event);
export const anyRun: Run = run;
const iterator = run[Symbol.asyncIterator]();
isExactly<IteratorResult<WeaveEvent, undefined>>()(await iterator.next());

const result: RunResult<Declared> = await run.result;
isExactly<number>()(result.durationMs);
switch (result.status) {
  case 'completed':
    isExactly<'end' | 'quiescent'>()(result.reason);
    isExactly<string[] | undefined>()(result.waiting.at(0)?.missing);
    isExactly<number>()(result.state.round);
    break;
  case 'interrupted':
    isExactly<Interrupt[]>()(result.interrupts);
    break;
  case 'cancelled':
    isExactly<string | undefined>()(result.reason);
    isExactly<number | undefined>()(result.state?.round);
    break;
  case 'failed':
    isExactly<WeaveError>()(result.error);
    break;
  default:
    isExactly<never>()(result);
}
app.invoke().catch((error: unknown) => (error instanceof RunFailed ? error.node : error instanceof RunCancelled ? error.runId : undefined));

// ── sessions ──

const checkpoint = await app.getState('s', { step: 3 });
isExactly<Checkpoint<Declared> | null>()(checkpoint);
isExactly<number | undefined>()(checkpoint?.state.round);
isExactly<string[] | undefined>()(checkpoint?.next.map((task) => task.node));
isExactly<CheckpointSummary[]>()(await app.history('s', { limit: 10, before: 5 }));
await app.getState('s', { path: ['inner'] });

const checkpointer: Checkpointer = new MemoryCheckpointer();
isExactly<string>()(checkpointer.name);
isExactly<SessionSummary[]>()(await checkpointer.listSessions({ limit: 5, after: 's', status: 'failed' }));
isExactly<boolean | undefined>()((await new MemoryCheckpointer().listSessions()).at(0)?.owner?.here);
await checkpointer.deleteSession('s');
await checkpointer.close();
new GraphBuilder({ channels }).compile({ checkpointer });

// ── misuse ──

// @ts-expect-error a channel that is not declared, as input
app.invoke({ liens: 'x' });

// @ts-expect-error an input of the wrong type
app.invoke({ round: 'one' });

// @ts-expect-error a context of the wrong type
app.invoke({}, { context: { user: 1 } });

// @ts-expect-error a context that lacks a field
app.invokeStreaming({}, { context: {} });

// @ts-expect-error an option that is not there
app.invoke({}, { recursionLimit: 5 });

// @ts-expect-error three kinds of durability
app.invoke({}, { durability: 'never' });

// @ts-expect-error a seed is a number or a bigint
app.invoke({}, { seed: 'lucky' });

// @ts-expect-error the signal of a controller, not the controller
app.invoke({}, { signal: new AbortController() });

// @ts-expect-error a session is named
app.resume();

// @ts-expect-error a function is no answer
app.resume('s', () => 'yes');

// @ts-expect-error a home-made checkpointer lacks the mark of this package's own
app.invoke({}, { checkpointer: { name: 'mine', listSessions: async () => [], deleteSession: async () => {}, close: async () => {} } });

class HomeMade {
  readonly name = 'mine';
  listSessions = async (): Promise<SessionSummary[]> => [];
  deleteSession = async (): Promise<void> => {};
  close = async (): Promise<void> => {};
}
// @ts-expect-error nor does a class of one's own
new GraphBuilder().compile({ checkpointer: new HomeMade() });

// @ts-expect-error an option that is not there
new MemoryCheckpointer({ limit: 5 });

// @ts-expect-error a clock tells a number
app.invoke({}, { clock: { now: () => new Date() } });

// @ts-expect-error a run's state has the channels of its graph
void run.state.liens;

// @ts-expect-error what a run shows is read-only
run.status = 'completed';

// @ts-expect-error only a failed result has an error
void result.error;

// @ts-expect-error a run that was cancelled early has no state
isExactly<number>()((result as Extract<typeof result, { status: 'cancelled' }>).state.round);

// @ts-expect-error a summary has no state
void (await app.history('s')).at(0)?.state;

// @ts-expect-error a session may not be there
void (await app.getState('s')).step;

// @ts-expect-error a run cannot be awaited itself, only its result
isExactly<StateOf<Declared>>()(await run);

// @ts-expect-error an app of other channels
export const otherChannels: App<{ other: ReturnType<typeof last<number>> }> = app;

// @ts-expect-error an app that wants another context
export const otherContext: Promise<unknown> = passOn(new GraphBuilder({ channels, context: type<Env>() }).compile(), { user: 1 }, new AbortController().signal);
