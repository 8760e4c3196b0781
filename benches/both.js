// Measures a group of cases in this process and in Chromium. Owns the two turns; cases.js has the cases.
import { setMaxListeners } from 'node:events';
import { bundleForPage, startPages } from './chromium.js';
import { groups } from './cases.js';
import { measure } from './measure.js';

// LangGraph.js listens to one signal for each task of a fan-out, which Node would warn of.
setMaxListeners(0);

/** Figures by case and contestant, of both: `{ chromium: '156', figures: { [case]: { node: { [who]: µs }, chromium: { … } } } }`. */
export async function measureInBoth(group) {
  const figures = Object.fromEntries(groups[group].map(({ name }) => [name, {}]));
  for (const each of groups[group]) {
    process.stderr.write(`Node: ${each.name} …\n`);
    figures[each.name].node = await measure(each);
  }
  await bundleForPage('page.js');
  const pages = await startPages();
  try {
    await pages.visit(async (page) => {
      for (const [index, { name }] of groups[group].entries()) {
        process.stderr.write(`Chromium: ${name} …\n`);
        figures[name].chromium = await page.evaluate(measureOne, group, index);
      }
    });
  } finally {
    await pages.close();
  }
  return { chromium: pages.version, figures };
}

/** Runs in the page. */
async function measureOne(group, index) {
  const { groups: inPage, measure: measureInPage } = await import('/bundle/page.js');
  return measureInPage(inPage[group][index]);
}
