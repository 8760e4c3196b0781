// A session that another execution holds: fail, wait and steal, in one realm and between realms; and what a closed checkpointer ends.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MemoryCheckpointer } from 'weavegraph-wasm';
import { chain, collect, deferred, failure, turn, types, until } from './graphs.mjs';
import { chainIn, here, there, World } from './realms.mjs';

// A test that hangs is named by its time limit.
const alive = setInterval(() => undefined, 1000);
after(() => clearInterval(alive));
const memory = () => new MemoryCheckpointer();
const places = { 'without a store': () => undefined, 'in memory': memory, 'in a slow store': () => new World().checkpointer(here) };

for (const [place, make] of Object.entries(places)) {
  test(`wait, ${place}: runs of a session begin one after the other, in the order of their calls`, async () => {
    const order = [];
    const app = chain({
      a: async (_, ctx) => {
        order.push(`+${ctx.runId}`);
        await turn();
        order.push(`-${ctx.runId}`);
        return { log: ctx.runId };
      },
    }).compile({ checkpointer: make() });
    const runs = ['1', '2', '3', '4'].map((runId) => app.invokeStreaming({}, { sessionId: 's', runId, whenBusy: 'wait' }));
    assert.deepEqual(runs.map(({ status }) => status), Array(4).fill('running'));
    const states = await Promise.all(runs.map((run) => run.join()));
    assert.deepEqual(order, ['+1', '-1', '+2', '-2', '+3', '-3', '+4', '-4']);
    assert.deepEqual(states.at(-1).log, place === 'without a store' ? ['4'] : ['1', '2', '3', '4']);
  });

  test(`wait, ${place}: cancel and signal end the waiting, and the next in line is not held up`, async () => {
    const gate = deferred();
    let ran = 0;
    const app = chain({ a: () => ((ran += 1), gate.promise) }).compile({ checkpointer: make() });
    const first = app.invokeStreaming({}, { sessionId: 's' });
    const controller = new AbortController();
    const waiting = [undefined, controller.signal, undefined].map((signal) => app.invokeStreaming({}, { sessionId: 's', whenBusy: 'wait', signal }));
    await turn();
    await waiting[0].cancel('no need');
    controller.abort('too late');
    const ended = await Promise.all(waiting.slice(0, 2).map((run) => run.result));
    assert.deepEqual(ended.map(({ status, reason, steps }) => [status, reason, steps]), [['cancelled', 'no need', 0], ['cancelled', 'too late', 0]]);
    const [only, ...more] = await collect(waiting[0]);
    assert.deepEqual([only.type, only.transient, more], ['run.cancelled', true, []]);
    const late = app.invokeStreaming({}, { sessionId: 's', whenBusy: 'wait', signal: AbortSignal.abort('never') });
    assert.equal((await late.result).status, 'cancelled');
    gate.resolve();
    await Promise.all([first.join(), waiting[2].join()]);
    assert.equal(ran, 2);
    await app.invoke({}, { sessionId: 's' });
  });

  test(`steal, ${place}: the holder ends with CHECKPOINT_CONFLICT, and so does an earlier thief`, async () => {
    const signals = [];
    let isStuck = true;
    const app = chain({
      a: (_, ctx) => {
        signals.push(ctx.signal);
        return isStuck ? new Promise(() => {}) : { log: 'a' };
      },
    }).compile({ checkpointer: make() });
    const held = app.invokeStreaming({}, { sessionId: 's', runId: 'one' });
    const reading = collect(held);
    await until(() => signals.length === 1);
    const hasStore = place !== 'without a store';
    const again = () => (hasStore ? app.resumeStreaming('s', undefined, { whenBusy: 'steal' }) : app.invokeStreaming({}, { sessionId: 's', whenBusy: 'steal' }));
    const thieves = [again(), again()];
    const waiter = hasStore ? undefined : app.invokeStreaming({}, { sessionId: 's', whenBusy: 'wait' });
    assert.equal(signals[0].aborted, false, 'no user code runs before the call returns');
    await until(() => signals.length === 2);
    assert.equal(signals[0].aborted, true);
    for (const loser of [held, thieves[0]]) {
      const { status, error } = await loser.result;
      assert.deepEqual([status, error.code, error.name], ['failed', 'CHECKPOINT_CONFLICT', 'CheckpointError']);
    }
    const last = (await reading).at(-1);
    assert.deepEqual([last.type, last.transient], ['run.failed', true]);
    isStuck = false;
    const third = again();
    assert.deepEqual((await third.join()).log, ['a']);
    assert.equal((await thieves[1].result).error.code, 'CHECKPOINT_CONFLICT');
    if (hasStore) {
      assert.equal(third.id, 'one');
      assert.deepEqual((await app.history('s')).map(({ status }) => status), ['completed', 'running']);
    }
    await waiter?.join();
  });
}

