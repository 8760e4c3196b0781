// `npm start`: builds what is missing, then serves the page and says where. `npm start -- --terminal FILE` runs the same
// graph on a text file in the terminal. Owns the reading of the arguments; www/ has the graph and the page.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal, main, root, say } from './command.mjs';
import { build } from './build.mjs';
import { pagePolicy, serve } from './serve.mjs';

const usualPort = 8080;
const usage = 'Usage: npm start -- [--port NUMBER | --terminal FILE]';

await main(async (args) => {
  const { port, terminal } = readArguments(args);
  await build();
  if (terminal === undefined) return servePage(port);
  const { main: runInTerminal } = await import('../www/terminal.mjs');
  await runInTerminal(terminal);
});

function readArguments(args) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: { port: { type: 'string' }, terminal: { type: 'string' } } }));
  } catch (error) {
    throw new Refusal(`${error.message.split('. ')[0]}. ${usage}`);
  }
  if (values.port !== undefined && values.terminal !== undefined) throw new Refusal(`--port and --terminal exclude each other. ${usage}`);
  return { port: portOf(values.port), terminal: fileOf(values.terminal) };
}

function portOf(text) {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Refusal(`--port ${text} is not a port: give a number from 0 to 65535.`);
  return port;
}

/** The file's absolute path. npm changes the folder, so a relative one is taken from where the user is. */
function fileOf(text) {
  if (text === undefined) return undefined;
  const file = resolve(process.env.INIT_CWD ?? process.cwd(), text);
  if (!existsSync(file)) throw new Refusal(`There is no file ${text}.`);
  if (!statSync(file).isFile()) throw new Refusal(`${text} is not a file.`);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    throw new Refusal(`${text} cannot be read.`);
  }
  return file;
}

async function servePage(port) {
  // The page finds the package at ../pkg/, here as in the repository.
  const options = { folders: { '/www/': join(root, 'www'), '/pkg/': join(root, 'pkg') }, home: '/www/', policy: pagePolicy };
  let server;
  try {
    server = await serve({ ...options, port: port ?? usualPort });
  } catch (error) {
    if (port !== undefined) throw new Refusal(`Port ${port} cannot be used (${error.code}): give another --port, or none.`);
    server = await serve(options);
  }
  say(`Serving the page at ${server.address}/ (Ctrl+C ends it)`);
}
