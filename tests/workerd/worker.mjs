// A worker as a user writes it: apps and checkpointers at module scope, a run per request. Each path does one thing, so that a test can set
// requests against each other. Must not know what is expected of it.
import * as weavegraph from './package.mjs';
import * as glue from './weavegraph-wasm/wasm/weavegraph_wasm.js';
import { runSuite } from './behaviour/suite.mjs';
import { MapStore } from './map-store.mjs';

const { append, END, GraphBuilder, last, MemoryCheckpointer, START, StoreCheckpointer } = weavegraph;

/** What runs found as they were aborted, by session. */
const witnessed = {};
/** Sessions that were told to end. */
const told = new Set();

/** Steps of `ms` milliseconds and `says` messages: `steps` of them, or as many as it takes until the session is told to end. */
const graph = () =>
  new GraphBuilder({ channels: { steps: last({ initial: 0 }), ms: last({ initial: 20 }), says: last({ initial: 1 }), log: append(), isDone: last({ initial: false }) } })
    .addNode('work', async ({ steps, ms, says, log }, ctx) => {
      const { sessionId } = ctx;
      // The body belongs to the request that began the run, and can be had in its turns only.
      ctx.signal.addEventListener('abort', () => {
        try {
          witnessed[sessionId] = ctx.context.clone().url === ctx.context.url ? 'own turn' : 'another request';
        } catch (error) {
          witnessed[sessionId] = String(error);
        }
      });
      for (let said = 0; said < says; said += 1) ctx.emit('work', `${sessionId} ${log.length}`);
      await ctx.sleep(ms);
      return { log: log.length, isDone: steps === 0 ? told.has(sessionId) : log.length + 1 >= steps };
    })
    .addEdge(START, 'work')
    .addConditionalEdge('work', ({ isDone }) => (isDone ? END : 'work'), ['work', END]);

const checkpointers = { memory: new MemoryCheckpointer(), store: new StoreCheckpointer(new MapStore()), closing: new MemoryCheckpointer() };
const apps = { none: graph().compile() };
for (const [name, checkpointer] of Object.entries(checkpointers)) apps[name] = graph().compile({ checkpointer });

const paths = {
  /** A run of the request's own, event by event. With `isBound` it goes on until it ends, or is cancelled as the client goes away. */
  run: ({ app, session, input, options: { isBound, ...options }, request, context }) => {
    const run = app.invokeStreaming(input, { ...options, sessionId: session, context: request, ...(isBound && { signal: request.signal }) });
    if (isBound) context.waitUntil(run.result);
    return run;
  },
  resume: ({ app, session, options }) => app.resumeStreaming(session, undefined, options),
  invoke: ({ app, session, input, options }) => app.invoke(input, { ...options, sessionId: session }),
  cancel: ({ app, session }) => app.cancel(session, 'another request'),
  /** The events of another request's run. */
  attach: ({ app, session }) => app.attach(session),
  /** Says that it waits for another request's run, and then how that ended. */
  result: async function* ({ app, session }) {
    const { result } = app.attach(session);
    yield { type: 'message' };
    const { status, state } = await result;
    yield { status, log: state.log };
  },
  follow: ({ app, session }) => app.follow(session, { after: 0 }),
  getState: ({ app, session }) => app.getState(session),
  close: ({ name }) => checkpointers[name].close(),
  end: ({ session }) => void told.add(session),
  witnessed: ({ session }) => witnessed[session],
  /** Who holds the session. */
  owner: async ({ name, session }) => (await checkpointers[name].listSessions({ limit: 10_000 })).find(({ sessionId }) => sessionId === session)?.owner,
  owned: async ({ name }) => (await checkpointers[name].listSessions({ limit: 10_000 })).filter(({ owner }) => owner !== null).length,
  memory: () => glue.currentMemory().buffer.byteLength,
  /** The engine's next call panics, in this request. */
  panic: ({ app }) => {
    const { tell } = glue.RawRun.prototype;
    glue.RawRun.prototype.tell = function () {
      glue.RawRun.prototype.tell = tell;
      return glue.panicNow();
    };
    return app.invoke();
  },
  suite: () => runSuite(weavegraph),
};

async function respond(request, context) {
  const { pathname, searchParams } = new URL(request.url);
  const { app: name = 'memory', session, input, options = {} } = JSON.parse(searchParams.get('q') ?? '{}');
  try {
    const answer = await paths[pathname.slice(1)]({ name, app: apps[name], session, input, options, request, context });
    return answer?.[Symbol.asyncIterator] === undefined ? Response.json(answer ?? null) : new Response(lines(answer));
  } catch ({ code, message, stack }) {
    return Response.json({ code, message, stack }, { status: 500 });
  }
}

export default {
  fetch: (request, env, context) => (env.isObject ? env.OBJECT.get(env.OBJECT.idFromName('one')).fetch(request) : respond(request, context)),
};

/** All requests at one Durable Object. */
export class One {
  constructor(context) {
    this.context = context;
  }
  fetch(request) {
    return respond(request, this.context);
  }
}

/** A line of JSON for each event, sent as it comes. */
function lines(events) {
  const iterator = events[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
    cancel: () => iterator.return(),
  });
}
