// The session card of the page in a real Chromium, under the strict policy: rows, deletion in two steps, focus, storage words, files, two tabs on one
// IndexedDB. The card stands on a page of its own, tests/browser/session-list/.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

const home = '/card/';
const hostile = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</scr' + 'ipt>';
const standings = [
  { status: 'running', owner: { id: 'a', here: true }, bytes: null },
  { status: 'running', owner: { id: 'b', here: false }, bytes: null },
  { status: 'running' },
  { score: 0.931, words: 214 },
  { status: 'cancelled', step: 4 },
  { status: 'failed', step: 3, code: 'NODE_THREW' },
  { problem: 'CHECKPOINT_CORRUPT', title: '' },
];
let chromium;
let server;

before(async () => {
  server = await serve({ folders: { '/www/': join(root, 'www'), '/pkg/': join(root, 'pkg'), [home]: join(root, 'tests/browser/session-list') }, home });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

/** A tab behind another one draws no frames. */
const behind = { polling: 50 };
const isReady = (page) => page.waitForFunction(() => document.body.dataset.state === 'ready', behind);
const visit = (body, options) => chromium.visit(`${server.address}/`, async (page) => (await isReady(page), body(page)), options);
const show = (page, rows, openId) => page.evaluate((given, id) => globalThis.lab.show(given, id), rows, openId);
const texts = (page, selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent.trim()));
const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
const asked = (page) => page.evaluate(() => globalThis.lab.asked);
const focused = (page) => page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.textContent);
const press = (page, name) => page.click(`aria/${name}[role="button"]`);
const says = (page, words) => page.waitForFunction((wanted) => document.querySelector('.session-note').textContent.includes(wanted), behind, words);
const standingIs = (page, words) => page.waitForFunction((wanted) => [...document.querySelectorAll('.standing')].some((each) => each.textContent === wanted), behind, words);
/** The list without the rows of what was deleted, as a page shows it after a deletion. */
const removes = (page) => page.evaluate(() => {
  globalThis.lab.actions.remove = (id) => {
    globalThis.lab.asked.push(['remove', id]);
    globalThis.lab.list.show(globalThis.lab.rows = globalThis.lab.rows.filter((row) => row.sessionId !== id), null);
    globalThis.lab.list.render();
  };
});

