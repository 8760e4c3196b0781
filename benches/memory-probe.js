// Holds what a bench of memory asks for, and says how many bytes that takes. Each probe has a process or a page of its own, since a wasm
// memory never shrinks. Must not know how bytes are counted where it runs: `used()` resolves with all in use after a collection.
import { contestants } from './contestants.js';
import { received } from './message.js';

const probes = { waiting, finished, history, growth };

/** Runs a probe: `{ work, who, … }`. */
export function probe(asked, used) {
  return probes[asked.work](asked, used);
}

/** Bytes of each run that waits in its node. */
async function waiting({ who, count, isStored }, used) {
  const { open } = contestants[who];
  await finish(open(10, { isStored }));
  const before = await used();
  const runs = open(count, { isStored });
  await runs.full;
  const bytes = ((await used()) - before) / count;
  await finish(runs);
  return { bytes };
}

/** Bytes that a store keeps of each finished session. Few run at once, so a wasm memory grows for few. */
async function finished({ who, count }, used) {
  const { open } = contestants[who];
  const atOnce = 100;
  await finish(open(atOnce, { isStored: true }));
  const before = await used();
  const kept = [];
  while (kept.length * atOnce < count) kept.push(await finish(open(atOnce, { isStored: true })));
  return { bytes: ((await used()) - before) / atOnce / kept.length };
}

/** Lets runs go on to their end; resolves with the store. */
async function finish({ full, release, ended, kept }) {
  await full;
  release();
  await ended();
  return kept;
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
