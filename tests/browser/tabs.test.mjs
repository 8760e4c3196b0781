// Tabs that share a database: who may run, who follows, what a tab that is closed, crashed, frozen or out of space leaves behind. Real
// Chromium, real IndexedDB, real Web Locks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import * as weavegraph from 'weavegraph-wasm';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';
import { createLongRun, seed } from './survival/long-run.js';

const STEPS = 40;
/** Tabs that are not shown draw no frames, so conditions are looked at by a timer. */
const patience = { timeout: 30_000, polling: 20 };
let chromium;
let server;
let expected;

before(async () => {
  server = await serve({ folders: { '/survival/': join(root, 'tests/browser/survival'), '/pkg/': join(root, 'pkg') }, policy: null });
  chromium = await startChromium();
  ({ log: expected } = await createLongRun(weavegraph, { steps: STEPS, pauseMs: 0 }).invoke({}, { seed }));
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

let databases = 0;

/** Runs `body(open, context)`: each `open()` is a tab on one database that no other test has. */
async function inTabs(body) {
  const name = `tabs ${(databases += 1)}`;
  const context = await chromium.browser.createBrowserContext();
  const open = async ({ before: prepare } = {}) => {
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(`page: ${error?.stack ?? error}`));
    if (prepare !== undefined) await page.evaluateOnNewDocument(prepare);
    await page.goto(`${server.address}/survival/lab.html?name=${encodeURIComponent(name)}`);
    await page.waitForFunction(() => document.title === 'ready', patience);
    return page;
  };
  try {
    return await body(open, context);
  } finally {
    await context.close();
  }
}

const start = (page, sessionId, options) => page.evaluate((id, given) => lab.start(id, given), sessionId, options ?? {});
const reached = (page, step) => page.waitForFunction((wanted) => lab.acknowledged.at(-1) >= wanted || lab.result !== undefined, patience, step);
const result = async (page) => {
  await page.waitForFunction(() => lab.result !== undefined, patience);
  return page.evaluate(() => lab.result);
};
const acknowledged = (page) => page.evaluate(() => lab.acknowledged);
const ran = (page) => page.evaluate(() => lab.ran);
const sessions = (page) => page.evaluate(() => lab.checkpointer.listSessions());
const isComplete = (end) => {
  assert.equal(end.status, 'completed', `${end.code}: ${end.message}`);
  assert.deepEqual(end.log, expected);
};
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const devtools = (page) => page.createCDPSession();
/** The lock of a tab that is gone is free within some milliseconds. */
const isFree = (page) => page.waitForFunction(async () => (await lab.checkpointer.listSessions()).every(({ owner }) => owner === null), patience);

for (const [how, end] of [
  ['closed', (page) => page.close({ runBeforeUnload: false })],
  ['reloaded', (page) => page.reload()],
  ['crashed', async (page) => {
    const session = await devtools(page);
    // It never answers.
    void session.send('Page.crash').catch(() => {});
    await new Promise((resolve) => page.once('error', resolve));
  }],
]) {
  test(`a tab that is ${how} in the middle: another one goes on from its last stored step`, () => inTabs(async (open) => {
    const first = await open();
    await start(first, 's');
    await reached(first, 7);
    const told = await acknowledged(first);
    await end(first);
    const second = await open();
    await isFree(second);
    const [row] = await sessions(second);
    assert.deepEqual([row.sessionId, row.status, row.owner], ['s', 'running', null]);
    await start(second, 's', { resumes: true });
    isComplete(await result(second));
    const again = await ran(second);
    assert.ok(told.every((step) => !again.includes(step)), `told of ${told}, ran again ${again}`);
  }));
}

test('a worker that is terminated in the middle: its page goes on', () => inTabs(async (open) => {
  const page = await open();
  await page.evaluate(() => {
    const source = "import { live } from '/survival/long-run.js'; import * as weavegraph from '/pkg/entries/web.js';"
      + "live(weavegraph, { name: lab, sessionId: 's', steps: 40, pauseMs: 40, report: (what) => postMessage(what) });";
    const name = JSON.stringify(new URLSearchParams(location.search).get('name'));
    globalThis.worker = new Worker(URL.createObjectURL(new Blob([source.replaceAll("'/", `'${location.origin}/`).replace('name: lab', `name: ${name}`)], { type: 'text/javascript' })), { type: 'module' });
    globalThis.told = [];
    worker.onmessage = ({ data }) => data.kind === 'acknowledged' && told.push(data.step);
  });
  await page.waitForFunction(() => told.length >= 5, patience);
  const told = await page.evaluate(() => (worker.terminate(), told));
  await isFree(page);
  await start(page, 's', { resumes: true });
  isComplete(await result(page));
  const again = await ran(page);
  assert.ok(told.every((step) => !again.includes(step)), `told of ${told}, ran again ${again}`);
}));

for (const count of [2, 4]) {
  test(`${count} tabs race for a session: one runs it, the others are told who`, () => inTabs(async (open) => {
    const tabs = [];
    for (let tab = 0; tab < count; tab += 1) tabs.push(await open());
    await Promise.all(tabs.map((page) => start(page, 's')));
    const ends = await Promise.all(tabs.map(result));
    const winners = ends.filter(({ status }) => status === 'completed');
    assert.equal(winners.length, 1);
    isComplete(winners[0]);
    for (const end of ends.filter((each) => each !== winners[0])) {
      assert.equal(end.code, 'SESSION_BUSY');
      assert.equal(typeof end.owner, 'string');
    }
    const all = (await Promise.all(tabs.map(ran))).flat();
    assert.deepEqual(all, numbers(1, STEPS));
  }));

  test(`${count} tabs race without Web Locks: the slot lets one through`, () => inTabs(async (open) => {
    const tabs = [];
    const withoutLocks = () => Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
    for (let tab = 0; tab < count; tab += 1) tabs.push(await open({ before: withoutLocks }));
    await Promise.all(tabs.map((page) => start(page, 's')));
    const ends = await Promise.all(tabs.map(result));
    const winners = ends.filter(({ status }) => status === 'completed');
    assert.equal(winners.length, 1, JSON.stringify(ends.map(({ status, code }) => [status, code])));
    isComplete(winners[0]);
    for (const end of ends.filter((each) => each !== winners[0])) assert.match(end.code, /^(CHECKPOINT_CONFLICT|SESSION_UNFINISHED)$/);
    const all = (await Promise.all(tabs.map(acknowledged))).flat().sort((a, b) => a - b);
    assert.deepEqual(all, numbers(1, STEPS), 'a step was stored twice');
  }));

  test(`${count} tabs that wait take turns, and each finds the end`, () => inTabs(async (open) => {
    const tabs = [];
    for (let tab = 0; tab < count; tab += 1) tabs.push(await open());
    await start(tabs[0], 's');
    await reached(tabs[0], 2);
    await Promise.all(tabs.slice(1).map((page) => start(page, 's', { resumes: true, whenBusy: 'wait' })));
    for (const end of await Promise.all(tabs.map(result))) isComplete(end);
    assert.deepEqual((await Promise.all(tabs.map(ran))).flat(), numbers(1, STEPS));
  }));
}

test('a tab steals a session: the other ends with CHECKPOINT_CONFLICT, nothing is stored twice', () => inTabs(async (open) => {
  const [first, second] = [await open(), await open()];
  await start(first, 's');
  await reached(first, 5);
  await start(second, 's', { resumes: true, whenBusy: 'steal' });
  assert.equal((await result(first)).code, 'CHECKPOINT_CONFLICT');
  isComplete(await result(second));
  const all = [...(await acknowledged(first)), ...(await acknowledged(second))];
  assert.equal(new Set(all).size, all.length, `steps ${all} were acknowledged`);
}));

test('a frozen tab that wakes up cannot write', () => inTabs(async (open) => {
  const first = await open();
  await start(first, 's');
  await reached(first, 5);
  const session = await devtools(first);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  const second = await open();
  await start(second, 's', { resumes: true, whenBusy: 'steal' });
  isComplete(await result(second));
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  assert.equal((await result(first)).code, 'CHECKPOINT_CONFLICT');
  const all = [...(await acknowledged(first)), ...(await acknowledged(second))].sort((a, b) => a - b);
  assert.deepEqual([...new Set(all)], all, 'a step was stored twice');
  const state = await second.evaluate(async () => (await lab.app().getState('s')).state.log);
  assert.deepEqual(state, expected);
}));

test('another tab follows live from the first event, sees the runner die, and takes over', () => inTabs(async (open) => {
  const [first, second] = [await open(), await open()];
  await second.evaluate(() => lab.follow('s', { after: 0 }));
  await start(first, 's');
  await reached(first, 6);
  await second.waitForFunction(() => lab.followed.some(({ type, step }) => type === 'step.completed' && step >= 5), patience);
  assert.notEqual((await sessions(second))[0].owner, null);
  await first.close({ runBeforeUnload: false });
  await isFree(second);
  await start(second, 's', { resumes: true });
  isComplete(await result(second));
  await second.waitForFunction(() => lab.followed.some(({ type }) => type === 'run.completed'), patience);
  const followed = await second.evaluate(() => lab.followed);
  assert.deepEqual(followed.map(({ seq }) => seq), numbers(1, followed.length));
}));

test('another tab cancels the run', () => inTabs(async (open) => {
  const [first, second] = [await open(), await open()];
  await start(first, 's');
  await reached(first, 3);
  assert.equal(await second.evaluate(() => lab.app().cancel('s', 'enough')), true);
  assert.equal((await result(first)).status, 'cancelled');
  assert.equal(await second.evaluate(() => lab.app().cancel('s')), false);
}));

test('a full disk is CHECKPOINT_QUOTA, nothing is half written, and the session goes on once there is room', () => inTabs(async (open) => {
  const page = await open();
  const session = await devtools(page);
  // Before the first write: the browser remembers for a while how much room there was.
  await session.send('Storage.overrideQuotaForOrigin', { origin: server.address, quotaSize: 500_000 });
  const fillerBytes = 50_000;
  await start(page, 's', { fillerBytes });
  const end = await result(page);
  assert.equal(end.code, 'CHECKPOINT_QUOTA', end.message);
  const told = await acknowledged(page);
  assert.ok(told.length > 0);
  await session.send('Storage.overrideQuotaForOrigin', { origin: server.address });
  await page.evaluate(() => Object.assign(lab, { ran: [], acknowledged: [], result: undefined }));
  await start(page, 's', { resumes: true, fillerBytes });
  isComplete(await result(page));
  const again = await ran(page);
  assert.ok(told.every((step) => !again.includes(step)), `told of ${told}, ran again ${again}`);
}));

test('a database that is deleted under a run fails it; the next run starts anew', () => inTabs(async (open) => {
  const [first, second] = [await open(), await open()];
  await start(first, 's');
  await reached(first, 5);
  await second.evaluate(() => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(new URLSearchParams(location.search).get('name'));
    request.onsuccess = resolve;
    request.onerror = reject;
  }));
  const end = await result(first);
  assert.equal(end.code, 'CHECKPOINT_UNAVAILABLE', end.message);
  await start(second, 's');
  isComplete(await result(second));
}));