test('fail between realms: SESSION_BUSY names the owner; the claim goes as the run ends', async () => {
  const world = new World();
  const gate = deferred();
  const first = chainIn(here, { a: () => gate.promise }).compile({ checkpointer: world.checkpointer(here, 'tab-1') });
  const second = chainIn(there, { a: () => ({ log: 'second' }) }).compile({ checkpointer: world.checkpointer(there, 'tab-2') });
  const run = first.invokeStreaming({}, { sessionId: 's' });
  await until(() => world.held.length === 1);
  const error = await failure(second.invoke({}, { sessionId: 's' }));
  assert.deepEqual([error.code, error.details, error.sessionId], ['SESSION_BUSY', { owner: 'tab-1' }, 's']);
  assert.deepEqual((await second.getState('s')).status, 'running');
  gate.resolve();
  await run.join();
  assert.deepEqual(world.held, []);
  assert.deepEqual((await second.invoke({}, { sessionId: 's' })).log, ['second']);
  await failure(second.resume('t'));
  await failure(second.invoke({ nope: 1 }, { sessionId: 's' }));
  assert.deepEqual([world.held, world.listening], [[], 0]);
});

test('wait between realms: it begins when the other is over; its signal ends the waiting', async () => {
  const world = new World();
  const gate = deferred();
  const first = chainIn(here, { a: async () => (await gate.promise, { log: 1 }) }).compile({ checkpointer: world.checkpointer(here, 'tab-1') });
  const second = chainIn(there, { a: () => ({ log: 2 }) }).compile({ checkpointer: world.checkpointer(there, 'tab-2') });
  const run = first.invokeStreaming({}, { sessionId: 's' });
  await until(() => world.held.length === 1);
  const waiting = second.invokeStreaming({}, { sessionId: 's', whenBusy: 'wait' });
  const given = second.invokeStreaming({}, { sessionId: 's', whenBusy: 'wait' });
  const controller = new AbortController();
  const other = chainIn(there, { a: () => ({ log: 3 }) }).compile({ checkpointer: world.checkpointer(there, 'tab-3') }).invokeStreaming({}, { sessionId: 's', whenBusy: 'wait', signal: controller.signal });
  for (let n = 0; n < 20; n += 1) await turn();
  assert.deepEqual([waiting.status, given.status, other.status], ['running', 'running', 'running']);
  controller.abort('enough');
  assert.equal((await other.result).reason, 'enough');
  await given.cancel();
  gate.resolve();
  assert.deepEqual((await run.join()).log, [1]);
  assert.deepEqual((await waiting.join()).log, [1, 2]);
  assert.deepEqual([world.held, world.listening], [[], 0]);
});

