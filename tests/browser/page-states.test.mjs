// Every state of the page, in both widths and both themes, in Chromium and Firefox: what axe finds, what sticks out, what moves by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings } from './axe.mjs';
import { inBrowsers, shows } from './page-lab.mjs';
import { animations, overflows } from './page-measures.mjs';
import { states, visitState } from './page-states.mjs';

inBrowsers((lab) => {
  for (const state of states) {
    test(`${state.name}: axe finds nothing, nothing sticks out, and nothing moves where motion is unwanted`, (context) => visitState(lab, state, async (page) => {
      const found = new Set();
      const doubts = new Set();
      const note = (lines, where) => lines.forEach((line) => found.add(`${where}: ${line}`));
      for (const { width, scheme } of shows) {
        await lab.show(page, { width, scheme, motion: 'reduce' });
        const axe = await findings(page);
        note(axe.findings, `${width} ${scheme}`);
        axe.doubts.forEach((doubt) => doubts.add(doubt));
        note(await overflows(page), width);
        note(await animations(page), 'moves');
      }
      await lab.show(page, { width: 768 });
      note(await overflows(page), 768);
      for (const doubt of doubts) context.diagnostic(`in doubt: ${doubt}`);
      assert.deepEqual([...found], []);
      assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    }));
  }
});
