// `npm test`: all tests. `npm test -- js types` runs these stages alone, with what they need; any other argument chooses test
// files whose path contains it. Owns the order, the times and the sums; stages.mjs has the stages.
import { Refusal, main, say, since } from './command.mjs';
import { ensureCargoTool, ensureChromium, ensureFirefox, ensureNodePackages, ensureRust } from './prerequisites.mjs';

await main(async (args) => {
  await ensureNodePackages();
  const { stages } = await import('./stages.mjs');
  const { readManifest } = await import('./manifest.mjs');
  const names = stages.map(({ name }) => name);
  const chosen = args.filter((arg) => names.includes(arg));
  const files = args.filter((arg) => !names.includes(arg));
  if (files.length > 0 && chosen.length === 0) {
    throw new Refusal(`There is no stage ${files[0]}. Stages: ${names.join(', ')}.`);
  }
  const wanted = withNeeds(stages, chosen.length > 0 ? chosen : names);

  await ensureRust();
  const { tools } = readManifest();
  await ensureCargoTool('wasm-pack', 'wasm-pack', tools['wasm-pack']);
  await ensureCargoTool('wasm-bindgen', 'wasm-bindgen-cli', tools['wasm-bindgen']);
  if (wanted.some(({ usesChromium }) => usesChromium)) await ensureChromium();
  if (wanted.some(({ usesFirefox }) => usesFirefox)) await ensureFirefox();

  const results = [];
  for (const stage of wanted) results.push(await runStage(stage, files, results));
  report(results);
});

function withNeeds(stages, names) {
  const wanted = new Set(names);
  for (const { name, needs = [] } of [...stages].reverse()) if (wanted.has(name)) needs.forEach((need) => wanted.add(need));
  return stages.filter(({ name }) => wanted.has(name));
}

async function runStage({ name, needs = [], run }, files, earlier) {
  say(`\n== ${name}`);
  const startedAt = performance.now();
  const broken = earlier.find((result) => needs.includes(result.name) && result.failed > 0);
  let counts = { passed: 0, failed: 1 };
  if (broken !== undefined) {
    say(`Not run, since ${broken.name} failed.`);
  } else {
    try {
      counts = await run(files);
      if (counts.passed + counts.failed === 0) {
        say('No test ran, which counts as a failure.');
        counts.failed = 1;
      }
    } catch (error) {
      say(error instanceof Refusal ? error.message : error.stack);
    }
  }
  const result = { name, ...counts, time: since(startedAt) };
  say(line(result));
  return result;
}

function report(results) {
  say('\n== all');
  for (const result of results) say(line(result));
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  say(`${total('passed')} passed, ${total('failed')} failed`);
  if (total('failed') > 0) process.exitCode = 1;
}

function line({ name, passed, failed, time }) {
  return `${name.padEnd(10)}${String(passed).padStart(6)} passed${String(failed).padStart(5)} failed${time.padStart(10)}`;
}
