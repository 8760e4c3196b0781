/** Events are told apart by their type; readers say what they want; nodes emit. */

import type {
  ErrorInfo,
  EventBase,
  EventFilter,
  EventStream,
  LlmMeta,
  NodeBase,
  NodeContext,
  ReadableStreamLike,
  Run,
  SubscribeOptions,
  Value,
  WeaveEvent,
} from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

declare const run: Run;
declare const event: WeaveEvent;

// ── every event, by its type ──

isExactly<number>()(event.seq);
isExactly<string>()(event.runId);
isExactly<true | undefined>()(event.transient);
export const base: EventBase = event;

export function describe(event: WeaveEvent): string {
  switch (event.type) {
    case 'run.started':
      return `${event.graphHash} ${event.resumed} ${event.abandoned?.join()}`;
    case 'run.completed':
      return `${event.steps} ${event.durationMs} ${event.reason} ${event.waiting?.map((join) => join.to).join()}`;
    case 'run.failed':
      return `${event.error.code} ${event.error.node} ${event.durationMs}`;
    case 'run.cancelled':
      return `${event.reason}`;
    case 'run.interrupted':
      return event.interrupts.map((interrupt) => interrupt.id).join();
    case 'step.started':
      return `${event.step} ${event.frontier.join()}`;
    case 'step.completed':
      return `${event.ran.join()} ${event.skipped.join()} ${event.next.join()} ${event.updatedChannels.join()} ${event.versions['a']}`;
    case 'node.started':
      return `${event.node}#${event.task} ${event.attempt} ${event.path?.join('/')}`;
    case 'node.completed':
      return `${event.durationMs} ${Object.keys(event.changes ?? {}).join()}`;
    case 'node.skipped':
      return event.reason;
    case 'node.failed':
      return `${event.error.message} ${event.willRetry}`;
    case 'node.retrying':
      return `${event.delayMs}`;
    case 'message':
      return `${event.scope} ${event.message}`;
    case 'llm.chunk':
      return `${event.offset} ${event.text} ${event.kind}`;
    case 'llm.final':
      return `${event.streamId} ${event.text} ${event.reasoning}`;
    case 'llm.error':
      return event.message;
    case 'tool.call':
      return `${event.id} ${event.name} ${String(event.args)}`;
    case 'tool.result':
      return `${event.isError} ${String(event.result)}`;
    case 'progress':
      return `${event.fraction} ${event.message}`;
    case 'milestone':
    case 'custom':
      return `${event.name} ${String(event.data)}`;
    case 'diagnostic':
      return `${event.scope} ${event.node}`;
    case 'checkpoint.saved':
      return `${event.step} ${event.backend}`;
    case 'stream.gap':
      return `${event.from} ${event.to} ${event.count}`;
    case 'stream.reset':
      return `${event.after}`;
    case 'snapshot':
      return `${event.status} ${event.streams?.length}`;
    default:
      isExactly<never>()(event);
      return event;
  }
}
if (event.type === 'run.failed') isExactly<ErrorInfo>()(event.error);
if ('attempt' in event && event.attempt !== undefined) isExactly<string | undefined>()(event.node);
export function whose({ node, task }: NodeBase): string {
  return `${node}#${task}`;
}

// ── what a reader may ask for ──

export const filters: EventFilter[] = ['minimal', 'chat', 'debug', 'all', [], ['llm.chunk', 'node.completed', 'custom:score'], (event) => event.seq > 3];
export const narrow = ['run.started', 'custom:x'] as const satisfies EventFilter;
const options: SubscribeOptions = { filter: 'chat', after: '12~2', capacity: 10, overflow: 'wait', signal: new AbortController().signal };
const stream: EventStream = run.events(options);
run.events();
run.events({ after: 0, filter: undefined });
isExactly<number>()(stream.dropped);
isExactly<WeaveEvent | null | undefined>()(stream.tryNext());
isExactly<WeaveEvent | null | undefined>()(await stream.nextTimeout(100));
isExactly<IteratorResult<WeaveEvent>>()(await stream.return());
for await (const one of stream) if (one.type === 'llm.chunk') isExactly<string>()(one.text);
const readable: ReadableStreamLike = stream.toReadableStream();
export const response = new Response(readable);
export const platform: ReadableStream = stream.toReadableStream();
export const iterable: AsyncIterable<WeaveEvent> = run;

// ── what a node may emit ──

export async function speak(_: unknown, ctx: NodeContext<string, { user: string }>): Promise<void> {
  ctx.emit('draft', ctx.input, { by: ctx.context.user });
  ctx.emit('draft', 'no data');
  ctx.progress(0.5, 'half');
  ctx.progress(1);
  ctx.token('Hel');
  ctx.token('lo', { streamId: 'second', metadata: { model: 'x' } });
  ctx.llm.chunk('hm', { kind: 'reasoning' });
  ctx.llm.final();
  ctx.llm.final('Hello', { streamId: 'second' });
  ctx.llm.error('overloaded');
  ctx.tool.call('1', 'search', { query: 'x' });
  ctx.tool.result('1', [], { isError: false });
  ctx.milestone('sources', ['a']);
  ctx.custom('score', 0.5);
  ctx.diagnostic('search', 'slow');
  await ctx.flush();
  await ctx.sleep(10);
  isExactly<number>()(ctx.now() + ctx.random() + ctx.step + ctx.attempt + ctx.task);
  isExactly<string>()(ctx.node + ctx.runId + ctx.sessionId + ctx.idempotencyKey + ctx.path.join());
  isExactly<Value>()(ctx.metadata['from']);
  ctx.signal.addEventListener('abort', () => {});
}
export const meta: LlmMeta = { streamId: 'a', metadata: 1 };

// ── misuse ──

// @ts-expect-error a filter that is not there
run.events({ filter: 'everything' });

// @ts-expect-error an event type that is not there
run.events({ filter: ['llm.token'] });

// @ts-expect-error a filter function answers yes or no
run.events({ filter: (event: WeaveEvent) => event.type });

// @ts-expect-error two ways to overflow
run.events({ overflow: 'block' });

// @ts-expect-error a cursor is a number or a string
run.events({ after: new Date() });

// @ts-expect-error an option that is not there
run.events({ types: ['llm.chunk'] });

// @ts-expect-error not every event has a text
void event.text;

// @ts-expect-error a field of another event
if (event.type === 'llm.chunk') void event.durationMs;

// @ts-expect-error a skipped node had no attempt
if (event.type === 'node.skipped') void event.attempt;

// @ts-expect-error a type that no event has
if (event.type === 'llm.token') void event;

// @ts-expect-error data of an event is unknown until it is looked at
if (event.type === 'custom') void event.data.score;

// @ts-expect-error an event has a number
export const noSeq: WeaveEvent = { type: 'stream.reset', after: 1, at: 0, runId: 'r', sessionId: 's' };

export function misspeak(_: unknown, ctx: NodeContext): void {
  // @ts-expect-error a message has a text
  ctx.emit('draft');
  // @ts-expect-error progress is a number
  ctx.progress('50%');
  // @ts-expect-error two kinds of text
  ctx.llm.chunk('hm', { kind: 'thought' });
  // @ts-expect-error milliseconds
  void ctx.sleep('1s');
  // @ts-expect-error what a node is given is read-only
  ctx.input = 1;
  // @ts-expect-error so is the metadata of its run
  ctx.metadata['from'] = 1;
}
