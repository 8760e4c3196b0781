// One long run that can be taken up wherever it was broken off, and that tells a witness what happens to it. In a page, in a worker,
// in Node: whoever imports it brings the package, the checkpointer and the way to report.

/** A loop of `steps` steps. Each writes its number and a number of the seeded generator, so equal ends mean equal ways. */
export function createLongRun({ append, END, GraphBuilder, last, START }, { steps, pauseMs, checkpointer, durability, filler = () => null, ran = () => {} }) {
  return new GraphBuilder({ name: 'long run', channels: { log: append(), filler: last() } })
    .addNode('work', async (state, ctx) => {
      ran(ctx.step);
      ctx.emit('work', `step ${ctx.step}`);
      const [pause, number] = [ctx.random(), ctx.random()];
      if (pauseMs > 0) await ctx.sleep(pauseMs * pause);
      return { log: { step: ctx.step, number }, filler: filler() };
    })
    .addEdge(START, 'work')
    .addConditionalEdge('work', (state) => (state.log.length < steps ? 'work' : END), ['work', END])
    .compile({ checkpointer, durability });
}

export const seed = 20_26;

/** Starts the session or goes on with it, and reports: what was found, each step that ran, each that was told to a reader, the end. */
export async function live(weavegraph, { name, sessionId, steps, pauseMs, durability, whenBusy, report }) {
  const checkpointer = new weavegraph.IndexedDbCheckpointer({ name });
  const app = createLongRun(weavegraph, { steps, pauseMs, checkpointer, durability, ran: (step) => report({ kind: 'ran', step }) });
  const found = await app.getState(sessionId);
  report({ kind: 'found', step: found?.step ?? 0, status: found?.status ?? 'none' });
  const options = { seed, ...(whenBusy && { whenBusy }) };
  const run = found === null ? app.invokeStreaming({}, { ...options, sessionId }) : app.resumeStreaming(sessionId, undefined, options);
  for await (const event of run) if (event.type === 'step.completed') report({ kind: 'acknowledged', step: event.step, seq: event.seq });
  const result = await run.result;
  report({ kind: 'end', status: result.status, code: result.error?.code, message: result.error?.message, log: result.state?.log });
  return result;
}
