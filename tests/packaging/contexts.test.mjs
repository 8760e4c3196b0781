// The installed package in every realm of Chromium and Firefox, without a bundler: pages and workers of each kind, also under the policy
// of browser extensions. In each a session is kept in IndexedDB; in each kind of realm the behaviour suite runs.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';
import { root } from '../../scripts/command.mjs';
import { findFirefox } from '../../scripts/prerequisites.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from '../browser/chromium.mjs';
import { createProject } from './project.mjs';

/** What extensions of Chromium may at most, by manifest version 3. */
const ofExtensions = "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'";
const withoutWasm = "script-src 'self'; object-src 'self'";
const contexts = 'tests/packaging/contexts';
/** As long as the suite, or a browser's start, may take on a busy machine. */
const ANSWER_MS = 120_000;

/** Says that it listens, and then what it hears. */
const echo = "onmessage = ({ data }) => postMessage(data);\npostMessage('listening');";

/**
 * The scripts, by realm and entry. Until a top-level await of a worker has ended, messages to it are lost: who takes the plain entry
 * there listens first.
 */
const scripts = {
  page: { web: 'export default async () => answer(await import(entry));', inline: 'export default () => answer(weavegraph);' },
  worker: {
    web: 'onmessage = async () => postMessage(await import(entry).then(answer, told));',
    inline: 'onmessage = async () => postMessage(await answer(weavegraph));',
  },
  shared: {
    web: 'onconnect = async ({ ports: [port] }) => port.postMessage(await import(entry).then(answer, told));',
    inline: 'onconnect = async ({ ports: [port] }) => port.postMessage(await answer(weavegraph));',
  },
  early: { web: echo, inline: echo },
  // A service worker may not import later, nor await at its top.
  service: { web: 'listen(weavegraph, answer);', inline: 'listen(weavegraph, answer);' },
};
const globals = { page: 'Window', worker: 'DedicatedWorkerGlobalScope', shared: 'SharedWorkerGlobalScope', service: 'ServiceWorkerGlobalScope' };
const streamed = ['run.started', 'step.started', 'node.started', 'message', 'node.completed', 'step.completed', 'run.completed'];

/** A script over `entry` that answers by a module in the folder `at`. */
function scriptOver(entry, body, at, module = 'answer.js') {
  const isStatic = !body.includes('import(entry)');
  return `${isStatic ? `import * as weavegraph from '${entry}';` : `const entry = '${entry}';`}
import { answer } from '${at}/${module}';
import { listen } from '${at}/service.js';
const told = ({ message }) => ({ message });
${body}
`;
}

let project;
const servers = {};
before(async () => {
  project = await createProject();
  for (const [realm, bodies] of Object.entries(scripts)) {
    for (const [entry, body] of Object.entries(bodies)) {
      for (const [name, module] of [['', 'answer.js'], ['-suite', 'suite.js']]) {
        project.write(`${realm}-${entry}${name}.js`, scriptOver(`/node_modules/weavegraph-wasm/entries/${entry}.js`, body, `/${contexts}`, module));
      }
    }
    project.write('bundled.js', scriptOver('weavegraph-wasm/inline', bodies.inline, join(root, contexts)));
    if (['worker', 'shared', 'service'].includes(realm)) await build({ absWorkingDir: project.folder, entryPoints: ['bundled.js'], outfile: join(project.folder, `${realm}-classic.js`), bundle: true, logLevel: 'error' });
  }
  project.write('index.html', `<!doctype html><title>contexts</title><link rel="icon" href="data:,"><script type="module" src="/${contexts}/page.js"></script>`);
  const folders = { '/': project.folder, [`/${contexts}/`]: join(root, contexts), '/tests/behaviour/': join(root, 'tests/behaviour') };
  for (const [name, policy] of Object.entries({ free: null, ofExtensions, withoutWasm })) servers[name] = await serve({ folders, policy });
});
after(async () => {
  for (const server of Object.values(servers)) await server.close();
  project?.remove();
});

const starts = {
  chromium: async () => (await startChromium()).browser,
  firefox: () => puppeteer.launch({ browser: 'firefox', executablePath: findFirefox(), headless: true, timeout: ANSWER_MS }),
};

for (const [name, start] of Object.entries(starts)) {
  describe(name, () => {
    let browser;
    before(async () => void (browser = await start()));
    after(() => browser?.close());

    async function answerOf(realm, script, { server = servers.free, type = 'module' } = {}) {
      const context = await browser.createBrowserContext();
      try {
        const page = await context.newPage();
        await page.goto(`${server.address}/?${new URLSearchParams({ realm, script, type })}`);
        return await (await page.waitForFunction(() => globalThis.answer, { timeout: ANSWER_MS })).jsonValue();
      } finally {
        await context.close();
      }
    }

    async function check(realm, script, options) {
      const answer = await answerOf(realm, script, options);
      assert.deepEqual(answer, { realm: globals[realm], stored: 42, ...(realm === 'service' ? { events: streamed } : {}) });
    }

    async function checkSuite(realm, script) {
      const { passed, failed } = await answerOf(realm, script);
      assert.deepEqual(failed, []);
      assert.ok(passed > 0, 'the suite ran');
    }

    for (const realm of ['page', 'worker', 'shared']) {
      for (const entry of ['web', 'inline']) test(`${realm}, entries/${entry}.js`, () => check(realm, `/${realm}-${entry}.js`));
      test(`${realm}, entries/web.js: the behaviour suite`, () => checkSuite(realm, `/${realm}-web-suite.js`));
    }
    test('a worker that awaits entries/web.js at its top misses what it was sent before', async () => {
      assert.deepEqual(await answerOf('early', '/early-web.js'), { heard: 'sent when it listens' });
    });
    test('a worker that imports entries/inline.js misses nothing', async () => {
      assert.deepEqual(await answerOf('early', '/early-inline.js'), { heard: 'sent at once' });
    });

    test('service, entries/inline.js', () => check('service', '/service-inline.js'));
    test('service, entries/inline.js, under the policy of extensions', () => check('service', '/service-inline.js', { server: servers.ofExtensions }));
    test('service, entries/inline.js: the behaviour suite', () => checkSuite('service', '/service-inline-suite.js'));
    // Firefox registers it, and it then listens to nothing.
    if (name === 'chromium') {
      test('service, entries/web.js: its top-level await is refused', async () => {
        const { message } = await answerOf('service', '/service-web.js');
        assert.match(message, /Failed to register a ServiceWorker/);
      });
    }

    for (const realm of ['worker', 'shared', 'service']) {
      test(`${realm}, a classic script with weavegraph-wasm/inline bundled`, () => check(realm, `/${realm}-classic.js`, { type: 'classic' }));
    }

    for (const realm of ['page', 'worker', 'shared']) {
      for (const entry of ['web', 'inline']) {
        test(`${realm}, entries/${entry}.js, under the policy of extensions`, () => check(realm, `/${realm}-${entry}.js`, { server: servers.ofExtensions }));

        test(`${realm}, entries/${entry}.js: a policy against wasm is told`, async () => {
          const { message } = await answerOf(realm, `/${realm}-${entry}.js`, { server: servers.withoutWasm });
          assert.match(message, entry === 'web' ? /weavegraph-wasm could not load .*(CSP|Content Security)/ : /WebAssembly.*(CSP|Content Security)/);
        });
      }
    }
  });
}
