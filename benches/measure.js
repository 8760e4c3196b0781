// Measures contestants that do the same work. Owns the order of the runs, the medians and the layout of printed tables.
// Must not know who the contestants are. Invariant: in each repetition every contestant has its turn, one right after the
// other, so whatever slows the machine for a while slows them all.

/**
 * @typedef {object} Contestant
 * @property {() => unknown} [prepare] before each run, outside the time taken; what it returns is handed to `run`
 * @property {(prepared: any) => unknown} run one run; what it returns is handed to the case's `check`
 * @property {number} [times] runs per repetition, for runs too short for the clock. Default 1
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {number} units of how many steps, tasks or events a run consists
 * @property {(result: any) => boolean} check whether a run has done the work
 * @property {number} [repetitions] that count; some that do not come first
 * @property {Record<string, Contestant>} contestants
 */

export const REPETITIONS = 11;

/**
 * Runs a case.
 *
 * @param {Case} given
 * @returns {Promise<Record<string, number>>} by contestant: microseconds per unit, the median of the repetitions
 */
export async function measure({ name, units, check, repetitions = REPETITIONS, contestants }) {
  const figures = Object.fromEntries(Object.keys(contestants).map((who) => [who, []]));
  const warmUps = repetitions < REPETITIONS ? 1 : 3;
  for (let repetition = -warmUps; repetition < repetitions; repetition += 1) {
    for (const [who, contestant] of Object.entries(contestants)) {
      const ms = await timeOf(contestant, (result) => {
        if (!check(result)) throw new Error(`${name}: ${who} gave a wrong result`);
      });
      if (repetition >= 0) figures[who].push((ms * 1000) / units);
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([who, all]) => [who, median(all)]));
}

/** Milliseconds of one run. */
async function timeOf({ prepare, run, times = 1 }, inspect) {
  const prepared = [];
  for (let time = 0; time < times; time += 1) prepared.push(await prepare?.());
  // What an earlier contestant left behind is not collected at this one's expense. Never a full collection: it throws
  // optimised code away, and every contestant would be measured cold.
  globalThis.gc?.({ type: 'minor' });
  const results = [];
  const startedAt = performance.now();
  for (const each of prepared) results.push(await run(each));
  const ms = performance.now() - startedAt;
  results.forEach(inspect);
  return ms / times;
}

/** The middle one; of an even number of figures the lower. */
export function median(figures) {
  return [...figures].sort((a, b) => a - b)[(figures.length - 1) >> 1];
}

/** Prints rows of text in columns: the first to the left, the others to the right. */
export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]));
  for (const row of rows) console.log(row.map(pad).join('   '));
}

/** To as many digits as a median deserves. */
export function digits(figure) {
  if (Math.abs(figure) < 1) return figure.toFixed(2);
  if (Math.abs(figure) < 10) return figure.toFixed(1);
  return figure.toFixed(0);
}
