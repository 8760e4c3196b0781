// A real Chromium for tests. Owns its start, its flags and its end, and the watching of pages.
// Must not know what a page shows. Invariant: whatever a page reports (a console error, an uncaught error, an unhandled
// rejection, a failed request), in workers too, fails the test that visited it.
import assert from 'node:assert/strict';
import puppeteer from 'puppeteer-core';
import { findChromium } from '../../scripts/prerequisites.mjs';

/** Of every Chromium that a driver starts here. */
export const chromiumFlags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/**
 * Starts a browser without a window, with a profile of its own that its end removes. `flags` are its own besides
 * those of every test. `visit` opens pages in it; `close` must be called after the tests.
 */
export async function startChromium({ flags: own = [] } = {}) {
  const executablePath = findChromium();
  assert(executablePath, 'Chromium is missing: npm test installs it');
  const browser = await puppeteer.launch({ executablePath, headless: true, pipe: true, args: [...chromiumFlags, ...own] });
  return {
    browser,
    /**
     * Opens an address, runs `body(page)` and fails on every problem the page reported, save those that a pattern in
     * `expected` matches. Each visit has its own storage, unless a `context` (`browser.createBrowserContext()`) is given.
     */
    async visit(address, body, { expected = [], context } = {}) {
      const own = context ?? (await browser.createBrowserContext());
      const page = await own.newPage();
      const problems = watch(page);
      try {
        await page.goto(address);
        const result = await body(page);
        // What is on its way when the body ends, such as a rejection, is reported one turn later.
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
        assert.deepEqual(unexpected(problems, expected), []);
        return result;
      } catch (error) {
        if (error.name !== 'AssertionError' && problems.length > 0) error.message += `\nThe page reported:\n${problems.join('\n')}`;
        throw error;
      } finally {
        await (context === undefined ? own.close() : page.close());
      }
    },
    close: () => browser.close(),
  };
}

/** Collects what a page and its workers report, as text, into the array that is returned. Any browser's page will do. */
export function watch(page) {
  const problems = [];
  const listen = (target, where) => {
    target.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'assert') problems.push(`${where}console: ${message.text()} ${message.location().url ?? ''}`.trimEnd());
    });
    target.on('pageerror', (error) => problems.push(`${where}uncaught: ${error?.stack ?? error}`));
    target.on('error', (error) => problems.push(`${where}crashed: ${error?.stack ?? error}`));
  };
  listen(page, '');
  page.on('workercreated', (worker) => listen(worker, 'worker '));
  page.on('requestfailed', (request) => problems.push(`request: ${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`response: ${response.status()} ${response.url()}`);
  });
  return problems;
}

/** The problems that no pattern matches. */
export function unexpected(problems, patterns) {
  return problems.filter((problem) => !patterns.some((pattern) => pattern.test(problem)));
}
