// The installed package in an extension of Chromium, manifest version 3: its page by the plain entry, its service worker by inline. The
// policy of extensions keeps wasm out unless the manifest asks for it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { root } from '../../scripts/command.mjs';
import { findChromium } from '../../scripts/prerequisites.mjs';
import { createProject } from './project.mjs';

const entry = (name) => `import * as weavegraph from './node_modules/weavegraph-wasm/entries/${name}.js';\nimport { answer } from './answer.js';\n`;
/** What the manifest has to ask for. */
const policy = "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'";
/** As long as a browser on a busy machine may take. */
const ANSWER_MS = 60_000;

let project;
before(async () => {
  project = await createProject();
  project.write('answer.js', readFileSync(join(root, 'tests/packaging/contexts/answer.js'), 'utf8'));
  project.write('background.js', `${entry('inline')}chrome.runtime.onMessage.addListener((message, sender, reply) => (answer(weavegraph).then(reply), true));\n`);
  project.write('page.js', `${entry('web')}globalThis.answer = [await answer(weavegraph), await chrome.runtime.sendMessage('your turn')];\n`);
  project.write('listen.js', 'addEventListener("error", ({ message }) => { globalThis.answer = { message }; });\n');
  project.write('page.html', '<!doctype html><title>extension</title><script src="listen.js"></script><script type="module" src="page.js"></script>\n');
});
after(() => project?.remove());

/** The answer of the extension's page. */
async function answerWith(options) {
  project.write('manifest.json', JSON.stringify({ manifest_version: 3, name: 'user', version: '1', background: { service_worker: 'background.js', type: 'module' }, ...options }));
  const browser = await puppeteer.launch({ executablePath: findChromium(), headless: true, pipe: true, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'], enableExtensions: true, timeout: ANSWER_MS });
  try {
    const id = await browser.installExtension(project.folder);
    const page = await browser.newPage();
    await page.goto(`chrome-extension://${id}/page.html`);
    return await (await page.waitForFunction(() => globalThis.answer, { timeout: ANSWER_MS })).jsonValue();
  } finally {
    await browser.close();
  }
}

test('with wasm in the policy of its manifest its page and its service worker run graphs and keep sessions', async () => {
  const answers = await answerWith({ content_security_policy: { extension_pages: policy } });
  assert.deepEqual(answers, [{ realm: 'Window', stored: 42 }, { realm: 'ServiceWorkerGlobalScope', stored: 42 }]);
});

test('without it the page is told why', async () => {
  const { message } = await answerWith({});
  assert.match(message, /weavegraph-wasm could not load .*Content Security Policy/);
});
