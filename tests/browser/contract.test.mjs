// The contract of checkpointers, by the installed package's own cases, over IndexedDB: in pages and in workers of three engines. The
// cases themselves are the package's.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { MemoryCheckpointer } from 'weavegraph-wasm';
import { checkpointerContract } from 'weavegraph-wasm/testing';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { engines } from './engines.mjs';
import { startWitness } from './witness.mjs';

/** As long as a browser on a busy machine may take to start. */
const START_MS = 60_000;
const names = checkpointerContract(() => new MemoryCheckpointer()).map(({ name }) => name);
let server;

before(async () => {
  server = await serve({ folders: { '/contract/': join(root, 'tests/browser/contract'), '/pkg/': join(root, 'tests/node_modules/weavegraph-wasm') }, policy: null });
});
after(() => server?.close());

test('the contract has cases about crashes, each with a name of its own', () => {
  assert.ok(names.length > 20 && names.some((name) => /crash/.test(name)), names.join('\n'));
  assert.equal(new Set(names).size, names.length);
});

for (const { name: browser, start } of engines) {
  for (const realm of ['page', 'worker']) {
    describe(`in a ${realm} of ${browser}`, () => {
      let witness;
      let profile;
      before(async () => {
        witness = await startWitness();
        profile = await start();
        await profile.open(`${server.address}/contract/index.html?${new URLSearchParams({ witness: witness.address, realm })}`);
      });
      after(async () => {
        await profile?.remove();
        await witness?.close();
      });

      /** The first report that matches; what broke the page fails at once. */
      async function reported(matches) {
        const report = await witness.until((each) => each.kind === 'broken' || matches(each), START_MS);
        assert.ok(report, `nothing within ${START_MS} ms; so far ${JSON.stringify(witness.reports)}`);
        assert.notEqual(report.kind, 'broken', report.message);
        return report;
      }

      for (const name of names) {
        test(name, async () => {
          const { error } = await reported((each) => each.kind === 'case' && each.name === name);
          assert.equal(error, undefined, error);
        });
      }

      test('nothing else was run, on the database that was asked for', async () => {
        const { isWorker, databases } = await reported(({ kind }) => kind === 'end');
        assert.equal(isWorker, realm === 'worker');
        assert.deepEqual(databases, [`contract in a ${realm}`]);
        assert.deepEqual(witness.reports.filter(({ kind }) => kind === 'case').map(({ name }) => name), names);
      });
    });
  }
}
