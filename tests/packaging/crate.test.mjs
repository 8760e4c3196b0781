// The crate as cargo would publish it, and its documentation as docs.rs would build it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';
import { environment, root } from '../../scripts/command.mjs';

const execute = promisify(execFile);
const { package: crate, ...targets } = parse(readFileSync(join(root, 'Cargo.toml'), 'utf8'));
const options = { cwd: root, env: { ...environment, CARGO_TERM_COLOR: 'never' }, maxBuffer: 2 ** 26 };

/** What cargo says, which is on stderr; and what it answers. */
const cargo = (args, env = {}) => execute('cargo', args, { ...options, env: { ...options.env, ...env } });

const packed = async () => (await cargo(['package', '--list', '--allow-dirty'])).stdout.trim().split('\n');

test('cargo would publish it, and has nothing to warn of', async () => {
  // Dirty: what is being worked on is tested too.
  const { stderr } = await cargo(['publish', '--dry-run', '--allow-dirty']);
  assert.match(stderr, /Verifying weavegraph-wasm/);
  assert.deepEqual(stderr.split('\n').filter((line) => line.startsWith('warning') && line !== 'warning: aborting upload due to dry run'), []);
});

test('the packed crate holds its sources, its tests, its documents and nothing else', async () => {
  const paths = await packed();
  const { stdout } = await execute('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'examples', 'tests', 'docs'], options);
  const ours = stdout.trim().split('\n').filter((path) => existsSync(join(root, path)));
  const isPacked = (path) => /^(src|examples|tests\/(core|instructions|store_contract|wasm))\/.*\.rs$|^tests\/vectors\/.*\.json$|^docs\/.*\.md$|^docs\/images\/.*\.png$/.test(path);
  const added = ['.cargo_vcs_info.json', 'Cargo.lock', 'Cargo.toml', 'Cargo.toml.orig'];
  assert.deepEqual(paths.sort(), [...ours.filter(isPacked), ...added, 'CHANGELOG.md', 'LICENSE', 'README.md'].sort());
  for (const { path } of [...targets.test, ...targets.example]) assert.ok(paths.includes(path), path);
});

test('what the README links to is in the packed crate', async () => {
  const paths = await packed();
  const links = [...readFileSync(join(root, crate.readme), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link);
  assert.deepEqual(links.filter((link) => !paths.includes(link)), []);
});

test('docs.rs gets features that exist, and documentation without a warning for each of its targets', async () => {
  const docs = crate.metadata.docs.rs;
  assert.deepEqual(docs.features.filter((name) => targets.features[name] === undefined), []);
  assert.equal(crate.documentation, `https://docs.rs/${crate.name}`);
  for (const target of docs.targets) {
    // The wasm's, and this machine's in place of the other.
    const where = target.startsWith('wasm32') ? ['--target', target] : [];
    await cargo(['doc', '--no-deps', '--features', docs.features.join(','), ...where], { RUSTDOCFLAGS: '-D warnings --cfg docsrs' });
  }
});
