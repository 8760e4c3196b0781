// WebKitGTK as a browser of its own, by its WebDriver on a screen that nobody sees. Owns the processes, their folders and the few WebDriver
// commands that are needed; must not know what the page does. As `createProfile` of browser-process.mjs: `open`, then `remove`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureWebKit } from '../../scripts/prerequisites.mjs';

/** As long as a part of it may take to start on a busy machine. */
const START_MS = 60_000;
const POLL_MS = 50;

export async function startWebKit() {
  const { driver, screen } = await ensureWebKit();
  const folder = mkdtempSync(join(tmpdir(), 'weavegraph-webkit-'));
  const running = [];
  const start = (path, args, options) => {
    const child = spawn(path, args, { detached: true, ...options });
    running.push({ child, ended: once(child, 'close') });
    return child;
  };
  const remove = async () => {
    // The last first; each with all that it started.
    for (const { child, ended } of running.reverse()) {
      signal(child, 'SIGTERM');
      await Promise.race([ended, wait(2_000, undefined, { ref: false })]);
      signal(child, 'SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const display = await startScreen(start, screen);
    const port = await freePort();
    start(driver, [`--port=${port}`], { stdio: 'ignore', env: environmentIn(folder, display) });
    const ask = (method, path, body) => askDriver(`http://127.0.0.1:${port}${path}`, method, body);
    await answers(() => ask('GET', '/status'));
    const { sessionId } = await ask('POST', '/session', { capabilities: { alwaysMatch: {} } });
    return {
      open: (address) => ask('POST', `/session/${sessionId}/url`, { url: address }),
      async remove() {
        await ask('DELETE', `/session/${sessionId}`).catch(() => undefined);
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Its own folders for all that it keeps, no sandbox since tests may run as root, nothing of a desktop. */
function environmentIn(folder, display) {
  const kept = Object.fromEntries(['HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR', 'TMPDIR'].map((name) => [name, folder]));
  return { PATH: process.env.PATH, LANG: 'C.UTF-8', DISPLAY: `:${display}`, ...kept, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', LIBGL_ALWAYS_SOFTWARE: '1', GSETTINGS_BACKEND: 'memory', NO_AT_BRIDGE: '1' };
}

/** A screen in memory, on a number that is free; resolves with the number once it takes windows. */
async function startScreen(start, path) {
  const child = start(path, ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(START_MS) });
  return line;
}

async function askDriver(url, method, body) {
  const response = await fetch(url, { method, headers: { 'Content-Type': 'application/json' }, ...(body && { body: JSON.stringify(body) }), signal: AbortSignal.timeout(START_MS) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver: ${method} ${new URL(url).pathname}: ${value.error}: ${value.message}`);
  return value;
}

/** Resolves once an attempt succeeds. */
async function answers(attempt) {
  for (const deadline = Date.now() + START_MS; ; await wait(POLL_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function signal({ pid }, name) {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
