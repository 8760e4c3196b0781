// The packed package in a user's project under `wrangler dev`: the worker of docs/edge.md, and the behaviour suite by both entries that work there.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { createProject } from '../packaging/project.mjs';
import { begin, collect, isEnd, linesOf } from './client.mjs';
import { startWrangler } from './wrangler-process.mjs';
import { caseNames } from '../behaviour/suite.mjs';

let project;
before(async () => {
  project = await createProject();
  cpSync(join(root, 'tests/behaviour'), join(project.folder, 'behaviour'), { recursive: true });
});
after(() => project.remove());

/** Serves `code` while `use` has its address. */
async function serve({ name, code, date = '2025-07-01', flags = [] }, use) {
  project.write(name, code);
  project.write(`${name}.jsonc`, JSON.stringify({ name: 'worker', main: name, compatibility_date: date, compatibility_flags: flags }));
  const wrangler = await startWrangler({ folder: project.folder, config: `${name}.jsonc` });
  try {
    await use(wrangler.origin);
  } finally {
    await wrangler.stop();
  }
  assert.doesNotMatch(wrangler.printed(), /hung|different request/);
}

const [, example] = /```ts\n(.*?)```/s.exec(readFileSync(join(root, 'docs/edge.md'), 'utf8'));

test('the worker of docs/edge.md streams, is followed and is cancelled', async () => {
  await serve({ name: 'example.ts', code: example, flags: ['enable_request_signal'] }, async (origin) => {
    const events = await collect(linesOf(await fetch(`${origin}?session=whole`)));
    assert.equal(events.at(-1).type, 'run.completed');
    assert.equal(events.filter(({ type }) => type === 'llm.chunk').length, 12);
    const followed = await collect(linesOf(await fetch(`${origin}?session=whole&after=0`)), isEnd);
    assert.deepEqual(followed, events.filter(({ transient }) => transient !== true));

    const running = await begin(linesOf(await fetch(`${origin}?session=stopped`)), ({ type }) => type === 'llm.chunk');
    assert.equal(await (await fetch(`${origin}?session=stopped`, { method: 'DELETE' })).json(), true);
    assert.equal((await running.rest).at(-1).type, 'run.cancelled');
  });
});

for (const entry of ['weavegraph-wasm', 'weavegraph-wasm/inline']) {
  test(`${entry}: an app at module scope, and the behaviour suite`, async () => {
    const code = `
      import * as weavegraph from '${entry}';
      import { runSuite } from './behaviour/suite.mjs';
      const { append, END, GraphBuilder, START } = weavegraph;
      const app = new GraphBuilder({ channels: { log: append() } }).addNode('a', () => ({ log: 'a' })).addEdge(START, 'a').addEdge('a', END).compile();
      export default {
        async fetch() {
          return Response.json({ ...(await app.invoke()), ...(await runSuite(weavegraph)) });
        },
      };
    `;
    await serve({ name: `${entry.replace('/', '-')}.mjs`, code }, async (origin) => {
      const { log, passed, failed } = await (await fetch(origin)).json();
      assert.deepEqual(log, ['a']);
      assert.deepEqual(failed, []);
      assert.deepEqual(passed, caseNames);
    });
  });
}
