// The event list and the value tree in a real Chromium, on a page of their own under the strict policy.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { fromJsonSafe } from 'weavegraph-wasm';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';
import { watchLayout } from './page-measures.mjs';

const PAGE_MS = 60_000;
let chromium;
let server;

before(async () => {
  const folders = { '/www/': 'www', '/pkg/': 'pkg', '/list/': 'tests/browser/event-list' };
  server = await serve({ folders: Object.fromEntries(Object.entries(folders).map(([prefix, path]) => [prefix, join(root, path)])) });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

const visit = (body, { width = 1440, height = 900, ...options } = {}) => chromium.visit('about:blank', async (page) => {
  await page.setViewport({ width, height });
  await page.goto(`${server.address}/list/`);
  await page.waitForFunction(() => document.title === 'ready', { timeout: PAGE_MS });
  return body(page);
}, options);

const add = (page, ...events) => page.evaluate((given) => lab.add(...given), events);
const addMany = (page, count, own) => page.evaluate((wanted, given) => lab.add(...lab.many(wanted, given)), count, own ?? {});
const seen = (page) => page.evaluate(() => lab.seen());
const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
const count = (page) => text(page, '#event-count');
const shown = (page) => page.evaluate(() => lab.shown());
const isFollowed = (page) => page.$eval('.follow input', (input) => input.checked);
const picked = (page) => page.evaluate(() => lab.picked);
const scrollTo = async (page, topPx) => {
  await page.$eval('.rows', (rows, top) => { rows.scrollTop = top; }, topPx);
  await shown(page);
};
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
  await shown(page);
};
const active = (page) => page.evaluate(() => {
  const row = lab.active();
  return row && { text: row.querySelector('.text').textContent, at: `${row.getAttribute('aria-posinset')}/${row.getAttribute('aria-setsize')}`, isFocused: document.activeElement === document.querySelector('.rows') };
});
const choosePreset = async (page, preset) => {
  await page.select('.preset', preset);
  await shown(page);
};
const search = async (page, query) => {
  await page.$eval('.search', (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }, query);
  await shown(page);
};
const clickRow = async (page, wanted) => {
  const handle = await page.evaluateHandle((value) => lab.rows().find((row) => row.querySelector('.text').textContent === value), wanted);
  await handle.asElement().click();
  await shown(page);
};

describe('rows', () => {
  test('of twenty thousand events only those in view and a margin are in the document, and the newest is in view', () => visit(async (page) => {
    await addMany(page, 20_000);
    assert.equal(await count(page), '20,000');
    const rows = await page.evaluate(() => lab.rows().map((row) => row.getAttribute('aria-posinset')));
    assert.ok(rows.length >= 10 && rows.length < 60, `${rows.length} rows`);
    assert.deepEqual(rows, rows.map((_, index) => String(20_000 - rows.length + 1 + index)), 'in order');
    assert.equal((await seen(page)).at(-1), 'number 20000');
    await addMany(page, 7);
    assert.equal(await count(page), '20,007, the newest 20,000 kept');
    assert.equal((await seen(page)).at(-1), 'number 20007');
  }));

  test('wherever one scrolls there are rows, in order and without a hole', () => visit(async (page) => {
    await addMany(page, 3000);
    for (const top of [0, 40_000, 39_000, 39_300, 12, 80_000, 5000]) {
      await scrollTo(page, top);
      const found = (await seen(page)).map((line) => Number(line.slice(7)));
      const first = found[0];
      assert.ok(found.length >= 8, `${found.length} rows at ${top}`);
      assert.deepEqual(found, found.map((_, index) => first + index));
      const order = await page.evaluate(() => lab.rows().map((row) => Number(row.getAttribute('aria-posinset'))));
      assert.deepEqual(order, [...order].sort((a, b) => a - b), 'in the document too');
    }
  }));

  test('a row says when, what, where, and what else there is', () => visit(async (page) => {
    await add(page, { type: 'node.failed', node: 'draft', task: 2, error: { code: 'NODE_FAILED', message: 'no answer' }, willRetry: true });
    const row = await page.evaluate(() => ({ ...Object.fromEntries(['at', 'type', 'place', 'text'].map((name) => [name, lab.rows()[0].querySelector(`.${name}`).textContent])), mark: lab.rows()[0].querySelector('.mark').className }));
    assert.deepEqual(row, { at: '0.01', type: 'node.failed', place: 'draft#2', text: 'NODE_FAILED: no answer (tries again)', mark: 'mark cross bad' });
    const named = await page.$('aria/0.01 node.failed draft#2 NODE_FAILED: no answer (tries again)[role="option"]');
    assert.ok(named, 'a screen reader reads the parts as words of their own');
  }));

  test('chunks that follow each other share a row that counts them', () => visit(async (page) => {
    const chunk = (piece) => ({ type: 'llm.chunk', streamId: 'one', offset: 0, text: piece });
    await add(page, chunk('The'), chunk(' tide'));
    await add(page, chunk(' rises'));
    assert.equal(await count(page), '3');
    assert.deepEqual(await page.evaluate(() => lab.rows().map((row) => row.querySelector('.type').textContent)), ['llm.chunk ×3']);
    assert.deepEqual(await seen(page), ['The tide rises']);
  }));

  test('texts are text: markup stays markup, control characters are signs, and directions stay inside', () => visit(async (page) => {
    const evil = '<img src=x onerror="document.title=1">\u0007\u202Eabc';
    await add(page, { message: evil, node: '<b>', type: 'message' });
    assert.deepEqual(await seen(page), ['<img src=x onerror="document.title=1">␇[U+202E]abc']);
    await page.evaluate((name) => { lab.list.node = name; }, '<b>');
    await shown(page);
    await clickRow(page, '<img src=x onerror="document.title=1">␇[U+202E]abc');
    assert.equal(await page.$$eval('#events img, #events b', (found) => found.length), 0);
    assert.ok((await text(page, '.details')).includes('<img src=x onerror="document.title=1">␇[U+202E]abc'));
    for (const selector of ['.event .place', '.event .text', '.tree .value']) assert.equal(await page.$eval(selector, (element) => getComputedStyle(element).unicodeBidi), 'isolate', selector);
  }));

  test('below 480 pixels a row has two lines, and the list is scrolled to the same place', () => visit(async (page) => {
    await addMany(page, 500);
    await scrollTo(page, 2800);
    const before = (await seen(page))[0];
    const heightOf = () => page.$eval('[role=option]', (row) => row.offsetHeight);
    const wide = await heightOf();
    await page.setViewport({ width: 360, height: 800 });
    await shown(page);
    assert.ok((await heightOf()) > wide * 1.5);
    assert.equal((await seen(page))[0], before);
    const [type, line] = await page.$eval('[role=option]', (row) => ['.type', '.text'].map((selector) => row.querySelector(selector).getBoundingClientRect().top));
    assert.ok(line > type + 10);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  }));
});

describe('following', () => {
  test('it ends when one scrolls up, what is read then stays, and at the end it begins again', () => visit(async (page) => {
    await addMany(page, 300);
    assert.equal(await isFollowed(page), true);
    await scrollTo(page, 1400);
    assert.equal(await isFollowed(page), false);
    const read = await seen(page);
    await addMany(page, 500);
    assert.deepEqual(await seen(page), read);
    assert.equal(await page.$eval('.rows', (rows) => rows.scrollTop), 1400);
    await scrollTo(page, 1e6);
    assert.equal(await isFollowed(page), true);
    await addMany(page, 50);
    assert.equal((await seen(page)).at(-1), 'number 850');
  }));

  test('what is read stays when the oldest events go', () => visit(async (page) => {
    await addMany(page, 20_000);
    await scrollTo(page, 28_000);
    const read = await seen(page);
    await addMany(page, 321);
    assert.deepEqual(await seen(page), read);
  }));

  test('the toggle ends and begins it', () => visit(async (page) => {
    await addMany(page, 300);
    await page.click('.follow input');
    await addMany(page, 30);
    assert.equal((await seen(page)).at(-1), 'number 300');
    await page.click('.follow input');
    await shown(page);
    assert.equal((await seen(page)).at(-1), 'number 330');
  }));

  test('a turn of the wheel ends it at once', () => visit(async (page) => {
    await addMany(page, 300);
    await page.$eval('.rows', (rows) => rows.dispatchEvent(new WheelEvent('wheel', { deltaY: -10 })));
    await addMany(page, 30);
    assert.equal(await isFollowed(page), false);
    assert.equal((await seen(page)).at(-1), 'number 300');
  }));
});

describe('filters', () => {
  const some = [{ type: 'run.started', node: undefined }, { type: 'node.started' }, { type: 'llm.final', streamId: 'x', text: 'the tide', node: 'draft' }, { message: 'The moon' }, { type: 'custom', name: 'tick' }];
  const types = (page) => page.evaluate(() => lab.rows().map((row) => row.querySelector('.type').textContent));

  test('presets, words and a node are used together, and the count says how many there are', () => visit(async (page) => {
    await add(page, ...some);
    await choosePreset(page, 'chat');
    assert.deepEqual([await types(page), await count(page)], [['run.started', 'llm.final'], '2 of 5']);
    await choosePreset(page, 'messages');
    assert.deepEqual(await types(page), ['message', 'custom']);
    await choosePreset(page, 'all');
    await search(page, 'MOON mess');
    assert.deepEqual([await types(page), await count(page)], [['message'], '1 of 5']);
    await search(page, '');
    await page.evaluate(() => { lab.list.node = 'draft'; });
    await shown(page);
    assert.deepEqual([await types(page), await count(page)], [['llm.final'], '1 of 5']);
    assert.equal(await text(page, '.chip .name'), 'draft');
  }));

  test('the chip takes the node back and tells the page, and the focus goes where it can stay', () => visit(async (page) => {
    await add(page, ...some);
    await page.evaluate(() => { lab.list.node = 'draft'; });
    await shown(page);
    await page.click('.chip button');
    await shown(page);
    assert.equal(await count(page), '5');
    assert.deepEqual(await page.evaluate(() => [lab.cleared.length, lab.list.node, document.activeElement.className]), [1, null, 'search']);
  }));

  test('what comes later is filtered too, and marked', () => visit(async (page) => {
    await search(page, 'tide');
    await add(page, ...some);
    await add(page, { message: 'no match' }, { message: 'another tide' });
    assert.equal(await count(page), '2 of 7');
    assert.deepEqual(await seen(page), ['x: 8 characters', 'another tide']);
    assert.deepEqual(await page.evaluate(() => [...CSS.highlights.get('found-words')].map((range) => range.startContainer.data.slice(range.startOffset, range.endOffset))), ['tide']);
  }));

  test('where nothing passes it says so and offers everything', () => visit(async (page) => {
    assert.equal(await text(page, '.none'), 'What a run tells appears here.');
    await add(page, ...some);
    await choosePreset(page, 'chat');
    await search(page, 'nowhere');
    assert.equal(await text(page, '.none'), 'No event has these words.');
    await page.evaluate(() => [...document.querySelectorAll('.nothing button')][0].click());
    await shown(page);
    assert.deepEqual([await count(page), await page.$eval('.preset', (select) => select.value), await page.$eval('.search', (field) => field.value)], ['5', 'all', '']);
    assert.equal(await page.$eval('.nothing', (element) => element.hidden), true);
  }));

  test('what is read stays in its place when other rows come and go', () => visit(async (page) => {
    await page.evaluate(() => lab.add(...Array.from({ length: 600 }, (_, i) => (i % 2 === 0 ? { type: 'custom', name: `tick ${i}` } : { message: `note ${i}` }))));
    await scrollTo(page, 28 * 301);
    const top = (wanted) => page.evaluate((value) => lab.rows().find((row) => row.querySelector('.text').textContent === value)?.getBoundingClientRect().top, wanted);
    const [first] = await seen(page);
    assert.equal(first, 'note 301');
    const before = await top('note 301');
    await search(page, 'note');
    assert.equal(await top('note 301'), before);
    await search(page, '');
    assert.equal(await top('note 301'), before);
  }));

  test('a screen reader is told how many were found', () => visit(async (page) => {
    await add(page, ...some);
    await search(page, 'tide');
    await page.waitForFunction(() => document.querySelector('#events [role=status]').textContent === '1 of 5 events', { timeout: PAGE_MS });
  }));
});

describe('keys', () => {
  test('arrows, pages, Home and End move the active row, which is in the document, in view and said to be where it is', () => visit(async (page) => {
    await addMany(page, 1000);
    await page.focus('.rows');
    await press(page, 'Home');
    assert.deepEqual(await active(page), { text: 'number 1', at: '1/1000', isFocused: true });
    assert.equal(await isFollowed(page), false);
    await press(page, 'ArrowDown', 'ArrowDown', 'ArrowUp');
    assert.equal((await active(page)).text, 'number 2');
    await press(page, 'PageDown', 'PageDown');
    const paged = await active(page);
    assert.ok(Number(paged.text.slice(7)) > 12 && (await seen(page)).includes(paged.text), paged.text);
    await press(page, 'PageUp', 'PageUp');
    assert.equal((await active(page)).text, 'number 2');
    await press(page, 'End');
    assert.deepEqual(await active(page), { text: 'number 1000', at: '1000/1000', isFocused: true });
    assert.equal(await isFollowed(page), true);
    assert.equal((await seen(page)).at(-1), 'number 1000');
  }));

  test('neither the focus nor the active row is lost while rows are used again', () => visit(async (page) => {
    await addMany(page, 1000);
    await page.focus('.rows');
    await press(page, 'Home', 'ArrowDown');
    await scrollTo(page, 14_000);
    assert.deepEqual(await active(page), { text: 'number 2', at: '2/1000', isFocused: true });
    await scrollTo(page, 1e6);
    await addMany(page, 500);
    assert.deepEqual(await active(page), { text: 'number 2', at: '2/1500', isFocused: true });
    await press(page, 'ArrowDown');
    assert.equal((await active(page)).text, 'number 3');
    assert.ok((await seen(page)).includes('number 3'));
  }));

  test('an active row that a filter hides is gone on from where it was', () => visit(async (page) => {
    await page.evaluate(() => lab.add(...Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? { message: `even ${i}` } : { message: `odd ${i}` }))));
    await page.focus('.rows');
    await press(page, 'Home', 'ArrowDown', 'ArrowDown', 'ArrowDown');
    assert.equal((await active(page)).text, 'odd 3');
    await search(page, 'even');
    assert.equal(await active(page), null);
    await page.focus('.rows');
    await press(page, 'ArrowDown');
    assert.equal((await active(page)).text, 'even 4');
  }));

  test('with another key held they are left to the browser', () => visit(async (page) => {
    await addMany(page, 100);
    await page.focus('.rows');
    await press(page, 'Home');
    await page.keyboard.down('Control');
    await press(page, 'End');
    await page.keyboard.up('Control');
    assert.equal((await active(page)).text, 'number 1');
  }));
});

