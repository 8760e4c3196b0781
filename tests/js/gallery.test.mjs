// The programs of the gallery: as they are shown, run by a user of the package; and the reader of their sources.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { linesOf, shownForm, tokensOf } from '../../www/gallery/source-code.js';

const root = join(import.meta.dirname, '../..');
const gallery = join(root, 'www/gallery');
const MAX_LINES = 39;
const PRINTS = {
  'hello-stream.js': 'Hello reader, these words come one by one. \nThe state keeps all 42 characters.\n',
  'loop.js': '1.500000000 is off by 2.5e-1\n1.416666667 is off by 6.9e-3\n1.414215686 is off by 6.0e-6\n1.414213562 is off by 4.5e-12\nThe square root of 2 is 1.414213562\n',
};
const primes = [1229, 1033, 983, 958, 930, 924, 878, 902, 876, 879];
const sourceOf = (name) => readFile(join(gallery, name), 'utf8');
const programs = (await Promise.all((await readdir(gallery)).filter((name) => name.endsWith('.js')).map(async (name) => ({ name, source: await sourceOf(name) })))).filter(({ source }) => source.includes('export async function* main'));

describe('the programs', () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gallery-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(join(root, 'tests/node_modules/weavegraph-wasm'), join(folder, 'node_modules/weavegraph-wasm'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const run = async (name, source) => {
    const file = join(folder, name.replace('.js', '.mjs'));
    await writeFile(file, `${source}\nfor await (const text of main()) process.stdout.write(text);\n`);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(stderr, '');
    return stdout;
  };

  test('there are three, each of under 40 lines', () => {
    assert.deepEqual(programs.map(({ name }) => name).sort(), ['hello-stream.js', 'loop.js', 'map-reduce.js']);
    for (const { name, source } of programs) assert.ok(linesOf(source).length <= MAX_LINES, name);
  });

  test('the shown form names the package where the file has a path, and differs in nothing else', () => {
    for (const { name, source } of programs) {
      const shown = shownForm(source);
      assert.ok(shown.includes("from 'weavegraph-wasm';") && !shown.includes('../'), name);
      assert.equal(shown.replace("'weavegraph-wasm'", "'../../pkg/entries/web.js'"), source, name);
    }
  });

  for (const { name, source } of programs.filter((program) => PRINTS[program.name] !== undefined)) {
    test(`${name} runs as it is shown`, async () => assert.equal(await run(name, shownForm(source)), PRINTS[name]));
  }

  test('map-reduce.js runs as it is shown', async () => {
    const printed = await run('map-reduce.js', shownForm(await sourceOf('map-reduce.js')));
    const lines = printed.trimEnd().split('\n');
    // Tasks end in an order of their own.
    assert.deepEqual(lines.slice(0, -1).sort(), primes.map((count, i) => `Tenth ${i + 1} has ${count} primes`).sort());
    assert.equal(lines.at(-1), `All have ${primes.reduce((a, b) => a + b)}`);
  });
});

describe('the reader of sources', () => {
  const kinds = (source) => tokensOf(source).filter(({ text }) => text.trim() !== '').map(({ kind, text }) => `${kind}:${text.trim()}`);

  test('its tokens are the source, whatever the source is', () => {
    const hard = ['`a ${b ? `c ${{ d: 1 }.d}` : "e"} f`', '`open', "'open", '`${', '`a\\`b ${`', '}', '{`}`}', '"\\"" // `x', '', 'naïve 潮汐 \u2028 x', '<script>alert(1)</script>'];
    for (const source of [...programs.map((program) => program.source), ...hard]) assert.equal(tokensOf(source).map(({ text }) => text).join(''), source);
  });

  test('it knows comments, strings, numbers and keywords', () => {
    assert.deepEqual(kinds("const a = 'x'; // y"), ['keyword:const', 'plain:a =', "string:'x'", 'plain:;', 'comment:// y']);
    assert.deepEqual(kinds('constant(1e-9, 10_000, a1)'), ['plain:constant(', 'number:1e-9', 'plain:,', 'number:10_000', 'plain:, a1)']);
    assert.deepEqual(kinds("'http://x'"), ["string:'http://x'"]);
  });

  test('what stands in `${…}` of a template is code, braces within included', () => {
    assert.deepEqual(kinds('`a ${f({ b: 1 })} c`'), ['string:`a', 'plain:${f({ b:', 'number:1', 'plain:})}', 'string:c`']);
  });

  test('lines are those of the source; a line break at the end makes no empty one', () => {
    assert.deepEqual(linesOf('a\n\n`b\nc`\n').map((line) => line.map(({ text }) => text).join('')), ['a', '', '`b', 'c`']);
  });
});
