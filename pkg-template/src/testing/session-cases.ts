/**
 * Cases about sessions as runs use them.
 */

import type { Replace } from '../channels.js';
import type { Case } from './contract.js';
import { expect, expectEqual, expectRejection } from './expect.js';
import { loop, pageOf, pages, replacing, upTo } from './graphs.js';

/** Values of every kind. */
function kinds(): unknown[] {
  const buffer = Uint8Array.from({ length: 16 }, (_, index) => index).buffer;
  return [
    { text: 'ünï 日本 😀 \ud800 \u0000', empty: '', nested: { list: [1, [2, [3]]] }, none: null, missing: undefined },
    [0, -0, 1.5, -1, 2 ** 53 - 1, NaN, Infinity, -Infinity, true, false],
    [0n, -1n, 10n ** 40n],
    new Map<unknown, unknown>([[{ key: 1 }, 'a'], ['b', new Map([[1, 2]])]]),
    new Set<unknown>([1, 'a', [2]]),
    [new Date(1_700_000_000_000), new Date(NaN)],
    [/a+b/gi, new TypeError('no', { cause: 'because' })],
    [buffer, new Uint8Array(buffer.slice(0, 5)), new Float64Array(buffer.slice(0)), new BigInt64Array(buffer.slice(0)), new DataView(buffer.slice(0, 3))],
    JSON.parse('{"__proto__": 1, "constructor": 2}'),
  ];
}

const difficultIds = ['a', 'a:1', 'a:1:2', 'a/b', 'a\u0000b', 'A', 'ä', 'é', 'e\u0301', '日本', '😀', '__proto__', 'constructor', '..', '%', "'; drop table sessions", ' ', 'x'.repeat(200), '1', '10', '2'];

