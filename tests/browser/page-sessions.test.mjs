// What the page keeps and how it goes on: reload, a killed browser, a second tab, rewinding, files of sessions. In Chromium and Firefox, on
// profiles on the disk. What is kept is read from the store, not from the page.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import * as weavegraph from 'weavegraph-wasm';
import { createBriefing } from '../../www/agent/briefing.js';
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';
import { atFullSpeed, count, hold, inState, parts, release, run, runThrough, says, sessionId, stored, text } from './page-driver.mjs';
import { inBrowsers, patience } from './page-lab.mjs';
import { markup } from './page-texts.mjs';

const { briefing: undisturbed } = await createBriefing(weavegraph).invoke({ text: DEFAULT_TEXT }, { context: { paceMs: 0 } });

/** A session that went on ended as an undisturbed one, and nothing that was finished ran again. */
async function wentOnWell(page, id) {
  const { status, briefing, events } = await stored(page, id);
  assert.equal(status, 'completed');
  assert.deepEqual(briefing, undisturbed);
  const resumedAt = events.findIndex(({ type, resumed }) => type === 'run.started' && resumed);
  assert.ok(resumedAt > 0, 'it went on');
  const before = events.slice(0, resumedAt);
  const done = before.filter(({ type }) => type === 'step.completed').map(({ step }) => step);
  assert.ok(done.length >= 3, `steps ${done} were done before`);
  const finished = new Set(before.filter(({ type }) => type === 'node.completed').map(({ step, node, task }) => `${step} ${node} ${task}`));
  const after = events.slice(resumedAt);
  assert.deepEqual(after.filter(({ type, step }) => type === 'step.started' && done.includes(step)), []);
  assert.deepEqual(after.filter(({ type, step, node, task }) => type === 'node.started' && finished.has(`${step} ${node} ${task}`)), []);
}
/** In the middle of the second draft. */
const inTheMiddle = async (page) => {
  await run(page);
  await hold(page, 200, 2);
};
const isOffered = (page) => page.waitForSelector('#offer:not([hidden])', patience);

