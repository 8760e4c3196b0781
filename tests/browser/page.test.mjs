// The page in a real Chromium, under the strict policy of the server and its own. A visit fails on whatever the page reports:
// console errors, uncaught errors, unhandled rejections, failed requests.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

const RUN_MS = 60_000;
let chromium;
let server;

before(async () => {
  server = await serve({ folders: { '/www/': join(root, 'www'), '/pkg/': join(root, 'pkg') }, home: '/www/' });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

const visit = (body, options) => chromium.visit(`${server.address}/`, async (page) => {
  await state(page, 'ready');
  return body(page);
}, options);
const state = (page, ...names) => page.waitForFunction((wanted) => wanted.includes(document.body.dataset.state), { timeout: RUN_MS }, names);
const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
const texts = (page, selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent));
const isHidden = (page, selector) => page.$eval(selector, (element) => element.hidden);
const enter = (page, value) => page.$eval('#source', (field, entered) => {
  field.value = entered;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}, value);
const atFullSpeed = (page) => page.select('#pace', '0');

/** Records, from inside the page, what was there each time the document changed. */
const watchGrowth = (page) => page.evaluate(() => {
  globalThis.growth = [];
  const look = () => globalThis.growth.push({
    state: document.body.dataset.state,
    rows: document.querySelectorAll('#events li').length,
    draft: document.querySelector('#draft').textContent.length,
    terms: document.querySelectorAll('#terms li').length,
  });
  new MutationObserver(look).observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true });
});

test('the default text is briefed, and its events and its draft appear before the end', () => visit(async (page) => {
  assert.ok((await page.$eval('#source', (field) => field.value)).split(/\s+/).length > 1200);
  await watchGrowth(page);
  await page.click('#run');
  await state(page, 'running');
  await state(page, 'completed', 'failed', 'cancelled');
  assert.equal(await page.$eval('body', (body) => body.dataset.state), 'completed', await text(page, '#problem'));

  const growth = await page.evaluate(() => globalThis.growth);
  const running = growth.filter((look) => look.state === 'running');
  const sizes = new Set(running.map((look) => look.rows));
  // How many frames a loaded machine draws is its own affair; more than one shows that events came live.
  assert.ok(sizes.size >= 3, `the list grew in ${sizes.size} frames while the run went on`);
  const drafts = new Set(running.map((look) => look.draft).filter((length) => length > 0));
  assert.ok(drafts.size >= 5, `the draft grew in ${drafts.size} frames while the run went on`);
  assert.ok(running.some((look) => look.terms > 0), 'key terms were there before the end');

  const scores = (await texts(page, '#scores strong')).map(Number);
  assert.ok(scores.length >= 2, 'the draft was revised');
  assert.ok(scores.at(-1) > scores[0], `scores rise: ${scores}`);
  const terms = await texts(page, '#terms li');
  assert.ok(terms.some((term) => /tide/i.test(term)), `key terms: ${terms}`);
  assert.match(await text(page, '#draft h3'), /^Tides/);
  assert.ok((await texts(page, '#draft p')).length >= 4);
  assert.match(await text(page, '#badge'), /^final: \d+ words, score 0\.\d{3}/);
  assert.ok((await page.$$eval('#sections progress', (bars) => bars.map((bar) => bar.value))).every((value) => value === 1));
  const types = await texts(page, '#events .type');
  assert.equal(types.at(-1), 'run.completed');
}));

test('a text that looks like HTML is shown as text and does nothing', () => visit(async (page) => {
  const hostile = '<img src=x onerror="globalThis.pwned=1"> <script>globalThis.pwned=1</scr' + 'ipt> <b onclick="pwned=1">tides</b> rise with the Moon.';
  await enter(page, `# ${hostile}\n\n${hostile}\n\n## "><svg onload=pwned=1>\n\n${hostile} ${hostile}`);
  await atFullSpeed(page);
  await page.click('#run');
  await state(page, 'completed', 'failed');
  assert.equal(await page.$eval('body', (body) => body.dataset.state), 'completed', await text(page, '#problem'));
  assert.match(await text(page, '#draft'), /<img src=x onerror="globalThis\.pwned=1">/);
  assert.ok((await texts(page, '#events .text')).some((line) => line.includes('<svg onload=pwned=1>')), 'the section title is in the list as text');
  assert.equal(await page.$$eval('main img, main svg, main script, main b', (found) => found.length), 0);
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
}));

