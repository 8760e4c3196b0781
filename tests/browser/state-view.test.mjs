// The state view (www/views/state-view.js) in Chromium, on states made for a point.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { plainFaults, startViewLab } from './view-lab.mjs';

let lab;
before(async () => {
  lab = await startViewLab({ styles: ['state.css'], className: 'state' });
});
after(() => lab?.close());

const CHANNELS = {
  text: { kind: 'last', options: { initial: '' } },
  items: { kind: 'append', options: { keyed: true } },
  terms: { kind: 'merge' },
  scores: { kind: 'append' },
  sum: { kind: 'reduce', options: { initial: 0 } },
};
const START = { text: 'Tides rise.', items: [{ id: 1, done: false }], terms: {}, scores: [], sum: 0 };

/** Opens the page with a view of `channels`; `t.show` shows and renders, `t.changes` are what changed in the document since `t.watch()`. */
const visit = (body, channels = CHANNELS) => lab.visit(async (page) => {
  await page.evaluate(async (own) => {
    const { StateView } = await import('/www/views/state-view.js');
    const root = document.querySelector('#root');
    const view = new StateView(root, { channels: own }, document.querySelector('#facts'));
    globalThis.t = {
      view,
      show: (shown) => (view.show({ nodes: ['work'], ...shown }), view.render()),
      watch() {
        t.observer?.disconnect();
        t.observer = new MutationObserver(() => {});
        t.observer.observe(document.querySelector('#card'), { subtree: true, childList: true, attributes: true, characterData: true });
      },
      changes: () => t.observer.takeRecords().map(({ target }) => (target.closest?.('.channel')?.querySelector('.name').textContent ?? target.className)),
    };
  }, channels);
  return body(page);
});
const show = (page, shown) => page.evaluate((own) => t.show(own), shown);
const facts = (page) => page.$eval('#facts', (span) => span.textContent);
const lines = (page) => page.$$eval('.channel:not([hidden])', (items) => items.map((item) => {
  const flag = item.querySelector('.flag').hidden ? '' : ' changed';
  return `${item.querySelector('.name').textContent}${flag}: ${item.querySelector('.summary').textContent}`;
}));
const open = (page, name) => page.evaluate((wanted) => [...document.querySelectorAll('.line')].find((line) => line.querySelector('.name').textContent === wanted).click(), name);
const insideOf = (page, name) => page.evaluate((wanted) => {
  const item = [...document.querySelectorAll('.channel')].find((each) => each.querySelector('.name').textContent === wanted);
  const inside = item.querySelector('.inside');
  return inside.hidden ? null : { changes: [...inside.querySelectorAll('.changes li')].map((change) => change.textContent), value: inside.querySelector('.value')?.textContent ?? '' };
}, name);

test('before the first step it says so, and so does a step that the store no longer has', () => visit(async (page) => {
  assert.match(await page.$eval('.note', (note) => note.innerText), /^No state yet/);
  assert.equal(await facts(page), '');
  assert.equal(await page.$eval('.channels', (list) => list.checkVisibility()), false);
  await show(page, { step: 3, state: null });
  assert.equal(await page.$eval('.note', (note) => note.innerText), 'The store has no state of step 3.');
}));

test('channels that changed come first, each with what changed; the others say what they hold', () => visit(async (page) => {
  await show(page, {
    step: 5, before: START, nodes: ['rank', 'rank', 'judge'], updatedChannels: ['items', 'scores'],
    state: { ...START, items: [{ id: 1, done: true }, { id: 2, done: false }], scores: [{ round: 1, score: 0.874 }] },
  });
  assert.deepEqual(await lines(page), [
    'items changed: +1: id 2, done false; 1 replaced: done false → true', 'scores changed: +1: round 1, score 0.874',
    'text: “Tides rise.”', 'terms: no keys', 'sum: 0',
  ]);
  assert.equal(await facts(page), 'step 5 · 131 B · 2 of 5 channels changed');
  assert.equal(await page.$eval('.where', (where) => where.textContent), 'After rank ×2, judge live');
  await show(page, { step: 0, before: null, nodes: [], state: START, updatedChannels: [], isLive: false });
  assert.deepEqual((await lines(page)).map((line) => line.split(':')[0]), Object.keys(CHANNELS));
  assert.equal(await page.$eval('.where', (where) => where.textContent), 'The input looking back');
  assert.deepEqual(await plainFaults(page), []);
}));

test('the size in the facts is that of the state as JSON', () => visit(async (page) => {
  const state = { ...START, text: 'ü'.repeat(6_000) };
  await show(page, { step: 1, before: START, state });
  assert.match(await facts(page), new RegExp(`^step 1 · ${(Buffer.byteLength(JSON.stringify(state)) / 1000).toFixed(1)} KB · 1 of 5 channels changed$`));
}));

test('a channel opens to what changed and what it holds, and stays open from step to step', () => visit(async (page) => {
  await show(page, { step: 1, before: null, state: START, updatedChannels: [] });
  assert.equal(await insideOf(page, 'items'), null);
  await open(page, 'items');
  assert.deepEqual(await page.$$eval('.line', (all) => all.map((line) => line.getAttribute('aria-expanded'))), ['false', 'true', 'false', 'false', 'false']);
  assert.deepEqual((await insideOf(page, 'items')).changes, []);
  assert.match((await insideOf(page, 'items')).value, /^0: 2 fields id: 1, done: false/);

  const next = { ...START, items: [{ id: 1, done: true }] };
  await show(page, { step: 2, before: START, state: next, updatedChannels: ['items'] });
  assert.deepEqual((await insideOf(page, 'items')).changes, ['~changed [0] done false → true']);
  assert.match((await insideOf(page, 'items')).value, /^0: 2 fields id: 1, done: true/);
  await show(page, { step: 3, before: next, state: { ...next, sum: 1 }, updatedChannels: ['sum'] });
  assert.deepEqual((await insideOf(page, 'items')).changes, []);
  assert.equal(await insideOf(page, 'sum'), null);
  await open(page, 'items');
  assert.equal(await insideOf(page, 'items'), null);
}));

