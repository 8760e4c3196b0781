// Pictures of the page in each of its states: `node scripts/screenshots.mjs [--out FOLDER] [--browser chromium|firefox] [--only PART] [--readme]`.
// Owns names, sizes and folders of pictures; the states are the tests' own. `--readme` makes the two of the README instead.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal, main, root, say } from './command.mjs';
import { withPalette } from './png-palette.mjs';

const defaultFolder = 'build/screenshots';
const readmeFolder = 'docs/images';
const readmePictures = [
  { name: 'page-light', state: 'revising', width: 1440, height: 900, scheme: 'light' },
  { name: 'page-dark', state: 'completed', width: 1440, height: 1640, scheme: 'dark' },
];
const MAX_README_BYTES = 250_000;
/** As tall as the first screen is: a phone's, a laptop's. */
const heights = { 360: 780, 1440: 900 };

await main(async (args) => {
  const { values } = parseArgs({ args, options: { out: { type: 'string', default: defaultFolder }, browser: { type: 'string', default: 'chromium' }, only: { type: 'string', default: '' }, readme: { type: 'boolean', default: false } } });
  const { pageBrowsers } = await import('../tests/browser/page-browsers.mjs');
  const { startLab } = await import('../tests/browser/page-lab.mjs');
  const browser = pageBrowsers.find(({ name }) => name === values.browser);
  if (browser === undefined) throw new Refusal(`--browser is one of ${pageBrowsers.map(({ name }) => name).join(', ')}.`);
  const lab = await startLab(browser);
  try {
    await (values.readme ? pictureReadme(lab) : pictureStates(lab, resolve(root, values.out), values.only));
  } finally {
    await lab.close();
  }
});

/** Each state: the first screen and the full page, at both widths and in both themes. */
async function pictureStates(lab, folder, part) {
  const { shows } = await import('../tests/browser/page-lab.mjs');
  const { states, visitState } = await import('../tests/browser/page-states.mjs');
  mkdirSync(folder, { recursive: true });
  for (const state of states.filter(({ name }) => name.includes(part))) {
    await visitState(lab, state, async (page) => {
      for (const { width, scheme } of shows) {
        await lab.show(page, { width, height: heights[width], scheme });
        const path = (extent) => join(folder, `${state.name.replaceAll(/\W+/g, '-')}-${width}-${scheme}-${extent}.png`);
        await settled(page);
        await page.screenshot({ path: path('screen') });
        await page.screenshot({ path: path('page'), fullPage: true, captureBeyondViewport: false });
      }
    });
    say(`${state.name}: ${relative(root, folder)}/`);
  }
}

/** One while a draft is written, one of the whole page at the end. */
async function pictureReadme(lab) {
  const { visitState } = await import('../tests/browser/page-states.mjs');
  const folder = join(root, readmeFolder);
  mkdirSync(folder, { recursive: true });
  for (const { name, state, ...view } of readmePictures) {
    await visitState(lab, await stateOf(state), async (page) => {
      await lab.show(page, { ...view, motion: 'reduce' });
      await settled(page);
      const path = join(folder, `${name}.png`);
      writeFileSync(path, withPalette(await page.screenshot()));
      const { size } = statSync(path);
      say(`${relative(root, path)}: ${Math.round(size / 1000)} KB`);
      if (size > MAX_README_BYTES) throw new Refusal(`${relative(root, path)} is larger than ${MAX_README_BYTES / 1000} KB.`);
    });
  }
}

async function stateOf(name) {
  const { states } = await import('../tests/browser/page-states.mjs');
  return states.find((state) => state.name === name);
}

/** Fonts are there and transitions of a theme or a width are over. */
async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (const animation of document.getAnimations()) if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}
