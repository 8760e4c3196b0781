// What bundlers may leave out of the package, and what they may not: that `sideEffects` says it as it is, to esbuild, Rollup and webpack.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import nodeResolve from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import webpack from 'webpack';
import { filesIn } from '../../scripts/inputs.mjs';
import { createProject, names, program } from './project.mjs';

let project;
before(async () => void (project = await createProject()));
after(() => project.remove());

/** Each writes the bundle of a file of the project, for browsers, and resolves with the paths of the modules that something is left of. */
const bundlers = {
  async esbuild(from, to) {
    const options = { absWorkingDir: project.folder, entryPoints: [from], outfile: to, bundle: true, minify: true, format: 'esm', metafile: true };
    const { metafile } = await build({ ...options, external: ['node:fs'], logLevel: 'silent' });
    const inputs = Object.entries(Object.values(metafile.outputs)[0].inputs);
    return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  },
  async rollup(from, to) {
    const bundle = await rollup({ input: join(project.folder, from), plugins: [nodeResolve({ browser: true })], external: ['node:fs'], onwarn() {} });
    const { output } = await bundle.write({ file: join(project.folder, to), format: 'esm', inlineDynamicImports: true });
    await bundle.close();
    return Object.entries(output[0].modules).filter(([, { renderedLength }]) => renderedLength > 0).map(([path]) => path);
  },
  async webpack(from, to) {
    const output = { path: project.folder, filename: to, library: { type: 'module' }, module: true };
    const plugins = [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })];
    const compiler = webpack({ mode: 'production', context: project.folder, entry: `./${from}`, output, plugins, experiments: { outputModule: true }, performance: false });
    const stats = await new Promise((resolve, reject) => compiler.run((error, result) => (error ? reject(error) : resolve(result))));
    await new Promise((resolve) => compiler.close(resolve));
    assert.deepEqual(stats.compilation.errors, []);
    // Modules that were joined to one are below it.
    const flat = (modules) => modules.flatMap((module) => [module, ...flat(module.modules ?? [])]);
    return flat(stats.toJson({ all: false, modules: true, nestedModules: true, orphanModules: false }).modules).map(({ name }) => name ?? '');
  },
};

const times = (modules, ending) => modules.filter((path) => path.endsWith(ending)).length;

async function bundle(bundler, text) {
  project.write('main.mjs', text);
  const modules = await bundlers[bundler]('main.mjs', 'bundle.mjs');
  return { modules, size: readFileSync(join(project.folder, 'bundle.mjs')).length };
}

const print = 'console.log(JSON.stringify(count));';
const isInitialised = `import 'weavegraph-wasm/inline';\nimport { ${names} } from 'weavegraph-wasm/slim';\n${program}${print}`;

for (const bundler of Object.keys(bundlers)) {
  test(`${bundler}: an entry that is imported for its effect alone stays, and has it`, async () => {
    await bundle(bundler, isInitialised);
    assert.equal(await project.node('bundle.mjs'), '42\n');
  });

  test(`${bundler}: a module without effects is left out where nobody uses it`, async () => {
    project.write('library.mjs', "export * from 'weavegraph-wasm/slim';\nexport * from 'weavegraph-wasm/testing';\nexport const one = 1;\n");
    const { modules, size } = await bundle(bundler, "import { one } from './library.mjs';\nconsole.log(one);\n");
    assert.equal(await project.node('bundle.mjs'), '1\n');
    assert.deepEqual(modules.filter((path) => path.includes('weavegraph-wasm')), []);
    assert.ok(size < 1000, `${size} bytes`);
  });

  test(`${bundler}: the entry for tests shares the engine with the others`, async () => {
    const { modules } = await bundle(bundler, `import { ${names}, MemoryCheckpointer } from 'weavegraph-wasm/inline';
import { checkpointerContract, MockClock } from 'weavegraph-wasm/testing';
for (const { run } of checkpointerContract(() => new MemoryCheckpointer(), { persists: false })) await run();
const clock = new MockClock();
${program.replace('.compile()', '.compile({ clock })')}${print}`);
    for (const ending of ['/core.js', 'wasm/weavegraph_wasm.js', 'wasm/weavegraph_wasm_base64.js', 'testing/index.js']) assert.equal(times(modules, ending), 1, `${ending} in ${modules}`);
    assert.equal(await project.node('bundle.mjs'), '42\n');
  });
}

// Not webpack: it keeps core.js whole, and what that imports, once one name of it is used.
for (const bundler of ['esbuild', 'rollup']) {
  test(`${bundler}: one name leaves a part of the shared module, and neither engine nor store`, async () => {
    const { modules, size } = await bundle(bundler, "import { END } from 'weavegraph-wasm/slim';\nconsole.log(END);\n");
    assert.equal(await project.node('bundle.mjs'), '__end__\n');
    for (const ending of ['wasm/weavegraph_wasm.js', 'storage.js', 'wasm/store.js', 'testing/index.js']) assert.equal(times(modules, ending), 0, `${ending} in ${modules}`);
    assert.ok(size < 16_000, `${size} bytes`);
  });
}

test('an import of types leaves nothing', async () => {
  project.write('types.ts', "import type { App } from 'weavegraph-wasm';\nexport const name = (app: App): string => String(app);\n");
  const modules = await bundlers.esbuild('types.ts', 'types.mjs');
  assert.deepEqual(modules, ['types.ts']);
});

test('it is the package that says so: with no module of effects the entry is lost', async () => {
  const file = join(project.installed, 'package.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(text), sideEffects: false }));
  try {
    for (const bundler of Object.keys(bundlers)) {
      await bundle(bundler, isInitialised);
      await assert.rejects(project.node('bundle.mjs'), /NOT_INITIALIZED/, bundler);
    }
  } finally {
    writeFileSync(file, text);
  }
});

test('the entries that load the wasm are named as modules with effects, and no others', () => {
  const { sideEffects } = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8'));
  const entries = filesIn(join(project.installed, 'entries')).filter((path) => path.endsWith('.js') && path !== 'slim.js');
  assert.deepEqual(sideEffects, entries.map((path) => `./entries/${path}`));
});

test('modules that are said to have no effects leave the world as it was', async () => {
  cpSync(project.installed, join(project.folder, 'unpacked'), { recursive: true });
  const modules = filesIn(join(project.folder, 'unpacked')).filter((path) => path.endsWith('.js') && (!path.startsWith('entries/') || path === 'entries/slim.js'));
  project.write('effects.mjs', `
const builtins = Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name)).map((name) => globalThis[name]);
const objects = [globalThis, ...builtins, ...builtins.map((builtin) => builtin?.prototype)].filter((object) => object !== null && ['object', 'function'].includes(typeof object));
const shape = () => objects.map((object) => Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)?.value]));
const active = process.getActiveResourcesInfo;
const before = shape();
const running = active().join();
for (const path of ${JSON.stringify(modules)}) await import('./unpacked/' + path);
const after = shape();
const isSame = before.every((keys, at) => keys.length === after[at].length && keys.every(([key, value], n) => after[at][n][0] === key && Object.is(after[at][n][1], value)));
console.log(isSame, active().join() === running || active());
`);
  assert.equal(await project.node('effects.mjs'), 'true true\n');
});
