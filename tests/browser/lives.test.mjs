// A session over several lives of a page, by durability, and in a worker: what was told and lost has another branch, what was told and stored
// has not. Real Chromium, the installed package.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as weavegraph from 'weavegraph-wasm';
import { patience, resultIn, runIn, startIn, startLab } from './lab.mjs';
import { createLongRun, seed } from './survival/long-run.js';
import { startWitness } from './witness.mjs';

const STEPS = 40;
/** More than any page here gets to before it is stopped. */
const ENDLESS = 1000;
let lab;
let expected;
before(async () => {
  lab = await startLab();
  ({ log: expected } = await createLongRun(weavegraph, { steps: ENDLESS, pauseMs: 0 }).invoke({}, { seed }));
});
after(() => lab?.close());

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const isDurable = ({ transient }) => transient !== true;
const isFree = (page) => page.waitForFunction(async () => (await globalThis.lab.checkpointer.listSessions()).every(({ owner }) => owner === null), patience);
const isComplete = (end, steps = STEPS) => {
  assert.equal(end.status, 'completed', `${end.code}: ${end.message}`);
  assert.deepEqual(end.log, expected.slice(0, steps));
};

/** Keeps all other writers of the database waiting until it is told to let go. */
const holdWrites = (page, name) => page.evaluate(async (wanted) => {
  const database = await new Promise((resolve) => (indexedDB.open(wanted).onsuccess = ({ target }) => resolve(target.result)));
  globalThis.isHeld = true;
  await new Promise((resolve) => {
    const records = database.transaction(['records', 'rows'], 'readwrite').objectStore('records');
    // A transaction lives as long as it is asked for something.
    const ask = () => (records.count(0).onsuccess = () => {
      resolve();
      if (globalThis.isHeld) ask();
      else database.close();
    });
    ask();
  });
}, name);

/** Begins a run, and reloads its page once some steps were told; with `isHeld` none of the last ones can be stored. */
async function interrupted([page, other], name, durability, { isHeld = false } = {}) {
  // With `async` at most 64 steps wait for the store, which must not be all before the first look at them.
  await startIn(page, 's', { durability, steps: ENDLESS, pauseMs: isHeld ? 60 : 20 });
  const more = async (steps) => {
    const last = (await page.evaluate(() => globalThis.lab.acknowledged)).at(-1) ?? 0;
    await page.waitForFunction((wanted) => globalThis.lab.acknowledged.at(-1) >= wanted, patience, last + steps);
  };
  await more(5);
  if (isHeld) await holdWrites(other, name);
  await more(5);
  const told = (await page.evaluate(() => globalThis.lab.told)).filter(isDurable);
  await page.reload();
  await other.evaluate(() => void (globalThis.isHeld = false));
  await page.waitForFunction(() => document.title === 'ready', patience);
  await isFree(page);
  return told;
}

/** A follower with the cursor, read to the run's end. */
async function followed(page, cursor) {
  await page.evaluate((after) => globalThis.lab.follow('s', { after }), cursor);
  await page.waitForFunction(() => globalThis.lab.followed.some(({ type }) => type === 'run.completed'), patience);
  return page.evaluate(() => globalThis.lab.followed);
}

for (const durability of ['async', 'exit']) {
  test(`a reload under ${durability}: told steps are lost and run again, on branch 2; a cursor beyond is reset to where branch 1 ends`, () => lab.inTabs(async (open, name) => {
    const [page, other] = [await open(), await open()];
    const told = await interrupted([page, other], name, durability, { isHeld: durability === 'async' });
    const { step, seq, status } = await page.evaluate(async () => await globalThis.lab.app().getState('s'));
    assert.equal(status, 'running');
    assert.ok(seq < told.at(-1).seq, `${seq} of ${told.at(-1).seq} events were stored: nothing was lost`);
    const lost = told.filter((event) => event.type === 'step.completed' && event.step > step).map((event) => event.step);
    assert.ok(lost.length >= 4, `lost steps: ${lost}`);
    assert.ok(told.every(({ branch }) => branch === undefined));
    // The durability of the app that goes on is another one; what counts is that of the life that was lost.
    isComplete(await runIn(page, 's', { resumes: true, steps: step + 20, pauseMs: 0 }), step + 20);
    const own = (await page.evaluate(() => globalThis.lab.told)).filter(isDurable);
    assert.deepEqual([...new Set(own.map(({ branch }) => branch))], [2]);
    assert.deepEqual((await page.evaluate(() => globalThis.lab.ran)), numbers(step + 1, step + 20));

    const cursor = `${told.at(-1).seq}~1`;
    const [reset, ...rest] = await followed(other, cursor);
    assert.equal(reset.type, 'stream.reset');
    assert.ok(reset.after <= seq, `reset to ${reset.after}; ${seq} were stored`);
    const tail = rest.filter(isDurable);
    assert.deepEqual(tail.map((event) => event.seq), numbers(reset.after + 1, own.at(-1).seq));
    assert.ok(tail.every(({ branch }) => branch === 2), 'what follows is of branch 2');
    const kept = (await followed(other, `${reset.after}~1`)).filter(({ type }) => type === 'stream.reset');
    assert.deepEqual(kept, [], 'a cursor within branch 1 holds');
  }));
}

