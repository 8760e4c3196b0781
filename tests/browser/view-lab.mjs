// One view in a page without anything else, under the strict policy, in Chromium. Owns the page and its server. Must not know the views.
// Invariant: the page has the styles it is given and one card of a fixed size, `#card`, with the view's root in it, `#root`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

/** Starts a browser and a server; `styles` are files of www/styles, `className` is the root's. `visit(body)` opens the page; `close` must be called. */
export async function startViewLab({ styles, className }) {
  const folder = await mkdtemp(join(tmpdir(), 'weavegraph-view-'));
  const links = ['base.css', 'page.css', ...styles].map((name) => `<link rel="stylesheet" href="/www/styles/${name}">`).join('');
  const look = '<link rel="stylesheet" href="card.css">';
  await writeFile(join(folder, 'card.css'), 'main { display: block; } #card { width: 26rem; max-width: 100%; height: 24rem; }');
  await writeFile(join(folder, 'index.html'), `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A view</title>
<link rel="icon" href="/www/icon.svg">${links}${look}<main><section class="card" id="card"><div class="bar"><h2>A view</h2><span class="badge" id="facts"></span></div><div class="${className} fill" id="root"></div></section></main>`);
  const server = await serve({ folders: { '/www/': join(root, 'www'), '/': folder }, home: '/' });
  const chromium = await startChromium();
  return {
    visit: (body, options) => chromium.visit(`${server.address}/index.html`, body, options),
    async close() {
      await chromium.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** What is in the way of whoever cannot see or point, and of the policy: empty if nothing is. */
export const plainFaults = (page) => page.evaluate(() => {
  const faults = [];
  for (const button of document.querySelectorAll('#root button')) {
    const { width, height } = button.getBoundingClientRect();
    if (width > 0 && (width < 24 || height < 24)) faults.push(`small: ${button.textContent}`);
    if (button.textContent.trim() === '') faults.push('a button without a name');
  }
  const main = document.documentElement;
  if (main.scrollWidth > main.clientWidth) faults.push(`the page is ${main.scrollWidth} wide`);
  const root = document.querySelector('#root');
  if (root.scrollWidth > root.clientWidth) faults.push(`the view is ${root.scrollWidth} wide in ${root.clientWidth}`);
  return faults;
});