describe('rows', () => {
  test('each row says how its session stands, by a word and by a shape, and offers what fits that', () => visit(async (page) => {
    await show(page, standings, 's3');
    assert.deepEqual(await texts(page, '.standing'), [
      'running here', 'running in another tab', 'stopped at step 5', 'done, score 0.931', 'cancelled at step 4', 'failed at step 3: NODE_THREW', 'damaged, cannot be read',
    ]);
    const looks = await page.$$eval('.session-rows > li', (rows) => rows.map((row) => `${row.querySelector('.mark path').getAttribute('d')} ${getComputedStyle(row.querySelector('.mark')).fill}`));
    assert.equal(new Set(looks).size, standings.length, 'no two marks look the same');
    const buttons = await page.$$eval('.session-rows > li', (rows) => rows.map((row) => [...row.querySelectorAll('button')].filter((button) => button.checkVisibility()).map((button) => button.textContent).join(' ')));
    assert.deepEqual(buttons, ['Open Export Cancel', 'Take over Open Export Cancel', 'Go on Open Export Delete', 'Open Export Delete', 'Go on Open Export Delete', 'Go on Open Export Delete', 'Delete']);
    assert.equal(await text(page, '#sessions-facts'), '2 running, 1 stopped, 1 done, 1 cancelled, 1 failed, 1 unreadable');
    assert.deepEqual(await page.$$eval('[aria-current]', (rows) => rows.map((row) => row.querySelector('.title').textContent)), ['Title 3']);
  }));

  test('each button names what it is about and asks for that session', () => visit(async (page) => {
    await show(page, standings, 's3');
    for (const name of ['Cancel: Title 0', 'Take over: Title 1', 'Go on: Title 2', 'Open: Title 4', 'Export: Title 5']) await press(page, name);
    assert.deepEqual(await asked(page), [['cancel', 's0'], ['takeOver', 's1'], ['goOn', 's2'], ['open', 's4'], ['exportSession', 's5']]);
    await press(page, 'Open: Title 3');
    assert.equal((await asked(page)).length, 5, 'what is open is not opened again');
  }));

  test('rows keep their elements and the focus over a refresh, and new ones come before them', () => visit(async (page) => {
    await show(page, [{ title: 'A' }, { title: 'B' }]);
    await page.focus('aria/Export: B[role="button"]');
    await page.evaluate(() => { globalThis.kept = [...document.querySelectorAll('.session-rows > li')]; });
    await page.evaluate(() => {
      const { rows, list } = globalThis.lab;
      list.show([{ ...rows[0], sessionId: 'new', title: 'New', createdAt: Date.now() }, rows[0], { ...rows[1], score: 0.5 }], null);
      list.render();
    });
    assert.equal(await focused(page), 'Export: B');
    assert.deepEqual(await texts(page, '.title'), ['New', 'A', 'B']);
    assert.equal(await page.evaluate(() => globalThis.kept.every((row) => row.isConnected)), true);
  }));

  test('a button that goes hands the focus to one of its row', () => visit(async (page) => {
    await show(page, [{ status: 'running' }]);
    await page.focus('aria/Go on: Title 0[role="button"]');
    await show(page, [{ status: 'running', owner: { id: 'a', here: true } }]);
    assert.equal(await focused(page), 'Open: Title 0');
  }));

  test('five hundred sessions come in over several frames, and showing them again changes nothing', () => visit(async (page) => {
    const first = await page.evaluate(() => {
      globalThis.lab.show(Array.from({ length: 520 }, () => ({})));
      return document.querySelectorAll('.session-rows > li').length;
    });
    assert.ok(first > 0 && first < 100, `not all at once: ${first}`);
    await page.waitForFunction(() => document.querySelectorAll('.session-rows > li').length === 500);
    assert.deepEqual((await texts(page, '.title')).slice(-2), ['Title 498', 'Title 499']);
    const changes = await page.evaluate(() => {
      const observer = new MutationObserver(() => {});
      observer.observe(document.querySelector('#sessions-card'), { subtree: true, childList: true, characterData: true, attributes: true });
      globalThis.lab.list.show(globalThis.lab.rows.map((row) => ({ ...row })), null);
      globalThis.lab.list.render();
      return observer.takeRecords().length;
    });
    assert.equal(changes, 0);
  }));

  test('titles and ids that look like HTML are text', () => visit(async (page) => {
    await show(page, [{ title: hostile, sessionId: hostile }, { title: '\u202Eevil', sessionId: '__proto__', code: hostile, status: 'failed' }], hostile);
    assert.equal((await texts(page, '.title'))[0], hostile);
    await page.evaluate(() => document.querySelector('.session-rows .two-step button').click());
    assert.ok((await text(page, '.session-note')).startsWith('Delete “<img src=x onerror='));
    assert.equal(await page.$$eval('#sessions-card img, #sessions-card script', (found) => found.length), 0);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  }));

  test('without a session there is a sentence, and nothing to delete', () => visit(async (page) => {
    await show(page, []);
    assert.match(await text(page, '.empty'), /^No session yet\./);
    assert.equal(await page.$eval('.session-rows', (list) => list.checkVisibility()), false);
    await press(page, 'Delete finished');
    assert.equal(await page.$eval('.session-tools .two-step', (button) => button.dataset.state), 'idle');
  }));
});

describe('deletion', () => {
  test('the first press asks, and Escape, Cancel and leaving take it back', () => visit(async (page) => {
    await show(page, [{}, {}]);
    await page.evaluate(() => addEventListener('keydown', () => { globalThis.isHeard = true; }));
    for (const back of ['Escape', 'Cancel', 'leave']) {
      await press(page, 'Delete: Title 0');
      assert.equal(await focused(page), 'Delete? Title 0');
      await says(page, 'Delete “Title 0” for good?');
      if (back === 'Escape') await page.keyboard.press('Escape');
      else if (back === 'Cancel') await press(page, 'Cancel deleting: Title 0');
      else await page.focus('aria/Open: Title 1[role="button"]');
      assert.deepEqual(await texts(page, '.danger'), [], back);
      assert.equal(await text(page, '.session-note'), '');
      if (back !== 'leave') assert.equal(await focused(page), 'Delete: Title 0', back);
    }
    assert.equal(await page.evaluate(() => globalThis.isHeard), undefined, 'Escape means the question alone');
    assert.deepEqual(await asked(page), []);
  }));

  test('a double click and a key that is held delete nothing', () => visit(async (page) => {
    await show(page, [{}]);
    await page.click('aria/Delete: Title 0[role="button"]', { count: 2 });
    assert.deepEqual(await asked(page), []);
    await page.keyboard.press('Escape');
    await page.focus('aria/Delete: Title 0[role="button"]');
    // Down again without up is what a held key sends.
    for (let times = 0; times < 5; times += 1) await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    assert.equal(await focused(page), 'Delete? Title 0');
    assert.deepEqual(await asked(page), []);
  }));

  test('by keyboard alone: the focus goes to the next row, from the last one to the one before, and at last to the sentence', () => visit(async (page) => {
    await removes(page);
    await show(page, [{}, {}, {}]);
    await page.focus('aria/Delete: Title 1[role="button"]');
    for (const next of ['Delete: Title 2', 'Delete: Title 0', 'No session yet.']) {
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      assert.ok((await focused(page)).startsWith(next), `${next}: ${await focused(page)}`);
      await says(page, 'Deleted “Title');
    }
    assert.deepEqual(await asked(page), [['remove', 's1'], ['remove', 's2'], ['remove', 's0']]);
  }));

  test('a deletion that fails says why, and the row stays', () => visit(async (page) => {
    await show(page, [{}]);
    await page.evaluate(() => { globalThis.lab.actions.remove = async () => { throw new Error('It is running.'); }; });
    await press(page, 'Delete: Title 0');
    await press(page, 'Delete? Title 0');
    await says(page, 'It is running.');
    assert.equal(await page.$eval('.session-note', (note) => note.classList.contains('is-problem')), true);
    assert.equal(await focused(page), 'Delete: Title 0');
  }));

  test('finished sessions go together, and the question says how many', () => visit(async (page) => {
    await show(page, [...standings, { score: 0.9 }]);
    await press(page, 'Delete finished');
    assert.deepEqual(await texts(page, '.danger'), ['Delete 2 finished?']);
    await press(page, 'Delete 2 finished?');
    assert.deepEqual((await asked(page)).map(([action]) => action), ['removeFinished']);
  }));
});

