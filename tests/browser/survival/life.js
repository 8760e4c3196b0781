// What a page and a worker have in common: the package, the witness, one life of the long run.
import * as weavegraph from '/pkg/entries/web.js';
import { live } from './long-run.js';

export function startLife({ name = 'survival', session, life, steps, pauseMs, durability, whenBusy, witness }) {
  // Each report is a request of its own that outlives the page; the order in which they arrive does not matter.
  const report = (what) => void fetch(witness, { method: 'POST', mode: 'no-cors', keepalive: true, body: JSON.stringify({ session, life: Number(life), ...what }) }).catch(() => {});
  return live(weavegraph, { name, sessionId: session, steps: Number(steps), pauseMs: Number(pauseMs), durability, whenBusy, report }).catch((error) => {
    report({ kind: 'broken', code: error.code, message: String(error.stack ?? error) });
  });
}