test('a text is told by the sentences that came and went', () => visit(async (page) => {
  const before = { ...START, text: 'The tide is raised by the Moon. It falls again. It never rests.' };
  await show(page, { step: 1, before, state: { ...before, text: 'The tide is raised by the Moon. The Sun helps. It never rests. So be it.' } });
  await open(page, 'text');
  assert.deepEqual(await page.$$eval('.changes del, .changes ins', (parts) => parts.map((part) => `${part.localName} ${part.textContent}`)), ['del It falls again.', 'ins The Sun helps.', 'ins So be it.']);
}));

test('only what changed is shown on demand, and where nothing did it says so', () => visit(async (page) => {
  await show(page, { step: 1, before: START, state: { ...START, sum: 2 } });
  await page.click('.only');
  assert.equal(await page.$eval('.only', (button) => button.getAttribute('aria-pressed')), 'true');
  assert.deepEqual(await lines(page), ['sum changed: 0 → 2']);
  await show(page, { step: 2, before: START, state: START });
  assert.deepEqual(await lines(page), []);
  assert.equal(await page.$eval('.note', (note) => note.innerText), 'This step changed nothing.');
  await page.click('.only');
  assert.equal((await lines(page)).length, 5);
  assert.equal(await page.$eval('.note', (note) => note.hidden), true);
}));

test('the focus stays where it is while channels change their places', () => visit(async (page) => {
  await show(page, { step: 1, before: START, state: START });
  const focused = () => page.evaluate(() => document.activeElement.querySelector?.('.name')?.textContent);
  await page.evaluate(() => document.querySelectorAll('.line')[2].focus());
  assert.equal(await focused(), 'terms');
  for (const channel of ['sum', 'terms', 'text', 'scores']) {
    await show(page, { step: 2, before: START, state: START, updatedChannels: [channel] });
    assert.equal(await focused(), 'terms', channel);
    assert.equal((await lines(page))[0].split(' ')[0], channel);
  }
  await page.keyboard.press('Enter');
  assert.notEqual(await insideOf(page, 'terms'), null);
}));

test('what is shown again changes nothing, and a step changes the channels alone that it wrote', () => visit(async (page) => {
  const state = { ...START, sum: 1 };
  await show(page, { step: 1, before: START, state, updatedChannels: ['sum'] });
  for (const name of ['text', 'sum']) await open(page, name);
  const [again, next] = await page.evaluate((shown, after) => {
    t.watch();
    t.show(shown);
    t.changes();
    t.show({ ...shown, updatedChannels: ['sum'] });
    t.view.render();
    const still = t.changes();
    t.show(after);
    return [still, [...new Set(t.changes())]];
  }, { step: 1, before: START, state, updatedChannels: ['sum'] }, { step: 2, before: state, state: { ...state, sum: 2 }, updatedChannels: ['sum'] });
  assert.deepEqual(again, []);
  assert.deepEqual(next.sort(), ['badge', 'sum']);
}));

test('what is in the state is text: hostile names, values and paths do nothing, long ones stay in their place', () => visit(async (page) => {
  const hostile = '<img src=x onerror="globalThis.pwned=1">';
  const state = { [hostile]: { [hostile]: hostile, ['k'.repeat(300)]: 'x'.repeat(3_000) }, '\u202eevil': [hostile, 'y'.repeat(100_000)] };
  await show(page, { step: 1, nodes: [hostile], before: { [hostile]: { [hostile]: 1 }, '\u202eevil': [] }, state });
  await page.evaluate(() => { for (const line of document.querySelectorAll('.line')) line.click(); });
  assert.equal(await page.$$eval('#root img', (found) => found.length), 0);
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  assert.ok((await lines(page))[0].startsWith(`${hostile} changed: `));
  assert.ok(await page.$eval('#root', (root) => root.textContent.length) < 20_000, 'a long value is cut');
  for (const width of [360, 768, 1440]) {
    await page.setViewport({ width, height: 900 });
    assert.deepEqual(await plainFaults(page), [], `${width}`);
  }
}, { '<img src=x onerror="globalThis.pwned=1">': { kind: 'last' }, '\u202eevil': { kind: 'append' } }));

test('the view keeps its size, whatever it shows', () => visit(async (page) => {
  const boxes = () => page.evaluate(() => ['#card', '#root'].map((name) => JSON.stringify(document.querySelector(name).getBoundingClientRect())));
  const empty = await boxes();
  await show(page, { step: 12, before: START, state: { ...START, text: 'x'.repeat(120_000), sum: 3 } });
  for (const name of ['text', 'items', 'sum']) await open(page, name);
  assert.deepEqual(await boxes(), empty);
  await page.setViewport({ width: 360, height: 800 });
  const narrow = await boxes();
  await show(page, { step: 13, state: null });
  assert.deepEqual(await boxes(), narrow, 'also where there is little room for the facts');
}));
