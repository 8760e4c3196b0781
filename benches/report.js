// What a bench leaves: tables for the README, and its aims with the figures. Owns the file that scripts/bench.mjs reads.
// Must not know what is measured. An aim that is missed is said, and nothing else happens.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digits, printTable } from './measure.js';
import { renderTable, tables } from './tables.js';

const folder = fileURLToPath(new URL('../build/bench/', import.meta.url));

/** An aim: the figure is at most the limit. */
export const atMost = (text, figure, limit, unit) => ({ text, figure: `${digits(figure)} ${unit}`, limit: `at most ${limit} ${unit}`, isMet: figure <= limit });

/** An aim: the figure is at least the limit. */
export const atLeast = (text, figure, limit, unit) => ({ text, figure: `${digits(figure)} ${unit}`, limit: `at least ${limit} ${unit}`, isMet: figure >= limit });

/** Prints and leaves what a bench (its `import.meta.url`) found. `found` has by table its caption and its cells. */
export function report(bench, found, aims) {
  for (const [name, { caption, cells }] of Object.entries(found)) {
    console.log(`\n${caption}\n`);
    printTable([tables[name].columns, ...tables[name].rows.map((row, index) => [row, ...cells[index]])]);
  }
  console.log('');
  printAims(aims);
  const rendered = Object.fromEntries(Object.entries(found).map(([name, { caption, cells }]) => [name, renderTable(name, caption, cells)]));
  mkdirSync(folder, { recursive: true });
  writeFileSync(reportFile(basename(fileURLToPath(bench))), JSON.stringify({ tables: rendered, aims }));
}

/** Where the report of a bench lies. */
export const reportFile = (bench) => join(folder, `${bench}.json`);

export function printAims(aims) {
  if (aims.length === 0) return;
  printTable([['aim', 'figure', 'limit', ''], ...aims.map(({ text, figure, limit, isMet }) => [text, figure, limit, isMet ? 'met' : 'MISSED'])]);
}

/** The cells of a table's contestants, Node and Chromium in each, – for who cannot, or not in Chromium. */
export function cellsOfBoth(name, { node, chromium }) {
  const [, ...columns] = tables[name].columns;
  return tables[name].rows.map((row) =>
    columns.map((column) => {
      const who = Object.keys(node[row]).find((each) => column.startsWith(each));
      const cell = (figure) => (figure === undefined ? '–' : digits(figure));
      return who === undefined ? '–' : `${cell(node[row][who])} / ${cell(chromium[row][who])}`;
    }),
  );
}
