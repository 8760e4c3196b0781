// `npm run bench`: builds the package and runs benches/*.mjs one after the other, each in a process of its own.
// `npm run bench -- steps` runs those whose name contains the word. Benches print numbers and assert none.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, main, root, run, say, since } from './command.mjs';
import { build } from './build.mjs';
import { ensurePackagesIn } from './prerequisites.mjs';

const folder = join(root, 'benches');

await main(async (words) => {
  const all = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.endsWith('.mjs')).sort();
  const chosen = words.length === 0 ? all : all.filter((name) => words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Refusal(`No bench is called like that. Benches: ${all.join(', ') || 'none'}.`);
  await build();
  // The libraries to compare with are in a package of their own, since nobody else needs them.
  await ensurePackagesIn(folder);
  for (const name of chosen) {
    say(`\n== ${name}`);
    const startedAt = performance.now();
    await run(process.execPath, ['--expose-gc', join(folder, name)]);
    say(`${name}: ${since(startedAt)}`);
  }
});
