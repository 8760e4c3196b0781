// Rollup, esbuild and Bun's bundler without a configuration. They leave files behind that a module fetches: by the plain entry the page
// is told so, by `weavegraph-wasm/inline` nothing has to be fetched.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { filesIn } from '../../scripts/inputs.mjs';
import { startChromium } from '../browser/chromium.mjs';
import { createProject } from '../packaging/project.mjs';
import { answerOf, answerOfPage, bundle, forms, nodeResolve, support, writePage, writeSources } from './bundling.mjs';

let project;
let chromium;
before(async () => {
  project = await createProject();
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  project?.remove();
});

/** Each writes dist/index.js. */
const commands = {
  'rollup with its plain resolver': { row: 'Rollup 4 with @rollup/plugin-node-resolve 16', command: ['rollup', '--plugin', nodeResolve, '--dir', 'dist', 'src/index.js'] },
  'esbuild --format=esm': { row: 'esbuild 0.28, for browsers and for Node', command: ['esbuild', '--bundle', '--format=esm', '--outdir=dist', 'src/index.js'] },
  'esbuild --splitting': { row: 'esbuild 0.28, for browsers and for Node', command: ['esbuild', '--bundle', '--format=esm', '--splitting', '--outdir=dist', 'src/index.js'] },
  'bun build': { row: 'bun 1.4 (`bun build`), for browsers and for Bun', command: ['bun', 'build', '--outdir=dist', 'src/index.js'] },
};
const asModule = '<script type="module" src="index.js"></script>';
const asClassic = '<script defer src="index.js"></script>';
const remedy = /weavegraph-wasm could not load http.*\.wasm.*import 'weavegraph-wasm\/inline'/;

async function built(name, specifier, [command, ...args], script) {
  const at = writeSources(project, name, specifier);
  await bundle(at, command, ...args);
  writePage(join(at, 'dist'), script);
  return join(at, 'dist');
}

for (const [name, { row, command }] of Object.entries(commands)) {
  describe(name, () => {
    test('weavegraph-wasm: the page is told to take inline', async () => {
      assert.equal(support[row].plain, 'no');
      const dist = await built(`${name} plain`, forms.plain, command, asModule);
      assert.deepEqual(filesIn(dist).filter((path) => path.endsWith('.wasm')), []);
      const { message } = await answerOfPage(chromium, dist, { expected: [/404/, remedy] });
      assert.match(message, remedy);
    });

    test('weavegraph-wasm/inline: a page', async () => {
      assert.equal(support[row].inline, 'yes');
      const dist = await built(`${name} inline`, forms.inline, command, asModule);
      assert.deepEqual(await answerOfPage(chromium, dist), answerOf('page'));
    });
  });
}

test('a classic script by esbuild: inline is one file, the plain entry is refused for its top-level await', async () => {
  const command = ['esbuild', '--bundle', '--outdir=dist', 'src/index.js'];
  await assert.rejects(built('classic plain', forms.plain, command, asClassic), ({ stderr }) => /Top-level await/.test(stderr));
  const dist = await built('classic inline', forms.inline, command, asClassic);
  assert.deepEqual(filesIn(dist), ['index.html', 'index.js']);
  assert.deepEqual(await answerOfPage(chromium, dist), answerOf('page'));
});

test('a store that was left behind is told by the session that needs it', async () => {
  const dist = await built('no store', forms.plain, commands['bun build'].command, asModule);
  // Where the bundle looks for the engine: `../wasm`, which the root of the server is the end of.
  mkdirSync(join(dist, 'wasm'));
  cpSync(join(project.installed, 'wasm/weavegraph_wasm_bg.wasm'), join(dist, 'wasm/weavegraph_wasm_bg.wasm'));
  const { code, message } = await answerOfPage(chromium, dist, { expected: [/404/, /MIME/] });
  assert.equal(code, 'CHECKPOINT_UNAVAILABLE');
  assert.match(message, /store_bg\.wasm.*import 'weavegraph-wasm\/inline'/);
});
