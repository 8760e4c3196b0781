// Bundles that run on the machine itself: esbuild's for Node, Bun's for Bun. Both leave the wasm behind, so inline is the entry for them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createProject, names, program } from '../packaging/project.mjs';
import { bundle, command, forms, support } from './bundling.mjs';

let project;
before(async () => void (project = await createProject()));
after(() => project?.remove());

const [esbuild, bun] = ['esbuild 0.28, for browsers and for Node', 'bun 1.4 (`bun build`), for browsers and for Bun'];
const bundles = {
  'esbuild --platform=node': { row: esbuild, args: ['esbuild', '--bundle', '--platform=node'], runtime: process.execPath },
  'esbuild --platform=node --format=esm': { row: esbuild, args: ['esbuild', '--bundle', '--platform=node', '--format=esm', '--out-extension:.js=.mjs'], runtime: process.execPath },
  'bun build --target=bun': { row: bun, args: ['bun', 'build', '--target=bun'], runtime: command('bun') },
};

/** What the bundle of a program prints, or its failure. */
async function outputOf({ args: [name, ...args], runtime }, specifier) {
  project.write('main.js', `import { ${names} } from '${specifier}';\nasync function main() {\n${program}\nconsole.log(count);\n}\nmain();\n`);
  await bundle(project.folder, name, ...args, 'main.js', '--outdir=dist');
  const file = join('dist', args.some((option) => option.endsWith('.mjs')) ? 'main.mjs' : 'main.js');
  const { stdout } = await promisify(execFile)(runtime, [file], { cwd: project.folder });
  return stdout.trim();
}

for (const [name, target] of Object.entries(bundles)) {
  test(`${name}: inline runs`, async () => {
    assert.equal(support[target.row].inline, 'yes');
    assert.equal(await outputOf(target, forms.inline), '42');
  });

  test(`${name}: the plain entry names inline`, async () => {
    assert.equal(support[target.row].plain, 'no');
    await assert.rejects(outputOf(target, forms.plain), ({ stderr }) => /weavegraph-wasm could not read its wasm.*import 'weavegraph-wasm\/inline'/.test(stderr));
  });
}
