// The drawn graph in a real browser: what it shows of a recording, the keyboard, how little of the document it touches.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

const BLANK = `<!doctype html><html lang="en"><meta charset="utf-8"><title>blank</title><link rel="icon" href="/www/icon.svg">
<link rel="stylesheet" href="/www/styles/base.css"><link rel="stylesheet" href="/www/styles/graph.css"><link rel="stylesheet" href="./blank.css">
<main><button id="before">before</button><section class="card"><div id="graph" class="graph fill"></div></section><button id="after">after</button></main></html>`;
const [START, END] = ['__start__', '__end__'];
/** a → b (a fan-out) → join of c and d → e ⇄ b */
const DEFINITION = {
  name: 'test',
  channels: {},
  nodes: [{ id: 'a', description: 'Splits' }, { id: 'b' }, { id: 'c' }, { id: 'd' }, { id: 'e' }, { id: '<b>f</b>' }],
  edges: [
    { from: START, to: 'a' }, { from: 'a', to: 'b' }, { from: 'b', to: 'c' }, { from: 'b', to: 'd' }, { from: ['c', 'd'], to: 'e' },
    { from: 'e', route: 'e#1', targets: { again: 'b', good: '<b>f</b>' } }, { from: '<b>f</b>', to: END },
  ],
};
let chromium;
let folder;
let server;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blank-'));
  await writeFile(join(folder, 'index.html'), BLANK);
  await writeFile(join(folder, 'blank.css'), '.card { width: 420px; height: 620px; } .card.is-low { height: 320px; }');
  server = await serve({ folders: { '/www/': join(root, 'www'), '/blank/': folder }, home: '/blank/' });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A page with a view in `lab.view`; `lab.tell(events)` records and renders. */
const visit = (body) => chromium.visit(`${server.address}/`, async (page) => {
  await page.evaluate(async (definition) => {
    const [{ GraphView }, { Recording }] = await Promise.all([import('/www/views/graph-view.js'), import('/www/recording.js')]);
    const lab = { picks: [], recording: new Recording(), seq: 0 };
    lab.view = new GraphView(document.querySelector('#graph'), definition, { onPick: (id) => lab.picks.push(id) });
    lab.view.show(lab.recording);
    lab.tell = (events) => {
      for (const event of events) lab.recording.add({ seq: (lab.seq += 1), at: lab.seq * 10, task: 0, attempt: 1, ...event });
      lab.view.render();
    };
    globalThis.lab = lab;
  }, DEFINITION);
  return body(page);
});
const tell = (page, ...events) => page.evaluate((told) => lab.tell(told), events.flat());
const begin = [{ type: 'run.started', resumed: false, graphHash: '' }];
const ran = (step, node, next) => [
  { type: 'step.started', step, frontier: [node] }, { type: 'node.started', step, node }, { type: 'node.completed', step, node, durationMs: 1 },
  { type: 'step.completed', step, ran: [node], skipped: [], updatedChannels: [], next, versions: {} },
];
const node = (page, id) => page.evaluate((wanted) => {
  const found = [...document.querySelectorAll('.graph-node')].find((element) => element.dataset.node === wanted);
  const words = (name) => found.querySelector(name).textContent;
  const bar = found.querySelector('.node-bar');
  return { status: found.dataset.status, facts: words('.node-facts'), runs: words('.node-runs'), label: found.querySelector('[role="button"]').getAttribute('aria-label'), isPicked: found.querySelector('[role="button"]').getAttribute('aria-pressed') === 'true', bar: getComputedStyle(bar).display === 'none' ? null : Number(bar.getAttribute('width')) };
}, id);
const litCount = (page) => page.$$eval('.graph-edge.is-lit', (found) => found.length);
const isReached = (page) => page.$$eval('.graph-terminal', (found) => found.map((element) => element.classList.contains('is-reached')));
const focused = (page) => page.evaluate(() => document.activeElement.closest('.graph-node')?.dataset.node ?? document.activeElement.id);

test('before a run every node is there, idle, a button with a name and a description; names are text', () => visit(async (page) => {
  const nodes = await page.$$eval('.node-button', (found) => found.map((element) => [element.getAttribute('role'), element.getAttribute('tabindex'), element.getAttribute('aria-label'), element.parentElement.dataset.status]));
  assert.deepEqual(nodes, DEFINITION.nodes.map(({ id }) => ['button', '0', `${id}: not run yet`, 'idle']));
  assert.equal(await page.$$eval('#graph b', (found) => found.length), 0);
  assert.equal(await page.$eval('.graph-node desc', (element) => element.textContent), 'Splits; leads to b');
  assert.deepEqual(await isReached(page), [false, false]);
  assert.deepEqual((await page.$$eval('.graph-legend li', (items) => items.map((item) => item.textContent))), ['waiting', 'running', 'done', 'skipped', 'failed', 'route’s choice']);
}));