test('a reload under sync: nothing that was told is lost, there is no branch, and every cursor holds', () => lab.inTabs(async (open, name) => {
  const [page, other] = [await open(), await open()];
  const told = await interrupted([page, other], name, 'sync');
  const { step, seq } = await page.evaluate(async () => await globalThis.lab.app().getState('s'));
  assert.ok(seq >= told.at(-1).seq, `${seq} events were stored, ${told.at(-1).seq} were told`);
  isComplete(await runIn(page, 's', { resumes: true, steps: step + 20, pauseMs: 0 }), step + 20);
  const [ran, own] = await page.evaluate(() => [globalThis.lab.ran, globalThis.lab.told]);
  assert.deepEqual(ran, numbers(step + 1, step + 20));
  assert.ok(own.every(({ branch }) => branch === undefined));
  for (const cursor of [told.at(-1).seq, `${told.at(-1).seq}~1`]) {
    const events = await followed(other, cursor);
    assert.deepEqual(events.map((event) => event.seq), numbers(told.at(-1).seq + 1, own.at(-1).seq), `after ${cursor}`);
    assert.ok(events.every(({ branch, type }) => branch === undefined && type !== 'stream.reset'));
  }
}));

test('a write that is held up by another tab is no loss under sync: the run waits for it', () => lab.inTabs(async (open, name) => {
  const [page, other] = [await open(), await open()];
  await startIn(page, 's', { durability: 'sync', steps: ENDLESS, pauseMs: 10 });
  await page.waitForFunction(() => globalThis.lab.acknowledged.length >= 3, patience);
  await holdWrites(other, name);
  const read = () => page.evaluate(async () => {
    // What is on its way arrives; then nothing more may.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return globalThis.lab.ran.length;
  });
  const [first, second] = [await read(), await read()];
  assert.ok(second - first <= 1, `${first} and then ${second} steps ran`);
  await other.evaluate(() => void (globalThis.isHeld = false));
  await page.waitForFunction((wanted) => globalThis.lab.acknowledged.length > wanted, patience, second);
  assert.equal(await page.evaluate(() => globalThis.lab.app().cancel('s')), true);
  assert.equal((await resultIn(page)).status, 'cancelled');
}));

for (const durability of ['sync', 'async', 'exit']) {
  test(`in a dedicated worker the whole run works with ${durability}, and its page follows it`, () => lab.inTabs(async (open, name) => {
    const witness = await startWitness();
    try {
      const page = await open();
      const query = { name, session: 's', life: 1, steps: STEPS, pauseMs: 4, durability, witness: witness.address };
      await page.evaluate((text) => {
        globalThis.lab.follow('s', { after: 0 });
        globalThis.worker = new Worker(`/survival/worker.js?${text}`, { type: 'module' });
      }, String(new URLSearchParams(query)));
      const end = await witness.until(({ kind }) => kind === 'end' || kind === 'broken', patience.timeout);
      assert.ok(end, JSON.stringify(witness.reports.at(-1)));
      isComplete(end);
      await page.waitForFunction(() => globalThis.lab.followed.some(({ type }) => type === 'run.completed'), patience);
      const events = await page.evaluate(() => globalThis.lab.followed);
      assert.deepEqual(events.filter(isDurable).map(({ seq }) => seq), numbers(1, events.at(-1).seq));
      assert.deepEqual(events.filter(({ type }) => type === 'step.completed').map(({ step }) => step), numbers(1, STEPS));
      const { status, state } = await page.evaluate(async () => await globalThis.lab.app().getState('s'));
      assert.deepEqual([status, state.log], ['completed', expected.slice(0, STEPS)]);
    } finally {
      await witness.close();
    }
  }));
}
