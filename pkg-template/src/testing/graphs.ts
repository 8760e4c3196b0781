/**
 * The graphs of the contract's cases.
 */

import type { App } from '../app.js';
import { append, last, merge, replace } from '../channels.js';
import { END, GraphBuilder, START } from '../graph-builder.js';
import type { Checkpointer } from '../sessions.js';

export const channels = { log: append<unknown>() };

export type ContractApp = App<typeof channels>;

/** A loop that stops when `log` has `steps` items; each step writes what `work` returns, its number by default. */
export function loop(checkpointer: Checkpointer, steps: number, work: (step: number) => unknown = (step) => step): ContractApp {
  return new GraphBuilder({ name: 'contract', channels })
    .addNode('work', async (state) => ({ log: [await work(state.log.length + 1)] }))
    .addEdge(START, 'work')
    .addConditionalEdge('work', (state) => (state.log.length < steps ? 'work' : END), ['work', END])
    .compile({ checkpointer, maxSteps: 100_000 });
}

const pagedChannels = { log: append<number>(), page: last({ initial: '' }) };

/** Like `loop`, with a text of 2 KB that each step writes anew: small state, large deltas, so a snapshot each 30 steps or so. */
export function pages(checkpointer: Checkpointer, steps: number, before: (step: number) => unknown = () => undefined): App<typeof pagedChannels> {
  return new GraphBuilder({ name: 'contract pages', channels: pagedChannels })
    .addNode('work', async (state) => {
      const step = state.log.length + 1;
      await before(step);
      return { log: step, page: pageOf(step) };
    })
    .addEdge(START, 'work')
    .addConditionalEdge('work', (state) => (state.log.length < steps ? 'work' : END), ['work', END])
    .compile({ checkpointer });
}

export function pageOf(step: number): string {
  return `${step}${'x'.repeat(2_000)}`;
}

const replacingChannels = { list: append<number>(), map: merge<number>(), one: last({ initial: 0 }), log: append<string>() };

/** Two nodes of one step: `replacing` replaces the values of three channels, `beside` does what it is given. */
export function replacing(checkpointer: Checkpointer, beside: () => unknown): App<typeof replacingChannels> {
  return new GraphBuilder({ name: 'contract replacing', channels: replacingChannels })
    .addNode('replacing', (state) => ({ list: replace([9]), map: replace({ z: 9 }), one: replace(9), log: `${state.list.length}` }))
    .addNode('beside', async () => {
      await beside();
      return { log: 'beside' };
    })
    .addEdge(START, 'replacing')
    .addEdge(START, 'beside')
    .addEdge('replacing', END)
    .addEdge('beside', END)
    .compile({ checkpointer });
}

/** The numbers from 1 to `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** A promise and the way to resolve it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
