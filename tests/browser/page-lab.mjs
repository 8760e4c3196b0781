// The page in real browsers, under its own address and policy. Owns the server, the tabs, the watching and the widths and themes that a tab
// is shown in. Must not know what the page does (page-driver.mjs does). Invariant: whatever a tab reports (a console error, an uncaught
// error, an unhandled rejection, a failed request, a breach of the policy, a request that leaves the origin, a dialogue) fails the test.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { pagePolicy, serve } from '../../scripts/serve.mjs';
import { unexpected, watch } from './chromium.mjs';
import { pageBrowsers } from './page-browsers.mjs';

/** Tabs that are not shown draw no frames, so conditions are looked at by a timer. */
export const patience = { timeout: 30_000, polling: 20 };

/** What the page is shown in: the narrowest and the usual width, both themes. */
export const shows = [360, 1440].flatMap((width) => ['light', 'dark'].map((scheme) => ({ width, scheme })));
const firstShow = { width: 1440, height: 900, scheme: 'light', motion: 'no-preference' };

/** Defines the same tests once for each browser: `define(lab)` is called within a `describe` of its name; `lab` works within tests. */
export function inBrowsers(define) {
  for (const { name, start } of pageBrowsers) {
    describe(`in ${name}`, () => {
      const lab = { name };
      before(async () => {
        Object.assign(lab, await startLab({ name, start }));
      });
      after(() => lab.close?.());
      define(lab);
    });
  }
}

/** Starts one of `pageBrowsers` and serves the page; `close` must be called. */
export async function startLab({ name, start }) {
  const started = await start();
  const servers = [];

  /** Each test gets a port of its own, and with it an origin and a storage of its own; none is given twice. */
  async function newOrigin(folders) {
    const served = Object.fromEntries(folders.map((folder) => [`/${folder}/`, join(root, folder)]));
    const server = await serve({ folders: served, home: '/www/', policy: pagePolicy });
    servers.push(server);
    return server.address;
  }

  const lab = {
    name,
    /**
     * Runs `body(open, { origin, restart })`: each `open({ path, before, show })` is a tab on one origin that no other test has, at `path`
     * (default the page). `before` is run in the tab ahead of its scripts. `restart()` kills the browser and starts it on the same profile;
     * tabs are opened anew then. `downloads` is the folder that the browser saves to. `expected` are patterns of problems that do not fail the test, `folders` those of the repository that are
     * served.
     */
    async inTabs(body, { expected = [], folders = ['www', 'pkg'] } = {}) {
      const origin = await newOrigin(folders);
      let tabs = [];
      const problems = [];
      const open = async ({ path = '/www/', before: prepare, show = {} } = {}) => {
        const page = await started.browser.newPage();
        const reported = watchAll(page, origin);
        tabs.push(page);
        problems.push(reported);
        await page.evaluateOnNewDocument(prepareTab);
        if (prepare !== undefined) await page.evaluateOnNewDocument(prepare);
        await lab.show(page, show);
        await page.goto(`${origin}${path}`);
        return page;
      };
      const restart = async () => {
        tabs = [];
        await started.restart();
      };
      const reports = () => unexpected(problems.flat(), expected);
      try {
        const result = await body(open, { origin, restart, downloads: started.downloads });
        // What is on its way when the body ends, such as a rejection, is reported one turn later.
        for (const page of tabs) if (!page.isClosed()) await page.evaluate(() => new Promise((resolve) => harness.setTimeout(resolve)));
        assert.deepEqual(reports(), []);
        return result;
      } catch (error) {
        if (error.name !== 'AssertionError' && reports().length > 0) error.message += `\nThe page reported:\n${reports().join('\n')}`;
        throw error;
      } finally {
        for (const page of tabs) if (!page.isClosed()) await page.close();
      }
    },
    /** One tab: `body(page, { open, origin, restart })`. */
    visit: (body, { path, before: prepare, show, ...options } = {}) => lab.inTabs(async (open, place) => body(await open({ path, before: prepare, show }), { open, ...place }), options),
    /** Shows a tab in `{ width, height, scheme, motion }`; what is left out is as at first. */
    async show(page, wanted = {}) {
      const { width, height, scheme, motion } = { ...firstShow, ...wanted };
      await page.setViewport({ width, height, deviceScaleFactor: 1 });
      await started.setMedia(page, { scheme, motion });
    },
    async close() {
      await started.close();
      for (const server of servers) await server.close();
    },
  };
  return lab;
}

function watchAll(page, origin) {
  const problems = watch(page);
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url)) problems.push(`left the origin: ${request.method()} ${url}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialogue: ${dialog.type()} ${dialog.message()}`);
    void dialog.dismiss();
  });
  return problems;
}

/**
 * In a tab, ahead of its scripts: breaches of the policy become console errors, and `harness.hold()` stops the clock of the page, that is all
 * its timeouts, until `harness.release()`. So a run stands still while it is looked at.
 */
function prepareTab() {
  addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`), true);
  const start = globalThis.setTimeout.bind(globalThis);
  const stop = globalThis.clearTimeout.bind(globalThis);
  let held = null;
  globalThis.harness = {
    setTimeout: start,
    hold: () => { held ??= new Map(); },
    release() {
      const due = held ?? [];
      held = null;
      for (const [, fire] of due) fire();
    },
  };
  globalThis.setTimeout = (callback, delayMs, ...args) => {
    // Text is for the policy to refuse.
    if (typeof callback !== 'function') return start(callback, delayMs);
    const fire = () => callback(...args);
    const id = start(() => (held === null ? fire() : held.set(id, fire)), delayMs);
    return id;
  };
  globalThis.clearTimeout = (id) => {
    held?.delete(id);
    stop(id);
  };
}
