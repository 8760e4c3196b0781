// Owns the programs that the documentation and the doc comments show: where they are, and their compilation as a strict user's
// programs. Must not know how they are run. Invariant: a program is run in Node, or in a page if it uses what only browsers have.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { blocksOfMarkdown, blocksOfSource } from './examples.mjs';

export const runnable = ['js', 'ts'];

export const examples = filesWithExamples().flatMap(examplesOf);

/** Those that are run. */
export const programs = examples.filter(({ language }) => runnable.includes(language));

/** Whether a program needs a page. */
export const needsPage = ({ code }) => code.includes('IndexedDbCheckpointer');

function filesWithExamples() {
  const inFolder = (path, ending) => readdirSync(join(root, path), { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => join(path, name));
  return ['README.md', 'pkg-template/README.md', ...inFolder('docs', '.md'), ...inFolder('pkg-template/src', '.ts')].sort();
}

function examplesOf(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const blocks = path.endsWith('.ts') ? blocksOfSource(text) : blocksOfMarkdown(text);
  return blocks.map((block) => ({ ...block, path, place: `${path}:${block.line}`, name: `${path.replaceAll('/', '_')}_${block.line}` }));
}

/** Compiles programs into `folder`/out. Returns by program what the compiler said, each with file and line. */
export function compile(programs, folder) {
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
