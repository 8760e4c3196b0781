// Owns THIRD-PARTY-LICENSES: what is compiled into the package beside its own sources, and under which licence. Must not know how that
// is built. Invariant: every crate of either wasm is in it, and a licence that is not on the list below ends the build.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal, probe, root } from './command.mjs';
import { digestOf, isUpToDate, markUpToDate } from './inputs.mjs';

/** The file's name, in the package and below build/licences. */
export const licencesFile = 'THIRD-PARTY-LICENSES';

/** Licences that may be used, the first that a crate offers counts. The text of the first is the package's LICENSE. */
export const allowed = ['Apache-2.0', 'MIT', 'Unicode-3.0'];

/** The arguments by which cargo lists what each wasm is made of, without what runs at build time only. */
export function treesOf(manifest) {
  return [manifest.build.features, manifest.store.features].map((features) => [
    'tree', '--locked', '--edges', 'normal,no-proc-macro', '--target', 'wasm32-unknown-unknown', '--prefix', 'none', '--format', '{p}|{l}', '--no-default-features', '--features', features.join(','),
  ]);
}

/** Writes the file, unless it is up to date, and returns its path. */
export function buildLicences(manifest) {
  const out = join(root, 'build/licences');
  const rustc = probe('rustc', ['--version']).split(' ')[1];
  const digest = digestOf(['Cargo.toml', 'Cargo.lock', 'scripts/licences.mjs'], [manifest.build.features, manifest.store.features, rustc]);
  if (!isUpToDate(out, digest)) {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, licencesFile), textOf(cratesOf(manifest), rustc));
    markUpToDate(out, digest);
  }
  return join(out, licencesFile);
}

/** `{ name, version, licence, folder }` of each crate, by name. */
function cratesOf(manifest) {
  const { packages } = JSON.parse(cargo(['metadata', '--locked', '--all-features', '--format-version', '1', '--filter-platform', 'wasm32-unknown-unknown']));
  const lines = treesOf(manifest).flatMap((tree) => cargo(tree).split('\n'));
  const crates = new Map();
  for (const [, name, version, licence] of lines.map((line) => /^(\S+) v(\S+).*\|(.*?)(?: \(\*\))?$/.exec(line)).filter(Boolean)) {
    if (name === manifest.crate.name) continue;
    const { manifest_path: path } = packages.find((entry) => entry.name === name && entry.version === version);
    crates.set(`${name} ${version}`, { name, version, licence, folder: dirname(path) });
  }
  return [...crates.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function cargo(args) {
  const output = probe('cargo', args, { isLoud: true });
  if (output === undefined) throw new Refusal(`cargo ${args[0]} failed: what the package is made of is not known.`);
  return output;
}

function textOf(crates, rustc) {
  const parts = [
    'What is compiled into the files of wasm/ beside weavegraph-wasm itself, and the licence under which it is used there.\n' +
      'wasm-bindgen has also written the JavaScript in that folder.',
  ];
  const uses = crates.map((crate) => ({ ...crate, used: choose(crate) }));
  const entry = ({ name, version, folder }) => [`- ${name} ${version}`, ...copyrights(folder).map((line) => `  ${line}`)].join('\n');
  const std = [
    `- the Rust standard library ${rustc}\n  The Rust Project Developers (see https://thanks.rust-lang.org)`,
    `- compiler_builtins of the same, with the LLVM exception\n  the contributors of the LLVM Project, The Rust Project Developers`,
  ];
  parts.push(['Apache-2.0. Its text is the file LICENSE.', '', ...uses.filter(({ used }) => used.includes('Apache-2.0')).map(entry), ...std].join('\n'));
  // These demand their own text, with the names in it.
  for (const { name, version, folder, used } of uses) {
    for (const licence of used.filter((one) => one !== 'Apache-2.0')) {
      const tables = licence === 'Unicode-3.0' ? ', and the character tables of the Rust standard library' : '';
      parts.push(`${licence}: ${name} ${version}${tables}\n\n${readFileSync(join(folder, licenceFile(folder, licence)), 'utf8').trim()}`);
    }
    for (const notice of readdirSync(folder).filter((file) => /^NOTICE/i.test(file))) parts.push(`${name} ${version}, ${notice}\n\n${readFileSync(join(folder, notice), 'utf8').trim()}`);
  }
  return `${parts.join(`\n\n${'-'.repeat(80)}\n\n`).replace(/\r/g, '')}\n`;
}

/** The licences that are made use of: of each alternative the first that is on the list. */
function choose({ name, version, licence }) {
  const all = licence.replaceAll('/', ' OR ').split(' AND ').map((part) => part.replace(/[()]/g, '').split(' OR ').map((one) => one.trim()));
  return all.map((alternatives) => {
    const one = allowed.find((candidate) => alternatives.includes(candidate));
    if (one === undefined) throw new Refusal(`The crate ${name} ${version} is under '${licence}', and scripts/licences.mjs allows ${allowed.join(', ')}.`);
    return one;
  });
}

function licenceFile(folder, licence) {
  const word = licence.split('-')[0].toUpperCase();
  const files = readdirSync(folder).filter((file) => /^LICEN[CS]E/i.test(file));
  const file = files.find((candidate) => candidate.toUpperCase().includes(word)) ?? (files.length === 1 ? files[0] : undefined);
  if (file === undefined) throw new Refusal(`${folder} has no file with the text of ${licence}.`);
  return file;
}

/** Lines such as 'Copyright (c) 2014 A. Name', each once, of the texts that are not quoted whole. */
function copyrights(folder) {
  const texts = readdirSync(folder).filter((file) => /^(LICEN[CS]E-(APACHE|MIT)|COPYRIGHT)/i.test(file)).map((file) => readFileSync(join(folder, file), 'utf8'));
  const lines = texts.flatMap((text) => [...text.matchAll(/^\s*(Copyright (?:\(c\)|©|\d{4}).*?)\.?\s*$/gim)].map(([, line]) => line));
  return [...new Set(lines)];
}
