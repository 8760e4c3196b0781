// The page while it streams: nothing jumps, frames come, rows stay few. In Chromium and Firefox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atFullSpeed, count, drawn, enter, inState, parts, run } from './page-driver.mjs';
import { inBrowsers } from './page-lab.mjs';
import { watchFrames, watchLayout } from './page-measures.mjs';
import { longText } from './page-texts.mjs';

/** All that must keep its place and its size. */
const boxes = 'header, main > *, .card, footer, h1, h2';
inBrowsers((lab) => {
  for (const width of [360, 1440]) {
    test(`nothing moves at ${width} pixels from the start of a run to its end`, () => lab.visit(async (page) => {
      await inState(page, 'ready');
      await drawn(page);
      const layout = await watchLayout(page, boxes);
      await run(page);
      await inState(page, 'completed');
      await drawn(page);
      const { moves, shifts } = await layout.stop();
      assert.deepEqual(moves, []);
      assert.deepEqual(shifts, []);
    }, { show: { width } }));
  }

  test('over 1,000 events are listed and scrolled, and the rows in the document stay few', (context) => lab.visit(async (page) => {
    await inState(page, 'ready');
    await enter(page, longText);
    await atFullSpeed(page);
    const frames = await watchFrames(page);
    await run(page);
    await inState(page, 'completed');
    const running = await frames.stop();
    const events = await page.$eval('#event-count', ({ textContent }) => Number(textContent.replaceAll(',', '').match(/\d+/)[0]));
    assert.ok(events > 1000, `${events} events`);
    const again = await watchFrames(page);
    await page.evaluate(() => new Promise((resolve) => {
      const list = document.querySelector('#events [role="listbox"]');
      let frame = 0;
      requestAnimationFrame(function scroll() {
        list.scrollTop = (list.scrollHeight * frame) / 120;
        frame += 1;
        requestAnimationFrame(frame <= 120 ? scroll : resolve);
      });
    }));
    const scrolling = await again.stop();
    context.diagnostic(`${events} events, running: ${running.line}`);
    context.diagnostic(`${events} events, scrolling: ${scrolling.line}`);
    const rows = await count(page, parts.rows);
    assert.ok(rows > 5 && rows < 100, `${rows} rows`);
  }));
});
