// Owns the stages of `npm test`, from fast to slow. Must not know how they are chosen, timed and summed up: test.mjs does.
// Invariant: each stage returns `{ passed, failed }`; one command without tests of its own, such as a linter, is one.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './command.mjs';
import { build } from './build.mjs';
import { ensureChromium, ensureFirefox, ensureGraphviz, ensurePackagesIn, ensureRuntimes, ensureValgrind, ensureWebKit } from './prerequisites.mjs';

const host = ['--no-default-features', '--features', 'executor'];
// The engine without a host: what it needs is seen here alone.
const core = ['--no-default-features'];
const wasm = ['--target', 'wasm32-unknown-unknown', '--features', 'test-hooks,indexed-db,executor'];
// As a Rust user builds a graph for wasm.
const rustWasm = ['--target', 'wasm32-unknown-unknown', '--no-default-features', '--features', 'executor'];
// As the second wasm is built: nothing of the engine's boundary.
const store = ['--target', 'wasm32-unknown-unknown', '--no-default-features', '--features', 'indexed-db'];
const oneByOne = ['--test-concurrency=1'];
const deny = ['--', '-D', 'warnings'];
const cargoResults = /test result: \w+\. (\d+) passed; (\d+) failed/g;
const nodeResults = { passed: /^. pass (\d+)$/gm, failed: /^. (?:fail|cancelled) (\d+)$/gm };

/** `needs` names stages that run first, even if only this one was chosen. */
export const stages = [
  { name: 'format', run: () => checks([['cargo', ['fmt', '--', '--check', '-l']]]) },
  {
    name: 'clippy',
    run: () => checks([
      ['cargo', ['clippy', '--all-targets', ...host, ...deny]],
      ['cargo', ['clippy', '--lib', ...core, ...deny]],
      ['cargo', ['clippy', '--all-targets', ...wasm, ...deny]],
      ['cargo', ['clippy', '--lib', ...store, ...deny]],
      ['cargo', ['clippy', '--lib', ...rustWasm, ...deny]],
    ]),
  },
  {
    name: 'rustdoc',
    run: () => checks([['doc', '--no-deps', '--all-features'], ['doc', '--no-deps', ...rustWasm]].map((args) => ['cargo', args, { env: { RUSTDOCFLAGS: '-D warnings' } }])),
  },
  { name: 'core', run: () => cargoTests('cargo', ['test', ...host]) },
  { name: 'instructions', run: instructionTests },
  { name: 'build', run: buildBoth },
  { name: 'sizes', needs: ['build'], run: checkBudget },
  { name: 'install', needs: ['build'], run: install },
  { name: 'types', needs: ['install'], run: typeTests },
  { name: 'wasm', usesChromium: true, usesFirefox: true, run: wasmTests },
  { name: 'js', needs: ['install'], run: (files) => nodeTests('js', files, ['--expose-gc']) },
  { name: 'drawings', needs: ['install'], run: drawingTests },
  { name: 'packaging', needs: ['build'], usesChromium: true, usesFirefox: true, run: packagingTests },
  { name: 'workerd', needs: ['install'], run: workerdTests },
  { name: 'runtimes', needs: ['build'], run: runtimeTests },
  { name: 'bundlers', needs: ['build'], usesChromium: true, run: bundlerTests },
  { name: 'browser', needs: ['install'], usesChromium: true, usesFirefox: true, run: browserTests },
];

async function checks(commands) {
  let failed = 0;
  for (const [command, args, options] of commands) {
    await run(command, args, options).catch((error) => {
      console.error(error.message);
      failed += 1;
    });
  }
  return { passed: commands.length - failed, failed };
}

async function cargoTests(command, args) {
  const output = await outputOf(command, args);
  const counts = { passed: 0, failed: 0 };
  for (const [, passed, failed] of output.text.matchAll(cargoResults)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
  }
  return withCrash(counts, output);
}

/** Each set of tests is two binaries, one for windows and one for workers: a binary that is skipped leaves no result. */
const wasmBinaries = [['wasm', 'wasm_worker'], ['wasm_store', 'wasm_store_worker']];
/** Of Rust graphs in Node's wasm; the boundary is tested there with the package. */
const nodeBinary = 'wasm_node';