describe('a store', () => {
  test('an exported file makes an equal session again, and a second one under a fresh id', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weavegraph-export-'));
    try {
      await visit(async (page) => {
        const client = await page.createCDPSession();
        await client.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder, browserContextId: page.browserContext().id });
        const facts = (id) => page.evaluate(async (sessionId) => [await globalThis.lab.checkpointer.exportSession(sessionId), JSON.stringify(await globalThis.lab.app.getState(sessionId).then(({ state }) => state))], id);
        await page.evaluate(() => globalThis.lab.open());
        await page.evaluate((title) => globalThis.lab.run('a/b', title), `Tides ${hostile}`);
        const before = await facts('a/b');
        await press(page, `Export: ${await page.$eval('.title', (title) => title.textContent.slice(0, 79).trimEnd())}…`);
        await says(page, 'Saved as briefing-tides-img-src-x');
        const file = await until(() => readdirSync(folder).find((name) => name.endsWith('.json')));
        assert.deepEqual(JSON.parse(readFileSync(join(folder, file), 'utf8')), before[0]);

        await page.evaluate(() => document.querySelector('.session-rows .two-step button').focus());
        await page.keyboard.press('Enter');
        await page.keyboard.press('Enter');
        await says(page, 'Deleted');
        assert.equal(await page.evaluate(() => globalThis.lab.checkpointer.listSessions().then((all) => all.length)), 0);

        const picker = await page.$('.picker');
        await picker.uploadFile(join(folder, file));
        await says(page, 'Imported.');
        assert.deepEqual(await facts('a/b'), before);
        assert.match(await focused(page), /^Open: Tides/);
        await picker.uploadFile(join(folder, file));
        await says(page, 'Imported as a copy');
        assert.deepEqual(await texts(page, '.standing'), ['done, score 0.931', 'done, score 0.931']);
        assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a file that is no session is refused in a sentence', () => visit(async (page) => {
    await page.evaluate(() => globalThis.lab.open());
    const pick = (content, name) => page.$eval('.picker', (input, given, called) => {
      const files = new DataTransfer();
      files.items.add(new File([given], called));
      input.files = files.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, content, name);
    await pick('{', `${hostile}.json`);
    await says(page, 'is not an exported session: it is no JSON.');
    await pick('{"weavegraph":"session","version":1,"sessionId":"<b>","row":[],"records":[[0,"AA"]]}', 'bad.json');
    await says(page, 'bad.json is not a sound exported session');
    await pick('{"weavegraph":"session","version":7}', 'new.json');
    await says(page, 'newer version');
    assert.deepEqual(await texts(page, '.title'), []);
    assert.equal(await page.$$eval('#sessions-card img', (found) => found.length), 0);
  }));

  test('what is stored stands in the header and in the card, and the answer to “Ask to keep” in words', () => visit(async (page) => {
    await page.evaluate(() => globalThis.lab.open());
    assert.match(await text(page, '#storage'), /^No sessions; [\d.]+ [MG]B free$/);
    await page.evaluate(() => globalThis.lab.run('s', 'Tides'));
    assert.match(await text(page, '#storage'), /^1 session, [\d.]+ (B|KB); [\d.]+ [MG]B free$/);
    assert.equal(await text(page, '.kept'), 'The browser may evict them.');
    await page.evaluate(() => { globalThis.lab.keep = async () => false; });
    await press(page, 'Ask to keep');
    await page.waitForFunction(() => document.querySelector('.kept').textContent === 'The browser did not agree to keep them; it may evict them.');
    assert.equal(await focused(page), 'Ask to keep');
    await page.evaluate(() => { globalThis.lab.keep = async () => true; });
    await press(page, 'Ask to keep');
    await page.waitForFunction(() => document.querySelector('.kept').textContent === 'Kept until you delete them.');
    assert.equal(await page.$eval('.ask-to-keep', (button) => button.checkVisibility()), false);
    assert.equal(await page.evaluate(() => document.activeElement.className), 'stored', 'the focus stays where it was');
  }));

  test('without IndexedDB sessions are in memory, which the card says, and all goes on', () => chromium.visit(`${server.address}/`, async (page) => {
    await page.evaluateOnNewDocument(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }));
    await page.reload();
    await isReady(page);
    await page.evaluate(() => globalThis.lab.open());
    await page.evaluate(() => globalThis.lab.run('s', 'Tides'));
    assert.equal(await text(page, '#storage'), '1 session, in memory only');
    assert.match(await text(page, '.storage-problem'), /stores? nothing.*Sessions last until this page is closed\.$/);
    assert.equal(await page.$eval('.ask-to-keep', (button) => button.checkVisibility()), false);
    assert.deepEqual(await texts(page, '.standing'), ['done, score 0.931']);
    await press(page, 'Delete: Tides');
    await press(page, 'Delete? Tides');
    await says(page, 'Deleted “Tides”.');
  }));
});

