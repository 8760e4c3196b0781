// A user's project: an empty folder outside the repository with the packed package installed, as `npm install` leaves it.
// Owns its making and its end. Must not know what is tested in it.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { environment, root } from '../../scripts/command.mjs';
import { packPackage } from '../../scripts/install-packed.mjs';

const execute = promisify(execFile);

/** Packs pkg/ and installs the tarball in a new project. `remove` must be called after the tests. */
export async function createProject() {
  const folder = mkdtempSync(join(tmpdir(), 'weavegraph-user-'));
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('package.json', '{ "name": "user", "private": true }\n');
  const tarball = await packPackage(folder);
  await execute('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: folder, env: environment });
  return {
    folder,
    tarball,
    /** Where the package lies in the project. */
    installed: join(folder, 'node_modules/weavegraph-wasm'),
    write,
    /** Runs Node on a file of the project and resolves with what it printed. */
    node: async (...args) => (await execute(process.execPath, args, { cwd: folder })).stdout,
    /** Runs one of the repository's compilers on the project's tsconfig.json; resolves with its complaints, '' if there are none. */
    compile: async (compiler) => {
      const tsc = [join(root, 'node_modules', compiler, 'bin/tsc'), '--pretty', 'false', '-p', folder];
      return execute(process.execPath, tsc, { cwd: folder }).then(({ stdout }) => stdout, (error) => error.stdout || String(error));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A program as a user writes it: `count` goes from 41 to 42 in one step, through the wasm. Its import stands before it. */
export const program = `
const app = new GraphBuilder({ channels: { count: last({ initial: 0 }) } })
  .addNode('increment', (state) => ({ count: state.count + 1 }))
  .addEdge(START, 'increment')
  .addEdge('increment', END)
  .compile();
const { count } = await app.invoke({ count: 41 });
`;

/** The names that `program` uses. */
export const names = 'END, GraphBuilder, START, last';