async function wasmTests() {
  const browsers = [
    ['--chrome', '--chromedriver', (await ensureChromium()).driver],
    ['--firefox', '--geckodriver', (await ensureFirefox()).driver],
  ];
  const counts = await cargoTests('wasm-pack', ['test', '--node', '--mode', 'no-install', root, '--no-default-features', '--features', 'executor', '--test', nodeBinary]);
  for (const browser of browsers) {
    for (const binaries of wasmBinaries) {
      const results = [];
      for (const binary of binaries) {
        results.push(await cargoTests('wasm-pack', [
          'test', '--headless', ...browser, '--mode', 'no-install', root, '--features', 'test-hooks,indexed-db,executor', '--test', binary,
        ]));
      }
      const [window, worker] = results;
      counts.passed += window.passed + worker.passed;
      counts.failed += window.failed + worker.failed;
      if (window.passed === 0 || window.passed + window.failed !== worker.passed + worker.failed) {
        console.error(`${browser[0]}: ${binaries[0]} has ${window.passed} tests that passed, ${binaries[1]} ${worker.passed}; they have the same tests.`);
        counts.failed += 1;
      }
    }
  }
  return counts;
}

async function nodeTests(folder, chosen, options) {
  const files = testFiles(folder).filter((file) => chosen.length === 0 || chosen.some((part) => file.includes(part)));
  if (files.length === 0) return { passed: 0, failed: 0 };
  const output = await outputOf(process.execPath, [...options, '--test', '--test-reporter=spec', '--test-timeout=300000', ...files]);
  const sum = (pattern) => [...output.text.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
  return withCrash({ passed: sum(nodeResults.passed), failed: sum(nodeResults.failed) }, output);
}

async function runtimeTests(files) {
  await ensureRuntimes();
  return nodeTests('runtimes', files, oneByOne);
}

async function browserTests(files) {
  await ensureWebKit();
  return nodeTests('browser', files, oneByOne);
}

async function bundlerTests(files) {
  await ensurePackagesIn(join(root, 'tests/bundlers'));
  return nodeTests('bundlers', files, oneByOne);
}

async function instructionTests(files) {
  await ensureValgrind();
  return nodeTests('instructions', files, oneByOne);
}

/** Mermaid and Graphviz read what the package draws. */
async function drawingTests(files) {
  await ensureGraphviz();
  await ensurePackagesIn(join(root, 'tests/drawings'));
  return nodeTests('drawings', files, oneByOne);
}

async function packagingTests(files) {
  await ensurePackagesIn(join(root, 'tests/packaging'));
  return nodeTests('packaging', files, oneByOne);
}

async function workerdTests(files) {
  await ensurePackagesIn(join(root, 'tests/workerd'));
  return nodeTests('workerd', files, oneByOne);
}

/** One test is one file under one compiler; the oldest TypeScript that is promised is the second one. */
async function typeTests() {
  const files = testFiles('types', '.ts').filter((file) => !file.endsWith('.d.ts'));
  const counts = { passed: 0, failed: 0 };
  for (const compiler of ['typescript', 'typescript-5.9']) {
    for (const project of readdirSync(join(root, 'tests/types')).filter((name) => /^tsconfig.*\.json$/.test(name))) {
      const output = await outputOf(process.execPath, [join(root, 'node_modules', compiler, 'bin/tsc'), '--pretty', 'false', '--noEmit', '-p', join('tests/types', project)]);
      const broken = files.filter((file) => output.text.includes(`${file}(`)).length;
      counts.passed += files.length - broken;
      counts.failed += broken;
      if (!output.isSuccess && broken === 0) counts.failed += 1;
    }
  }
  return counts;
}

async function buildBoth() {
  await build({ withHooks: true });
  return { passed: 2, failed: 0 };
}

async function checkBudget() {
  const { checkSizes } = await import('./sizes.mjs');
  await checkSizes();
  return { passed: 1, failed: 0 };
}

async function install() {
  const { installPacked } = await import('./install-packed.mjs');
  await installPacked();
  return { passed: 1, failed: 0 };
}

function testFiles(folder, ending = '.test.mjs') {
  const path = join('tests', folder);
  if (!existsSync(join(root, path))) return [];
  const inside = readdirSync(join(root, path), { recursive: true });
  return inside.filter((file) => file.endsWith(ending) && !file.includes('node_modules')).sort().map((file) => join(path, file));
}

async function outputOf(command, args) {
  try {
    return { text: await run(command, args), isSuccess: true };
  } catch (error) {
    if (error.output === undefined) throw error;
    console.error(error.message);
    return { text: error.output, isSuccess: false };
  }
}

/** A command that failed without a failed test has crashed, or did not compile: that counts as one. */
function withCrash({ passed, failed }, { isSuccess }) {
  return { passed, failed: !isSuccess && failed === 0 ? 1 : failed };
}
