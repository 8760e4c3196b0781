// A service worker that answers, and whose `fetch` handler streams the events of a run as they come. Must not know which page asks.

/** Called while the worker starts: it must listen by then. `answer` is that of answer.js or of suite.js. */
export function listen(weavegraph, answer) {
  addEventListener('install', () => globalThis.skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(globalThis.clients.claim()));
  let goOn;
  const gate = new Promise((resolve) => { goOn = resolve; });
  const replies = {
    answer: async () => Response.json(await answer(weavegraph)),
    events: () => stream(weavegraph, gate),
    'go-on': () => (goOn(), new Response('')),
  };
  addEventListener('fetch', (event) => {
    const reply = replies[new URL(event.request.url).pathname.split('/').pop()];
    if (reply !== undefined) event.respondWith(reply());
  });
}

/** A line with the type of each event; the run ends once the gate is open. */
function stream({ END, GraphBuilder, START }, gate) {
  const run = new GraphBuilder({ channels: {} })
    .addNode('wait', async (_, ctx) => {
      ctx.emit('waiting', '');
      await gate;
    })
    .addEdge(START, 'wait')
    .addEdge('wait', END)
    .compile()
    .invokeStreaming({});
  const events = run[Symbol.asyncIterator]();
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = await events.next();
      if (done) controller.close();
      else controller.enqueue(new TextEncoder().encode(`${value.type}\n`));
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'text/plain' } });
}