test('steal between realms: the loser hears it and stores nothing more', async () => {
  const world = new World();
  const nodes = (node) => ({ a: () => ({ log: 'a' }), b: node, c: () => ({ log: 'c' }) });
  const first = chainIn(here, nodes(() => new Promise(() => {}))).compile({ checkpointer: world.checkpointer(here, 'tab-1') });
  const second = chainIn(there, nodes(() => ({ log: 'b' }))).compile({ checkpointer: world.checkpointer(there, 'tab-2') });
  const run = first.invokeStreaming({}, { sessionId: 's', runId: 'r' });
  await until(() => run.state.log.length === 1);
  const stolen = second.resumeStreaming('s', undefined, { whenBusy: 'steal' });
  assert.deepEqual((await stolen.join()).log, ['a', 'b', 'c']);
  assert.equal(stolen.id, 'r');
  assert.equal((await run.result).error.code, 'CHECKPOINT_CONFLICT');
  assert.deepEqual(world.held, []);
});

for (const durability of ['sync', 'async', 'exit']) {
  test(`steal, ${durability}: a writer that never hears of it is fenced by the slot, and cannot hold the thief off`, async () => {
    const world = new World({ hasClaims: false, hasWord: false });
    let ran = 0;
    const gate = deferred();
    const nodes = (node) => ({ a: () => ({ log: 'a' }), b: node, c: () => ({ log: 'c' }) });
    const first = chainIn(here, nodes(() => gate.promise)).compile({ checkpointer: world.checkpointer(here, 'frozen'), durability });
    const second = chainIn(there, nodes(() => ((ran += 1), { log: 'b' }))).compile({ checkpointer: world.checkpointer(there, 'thief'), durability });
    const run = first.invokeStreaming({}, { sessionId: 's', runId: 'r' });
    await until(() => run.state.log.length === 1);
    for (let n = 0; n < 20; n += 1) await turn();
    const stolen = second.resumeStreaming('s', undefined, { whenBusy: 'steal' });
    assert.deepEqual((await stolen.join()).log, ['a', 'b', 'c']);
    assert.equal(ran, 1);
    gate.resolve({ log: 'late' });
    const { error } = await run.result;
    assert.equal(error.code, 'CHECKPOINT_CONFLICT');
    const { state, status } = await second.getState('s');
    assert.deepEqual([state.log, status], [['a', 'b', 'c'], 'completed']);
  });
}

for (const [times, expected] of [[3, 'completed'], [100, 'failed']]) {
  test(`steal reads again while others are faster: ${times} times, ${expected}`, async () => {
    const world = new World({ hasClaims: false });
    let ran = 0;
    const build = (realm, name, node) => chainIn(realm, { a: node }).compile({ checkpointer: world.checkpointer(realm, name) });
    const app = build(here, 'thief', () => ((ran += 1), { log: 'a' }));
    const rival = build(there, 'rival', () => {
      throw new Error('no');
    });
    await failure(rival.invoke({ log: 'in' }, { sessionId: 's' }));
    // Just before the thief's first append a rival takes the session up, fails, and is gone.
    const asUsual = world.before;
    let raced = 0;
    world.before = async (name, _session, _slot, realm) => {
      await asUsual();
      if (name !== 'append' || realm !== 'thief' || raced >= times) return;
      raced += 1;
      await failure(rival.resume('s'));
    };
    const run = app.resumeStreaming('s', undefined, { whenBusy: 'steal' });
    const events = await collect(run);
    const result = await run.result;
    assert.equal(result.status, expected, result.error?.message);
    assert.deepEqual(types(events).filter((type) => type.startsWith('run.')), expected === 'failed' ? ['run.failed'] : ['run.started', 'run.completed']);
    assert.deepEqual([raced, ran], expected === 'failed' ? [9, 0] : [3, 1]);
    if (expected === 'failed') assert.equal(result.error.code, 'CHECKPOINT_CONFLICT');
    else assert.deepEqual(result.state.log, ['in', 'a']);
    assert.equal((await rival.getState('s')).status, expected);
  });
}

