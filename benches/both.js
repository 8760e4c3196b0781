// Measures a group of cases in this process and in Chromium. Owns the two turns; cases.js has the cases.
import { setMaxListeners } from 'node:events';
import { bundleForPage, startPages } from './chromium.js';
import { groups } from './cases.js';
import { playAll, playRound } from './measure.js';

// LangGraph.js listens to one signal for each task of a fan-out, which Node would warn of.
setMaxListeners(0);

/** Medians by runtime, case and contestant, and the version of Chromium: `{ version, node: { [case]: { [who]: µs } }, chromium: { … } }`. */
export async function measureInBoth(group) {
  const node = await playAll((round) => (tell('Node', round), playRound(groups[group], round)));
  await bundleForPage('page.js');
  const pages = await startPages();
  try {
    const chromium = await pages.visit((page) => playAll((round) => (tell('Chromium', round), page.evaluate(playInPage, group, round))));
    return { version: pages.version, node, chromium };
  } finally {
    await pages.close();
  }
}

function tell(where, round) {
  process.stderr.write(round < 0 ? `${where}: warming up\n` : `${where}: round ${round + 1}\n`);
}

/** Runs in the page. */
async function playInPage(group, round) {
  const { groups: inPage, playRound: play } = await import('/bundle/page.js');
  return play(inPage[group], round);
}
