// The runtimes that the package is tested in: where each lies, how it runs a file and how it is asked who it is. Owns their flags and their
// environment; must not know what is tested. Invariant: none gets a permission, a flag or a setting that a user would have to know of.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const packages = join(import.meta.dirname, 'node_modules');
const execute = promisify(execFile);
/** As long as a busy machine may take for one file. */
const LIMIT_MS = 120_000;

const node = (major) => ({
  name: `Node ${major}`, package: `node-${major}`, path: join(packages, `node-${major}/bin/node`), args: [], version: 'process.versions.node', canRequire: true,
});

export const runtimes = [
  node(20),
  node(22),
  node(26),
  // It asks nobody, so what is not permitted fails. `require` is Node's there and wants to read the wasm: inline only.
  { name: 'Deno', package: '@deno/linux-x64-glibc', path: join(packages, '@deno/linux-x64-glibc/deno'), args: ['run', '--no-prompt'], version: 'Deno.version.deno', canRequire: false },
  { name: 'Bun', package: '@oven/bun-linux-x64-baseline', path: join(packages, '@oven/bun-linux-x64-baseline/bin/bun'), args: [], version: 'Bun.version', canRequire: true },
];

/** The version that the lock file names. */
export const lockedVersion = ({ package: name }) => JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')).version;

/** Runs a runtime in a folder, by default on a file there, and resolves with what it printed. What it caches stays in the folder. */
export async function runIn(runtime, folder, given, { isCommand = false } = {}) {
  const env = { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', DENO_DIR: join(folder, '.deno'), DENO_NO_UPDATE_CHECK: '1', BUN_INSTALL_CACHE_DIR: join(folder, '.bun'), DO_NOT_TRACK: '1' };
  const { stdout } = await execute(runtime.path, isCommand ? given : [...runtime.args, ...given], { cwd: folder, env, timeout: LIMIT_MS, maxBuffer: 1e8 });
  return stdout;
}