test('two tabs: each sees what the other runs, hears its draft, and a tab that is closed leaves a session that goes on here', async () => {
  const context = await chromium.browser.createBrowserContext();
  try {
    await visit(async (two) => {
      await visit(async (one) => {
        for (const page of [one, two]) await page.evaluate(() => globalThis.lab.open());
        await one.evaluate(() => globalThis.lab.run('s', 'Tides', { hold: true }));
        await standingIs(one, 'running here');
        await standingIs(two, 'running in another tab');
        assert.deepEqual(await texts(two, '.session-rows .main'), ['Take over']);
        await one.evaluate(() => { for (let length = 1; length <= 40; length += 1) globalThis.lab.relay.tell('s', 'draft-1', 'x'.repeat(length)); });
        await two.waitForFunction(() => globalThis.lab.texts.at(-1)?.[2].length === 40, behind);
        assert.deepEqual(await two.evaluate(() => globalThis.lab.texts.at(-1).slice(0, 2)), ['s', 'draft-1']);
        assert.equal(await one.evaluate(() => globalThis.lab.texts.length), 0, 'a tab does not hear itself');
      }, { context });
      // The tab is gone, and with it its claim; a page looks again every few seconds.
      await until(async () => {
        await two.evaluate(() => globalThis.lab.refresh());
        return (await texts(two, '.standing'))[0] === 'stopped at step 1';
      });
      assert.match(await text(two, '.session-rows .size'), /^[\d.]+ K?B$/);
      await press(two, 'Go on: Tides');
      await standingIs(two, 'done, score 0.931');
    }, { context });
  } finally {
    await context.close();
  }
});

for (const width of [360, 768, 1440]) {
  test(`at ${width} pixels nothing overflows, buttons are large enough, and a question does not change its row`, () => visit(async (page) => {
    await page.setViewport({ width, height: 900 });
    await show(page, [...standings, { title: 'x'.repeat(120) }, { title: 'word '.repeat(24), status: 'failed', step: 1000, code: 'CHECKPOINT_GRAPH_CHANGED' }], 's7');
    const overflows = await page.evaluate(() => [document.documentElement, document.querySelector('.session-rows'), ...document.querySelectorAll('.session-rows > li')].filter((each) => each.scrollWidth > each.clientWidth).length);
    assert.equal(overflows, 0);
    const small = await page.$$eval('#sessions-card button', (buttons) => buttons.filter((button) => button.checkVisibility()).map((button) => button.getBoundingClientRect()).filter(({ width: wide, height }) => wide < 24 || height < 24).length);
    assert.equal(small, 0);
    const heights = () => page.$$eval('#sessions-card, .session-rows > li', (rows) => rows.map((row) => row.getBoundingClientRect().height));
    const before = await heights();
    await press(page, 'Delete: Title 2');
    await says(page, 'for good?');
    assert.deepEqual(await heights(), before);
  }));
}

/** What `look` finds, as soon as it finds something. */
async function until(look) {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
