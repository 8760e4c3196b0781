// The engine's memory may grow in any call, and every view of it is dead then: here it grows in all that leave words.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as glue from '../../build/pkg-hooks/wasm/weavegraph_wasm.js';
import * as hooked from '../../build/pkg-hooks/entries/node.js';
import { collect } from './graphs.mjs';
import { chainIn } from './realms.mjs';

const restores = [];
after(() => restores.forEach((restore) => restore()));

test('a session is stored, read, followed and resumed while memory grows in every call', async () => {
  for (const [{ prototype }, methods] of [[glue.RawRun, ['start', 'tell', 'step', 'tellWith', 'tellText', 'pull', 'emit', 'taken', 'outcome']], [glue.RawLog, ['read', 'events']]]) {
    for (const method of methods) {
      const original = prototype[method];
      prototype[method] = function (...args) {
        const answer = original.apply(this, args);
        glue.currentMemory().grow(1);
        return answer;
      };
      restores.push(() => (prototype[method] = original));
    }
  }
  let isBroken = true;
  const nodes = {
    a: (_, ctx) => (ctx.emit('s', 'm'), { log: 'a' }),
    b: async () => {
      if (isBroken) throw new Error('no');
      return { log: 'b' };
    },
  };
  const app = chainIn(hooked, nodes).compile({ checkpointer: new hooked.MemoryCheckpointer() });
  const run = app.invokeStreaming({}, { sessionId: 's' });
  assert.equal((await collect(run)).at(-1).type, 'run.failed');
  isBroken = false;
  assert.deepEqual((await app.resume('s')).log, ['a', 'b']);
  assert.deepEqual((await app.history('s')).map(({ step }) => step), [2, 1, 0]);
  assert.equal((await app.getState('s', { step: 1 })).step, 1);
  const follower = app.follow('s', { after: 0 });
  for (let heard; heard !== 'run.completed'; heard = (await follower.next()).value.type);
  await follower.return();
});
