// What sessions in IndexedDB cost, in Chromium: a step's commit beside one raw relaxed put, sizes against the data, restores, latency. Prints
// medians of interleaved repetitions; asserts no figure.
import { fileURLToPath } from 'node:url';
import { median, printTable } from './measure.js';
import { serve } from '../scripts/serve.mjs';
import { ensureChromium } from '../scripts/prerequisites.mjs';
import { startChromium } from '../tests/browser/chromium.mjs';

const REPETITIONS = 7;
const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

await ensureChromium();
const server = await serve({ folders: { '/bench/': folder('./'), '/pkg/': folder('../pkg/') }, policy: null });
const chromium = await startChromium();
try {
  await chromium.visit(`${server.address}/bench/store.html`, measure);
} finally {
  await chromium.close();
  await server.close();
}

async function measure(page) {
  const figures = await page.evaluate(async (repetitions) => {
    const bench = await import('/bench/store-page.js');
    const rows = [];
    for (const steps of [100, 1000, 10_000]) {
      const own = { steps, without: [], raw: [], sync: [], async: [], exit: [] };
      const times = steps === 10_000 ? 1 : repetitions;
      for (let time = 0; time < times; time += 1) {
        for (const durability of ['sync', 'async', 'exit']) {
          const done = await bench.run(steps, durability);
          own[durability].push(done.ms / steps);
          if (durability === 'sync') {
            Object.assign(own, await bench.storedBytes(done.name), { dataBytes: done.dataBytes });
            own.restore = await bench.restore(done.name, steps);
          }
          await done.checkpointer.close();
          await bench.drop(done.name);
        }
        own.raw.push((await bench.rawPuts(steps, Math.round(own.bytes / own.records))) / steps);
        own.without.push((await bench.runWithout(steps)) / steps);
      }
      rows.push(own);
    }
    return { rows, latencies: await bench.latencies(50) };
  }, REPETITIONS);
  print(figures);
}

function print({ rows, latencies }) {
  const ms = (figure) => figure.toFixed(3);
  const table = [['steps of one 150-byte message', 'raw put', 'sync', 'ratio', 'async', 'ratio', 'exit', 'no store', 'bytes/data', 'getState', 'resume']];
  for (const row of rows) {
    const [raw, sync, behind, exit, without] = ['raw', 'sync', 'async', 'exit', 'without'].map((key) => median(row[key]));
    table.push([
      row.steps.toLocaleString('en'), ms(raw), ms(sync), (sync / raw).toFixed(2), ms(behind), (behind / raw).toFixed(2), ms(exit), ms(without),
      (row.bytes / row.dataBytes).toFixed(2), row.restore.getState.toFixed(1), row.restore.resume.toFixed(1),
    ]);
  }
  console.log('Milliseconds a step; raw is one transaction with one relaxed put of as many bytes; getState and resume are whole reads.\n');
  printTable(table);
  const sorted = [...latencies].sort((a, b) => a - b);
  console.log(`\nFrom ctx.emit to the reader, sync, inside a slow step: median ${median(sorted).toFixed(1)} ms, 9 of 10 within ${sorted[Math.floor(sorted.length * 0.9)].toFixed(1)} ms`);
}
