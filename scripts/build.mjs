// `npm run build`: leaves the installable package in pkg/. With `--hooks` also build/pkg-hooks, the same package with the
// exports that only our tests call; it is never published. Owns the order of the steps, and that one build runs at a time.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Refusal, main, root, say, since } from './command.mjs';
import { ensureCargoTool, ensureNodePackages, ensureRust } from './prerequisites.mjs';

/** Leaves the package in pkg/, and with `withHooks` build/pkg-hooks too. What is up to date is not built again. */
export async function build({ withHooks = false } = {}) {
  const startedAt = performance.now();
  await ensureNodePackages();
  // Not before now: these need npm's packages.
  const { readManifest } = await import('./manifest.mjs');
  const { buildStoreWasm, buildWasm } = await import('./wasm.mjs');
  const { buildFacade } = await import('./facade.mjs');
  const { buildLicences } = await import('./licences.mjs');
  const { assemblePackage } = await import('./package.mjs');

  const manifest = readManifest();
  await ensureRust();
  await ensureCargoTool('wasm-pack', 'wasm-pack', manifest.tools['wasm-pack']);
  await ensureCargoTool('wasm-bindgen', 'wasm-bindgen-cli', manifest.tools['wasm-bindgen']);

  const release = await takeTurn();
  try {
    const wasm = await buildWasm(manifest, 'wasm', manifest.build.features, { hasPanics: false });
    const hooks = withHooks ? await buildWasm(manifest, 'wasm-hooks', [...manifest.build.features, ...manifest.hooks.features]) : undefined;
    const store = await buildStoreWasm(manifest);
    const facade = await buildFacade();
    const licences = buildLicences(manifest);
    assemblePackage(join(root, 'pkg'), { facade, wasm: [wasm, store], licences, crate: manifest.crate });
    if (hooks !== undefined) assemblePackage(join(root, 'build/pkg-hooks'), { facade, wasm: [hooks, store], licences, crate: manifest.crate });
  } finally {
    release();
  }
  say(`Built pkg/ in ${since(startedAt)}`);
}

/** Waits until no other build runs in this folder. A lock whose process is gone is taken over. */
async function takeTurn() {
  const lock = join(root, 'build/.lock');
  mkdirSync(join(root, 'build'), { recursive: true });
  for (let isToldOf; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = readHolder(lock);
    if (holder !== undefined && !isAlive(holder)) rmSync(lock, { force: true });
    else if (holder !== isToldOf) say(`Waiting for another build (process ${(isToldOf = holder)})`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function readHolder(lock) {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async (args) => {
    const unknown = args.find((arg) => arg !== '--hooks');
    if (unknown !== undefined) throw new Refusal(`npm run build knows only the option --hooks, not ${unknown}.`);
    await build({ withHooks: args.includes('--hooks') });
    const { checkSizes } = await import('./sizes.mjs');
    await checkSizes();
  });
}
