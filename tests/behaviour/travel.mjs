// Cases about time travel: updates of the state from outside, and forks. Of each kind of checkpointer, as those of `sessions.mjs`.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { chain, fan, gate, loop, range, takeUntil } from './shapes.mjs';

const names = { a: () => ({ log: 'a' }), b: () => ({ log: 'b' }), c: () => ({ log: 'c' }) };
const thousand = 'x'.repeat(1_000);
/** As `work`, a step that stores 1 KB: a snapshot comes after some 65. */
const paged = (state) => ({ log: state.log.length, page: `${state.log.length}${thousand}` });
const pagedChannels = ({ append, last }) => ({ log: append(), page: last({ initial: '' }) });
const briefly = ({ step, status, frontier, state }) => [step, status, frontier, state.log];

/** @type {Record<string, (weavegraph: any, checkpointer: any) => Promise<void>>} */
export const travelCases = {
  'an update is a checkpoint of its own, and the status stays': async (weavegraph, checkpointer) => {
    const app = chain(weavegraph, names).compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    const update = { log: [{ at: new Date(1) }] };
    const updated = await app.updateState('s', update, { expectStep: 3 });
    equal([updated.step, updated.status, updated.ran, updated.updatedChannels, updated.state.log.length], [4, 'completed', [], ['log'], 4]);
    holds(updated.state.log[3] !== update.log[0], 'it is copied');
    const read = await app.getState('s');
    equal([read, (await app.history('s')).map(({ step }) => step)], [updated, [4, 3, 2, 1, 0]]);
    equal([briefly(await app.getState('s', { step: 3 })).at(-1), (await app.getState('s', { step: 4 })).seq], [['a', 'b', 'c'], updated.seq]);
    equal((await app.invoke({}, { sessionId: 's' })).log.slice(4), ['a', 'b', 'c']);
    equal((await checkpointer.listSessions())[0].step, 7);
  },

  'followers see an update as a completed step': async (weavegraph, checkpointer) => {
    const app = chain(weavegraph, names).compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    const { seq } = await app.getState('s');
    const following = takeUntil(app.follow('s', { after: seq }), () => true);
    await app.updateState('s', { log: 'x' }, { asNode: 'b' });
    const [event] = await following;
    equal([event.type, event.seq, event.step, event.ran, event.next, event.updatedChannels, event.versions], ['step.completed', seq + 1, 4, ['b'], ['c'], ['log'], { log: 5 }]);
  },

  'asNode: the node counts as run, and its routes, which see the new state, decide the frontier': async (weavegraph, checkpointer) => {
    const { append, END, GraphBuilder, START } = weavegraph;
    const ran = [];
    const node = (name) => () => (ran.push(name), {});
    const app = new GraphBuilder({ channels: { log: append() } })
      .addNode('a', node('a')).addNode('b', node('b')).addNode('c', node('c')).addNode('d', node('d'))
      .addEdge(START, 'a').addConditionalEdge('a', ({ log }) => (log.includes('go') ? ['b', 'c'] : END), ['b', 'c', END])
      .addEdge(['b', 'c'], 'd').addEdge('d', END).compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    equal(briefly(await app.updateState('s', { log: 'go' }, { asNode: 'a' })), [2, 'interrupted', ['b', 'c'], ['go']]);
    equal(await codeOf(app.invoke({}, { sessionId: 's' })), 'SESSION_UNFINISHED');
    // `b` arrives at the join by an update, `c` by running.
    await app.updateState('s', {}, { asNode: 'b' });
    equal((await app.updateState('s', {}, { asNode: 'a' })).frontier, ['b', 'c']);
    await app.resume('s');
    equal([ran, (await app.getState('s')).status], [['a', 'b', 'c', 'd'], 'completed']);
    equal((await app.updateState('s', {}, { asNode: 'd' })).status, 'completed');
  },

  'without asNode the half-done step stays, with the keys of its tasks; with it the step is dropped': async (weavegraph, checkpointer) => {
    for (const [asNode, expected] of [[undefined, ['in', 'a', 'x', 'l', 'r']], ['a', ['in', 'a', 'x', 'l', 'r']]]) {
      const sessionId = `s ${asNode}`;
      let isBroken = true;
      const calls = [];
      const keys = [];
      const right = (_, ctx) => {
        keys.push(ctx.idempotencyKey, ctx.random());
        if (isBroken) throw new Error('no');
        return { log: 'r' };
      };
      const { append, END, GraphBuilder, START } = weavegraph;
      const app = new GraphBuilder({ channels: { log: append() } })
        .addNode('a', () => ({ log: 'a' })).addNode('l', () => (calls.push('l'), { log: 'l' })).addNode('r', right)
        .addEdge(START, 'a').addEdge('a', 'l').addEdge('a', 'r').addEdge('l', END).addEdge('r', END).compile({ checkpointer });
      await failure(app.invoke({ log: 'in' }, { sessionId, seed: 1 }));
      const before = await app.getState(sessionId);
      isBroken = false;
      const after = await app.updateState(sessionId, { log: 'x' }, asNode && { asNode });
      equal([after.step, after.frontier], [before.step + 1, before.frontier]);
      equal(after.status, asNode === undefined ? 'failed' : 'interrupted');
      equal(after.next, asNode === undefined ? before.next : [{ node: 'l', task: 0 }, { node: 'r', task: 0 }]);
      equal((await app.resume(sessionId)).log, expected);
      equal(calls.length, asNode === undefined ? 1 : 2);
      equal([keys[2] === keys[0], keys[3] === keys[1]], asNode === undefined ? [true, true] : [false, false]);
      equal((await app.getState(sessionId)).step, 3);
    }
  },

  'an update that goes wrong stores nothing': async (weavegraph, checkpointer) => {
    const { append, END, GraphBuilder, reduce, START } = weavegraph;
    const thrown = new Error('no way');
    const add = (sum, n) => {
      if (typeof n !== 'number') throw thrown;
      return sum + n;
    };
    const app = new GraphBuilder({ channels: { log: append(), sum: reduce(add, 0) } }).addNode('a', () => ({})).addEdge(START, 'a')
      .addConditionalEdge('a', ({ sum }) => { if (sum === 1) throw thrown; return sum === 2 ? 'nowhere' : END; }).compile({ checkpointer });
    equal(await codeOf(app.updateState('s', { log: 1 })), 'SESSION_NOT_FOUND');
    await app.invoke({}, { sessionId: 's' });
    const before = await app.getState('s');
    const refused = [
      ['STATE_REDUCER', { sum: 'no' }], ['STATE_REDUCER', { sum: 'no' }, { asNode: 'a' }], ['ROUTE_THREW', { sum: 1 }, { asNode: 'a' }], ['ROUTE_UNKNOWN_TARGET', { sum: 2 }, { asNode: 'a' }],
      ['STATE_UNKNOWN_CHANNEL', { some: 1 }], ['STATE_NOT_CLONEABLE', { log: () => 0 }], ['STATE_INVALID_UPDATE', 5],
      ['RUN_INVALID_OPTION', {}, { asNode: 'x' }], ['RUN_INVALID_OPTION', {}, { asNode: END }], ['RUN_INVALID_OPTION', {}, { expectStep: -1 }], ['RUN_INVALID_OPTION', {}, { expectStep: '1' }],
      ['CHECKPOINT_CONFLICT', { sum: 5 }, { expectStep: 0 }],
    ];
    for (const [code, update, options] of refused) equal(await codeOf(app.updateState('s', update, options)), code);
    const error = await failure(app.updateState('s', { sum: 1 }, { asNode: 'a' }));
    holds(error.cause === thrown, 'the very error that the route threw');
    equal((await failure(app.updateState('s', {}, { expectStep: 7 }))).details, { step: 1, expectStep: 7 });
    equal([await app.getState('s'), (await app.history('s')).length], [before, 2]);
    equal([(await app.updateState('s', { sum: 4 })).state.sum, (await app.invoke({ sum: 1 }, { sessionId: 's' })).sum], [4, 5]);
  },

  'a session that runs cannot be updated, and one that is being updated cannot run': async (weavegraph, checkpointer) => {
    const door = gate();
    const way = gate();
    const { append, END, GraphBuilder, START } = weavegraph;
    let asks = 0;
    const app = new GraphBuilder({ channels: { log: append() } }).addNode('a', () => door.promise).addEdge(START, 'a')
      .addConditionalEdge('a', () => ((asks += 1) === 1 ? END : way.promise)).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    await takeUntil(run, ({ type }) => type === 'node.started');
    const { code, details } = await failure(app.updateState('s', { log: 1 }));
    equal([code, details.owner], ['SESSION_BUSY', run.id]);
    door.open({ log: 'a' });
    await run.join();
    const updating = app.updateState('s', { log: 'x' }, { asNode: 'a' });
    while (asks < 2) await new Promise((resolve) => setTimeout(resolve));
    equal([await codeOf(app.invoke({}, { sessionId: 's' })), await codeOf(app.updateState('s', {})), app.attach('s')], ['SESSION_BUSY', 'SESSION_BUSY', null]);
    way.open(END);
    equal((await updating).state.log, ['a', 'x']);
    way.promise = new Promise(() => {});
    const stuck = codeOf(app.updateState('s', { log: 'y' }, { asNode: 'a' }));
    while (asks < 3) await new Promise((resolve) => setTimeout(resolve));
    equal([await app.cancel('s'), await stuck, (await app.getState('s')).state.log], [true, 'RUN_CANCELLED', ['a', 'x']]);
  },

  'a fork goes on by itself from the newest checkpoint': async (weavegraph, checkpointer) => {
    let isBroken = true;
    const app = fan(weavegraph, { l: () => ({ log: 'l' }), r: () => { if (isBroken) throw new Error('no'); return { log: 'r' }; } }).compile({ checkpointer });
    await failure(app.invoke({ log: 'in' }, { sessionId: 's' }));
    const parent = await app.getState('s');
    equal(await app.fork('s', { as: 'f' }), 'f');
    const fork = await app.getState('f');
    equal([fork.parent, fork.step, fork.status, fork.next, fork.state, fork.seq], [{ sessionId: 's', step: 0 }, 0, 'failed', parent.next, parent.state, parent.seq]);
    holds(fork.runId !== parent.runId && parent.parent === undefined, 'its run is its own');
    isBroken = false;
    await app.updateState('f', { log: 'x' });
    equal([(await app.resume('f')).log, (await app.getState('s')).state.log], [['in', 'x', 'l', 'r'], ['in']]);
    equal([(await app.resume('s')).log, (await app.getState('f')).state.log], [['in', 'l', 'r'], ['in', 'x', 'l', 'r']]);
    equal((await checkpointer.listSessions()).map(({ sessionId, status }) => [sessionId, status]).sort(), [['f', 'completed'], ['s', 'completed']]);
    equal([await codeOf(app.fork('t')), await codeOf(app.fork('s', { as: 'f' })), await codeOf(app.fork('s', { as: 's' })), await codeOf(app.fork('s', { step: 9 })), await codeOf(app.fork('s', { as: '' }))],
      ['SESSION_NOT_FOUND', 'RUN_INVALID_OPTION', 'RUN_INVALID_OPTION', 'RUN_INVALID_OPTION', 'RUN_INVALID_OPTION']);
  },

  'a fork of a step begins there, whatever a record holds': async (weavegraph, checkpointer) => {
    for (const durability of ['sync', 'async', 'exit']) {
      const app = loop(weavegraph, 40, ({ log }) => ({ log: log.length })).compile({ checkpointer, durability });
      const last = chain(weavegraph, { work: () => ({ log: 'end' }) });
      const onward = new weavegraph.GraphBuilder({ channels: { log: weavegraph.append() } }).addNode('work', ({ log }) => ({ log: log.length })).addEdge(weavegraph.START, 'work')
        .addConditionalEdge('work', ({ log }) => (log.length < 12 ? 'work' : weavegraph.END), ['work', weavegraph.END]).compile({ checkpointer });
      await app.invoke({}, { sessionId: durability });
      for (const step of [0, 1, 9, 39, 40]) {
        const as = await app.fork(durability, { step });
        const fork = await app.getState(as);
        const then = await app.getState(durability, { step });
        equal([fork.step, fork.state, fork.seq, fork.frontier, fork.parent], [step, then.state, then.seq, then.frontier, { sessionId: durability, step }], `${durability} ${step}`);
        equal(fork.status, step === 40 ? 'completed' : 'interrupted');
        if (step === 9) equal((await onward.resume(as)).log, range(0, 11), durability);
        const steps = (await app.history(as)).map((each) => each.step);
        equal(steps, range(0, step === 9 ? 12 : step).reverse(), `history of ${durability} ${step}`);
      }
      holds(last !== undefined && (await app.getState(durability)).step === 40, 'the parent stays');
    }
  },

  'a fork of a fork, and of what that one shares': async (weavegraph, checkpointer) => {
    const app = loop(weavegraph, 5, ({ log }) => ({ log: log.length })).compile({ checkpointer });
    await app.invoke({}, { sessionId: 'a' });
    await app.fork('a', { step: 3, as: 'b' });
    await app.updateState('b', { log: 'b' });
    await app.fork('b', { as: 'c' });
    await app.fork('b', { step: 3, as: 'd' });
    await app.fork('b', { step: 2, as: 'e' });
    await app.updateState('c', { log: 'c' });
    const logs = async () => Promise.all(['a', 'b', 'c', 'd', 'e'].map(async (id) => (await app.getState(id))?.state.log));
    const all = [range(0, 4), [0, 1, 2, 'b'], [0, 1, 2, 'b', 'c'], [0, 1, 2], [0, 1]];
    equal(await logs(), all);
    equal((await app.history('c')).map(({ step, parent }) => [step, parent?.sessionId]), [[5, 'b'], [4, 'b'], [3, 'a'], [2, undefined], [1, undefined], [0, undefined]]);
    await checkpointer.deleteSession('a');
    await checkpointer.deleteSession('b');
    equal(await logs(), [undefined, undefined, ...all.slice(2)]);
    equal((await checkpointer.listSessions()).map(({ sessionId }) => sessionId).sort(), ['c', 'd', 'e']);
    equal((await app.history('c')).map(({ step }) => step), [5, 4, 3, 2, 1, 0]);
    // Their ids are free again.
    equal([(await app.invoke({ log: 'new' }, { sessionId: 'a' })).log, (await app.history('a')).length], [['new', 1, 2, 3, 4, 5], 6]);
    await app.fork('a', { step: 2, as: 'b' });
    equal((await logs()).slice(0, 2), [['new', 1, 2, 3, 4, 5], ['new', 1, 2]]);
    for (const id of ['c', 'd', 'a', 'e', 'b']) await checkpointer.deleteSession(id);
    equal([await logs(), await checkpointer.listSessions()], [[undefined, undefined, undefined, undefined, undefined], []]);
    equal((await app.invoke({}, { sessionId: 'a' })).log, range(0, 4));
  },

  'pruning drops nothing that a fork needs': async (weavegraph, checkpointer) => {
    const app = loop(weavegraph, 400, paged, pagedChannels(weavegraph)).compile({ checkpointer });
    await app.invoke({}, { sessionId: 's' });
    await app.fork('s', { step: 150, as: 'early' });
    await app.fork('early', { as: 'later' });
    const expected = await app.getState('later');
    const { checkpoints } = await checkpointer.prune({ keepLast: 1, sessionId: 's' });
    holds(checkpoints > 100, `${checkpoints} were dropped`);
    equal([await app.getState('later'), (await app.getState('early', { step: 150 })).state, (await app.getState('s')).step], [expected, expected.state, 400]);
    const [newest] = await app.history('s', { limit: 1 });
    equal([newest.step, (await app.history('later', { limit: 1 }))[0].step], [400, 150]);
    equal(await codeOf(app.fork('s', { step: 5 })), 'RUN_INVALID_OPTION');
    await checkpointer.deleteSession('s');
    await checkpointer.deleteSession('early');
    equal(await app.getState('later'), expected);
    // It has a snapshot of its own by and by, and lets go of what it shares.
    await app.resume('later');
    await checkpointer.prune({ keepLast: 1 });
    const after = await app.getState('later');
    equal([after.parent, after.state.log], [{ sessionId: 'early', step: 150 }, range(0, 549)]);
    equal(await codeOf(app.fork('later', { step: 150 })), 'RUN_INVALID_OPTION');
  },

  'a fork is exported whole, and followed from its parent’s first event on': async (weavegraph, checkpointer) => {
    const app = chain(weavegraph, names).compile({ checkpointer, durability: 'exit' });
    await app.invoke({}, { sessionId: 's' });
    await app.fork('s', { step: 2, as: 'f' });
    await app.updateState('f', { log: 'x' });
    const { seq } = await app.getState('f');
    const events = await takeUntil(app.follow('f', { after: 0 }), (event) => event.seq === seq);
    equal([events.map((event) => event.seq), events.every(({ sessionId }) => sessionId === 'f')], [range(1, seq), true]);
    const dump = JSON.parse(JSON.stringify(await checkpointer.exportSession('f')));
    const elsewhere = new weavegraph.MemoryCheckpointer();
    const there = chain(weavegraph, names).compile({ checkpointer: elsewhere });
    await elsewhere.importSession(dump, { as: 'g' });
    const imported = await there.getState('g');
    equal([imported.state.log, imported.parent, imported.step], [['a', 'b', 'x'], { sessionId: 's', step: 2 }, 3]);
    equal([(await there.resume('g')).log, (await app.resume('f')).log], [['a', 'b', 'x', 'c'], ['a', 'b', 'x', 'c']]);
    equal((await there.history('g')).map(({ step }) => step), [4, 3, 2, 1, 0]);
    await elsewhere.close();
  },

  'a session that runs can be forked at a finished step': async (weavegraph, checkpointer) => {
    const door = gate();
    const app = chain(weavegraph, { a: () => ({ log: 'a' }), b: () => door.promise }).compile({ checkpointer });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    await takeUntil(run, ({ type, node }) => type === 'node.started' && node === 'b');
    await app.fork('s', { step: 1, as: 'f' });
    equal(briefly(await app.getState('f')), [1, 'interrupted', ['b'], ['a']]);
    door.open({ log: 'b' });
    equal([(await run.join()).log, (await app.resume('f')).log], [['a', 'b'], ['a', 'b']]);
  },
};
