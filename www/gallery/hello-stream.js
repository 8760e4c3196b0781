// One node streams a greeting, word by word.
import { END, GraphBuilder, last, START } from '../../pkg/entries/web.js';

export const app = new GraphBuilder({
  channels: { name: last({ initial: 'world' }), greeting: last() },
})
  .addNode('greet', async (state, ctx) => {
    const words = `Hello ${state.name}, these words come one by one.`.split(' ');
    for (const word of words) {
      ctx.token(`${word} `); // a reader has it at once
      await ctx.sleep(150); // here a model would think
    }
    return { greeting: words.join(' ') };
  })
  .addEdge(START, 'greet')
  .addEdge('greet', END)
  .compile();

export async function* main() {
  const run = app.invokeStreaming({ name: 'reader' }, { sessionId: 'hello' });
  for await (const event of run) {
    if (event.type === 'llm.chunk') yield event.text;
  }
  const { greeting } = await run.join();
  yield `\nThe state keeps all ${greeting.length} characters.\n`;
}