export const sessionCases: readonly Case[] = [
  [
    'a session goes on from where its last run ended',
    async ({ open, id }) => {
      const checkpointer = await open();
      const session = { sessionId: id('s') };
      expectEqual((await loop(checkpointer, 3).invoke({}, session)).log, [1, 2, 3], 'the first run');
      expectEqual((await loop(checkpointer, 5).invoke({ log: 'in' }, session)).log, [1, 2, 3, 'in', 5], 'the second run');
      const checkpoint = await loop(checkpointer, 5).getState(session.sessionId);
      expectEqual([checkpoint?.step, checkpoint?.status, checkpoint?.state.log], [4, 'completed', [1, 2, 3, 'in', 5]], 'getState');
      expect((await loop(checkpointer, 1).getState(id('none'))) === null, 'getState of a session that is not there is null');
    },
  ],
  [
    'a failed run is resumed at the step that failed, and no finished step runs again',
    async ({ open, id }) => {
      const checkpointer = await open();
      const ran: number[] = [];
      let isBroken = true;
      const app = loop(checkpointer, 6, (step) => {
        ran.push(step);
        if (step === 4 && isBroken) throw new Error('broken');
        return step;
      });
      await expectRejection(app.invoke({}, { sessionId: id('s') }), ['NODE_THREW'], 'a run whose node throws');
      isBroken = false;
      expectEqual((await app.resume(id('s'))).log, upTo(6), 'the state after resume');
      expectEqual(ran, [1, 2, 3, 4, 4, 5, 6], 'the steps that ran');
      await expectRejection(app.resume(id('none')), ['SESSION_NOT_FOUND'], 'resuming a session that is not there');
    },
  ],
  [
    'every step can be looked up, and history is read page by page',
    async ({ open, id }) => {
      const app = loop(await open(), 12);
      await app.invoke({}, { sessionId: id('s') });
      for (const step of [0, 1, 7, 12]) expectEqual((await app.getState(id('s'), { step }))?.state.log, upTo(step), `the state at step ${step}`);
      const steps: number[] = [];
      for (let before = Infinity; ; before = steps.at(-1)!) {
        const page = await app.history(id('s'), { limit: 5, ...(before !== Infinity && { before }) });
        if (page.length === 0) break;
        steps.push(...page.map(({ step }) => step));
      }
      expectEqual(steps, [12, ...upTo(11).reverse(), 0], 'history');
    },
  ],
  [
    'writes that replace a value are kept as such, also of a step that is half done',
    async ({ open, id }) => {
      let isBroken = true;
      const app = replacing(await open(), () => {
        if (isBroken) throw new Error('broken');
      });
      const input = { list: [1, 2], map: { a: 1 }, one: 1 };
      await expectRejection(app.invoke(input, { sessionId: id('s') }), ['NODE_THREW'], 'a run whose other node throws');
      isBroken = false;
      const state = { list: [9], map: { z: 9 }, one: 9, log: ['2', 'beside'] };
      expectEqual(await app.resume(id('s')), state, 'the state after resume');
      expectEqual((await app.getState(id('s')))?.state, state, 'the stored state');
      for await (const event of app.follow(id('s'), { after: 0, filter: ['node.completed'] })) {
        if (event.type !== 'node.completed' || event.node !== 'replacing') continue;
        expectEqual(Object.fromEntries(Object.entries(event.changes ?? {}).map(([name, write]) => [name, (write as Replace<unknown>).__replace ?? write])), { list: [9], map: { z: 9 }, one: 9, log: '2' }, 'what the log says it wrote');
        break;
      }
    },
  ],
  [
    'every kind of value comes back exactly',
    async ({ open, id }) => {
      const values = kinds();
      const app = loop(await open(), values.length, (step) => values[step - 1]);
      await app.invoke({}, { sessionId: id('s'), metadata: { when: new Date(5) } });
      expectEqual((await app.getState(id('s')))?.state.log, values, 'the state');
    },
  ],
  [
    'a large value comes back',
    async ({ open, id }) => {
      const large = { text: 'é'.repeat(700_000), bytes: new Uint8Array(1_500_000).fill(7) };
      const app = loop(await open(), 2, (step) => (step === 1 ? large : 'small'));
      await app.invoke({}, { sessionId: id('s') });
      expectEqual((await app.getState(id('s')))?.state.log, [large, 'small'], 'the state');
    },
  ],
  [
    'a session of many steps and snapshots is taken up',
    async ({ open, id }) => {
      const checkpointer = await open();
      await pages(checkpointer, 700).invoke({}, { sessionId: id('s') });
      const { log, page } = await pages(checkpointer, 702).invoke({}, { sessionId: id('s') });
      expectEqual([log, page], [upTo(702), pageOf(702)], 'the state');
      const checkpoint = await pages(checkpointer, 1).getState(id('s'), { step: 333 });
      expectEqual(checkpoint?.state, { log: upTo(333), page: pageOf(333) }, 'the state in the middle');
    },
  ],
  [
    'all durabilities leave the same session',
    async ({ open, id }) => {
      const app = loop(await open(), 80);
      for (const durability of ['sync', 'async', 'exit'] as const) {
        await app.invoke({}, { sessionId: id(durability), durability });
        expectEqual((await app.getState(id(durability)))?.state.log, upTo(80), `the state with ${durability}`);
      }
    },
  ],
  [
    'session ids of any text are kept apart',
    async ({ open, id }) => {
      const checkpointer = await open();
      const app = loop(checkpointer, 2, (step) => step);
      const ids = difficultIds.map((text) => id('') + text);
      for (const sessionId of ids) await app.invoke({ log: sessionId }, { sessionId });
      for (const sessionId of ids) expectEqual((await app.getState(sessionId))?.state.log, [sessionId, 2], `session ${JSON.stringify(sessionId)}`);
      await checkpointer.deleteSession(ids[0]!);
      await checkpointer.deleteSession(ids[1]!);
      for (const sessionId of ids.slice(2)) expect((await app.getState(sessionId)) !== null, `session ${JSON.stringify(sessionId)} outlives the deletion of others`);
    },
  ],
  [
    'runs of different sessions do not disturb each other',
    async ({ open, id }) => {
      const app = loop(await open(), 20, (step) => Promise.resolve(step));
      const ids = upTo(20).map((number) => id(`s${number}`));
      const states = await Promise.all(ids.map((sessionId) => app.invoke({ log: sessionId }, { sessionId })));
      states.forEach(({ log }, index) => expectEqual(log, [ids[index], ...upTo(20).slice(1)], `session ${index}`));
    },
  ],
];
