// The second realm of realm-cases.js, a worker: does what the page tells it, with a copy of the package and a connection of its own.
import { failure } from '../../behaviour/checks.mjs';
import { chain, isEnd, numbers, takeUntil } from '../../behaviour/shapes.mjs';

const weavegraph = await import('/pkg/entries/web.js');
const checkpointer = new weavegraph.IndexedDbCheckpointer({ name: new URLSearchParams(location.search).get('database') });
const app = chain(weavegraph, { work: () => ({ log: 'partner' }) }).compile({ checkpointer });

const acts = {
  async resume(sessionId) {
    const { code, details } = await failure(app.resume(sessionId));
    return { code, owner: typeof details?.owner };
  },
  owner: async (sessionId) => (await checkpointer.listSessions()).find((row) => row.sessionId === sessionId).owner.here,
  follow: async (sessionId) => numbers(await takeUntil(app.follow(sessionId, { after: 0 }), isEnd)),
  cancel: (sessionId, reason) => app.cancel(sessionId, reason),
  invoke: async (sessionId, log) => (await app.invoke({ log }, { sessionId, whenBusy: 'wait' })).log,
  fork: (sessionId, options) => app.fork(sessionId, options),
  remove: (sessionId) => checkpointer.deleteSession(sessionId),
  /** Again and again, further and further; resolves with how much went. */
  async prune(sessionId, from, to) {
    let checkpoints = 0;
    for (let keepLast = from; keepLast >= to; keepLast -= 20) checkpoints += (await checkpointer.prune({ keepLast, sessionId })).checkpoints;
    return checkpoints;
  },
  log: async (sessionId) => (await app.getState(sessionId))?.state.log,
  steal: async (sessionId) => (await app.resume(sessionId, undefined, { whenBusy: 'steal' })).log,
};

onmessage = async ({ data: { id, act, given } }) => {
  try {
    postMessage({ id, value: await acts[act](...given) });
  } catch (error) {
    postMessage({ id, error: `${error.message}\n${error.stack}` });
  }
};
postMessage({ id: 0 });
