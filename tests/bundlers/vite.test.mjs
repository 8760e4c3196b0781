// Vite without a configuration: the development server with its optimizer of dependencies, the build, and module workers of both.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from '../browser/chromium.mjs';
import { createProject } from '../packaging/project.mjs';
import { answerAt, answerOf, bundle, forms, startVite, support, writeSources } from './bundling.mjs';

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

async function answerFrom(at, ...args) {
  const server = await startVite(at, ...args);
  try {
    return await answerAt(chromium, server.address);
  } finally {
    await server.close();
  }
}

for (const [form, specifier] of Object.entries(forms)) {
  test(`${specifier}: a page of the development server`, async () => {
    assert.equal(support['Vite 8, development server'][form], 'yes');
    const at = writeSources(project, `${form} page`, specifier);
    assert.deepEqual(await answerFrom(at), answerOf('page'));
  });

  test(`${specifier}: a page that was built`, async () => {
    assert.match(support['Vite 8, build'][form], /^yes/);
    const at = writeSources(project, `${form} built page`, specifier);
    await bundle(at, 'vite', 'build');
    assert.deepEqual(await answerFrom(at, 'preview'), answerOf('page'));
  });

  test(`${specifier}: a module worker of the development server`, async () => {
    const at = writeSources(project, `${form} worker`, specifier, { isInWorker: true });
    assert.deepEqual(await answerFrom(at), answerOf('worker'));
  });
}

test('weavegraph-wasm/inline: a module worker that was built', async () => {
  assert.equal(support['Vite 8, build'].inline, 'yes');
  const at = writeSources(project, 'inline built worker', forms.inline, { isInWorker: true });
  await bundle(at, 'vite', 'build');
  assert.deepEqual(await answerFrom(at, 'preview'), answerOf('worker'));
});

test('weavegraph-wasm: a module worker is built once Vite may write it as a module', async () => {
  const at = writeSources(project, 'plain built worker', forms.plain, { isInWorker: true });
  await assert.rejects(bundle(at, 'vite', 'build'), ({ stderr }) => /top-level await/.test(stderr), 'Vite writes workers as classic scripts by itself');
  const [, option] = /`(.+)`/.exec(support['Vite 8, build'].plain);
  project.write('plain built worker/vite.config.js', `export default { ${option} };\n`);
  await bundle(at, 'vite', 'build');
  assert.deepEqual(await answerFrom(at, 'preview'), answerOf('worker'));
});
