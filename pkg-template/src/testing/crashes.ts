/**
 * Cases with two checkpointers over one storage: crashes, and two that want one session.
 *
 * A crash is a run that is held in a node while its checkpointer is closed: nothing of it is stored any more.
 */

import { WeaveError } from '../errors.js';
import type { Case } from './contract.js';
import { expect, expectEqual, expectRejection } from './expect.js';
import { gate, loop, upTo } from './graphs.js';

export const crashCases: readonly Case[] = [
  [
    'what one checkpointer stored another one finds',
    async ({ open, id }) => {
      await loop(await open(), 3).invoke({}, { sessionId: id('s') });
      const other = await open();
      expect((await loop(other, 3).getState(id('s')))?.step === 3, '`make` opens the same storage each time (or give `persists: false`)');
      expectEqual((await loop(other, 4).invoke({}, { sessionId: id('s') })).log, upTo(4), 'the state');
      expect((await other.listSessions({ limit: 1_000 })).some(({ sessionId }) => sessionId === id('s')), 'it is in the list of the other');
    },
  ],
  [
    'after a crash the session goes on with the step that was not stored',
    async ({ open, id }) => {
      for (const durability of ['sync', 'async'] as const) {
        const sessionId = id(durability);
        const first = await open();
        const reached = gate();
        const run = loop(first, 8, (step) => {
          if (step < 5) return step;
          reached.open();
          return new Promise(() => undefined);
        }).invokeStreaming({}, { sessionId, durability });
        run.result.catch(() => undefined);
        await reached.opened;
        // Behind `async`: what is on its way may arrive.
        while (((await loop(first, 8).getState(sessionId))?.step ?? 0) < 4) await new Promise((resolve) => setTimeout(resolve, 1));
        await first.close();
        const ran: unknown[] = [];
        const second = await open();
        const app = loop(second, 8, (step) => {
          ran.push(step);
          return step;
        });
        expectEqual((await app.getState(sessionId))?.status, 'running', 'the status after a crash');
        await expectRejection(app.invoke({}, { sessionId }), ['SESSION_UNFINISHED'], 'starting anew where a run crashed');
        expectEqual((await app.resume(sessionId)).log, upTo(8), `the state with ${durability}`);
        expectEqual(ran, [5, 6, 7, 8], 'the steps that ran after the crash');
      }
    },
  ],
  [
    'of two that start one session at the same time only one gets it',
    async ({ open, id }) => {
      for (let round = 1; round <= 5; round += 1) {
        const sessionId = id(`s${round}`);
        const both = gate();
        let entered = 0;
        const start = async (name: string): Promise<readonly unknown[]> => {
          const app = loop(await open(), 3, async (step) => {
            if (step === 1 && (entered += 1) === 2) both.open();
            if (step === 1) await both.opened;
            return `${name}${step}`;
          });
          try {
            return (await app.invoke({}, { sessionId })).log;
          } finally {
            both.open();
          }
        };
        const outcomes = await Promise.allSettled([start('a'), start('b')]);
        const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
        expect(won.length === 1, `one of two runs completes; ${won.length} did`);
        const lost = outcomes.find((outcome) => outcome.status === 'rejected')?.reason as unknown;
        const code = lost instanceof WeaveError ? lost.code : String(lost);
        expect(['CHECKPOINT_CONFLICT', 'SESSION_BUSY'].includes(code), `the other one fails with CHECKPOINT_CONFLICT or SESSION_BUSY; it failed with ${code}`);
        expectEqual((await loop(await open(), 3).getState(sessionId))?.state.log, won[0]!.value, 'what is stored');
      }
    },
  ],
  [
    'a run that another one took over cannot write any more',
    async ({ open, id }) => {
      const sessionId = id('s');
      const { opened, open: go } = gate();
      const reached = gate();
      const run = loop(await open(), 6, async (step) => {
        if (step === 4) {
          reached.open();
          await opened;
        }
        return `old${step}`;
      }).invokeStreaming({}, { sessionId });
      await reached.opened;
      const app = loop(await open(), 6, (step) => `new${step}`);
      // Not `resume`: in one realm two runs cannot have one id.
      const { log } = await app.invoke({}, { sessionId, abandon: true, whenBusy: 'steal' });
      expectEqual(log, ['old1', 'old2', 'old3', 'new4', 'new5', 'new6'], 'what the second made of it');
      go();
      const result = await run.result;
      expectEqual([result.status, 'error' in result && result.error.code], ['failed', 'CHECKPOINT_CONFLICT'], 'how the first ends');
      expectEqual((await app.getState(sessionId))?.state.log, log, 'what is stored');
      const history = await app.history(sessionId);
      expectEqual(history.map(({ step }) => step), [6, 5, 4, 3, 2, 1, 0], 'history');
    },
  ],
];
