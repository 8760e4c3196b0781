// The gallery in a real browser, under the strict policy of the server and its own.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';
import { drawn } from './page-driver.mjs';

const PROGRAMS = ['hello-stream', 'loop', 'map-reduce'];
const LAST_LINES = { 'hello-stream': 'The state keeps all 42 characters.', loop: 'The square root of 2 is 1.414213562', 'map-reduce': 'All have 9592' };
const RUN_MS = 60_000;
let chromium;
let server;

before(async () => {
  server = await serve({ folders: { '/www/': join(root, 'www'), '/pkg/': join(root, 'pkg') }, home: '/www/gallery/' });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

const visit = (body, options) => chromium.visit(`${server.address}/www/gallery/`, async (page) => {
  await page.waitForFunction(() => document.body.dataset.state === 'ready', { timeout: RUN_MS });
  return body(page);
}, options);
const part = (id, name) => `#${id} [data-part="${name}"]`;
const text = (page, id, name) => page.$eval(part(id, name), (element) => element.textContent);
const said = (page, id, words) => page.waitForFunction((selector, wanted) => document.querySelector(selector).textContent === wanted, { timeout: RUN_MS }, part(id, 'status'), words);
const statuses = (page, id) => page.$$eval(`#${id} .graph-node`, (nodes) => nodes.map((node) => node.dataset.status));

for (const id of PROGRAMS) {
  test(`${id} streams its output, draws its run and counts it, again and again`, () => visit(async (page) => {
    await page.evaluate((output, status) => {
      globalThis.early = 0;
      new MutationObserver(() => {
        if (output.textContent !== '' && status.textContent === 'Running …') globalThis.early += 1;
      }).observe(output, { childList: true });
    }, await page.$(part(id, 'output')), await page.$(part(id, 'status')));
    for (let round = 0; round < 2; round += 1) {
      const atOnce = await page.evaluate((run, output) => {
        document.querySelector(run).click();
        return [document.querySelector(run).textContent, document.querySelector(output).textContent];
      }, part(id, 'run'), part(id, 'output'));
      assert.deepEqual(atOnce, ['Stop', '']);
      await page.waitForFunction((section) => document.querySelector(`#${section} .graph-node[data-status="running"]`) !== null, { timeout: RUN_MS }, id);
      await said(page, id, 'Done.');
      assert.equal((await text(page, id, 'output')).trimEnd().split('\n').at(-1), LAST_LINES[id]);
      assert.match(await text(page, id, 'facts'), /^\d+ steps? · \d+ events · [\d,]+ ms$/);
      assert.ok((await statuses(page, id)).every((status) => status === 'done'));
      assert.equal(await text(page, id, 'run'), 'Run');
    }
    assert.ok((await page.evaluate(() => globalThis.early)) > 0, 'there was output before the end');
  }));
}

test('three run at once, each in its own place', () => visit(async (page) => {
  for (const id of PROGRAMS) await page.click(part(id, 'run'));
  for (const id of PROGRAMS) {
    await said(page, id, 'Done.');
    assert.equal((await text(page, id, 'output')).trimEnd().split('\n').at(-1), LAST_LINES[id]);
  }
}));

test('a run can be stopped, which is said, and the next one begins anew', () => visit(async (page) => {
  await page.click(part('hello-stream', 'run'));
  await page.waitForFunction((selector) => document.querySelector(selector).textContent.startsWith('Hello'), { timeout: RUN_MS }, part('hello-stream', 'output'));
  await page.click(part('hello-stream', 'run'));
  await said(page, 'hello-stream', 'Stopped.');
  assert.ok(!(await text(page, 'hello-stream', 'output')).includes('characters'));
  assert.deepEqual(await statuses(page, 'hello-stream'), ['stopped']);
  await page.click(part('hello-stream', 'run'));
  await said(page, 'hello-stream', 'Done.');
  assert.ok((await text(page, 'hello-stream', 'output')).startsWith('Hello reader, these'));
}));

test('the source is shown as for users of the package, with its lines counted, and copied in that form', () => visit(async (page) => {
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async (copied) => { globalThis.copied = copied; } } }));
  for (const id of PROGRAMS) {
    const file = await readFile(join(root, `www/gallery/${id}.js`), 'utf8');
    const shown = file.replace("'../../pkg/entries/web.js'", "'weavegraph-wasm'");
    assert.equal(await text(page, id, 'source'), shown);
    assert.equal(await page.$$eval(`#${id} .source-line`, (lines) => lines.length), file.trimEnd().split('\n').length);
    assert.ok((await page.$$eval(`#${id} .is-keyword`, (found) => found.length)) > 5);
    await page.click(part(id, 'copy'));
    await said(page, id, 'Copied.');
    assert.equal(await page.evaluate(() => globalThis.copied), shown);
  }
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { configurable: true, value: undefined }));
  await page.click(part('loop', 'copy'));
  await page.waitForFunction((selector) => document.querySelector(selector).textContent.startsWith('Could not copy: '), {}, part('loop', 'status'));
}));

