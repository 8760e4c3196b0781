// A workerd that serves one worker. Owns its configuration, its start and its end. Must not know what the worker does.
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const platform = { 'linux x64': 'workerd-linux-64', 'linux arm64': 'workerd-linux-arm64' }[`${process.platform} ${process.arch}`];
const program = fileURLToPath(new URL(`node_modules/@cloudflare/${platform}/bin/workerd`, import.meta.url));

export const hasWorkerd = existsSync(program);

/** Writes the configuration of a worker in `folder` beside its script and the wasm files that it imports; returns its path. */
export function configure(folder, script, wasmFiles) {
  const modules = [`(name = "worker", esModule = embed "${script}")`, ...wasmFiles.map((file) => `(name = "${file}", wasm = embed "${file}")`)];
  const path = join(folder, `${script}.capnp`);
  writeFileSync(path, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  compatibilityDate = "2026-11-01",
);
`);
  return path;
}

/** Milliseconds from the start of the process to the first answer, which must be `expected`. */
export async function timeFirstAnswer(config, expected) {
  const startedAt = performance.now();
  const child = spawn(program, ['serve', config, '--control-fd=3'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const text = await ask(await portOf(child));
    const ms = performance.now() - startedAt;
    if (text !== expected) throw new Error(`${config} answered ${text}`);
    return ms;
  } finally {
    child.kill();
    await ended;
  }
}

function portOf(child) {
  return new Promise((resolve, reject) => {
    let told = '';
    child.stdio[3].on('data', (chunk) => {
      told += chunk;
      const port = /"port":(\d+)/.exec(told)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('error', reject);
    child.once('close', (status) => reject(new Error(`workerd ended with ${status} before it listened`)));
  });
}

function ask(port) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}
