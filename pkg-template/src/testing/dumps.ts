/**
 * Cases about exporting and importing.
 */

import type { Case } from './contract.js';
import { expect, expectEqual, expectRejection } from './expect.js';
import { loop, pages, upTo } from './graphs.js';

interface Dump {
  version: number;
  sessionId: string;
  row: unknown[];
  records: Array<[number, string]>;
}

export const dumpCases: readonly Case[] = [
  [
    'an exported session is JSON, and comes back as another session',
    async ({ open, id }) => {
      const checkpointer = await open();
      const app = loop(checkpointer, 6, (step) => (step === 2 ? new Map([[1n, new Date(5)]]) : step));
      await app.invoke({}, { sessionId: id('s') });
      const dump: unknown = JSON.parse(JSON.stringify(await checkpointer.exportSession(id('s'))));
      expectEqual(await checkpointer.importSession(dump, { as: id('copy') }), id('copy'), 'the id');
      const [one, other] = [await app.getState(id('s')), await app.getState(id('copy'))];
      expectEqual({ ...other, sessionId: '' }, { ...one, sessionId: '' }, 'the copy');
      expectEqual((await app.history(id('copy'))).length, 7, 'the length of its history');
      const { log } = await loop(checkpointer, 8).invoke({}, { sessionId: id('copy') });
      expectEqual(log.slice(6), [7, 8], 'how the copy goes on');
      await checkpointer.deleteSession(id('s'));
      expectEqual(await checkpointer.importSession(dump), id('s'), 'the id without `as`');
      expectEqual((await app.getState(id('s')))?.state, one?.state, 'the session again');
    },
  ],
  [
    'a session with snapshots and gaps is exported and imported',
    async ({ open, id }) => {
      const checkpointer = await open();
      const app = pages(checkpointer, 100);
      const { log } = await app.invoke({}, { sessionId: id('s') });
      await checkpointer.prune({ keepLast: 5, sessionId: id('s') });
      await checkpointer.importSession(await checkpointer.exportSession(id('s')), { as: id('copy') });
      expectEqual((await app.getState(id('copy')))?.state.log, log, 'the state');
      expectEqual((await pages(checkpointer, 101).invoke({}, { sessionId: id('copy') })).log, upTo(101), 'how the copy goes on');
    },
  ],
  [
    'an import never replaces a session',
    async ({ open, id }) => {
      const checkpointer = await open();
      const app = loop(checkpointer, 3);
      await app.invoke({}, { sessionId: id('s') });
      const dump = await checkpointer.exportSession(id('s'));
      await app.invoke({ log: 'more' }, { sessionId: id('s') });
      await expectRejection(checkpointer.importSession(dump), ['CHECKPOINT_CONFLICT'], 'importing over a session');
      expectEqual((await app.getState(id('s')))?.state.log, [1, 2, 3, 'more', 5], 'the session');
      await expectRejection(checkpointer.exportSession(id('none')), ['SESSION_NOT_FOUND'], 'exporting what is not there');
    },
  ],
  [
    'a hostile dump gets a typed error, and nothing is written',
    async ({ open, id }) => {
      const checkpointer = await open();
      await loop(checkpointer, 5).invoke({}, { sessionId: id('s') });
      const text = JSON.stringify(await checkpointer.exportSession(id('s')));
      const changed = (change: (dump: Dump) => unknown): unknown => {
        const dump = JSON.parse(text) as Dump;
        return change(dump) ?? dump;
      };
      const record = (JSON.parse(text) as Dump).records[0]![1];
      const hostile: unknown[] = [
        ...[null, undefined, 5, 'dump', [], {}, { weavegraph: 'session', version: 1 }, () => undefined],
        changed((dump) => void (dump.sessionId = '')),
        changed((dump) => void (dump.row = [])),
        changed((dump) => void (dump.row[1] = 'sleeping')),
        changed((dump) => void (dump.records = [])),
        changed((dump) => void (dump.records[0]![0] = 1)),
        changed((dump) => void (dump.records[0]![0] = -1)),
        changed((dump) => void dump.records.reverse()),
        changed((dump) => void dump.records.shift()),
        changed((dump) => void dump.records.splice(1, 1)),
        changed((dump) => void (dump.records[1] = dump.records[0]!)),
        changed((dump) => void (dump.records[0]![1] = '')),
        changed((dump) => void (dump.records[0]![1] = 'AAAA')),
        changed((dump) => void (dump.records[0]![1] = record.replace(/^..../, 'zzzz'))),
        changed((dump) => void (dump.records[0]![1] = `${record.slice(0, 40)}${record[40] === 'A' ? 'B' : 'A'}${record.slice(41)}`)),
      ];
      for (const dump of hostile) {
        await expectRejection(checkpointer.importSession(dump, { as: id('new') }), ['CHECKPOINT_CORRUPT'], `importing ${JSON.stringify(dump)?.slice(0, 60)}`);
      }
      await expectRejection(checkpointer.importSession(changed((dump) => void (dump.version = 99)), { as: id('new') }), ['CHECKPOINT_VERSION'], 'importing what a newer version made');
      await expectRejection(checkpointer.importSession(JSON.parse(text), { as: '' }), ['RUN_INVALID_OPTION'], 'importing as ""');
      expect((await loop(checkpointer, 1).getState(id('new'))) === null, 'no refused dump left a session');
      await checkpointer.importSession(JSON.parse(text), { as: id('new') });
      expectEqual((await loop(checkpointer, 5).getState(id('new')))?.state.log, upTo(5), 'the sound dump');
    },
  ],
];
