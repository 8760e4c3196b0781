// What a step, a run and an event cost, in Node and in Chromium: by hand (a loop of awaits), with this package and with its peers. All
// do the same work and are measured in turn within one run.
import { measureInBoth } from './both.js';
import { ROUNDS } from './measure.js';
import { atLeast, atMost, cellsOfBoth, report } from './report.js';

const figures = await measureInBoth('steps');
const caption = `Microseconds in Node ${process.versions.node} / Chromium ${figures.version} on two cores, medians of ${ROUNDS}; – where there is no equal.`;

const aims = [];
for (const where of ['node', 'chromium']) {
  const cost = (row, who = 'weavegraph-wasm') => figures[where][row][who];
  const cheaper = (row) => cost(row, 'LangGraph.js') / cost(row);
  const add = (text, kind, figure, limit, unit) => aims.push(kind(`${where}: ${text}`, figure, limit, unit));
  add('a step, above the loop', atMost, cost('a step of one async node') - cost('a step of one async node', 'by hand'), 1, 'µs');
  add('a step, LangGraph.js to it', atLeast, cheaper('a step of one async node'), 250, 'times');
  add('a node of a chain of 50', atMost, cost('a step of a chain of 50 nodes'), 1.5, 'µs');
  add('a node of a fan-out of 100', atMost, cost('a task of a fan-out of 100'), 1.5, 'µs');
  add('a run of one step, LangGraph.js to it', atLeast, cheaper('a run of one step'), 50, 'times');
  add('an event', atMost, cost('an event, to its reader'), 0.3, 'µs');
  add('an event, LangGraph.js to it', atLeast, cheaper('an event, to its reader'), 30, 'times');
}
report(import.meta.url, { steps: { caption, cells: cellsOfBoth('steps', figures) } }, aims);
