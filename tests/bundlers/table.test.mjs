// The README's table of bundlers: it says what the other files test, of the versions that are installed here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { support } from './bundling.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

test('the table says of each bundler what is tested', () => {
  const [, table] = /^\| bundler \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(read('README.md'));
  const rows = table.trim().split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  assert.deepEqual(rows, Object.entries(support).map(([bundler, { plain, inline }]) => [bundler, plain, inline]));
});

test('the table has each bundler in the version that is installed', () => {
  const rows = Object.keys(support).join('\n').toLowerCase();
  const installed = Object.entries(JSON.parse(read('tests/bundlers/package.json')).dependencies).filter(([name]) => name !== 'webpack-cli');
  for (const [name, version] of installed) {
    const told = new RegExp(`(?:^| )${name} ([\\d.]+)`, 'm').exec(rows)?.[1];
    assert.ok(`${version}.`.startsWith(`${told}.`), `${name} ${version} is installed, the table has ${told}`);
  }
});
