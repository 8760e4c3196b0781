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
      for (const show of shows) {
        const where = `${show.width} ${show.scheme}`;
        await lab.show(page, { ...show, motion: 'reduce' });
        const { findings: found, doubts } = await findings(page);
        for (const doubt of doubts) context.diagnostic(`${where}: in doubt: ${doubt}`);
        assert.deepEqual(found, [], where);
        assert.deepEqual(await overflows(page), [], where);
        assert.deepEqual(await animations(page), [], where);
      }
      await lab.show(page, { width: 768 });
      assert.deepEqual(await overflows(page), [], '768');
      assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    }));
  }
});
