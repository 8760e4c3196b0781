// Runs other programs and ends this one. Owns: how a command is started, shown and refused.
// Must not know which tools the project uses. Invariant: what a user can remedy is one line without a stack trace.
import { spawn, spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether nobody watches: no colours and no redrawn lines then. */
const isCi = process.env.CI === 'true';

/** The environment that every command gets: cargo's tools are found even if the shell does not look there. */
export const environment = {
  ...process.env,
  PATH: [process.env.PATH, join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin')].join(delimiter),
  ...(isCi ? { NO_COLOR: '1', FORCE_COLOR: '0', CARGO_TERM_COLOR: 'never', CARGO_TERM_PROGRESS_WHEN: 'never' } : {}),
};

/** A problem that its reader can remedy; it is shown as its message alone. */
export class Refusal extends Error {}

/** Prints one line about what goes on. */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs a command with its output shown as it comes, and resolves with that output.
 * `isQuiet` keeps the output back and shows it only if the command fails.
 */
export function run(command, args, { cwd = root, env = {}, isQuiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...environment, ...env }, stdio: ['ignore', 'pipe', isQuiet ? 'pipe' : 'inherit'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => {
      chunks.push(chunk);
      if (!isQuiet) process.stdout.write(chunk);
    });
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => reject(new Refusal(`${command} could not be started: ${error.message}`)));
    child.on('close', (status, signal) => {
      const output = Buffer.concat(chunks).toString();
      if (status === 0) return resolve(output);
      if (isQuiet) process.stderr.write(output);
      reject(Object.assign(new Refusal(`${shown(command, args)} failed (${signal ?? `exit ${status}`})`), { output }));
    });
  });
}

/** What a short command prints, trimmed, or `undefined` if it is missing or fails. With `isLoud` its stderr is shown. */
export function probe(command, args, { isLoud = false } = {}) {
  const stdio = ['ignore', 'pipe', isLoud ? 'inherit' : 'ignore'];
  const { status, stdout } = spawnSync(command, args, { cwd: root, env: environment, encoding: 'utf8', stdio });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a script's `main` with its arguments; a failure is printed and becomes exit code 1. */
export async function main(body) {
  try {
    await body(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Refusal ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}

/** Seconds since `startedAt` (of `performance.now()`), as text. */
export function since(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

function shown(command, args) {
  return [command.startsWith(root) ? command.slice(root.length + 1) : command, ...args].join(' ');
}
