// The examples of the documentation that need a page, in a real Chromium, on the installed package. What they say to print is compared
// with what they print; each runs twice on one profile, as after a reload.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { brokenClaim, claimsOf } from '../js/examples.mjs';
import { compile, needsPage, programs } from '../js/programs.mjs';
import { startChromium } from './chromium.mjs';

const folder = join(root, 'build/page-examples');
const chosen = programs.filter(needsPage);
let chromium;
let server;

before(async () => {
  const complaints = compile(chosen, folder);
  assert.deepEqual([...complaints.values()].flat(), []);
  mkdirSync(join(folder, 'pages'), { recursive: true });
  const imports = { 'weavegraph-wasm': '/pkg/entries/web.js', 'weavegraph-wasm/testing': '/pkg/testing/index.js' };
  for (const { name } of chosen) {
    const script = `import('/out/${name}.js').then(() => { document.title = 'done'; }, (error) => { console.error(error.stack); document.title = 'failed'; });`;
    writeFileSync(join(folder, 'pages', `${name}.html`), `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script><script type="module">${script}</script>`);
  }
  server = await serve({ folders: { '/out/': join(folder, 'out'), '/pages/': join(folder, 'pages'), '/pkg/': join(root, 'pkg') }, policy: null });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

test('there are examples for pages', () => assert.ok(chosen.length > 0));

for (const { name, place, path, code } of chosen) {
  test(place, async () => {
    const context = await chromium.browser.createBrowserContext();
    const address = `${server.address}/pages/${name}.html`;
    try {
      const printed = await chromium.visit(address, async (page) => {
        const lines = [];
        page.on('console', (message) => lines.push(message));
        await page.reload();
        await page.waitForFunction(() => document.title !== '', { timeout: 30_000 });
        assert.equal(await page.title(), 'done');
        return Promise.all(lines.map(async (message) => (await Promise.all(message.args().map((value) => value.jsonValue()))).map(show).join(' ')));
      }, { context });
      const broken = brokenClaim(claimsOf(code), printed.join('\n'));
      if (broken !== undefined) assert.fail(`${path}:${broken.line} says that it prints\n  ${broken.claim}\nbut it prints\n${printed.join('\n')}`);
    } finally {
      await context.close();
    }
  });
}

/** As the claims write it. */
function show(value) {
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ');
}
