// The licences of all that is in the package: complete, on the list, with the texts that they demand.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { environment, root } from '../../scripts/command.mjs';
import { allowed, licencesFile, treesOf } from '../../scripts/licences.mjs';
import { readManifest } from '../../scripts/manifest.mjs';

const execute = promisify(execFile);
const run = async (command, args) => (await execute(command, args, { cwd: root, env: environment, maxBuffer: 2 ** 26 })).stdout;

const manifest = readManifest();
const text = readFileSync(join(root, 'pkg', licencesFile), 'utf8');
const sections = text.split(`\n\n${'-'.repeat(80)}\n\n`);
const listed = (name, version) => text.includes(`- ${name} ${version}\n`) || sections.some((section) => section.split('\n')[0].includes(`: ${name} ${version}`));

async function crates() {
  const lines = (await Promise.all(treesOf(manifest).map((tree) => run('cargo', tree)))).join('').split('\n').filter(Boolean);
  return lines.map((line) => /^(\S+) v(\S+).*\|(.*?)(?: \(\*\))?$/.exec(line)).map(([, name, version, licence]) => ({ name, version, licence }));
}

test('every crate of either wasm is listed, under licences that are allowed', async () => {
  const used = (await crates()).filter(({ name }) => name !== manifest.crate.name);
  for (const name of ['wasm-bindgen', 'talc', 'thiserror', 'web-sys']) assert.ok(used.some((crate) => crate.name === name), name);
  for (const { name, version, licence } of used) {
    assert.ok(listed(name, version), `${name} ${version}`);
    for (const part of licence.split(' AND ')) assert.ok(part.match(/[\w.-]+/g).some((one) => allowed.includes(one)), `${name}: ${licence}`);
  }
});

test('nothing is listed that is not there', async () => {
  const used = new Set((await crates()).map(({ name, version }) => `${name} ${version}`));
  const names = [...text.matchAll(/^- (\S+ \d\S*)$/gm)].map(([, name]) => name);
  assert.ok(names.length > 8);
  assert.deepEqual(names.filter((name) => !used.has(name)), []);
});

test('a crate that offers only a licence with a text of its own has it there whole', async () => {
  const demanding = (await crates()).filter(({ licence }) => !licence.split(' AND ').every((part) => part.includes('Apache-2.0')));
  assert.ok(demanding.some(({ name }) => name === 'talc'));
  for (const { name, version } of demanding) {
    const section = sections.find((candidate) => candidate.split('\n')[0].includes(`: ${name} ${version}`)) ?? assert.fail(name);
    assert.match(section, /Copyright (\(c\)|©|\d{4})/i);
    assert.match(section, /WITHOUT WARRANTY OF ANY\s+KIND/);
  }
  assert.match(readFileSync(join(root, 'pkg/LICENSE'), 'utf8'), /Apache License\s+Version 2\.0, January 2004/);
});

test('of the standard library nothing is compiled in that has another licence', async () => {
  // Its parts with licences of their own, by the names of functions before these are dropped: mathematics after musl, and crates.
  const foreign = /\b(libm|hashbrown|foldhash|dlmalloc|gimli|addr2line|miniz_oxide|rustc_demangle|memchr)\b/;
  for (const wasm of ['wasm-unoptimised/weavegraph_wasm_bg.wasm', 'store/wasm-unoptimised/store_bg.wasm']) {
    const names = await run(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), join(root, 'build', wasm), '--all-features', '--print-function-map', '-o', '/dev/null']);
    assert.match(names, /talc/, `${wasm} has names`);
    assert.deepEqual(names.split('\n').filter((line) => foreign.test(line)), []);
  }
});

test('the glue is of the wasm-bindgen that is listed', async () => {
  const [, version] = /^- wasm-bindgen (\S+)$/m.exec(text);
  assert.equal(version, manifest.tools['wasm-bindgen']);
});