test('nodes light up as they run, tasks are counted, and the edges that led there are lit', () => visit(async (page) => {
  await tell(page, begin);
  assert.deepEqual(await isReached(page), [true, false]);
  await tell(page, ran(1, 'a', ['b']));
  assert.equal((await node(page, 'a')).label, 'a: done, ran in 1 step');
  assert.equal(await litCount(page), 1);

  const frontier = Array.from({ length: 10 }, () => 'b');
  await tell(page, { type: 'step.started', step: 2, frontier }, frontier.map((id, task) => ({ type: 'node.started', step: 2, node: id, task })),
    frontier.slice(0, 7).map((id, task) => ({ type: 'node.completed', step: 2, node: id, task, durationMs: 1 })), { type: 'progress', step: 2, node: 'b', task: 8, fraction: 0.5 });
  const b = await node(page, 'b');
  assert.deepEqual({ ...b, bar: null }, { status: 'running', facts: '7/10 tasks', runs: '', label: 'b: running, 7 of 10 tasks done, ran in 1 step', isPicked: false, bar: null });
  assert.ok(Math.abs(b.bar - 116 * 0.75) < 0.2, `the bar is ${b.bar} wide`);
  assert.equal(await litCount(page), 1);

  await tell(page, frontier.slice(7).map((id, i) => ({ type: 'node.completed', step: 2, node: id, task: 7 + i, durationMs: 1 })),
    { type: 'step.completed', step: 2, ran: ['b'], skipped: [], updatedChannels: [], next: ['c', 'd'], versions: {} });
  assert.deepEqual(await node(page, 'b'), { status: 'done', facts: '10/10 tasks', runs: '', label: 'b: done, 10 of 10 tasks done, ran in 1 step', isPicked: false, bar: null });
  await tell(page, { type: 'step.started', step: 3, frontier: ['c', 'd'] }, { type: 'node.started', step: 3, node: 'c' });
  assert.deepEqual([(await node(page, 'c')).status, (await node(page, 'd')).status, await litCount(page)], ['running', 'waiting', 2]);
}));

test('failed, retrying, skipped and stopped differ in words and in shape, and an error is told', () => visit(async (page) => {
  const shape = (id) => page.$eval(`[data-node="${id}"] .mark-glyph`, (glyph) => glyph.getAttribute('d'));
  await tell(page, begin, ran(1, 'a', ['b']), { type: 'step.started', step: 2, frontier: ['b', 'c', 'd'] },
    { type: 'node.skipped', step: 2, node: 'e', reason: 'unchanged' }, { type: 'node.started', step: 2, node: 'b' }, { type: 'node.started', step: 2, node: 'c' }, { type: 'node.started', step: 2, node: 'd' },
    { type: 'node.failed', step: 2, node: 'b', willRetry: true, error: { code: 'NODE_THREW', message: 'busy' }, durationMs: 1 });
  assert.deepEqual([(await node(page, 'b')).facts, (await node(page, 'e')).facts], ['attempt 2 soon', 'skipped']);
  const retrying = await shape('b');
  await tell(page, { type: 'node.started', step: 2, node: 'b', attempt: 2 });
  assert.equal((await node(page, 'b')).facts, 'attempt 2');
  await tell(page, { type: 'node.failed', step: 2, node: 'b', attempt: 2, willRetry: false, error: { code: 'NODE_THREW', message: '<i>gone</i>' }, durationMs: 1 }, { type: 'run.failed', error: { code: 'NODE_THREW', message: '' }, durationMs: 1 });
  assert.equal((await node(page, 'b')).label, 'b: failed, NODE_THREW: <i>gone</i>, ran in 1 step');
  assert.equal((await node(page, 'c')).facts, 'stopped');
  assert.equal(new Set([retrying, await shape('b'), await shape('c'), await shape('e'), await shape('a')]).size, 5);
  assert.deepEqual(await isReached(page), [true, false]);
}));

test('a loop counts its runs, and an earlier step is shown as it stood', () => visit(async (page) => {
  await tell(page, begin, ran(1, 'a', ['b']), ran(2, 'b', ['e']), ran(3, 'e', ['b']), ran(4, 'b', ['e']), ran(5, 'e', ['<b>f</b>']), ran(6, '<b>f</b>', []), { type: 'run.completed', steps: 6, durationMs: 1, reason: 'end' });
  assert.deepEqual([(await node(page, 'b')).runs, (await node(page, 'e')).label, await isReached(page)], ['×2', 'e: done, ran in 2 steps', [true, true]]);
  await page.evaluate(() => { lab.view.show(lab.recording, 3); lab.view.render(); });
  assert.deepEqual([(await node(page, 'b')).runs, (await node(page, '<b>f</b>')).status, await isReached(page)], ['', 'idle', [true, false]]);
  assert.deepEqual(await page.$$eval('.graph-node.is-current', (found) => found.map((element) => element.dataset.node)), ['e']);
  await page.evaluate(() => { lab.view.show(null); lab.view.render(); });
  assert.deepEqual([(await node(page, 'a')).status, await isReached(page), await litCount(page)], ['idle', [false, false], 0]);
}));

