// The behaviour suite, IndexedDB included, in pages and in workers of three engines: Chromium, Firefox and WebKitGTK; and
// two realms of each that share IndexedDB.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { caseNames, indexedDbCaseNames } from '../behaviour/suite.mjs';
import { realmCases } from './behaviour/realm-cases.js';
import { engines } from './engines.mjs';
import { startWitness } from './witness.mjs';

/** As long as a browser on a busy machine may take to start and to pass. */
const END_MS = 180_000;
const folders = { '/browser/behaviour/': 'tests/browser/behaviour', '/behaviour/': 'tests/behaviour', '/pkg/': 'tests/node_modules/weavegraph-wasm' };
const suiteNames = [...caseNames, ...indexedDbCaseNames];
let server;

before(async () => {
  server = await serve({ folders: Object.fromEntries(Object.entries(folders).map(([prefix, path]) => [prefix, join(root, path)])), policy: null });
});
after(() => server?.close());

test('names of cases are unique, and those of IndexedDB are more', () => {
  assert.equal(new Set(suiteNames).size, suiteNames.length);
  assert.ok(caseNames.length > 100 && indexedDbCaseNames.length > 10);
});

for (const { name, start, agent } of engines) {
  describe(name, () => {
    let browser;
    before(async () => {
      browser = await start();
    });
    after(() => browser?.remove());

    for (const [realm, what, names] of [
      ['page', 'the behaviour suite passes in a page', suiteNames],
      ['worker', 'the behaviour suite passes in a worker', suiteNames],
      ['both', 'a page and a worker share sessions', Object.keys(realmCases)],
    ]) {
      test(`${what}, every case of it`, async () => {
        const witness = await startWitness();
        try {
          await browser.open(`${server.address}/browser/behaviour/index.html?${new URLSearchParams({ witness: witness.address, realm })}`);
          const report = await witness.until(() => true, END_MS);
          assert.ok(report, `nothing within ${END_MS} ms`);
          assert.equal(report.kind, 'end', report.message);
          assert.match(report.agent, agent);
          assert.equal(report.isWorker, realm === 'worker');
          assert.deepEqual(report.failed, []);
          assert.deepEqual(report.passed, names);
        } finally {
          await witness.close();
        }
      });
    }
  });
}