test('without steal, whoever is outrun ends with CHECKPOINT_CONFLICT at once', async () => {
  const world = new World({ hasClaims: false });
  const build = (realm, name, node) => chainIn(realm, { a: node }).compile({ checkpointer: world.checkpointer(realm, name) });
  const app = build(here, 'one', () => ({ log: 'a' }));
  const rival = build(there, 'two', () => {
    throw new Error('no');
  });
  await failure(rival.invoke({}, { sessionId: 's' }));
  let isFirst = true;
  world.before = async (name, _session, _slot, realm) => {
    if (name === 'append' && realm === 'one' && isFirst) isFirst = (await failure(rival.resume('s'))) === 0;
  };
  assert.equal((await failure(app.resume('s'))).code, 'CHECKPOINT_CONFLICT');
});

test('a lost acknowledgement is no conflict: the record that stands in the slot is our own', async () => {
  const world = new World({ hasClaims: false });
  const nodes = { a: () => ({ log: 'a' }), b: () => ({ log: 'b' }) };
  const app = chain(nodes).compile({ checkpointer: world.checkpointer(here) });
  world.answer = (name) => (name === 'append' ? 'lost' : undefined);
  const run = app.invokeStreaming({}, { sessionId: 's' });
  const events = await collect(run);
  assert.deepEqual((await run.join()).log, ['a', 'b']);
  assert.deepEqual(events.filter(({ transient }) => !transient).map(({ seq }) => seq), Array.from({ length: 10 }, (_, n) => n + 1));
  assert.deepEqual((await app.getState('s')).status, 'completed');
});

test('a slot that cannot be read back is CHECKPOINT_UNAVAILABLE; one with a record of another writer a conflict', async () => {
  const world = new World({ hasClaims: false });
  const app = chain({ a: () => ({ log: 'a' }) }).compile({ checkpointer: world.checkpointer(here) });
  world.answer = (name) => (name === 'append' ? 'lost' : undefined);
  world.before = async (name) => {
    if (name === 'read') throw new Error('gone');
  };
  const { error } = await app.invokeStreaming({}, { sessionId: 's' }).result;
  assert.deepEqual([error.code, error.cause.message], ['CHECKPOINT_UNAVAILABLE', 'gone']);
});

test('stores that throw at once, and stores that do not answer, do not hold a run', async () => {
  const world = new World({ hasClaims: false });
  const checkpointer = world.checkpointer(here);
  const app = chain({ a: () => ({ log: 'a' }) }).compile({ checkpointer });
  await app.invoke({}, { sessionId: 's' });
  world.before = () => {
    throw new Error('at once');
  };
  const { error } = await app.invokeStreaming({}, { sessionId: 's' }).result;
  assert.deepEqual([error.code, error.cause.message], ['CHECKPOINT_UNAVAILABLE', 'at once']);
  world.before = () => new Promise(() => {});
  const silent = app.invokeStreaming({}, { sessionId: 's' });
  await turn();
  await silent.cancel('waited enough');
  assert.deepEqual([silent.status, (await silent.result).reason], ['cancelled', 'waited enough']);
});

test('closing a checkpointer ends its runs and those that wait, with CHECKPOINT_UNAVAILABLE', async () => {
  for (const checkpointer of [memory(), new World().checkpointer(here)]) {
    const signals = [];
    const app = chain({ a: (_, ctx) => (signals.push(ctx.signal), new Promise(() => {})) }).compile({ checkpointer });
    const runs = [app.invokeStreaming({}, { sessionId: 's' }), app.invokeStreaming({}, { sessionId: 's', whenBusy: 'wait' }), app.invokeStreaming({}, { sessionId: 't' })];
    await until(() => signals.length === 2);
    const begun = app.invokeStreaming({}, { sessionId: 'u' });
    await checkpointer.close();
    for (const run of [...runs, begun]) assert.equal((await run.result).error.code, 'CHECKPOINT_UNAVAILABLE');
    assert.ok(signals.every(({ aborted }) => aborted));
    await checkpointer.close();
  }
});