test('cancel ends a run, and the next run starts anew', () => visit(async (page) => {
  await page.click('#run');
  await page.waitForFunction(() => document.querySelector('#draft').textContent.length > 40, { timeout: RUN_MS });
  await page.click('#cancel');
  await state(page, 'cancelled');
  assert.match(await text(page, '#status'), /^Cancelled after \d+ steps?/);
  assert.equal((await texts(page, '#events .type')).at(-1), 'run.cancelled');
  const rows = await page.$$eval('#events li', (found) => found.length);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(await page.$$eval('#events li', (found) => found.length), rows, 'nothing comes after the end');
  assert.equal(await isHidden(page, '#problem'), true);

  await atFullSpeed(page);
  await page.click('#run');
  await state(page, 'completed');
  assert.equal((await texts(page, '#events .type')).filter((type) => type === 'run.started').length <= 1, true);
  assert.match(await text(page, '#draft h3'), /^Tides/);
}));

test('the keyboard alone runs and cancels', () => visit(async (page) => {
  await page.focus('#source');
  await page.keyboard.down('Control');
  await page.keyboard.press('Enter');
  await page.keyboard.up('Control');
  await state(page, 'running');
  await page.keyboard.press('Escape');
  await state(page, 'cancelled');
  const reached = [];
  await page.focus('#reset');
  for (let i = 0; i < 6; i += 1) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement.id));
  }
  assert.deepEqual(reached.slice(0, 4), ['file', 'source', 'run', 'pace']);
}));

test('a file is taken by the picker and by drop; what is not text is refused', () => visit(async (page) => {
  await page.$eval('#file', (input) => {
    const files = new DataTransfer();
    files.items.add(new File(['A picked file. It speaks of lighthouses.'], 'picked.txt', { type: 'text/plain' }));
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await page.waitForFunction(() => document.querySelector('#source').value.startsWith('A picked file'));
  const drop = (bytes, name) => page.evaluate((content, fileName) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(content)], fileName));
    document.querySelector('#events').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
  }, [...Buffer.from(bytes)], name);
  await drop('A dropped file. It speaks of harbours.', 'dropped.md');
  await page.waitForFunction(() => document.querySelector('#source').value.startsWith('A dropped file'));
  await drop('\0\u0001\0', 'picture.bin');
  await page.waitForFunction(() => document.querySelector('#problem').textContent === 'picture.bin is not a text file.');
  assert.match(await page.$eval('#source', (field) => field.value), /^A dropped file/);
}));

test('an empty text is refused with a line, and a very long one is capped with a line', () => visit(async (page) => {
  await enter(page, '  \n ');
  await page.click('#run');
  assert.equal(await text(page, '#problem'), 'There is no text to brief.');
  await enter(page, 'The lighthouse stands on a rock. Its lamp turns all night long.\n\n'.repeat(32_000));
  await atFullSpeed(page);
  await page.click('#run');
  await state(page, 'completed', 'failed');
  assert.equal(await page.$eval('body', (body) => body.dataset.state), 'completed', await text(page, '#problem'));
  assert.match((await texts(page, '#notices li')).join(' '), /Read the first [\d,]+ of [\d,]+ characters/);
  assert.ok((await page.$$eval('#events li', (found) => found.length)) <= 300, 'the list is capped');
  assert.match(await text(page, '#event-count'), /newest 300 rows shown/);
}));

test('an engine that cannot be loaded is said in a line', async () => {
  const broken = await serve({ folders: { '/www/': join(root, 'www') }, home: '/www/' });
  try {
    await chromium.visit(`${broken.address}/`, async (page) => {
      await state(page, 'failed');
      assert.match(await text(page, '#problem'), /npm run build/);
      assert.equal(await page.$eval('#run', (button) => button.disabled), true);
    }, { expected: [/404/, /ERR_ABORTED/, /Failed to load/] });
  } finally {
    await broken.close();
  }
});

for (const width of [360, 768, 1440]) {
  test(`nothing overflows at ${width} pixels, in light and dark`, () => visit(async (page) => {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.setViewport({ width, height: 900 });
      await atFullSpeed(page);
      await page.click('#run');
      await state(page, 'running', 'completed');
      await state(page, 'completed');
      const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
      assert.ok(scroll <= client, `${scroll} > ${client}`);
    }
  }));
}
