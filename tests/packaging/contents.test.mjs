// What the published tarball holds and what its package.json promises.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { filesIn } from '../../scripts/inputs.mjs';
import { createProject } from './project.mjs';

let project;
let manifest;
before(async () => {
  project = await createProject();
  manifest = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8'));
});
after(() => project.remove());

test('installing brings one package and no dependencies', () => {
  assert.deepEqual(filesIn(join(project.folder, 'node_modules')).filter((path) => !path.startsWith('weavegraph-wasm/')), ['.package-lock.json']);
  for (const key of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies', 'scripts']) assert.equal(manifest[key], undefined, key);
});

test('the tarball holds the entries, what they share, two wasms, their glue and inline forms, and nothing else', () => {
  const entries = filesIn(join(root, 'pkg-template/src/entries')).filter((path) => !path.endsWith('.d.ts'));
  const named = ['index.js', 'core.js', 'storage.js', 'isolation.js', 'testing/index.js', ...entries.map((path) => `entries/${path.replace(/\.[jt]s$/, '.js')}`)];
  const wasm = ['weavegraph_wasm', 'store'].flatMap((name) => ['.js', '_base64.js', '_bg.wasm'].map((ending) => `wasm/${name}${ending}`));
  const files = filesIn(project.installed).filter((path) => !path.endsWith('.d.ts') && !path.endsWith('.js.map'));
  assert.deepEqual(files, ['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES', 'package.json', ...named, ...wasm].sort());
});

test('every file that the exports map names is there, and every entry is named', () => {
  const named = [];
  const collect = (target) => (typeof target === 'string' ? named.push(target) : Object.values(target).forEach(collect));
  collect(manifest.exports);
  for (const path of named) assert.ok(existsSync(join(project.installed, path)), path);
  const entries = filesIn(join(project.installed, 'entries')).filter((path) => path.endsWith('.js'));
  for (const entry of entries) assert.ok(named.includes(`./entries/${entry}`), entry);
});

test('every declaration that a public declaration mentions is there', () => {
  for (const path of filesIn(project.installed).filter((file) => file.endsWith('.d.ts'))) {
    for (const [, mentioned] of readFileSync(join(project.installed, path), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)\.js'/g)) {
      assert.ok(existsSync(join(project.installed, path, '..', `${mentioned}.d.ts`)), `${path} mentions ${mentioned}`);
    }
  }
});

test('the version is the crate\'s, the licence is whole, the README names the package', () => {
  assert.match(readFileSync(join(root, 'Cargo.toml'), 'utf8'), new RegExp(`^version = "${manifest.version}"$`, 'm'));
  assert.equal(manifest.license, 'Apache-2.0');
  assert.equal(readFileSync(join(project.installed, 'LICENSE'), 'utf8'), readFileSync(join(root, 'LICENSE'), 'utf8'));
  assert.match(readFileSync(join(project.installed, 'README.md'), 'utf8'), /^# weavegraph-wasm$/m);
});

test('modules carry source maps with their sources, the glue too, and no comments but that one', () => {
  for (const path of filesIn(project.installed).filter((file) => file.endsWith('.js') && !file.endsWith('_base64.js'))) {
    const code = readFileSync(join(project.installed, path), 'utf8');
    assert.match(code, new RegExp(`//# sourceMappingURL=${path.split('/').pop()}.map\\s*$`), path);
    assert.doesNotMatch(code, /^\s*(\/\*|\/\/(?!#))/m, path);
    const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join(project.installed, `${path}.map`), 'utf8'));
    assert.ok(sources.every((source) => /\.[jt]s$/.test(source)), `${path}: ${sources}`);
    assert.ok(sourcesContent.length === sources.length && sourcesContent.every((text) => text.length > 0), path);
  }
});

test('source maps lead from the bundle to the line of the source', async () => {
  project.write('throw.mjs', "import { GraphBuilder } from 'weavegraph-wasm';\ntry { new GraphBuilder().compile(); } catch (error) { console.log(JSON.stringify(error.stack)); }");
  const stack = JSON.parse(await project.node('--enable-source-maps', 'throw.mjs'));
  const [, name, line] = /weavegraph-wasm:\/\/\/([\w/-]+\.ts):(\d+)/.exec(stack) ?? assert.fail(stack);
  const source = readFileSync(join(root, 'pkg-template/src', name), 'utf8').split('\n')[line - 1];
  assert.match(source, /\bnew \w|\bthrow /, `${name}:${line}`);
});

test('no file tells where it was built', () => {
  const folders = [root, homedir(), process.env.CARGO_HOME].filter(Boolean).map((folder) => `${folder}/`);
  for (const path of filesIn(project.installed)) {
    const text = readFileSync(join(project.installed, path), 'latin1');
    for (const folder of folders) assert.ok(!text.includes(folder), `${path} has ${folder}`);
    assert.doesNotMatch(text, /\/(home|root|Users|tmp)\/\w|file:\/\/\/\w/, path);
  }
});

test('the published wasm has no places in sources and no messages of panics', () => {
  const text = (folder) => readFileSync(join(folder, 'wasm/weavegraph_wasm_bg.wasm'), 'latin1');
  const isLeft = /\.rs\b|panicked at/;
  assert.doesNotMatch(text(project.installed), isLeft);
  assert.match(text(join(root, 'build/pkg-hooks')), isLeft);
});

test('the published wasm lacks what only the test build exports', async () => {
  // The wasm's own names are letters; the glue's are not.
  const glueOf = async (folder) => Object.keys(await import(pathToFileURL(join(folder, 'wasm/weavegraph_wasm.js'))));
  const countOf = async (folder) => WebAssembly.Module.exports(await WebAssembly.compile(readFileSync(join(folder, 'wasm/weavegraph_wasm_bg.wasm')))).length;
  const hooks = join(root, 'build/pkg-hooks');
  const [published, hooked] = [await glueOf(project.installed), await glueOf(hooks)];
  const added = hooked.filter((name) => !published.includes(name));
  assert.deepEqual(added.sort(), ['panicNow', 'start', 'vocabulary']);
  assert.deepEqual(published.filter((name) => !hooked.includes(name)), []);
  assert.equal(await countOf(project.installed), (await countOf(hooks)) - added.length);
});
