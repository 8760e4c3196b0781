// The tables of the README that benches write: none is edited by hand in its shape, and none is of other peers than those installed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTable, renderTable, replaceTable, tables } from '../../benches/tables.js';
import { root } from '../../scripts/command.mjs';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const number = String.raw`-?\d+(\.\d+)?`;
const cell = new RegExp(`^(–|${number}( / (–|${number}))?( \\(${number}\\))?)$`);

test('the README has each table of the benches once, and no other', () => {
  const marked = [...readme.matchAll(/<!-- bench:(\w+) -->/g)].map(([, name]) => name);
  assert.deepEqual(marked.sort(), Object.keys(tables).sort());
});

for (const [name, { columns, rows }] of Object.entries(tables)) {
  test(`the table ${name} stands in the README as its bench writes it`, () => {
    const text = findTable(readme, name);
    const [caption, ...lines] = text.split('\n');
    const cells = lines.slice(3).map((line) => line.split('|').slice(2, -1).map((each) => each.trim()));
    assert.equal(cells.length, rows.length);
    for (const each of cells.flat()) assert.match(each, cell);
    for (const row of cells) assert.equal(row.length, columns.length - 1);
    assert.match(caption, / (Node|Chromium) \d+.*\.$/);
    assert.equal(text, renderTable(name, caption, cells));
  });
}

test('a table that is written again replaces the old one alone', () => {
  const written = replaceTable(readme, 'steps', 'new');
  assert.equal(findTable(written, 'steps'), 'new');
  for (const name of Object.keys(tables)) if (name !== 'steps') assert.equal(findTable(written, name), findTable(readme, name));
  assert.equal(replaceTable(written, 'steps', findTable(readme, 'steps')), readme);
});
