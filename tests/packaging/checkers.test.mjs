// The tarball before the judges of npm packages: publint, arethetypeswrong, and npm itself as it would publish.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { environment, root } from '../../scripts/command.mjs';
import { createProject } from './project.mjs';

const execute = promisify(execFile);

let project;
let manifest;
before(async () => {
  project = await createProject();
  manifest = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8'));
});
after(() => project.remove());

test('publint has no error, no warning and no suggestion', async () => {
  const tarball = readFileSync(project.tarball);
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.length) }, strict: true });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg, { color: false })), []);
  assert.equal(pkg.name, manifest.name);
});

test('arethetypeswrong finds every entry with its types', async () => {
  const command = join(import.meta.dirname, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  // What is let pass:
  // - resolution without an exports map (profile node16): TypeScript's oldest, gone since its version 7; Node has always read the map here;
  // - that `require` gets an ES module: Node has allowed it since 20.19 and 22.12, and node.test.mjs does it;
  // - engine.wasm, which is a file: what importing it gives is up to the bundler.
  const rules = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--exclude-entrypoints', './engine.wasm'];
  const { code, stdout } = await execute(process.execPath, [command, project.tarball, '--format', 'json', '--no-definitely-typed', ...rules], { env: environment }).then(
    (result) => ({ code: 0, ...result }),
    (error) => error,
  );
  const { analysis, problems = {} } = JSON.parse(stdout);
  assert.equal(code, 0, JSON.stringify(problems));
  const entries = Object.keys(manifest.exports).filter((entry) => entry !== './engine.wasm');
  assert.deepEqual(Object.keys(analysis.entrypoints).sort(), entries.sort());
  const kinds = new Set(analysis.problems.map(({ kind, resolutionKind }) => `${kind} ${resolutionKind}`));
  assert.deepEqual([...kinds].sort(), ['CJSResolvesToESM node16-cjs', 'NoResolution node10']);
});

test('npm would publish it as it is, without a login and without a network', async () => {
  project.write('npmrc', '');
  const inherited = Object.entries(environment).filter(([name]) => !name.toLowerCase().startsWith('npm_'));
  const env = {
    ...Object.fromEntries(inherited),
    npm_config_userconfig: join(project.folder, 'npmrc'),
    // Nobody listens there.
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_fetch_retries: '0',
    npm_config_update_notifier: 'false',
  };
  const { stderr, stdout } = await execute('npm', ['publish', '--dry-run'], { cwd: join(root, 'pkg'), env });
  const warnings = stderr.split('\n').filter((line) => /^npm (warn|error)/i.test(line));
  assert.deepEqual(warnings.filter((line) => !line.includes('requires you to be logged in')), []);
  assert.equal(stdout.trim(), `+ ${manifest.name}@${manifest.version}`);
});

test('package.json says what it must and nothing that is not so', () => {
  for (const key of ['name', 'version', 'description', 'keywords', 'license', 'type', 'engines', 'sideEffects', 'types', 'exports']) assert.ok(manifest[key] !== undefined, key);
  const crate = readFileSync(join(root, 'Cargo.toml'), 'utf8');
  assert.match(crate, new RegExp(`^description = ${JSON.stringify(manifest.description).replaceAll('.', '\\.')}$`, 'm'));
  assert.deepEqual(JSON.parse(/^keywords = (\[.*\])$/m.exec(crate)[1]), manifest.keywords);
});