test('render leaves the document alone where nothing changed, and changes a node’s own words only', () => visit(async (page) => {
  await tell(page, begin, ran(1, 'a', ['b']), { type: 'step.started', step: 2, frontier: ['b'] }, { type: 'node.started', step: 2, node: 'b' });
  const changes = await page.evaluate(() => {
    const observer = new MutationObserver(() => {});
    observer.observe(document.querySelector('#graph'), { subtree: true, childList: true, characterData: true, attributes: true });
    const counted = () => observer.takeRecords().map(({ target }) => (target.closest ? target : target.parentElement).closest('.graph-node')?.dataset.node);
    lab.view.render();
    const idle = counted();
    lab.tell([{ type: 'message', step: 2, node: 'b', scope: 'x', message: 'y' }]);
    const unrelated = counted();
    lab.tell([{ type: 'progress', step: 2, node: 'b', fraction: 0.5 }]);
    return { idle, unrelated, progress: [...new Set(counted())] };
  });
  assert.deepEqual(changes, { idle: [], unrelated: [], progress: ['b'] });
}));

test('a click picks a node, a second one or a click beside it lets go; pick() tells nobody', () => visit(async (page) => {
  await page.click('[data-node="c"]');
  assert.equal((await node(page, 'c')).isPicked, true);
  await page.click('[data-node="d"]');
  assert.deepEqual([(await node(page, 'c')).isPicked, (await node(page, 'd')).isPicked], [false, true]);
  await page.click('[data-node="d"]');
  await page.click('[data-node="a"]');
  await page.$eval('.graph-drawing', (drawing) => drawing.dispatchEvent(new MouseEvent('click', { bubbles: true })));
  assert.deepEqual(await page.evaluate(() => lab.picks), ['c', 'd', null, 'a', null]);
  await page.evaluate(() => lab.view.pick('b'));
  assert.equal((await node(page, 'b')).isPicked, true);
  assert.equal(await page.evaluate(() => lab.picks.length), 5);
}));

test('the keyboard reaches each node, moves between them by arrows and picks', () => visit(async (page) => {
  await page.focus('#before');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'a');
  const way = [];
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp']) {
    await page.keyboard.press(key);
    way.push(await focused(page));
  }
  const [first, second] = way.slice(1, 3).sort();
  assert.deepEqual([first, second], ['c', 'd']);
  assert.equal(way[3], way[1]);
  assert.deepEqual([way[0], way[4], way[6], way[7], way[8]], ['b', 'e', 'b', 'a', 'a']);
  await page.keyboard.press('Enter');
  await page.keyboard.press(' ');
  assert.deepEqual(await page.evaluate(() => lab.picks), ['a', null]);
  assert.notEqual(await page.$eval('[data-node="a"] .node-ring', (ring) => getComputedStyle(ring).display), 'none', 'the focus is seen');
  for (let i = 0; i < DEFINITION.nodes.length; i += 1) await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'after');
}));

test('reduced motion stills the pulse', () => visit(async (page) => {
  await tell(page, begin, { type: 'step.started', step: 1, frontier: ['a'] }, { type: 'node.started', step: 1, node: 'a' });
  const animation = () => page.$eval('[data-node="a"] .node-halo', (halo) => getComputedStyle(halo).animationName);
  assert.equal(await animation(), 'graph-pulse');
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
  assert.equal(await animation(), 'none');
}));

test('where the drawing does not fit, the card keeps its size, text its 11 pixels, and the current node comes into view', () => visit(async (page) => {
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
  await page.$eval('.card', (card) => card.classList.add('is-low'));
  const isSeen = (id) => page.evaluate((wanted) => {
    const [box, frame] = [[...document.querySelectorAll('.graph-node')].find((element) => element.dataset.node === wanted), document.querySelector('.graph-scroll')].map((element) => element.getBoundingClientRect());
    return box.top >= frame.top && box.bottom <= frame.bottom;
  }, id);
  assert.equal(await isSeen('e'), false);
  await tell(page, begin, ran(1, 'a', ['b']), ran(2, 'b', ['e']), { type: 'step.started', step: 3, frontier: ['e'] });
  assert.equal(await isSeen('e'), true);
  assert.equal(await page.$eval('.card', (card) => card.offsetHeight), 320);
  const scale = await page.$eval('[data-node="a"] .node-box', (box) => box.getBoundingClientRect().width / 132);
  assert.ok(12 * scale >= 11, `scaled by ${scale}`);

  // A reader who has moved it is left alone.
  await page.$eval('.graph-scroll', (scroller) => { scroller.dispatchEvent(new WheelEvent('wheel')); scroller.scrollTop = 0; });
  await tell(page, { type: 'step.started', step: 4, frontier: ['<b>f</b>'] });
  assert.equal(await page.$eval('.graph-scroll', (scroller) => scroller.scrollTop), 0);
}));
