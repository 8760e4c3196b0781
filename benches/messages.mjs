// What a step costs that appends one message of 150 bytes, in Node and in Chromium: whether the list is read or not, at 100 and at 3,000
// steps, without a store and with one in memory.
import { measureInBoth } from './both.js';
import { ROUNDS, digits } from './measure.js';
import { atMost, cellsOfBoth, report } from './report.js';

const figures = await measureInBoth('messages');
const caption = `Microseconds a step in Node ${process.versions.node} / Chromium ${figures.version} on two cores, medians of ${ROUNDS}.`;

/** How many thousand items more there are on average in a run of 3,000 steps than in one of 100. */
const more = (3000 - 100) / 2 / 1000;
const aims = [];
for (const where of ['node', 'chromium']) {
  for (const store of ['', ', stored in memory']) {
    const cost = (work, steps, who = 'weavegraph-wasm') => figures[where][`${work}${store}, ${steps} steps`][who];
    const readMore = (who) => (cost('read by each node', '3,000', who) - cost('read by each node', '100', who)) / more;
    aims.push(
      atMost(`${where}: not read${store}, 3,000 steps to 100`, cost('not read', '3,000') / cost('not read', '100'), 1.5, 'times'),
      // By hand the list is copied at each step.
      atMost(`${where}: read${store}, per 1,000 items more (by hand ${digits(readMore('by hand'))})`, readMore(), 0.5, 'µs'),
    );
  }
}
report(import.meta.url, { messages: { caption, cells: cellsOfBoth('messages', figures) } }, aims);
