// `kill -9` of whole browsers at random moments of a run of 200 steps, again and again, on one profile. `KILLS=1000 npm test -- browser kills`
// kills more often; `KILLS_SEED` repeats the moments. Linux, macOS: process groups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import * as weavegraph from 'weavegraph-wasm';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { createProfile } from './browser-process.mjs';
import { createLongRun, seed } from './survival/long-run.js';
import { judge, startWitness } from './witness.mjs';

const STEPS = 200;
const PAUSE_MS = 8;
const KILLS = Number(process.env.KILLS ?? 30);
const START_MS = 60_000;
const END_MS = 60_000;

/** Moments that can be had again. */
function createRandom(start) {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const { log: expected } = await createLongRun(weavegraph, { steps: STEPS, pauseMs: 0 }).invoke({}, { seed });

for (const browser of ['chromium', 'firefox']) {
  test(`${browser} is killed ${KILLS} times: no acknowledged step is lost or run again`, { timeout: 60_000 + KILLS * 20_000 }, async (context) => {
    const random = createRandom(Number(process.env.KILLS_SEED ?? 1));
    const server = await serve({ folders: { '/survival/': join(root, 'tests/browser/survival'), '/pkg/': join(root, 'pkg') }, policy: null });
    const witness = await startWitness();
    const profile = await createProfile(browser);
    let session = 0;
    let kills = 0;
    const startedAt = performance.now();
    try {
      for (let life = 1; ; life += 1) {
        const query = new URLSearchParams({ session: `kill ${session}`, life, steps: STEPS, pauseMs: PAUSE_MS, witness: witness.address });
        await profile.open(`${server.address}/survival/index.html?${query}`);
        const isOwn = (report) => report.life === life;
        const found = await witness.until((report) => isOwn(report) && (report.kind === 'found' || report.kind === 'broken'), START_MS);
        assert.ok(found, `life ${life} did not begin within ${START_MS} ms`);
        const isLast = kills >= KILLS;
        const end = await witness.until((report) => isOwn(report) && (report.kind === 'end' || report.kind === 'broken'), isLast ? END_MS : 1200 * random());
        if (end !== undefined) session += 1;
        if (isLast) break;
        await profile.kill();
        kills += 1;
      }
    } finally {
      await profile.remove();
      await witness.close();
      await server.close();
    }
    const { acknowledged, ends } = judge(witness.reports, expected);
    context.diagnostic(`${kills} kills in ${Math.round((performance.now() - startedAt) / 1000)} s, ${ends} sessions ended, ${acknowledged} acknowledged steps checked`);
    assert.ok(ends >= 1 && acknowledged >= KILLS, 'there was too little to judge');
  });
}
