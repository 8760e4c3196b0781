/** Channels give a state and its updates their types. */

import {
  append,
  END,
  GraphBuilder,
  last,
  merge,
  reduce,
  replace,
  START,
  type Channel,
  type Channels,
  type DefaultChannels,
  type ErrorEvent,
  type Message,
  type Replace,
  type StateOf,
  type UpdateOf,
  type Value,
} from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

// ── each constructor has the type that it reads and the type that it takes ──

isExactly<Channel<readonly string[], string | readonly string[]>>()(append<string>());
isExactly<Channel<readonly { id: number }[], { id: number } | readonly { id: number }[]>>()(append<{ id: number }>({ key: (item) => item.id, initial: [{ id: 1 }] }));
isExactly<Channel<Readonly<Record<string, unknown>>, Record<string, unknown>>>()(merge());
isExactly<Channel<Readonly<Record<string, number>>, Record<string, number | null>>>()(merge<number>({ initial: { a: 1 } }));
isExactly<Channel<string | undefined, string>>()(last<string>());
isExactly<Channel<string | undefined, string>>()(last<string>({ onConflict: 'last' }));
isExactly<Channel<number, number>>()(last({ initial: 0 }));
isExactly<Channel<'red' | 'green', 'red' | 'green'>>()(last<'red' | 'green'>({ initial: 'red', onConflict: 'error' }));
isExactly<Channel<number, number>>()(reduce((total: number, write: number) => total + write, 0));
isExactly<Channel<number, string>>()(reduce<number, string>((total, write) => total + write.length, 0));
isExactly<Replace<number>>()(replace(1));

append<Message>({ key: (message) => message.id });
append<{ name?: string }>({ key: ({ name }) => name });
append<string>({ initial: ['a'] as const });
const frozenInitial: readonly string[] = Object.freeze(['a']);
append({ initial: frozenInitial });

// ── states and updates follow from them ──

const channels = {
  lines: append<string>(),
  scores: merge<number>(),
  title: last<string>(),
  round: last({ initial: 0 }),
  total: reduce((total: number, write: number) => total + write, 0),
  tags: reduce<ReadonlySet<string>, string>((tags, tag) => new Set([...tags, tag]), new Set<string>()),
};
type Declared = typeof channels;

declare const state: StateOf<Declared>;
isExactly<readonly string[]>()(state.lines);
isExactly<Readonly<Record<string, number>>>()(state.scores);
isExactly<string | undefined>()(state.title);
isExactly<number>()(state.round);
isExactly<number>()(state.total);
isExactly<ReadonlySet<string>>()(state.tags);

export const updates: UpdateOf<Declared>[] = [
  {},
  { lines: 'one' },
  { lines: ['one', 'two'] },
  { lines: replace(['only']) },
  { lines: undefined, round: undefined },
  { scores: { a: 1, b: null } },
  { scores: replace({ a: 1 }) },
  { title: 'x' },
  { title: replace('x') },
  { tags: 'new' },
  { tags: replace(new Set(['a'])) },
  { lines: 'x', scores: {}, title: 'y', round: 1, total: 2, tags: 'z' },
];

// ── a graph that declares none has the default three ──

new GraphBuilder()
  .addNode('reply', (state) => {
    isExactly<readonly Message[]>()(state.messages);
    isExactly<Readonly<Record<string, Value>>>()(state.extra);
    isExactly<readonly ErrorEvent[]>()(state.errors);
    const content = state.messages.at(-1)?.content;
    isExactly<string | null | readonly Value[] | undefined>()(content);
    return {
      messages: [{ role: 'assistant', content: 'hi', custom: { anything: 1 } }],
      extra: { note: 1, gone: null },
      errors: { at: 1, scope: { scope: 'node', kind: 'reply', step: 1 }, error: { message: 'mild' }, tags: [] },
    };
  })
  .addNode('trim', (state) => ({ messages: replace(state.messages.slice(-2)) }))
  .addEdge(START, 'reply')
  .addEdge('reply', 'trim')
  .addEdge('trim', END);

const roles: Message['role'][] = ['user', 'developer'];
export const message: Message = { role: roles[0] ?? 'user', content: [{ type: 'text', text: 'x' }] };

// ── channels may be passed on generically ──

export function countChannels<C extends Channels>(declared: C): number {
  return Object.keys(new GraphBuilder({ channels: declared }).nodes()).length;
}
countChannels(channels);
export const builder: GraphBuilder = new GraphBuilder();
export const spelledOut: GraphBuilder<DefaultChannels, unknown> = builder;
export const declared: GraphBuilder<Declared> = new GraphBuilder({ channels });

new GraphBuilder({ channels })
  .withReducer('lines', append<string>({ initial: ['a'] }))
  .withReducer('total', (total: number, write: number) => Math.max(total, write))
  .withReducer('round', last({ initial: 1, onConflict: 'last' }));

// ── misuse ──

// @ts-expect-error a channel that is not declared, in an update
export const unknownChannel: UpdateOf<Declared> = { liens: 'typo' };

// @ts-expect-error a write of the wrong type
export const wrongWrite: UpdateOf<Declared> = { round: 'one' };

// @ts-expect-error an item of the wrong type in a list
export const wrongItem: UpdateOf<Declared> = { lines: ['one', 2] };

// @ts-expect-error null cannot be written to a list
export const nullItem: UpdateOf<Declared> = { lines: null };

// @ts-expect-error a whole value of the wrong type
export const wrongWhole: UpdateOf<Declared> = { lines: replace([1]) };

// @ts-expect-error what a reducer reads is not what it takes
export const wrongReducerWrite: UpdateOf<Declared> = { tags: new Set<string>() };

// @ts-expect-error a value of a map of the wrong type
export const wrongMapValue: UpdateOf<Declared> = { scores: { a: 'high' } };

// @ts-expect-error reading a channel that is not there
void state.liens;

// @ts-expect-error a state is read-only
state.round = 2;

// @ts-expect-error a list of the state is read-only
state.lines.push('x');

// @ts-expect-error a map of the state is read-only
state.scores['a'] = 1;

// @ts-expect-error without `initial` a `last` channel may be undefined
export const title: string = state.title;

// @ts-expect-error there are two ways to meet a conflict
last<number>({ initial: 0, onConflict: 'first' });

// @ts-expect-error the initial value is of the channel's type
last<number>({ initial: 'zero' });

// @ts-expect-error the initial value of a list is a list
append<string>({ initial: 'one' });

// @ts-expect-error a key is a string or a number
append<{ id: Date }>({ key: (item) => item.id });

// @ts-expect-error a reducer needs an initial value
reduce((total: number, write: number) => total + write);

// @ts-expect-error a reducer returns what it reads
reduce((total: number, write: number) => `${total + write}`, 0);

// @ts-expect-error a channel has a kind that is known
new GraphBuilder({ channels: { lines: { kind: 'stack' } } });

// @ts-expect-error a channel is not its initial value
new GraphBuilder({ channels: { lines: [] } });

// @ts-expect-error a channel that is not declared has no reducer to replace
new GraphBuilder({ channels }).withReducer('liens', append<string>());

// @ts-expect-error a channel of another type cannot take its place
new GraphBuilder({ channels }).withReducer('round', append<string>());

// @ts-expect-error a message has a role
export const noRole: Message = { content: 'x' };
