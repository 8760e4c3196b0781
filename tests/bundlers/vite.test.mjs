// Vite without a configuration: the development server with its optimizer of dependencies, the build, and module workers of both.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from '../browser/chromium.mjs';
import { createProject } from '../packaging/project.mjs';
import { answerAt, answerOf, bundle, startVite, writeSources } from './bundling.mjs';

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

for (const specifier of ['weavegraph-wasm', 'weavegraph-wasm/inline']) {
  test(`${specifier}: a page of the development server`, async () => {
    const at = writeSources(project, `page of ${specifier.replace('/', ' ')}`, specifier);
    assert.deepEqual(await answerFrom(at), answerOf('page'));
  });

  test(`${specifier}: a page that was built`, async () => {
    const at = writeSources(project, `built page of ${specifier.replace('/', ' ')}`, specifier);
    await bundle(at, 'vite', 'build');
    assert.deepEqual(await answerFrom(at, 'preview'), answerOf('page'));
  });

  test(`${specifier}: a module worker of the development server`, async () => {
    const at = writeSources(project, `worker of ${specifier.replace('/', ' ')}`, specifier, { isInWorker: true });
    assert.deepEqual(await answerFrom(at), answerOf('worker'));
  });
}

test('weavegraph-wasm/inline: a module worker that was built', async () => {
  const at = writeSources(project, 'built worker of inline', 'weavegraph-wasm/inline', { isInWorker: true });
  await bundle(at, 'vite', 'build');
  assert.deepEqual(await answerFrom(at, 'preview'), answerOf('worker'));
});

test('weavegraph-wasm: a module worker is built once Vite may write it as a module', async () => {
  const at = writeSources(project, 'built worker', 'weavegraph-wasm', { isInWorker: true });
  await assert.rejects(bundle(at, 'vite', 'build'), ({ stderr }) => /top-level await/.test(stderr), 'Vite writes workers as classic scripts by itself');
  project.write('built worker/vite.config.js', "export default { worker: { format: 'es' } };\n");
  await bundle(at, 'vite', 'build');
  assert.deepEqual(await answerFrom(at, 'preview'), answerOf('worker'));
});
