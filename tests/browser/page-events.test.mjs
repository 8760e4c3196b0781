// The list of events on the whole page: filter, search, details, the graph's choice of a node; and the whole job by keyboard alone. In Chromium
// and Firefox. What the list does by itself is tested in event-list.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atFullSpeed, hold, inState, parts, runThrough, says, text, texts } from './page-driver.mjs';
import { inBrowsers, patience } from './page-lab.mjs';

const number = (words) => Number(words.replaceAll(',', ''));

inBrowsers((lab) => {
  const visit = (body, options) => lab.visit(async (page, help) => {
    await inState(page, 'ready');
    return body(page, help);
  }, options);
  const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.localName);

  test('events are filtered by kind, searched by word, and tell all that they hold', () => visit(async (page) => {
    await runThrough(page);
    const all = number(await text(page, '#event-count'));
    assert.ok(all > 100, `${all} events`);
    await page.type(parts.search, 'critique');
    const [, found] = /^([\d,]+) of ([\d,]+)$/.exec(await says(page, '#event-count', /^[\d,]+ of/));
    assert.ok(number(found) > 4 && number(found) < all, found);
    for (const row of await texts(page, parts.rows)) assert.match(row, /critique/i);
    const kinds = await page.$$eval(`${parts.preset} option`, (options) => options.map(({ value }) => value));
    assert.ok(kinds.length >= 3, `${kinds}`);
    await page.focus(parts.search);
    await page.keyboard.press('Escape');
    await says(page, '#event-count', /^[\d,]+$/);
    const counts = [];
    for (const kind of kinds.slice(1)) {
      await page.select(parts.preset, kind);
      counts.push(number(/^[\d,]+/.exec(await says(page, '#event-count', /^[\d,]+ of/))[0]));
      await page.select(parts.preset, kinds[0]);
      await says(page, '#event-count', /^[\d,]+$/);
    }
    assert.ok(counts.every((some) => some >= 0 && some < all) && counts.some((some) => some > 0), `${counts} of ${all}`);
    await page.focus(parts.list);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`${parts.details}:not([hidden])`, patience);
    assert.match(await text(page, parts.details), /run\.completed/);
    await page.keyboard.press('Escape');
    await page.waitForSelector(`${parts.details}[hidden]`, patience);
    assert.equal(await page.evaluate(() => document.body.dataset.state), 'completed');
  }));

  test('the list goes on following the newest when the page gets another size', () => visit(async (page) => {
    await runThrough(page);
    for (const width of [360, 1440, 768, 360]) {
      await lab.show(page, { width });
      await page.waitForFunction((list) => {
        const { scrollTop, scrollHeight, clientHeight } = document.querySelector(list);
        return scrollHeight > clientHeight && scrollTop > scrollHeight - clientHeight - 2;
      }, patience, parts.list);
      // What the browser itself scrolled is told a frame later.
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      assert.equal(await page.$eval('#events .follow input', ({ checked }) => checked), true, `${width}`);
    }
  }));

  test('a node that is picked in the graph shows its events alone', () => visit(async (page) => {
    await runThrough(page);
    const all = await text(page, '#event-count');
    const nodes = await page.$$('#graph [role="button"]');
    assert.ok(nodes.length >= 8, `${nodes.length} nodes`);
    await nodes[0].evaluate((button) => button.scrollIntoView({ block: 'center', behavior: 'instant' }));
    await nodes[0].click();
    await says(page, '#event-count', /^\d+ of/);
    const name = await text(page, '#events .chip .name');
    for (const row of await texts(page, `${parts.rows} .place`)) assert.match(row, new RegExp(`^${name}`));
    await page.focus('#events .chip button');
    await page.keyboard.press('Enter');
    await says(page, '#event-count', new RegExp(`^${all}$`));
  }));

  test('the keyboard alone runs, cancels, resumes, looks back and reads the events', () => visit(async (page) => {
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'skip');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'run');
    await page.keyboard.press('Enter');
    await inState(page, 'running');
    await hold(page, 100);
    // The button that went off under the focus handed it on.
    if ((await focused(page)) !== 'cancel') await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'cancel');
    await page.keyboard.press('Enter');
    await inState(page, 'cancelled');
    await page.evaluate(() => harness.release());
    await page.waitForFunction(() => document.activeElement.id === 'go-on', patience);
    await atFullSpeed(page);
    await page.focus('#go-on');
    await page.keyboard.press('Enter');
    await inState(page, 'completed');
    for (let tabs = 0; (await focused(page)) !== 'rewind'; tabs += 1) {
      assert.ok(tabs < 6, 'the slider is behind the buttons');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => document.body.dataset.rewound === 'true', patience);
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.body.dataset.rewound === 'false', patience);
  }));

  test('Tab reaches every part, each with a focus that is seen and not covered', () => visit(async (page) => {
    await runThrough(page);
    await page.evaluate(() => scrollTo(0, 0));
    await page.focus('.skip');
    const stops = [];
    for (let stop = 0; stop < 120; stop += 1) {
      await page.keyboard.press('Tab');
      const found = await page.evaluate(() => {
        const element = document.activeElement;
        // How it looks now, and how what had the focus before looks without it.
        const lookOf = (seen) => [seen, seen.nextElementSibling, seen.parentElement, ...seen.querySelectorAll('*')].filter(Boolean).map((each) => {
          const { outline, boxShadow, stroke, strokeWidth, opacity, display, borderColor, backgroundColor } = getComputedStyle(each);
          return [outline, boxShadow, stroke, strokeWidth, opacity, display, borderColor, backgroundColor].join();
        }).join();
        const { last } = globalThis;
        globalThis.last = element === document.body ? undefined : { element, look: lookOf(element) };
        const wasSeen = last === undefined || lookOf(last.element) !== last.look;
        if (element === document.body) return null;
        const { left, top, right, bottom } = element.getBoundingClientRect();
        const bar = document.querySelector('#transport');
        const edge = bar.contains(element) ? innerHeight : bar.getBoundingClientRect().top;
        return { name: `${element.localName}#${element.id}.${element.getAttribute('class')}`, card: element.closest('[id$="-card"], header, footer, #transport')?.id ?? '', wasSeen, isCovered: top >= edge || bottom <= 0 || left >= innerWidth || right <= 0 };
      });
      if (found === null) break;
      if (stops.some(({ name, card }) => name === found.name && card === found.card && found.name.includes('#run.'))) break;
      stops.push(found);
    }
    assert.deepEqual(stops.flatMap(({ name }, stop) => (stops[stop + 1]?.wasSeen === false ? [name] : [])), []);
    assert.deepEqual(stops.filter(({ isCovered, name }) => isCovered && !name.includes('picker')).map(({ name }) => name), []);
    const reached = new Set(stops.map(({ card }) => card));
    for (const card of ['text-card', 'briefing-card', 'graph-card', 'steps-card', 'state-card', 'events-card', 'sessions-card', 'transport']) assert.ok(reached.has(card), `${card} in ${[...reached]}`);
  }));
});
