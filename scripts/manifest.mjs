// Owns the reading of wasm-pack.toml, our build manifest, and of what Cargo's files say about the same things.
// Must not know how anything is built. Invariant: a manifest that is returned is complete, has no unknown key, and agrees
// with Cargo.lock.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { Refusal, root } from './command.mjs';

const shape = {
  tools: { 'wasm-pack': 'string', 'wasm-bindgen': 'string', binaryen: 'string' },
  build: { target: 'string', 'cargo-profile': 'string', features: 'array', rustflags: 'array', 'opt-level': 'string', 'wasm-opt': 'array' },
  store: { features: 'array', 'opt-level': 'string' },
  hooks: { features: 'array' },
  bundles: { '.': 'object', './inline': 'object', './slim': 'object', './testing': 'object' },
  budget: { 'start-gzip': 'number', 'storage-gzip': 'number' },
};

/** The manifest's tables with `crate: { name, version }` of Cargo.toml added. */
export function readManifest() {
  const manifest = parse(readText('wasm-pack.toml'));
  const problems = differences(manifest);
  if (problems.length > 0) throw new Refusal(`wasm-pack.toml: ${problems.join('; ')}`);

  const { name, version } = parse(readText('Cargo.toml')).package;
  const locked = parse(readText('Cargo.lock')).package.find((entry) => entry.name === 'wasm-bindgen')?.version;
  if (locked !== manifest.tools['wasm-bindgen']) {
    throw new Refusal(`wasm-pack.toml wants wasm-bindgen ${manifest.tools['wasm-bindgen']}, Cargo.lock has ${locked}: make them equal.`);
  }
  const binaryen = JSON.parse(readText('package.json')).devDependencies.binaryen;
  if (binaryen !== manifest.tools.binaryen) {
    throw new Refusal(`wasm-pack.toml wants binaryen ${manifest.tools.binaryen}, package.json has ${binaryen}: make them equal.`);
  }
  return { ...manifest, crate: { name, version } };
}

function differences(manifest) {
  const problems = [];
  for (const table of new Set([...Object.keys(shape), ...Object.keys(manifest)])) {
    const [wanted, given] = [shape[table] ?? {}, manifest[table] ?? {}];
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(given)])) {
      const kind = Array.isArray(given[key]) ? 'array' : typeof given[key];
      if (wanted[key] === undefined) problems.push(`[${table}] ${key} is unknown`);
      else if (kind !== wanted[key]) problems.push(`[${table}] ${key} must be of type ${wanted[key]}`);
    }
  }
  return problems;
}

function readText(path) {
  return readFileSync(join(root, path), 'utf8');
}
