/**
 * Cases about listing, deleting and pruning.
 */

import type { Checkpointer, SessionSummary } from '../sessions.js';
import type { Bench, Case } from './contract.js';
import { expect, expectEqual, expectRejection } from './expect.js';
import { gate, loop, pageOf, pages, upTo } from './graphs.js';

/** All sessions of a case, by pages. */
async function listed(checkpointer: Checkpointer, { id }: Bench, options: { status?: SessionSummary['status']; limit?: number } = {}): Promise<SessionSummary[]> {
  const { limit = 100, status } = options;
  const found: SessionSummary[] = [];
  for (let after: string | undefined; ; ) {
    const page = await checkpointer.listSessions({ limit, ...(after !== undefined && { after }), ...(status !== undefined && { status }) });
    expect(page.length <= limit, `a page has at most ${limit} sessions`);
    found.push(...page);
    if (page.length < limit) break;
    after = page.at(-1)!.sessionId;
  }
  return found.filter(({ sessionId }) => sessionId.startsWith(id('')));
}

export const administrationCases: readonly Case[] = [
  [
    'sessions are listed with how they stand, the last changed first',
    async (bench) => {
      const checkpointer = await bench.open();
      await loop(checkpointer, 2).invoke({}, { sessionId: bench.id('done'), runId: bench.id('run') });
      await new Promise((resolve) => setTimeout(resolve, 5));
      const failing = loop(checkpointer, 2, () => Promise.reject(new Error('no')));
      await expectRejection(failing.invoke({}, { sessionId: bench.id('failed') }), ['NODE_THREW'], 'a run whose node throws');
      const [first, second, ...more] = await listed(checkpointer, bench);
      expectEqual([first?.sessionId, first?.status, second?.sessionId, second?.status, more.length], [bench.id('failed'), 'failed', bench.id('done'), 'completed', 0], 'the list');
      expectEqual([second?.runId, second?.step, second?.owner], [bench.id('run'), 2, null], 'run, step and owner');
      expect(second!.createdAt <= second!.updatedAt && second!.updatedAt <= Date.now(), 'times are in order');
      expectEqual((await listed(checkpointer, bench, { status: 'failed' })).map(({ sessionId }) => sessionId), [bench.id('failed')], 'the list of failed sessions');
    },
  ],
  [
    'many sessions are listed page by page, each once',
    async (bench) => {
      const checkpointer = await bench.open();
      const app = loop(checkpointer, 1);
      const ids = upTo(300).map((number) => bench.id(`s${number}`));
      for (const sessionId of ids) await app.invoke({}, { sessionId });
      const found = (await listed(checkpointer, bench, { limit: 7 })).map(({ sessionId }) => sessionId);
      expectEqual([...found].sort(), [...ids].sort(), 'the pages together');
    },
  ],
  [
    'a session that runs shows its owner and is not deleted',
    async (bench) => {
      const checkpointer = await bench.open();
      const { opened, open } = gate();
      const app = loop(checkpointer, 2, (step) => (step === 2 ? opened : step));
      const run = app.invokeStreaming({}, { sessionId: bench.id('s') });
      for await (const event of run) if (event.type === 'step.completed') break;
      const [session] = await listed(checkpointer, bench);
      expectEqual([session?.status, session?.owner?.here], ['running', true], 'status and owner');
      await expectRejection(checkpointer.deleteSession(bench.id('s')), ['SESSION_BUSY'], 'deleting a session that runs');
      open();
      await run.join();
      expect((await listed(checkpointer, bench))[0]?.owner === null, 'an ended session has no owner');
    },
  ],
  [
    'a deleted session is gone, and its id is free',
    async (bench) => {
      const checkpointer = await bench.open();
      const app = loop(checkpointer, 3);
      await app.invoke({}, { sessionId: bench.id('s') });
      await app.invoke({}, { sessionId: bench.id('other') });
      await checkpointer.deleteSession(bench.id('s'));
      await checkpointer.deleteSession(bench.id('s'));
      expect((await app.getState(bench.id('s'))) === null, 'getState of a deleted session is null');
      expectEqual((await listed(checkpointer, bench)).map(({ sessionId }) => sessionId), [bench.id('other')], 'the list');
      expectEqual((await app.invoke({}, { sessionId: bench.id('s') })).log, [1, 2, 3], 'a new session of the same id');
      expectEqual((await app.getState(bench.id('other')))?.state.log, [1, 2, 3], 'the other session');
    },
  ],
  [
    'pruning keeps the newest checkpoints, and the session goes on',
    async (bench) => {
      const checkpointer = await bench.open();
      const { log } = await pages(checkpointer, 200).invoke({}, { sessionId: bench.id('s') });
      const pruned = await checkpointer.prune({ keepLast: 20, sessionId: bench.id('s') });
      expect(pruned.checkpoints > 50 && pruned.events > 3 * 50, `most of 200 checkpoints go; ${JSON.stringify(pruned)}`);
      const app = pages(checkpointer, 201);
      const history = await app.history(bench.id('s'), { limit: 1_000 });
      expect(history.length >= 20 && history.length <= 200 - pruned.checkpoints + 1, `between 20 and what is left are in history; ${history.length}`);
      expectEqual(history.slice(0, 20).map(({ step }) => step), upTo(200).reverse().slice(0, 20), 'the newest of history');
      expectEqual((await app.getState(bench.id('s')))?.state.log, log, 'the state');
      expectEqual((await app.getState(bench.id('s'), { step: 190 }))?.state, { log: upTo(190), page: pageOf(190) }, 'a step that is kept');
      expectEqual((await app.invoke({}, { sessionId: bench.id('s') })).log, [...log, 201], 'the next run');
      const again = await checkpointer.prune({ keepLast: 1_000, sessionId: bench.id('s') });
      expectEqual([again.checkpoints, again.events], [0, 0], 'pruning with nothing to drop');
    },
  ],
  [
    'what pruning may drop is limited by age, size, state and session',
    async (bench) => {
      const checkpointer = await bench.open();
      for (const name of ['s', 't']) await pages(checkpointer, 200).invoke({}, { sessionId: bench.id(name) });
      const sessionId = bench.id('s');
      const count = async (policy: object): Promise<number> => (await checkpointer.prune(policy)).checkpoints;
      expectEqual(await count({ olderThanMs: 3_600_000, sessionId }), 0, 'the number of checkpoints of an hour ago');
      expectEqual(await count({ maxBytes: 1e9, sessionId }), 0, 'the number of checkpoints beyond a gigabyte');
      const some = await count({ maxBytes: 200_000, sessionId });
      expect(some > 0, 'something goes where there is more than maxBytes');
      expect((await count({ maxBytes: 0, sessionId })) > 0, 'more goes with maxBytes: 0');
      expect((await count({ olderThanMs: 0, keepLast: 1, finishedOnly: true })) > 0, 'the other session is pruned too when none is named');
      expectEqual((await pages(checkpointer, 1).getState(bench.id('t')))?.state.log.length, 200, 'its state');
      for (const policy of [{}, { keepLast: NaN }, { olderThanMs: -1 }, { maxBytes: 'all' }, { keepLast: 1, more: 1 }, null]) {
        await expectRejection(checkpointer.prune(policy as object), ['RUN_INVALID_OPTION'], `pruning with ${JSON.stringify(policy)}`);
      }
    },
  ],
  [
    'a session is pruned while it runs',
    async (bench) => {
      const checkpointer = await bench.open();
      const sessionId = bench.id('s');
      const app = pages(checkpointer, 200, (step) => step % 50 === 0 && checkpointer.prune({ keepLast: 1, sessionId }));
      expectEqual((await app.invoke({}, { sessionId })).log, upTo(200), 'the result');
      expectEqual((await app.getState(sessionId))?.state.log, upTo(200), 'the state');
      expect((await app.history(sessionId, { limit: 1_000 })).length < 100, 'old checkpoints are gone');
    },
  ],
  [
    'a closed checkpointer answers with CHECKPOINT_UNAVAILABLE',
    async (bench) => {
      const checkpointer = await bench.open();
      await loop(checkpointer, 1).invoke({}, { sessionId: bench.id('s') });
      await checkpointer.close();
      await checkpointer.close();
      await expectRejection(checkpointer.listSessions(), ['CHECKPOINT_UNAVAILABLE'], 'listing');
      await expectRejection(loop(checkpointer, 1).invoke({}, { sessionId: bench.id('s') }), ['CHECKPOINT_UNAVAILABLE'], 'a run');
    },
  ],
];
