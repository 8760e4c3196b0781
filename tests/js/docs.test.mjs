// Every example of the documentation and of the doc comments: compiled as a strict user's program, then run against the installed
// package. What it says to print, in comments behind console.log, is compared with what it prints.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { blocksOfMarkdown, blocksOfSource, brokenClaim, claimsOf } from './examples.mjs';

const folder = join(root, 'build/examples');
const runnable = ['js', 'ts'];
const shown = ['sh', 'text', 'json', 'html', 'mermaid', 'rust'];
const limitMs = 30_000;

const examples = filesWithExamples().flatMap(examplesOf);
const programs = examples.filter(({ language }) => runnable.includes(language));
const complaints = compile(programs);

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
    const { error, stdout, stderr } = await run(program);
    if (error !== null) assert.fail(`${program.place} failed:\n${inDocument(stderr, program) || error.message}`);
    const broken = brokenClaim(claimsOf(program.code), stdout);
    if (broken !== undefined) assert.fail(`${program.path}:${broken.line} says that it prints\n  ${broken.claim}\nbut it prints\n${stdout}`);
  });
}

function filesWithExamples() {
  const inFolder = (path, ending) => readdirSync(join(root, path), { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => join(path, name));
  return ['README.md', 'pkg-template/README.md', ...inFolder('docs', '.md'), ...inFolder('pkg-template/src', '.ts')].sort();
}

function examplesOf(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const blocks = path.endsWith('.ts') ? blocksOfSource(text) : blocksOfMarkdown(text);
  return blocks.map((block) => ({ ...block, path, place: `${path}:${block.line}`, name: `${path.replaceAll('/', '_')}_${block.line}` }));
}

/** Compiles all of them at once. Returns by program what the compiler said, each with file and line. */
function compile(programs) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(relative(folder, join(root, 'tests/node_modules')), join(folder, 'node_modules'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const { name, language, code } of programs) writeFileSync(join(folder, `${name}.${language}`), code);
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    moduleDetection: 'force',
    lib: ['ES2022', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    allowJs: true,
    checkJs: true,
    sourceMap: true,
    rootDir: '.',
    outDir: 'out',
  };
  const files = programs.map(({ name, language }) => `${name}.${language}`);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [compiler, '--pretty', 'false', '-p', folder], { cwd: folder, encoding: 'utf8' });
  const found = new Map();
  for (const text of stdout.split(/\n(?=\S)/).filter((line) => line.includes('error TS'))) {
    const [, name, line] = /^(?:.*\/)?([^/(]+)\.[jt]s\((\d+),\d+\)/.exec(text) ?? [];
    const program = programs.find((each) => each.name === name);
    if (program === undefined) throw new Error(`the compiler complains about no example: ${text}`);
    found.set(program, [...(found.get(program) ?? []), `${program.path}:${line}${text.slice(text.indexOf(')') + 1).trimEnd()}`]);
  }
  if (status !== 0 && found.size === 0) throw new Error(`the compiler failed: ${stdout}`);
  return found;
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
