// Holds what a bench of memory asks for, and says how many bytes that takes. Each probe has a process or a page of its own, since a wasm
// memory never shrinks. Must not know how bytes are counted where it runs: `used()` resolves with all in use after a collection.
import { contestants } from './contestants.js';
import { received } from './message.js';

const probes = { waiting, history, growth };

/** Runs a probe: `{ work, who, … }`. */
export function probe(asked, used) {
  return probes[asked.work](asked, used);
}

/** Bytes of each run that waits in its node, and of each finished one that a store keeps. */
async function waiting({ who, count, isStored }, used) {
  const { open } = contestants[who];
  const first = open(10, { isStored });
  await first.full;
  first.release();
  await first.ended();

  const before = await used();
  let runs = open(count, { isStored });
  await runs.full;
  const waits = await used();
  const { kept, ended, release } = runs;
  release();
  await ended();
  runs = undefined;
  const finished = await used();
  return { waits: (waits - before) / count, finished: kept === undefined ? undefined : (finished - before) / count };
}

/** Bytes that a store keeps of sessions, to the bytes of their data as JSON. */
async function history({ who, steps, sessions }, used) {
  const { messages } = contestants[who];
  const keep = async (count) => {
    const { prepare, run } = messages(count, { isRead: false, isStored: true, make: received });
    return (await run(await prepare?.())).kept;
  };
  // The code is compiled before anything is counted.
  await keep(300);
  await keep(300);
  const data = JSON.stringify(Array.from({ length: steps }, (_, step) => received(step))).length;
  const before = await used();
  const all = [];
  for (let session = 0; session < sessions; session += 1) all.push(await keep(steps));
  return { bytes: ((await used()) - before) / all.length / data };
}

/** How much more is in use after the last tenth of so many runs, each of which emits and is read, in percent. */
async function growth({ who, runs, emits }, used) {
  const work = contestants[who].emitting(emits);
  await work(runs * 0.9);
  const before = await used();
  await work(runs * 0.1);
  return { percent: (100 * ((await used()) - before)) / before };
}
