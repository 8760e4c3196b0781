/**
 * Cases about updates of the state and forks.
 */

import type { Case } from './contract.js';
import { expect, expectEqual, expectRejection } from './expect.js';
import { loop, pageOf, pages, upTo } from './graphs.js';

export const travelCases: readonly Case[] = [
  [
    'an update is a checkpoint of its own, and none is stored when it is refused',
    async ({ open, id }) => {
      const app = loop(await open(), 4);
      await app.invoke({}, { sessionId: id('s') });
      const updated = await app.updateState(id('s'), { log: ['x'] }, { expectStep: 4 });
      expectEqual([updated.step, updated.status, updated.state.log], [5, 'completed', [1, 2, 3, 4, 'x']], 'the checkpoint');
      await expectRejection(app.updateState(id('s'), { log: ['y'] }, { expectStep: 4 }), ['CHECKPOINT_CONFLICT'], 'an update of another step');
      await expectRejection(app.updateState(id('none'), {}), ['SESSION_NOT_FOUND'], 'an update of a session that is not there');
      expectEqual((await app.history(id('s'))).map(({ step }) => step), [5, 4, 3, 2, 1, 0], 'history');
      expectEqual((await app.getState(id('s'), { step: 4 }))?.state.log, upTo(4), 'the state before');
    },
  ],
  [
    'a fork has the state of its step, and both go on by themselves',
    async ({ open, id }) => {
      const checkpointer = await open();
      const app = loop(checkpointer, 6);
      for (const durability of ['sync', 'exit'] as const) {
        const sessionId = id(durability);
        const fork = id(`fork of ${durability}`);
        await loop(checkpointer, 4).invoke({}, { sessionId, durability });
        expectEqual(await app.fork(sessionId, { step: 2, as: fork }), fork, 'what fork returns');
        const { state, parent, status } = (await app.getState(fork))!;
        expectEqual([state.log, parent, status], [[1, 2], { sessionId, step: 2 }, 'interrupted'], `the fork with ${durability}`);
        expectEqual((await app.resume(fork)).log, upTo(6), 'the fork, resumed');
        expectEqual((await app.getState(sessionId))?.state.log, upTo(4), 'the session that it was forked from');
        expectEqual((await app.history(fork)).map(({ step }) => step), [6, 5, 4, 3, 2, 1, 0], 'history of the fork');
        await expectRejection(app.fork(sessionId, { as: fork }), ['RUN_INVALID_OPTION'], 'a fork as a session that is there');
      }
      await expectRejection(app.fork(id('none')), ['SESSION_NOT_FOUND'], 'a fork of a session that is not there');
    },
  ],
  [
    'deleting and pruning leave what forks need',
    async ({ open, id }) => {
      const checkpointer = await open();
      const app = pages(checkpointer, 300);
      await app.invoke({}, { sessionId: id('s') });
      await app.fork(id('s'), { step: 120, as: id('f') });
      await app.fork(id('f'), { as: id('g') });
      const pruned = await checkpointer.prune({ keepLast: 1, sessionId: id('s') });
      expect(pruned.checkpoints > 100, `pruning drops more than 100 checkpoints; it was ${pruned.checkpoints}`);
      await checkpointer.deleteSession(id('s'));
      await checkpointer.deleteSession(id('f'));
      expect((await app.getState(id('s'))) === null && (await app.getState(id('f'))) === null, 'what was deleted is gone');
      const { state, step } = (await app.getState(id('g')))!;
      expectEqual([step, state], [120, { log: upTo(120), page: pageOf(120) }], 'the fork of the fork');
      // The id is free again.
      expectEqual((await pages(checkpointer, 2).invoke({}, { sessionId: id('s') })).log, [1, 2], 'a new session of the id');
      expectEqual((await app.resume(id('g'))).log, upTo(300), 'the fork of the fork, resumed');
    },
  ],
];
