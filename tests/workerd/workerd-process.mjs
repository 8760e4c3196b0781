// A worker under workerd, without a bundler: the modules lie in a folder of their own as the config lists them. Owns the process and the
// folder. Must not know what is asked of the worker.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { filesIn } from '../../scripts/inputs.mjs';
import { atEnd } from './ending.mjs';

const require = createRequire(import.meta.url);

const installed = join(root, 'tests/node_modules/weavegraph-wasm');

/** Old rules and new ones: since 2024-10-14 a promise that another request resolves goes on in the request that made it. */
export const dates = ['2024-09-01', '2026-10-01'];

/**
 * Serves the worker in this folder, beside all of the folder `pkg` as `weavegraph-wasm/…`, which it has by the given entry as `package.mjs`.
 * `isObject`: in a Durable Object.
 *
 * @returns {Promise<{ origin: string, printed(): string, stop(): Promise<void> }>} `stop` must be called
 */
export async function startWorkerd({ pkg = installed, entry = 'workerd', date, flags = [], isObject = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'weavegraph-workerd-'));
  const inside = (name, from) => filesIn(from).filter((path) => /\.(m?js|wasm)$/.test(path)).map((path) => [`${name}/${path}`, join(from, path)]);
  // The first one is the main module.
  const named = ['worker.mjs', 'map-store.mjs'].map((name) => [name, join(import.meta.dirname, name)]);
  named.push(...inside('weavegraph-wasm', pkg), ...inside('behaviour', join(root, 'tests/behaviour')));
  for (const [name, file] of named) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(file, join(folder, name));
  }
  writeFileSync(join(folder, 'package.mjs'), `export * from './weavegraph-wasm/entries/${entry}.js';\n`);
  writeFileSync(join(folder, 'config.capnp'), configOf([...named.map(([name]) => name), 'package.mjs'], { date, flags, isObject }));
  // The address of its socket comes by the third descriptor.
  const child = spawn(require('workerd').default, ['serve', 'config.capnp', '--control-fd=3'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => printed.push(chunk));
  const closed = new Promise((resolve) => child.once('close', resolve));
  const end = atEnd(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const stop = async () => {
    end();
    await closed;
  };
  const port = await new Promise((resolve) => {
    child.stdio[3].on('data', (chunk) => resolve(/"port":(\d+)/.exec(chunk)?.[1]));
    closed.then(() => resolve(undefined));
  });
  if (port === undefined) {
    await stop();
    throw new Error(`workerd did not start: ${Buffer.concat(printed)}`);
  }
  return { origin: `http://127.0.0.1:${port}`, printed: () => Buffer.concat(printed).toString(), stop };
}

function configOf(names, { date, flags, isObject }) {
  const modules = names.map((name) => `(name = "${name}", ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed "${name}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    compatibilityDate = "${date}",
    compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(', ')}],
    bindings = [(name = "isObject", json = "${isObject}"), (name = "OBJECT", durableObjectNamespace = "One")],
    durableObjectNamespaces = [(className = "One", uniqueKey = "one")],
    durableObjectStorage = (inMemory = void),
    modules = [
      ${modules.join(',\n      ')}
    ],
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}
