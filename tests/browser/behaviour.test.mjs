// The behaviour suite, IndexedDB included, in pages and in workers of three engines: Chromium, Firefox and WebKitGTK.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { caseNames, indexedDbCaseNames } from '../behaviour/suite.mjs';
import { engines } from './engines.mjs';
import { startWitness } from './witness.mjs';

/** As long as a browser on a busy machine may take to start and to pass. */
const END_MS = 180_000;
const folders = { '/behaviour/': 'tests/browser/behaviour', '/suite/': 'tests/behaviour', '/pkg/': 'tests/node_modules/weavegraph-wasm' };
let server;

before(async () => {
  server = await serve({ folders: Object.fromEntries(Object.entries(folders).map(([prefix, path]) => [prefix, join(root, path)])), policy: null });
});
after(() => server?.close());

test('names of cases are unique, and those of IndexedDB are more', () => {
  const names = [...caseNames, ...indexedDbCaseNames];
  assert.equal(new Set(names).size, names.length);
  assert.ok(caseNames.length > 100 && indexedDbCaseNames.length > 10);
});

for (const { name, start, agent } of engines) {
  describe(name, () => {
    let browser;
    before(async () => {
      browser = await start();
    });
    after(() => browser?.remove());

    for (const realm of ['page', 'worker']) {
      test(`the behaviour suite passes in a ${realm}, every case of it`, async () => {
        const witness = await startWitness();
        try {
          await browser.open(`${server.address}/behaviour/index.html?${new URLSearchParams({ witness: witness.address, realm })}`);
          const report = await witness.until(() => true, END_MS);
          assert.ok(report, `nothing within ${END_MS} ms`);
          assert.equal(report.kind, 'end', report.message);
          assert.match(report.agent, agent);
          assert.equal(report.isWorker, realm === 'worker');
          assert.deepEqual(report.failed, []);
          assert.deepEqual(report.passed, [...caseNames, ...indexedDbCaseNames]);
        } finally {
          await witness.close();
        }
      });
    }
  });
}
