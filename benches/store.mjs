// What sessions in IndexedDB cost, in Chromium: a step's commit beside one raw relaxed put, sizes against the data, restores, latency. Medians
// of interleaved repetitions.
import { startPages } from './chromium.js';
import { digits, median, printTable } from './measure.js';
import { report } from './report.js';

const REPETITIONS = 7;

const pages = await startPages();
try {
  const { rows, latencies } = await pages.visit((page) => page.evaluate(measureAll, REPETITIONS));
  printMore(rows, latencies);
  const caption = `Milliseconds in Chromium ${pages.version} on two cores, medians of ${REPETITIONS}, of one at 10,000 steps; in brackets, to the raw put.`;
  report(import.meta.url, { store: { caption, cells: rows.map(cellsOf) } }, []);
} finally {
  await pages.close();
}

/** Runs in the page. */
async function measureAll(repetitions) {
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
}

function cellsOf(row) {
  const [raw, sync, behind, exit] = ['raw', 'sync', 'async', 'exit'].map((key) => median(row[key]));
  const beside = (ms) => `${digits(ms)} (${digits(ms / raw)})`;
  return [digits(raw), beside(sync), beside(behind), beside(exit), digits(row.bytes / row.dataBytes), digits(row.restore.getState), digits(row.restore.resume)];
}

/** What the README has no column for. */
function printMore(rows, latencies) {
  printTable([['steps', 'without a store, ms a step'], ...rows.map(({ steps, without }) => [steps.toLocaleString('en'), median(without).toFixed(3)])]);
  const sorted = [...latencies].sort((a, b) => a - b);
  console.log(`\nFrom ctx.emit to the reader, sync, inside a slow step: median ${median(sorted).toFixed(1)} ms, 9 of 10 within ${sorted[Math.floor(sorted.length * 0.9)].toFixed(1)} ms`);
}
