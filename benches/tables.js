// The tables of the README that benches write: their rows and columns, their layout and their place. Must not know how figures are
// measured. A test compares what stands in the README with what is here.
import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const langgraph = `LangGraph.js ${dependencies['@langchain/langgraph']}`;
const contestants = ['by hand', 'weavegraph-wasm', `PocketFlow ${dependencies.pocketflow}`, `XState ${dependencies.xstate}`, langgraph];
const libraries = contestants.slice(1);

/** By name: what heads the columns, and the first cell of each row. */
export const tables = {
  steps: {
    columns: ['', ...contestants],
    rows: [
      'a step of one async node', 'a step of one sync node', 'a step, stored in memory', 'a step of a chain of 50 nodes', 'a task of a fan-out of 100',
      'a run of one step', 'an event, to its reader',
    ],
  },
  messages: {
    columns: ['', ...contestants],
    rows: [
      'not read, 100 steps', 'not read, 3,000 steps', 'read by each node, 100 steps', 'read by each node, 3,000 steps',
      'not read, stored in memory, 100 steps', 'not read, stored in memory, 3,000 steps',
      'read by each node, stored in memory, 100 steps', 'read by each node, stored in memory, 3,000 steps',
    ],
  },
  large: {
    columns: ['', 'by hand', 'weavegraph-wasm', langgraph],
    rows: [
      'a task of 10,000 sends, µs', 'a source of a join of 1,000, µs', 'a step of two nodes in a sub-graph, µs', 'the same two without a sub-graph, µs',
      'compile of 10,000 nodes, ms', 'a node of the first run through 10,000, µs', 'an interrupt and its answer, stored in memory, µs',
      '`resume` of 10,000 steps in memory, ms', '`fork` of 10,000 steps in memory, ms',
    ],
  },
  memory: {
    columns: ['', ...contestants],
    rows: ['a run that waits', 'a session that waits, stored in memory', 'a finished session, stored in memory', 'history of 100 steps', 'history of 1,000 steps'],
  },
  start: {
    columns: ['', ...libraries],
    rows: ['Node, over an empty process', 'Chromium, from memory', 'workerd, over an empty worker', 'download, KB', 'more with the first session in IndexedDB, KB'],
  },
  store: {
    columns: ['steps', 'raw put', '`sync`', '`async`', '`exit`', 'stored bytes to data', '`getState` of the whole', '`resume` of the whole'],
    rows: ['100', '1,000', '10,000'],
  },
};

/**
 * A table as it stands in the README: a line that says what was measured on what, and the rows. `cells` has a row of texts for each row.
 */
export function renderTable(name, caption, cells) {
  const { columns, rows } = tables[name];
  const line = (texts) => `| ${texts.join(' | ')} |`.replaceAll('|  |', '| |');
  return [caption, '', line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map((row, index) => line([row, ...cells[index]]))].join('\n');
}

const place = (name) => new RegExp(`(<!-- bench:${name} -->\n)([\\s\\S]*?)(<!-- /bench -->)`);

/** What stands between the marks of a table, or `undefined`. */
export function findTable(readme, name) {
  return place(name).exec(readme)?.[2].trimEnd();
}

/** The README with a table replaced. */
export function replaceTable(readme, name, text) {
  if (findTable(readme, name) === undefined) throw new Error(`The README has no place for the table ${name}.`);
  return readme.replace(place(name), (_, before, __, after) => `${before}${text}\n${after}`);
}
