// A square root by Heron's rule: guess, check, and guess again until the error is small.
import { END, GraphBuilder, last, START } from '../../pkg/entries/web.js';

export const app = new GraphBuilder({
  channels: { number: last(), guess: last({ initial: 1 }), error: last() },
})
  .addNode('improve', async ({ number, guess }, ctx) => {
    await ctx.sleep(300); // only so that it can be watched
    return { guess: (guess + number / guess) / 2 };
  })
  .addNode('check', ({ number, guess }, ctx) => {
    const error = Math.abs(guess * guess - number);
    ctx.emit('check', `${guess.toFixed(9)} is off by ${error.toExponential(1)}`);
    return { error };
  })
  .addEdge(START, 'improve')
  .addEdge('improve', 'check')
  .addConditionalEdge('check', (state) => (state.error < 1e-9 ? 'close enough' : 'again'), {
    again: 'improve',
    'close enough': END,
  })
  .compile();

export async function* main() {
  const run = app.invokeStreaming({ number: 2 }, { sessionId: 'hello' });
  for await (const event of run) {
    if (event.type === 'message') yield `${event.message}\n`;
  }
  const { guess } = await run.join();
  yield `The square root of 2 is ${guess.toFixed(9)}\n`;
}
