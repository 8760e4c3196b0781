// Many sessions of two tabs on one database: runs side by side, lists, pruning, deletion, and dumps from tab to tab. Real Chromium, the
// installed package.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { failure, patience, resultIn, runIn, startIn, startLab } from './lab.mjs';

const SESSIONS = 50;
const STEPS = 5;
let lab;
before(async () => (lab = await startLab()));
after(() => lab?.close());

const both = (pages, what) => Promise.all(pages.map(what));
/** In a page: one run in each of the sessions, all at the same time; their statuses, steps and logs. */
const runAll = (page, ids) => page.evaluate(async (wanted, steps) => {
  const app = globalThis.lab.app({ steps, pauseMs: 3 });
  const ends = await Promise.all(wanted.map((sessionId) => app.invokeStreaming({}, { sessionId, seed: 7 }).result));
  return ends.map(({ status, error, state }) => ({ status, code: error?.code, log: state?.log }));
}, ids, STEPS);
const list = (page, options) => page.evaluate((given) => globalThis.lab.checkpointer.listSessions(given), options);
const ids = (tab) => Array.from({ length: SESSIONS }, (_, index) => `${tab} ${index}`);

async function pages(page, limit) {
  const found = [];
  for (let after; ; after = found.at(-1).sessionId) {
    const next = await list(page, { limit, ...(after !== undefined && { after }) });
    if (next.length === 0) return found;
    assert.ok(next.length <= limit);
    found.push(...next);
  }
}

test(`two tabs run ${SESSIONS} sessions each at the same time, then each other's; lists show all of them, newest first, with nobody left in them`, () => lab.inTabs(async (open) => {
  const tabs = [await open(), await open()];
  const [left, right] = [ids('left'), ids('right')];
  const [first] = await both(tabs, (page) => runAll(page, page === tabs[0] ? left : right)).then((ends) => [ends.flat()]);
  for (const { status, code, log } of first) {
    assert.equal(status, 'completed', code);
    assert.deepEqual(log, first[0].log, 'the same seed, the same numbers');
    assert.deepEqual(log.map(({ step }) => step), [1, 2, 3, 4, 5]);
  }
  // The long run is at its length: a second run adds one step.
  const second = (await both(tabs, (page) => runAll(page, page === tabs[0] ? right : left))).flat();
  assert.deepEqual([...new Set(second.map(({ status, log }) => `${status} ${log?.length}`))], [`completed ${STEPS + 1}`]);

  for (const page of tabs) {
    const all = await pages(page, 7);
    assert.deepEqual(all.map(({ sessionId }) => sessionId).sort(), [...left, ...right].sort());
    for (const [index, { status, step, owner, createdAt, updatedAt }] of all.entries()) {
      assert.deepEqual([status, step, owner], ['completed', STEPS + 1, null]);
      assert.ok(createdAt <= updatedAt && updatedAt <= (all[index - 1]?.updatedAt ?? Infinity), `entry ${index}`);
    }
  }
  await runIn(tabs[0], 'left 17', { steps: STEPS, pauseMs: 0 });
  assert.equal((await list(tabs[1], { limit: 1 }))[0].sessionId, 'left 17', 'the last changed');
}));

test('while a tab runs its sessions the other one sees their owners, and nobody deletes them', () => lab.inTabs(async (open) => {
  const [one, other] = [await open(), await open()];
  await startIn(one, 's', { steps: 1000, pauseMs: 20 });
  await one.waitForFunction(() => globalThis.lab.acknowledged.length >= 2, patience);
  const [[here], [there]] = [await list(one), await list(other)];
  assert.deepEqual([here.status, here.owner.here, there.status, there.owner.here], ['running', true, 'running', false]);
  assert.notEqual(there.owner.id, '');
  for (const page of [one, other]) assert.equal((await failure(page, () => globalThis.lab.checkpointer.deleteSession('s'))).code, 'SESSION_BUSY');
  assert.equal(await other.evaluate(() => globalThis.lab.app().cancel('s')), true);
  assert.equal((await resultIn(one)).status, 'cancelled');
  assert.equal((await list(other))[0].owner, null);
  await other.evaluate(() => globalThis.lab.checkpointer.deleteSession('s'));
  assert.deepEqual(await list(one), []);
  assert.equal(await one.evaluate(() => globalThis.lab.app().getState('s')), null);
  const again = await runIn(one, 's', { steps: STEPS, pauseMs: 0 });
  assert.deepEqual([again.status, again.log?.length], ['completed', STEPS], 'its id is free in the tab that had it');
}));