test('the keyboard alone runs and stops, and the focus stays', () => visit(async (page) => {
  await page.focus(part('loop', 'run'));
  await page.keyboard.press('Enter');
  await said(page, 'loop', 'Running …');
  await page.keyboard.press('Enter');
  await said(page, 'loop', 'Stopped.');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Run');
}));

test('a program that fails, or that is not there, says so in words, and the others work', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gallery-'));
  await cp(join(root, 'www'), folder, { recursive: true });
  const broken = (await readFile(join(folder, 'gallery/hello-stream.js'), 'utf8')).replace("return { greeting: words.join(' ') };", "throw new Error('<b>no greeting</b>');");
  await writeFile(join(folder, 'gallery/hello-stream.js'), broken);
  await rm(join(folder, 'gallery/loop.js'));
  const other = await serve({ folders: { '/www/': folder, '/pkg/': join(root, 'pkg') }, home: '/www/gallery/' });
  try {
    await chromium.visit(`${other.address}/www/gallery/`, async (page) => {
      await page.waitForFunction(() => document.body.dataset.state === 'ready', { timeout: RUN_MS });
      assert.match(await text(page, 'loop', 'status'), /^The program could not be loaded: .*npm run build/);
      assert.equal(await page.$eval(part('loop', 'run'), (button) => button.disabled), true);
      await page.click(part('hello-stream', 'run'));
      await page.waitForFunction((selector) => document.querySelector(selector).textContent.startsWith('Failed: NODE_THREW'), { timeout: RUN_MS }, part('hello-stream', 'status'));
      assert.match(await text(page, 'hello-stream', 'status'), /<b>no greeting<\/b>/);
      assert.deepEqual(await statuses(page, 'hello-stream'), ['failed']);
      await page.click(part('map-reduce', 'run'));
      await said(page, 'map-reduce', 'Done.');
    }, { expected: [/404/, /ERR_ABORTED|loop\.js/] });
  } finally {
    await other.close();
    await rm(folder, { recursive: true, force: true });
  }
});

for (const width of [360, 768, 1440]) {
  test(`at ${width} pixels nothing overflows, and nothing moves while programs load and run`, () => chromium.visit('about:blank', async (page) => {
    await page.setViewport({ width, height: 900 });
    await page.evaluateOnNewDocument(() => {
      globalThis.shifts = [];
      if (!PerformanceObserver.supportedEntryTypes.includes('layout-shift')) return;
      const take = (entries) => globalThis.shifts.push(...entries.filter((entry) => !entry.hadRecentInput).map((entry) => entry.value));
      const observer = new PerformanceObserver((list) => take(list.getEntries()));
      observer.observe({ type: 'layout-shift', buffered: true });
      globalThis.takeShifts = () => take(observer.takeRecords());
    });
    await page.goto(`${server.address}/www/gallery/`);
    await page.waitForFunction(() => document.body.dataset.state === 'ready', { timeout: RUN_MS });
    const heights = () => page.$$eval('.program', (sections) => sections.map((section) => section.offsetHeight));
    const before = await heights();
    for (const id of PROGRAMS) await page.click(part(id, 'run'));
    for (const id of PROGRAMS) await said(page, id, 'Done.');
    assert.deepEqual(await heights(), before);
    await drawn(page);
    assert.deepEqual(await page.evaluate(() => (globalThis.takeShifts?.(), globalThis.shifts)), []);
    const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
    assert.ok(scroll <= client, `${scroll} > ${client}`);
    // On a wide page a whole source is seen.
    if (width === 1440) assert.deepEqual(await page.$$eval('.source', (sources) => sources.map((source) => source.scrollHeight <= source.clientHeight && source.scrollWidth <= source.clientWidth)), [true, true, true]);
  }));
}
