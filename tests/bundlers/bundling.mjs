// A user's project under each bundler: its sources, the bundler's own command without a configuration, and what the page says.
// Owns the program and the commands; must not know which bundler keeps which file. Runs the bundlers of this folder's lock file.
import { execFile, spawn } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { names } from '../packaging/project.mjs';

const folder = join(root, 'tests/bundlers');
/** The path of a command that this folder installed. */
export const command = (name) => join(folder, 'node_modules/.bin', name);
/** What the README's table says of the plain entry and of inline, by bundler. The tests hold each to it. */
export const support = {
  'Vite 8, development server': { plain: 'yes', inline: 'yes' },
  'Vite 8, build': { plain: "yes; workers with `worker: { format: 'es' }`", inline: 'yes' },
  'webpack 5': { plain: 'yes', inline: 'yes' },
  'Rollup 4 with @rollup/plugin-node-resolve 16': { plain: 'no', inline: 'yes' },
  'esbuild 0.28, for browsers and for Node': { plain: 'no', inline: 'yes' },
  'bun 1.4 (`bun build`), for browsers and for Bun': { plain: 'no', inline: 'yes' },
};

/** The forms of the package and their specifiers. */
export const forms = { plain: 'weavegraph-wasm', inline: 'weavegraph-wasm/inline' };

/** As long as a server, or a page with its first requests, may take on a busy machine. */
const START_MS = 60_000;

/** What a page or a worker answers if all is well: a run, and a session that another checkpointer reads back. */
export const answerOf = (sessionId) => ({ count: 42, stored: 2, sessions: [sessionId] });

/** A module whose `main(sessionId)` runs a graph, keeps a session in IndexedDB and resolves with what `answerOf` says. */
export const programFor = (specifier) => `import { IndexedDbCheckpointer, ${names} } from '${specifier}';
const compile = (options) => new GraphBuilder({ channels: { count: last({ initial: 0 }) } })
  .addNode('increment', (state) => ({ count: state.count + 1 }))
  .addEdge(START, 'increment')
  .addEdge('increment', END)
  .compile(options);
export async function main(sessionId) {
  const { count } = await compile().invoke({ count: 41 });
  const name = 'of ' + sessionId;
  await compile({ checkpointer: new IndexedDbCheckpointer({ name }) }).invoke({ count: 1 }, { sessionId });
  const checkpointer = new IndexedDbCheckpointer({ name });
  const { state } = await compile({ checkpointer }).getState(sessionId);
  const sessions = (await checkpointer.listSessions()).map((session) => session.sessionId);
  return { count, stored: state.count, sessions };
}
`;

const answering = "main('page').then((answer) => { globalThis.answer = answer; }, ({ code, message }) => { globalThis.answer = { code, message }; });";
const withWorker = `const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => { globalThis.answer = data; };
`;

/**
 * Writes a project: the installed package, `src/`, and `index.html`, a page that answers, or whose module worker does. Returns the
 * folder.
 */
export function writeSources(project, name, specifier, { isInWorker = false } = {}) {
  const write = (path, text) => project.write(`${name}/${path}`, text);
  write('package.json', '{ "private": true, "type": "module" }\n');
  write('src/program.js', programFor(specifier));
  write('src/worker.js', "import { main } from './program.js';\nmain('worker').then(postMessage, ({ code, message }) => postMessage({ code, message }));\n");
  write('src/index.js', isInWorker ? withWorker : `import { main } from './program.js';\n${answering}\n`);
  const at = join(project.folder, name);
  cpSync(join(project.folder, 'node_modules'), join(at, 'node_modules'), { recursive: true });
  writePage(at, '<script type="module" src="/src/index.js"></script>');
  return at;
}

/** Writes a page that loads its code by `script`. It also answers with what is not caught, such as a module whose import failed. */
export function writePage(folder, script) {
  const text = `<!doctype html><title>bundled</title><link rel="icon" href="data:,">
<script>addEventListener('error', ({ message }) => { globalThis.answer = { message }; });</script>
${script}
`;
  writeFileSync(join(folder, 'index.html'), text);
}

/** Serves a folder, opens its page and resolves with its answer. What the page reports must match `expected`. */
export async function answerOfPage(chromium, at, { expected } = {}) {
  const server = await serve({ folders: { '/': at }, policy: null });
  try {
    return await answerAt(chromium, `${server.address}/`, { expected });
  } finally {
    await server.close();
  }
}

/** The answer of the page at an address. */
export const answerAt = (chromium, address, options) => chromium.visit(address, async (page) => (await page.waitForFunction(() => globalThis.answer, { timeout: START_MS })).jsonValue(), options);

/** Runs a bundler's command in a folder, and resolves with what it printed; a failure is an error with `stdout` and `stderr`. */
export async function bundle(cwd, name, ...args) {
  const { stdout, stderr } = await promisify(execFile)(command(name), args, { cwd, env: { ...process.env, NO_COLOR: '1' } });
  return stdout + stderr;
}

/** The plain resolver without which Rollup finds no package. */
export const nodeResolve = createRequire(import.meta.url).resolve('@rollup/plugin-node-resolve');

/** Starts a command of Vite that serves, on a free port. Resolves with the address and `close`. */
export async function startVite(cwd, ...args) {
  const child = spawn(command('vite'), [...args, '--host', '127.0.0.1', '--port', '0'], { cwd, env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const close = async () => {
    child.kill();
    await ended;
  };
  let output = '';
  try {
    const address = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Vite did not start within ${START_MS} ms:\n${output}`)), START_MS);
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        const [found] = /http:\/\/127\.0\.0\.1:\d+\//.exec(output) ?? [];
        if (found !== undefined) resolve(found);
      });
      ended.then(() => {
        clearTimeout(timer);
        reject(new Error(`Vite ended:\n${output}`));
      });
      child.once('error', reject);
    });
    return { address, close };
  } catch (error) {
    await close();
    throw error;
  }
}
