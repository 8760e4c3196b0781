// Pauses over tabs of one site: what one tab asks another one answers, and what one has recorded no other does again. Real Chromium, real
// IndexedDB.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

const patience = { timeout: 30_000, polling: 20 };
let chromium;
let server;

before(async () => {
  server = await serve({ folders: { '/survival/': join(root, 'tests/browser/survival'), '/pkg/': join(root, 'pkg') }, policy: null });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

let databases = 0;

/** Runs `body(open)`: each `open()` is a tab on one database that no other test has, with the graph in `app` and its effects in `effects`. */
async function inTabs(body) {
  const name = `pauses ${(databases += 1)}`;
  const context = await chromium.browser.createBrowserContext();
  const open = async () => {
    const page = await context.newPage();
    await page.goto(`${server.address}/survival/lab.html?name=${encodeURIComponent(name)}`);
    await page.waitForFunction(() => document.title === 'ready', patience);
    await page.evaluate(async (database) => {
      const { append, END, GraphBuilder, IndexedDbCheckpointer, START } = await import('/pkg/entries/web.js');
      globalThis.effects = [];
      globalThis.checkpointer = new IndexedDbCheckpointer({ name: database });
      globalThis.app = new GraphBuilder({ channels: { log: append() } })
        .addNode('ask', async (_, ctx) => ({ log: [await ctx.once('pay', () => effects.push('paid')), await ctx.interrupt({ question: 'go on?' })] }))
        .addNode('after', () => ({ log: 'after' }))
        .addEdge(START, 'ask').addEdge('ask', 'after').addEdge('after', END)
        .compile({ checkpointer });
    }, name);
    return page;
  };
  try {
    return await body(open);
  } finally {
    await context.close();
  }
}

const begin = (page) => page.evaluate(() => app.invoke({}, { sessionId: 's' }).catch(({ code, interrupts }) => [code, interrupts]));
const answerIt = (page, answer) => page.evaluate((value) => app.resume('s', value).then(({ log }) => log, ({ code }) => code), answer);
const effects = (page) => page.evaluate(() => effects);
const interrupts = [{ id: '1/ask#0/0', node: 'ask', task: 0, path: [], step: 1, reason: 'node', payload: { question: 'go on?' } }];

test('what one tab asks another one answers, and the first one follows', () => inTabs(async (open) => {
  const [first, second] = [await open(), await open()];
  assert.deepEqual(await begin(first), ['RUN_INTERRUPTED', interrupts]);
  await first.evaluate(() => {
    globalThis.told = [];
    void (async () => {
      for await (const { type } of app.follow('s', { filter: 'minimal' })) told.push(type);
    })();
  });
  assert.deepEqual(await second.evaluate(async () => [(await checkpointer.listSessions({ status: 'interrupted' })).map(({ sessionId, owner }) => [sessionId, owner]), (await app.getState('s')).interrupts]), [[['s', null]], interrupts]);
  assert.deepEqual(await answerIt(second, 'yes'), [1, 'yes', 'after']);
  assert.deepEqual([await effects(first), await effects(second)], [['paid'], []]);
  await first.waitForFunction(() => told.includes('run.completed'), patience);
  assert.deepEqual(await first.evaluate(() => told), ['run.started', 'run.completed']);
  assert.equal(await answerIt(first, 'too late'), 'INTERRUPT_UNKNOWN');
}));

for (const [how, leave] of [
  ['reloaded', (page) => page.reload()],
  ['closed', (page) => page.close({ runBeforeUnload: false })],
]) {
  test(`a tab that waits is ${how}: the question is there for the next one`, () => inTabs(async (open) => {
    const first = await open();
    await begin(first);
    await leave(first);
    const second = await open();
    assert.equal(await answerIt(second, undefined), 'INTERRUPT_UNANSWERED');
    assert.deepEqual(await answerIt(second, { '1/ask#0/0': 'yes' }), [1, 'yes', 'after']);
    assert.deepEqual(await effects(second), []);
  }));
}

test('of two tabs that answer at once one is told so', () => inTabs(async (open) => {
  const tabs = [await open(), await open()];
  await begin(tabs[0]);
  const ends = await Promise.all(tabs.map((page, index) => answerIt(page, `answer ${index}`)));
  const winner = ends.findIndex((end) => Array.isArray(end));
  assert.deepEqual(ends[winner], [1, `answer ${winner}`, 'after']);
  assert.ok(['SESSION_BUSY', 'INTERRUPT_UNKNOWN', 'CHECKPOINT_CONFLICT'].includes(ends[1 - winner]), String(ends[1 - winner]));
}));
