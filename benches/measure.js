// Measures contestants that do the same work. Owns the order of the turns, the medians and the layout of printed tables.
// Must not know who the contestants are. Invariant: in each round every contestant of every case has its turn, one right after the
// other, so whatever slows the machine for a while slows them all.

/**
 * @typedef {object} Contestant
 * @property {() => unknown} [prepare] before each run, outside the time taken; what it returns is handed to `run`
 * @property {(prepared: any) => unknown} run one run; what it returns is handed to the case's `check`
 * @property {number} [times] runs per round, for runs too short for the clock. Default 1
 * @property {number} [rounds] in which it takes part, for what takes seconds. Default all
 * @property {number} [units] of which its runs consist, if others than the case's
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {number} units of how many steps, tasks or events a run consists
 * @property {(result: any, units: number) => boolean | Promise<boolean>} check whether a run has done the work
 * @property {Record<string, Contestant>} contestants
 */

export const ROUNDS = 11;
/** Rounds that do not count; those that take seconds are in the last of them only. */
const WARM_UPS = 3;

/**
 * Plays all rounds and resolves with medians: microseconds per unit by case and contestant.
 *
 * @param {(round: number) => Promise<Record<string, Record<string, number>>>} play plays a round, see `playRound`
 */
export async function playAll(play) {
  const figures = {};
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    for (const [name, played] of Object.entries(await play(round))) {
      figures[name] ??= {};
      for (const [who, micros] of Object.entries(played)) if (round >= 0) (figures[name][who] ??= []).push(micros);
    }
  }
  return mapValues(figures, (all) => mapValues(all, median));
}

/**
 * One turn of each contestant of each case. Resolves with microseconds per unit by case and contestant.
 *
 * @param {readonly Case[]} cases
 */
export async function playRound(cases, round) {
  const played = {};
  for (const { name, units, check, contestants } of cases) {
    played[name] = {};
    for (const [who, contestant] of Object.entries(contestants)) {
      const { rounds = Infinity, units: parts = units } = contestant;
      if (round >= rounds || (round < -1 && rounds !== Infinity)) continue;
      const ms = await timeOf(contestant, async (result) => {
        if (!(await check(result, parts))) throw new Error(`${name}: ${who} gave a wrong result`);
      });
      played[name][who] = (ms * 1000) / parts;
    }
  }
  return played;
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
  for (const result of results) await inspect(result);
  return ms / times;
}

function mapValues(record, map) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
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
