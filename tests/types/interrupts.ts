// Types of pauses: what nodes ask and record, and what resumes answer.
import {
  answer,
  type Answer,
  type Answers,
  type App,
  append,
  type Interrupt,
  type NodeContext,
  RunInterrupted,
  type RunOptions,
  type StateOf,
  type Value,
} from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

export async function node(_: unknown, ctx: NodeContext): Promise<void> {
  isExactly<Value>()(await ctx.interrupt());
  isExactly<Value>()(await ctx.interrupt({ question: 'ok?' }, { id: 'mine' }));
  isExactly<boolean>()(await ctx.interrupt<boolean>('ok?'));
  isExactly<number>()(await ctx.once('sync', () => 5));
  isExactly<string>()(await ctx.once('async', async () => 'text'));
  isExactly<void>()(await ctx.sleepUntil(Date.now() + 1000));
  // @ts-expect-error a key that is no text
  await ctx.once(5, () => 5);
  // @ts-expect-error an instant that is no number
  await ctx.sleepUntil(new Date());
  // @ts-expect-error an id that is no text
  await ctx.interrupt('ok?', { id: 5 });
}

const channels = { log: append<string>() };
declare const app: App<typeof channels>;
isExactly<StateOf<typeof channels>>()(await app.resume('s', { id: 'yes' }));
isExactly<Answer>()(answer({ approved: true }));
for (const answers of ['text', 5, true, 10n, null, answer([1]), { a: 1, b: undefined }] satisfies Answers[]) await app.resume('s', answers);
await app.resume('s', undefined, { interruptBefore: '*', interruptAfter: ['a'] });
export const options: RunOptions = { interruptBefore: ['a', 'b'], interruptAfter: undefined };
// @ts-expect-error a name that is no list
export const wrong: RunOptions = { interruptBefore: 'a' };

app.invoke().catch((error: unknown) => {
  if (!(error instanceof RunInterrupted)) throw error;
  isExactly<Interrupt[]>()(error.interrupts);
  isExactly<'node' | 'before' | 'after' | undefined>()(error.interrupts.at(0)?.reason);
});