describe('details', () => {
  test('Enter shows all that an event holds, arrows go on to others, Escape shuts it, and the page is told', () => visit(async (page) => {
    await page.evaluate(() => addEventListener('keydown', ({ key }) => { if (key === 'Escape') lab.picked.push('page'); }));
    await add(page, ...Array.from({ length: 40 }, (_, i) => ({ message: `m ${i}`, data: { list: [1, 2] } })));
    await page.focus('.rows');
    await press(page, 'Home', 'Enter');
    assert.equal(await page.$eval('.details', (panel) => panel.hidden), false);
    assert.match(await text(page, '.details .tree'), /message: m 0.*data: 1 field.*seq: 1/s);
    assert.equal(await page.$eval('.is-active', (row) => row.getAttribute('aria-selected')), 'true');
    await press(page, 'End');
    assert.match(await text(page, '.details .tree'), /message: m 39/);
    assert.ok((await seen(page)).includes('m 39'), 'its row is in view');
    assert.equal(await isFollowed(page), false);
    await press(page, 'Escape');
    assert.equal(await page.$eval('.details', (panel) => panel.hidden), true);
    await press(page, 'Escape');
    assert.deepEqual(await picked(page), [1, 40, null, 'page']);
  }));

  test('a chosen row is in view when the panel opens, and stays where it is when events come', () => visit(async (page) => {
    await addMany(page, 200);
    await clickRow(page, 'number 200');
    assert.equal((await seen(page)).at(-1), 'number 200');
    await addMany(page, 300);
    assert.equal((await seen(page)).at(-1), 'number 200');
    assert.equal(await isFollowed(page), false);
  }));

  test('the row that was pressed is chosen, whatever is under the pointer when it is let go', () => visit(async (page) => {
    await addMany(page, 200);
    const { x, y } = await page.evaluate(() => {
      const box = lab.rows().find((row) => row.textContent.includes('number 196')).getBoundingClientRect();
      return { x: box.x + 40, y: box.y + 8 };
    });
    await page.mouse.move(x, y);
    await page.mouse.down();
    await addMany(page, 300);
    await scrollTo(page, 400);
    await page.mouse.up();
    await shown(page);
    assert.deepEqual(await picked(page), [196]);
  }));

  test('the close button shuts it, and the focus goes back to the list', () => visit(async (page) => {
    await addMany(page, 5);
    await clickRow(page, 'number 3');
    await page.focus('.details .close');
    await press(page, 'Enter');
    assert.deepEqual(await page.evaluate(() => [document.querySelector('.details').hidden, document.activeElement.className]), [true, 'rows']);
    assert.deepEqual(await picked(page), [3, null]);
  }));

  test('chunks show their text, which grows, and each of them', () => visit(async (page) => {
    const chunk = (piece) => ({ type: 'llm.chunk', streamId: 'one', offset: 0, text: piece });
    await add(page, chunk('The'), chunk(' tide\n'));
    await clickRow(page, 'The tide');
    assert.equal(await text(page, '.joined'), 'The tide\n');
    await add(page, chunk(' rises'));
    assert.equal(await text(page, '.joined'), 'The tide\n rises');
    assert.match(await text(page, '.details .title'), /llm\.chunk ×3/);
    assert.match(await text(page, '.details .tree'), /chunks: 3 items/);
  }));

  test('its JSON is copied in the exact form of the package', () => visit(async (page) => {
    await page.browserContext().overridePermissions(server.address, ['clipboard-read', 'clipboard-write', 'clipboard-sanitized-write']);
    await page.evaluate(() => lab.add({ type: 'custom', name: 'odd', data: new Map([[1n, new Set(['a'])]]), node: 'work' }));
    await clickRow(page, 'odd');
    await page.bringToFront();
    await page.click('.copy');
    await page.waitForFunction(() => document.querySelector('.copy').textContent === 'Copied', { timeout: PAGE_MS });
    const event = fromJsonSafe(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())));
    assert.deepEqual(event.data, new Map([[1n, new Set(['a'])]]));
    assert.equal(event.seq, 1);
  }));

  test('a cleared list is empty, follows, and shows no details', () => visit(async (page) => {
    await addMany(page, 200);
    await clickRow(page, 'number 199');
    await page.evaluate(() => (lab.list.clear(), lab.list.render(), lab.shown()));
    assert.deepEqual(await page.evaluate(() => [lab.rows().length, document.querySelector('.details').hidden, document.querySelector('#event-count').textContent]), [0, true, 'none yet']);
    assert.equal(await isFollowed(page), true);
    await addMany(page, 100);
    assert.equal((await seen(page)).at(-1), 'number 300');
  }));
});

