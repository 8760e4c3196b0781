// webpack 5 without a configuration: it reads src/index.js and writes dist/, the wasm files beside it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { filesIn } from '../../scripts/inputs.mjs';
import { startChromium } from '../browser/chromium.mjs';
import { createProject } from '../packaging/project.mjs';
import { answerOf, answerOfPage, bundle, forms, support, writePage, writeSources } from './bundling.mjs';

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

const script = '<script defer src="main.js"></script>';

for (const [form, specifier] of Object.entries(forms)) {
  for (const place of ['page', 'worker']) {
    test(`${specifier}: a ${place}`, async () => {
      assert.equal(support['webpack 5'][form], 'yes');
      const at = writeSources(project, `${form} ${place}`, specifier, { isInWorker: place === 'worker' });
      await bundle(at, 'webpack', '--mode', 'production');
      const dist = join(at, 'dist');
      assert.equal(filesIn(dist).filter((path) => path.endsWith('.wasm')).length, 2, 'each wasm is written once');
      writePage(dist, script);
      assert.deepEqual(await answerOfPage(chromium, dist), answerOf(place));
    });
  }
}