inBrowsers((lab) => {
  const visit = (body, options) => lab.visit(async (page, help) => {
    await inState(page, 'ready');
    return body(page, help);
  }, options);

  test('a reload in the middle: the page offers to go on, and ends with the briefing of an undisturbed run', () => visit(async (page) => {
    await inTheMiddle(page);
    const id = await sessionId(page);
    await page.reload();
    await inState(page, 'stopped');
    await isOffered(page);
    assert.match(await text(page, '#offer-text'), /^“Tides.*stopped at step [4-9]/);
    assert.equal(await sessionId(page), id);
    await atFullSpeed(page);
    await page.click('#offer-go-on');
    await inState(page, 'completed');
    assert.equal(await page.$eval('#offer', ({ hidden }) => hidden), true);
    assert.match(await text(page, '#draft h3'), /^Tides/);
    await wentOnWell(page, id);
  }));

  test('a browser that is killed in the middle: its next start offers to go on, also where the address names no session', () => lab.inTabs(async (open, { restart }) => {
    const first = await open();
    await inState(first, 'ready');
    await inTheMiddle(first);
    const id = await sessionId(first);
    await restart();
    const page = await open();
    await isOffered(page);
    await inState(page, 'ready');
    await says(page, `${parts.sessions} .standing`, /Stopped|stopped/);
    await atFullSpeed(page);
    await page.click('#offer-go-on');
    await inState(page, 'completed');
    assert.equal(await sessionId(page), id);
    await wentOnWell(page, id);
  }));

  test('an offer can be put off, and the list of sessions still goes on with the session', () => visit(async (page, { open }) => {
    await inTheMiddle(page);
    const id = await sessionId(page);
    await page.close();
    const next = await open();
    await isOffered(next);
    await next.click('#offer-dismiss');
    assert.equal(await next.$eval('#offer', ({ hidden }) => hidden), true);
    await atFullSpeed(next);
    const goOn = await next.waitForSelector(`${parts.sessions}[data-standing="stopped"] button[aria-label^="Go on"]`, patience);
    await press(goOn);
    await inState(next, 'completed');
    await wentOnWell(next, id);
  }));

  test('cancelled and resumed, it ends with the briefing of an undisturbed run', () => visit(async (page) => {
    await inTheMiddle(page);
    await page.click('#cancel');
    await inState(page, 'cancelled');
    await release(page);
    await says(page, '#go-on', /^Resume$/);
    await atFullSpeed(page);
    await page.click('#go-on');
    await inState(page, 'completed');
    await wentOnWell(page, await sessionId(page));
  }));

  test('a second tab follows live and takes over; the first one says so and follows', () => visit(async (first, { open }) => {
    await run(first);
    await hold(first, 100);
    const id = await sessionId(first);
    const second = await open({ path: `/www/#${encodeURIComponent(id)}` });
    await inState(second, 'following');
    await release(first);
    const rows = await text(second, '#event-count');
    await second.waitForFunction((selector) => document.querySelector(selector).textContent.length > 300, patience, parts.draft);
    // Steps come as the first tab completes them.
    await second.waitForFunction((before) => document.querySelector('#event-count').textContent !== before, patience, rows);
    await second.waitForFunction((selector) => document.querySelectorAll(selector).length >= 5, patience, parts.steps);
    await says(second, '#go-on', /^Take over$/);
    await second.click('#go-on');
    await inState(second, 'running');
    await hold(second, 100);
    await first.bringToFront();
    await inState(first, 'following');
    await says(first, '#status', /^Another tab has taken this over/);
    assert.equal(await first.$eval('#problem', ({ hidden }) => hidden), true);
    await release(second);
    await inState(first, 'completed');
    assert.match(await text(first, '#draft h3'), /^Tides/);
    await second.bringToFront();
    await inState(second, 'completed');
    await wentOnWell(second, id);
  }));

  test('a second tab cancels what the first one runs', () => visit(async (first, { open }) => {
    await run(first);
    await hold(first, 100);
    const second = await open({ path: `/www/#${await sessionId(first)}` });
    await inState(second, 'following');
    await second.click('#cancel');
    await inState(second, 'cancelled');
    await first.bringToFront();
    await inState(first, 'cancelled');
  }));

  test('the keyboard rewinds to a step, shows its state, and comes back to the present', () => visit(async (page) => {
    await runThrough(page);
    const last = Number(await page.$eval('#rewind', ({ max }) => max));
    assert.ok(last > 5);
    const shownNow = await text(page, parts.draft);
    await page.focus('#rewind');
    await page.keyboard.press('Home');
    await says(page, '#rewound', /^input/);
    await says(page, '#state-facts', /^step 0/);
    assert.equal(await text(page, parts.draft), '');
    for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowRight');
    await says(page, '#rewound', new RegExp(`^step 4 of ${last}$`));
    await says(page, '#state-facts', /^step 4/);
    assert.equal(await page.$eval('body', ({ dataset }) => dataset.rewound), 'true');
    assert.match(await page.$eval('#rewind', (slider) => slider.getAttribute('aria-valuetext')), /^step 4 of \d+, draft$/);
    const first = await text(page, parts.draft);
    assert.ok(first.length > 200 && first !== shownNow, 'the first draft is shown');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'live');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.body.dataset.rewound === 'false', patience);
    await page.waitForFunction((selector, wanted) => document.querySelector(selector).textContent === wanted, patience, parts.draft, shownNow);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'rewind');
  }));

  test('a session is saved as JSON, deleted, and imported again as it was', () => visit(async (page, { downloads }) => {
    for (const file of readdirSync(downloads)) rmSync(join(downloads, file));
    await runThrough(page);
    const id = await sessionId(page);
    await page.waitForSelector(`${parts.sessions}[data-standing="done"]`, patience);
    await press(await page.$(`${parts.sessions} button[aria-label^="Export"]`));
    const path = await saved(downloads);
    assert.match(path, /briefing-tides[\w-]*\.json$/);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).sessionId, id);
    await press(await page.$(`${parts.sessions} .two-step button`));
    assert.equal(await count(page, parts.sessions), 1, 'one press asks');
    await press(await page.$(`${parts.sessions} .two-step button`));
    await page.waitForFunction((selector) => document.querySelector(selector) === null, patience, parts.sessions);
    await inState(page, 'ready');
    await (await page.$('#session-file')).uploadFile(path);
    await page.waitForSelector(`${parts.sessions}[data-standing="done"]`, patience);
    await press(await page.$(`${parts.sessions} button[aria-label^="Open"]`));
    await inState(page, 'completed');
    assert.equal(await sessionId(page), id);
    assert.deepEqual((await stored(page, id)).briefing, undisturbed);
    // Again: what is there is not replaced.
    await (await page.$('#session-file')).uploadFile(path);
    await page.waitForFunction((selector) => document.querySelectorAll(selector).length === 2, patience, parts.sessions);
  }));

  test('a file of a session with a hostile id, title and text is shown as text, and what is no session is refused in a line', () => visit(async (page, { downloads }) => {
    for (const file of readdirSync(downloads)) rmSync(join(downloads, file));
    await page.$eval('#source', (field, value) => {
      field.value = value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }, `# ${markup}\n\n${markup} The tide rises. The tide falls ${markup}.`);
    await runThrough(page);
    const id = await sessionId(page);
    const dump = await page.evaluate(async (from, as) => {
      const { IndexedDbCheckpointer } = await import('/pkg/entries/web.js');
      const checkpointer = new IndexedDbCheckpointer({ name: 'weavegraph-briefings' });
      await checkpointer.importSession(await checkpointer.exportSession(from), { as });
      const made = JSON.stringify(await checkpointer.exportSession(as));
      await checkpointer.deleteSession(as);
      await checkpointer.close();
      return made;
    }, id, markup);
    await importText(page, dump, `${markup.replaceAll('/', '')}.json`);
    await page.waitForFunction((selector) => document.querySelectorAll(selector).length === 2, patience, parts.sessions);
    await page.evaluate((hostile) => { location.hash = `#${encodeURIComponent(hostile)}`; }, markup);
    await inState(page, 'completed');
    assert.equal(await sessionId(page), markup);
    await says(page, '#event-count', /\d/);
    for (const [content, name, words] of [['{"a":1}', `${markup}.json`, /is not a sound exported session/], ['nothing', 'x.json', /is no JSON/], ['[]', '', /./]]) {
      await importText(page, content, name);
      await says(page, '#sessions .session-note', words);
    }
    assert.equal(await count(page, 'main img, main script, main [onerror], main [onload]'), 0);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  }));
});

/** Where nothing that sticks to the window's edge is over it. */
async function press(button) {
  await button.evaluate((element) => element.scrollIntoView({ behavior: 'instant', block: 'center' }));
  await button.click();
}

/** By the page's own picker of sessions. */
const importText = (page, content, name) => page.$eval('#session-file', (input, given, fileName) => {
  const files = new DataTransfer();
  files.items.add(new File([given], fileName));
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}, content, name);

/** The path of the one file that was saved, once it is whole. */
async function saved(folder) {
  for (let look = 0; look < 500; look += 1, await wait(20)) {
    const [name, ...others] = readdirSync(folder);
    if (name === undefined || others.length > 0 || !name.endsWith('.json')) continue;
    const path = join(folder, name);
    if (existsSync(path) && statSync(path).size > 0) return path;
  }
  throw new Error(`There is no file but ${readdirSync(folder)}`);
}
