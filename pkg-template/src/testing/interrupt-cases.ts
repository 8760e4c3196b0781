/**
 * Cases about pauses: what a question, an answer and a record of `once` leave in the store, which is asked to keep these before it answers.
 */

import type { Checkpointer } from '../sessions.js';
import { END, GraphBuilder, START } from '../graph-builder.js';
import type { Case } from './contract.js';
import { expect, expectEqual, expectRejection } from './expect.js';
import { channels, gate, type ContractApp } from './graphs.js';

/** Two nodes of one step: `asks` charges, asks and mails, `beside` does what it is given. */
function asking(checkpointer: Checkpointer, effects: string[], beside: () => unknown = () => undefined): ContractApp {
  return new GraphBuilder({ name: 'contract interrupts', channels })
    .addNode('asks', async (_, ctx) => {
      const charged = await ctx.once('charge', () => effects.push('charge'));
      const answer = await ctx.interrupt({ charged });
      return { log: [charged, answer, await ctx.once('mail', () => effects.push('mail'))] };
    })
    .addNode('beside', async () => {
      await beside();
      return { log: ['beside'] };
    })
    .addEdge(START, 'asks')
    .addEdge(START, 'beside')
    .addEdge('asks', END)
    .addEdge('beside', END)
    .compile({ checkpointer });
}

export const interruptCases: readonly Case[] = [
  [
    'a run that waits for an answer goes on with it, and does nothing twice',
    async ({ open, id }) => {
      const checkpointer = await open();
      for (const durability of ['sync', 'async', 'exit'] as const) {
        const sessionId = id(durability);
        const effects: string[] = [];
        const app = asking(checkpointer, effects);
        await expectRejection(app.invoke({}, { sessionId, durability }), ['RUN_INTERRUPTED'], 'a question');
        const found = await app.getState(sessionId);
        expectEqual([found?.status, found?.interrupts.map(({ payload }) => payload)], ['interrupted', [{ charged: 1 }]], `what is open with ${durability}`);
        expect((await checkpointer.listSessions({ limit: 1_000, status: 'interrupted' })).some((session) => session.sessionId === sessionId), 'it is listed as interrupted');
        await expectRejection(app.resume(sessionId, undefined, { durability }), ['INTERRUPT_UNANSWERED'], 'a resume without an answer');
        expectEqual((await app.resume(sessionId, 'yes', { durability })).log, [1, 'yes', 2, 'beside'], `the state with ${durability}`);
        expectEqual(effects, ['charge', 'mail'], 'what was done');
      }
    },
  ],
];

/** Those that need two checkpointers over one storage. */
export const interruptCrashCases: readonly Case[] = [
  [
    'questions, answers and records of once outlive a crash',
    async ({ open, id }) => {
      const effects: string[] = [];
      const first = await open();
      const held = gate();
      const app = asking(first, effects, () => (held.open(), new Promise(() => undefined)));
      app.invoke({}, { sessionId: id('s') }).catch(() => undefined);
      await held.opened;
      while ((await app.getState(id('s')))?.interrupts.length !== 1) await new Promise((resolve) => setTimeout(resolve, 1));
      await first.close();

      const second = await open();
      const stuck = gate();
      const again = asking(second, effects, () => (stuck.open(), new Promise(() => undefined)));
      expectEqual((await again.getState(id('s')))?.status, 'running', 'the status after a crash');
      again.resume(id('s'), 'yes').catch(() => undefined);
      await stuck.opened;
      while (!effects.includes('mail')) await new Promise((resolve) => setTimeout(resolve, 1));
      while ((await again.getState(id('s')))?.interrupts.length !== 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await second.close();

      expectEqual((await asking(await open(), effects).resume(id('s'))).log.slice(0, 2), [1, 'yes'], 'the record and the answer, after two crashes');
      expect(effects.filter((effect) => effect === 'charge').length === 1, 'what was recorded is not done again');
    },
  ],
];
