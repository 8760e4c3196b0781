// The page at work, in Chromium and Firefox, under the strict policy of the server and its own. A visit fails on whatever the page reports.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atFullSpeed, cancel, chooseEndpoint, count, drop, enter, inState, pick, release, run, runThrough, hold, text, texts } from './page-driver.mjs';
import { refusals, startRefusingEndpoint } from './page-endpoint.mjs';
import { inBrowsers, patience } from './page-lab.mjs';
import { hostileText, markup } from './page-texts.mjs';

/** Records, from inside the page, what was there each time the document changed. */
const watchGrowth = (page) => page.evaluate(() => {
  globalThis.growth = [];
  const look = () => globalThis.growth.push({
    state: document.body.dataset.state,
    events: document.querySelector('#event-count').textContent,
    draft: document.querySelector('#draft .prose').textContent.length,
    terms: document.querySelectorAll('#terms li').length,
  });
  new MutationObserver(look).observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true });
});

inBrowsers((lab) => {
  const visit = (body, options) => lab.visit(async (page, help) => {
    await inState(page, 'ready');
    return body(page, help);
  }, options);
  const isCompleted = async (page) => assert.equal(await inState(page, 'completed', 'failed', 'cancelled'), 'completed', await text(page, '#problem'));

  test('the default text is briefed, and its events, its draft and its terms appear before the end', () => visit(async (page) => {
    assert.ok((await page.$eval('#source', (field) => field.value)).split(/\s+/).length > 1200);
    await watchGrowth(page);
    await run(page);
    await isCompleted(page);
    const growth = await page.evaluate(() => globalThis.growth);
    const running = growth.filter((look) => look.state === 'running');
    const sizes = new Set(running.map((look) => look.events));
    // How many frames a loaded machine draws is its own affair; more than one shows that events came live.
    assert.ok(sizes.size >= 3, `the list grew in ${sizes.size} frames while the run went on`);
    const drafts = new Set(running.map((look) => look.draft).filter((length) => length > 0));
    assert.ok(drafts.size >= 5, `the draft grew in ${drafts.size} frames while the run went on`);
    assert.ok(running.some((look) => look.terms > 0), 'key terms were there before the end');
    assert.match(await text(page, '#badge'), /\d/);
    assert.ok((await texts(page, '#terms li')).some((term) => /tide/i.test(term)));
    assert.ok((await count(page, '#marked mark')) > 20, 'terms are marked in the text');
    assert.ok((await count(page, '#draft a')) >= 4, 'sentences lead to their places in the text');
    assert.match(await text(page, '#draft h3'), /^Tides/);
    assert.ok((await texts(page, '#draft p')).length >= 4);
  }));

  test('a text that looks like HTML is shown as text and does nothing', () => visit(async (page) => {
    await enter(page, hostileText);
    await atFullSpeed(page);
    await run(page);
    await isCompleted(page);
    assert.match(await text(page, '#draft'), /<b onclick="pwned=1">rises<\/b>/);
    assert.equal(await page.$$eval('main img, main script, main b, main [onload], main [onclick], main [onerror]', (found) => found.length), 0);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  }));

  test('what an endpoint says is shown as text and does nothing', async () => {
    const endpoint = await startRefusingEndpoint({ status: 400, message: markup });
    try {
      await visit(async (page) => {
        await chooseEndpoint(page, endpoint.address);
        assert.equal(await runThrough(page), 'failed');
        assert.ok((await text(page, '#problem')).includes('<img src=x'), await text(page, '#problem'));
        assert.equal(await count(page, 'main img, main script, #transport img'), 0);
        assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
        assert.equal(endpoint.requests, 1, 'a refusal is not asked for again');
      }, { expected: refusals });
    } finally {
      await endpoint.close();
    }
  });

  test('cancel ends a run, and the next run starts anew', () => visit(async (page) => {
    await run(page);
    await hold(page, 40);
    await cancel(page);
    await release(page);
    assert.match(await text(page, '#status'), /^Cancelled after \d+ steps?/);
    assert.equal(await page.$eval('#problem', (problem) => problem.hidden), true);
    await atFullSpeed(page);
    await run(page);
    await isCompleted(page);
    assert.match(await text(page, '#draft h3'), /^Tides/);
  }));

  test('a file is taken by the picker and by drop; what is not text is refused', () => visit(async (page) => {
    const holds = (start) => page.waitForFunction((wanted) => document.querySelector('#source').value.startsWith(wanted), patience, start);
    await pick(page, 'A picked file. It speaks of lighthouses.', 'picked.txt');
    await holds('A picked file');
    await drop(page, 'A dropped file. It speaks of harbours.', 'dropped.md');
    await holds('A dropped file');
    await drop(page, '\0\u0001\0', '<img src=x onerror=pwned=1>.bin');
    await page.waitForFunction(() => document.querySelector('#problem').textContent === '<img src=x onerror=pwned=1>.bin is not a text file.', patience);
    await holds('A dropped file');
  }));

  test('an empty text is refused with a line, and a very long one is capped with a line', () => visit(async (page) => {
    await enter(page, '  \n ');
    await page.click('#run');
    assert.equal(await text(page, '#problem'), 'There is no text to brief.');
    await enter(page, 'The lighthouse stands on a rock. Its lamp turns all night long.\n\n'.repeat(32_000));
    await atFullSpeed(page);
    await run(page);
    await isCompleted(page);
    assert.match((await texts(page, '#notices li')).join(' '), /Read the first [\d,]+ of [\d,]+ characters/);
  }));

  test('an engine that cannot be loaded is said in a line', () => lab.visit(async (page) => {
    await inState(page, 'failed');
    assert.match(await text(page, '#problem'), /npm run build/);
    assert.equal(await page.$eval('#run', (button) => button.disabled), true);
  }, { folders: ['www'], expected: [/404/, /ERR_ABORTED/, /Failed to load/, /CORRUPTED_CONTENT/, /disallowed MIME type/] }));

  test('the policy lets scripts come from the page itself alone, and none of it is unsafe', () => visit(async (page, { origin }) => {
    const header = (await fetch(`${origin}/www/`)).headers.get('content-security-policy');
    const meta = await page.$eval('meta[http-equiv="Content-Security-Policy"]', ({ content }) => content);
    const connect = (policy) => /connect-src [^;]*/.exec(policy)?.[0].trim();
    assert.equal(connect(meta), connect(header), 'page and server let the same endpoints be asked');
    for (const policy of [header, meta]) {
      const directives = new Map(policy.split(';').map((part) => part.trim().split(/\s+/)).map(([name, ...values]) => [name, values]));
      assert.deepEqual(directives.get('script-src'), ["'self'", "'wasm-unsafe-eval'"]);
      assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|unsafe-hashes|\*(?!:|$| |;)/);
      for (const name of ['default-src', 'object-src', 'base-uri', 'form-action']) assert.ok(["'self'", "'none'"].includes(directives.get(name)?.join(' ')), `${name} in ${policy}`);
    }
  }));
});
