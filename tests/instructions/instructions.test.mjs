// Instructions of the engine's hot path, counted by callgrind in a build for this machine with the wasm's options. They do not depend on
// how busy the machine is, only on the compiler, its target and the C library: expected.json says for which ones its figures hold.
// `RECORD=1 npm test -- instructions` writes them again.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { probe, root, run } from '../../scripts/command.mjs';
import { readManifest } from '../../scripts/manifest.mjs';

const file = join(import.meta.dirname, 'expected.json');
const records = process.env.RECORD === '1';
const expected = JSON.parse(readFileSync(file, 'utf8'));

/** What one of it is, how many the first run of the driver does, and of how many parts one is. */
const scenarios = {
  'steps': { counts: 'a step of one node in a cycle', first: 1000 },
  'chains': { counts: 'a step of a chain of 50 nodes', first: 20, parts: 50 },
  'fan-outs': { counts: 'a task of a fan-out of 100', first: 10, parts: 100 },
  'sends': { counts: 'a task of many sends', first: 1000 },
  'joins': { counts: 'a source of a join of 100', first: 10, parts: 100 },
  'sub-graphs': { counts: 'a step of two nodes in a sub-graph', first: 1000 },
  'events': { counts: 'an event, emitted and read', first: 10_000 },
  'stored-steps': { counts: 'a stored step', first: 1000 },
  'runs': { counts: 'a run of one step', first: 1000 },
};

let driver;
let madeWith;
before(async () => {
  const { release, host } = Object.fromEntries(probe('rustc', ['-vV']).split('\n').map((line) => line.split(': ')));
  madeWith = { rustc: release, target: host, libc: process.report.getReport().header.glibcVersionRuntime ?? 'another' };
  const { build } = readManifest();
  const flags = `CARGO_TARGET_${host.toUpperCase().replaceAll('-', '_')}_RUSTFLAGS`;
  const output = await run(
    'cargo',
    ['build', '--release', '--target', host, '--no-default-features', '--example', 'driver', '--message-format', 'json-render-diagnostics'],
    { isQuiet: true, env: { [flags]: build.rustflags.join(' '), CARGO_PROFILE_RELEASE_OPT_LEVEL: build['opt-level'] } },
  );
  const messages = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  driver = messages.findLast(({ executable, target }) => executable && target.name === 'driver').executable;
  if (records) writeFileSync(file, text({ madeWith, instructions: {} }));
});

async function count(scenario, size) {
  const output = await run('valgrind', ['--tool=callgrind', '--callgrind-out-file=/dev/null', driver, scenario, String(size)], { isQuiet: true });
  return Number(/Collected : (\d+)/.exec(output)?.[1] ?? assert.fail(output));
}

for (const [scenario, { counts, first, parts = 1 }] of Object.entries(scenarios)) {
  test(`${counts} takes as many instructions as before`, async (context) => {
    // Twice the work minus the work: what starts and ends the process is not in it.
    const instructions = Math.round(((await count(scenario, 2 * first)) - (await count(scenario, first))) / first / parts);
    if (records) {
      const { instructions: others } = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, text({ madeWith, instructions: { ...others, [counts]: instructions } }));
      return;
    }
    const isComparable = JSON.stringify(madeWith) === JSON.stringify(expected.madeWith);
    const tolerance = isComparable ? 0.05 : 0.25;
    const change = instructions / expected.instructions[counts] - 1;
    context.diagnostic(`${instructions} instructions, ${(100 * change).toFixed(1)} % more than expected, ${100 * tolerance} % are let pass`);
    const made = isComparable ? '' : `: the figures were made with ${JSON.stringify(expected.madeWith)}, this is ${JSON.stringify(madeWith)}`;
    assert.ok(
      Math.abs(change) <= tolerance,
      `${counts}: ${instructions} instructions, expected ${expected.instructions[counts]} (${(100 * change).toFixed(1)} %, ${100 * tolerance} % are let pass${made}). ` +
        'A loss is to be mended, a gain to be kept: RECORD=1 npm test -- instructions writes the figures again.',
    );
  });
}

test('the figures are of these scenarios and no others', () => {
  const { instructions } = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(Object.keys(instructions).sort(), Object.values(scenarios).map(({ counts }) => counts).sort());
});

function text(content) {
  return `${JSON.stringify(content, null, 2)}\n`;
}
