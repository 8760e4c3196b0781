// A page that does what a test tells it: `lab.start(…)` begins or takes up the long run and keeps what happens for the test to read.
import * as weavegraph from '/pkg/entries/web.js';
import { createLongRun, seed } from './long-run.js';

const name = new URLSearchParams(location.search).get('name') ?? 'lab';
const checkpointer = new weavegraph.IndexedDbCheckpointer({ name });

const brief = ({ seq, type, step, branch, after, transient }) => ({ seq, type, step, branch, after, transient });

globalThis.lab = {
  weavegraph,
  checkpointer,
  ran: [],
  /** Steps that a reader was told of: they are stored. */
  acknowledged: [],
  /** All that it was told of, durable or not. */
  told: [],
  result: undefined,
  app(options) {
    return createLongRun(weavegraph, { steps: 40, pauseMs: 40, checkpointer, ran: (step) => lab.ran.push(step), ...options });
  },
  /** Returns as soon as it runs; `lab.result` is its end. */
  start(sessionId, { resumes = false, whenBusy, fillerBytes = 0, ...options } = {}) {
    const app = lab.app({ filler: () => crypto.getRandomValues(new Uint8Array(fillerBytes)), ...options });
    const own = { seed, ...(whenBusy && { whenBusy }) };
    lab.run = resumes ? app.resumeStreaming(sessionId, undefined, own) : app.invokeStreaming({}, { ...own, sessionId });
    void (async () => {
      for await (const event of lab.run) {
        lab.told.push(brief(event));
        if (event.type === 'step.completed') lab.acknowledged.push(event.step);
      }
      const { status, error, state, steps } = await lab.run.result;
      lab.result = { status, steps, code: error?.code, message: error?.message, owner: error?.details?.owner, log: state?.log };
    })();
  },
  /** Follows a session; `lab.followed` grows. */
  follow(sessionId, options) {
    lab.followed = [];
    void (async () => {
      for await (const event of lab.app().follow(sessionId, options)) lab.followed.push(brief(event));
    })();
  },
};
document.title = 'ready';
