// Pages that do what a test tells them (survival/lab.js), with the installed package and a profile on the disk: what IndexedDB keeps in a
// private window lives in memory and meets fewer faults. Owns the browser, the server and the watching; must not know what is tested.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

/** Tabs that are not shown draw no frames, so conditions are looked at by a timer. */
export const patience = { timeout: 30_000, polling: 20 };

/** Starts a browser for the tests of a file; `close` must be called after them. */
export async function startLab() {
  const server = await serve({ folders: { '/survival/': join(root, 'tests/browser/survival'), '/pkg/': join(root, 'tests/node_modules/weavegraph-wasm') }, policy: null });
  const chromium = await startChromium();
  let databases = 0;
  return {
    chromium,
    address: server.address,
    /**
     * Runs `body(open, name)`: each `open()` is a tab with a checkpointer on the database `name`, which no other test has. Errors that nobody
     * caught fail the test. `before` is run in a tab ahead of its scripts, `prepare(page)` here ahead of its first request.
     */
    async inTabs(body, { context = chromium.browser.defaultBrowserContext() } = {}) {
      const name = `lab ${(databases += 1)}`;
      const pages = [];
      const problems = [];
      const open = async ({ before, prepare } = {}) => {
        const page = await context.newPage();
        pages.push(page);
        page.on('pageerror', (error) => problems.push(String(error?.stack ?? error)));
        if (before !== undefined) await page.evaluateOnNewDocument(before);
        await prepare?.(page);
        await show(page);
        return page;
      };
      const show = async (page) => {
        await page.goto(`${server.address}/survival/lab.html?name=${encodeURIComponent(name)}`);
        await page.waitForFunction(() => document.title === 'ready', patience);
      };
      try {
        const result = await body(open, name);
        assert.deepEqual(problems, []);
        return result;
      } finally {
        for (const page of pages) if (!page.isClosed()) await page.close();
      }
    },
    async close() {
      await chromium.close();
      await server.close();
    },
  };
}

/** In a page: the code and message that a promise is rejected with, and the name of the cause. */
export const failure = (page, body, ...args) => page.evaluate(`(${body})(...${JSON.stringify(args)}).then(() => ({ code: 'none' }), (error) => ({ code: error.code, message: error.message, cause: error.cause?.name, session: error.sessionId }))`);

/** Runs the long run to its end in a page. */
export async function runIn(page, sessionId, options) {
  await startIn(page, sessionId, options);
  return resultIn(page);
}

/** Begins a run in a page, which forgets the one before. */
export async function startIn(page, sessionId, options = {}) {
  await page.evaluate((id, given) => (Object.assign(lab, { ran: [], acknowledged: [], told: [], result: undefined }), lab.start(id, given)), sessionId, options);
}

export async function resultIn(page) {
  await page.waitForFunction(() => lab.result !== undefined, patience);
  return page.evaluate(() => lab.result);
}