test('another tab prunes, also while the session runs; what stays goes on', () => lab.inTabs(async (open) => {
  const [one, other] = [await open(), await open()];
  const fillerBytes = 20_000;
  assert.equal((await runIn(one, 'done', { steps: 30, pauseMs: 0, fillerBytes })).status, 'completed');
  const steps = (sessionId) => one.evaluate(async (id) => (await globalThis.lab.app().history(id, { limit: 100 })).length, sessionId);
  const before = await steps('done');
  const pruned = await other.evaluate(() => globalThis.lab.checkpointer.prune({ keepLast: 1, sessionId: 'done' }));
  assert.ok(pruned.bytes > 300_000 && pruned.checkpoints > 15, JSON.stringify(pruned));
  // The start of the session is a checkpoint to `history`, and none that completes a step.
  assert.equal(await steps('done'), before - pruned.checkpoints - 1);
  assert.equal((await one.evaluate(async () => (await globalThis.lab.app().getState('done')).state.log)).length, 30, 'the state is whole');

  await startIn(one, 's', { steps: 1000, pauseMs: 20, fillerBytes });
  let during = 0;
  while (during === 0) {
    assert.equal(await one.evaluate(() => globalThis.lab.result), undefined, 'nothing was pruned before its end');
    during = (await other.evaluate(() => globalThis.lab.checkpointer.prune({ keepLast: 1, sessionId: 's' }))).checkpoints;
  }
  await other.evaluate(() => globalThis.lab.app().cancel('s'));
  assert.equal((await resultIn(one)).status, 'cancelled');
  // Long enough already: it ends with its next step.
  const end = await runIn(other, 's', { resumes: true, steps: 1, pauseMs: 0 });
  assert.equal(end.status, 'completed', end.message);
  assert.deepEqual(end.log.map(({ step }) => step), end.log.map((_, index) => index + 1));
  assert.ok((await steps('s')) < end.log.length);
  const next = await runIn(other, 'done', { steps: 30, pauseMs: 0, fillerBytes });
  assert.deepEqual([next.status, next.log?.length], ['completed', 31], next.message);
}));

/** In a page: an app whose state has a value of each kind, and a value as text, exactly. */
const values = () => {
  globalThis.kinds = () => ({
    date: new Date(1_700_000_000_123), wrong: new Date(NaN), big: -(2n ** 80n), bytes: Uint8Array.of(0, 1, 255), floats: Float64Array.of(-0, NaN, 1e308),
    map: new Map([[{ key: 1n }, new Set(['a', new Map([[1, new Date(0)]])])], ['text', undefined]]),
    set: new Set([1, 'one', 1n, NaN]), pattern: /a+/gi, odd: [-0, NaN, Infinity, undefined, null, '\ud800', ''], nested: { ['__proto__x']: [[[new Uint8Array(0)]]] },
  });
  globalThis.textOf = (value) => {
    if (value instanceof Date) return `Date(${value.getTime()})`;
    if (value instanceof Map) return `Map(${[...value].map((entry) => entry.map(textOf).join('=>'))})`;
    if (value instanceof Set) return `Set(${[...value].map(textOf)})`;
    if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${[...value].map(textOf)})`;
    if (value instanceof RegExp) return String(value);
    if (Array.isArray(value)) return `[${value.map(textOf)}]`;
    if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, part]) => `${key}:${textOf(part)}`)}}`;
    return `${typeof value} ${Object.is(value, -0) ? '-0' : typeof value === 'string' ? JSON.stringify(value) : String(value)}`;
  };
  globalThis.valueApp = () => {
    const { append, END, GraphBuilder, last, START } = globalThis.lab.weavegraph;
    return new GraphBuilder({ name: 'values', channels: { all: append(), last: last() } })
      .addNode('write', () => ({ all: [kinds()], last: kinds() }))
      .addEdge(START, 'write')
      .addEdge('write', END)
      .compile({ checkpointer: globalThis.lab.checkpointer });
  };
};

test('a session is exported in one tab and imported in another, as another one: every kind of value is equal, and it goes on', () => lab.inTabs(async (open) => {
  const [one, other] = [await open({ before: values }), await open({ before: values })];
  const [wanted, text] = await one.evaluate(async () => {
    await valueApp().invoke({ last: kinds().map }, { sessionId: 'visit' });
    return [textOf(kinds()), JSON.stringify(await globalThis.lab.checkpointer.exportSession('visit'))];
  });
  assert.match(wanted, /Date\(1700000000123\).*bigint -1208925819614629174706176.*Uint8Array\(number 0,number 1,number 255\)/);
  const stateOf = (page, id) => page.evaluate(async (sessionId) => {
    const { state, status, step } = await valueApp().getState(sessionId);
    return { status, step, all: state.all.map(textOf), last: textOf(state.last) };
  }, id);
  const original = await stateOf(one, 'visit');
  assert.deepEqual(original, { status: 'completed', step: 1, all: [wanted], last: wanted });
  assert.equal(await other.evaluate((dump) => globalThis.lab.checkpointer.importSession(JSON.parse(dump), { as: 'copy' }), text), 'copy');
  for (const page of [one, other]) assert.deepEqual(await stateOf(page, 'copy'), original);
  const refused = await failure(one, (dump) => globalThis.lab.checkpointer.importSession(JSON.parse(dump)), text);
  assert.deepEqual([refused.code, refused.session], ['CHECKPOINT_CONFLICT', 'visit']);

  assert.equal(await other.evaluate(async () => (await valueApp().invoke({}, { sessionId: 'copy' })).all.length), 2);
  assert.deepEqual((await stateOf(one, 'copy')).all, [wanted, wanted]);
  assert.deepEqual(await stateOf(one, 'visit'), original, 'the copy is one of its own');
  await one.evaluate(() => globalThis.lab.checkpointer.deleteSession('visit'));
  assert.equal((await stateOf(other, 'copy')).step, 2);
}));
