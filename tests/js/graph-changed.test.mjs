// `onGraphChanged`: what resuming a session does that another graph has left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, last, MemoryCheckpointer } from 'weavegraph-wasm';
import { chain, collect, failure } from './graphs.mjs';
import { here, World } from './realms.mjs';

const boom = new TypeError('boom');
const throwing = () => {
  throw boom;
};
const stores = { 'in memory': () => new MemoryCheckpointer(), 'in a slow store': () => new World().checkpointer(here) };

/** A session that failed in `b`, and a graph that has `d` in its place. */
async function left(checkpointer) {
  const old = chain({ a: () => ({ log: 'a' }), b: throwing, c: () => ({ log: 'c' }) }, { log: append(), note: last() }).compile({ checkpointer });
  await failure(old.invoke({ log: 'in', note: 'first' }, { sessionId: 's', runId: 'r' }));
  const resume = (options, nodes = { a: () => ({ log: 'a' }), d: ({ note }) => ({ log: `d ${note}` }), c: () => ({ log: 'c' }) }) =>
    chain(nodes, { log: append(), note: last() }).compile({ checkpointer }).resumeStreaming('s', undefined, options);
  return { hash: old.definitionHash(), resume, old };
}

for (const [place, make] of Object.entries(stores)) {
  test(`compatible and error, ${place}: what is missing is named; a graph with more nodes goes on, unless that is an error`, async () => {
    const { resume } = await left(make());
    for (const options of [undefined, { onGraphChanged: 'compatible' }]) {
      const { error } = await resume(options).result;
      assert.equal(error.code, 'CHECKPOINT_GRAPH_CHANGED');
      assert.match(error.message, /`b`/);
    }
    const more = { a: () => undefined, b: () => ({ log: 'b' }), c: () => ({ log: 'c' }), e: () => ({ log: 'e' }) };
    const refused = resume({ onGraphChanged: 'error' }, more);
    assert.equal((await refused.result).error.code, 'CHECKPOINT_GRAPH_CHANGED');
    assert.equal((await collect(refused)).length, 1);
    assert.deepEqual((await resume({ onGraphChanged: 'compatible' }, more).join()).log, ['in', 'a', 'b', 'c', 'e']);
  });

  test(`a function, ${place}: it sees the newest checkpoint and moves the session over`, async () => {
    const { hash, resume, old } = await left(make());
    const calls = [];
    const expected = await old.getState('s');
    const run = resume({ onGraphChanged: (...given) => (calls.push(given), { update: { note: 'moved', log: 'up' }, frontier: ['d'] }) });
    const events = await collect(run);
    assert.deepEqual((await run.join()).log, ['in', 'a', 'up', 'd moved', 'c']);
    assert.equal(run.id, 'r');
    assert.deepEqual(events.filter(({ type }) => type === 'node.completed').map(({ node }) => node), ['d', 'c']);
    const [[checkpoint, oldHash]] = calls;
    assert.deepEqual([calls.length, oldHash, checkpoint.frontier, checkpoint.next, checkpoint.state], [1, hash, ['b'], [{ node: 'b', task: 0 }], expected.state]);
    assert.deepEqual(checkpoint, expected);
    assert.ok(Object.isFrozen(checkpoint.state.log));
  });

  test(`a function, ${place}: null and a throw refuse, and nothing is stored`, async () => {
    const { resume, old } = await left(make());
    const before = await old.history('s');
    const refused = await resume({ onGraphChanged: () => null }).result;
    assert.deepEqual([refused.status, refused.error.code, refused.error.sessionId], ['failed', 'CHECKPOINT_GRAPH_CHANGED', 's']);
    const threw = await resume({ onGraphChanged: throwing }).result;
    assert.deepEqual([threw.error.code, threw.error.cause], ['CHECKPOINT_GRAPH_CHANGED', boom]);
    for (const [wrong, code] of [[5, 'RUN_INVALID_OPTION'], [undefined, 'RUN_INVALID_OPTION'], [{ frontier: 'd' }, 'RUN_INVALID_OPTION'], [{ frontier: ['b'] }, 'RUN_INVALID_OPTION'], [{ update: { nope: 1 } }, 'STATE_UNKNOWN_CHANNEL'], [{ update: { log: () => 1 } }, 'STATE_NOT_CLONEABLE']]) {
      assert.equal((await resume({ onGraphChanged: () => wrong }).result).error.code, code, JSON.stringify(wrong));
    }
    assert.deepEqual(await old.history('s'), before);
  });
}

test('a function is not asked when the graph is the same, nor for a run that is no resume', async () => {
  const checkpointer = new MemoryCheckpointer();
  let isBroken = true;
  const options = { onGraphChanged: () => assert.fail('asked') };
  const app = chain({ a: () => { if (isBroken) throw boom; return { log: 'a' }; } }).compile({ checkpointer, ...options });
  await failure(app.invoke({}, { sessionId: 's' }));
  isBroken = false;
  assert.deepEqual((await app.resume('s')).log, ['a']);
  assert.deepEqual((await chain({ z: () => ({ log: 'z' }) }).compile({ checkpointer, ...options }).invoke({}, { sessionId: 's' })).log, ['a', 'z']);
});
