/**
 * Owns: the agent in the terminal: reads a text file, prints events as they come and the briefing at the end.
 * Must not know: how the agent works, how the package is built.
 * Invariant: control characters of the file never reach the terminal; what goes wrong is one line on stderr and exit code 1.
 *
 *     node www/terminal.mjs FILE
 */

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createBriefing } from './agent/briefing.js';
import { duration, placeOf, textOf } from './views/event-text.js';

/** Lifecycle of steps and nodes is told by their own messages; a line each would drown those. */
const TOLD_OTHERWISE = new Set(['node.started', 'node.completed', 'step.completed', 'llm.final', 'progress', 'checkpoint.saved']);
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Briefs a text file.
 * @param {string} file path @param {{ stdout?: import('node:stream').Writable, stderr?: import('node:stream').Writable, paceMs?: number }} [options]
 *   `paceMs`: pause after each token; default 8 where someone watches, else 0
 * @returns {Promise<0 | 1>} the exit code, also left in `process.exitCode`
 */
export async function main(file, { stdout = process.stdout, stderr = process.stderr, paceMs = stdout.isTTY ? 8 : 0 } = {}) {
  let code = 1;
  try {
    const text = await textOfFile(file);
    code = await brief(createBriefing(await loadPackage()), text, { name: basename(file), stdout, stderr, paceMs });
  } catch (error) {
    stderr.write(`${plain(error.message)}\n`);
  }
  process.exitCode = code;
  return code;
}

async function loadPackage() {
  try {
    return await import('../pkg/entries/node.js');
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error('The package is not built: npm run build makes it.');
  }
}

async function textOfFile(file) {
  let bytes;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const reasons = { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'permission denied' };
    throw new Error(`Cannot read ${file}: ${reasons[error.code] ?? error.message}.`);
  }
  if (bytes.length > MAX_FILE_BYTES) throw new Error(`Cannot brief ${file}: it is larger than 64 MB.`);
  const text = new TextDecoder().decode(bytes);
  if (text.includes('\0')) throw new Error(`Cannot brief ${file}: it is not a text file.`);
  if (text.trim() === '') throw new Error(`Cannot brief ${file}: it is empty.`);
  return text;
}

async function brief(app, text, { name, stdout, stderr, paceMs }) {
  const lines = new Lines(stdout);
  lines.write(`${name}: ${text.length.toLocaleString('en-US')} characters`);
  const run = app.invokeStreaming({ text }, { context: { paceMs } });
  let isReaderGone = false;
  // `… | head` closes the pipe in the middle: then there is nobody to go on for.
  stdout.on?.('error', () => {
    isReaderGone = true;
    run.cancel('the reader has gone').catch(() => {});
  });
  let count = 0;
  for await (const event of run) {
    count += 1;
    if (event.type === 'llm.chunk') lines.stream(event);
    else if (!TOLD_OTHERWISE.has(event.type)) lines.write(lineOf(event));
  }
  const result = await run.result;
  if (isReaderGone) return 1;
  if (result.status !== 'completed') {
    stderr.write(`${result.status === 'failed' ? `The run failed: ${result.error.code}: ${plain(result.error.message)}` : `The run was ${result.status}.`}\n`);
    return 1;
  }
  const { briefing } = result.state;
  lines.write('');
  lines.write(briefing.text);
  lines.write('');
  lines.write(`${briefing.words} words, score ${briefing.score.toFixed(3)} after ${briefing.rounds} round${briefing.rounds === 1 ? '' : 's'}; ${result.steps} steps, ${count} events, ${duration(result.durationMs)}`);
  return 0;
}

function lineOf(event) {
  return [String(event.seq).padStart(5), event.type.padEnd(14), placeOf(event), textOf(event)].filter((part) => part !== '').join('  ').trimEnd();
}

/** Whole lines, and between them texts that come in pieces, indented. */
class Lines {
  #out;
  #openStream = '';

  constructor(out) {
    this.#out = out;
  }

  write(line) {
    if (this.#openStream !== '') this.#out.write('\n');
    this.#openStream = '';
    this.#out.write(`${plain(line)}\n`);
  }

  stream({ streamId, text }) {
    if (streamId !== this.#openStream) this.#out.write(`${this.#openStream === '' ? '' : '\n'}      | `);
    this.#openStream = streamId;
    this.#out.write(plain(text).replace(/\n+/g, '\n      | '));
  }
}

/** Without control characters other than line breaks, so that a file cannot steer the terminal. */
function plain(text) {
  return text.replace(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g, ' ');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , file] = process.argv;
  if (file === undefined) {
    process.stderr.write('Usage: node www/terminal.mjs FILE\n');
    process.exitCode = 1;
  } else {
    await main(file);
  }
}
