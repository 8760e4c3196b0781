// Tables of the documentation that repeat what the sources say: the two are compared, so neither can drift.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createError, errorCodes } from '../../build/facade/errors.js';
import { eventTypes } from '../../build/facade/words.js';
import { root } from '../../scripts/command.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

/** The rows below the heading of a table, each an array of cells without code marks. */
function rowsOf(text, heading) {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith(heading));
  assert.notEqual(at, -1, `there is no table ${heading}`);
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'));
  const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1'));
  return lines.slice(at + 2, end).map(cells);
}

test('the README lists every error code with its class, in the order of the sources', () => {
  const listed = rowsOf(read('README.md'), '| code |').map(([code, className]) => `${code} ${className}`);
  assert.deepEqual(listed, errorCodes.map((code) => `${code} ${createError(code, '').name}`));
});

test('every error code has a meaning and a remedy, or is said to be not raised', () => {
  for (const [code, , meaning, remedy] of rowsOf(read('README.md'), '| code |')) {
    assert.ok(meaning === '–' ? remedy === '' : meaning.length > 10 && remedy.length > 5, code);
  }
});

test('the events page lists every event type, in the order of the sources', () => {
  const listed = rowsOf(read('docs/events.md'), '| type |').map(([type]) => type);
  assert.deepEqual([...listed].sort(), [...eventTypes].sort());
  assert.deepEqual(listed, eventTypes);
});

test('the README names every entry of the package', () => {
  const { exports } = JSON.parse(read('pkg-template/package.json'));
  const entries = new Set(Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : Object.values(entry))).filter((path) => /^\.\/entries\/.*\.js$/.test(path)));
  const named = new Set(rowsOf(read('README.md'), '| environment |').map(([, entry]) => `./${/entries\/\w+\.js/.exec(entry)[0]}`));
  assert.deepEqual([...named].sort(), [...entries].sort());
});

test('the folders and files that the READMEs and docs name are there', () => {
  const [, layout] = /## Layout\n\n```text\n([\s\S]+?)\n```/.exec(read('README.md'));
  for (const line of layout.split('\n')) assert.ok(existsSync(join(root, line.split(' ')[0])), line);
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  for (const path of ['README.md', ...pages]) {
    for (const [, link] of read(path).matchAll(/\]\((?!https?:)([^)#]+)/g)) assert.ok(existsSync(join(root, path, '..', link)), `${path} links to ${link}`);
    for (const [, named] of read(path).matchAll(/`((?:tests|scripts|benches|docs|www|src)\/[\w./-]*)`/g)) assert.ok(existsSync(join(root, named)), `${path} names ${named}`);
  }
});

test('the commands that the README tells are those of package.json', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const told = new Set([...read('README.md').matchAll(/^npm (?:run )?(\w+) /gm)].map(([, name]) => name));
  told.delete('install');
  assert.deepEqual([...told].sort(), scripts.sort());
});
