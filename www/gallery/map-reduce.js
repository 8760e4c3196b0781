// Primes below 100,000: ten tasks count a tenth each, at once; one node adds up.
import { append, END, GraphBuilder, last, send, START } from '../../pkg/entries/web.js';

const isPrime = (n) => {
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return n > 1;
};
const tenths = Array.from({ length: 10 }, (_, i) => i * 10_000);

export const app = new GraphBuilder({ channels: { counts: append(), total: last() } })
  .addNode('count', async (state, ctx) => {
    let count = 0;
    for (let part = 1; part <= 10; part += 1) {
      const end = ctx.input + part * 1000;
      for (let n = end - 1000; n < end; n += 1) if (isPrime(n)) count += 1;
      ctx.progress(part / 10);
      await ctx.sleep(20 + 8 * ctx.task); // only so that it can be watched
    }
    return { counts: count };
  })
  .addNode('sum', ({ counts }) => ({ total: counts.reduce((a, b) => a + b) }))
  .addConditionalEdge(START, () => tenths.map((from) => send('count', from)), ['count'])
  .addEdge('count', 'sum')
  .addEdge('sum', END)
  .compile();

export async function* main() {
  const run = app.invokeStreaming({}, { sessionId: 'hello' });
  for await (const event of run) {
    if (event.type !== 'node.completed' || event.node !== 'count') continue;
    yield `Tenth ${event.task + 1} has ${event.changes.counts} primes\n`;
  }
  const { total } = await run.join();
  yield `All have ${total}\n`;
}
