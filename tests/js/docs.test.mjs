// Every example of the documentation and of the doc comments: compiled as a strict user's program, then run against the installed
// package, those for pages in tests/browser. What it says to print, in comments behind console.log, is compared with what it prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { brokenClaim, claimsOf } from './examples.mjs';
import { compile, examples, needsPage, programs, runnable } from './programs.mjs';

const folder = join(root, 'build/examples');
const shown = ['sh', 'text', 'json', 'html', 'mermaid', 'rust'];
const limitMs = 30_000;

const complaints = compile(programs, folder);

test('every block names its language, and there are examples in each place', () => {
  const unnamed = examples.filter(({ language }) => ![...runnable, ...shown].includes(language)).map(({ place }) => place);
  assert.deepEqual(unnamed, [], `a block is js or ts, which are run, or one of ${shown.join(', ')}`);
  for (const path of ['README.md', 'pkg-template/README.md', 'docs/', 'pkg-template/src/']) {
    assert.ok(programs.some(({ place }) => place.startsWith(path)), `no example in ${path}`);
  }
});

for (const program of programs) {
  test(program.place, async () => {
    if (complaints.has(program)) assert.fail(complaints.get(program).join('\n'));
    // Compiled here; tests/browser runs it.
    if (needsPage(program)) return;
    const { error, stdout, stderr } = await run(program);
    if (error !== null) assert.fail(`${program.place} failed:\n${inDocument(stderr, program) || error.message}`);
    const broken = brokenClaim(claimsOf(program.code), stdout);
    if (broken !== undefined) assert.fail(`${program.path}:${broken.line} says that it prints\n  ${broken.claim}\nbut it prints\n${stdout}`);
  });
}

function run({ name }) {
  const args = ['--enable-source-maps', '--unhandled-rejections=strict', join(folder, 'out', `${name}.js`)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: limitMs, encoding: 'utf8' }, (error, stdout, stderr) => resolve({ error, stdout, stderr }));
  });
}

/** A stack with the places that the document has. */
function inDocument(stack, { name, path }) {
  const place = new RegExp(`(?:file://)?[^\\s(]*/${name.replaceAll('.', '\\.')}\\.[jt]s:(\\d+)(?::\\d+)?`, 'g');
  return stack.replaceAll(place, `${path}:$1`);
}
