// Cases of two realms that share IndexedDB: the page, which runs sessions, and a worker, which meets them. Each has its own copy of the
// package; Web Locks and BroadcastChannel are the browser's.
import { equal } from '../../behaviour/checks.mjs';
import { chain, gate, loop, never, range, takeUntil, until } from '../../behaviour/shapes.mjs';

/** A run of the page that stands in its only node until the door opens. */
async function held(weavegraph, checkpointer, sessionId) {
  const door = gate();
  const run = chain(weavegraph, { work: () => door.promise }).compile({ checkpointer }).invokeStreaming({ log: 'in' }, { sessionId });
  await takeUntil(run, ({ type }) => type === 'node.started');
  return { run, door };
}

export const realmCases = {
  'a session that another realm runs is busy, and is said to run there': async (weavegraph, checkpointer, partner) => {
    const { run, door } = await held(weavegraph, checkpointer, 'busy');
    equal(await partner('resume', 'busy'), { code: 'SESSION_BUSY', owner: 'string' });
    equal([await partner('owner', 'busy'), (await checkpointer.listSessions())[0].owner.here], [false, true]);
    door.open({ log: 'page' });
    equal((await run.join()).log, ['in', 'page']);
  },

  'another realm follows it live': async (weavegraph, checkpointer, partner) => {
    const following = partner('follow', 'followed');
    const app = chain(weavegraph, { a: (_, ctx) => ctx.emit('s', 'm'), b: (_, ctx) => ctx.sleep(30), c: () => undefined }).compile({ checkpointer });
    await app.invoke({}, { sessionId: 'followed' });
    equal(await following, range(1, 15));
  },

  'another realm cancels it': async (weavegraph, checkpointer, partner) => {
    const run = chain(weavegraph, { work: never }).compile({ checkpointer }).invokeStreaming({}, { sessionId: 'cancelled' });
    await takeUntil(run, ({ type }) => type === 'node.started');
    equal(await partner('cancel', 'cancelled', 'from afar'), true);
    const { status, reason } = await run.result;
    equal([status, reason, await partner('cancel', 'cancelled')], ['cancelled', 'from afar', false]);
  },

  'another realm waits for it, and then begins': async (weavegraph, checkpointer, partner) => {
    const { run, door } = await held(weavegraph, checkpointer, 'awaited');
    let hasBegun = false;
    const waiting = partner('invoke', 'awaited', 'later').then((log) => ((hasBegun = true), log));
    equal((await partner('resume', 'awaited')).code, 'SESSION_BUSY');
    equal(hasBegun, false);
    door.open({ log: 'page' });
    equal([(await run.join()).log, await waiting], [['in', 'page'], ['in', 'page', 'later', 'partner']]);
  },

  'another realm steals it: whoever had it ends with CHECKPOINT_CONFLICT': async (weavegraph, checkpointer, partner) => {
    const { run } = await held(weavegraph, checkpointer, 'stolen');
    equal(await partner('steal', 'stolen'), ['in', 'partner']);
    await until(() => run.status !== 'running');
    equal([run.status, (await run.result).error.code], ['failed', 'CHECKPOINT_CONFLICT']);
  },

  'another realm prunes while this one forks: every fork has what it needs': async (weavegraph, checkpointer, partner) => {
    const { append, last } = weavegraph;
    const page = 'x'.repeat(1_500);
    const app = loop(weavegraph, 400, ({ log }) => ({ log: log.length, page: `${log.length}${page}` }), { log: append(), page: last({ initial: '' }) }).compile({ checkpointer });
    await app.invoke({}, { sessionId: 'pruned' });
    const pruning = partner('prune', 'pruned', 380, 0);
    const forks = [];
    let isOver = false;
    void pruning.then(() => (isOver = true));
    for (let step = 390; !isOver || forks.length < 40; step = step > 10 ? step - 17 : 390) {
      const id = await app.fork('pruned', { step }).catch(({ code }) => (equal(code, 'RUN_INVALID_OPTION'), undefined));
      if (id !== undefined) forks.push([id, step]);
    }
    equal(await pruning > 100, true);
    for (const [id, step] of forks) equal((await app.getState(id)).state.log, range(0, step - 1));
    equal((await app.getState('pruned')).step, 400);
  },

  'another realm deletes what a fork goes on from, and begins it anew; and takes the fork up': async (weavegraph, checkpointer, partner) => {
    const app = chain(weavegraph, { work: () => ({ log: 'page' }) }).compile({ checkpointer });
    await app.invoke({ log: 'in' }, { sessionId: 'parent' });
    await app.fork('parent', { as: 'child' });
    equal(await partner('fork', 'child', { step: 0, as: 'grandchild' }), 'grandchild');
    await partner('remove', 'parent');
    equal([await app.getState('parent'), await partner('log', 'child')], [null, ['in', 'page']]);
    equal(await partner('invoke', 'parent', 'new'), ['new', 'partner']);
    equal([(await app.getState('parent')).state.log, (await app.getState('child')).state.log], [['new', 'partner'], ['in', 'page']]);
    equal([await partner('invoke', 'child', 'more'), (await app.resume('grandchild')).log], [['in', 'page', 'more', 'partner'], ['in', 'page']]);
    await partner('remove', 'child');
    equal([await app.getState('child'), await partner('log', 'grandchild'), (await app.getState('parent')).state.log], [null, ['in', 'page'], ['new', 'partner']]);
  },

  'two realms take turns, and each finds what the other stored': async (weavegraph, checkpointer, partner) => {
    const app = chain(weavegraph, { work: () => ({ log: 'page' }) }).compile({ checkpointer });
    const expected = [];
    for (let turns = 0; turns < 10; turns += 1) {
      expected.push(`${turns}`, turns % 2 === 0 ? 'page' : 'partner');
      const log = turns % 2 === 0 ? (await app.invoke({ log: `${turns}` }, { sessionId: 'turns' })).log : await partner('invoke', 'turns', `${turns}`);
      equal(log, expected);
    }
    equal((await app.getState('turns')).step, 10);
  },
};

/** Runs every case, one after the other. */
export async function runRealmCases(weavegraph, database) {
  const checkpointer = new weavegraph.IndexedDbCheckpointer({ name: database });
  const { ask, end } = await startPartner(database);
  const result = { passed: [], failed: [] };
  for (const [name, run] of Object.entries(realmCases)) {
    try {
      await run(weavegraph, checkpointer, ask);
      result.passed.push(name);
    } catch (error) {
      result.failed.push({ name, message: `${error?.message}\n${error?.stack}` });
    }
  }
  await checkpointer.close();
  end();
  return result;
}

async function startPartner(database) {
  const worker = new Worker(`partner.js?${new URLSearchParams({ database })}`, { type: 'module' });
  const open = new Map();
  let last = 0;
  worker.onmessage = ({ data: { id, value, error } }) => (error === undefined ? open.get(id).open(value) : open.get(id).fail(new Error(error)));
  worker.onerror = ({ message }) => open.forEach(({ fail }) => fail(new Error(`the worker: ${message}`)));
  const opened = (id) => {
    open.set(id, gate());
    return open.get(id).promise;
  };
  await opened(0);
  const ask = (act, ...given) => {
    const answer = opened((last += 1));
    worker.postMessage({ id: last, act, given });
    return answer;
  };
  return { ask, end: () => worker.terminate() };
}
