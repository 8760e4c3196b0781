// Cases about sameness: a seed gives the same events everywhere, to the byte, whatever the runtime's timing.
import { digest, equal, holds, textOf } from './checks.mjs';
import { collect, HastyClock } from './shapes.mjs';

/** All that can vary from the seed: routes, sends, retries with jitter, text streams, every kind of channel. */
function dice({ append, command, END, GraphBuilder, last, merge, reduce, send, START }) {
  const channels = { log: append(), best: merge(), round: last({ initial: 0 }), sum: reduce((sum, n) => sum + n, 0) };
  return new GraphBuilder({ name: 'dice', channels })
    .addNode('throw', ({ round }, ctx) => {
      const count = 1 + Math.floor(ctx.random() * 5);
      ctx.emit('dice', `round ${round}`, { count });
      return command({ update: { round: round + 1 }, goto: Array.from({ length: count }, (_, n) => send('die', { n })) });
    }, { targets: ['die'], runWhen: 'always' })
    .addNode('die', async (_, ctx) => {
      const side = 1 + Math.floor(ctx.random() * 6);
      ctx.token(`${side} `);
      if (side === 6 && ctx.attempt === 1) throw new RangeError('off the table');
      return { log: side, sum: side, best: { [side]: ctx.input.n } };
    }, { concurrency: 1, retry: { maxAttempts: 3, initialDelayMs: 100, jitter: 0.5 } })
    .addEdge(START, 'throw')
    .addEdge('throw', END)
    .addConditionalEdge('die', ({ round }) => (round < 6 ? 'throw' : END), ['throw', END])
    .compile();
}

/** The events of a run, and its state. */
async function trace(weavegraph, seed, options = {}) {
  const run = dice(weavegraph).invokeStreaming({ log: 'start' }, { seed, clock: new HastyClock(), runId: 'r', sessionId: 's', ...options });
  const events = await collect(run);
  return { events, state: await run.join() };
}

export const traceCases = {
  'the same seed gives the same events, in every runtime': async (weavegraph) => {
    const [one, two, other] = [await trace(weavegraph, 7), await trace(weavegraph, 7), await trace(weavegraph, 8)];
    equal(textOf(one.events), textOf(two.events));
    holds(one.events.some(({ type }) => type === 'node.retrying'), 'something was retried');
    equal([one.events.length, digest(textOf(one.events)), one.state], SEVEN);
    equal([other.events.length, digest(textOf(other.events)), other.state.log], EIGHT);
    equal((await trace(weavegraph, 7n)).state, one.state);
  },

  'a store changes no event but for those that tell of it': async (weavegraph) => {
    const [bare, stored] = [await trace(weavegraph, 7), await trace(weavegraph, 7, { checkpointer: new weavegraph.MemoryCheckpointer() })];
    const durable = ({ events }) => textOf(events.filter(({ transient }) => transient !== true).map(({ at, durationMs, ...event }) => event));
    equal(durable(stored), durable(bare));
  },
};

/** How many events, their digest and the state; a change of these changes what users see. */
const SEVEN = [139, '62d8397227b4ce46', { log: ['start', 5, 2, 2, 4, 5, 1, 3, 1, 3, 5, 2, 4, 4, 2, 1, 1, 3, 2, 4, 3], best: { 1: 4, 2: 1, 3: 3, 4: 2, 5: 3 }, round: 6, sum: 57 }];
const EIGHT = [97, 'e2e619fff2fafe67', ['start', 3, 2, 5, 5, 5, 1, 2, 2, 5, 5, 4, 1]];
