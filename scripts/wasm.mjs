// Owns the way from Rust sources to an optimised wasm and its glue: the engine in build/wasm (or build/wasm-hooks), the browsers' store
// in build/store/wasm.
// Must not know the facade or the package. Invariant: a folder that is left is complete, and equal inputs are not built
// again.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { probe, root, run, say, since } from './command.mjs';
import { compressGlue } from './glue.mjs';
import { digestOf, isUpToDate, markUpToDate } from './inputs.mjs';
import { dropPanics } from './panics.mjs';
import { shortenNames } from './wasm-names.mjs';

/** The base name of the engine's wasm and glue. */
export const glueName = 'weavegraph_wasm';
/** The base name of the store's. */
export const storeName = 'store';

/** The store of browsers: the same crate with other features. */
export function buildStoreWasm(manifest) {
  return buildWasm(manifest, 'store/wasm', manifest.store.features, { name: storeName, optLevel: manifest.store['opt-level'] });
}

/** Builds `build/<folder>` with these cargo features and no others, unless it is up to date. Without `hasPanics` a panic is a trap that says nothing. Returns the folder. */
export async function buildWasm(manifest, folder, features, { name = glueName, optLevel = manifest.build['opt-level'], hasPanics = true } = {}) {
  const out = join(root, 'build', folder);
  const sources = ['src', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'scripts/wasm.mjs', 'scripts/wasm-names.mjs', 'scripts/glue.mjs', 'scripts/panics.mjs'];
  const digest = digestOf(sources, [manifest.tools, manifest.build, name, optLevel, hasPanics, features, probe('rustc', ['--version'])]);
  if (isUpToDate(out, digest)) {
    say(`${folder}: up to date`);
    return out;
  }
  const startedAt = performance.now();
  const raw = join(root, 'build', `${folder}-unoptimised`);
  await run('wasm-pack', [
    '--log-level', 'warn',
    'build', root, '--target', manifest.build.target, '--profile', manifest.build['cargo-profile'],
    '--no-opt', '--no-pack', '--no-gitignore', '--mode', 'no-install', '--out-dir', raw, '--out-name', name,
    '--', '--no-default-features', '--features', features.join(','),
  ], { env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [...manifest.build.rustflags, withoutHome()].join(' '), CARGO_PROFILE_RELEASE_OPT_LEVEL: optLevel } });
  const staged = `${out}-staged`;
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  const [wasm, glue] = [`${name}_bg.wasm`, `${name}.js`].map((file) => join(staged, file));
  cpSync(join(raw, `${name}_bg.wasm`), wasm);
  cpSync(join(raw, `${name}.js`), glue);
  shortenNames(wasm, glue);
  const wasmOpt = join(root, 'node_modules/binaryen/bin/wasm-opt');
  if (!hasPanics) await dropPanics(wasm, wasmOpt);
  await run(process.execPath, [wasmOpt, ...manifest.build['wasm-opt'], wasm, '-o', wasm]);
  await compressGlue(glue);
  cpSync(join(raw, `${name}.d.ts`), join(staged, `${name}.d.ts`));
  if (existsSync(join(raw, 'snippets'))) cpSync(join(raw, 'snippets'), join(staged, 'snippets'), { recursive: true });
  writeInline(staged, name);
  markUpToDate(staged, digest);
  rmSync(out, { recursive: true, force: true });
  renameSync(staged, out);
  say(`${folder}: built in ${since(startedAt)}`);
  return out;
}

/** What panics say of crates names their folder: not where it is on this machine. */
function withoutHome() {
  return `--remap-path-prefix=${process.env.CARGO_HOME ?? join(homedir(), '.cargo')}/registry/src=crates`;
}

/** The wasm once more, as base64 in a module of its own, for `./inline`. */
function writeInline(folder, name) {
  const base64 = readFileSync(join(folder, `${name}_bg.wasm`)).toString('base64');
  writeFileSync(join(folder, `${name}_base64.js`), `export default '${base64}';\n`);
  writeFileSync(join(folder, `${name}_base64.d.ts`), 'declare const base64: string;\nexport default base64;\n');
}
