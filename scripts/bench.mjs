// `npm run bench`: builds the package and runs benches/*.mjs one after the other, each in a process of its own; the aims of all come at
// the end. `npm run bench -- steps` runs those whose name contains the word; with `--write` what was measured replaces the tables in
// the README. Benches print numbers and assert none.
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, main, root, run, say, since } from './command.mjs';
import { build } from './build.mjs';
import { ensurePackagesIn } from './prerequisites.mjs';

const folder = join(root, 'benches');

await main(async (args) => {
  const isWriting = args.includes('--write');
  const words = args.filter((arg) => arg !== '--write');
  const all = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.endsWith('.mjs')).sort();
  const chosen = words.length === 0 ? all : all.filter((name) => words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Refusal(`No bench is called like that. Benches: ${all.join(', ') || 'none'}.`);
  await build();
  // The libraries to compare with are in a package of their own, since nobody else needs them.
  await ensurePackagesIn(folder);
  linkPackage();
  const { printAims, reportFile } = await import('../benches/report.js');
  for (const name of chosen) {
    say(`\n== ${name}`);
    rmSync(reportFile(name), { force: true });
    const startedAt = performance.now();
    await run(process.execPath, ['--expose-gc', join(folder, name)]);
    say(`${name}: ${since(startedAt)}`);
  }
  const reports = chosen.map(reportFile).filter(existsSync).map((file) => JSON.parse(readFileSync(file, 'utf8')));
  say('\n== aims');
  printAims(reports.flatMap(({ aims }) => aims));
  if (isWriting) await writeTables(reports);
});

/** The package under its own name, as users import it. */
function linkPackage() {
  const link = join(folder, 'node_modules/weavegraph-wasm');
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(join('..', '..', 'pkg'), link, 'junction');
}

async function writeTables(reports) {
  const { replaceTable } = await import('../benches/tables.js');
  const readme = join(root, 'README.md');
  const tables = reports.flatMap((report) => Object.entries(report.tables));
  writeFileSync(readme, tables.reduce((text, [name, table]) => replaceTable(text, name, table), readFileSync(readme, 'utf8')));
  say(`README.md: ${tables.map(([name]) => name).join(', ') || 'no table'} written`);
}
