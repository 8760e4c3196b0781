// The browsers that the page is tested in, Chromium by DevTools and Firefox by WebDriver BiDi, behind one face. Owns their start, their profile,
// their end by a signal, and what each needs for media features. Must not know what a page shows. Invariant: a profile is a folder on the
// disk, since private windows keep IndexedDB in memory and hide its faults; the folder is removed by `close`.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { findChromium, findFirefox } from '../../scripts/prerequisites.mjs';
import { chromiumFlags } from './chromium.mjs';

/** What Firefox must not do by itself: look up hosts, ask after a crash, open pages of its own, slow down tabs that are not seen. */
const firefoxPreferences = {
  'app.update.enabled': false, 'browser.aboutwelcome.enabled': false, 'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.sessionstore.resume_from_crash': false, 'browser.shell.checkDefaultBrowser': false, 'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false, 'dom.min_background_timeout_value': 4, 'dom.min_background_timeout_value_without_budget_throttling': 4, 'dom.timeout.enable_budget_timer_throttling': false,
  'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
  'browser.download.folderList': 2, 'browser.download.alwaysOpenPanel': false,
  'services.settings.server': 'data:,', 'toolkit.startup.max_resumed_crashes': -1, 'toolkit.telemetry.reportingpolicy.firstRun': false,
};
const schemes = ['dark', 'light'];

/**
 * Each has a `name`, and `start()`, which resolves with `{ browser, downloads, setMedia, restart, close }`.
 *
 * - `downloads` is the folder where files are saved without a question.
 * - `setMedia(page, { scheme, motion })` shows `page` in a `'light'` or `'dark'` scheme, with motion `'reduce'` or `'no-preference'`; in
 *   Firefox every page of the browser follows, so a test that sets it sets it back.
 * - `restart()` kills the whole browser with SIGKILL and starts it anew on the same profile; `browser` is the new one then.
 */
export const pageBrowsers = [
  {
    name: 'chromium',
    start: () => startOn('chromium', (userDataDir, downloads) => puppeteer.launch({
      executablePath: found(findChromium(), 'Chromium'), headless: true, pipe: true, userDataDir, args: chromiumFlags,
      downloadBehavior: { policy: 'allow', downloadPath: downloads },
    }), setMediaInChromium),
  },
  {
    name: 'firefox',
    // A preference that is changed while it runs needs the browser's own realm.
    start: () => startOn('firefox', (userDataDir, downloads) => puppeteer.launch({
      browser: 'firefox', executablePath: found(findFirefox(), 'Firefox'), headless: true, userDataDir,
      args: ['--remote-allow-system-access'], extraPrefsFirefox: { ...firefoxPreferences, 'browser.download.dir': downloads },
    }), setMediaInFirefox),
  },
];

async function startOn(name, launch, setMedia) {
  const folder = mkdtempSync(join(tmpdir(), `weavegraph-page-${name}-`));
  const downloads = join(folder, 'downloads');
  mkdirSync(downloads);
  const started = {
    name,
    downloads,
    browser: await launch(folder, downloads),
    setMedia: (page, media) => setMedia(started.browser, page, media),
    async restart() {
      await kill(started.browser);
      started.browser = await launch(folder, downloads);
    },
    async close() {
      await started.browser.close().catch(() => kill(started.browser));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return started;
}

function setMediaInChromium(_browser, page, { scheme, motion }) {
  return page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: motion }]);
}

/** WebDriver BiDi has no command for it in this Firefox. */
async function setMediaInFirefox(browser, page, { scheme, motion }) {
  const { result: tree } = await browser.connection.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
  const expression = [
    `Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', ${schemes.indexOf(scheme)})`,
    `Services.prefs.setIntPref('ui.prefersReducedMotion', ${Number(motion === 'reduce')})`,
  ].join(';');
  const { result } = await browser.connection.send('script.evaluate', { expression, target: { context: tree.contexts[0].context }, awaitPromise: false });
  assert.equal(result.type, 'success', JSON.stringify(result));
  // The preference reaches the page's process a little later.
  await page.waitForFunction((dark, reduced) => matchMedia('(prefers-color-scheme: dark)').matches === dark && matchMedia('(prefers-reduced-motion: reduce)').matches === reduced, { polling: 20 }, scheme === 'dark', motion === 'reduce');
}

/** The whole group, at once: nothing of the browser gets to write anything more. */
async function kill(browser) {
  const child = browser.process();
  const ended = child.exitCode === null && child.signalCode === null ? new Promise((resolve) => child.once('exit', resolve)) : undefined;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
  await ended;
}

function found(path, name) {
  assert(path, `${name} is missing: npm test installs it`);
  return path;
}