describe('quiet', () => {
  test('rendering what is shown already changes nothing in the document', () => visit(async (page) => {
    await addMany(page, 500);
    const changes = await page.evaluate(async () => {
      const observer = new MutationObserver(() => {});
      observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
      for (let i = 0; i < 5; i += 1) lab.list.render();
      return observer.takeRecords().length;
    });
    assert.equal(changes, 0);
  }));

  test('while events come nothing outside the rows moves', () => visit(async (page) => {
    const boxes = () => page.evaluate(() => ['.tools', '.window', '.follow', '#events'].map((selector) => JSON.stringify(document.querySelector(selector).getBoundingClientRect())));
    const before = await boxes();
    const layout = await watchLayout(page, '.tools, .window, .follow, #events');
    for (let i = 0; i < 20; i += 1) await addMany(page, 40);
    await page.evaluate(() => { lab.list.node = 'work'; });
    await shown(page);
    assert.deepEqual(await boxes(), before);
    assert.deepEqual(await layout.stop(), { shifts: [], moves: [] });
  }));
});

describe('value tree', () => {
  const treeText = (page, make) => page.evaluate((source) => {
    const made = { plain: { a: 'x', n: -0, none: undefined, big: 12n, at: new Date(0), never: new Date(NaN), f: true, nil: null, empty: '' },
      nested: { map: new Map([['k', 1], [{ deep: 1 }, 2]]), set: new Set(['s']), bytes: new Uint8Array([1, 255]), list: [], error: new RangeError('no') } }[source];
    document.querySelector('#tree').replaceChildren(valueTree(made));
    return [...document.querySelectorAll('#tree > .tree > li')].map((item) => item.textContent);
  }, make);

  test('values of every kind say what they are', () => visit(async (page) => {
    assert.deepEqual(await treeText(page, 'plain'), ['a: x', 'n: -0', 'none: undefined', 'big: 12n', 'at: 1970-01-01T00:00:00.000Z', 'never: Invalid Date', 'f: true', 'nil: null', 'empty: empty text']);
    assert.deepEqual((await treeText(page, 'nested')).map((line) => line.trim()), ['map: Map, 2 entries “k” → 1, {…} → 2', 'set: Set, 1 item “s”', 'bytes: Uint8Array, 2 numbers 1, 255', 'list: 0 items', 'error: RangeError, 0 fields']);
    assert.equal(await page.evaluate(() => [valueTree(7), valueTree('x'), valueTree([]), valueTree(null)].map((tree) => tree.textContent).join('|')), '7|x|Empty: 0 items|null');
  }));

  test('parts are made when they are opened, however deep a value is, even one that holds itself', () => visit(async (page) => {
    const steps = await page.evaluate(() => {
      const loop = { name: 'loop' };
      loop.self = loop;
      document.querySelector('#tree').replaceChildren(valueTree(loop));
      const counts = [document.querySelectorAll('#tree li').length];
      for (let i = 0; i < 3; i += 1) {
        [...document.querySelectorAll('#tree summary')].at(-1).click();
        counts.push(document.querySelectorAll('#tree li').length);
      }
      return counts;
    });
    assert.deepEqual(steps, [2, 4, 6, 8]);
  }));

  test('long lists come in pages of a hundred, by keys too, and the focus is not lost', () => visit(async (page) => {
    await page.evaluate(() => document.querySelector('#tree').replaceChildren(valueTree(Array.from({ length: 250 }, (_, i) => i))));
    const items = () => page.$$eval('#tree li:not(.more)', (all) => all.length);
    assert.equal(await items(), 100);
    assert.equal(await text(page, '#tree .more'), 'Show 100 more of 150');
    await page.focus('#tree .more button');
    await press(page, 'Enter');
    assert.equal(await items(), 200);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Show 50 more of 50');
    await press(page, 'Enter');
    assert.deepEqual([await items(), await page.evaluate(() => document.activeElement.textContent)], [250, '200: 200']);
    const pages = await page.evaluate(() => [new Map(Array.from({ length: 101 }, (_, i) => [i, i])), new Set(Array.from({ length: 101 }, (_, i) => i)), Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i])), new Float64Array(101)]
      .map((value) => valueTree(value).querySelector('.more').textContent));
    assert.deepEqual(pages, Array(4).fill('Show 1 more of 1'));
  }));

  test('long strings are cut, and shown whole when asked for', () => visit(async (page) => {
    const cuts = await page.evaluate(() => {
      const whole = `${'a'.repeat(399)}😀${'b'.repeat(60_000)}`;
      document.querySelector('#tree').replaceChildren(valueTree({ whole }));
      const value = document.querySelector('#tree .value');
      const button = document.querySelector('#tree button');
      const [cut, label] = [value.textContent, button.textContent];
      button.focus();
      button.click();
      const second = button.textContent;
      button.click();
      return { cut: cut.length, isWhole: cut.endsWith('😀'), label, second, isAll: value.textContent === whole, left: document.querySelectorAll('#tree button').length, isFocused: document.activeElement === value };
    });
    assert.deepEqual(cuts, { cut: 401, isWhole: true, label: 'Show 50,000 more of 60,000 characters', second: 'Show all 60,401 characters', isAll: true, left: 0, isFocused: true });
  }));

  test('names and texts of a value are text', () => visit(async (page) => {
    await page.evaluate(() => document.querySelector('#tree').replaceChildren(valueTree({ '<b>x</b>': '<i>\u0000</i>', [`<s>`]: [{ '<u>': 1 }] })));
    assert.equal(await page.$$eval('#tree :is(b, i, s, u)', (found) => found.length), 0);
    assert.match(await text(page, '#tree'), /<b>x<\/b>: <i>␀<\/i>/);
  }));
});
