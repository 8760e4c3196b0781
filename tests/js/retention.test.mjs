// `retention`: what a run drops of its own session, and that a failure of it harms nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { last, MemoryCheckpointer } from 'weavegraph-wasm';
import { MockClock } from 'weavegraph-wasm/testing';
import { chain, collect, failure, loop, turn } from './graphs.mjs';
import { here, World } from './realms.mjs';

const writing = (steps) => loop(steps, async (_, ctx) => (await turn(), { text: `${ctx.step} ${'x'.repeat(20_000)}` }), { text: last() });
const steps = async (app) => (await app.history('s')).map(({ step }) => step);
const quiet = async () => {
  for (let n = 0; n < 50; n += 1) await turn();
};

for (const [place, make] of Object.entries({ 'in memory': () => new MemoryCheckpointer(), 'in a slow store': () => new World().checkpointer(here) })) {
  test(`retention, ${place}: old checkpoints go as the session grows, the state and what followers read stay whole`, async () => {
    const checkpointer = make();
    const app = writing(100).compile({ checkpointer, retention: { keepLast: 5 } });
    let most = 0;
    const run = app.invokeStreaming({}, { sessionId: 's' });
    for await (const event of run) if (event.type === 'step.completed' && event.step % 10 === 0) most = Math.max(most, (await steps(app)).length);
    await quiet();
    const left = await steps(app);
    const oldest = await app.getState('s', { step: left.at(-1) });
    assert.deepEqual([oldest.step, oldest.state.text.slice(0, 3)], [left.at(-1), `${left.at(-1)} x`.slice(0, 3)]);
    assert.deepEqual(left, Array.from({ length: left.length }, (_, n) => 100 - n));
    assert.ok(left.length >= 5 && left.length < 30 && most < 40, `${left.length} at the end, ${most} at most`);
    assert.equal((await app.getState('s')).state.text.slice(0, 3), '100');
    const follower = app.follow('s', { after: 1 });
    assert.equal((await follower.next()).value.type, 'stream.reset');
    await follower.return();
    assert.deepEqual((await app.invoke({}, { sessionId: 's' })).text.slice(0, 3), '200');
  });

  test(`retention, ${place}: finishedOnly prunes as the run ends`, async () => {
    const checkpointer = make();
    const app = writing(40).compile({ checkpointer, retention: { keepLast: 1, finishedOnly: true } });
    let during;
    const run = app.invokeStreaming({}, { sessionId: 's' });
    for await (const event of run) if (event.type === 'step.completed' && event.step === 30) during = (await steps(app)).length;
    assert.ok(during >= 30, `${during}`);
    await quiet();
    assert.ok((await steps(app)).length < 25, `${(await steps(app)).length}`);
  });

  test(`retention, ${place}: another session is left alone, and a refused run prunes nothing`, async () => {
    const checkpointer = make();
    const keeping = writing(40).compile({ checkpointer });
    await keeping.invoke({}, { sessionId: 's' });
    const app = writing(40).compile({ checkpointer, retention: { keepLast: 1 } });
    await app.invoke({}, { sessionId: 't' });
    await failure(app.invoke({ nope: 1 }, { sessionId: 's' }));
    await quiet();
    assert.equal((await steps(keeping)).length, 41);
    assert.ok((await keeping.history('t')).length < 25);
  });
}

test('retention: a store that cannot drop is told by a diagnostic event, and the run goes on', async () => {
  const world = new World();
  world.before = async (name) => {
    if (name === 'drop') throw new Error('read only');
  };
  const app = writing(40).compile({ checkpointer: world.checkpointer(here), retention: { keepLast: 1 } });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  const events = await collect(run);
  assert.equal((await run.result).status, 'completed');
  const said = events.filter(({ type }) => type === 'diagnostic');
  assert.ok(said.length > 0);
  assert.deepEqual([said[0].scope, said[0].transient], ['checkpoint', true]);
  assert.match(said[0].message, /retention could not be kept: .*read only/);
  assert.equal((await steps(app)).length, 41);
});

test('retention: a run that stores nothing has nothing to drop', async () => {
  assert.deepEqual(await chain({ a: () => ({ log: 1 }) }).compile({ retention: { keepLast: 1 } }).invoke(), { log: [1] });
});

test('retention by age goes by the clock of the run', async () => {
  for (const [msOfStep, isKept] of [[0, true], [100, false]]) {
    const clock = new MockClock(0);
    const node = async (_, ctx) => (await ctx.sleep(msOfStep), { text: `${ctx.step} ${'x'.repeat(20_000)}` });
    const app = loop(40, node, { text: last() }).compile({ checkpointer: new MemoryCheckpointer(), retention: { olderThanMs: 1000 }, clock });
    const running = app.invoke({}, { sessionId: 's' });
    await clock.advance(10_000);
    await running;
    await quiet();
    assert.equal((await steps(app)).length === 41, isKept, `${msOfStep} ms a step`);
  }
});
