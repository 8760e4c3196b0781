// The choice of a writer on a small page of its own: Run briefs the default text with what is chosen, in a session kept by IndexedDB.
// What happened is left in `globalThis.seen`.
import * as weavegraph from '/pkg/entries/web.js';
import { createBriefing } from '/www/agent/briefing.js';
import { DEFAULT_TEXT } from '/www/agent/default-text.js';
import { WriterChoice } from '/www/views/writer-choice.js';

const status = document.querySelector('#status');
const seen = { changes: 0, events: [], state: null };
const choice = new WriterChoice(document.querySelector('#writer'), { onChange: () => { seen.changes += 1; } });
const checkpointer = new weavegraph.IndexedDbCheckpointer();
const app = createBriefing(weavegraph, { checkpointer, context: {} });
Object.assign(globalThis, { seen, choice, checkpointer, app });

document.querySelector('#run').addEventListener('click', async () => {
  if (choice.showProblem()) {
    status.textContent = `refused: ${choice.problem}`;
    return;
  }
  const run = app.invokeStreaming({ text: DEFAULT_TEXT }, { context: { paceMs: 0, writer: choice.writer } });
  for await (const event of run) {
    seen.events.push(event);
    if (event.type === 'llm.chunk') document.querySelector('#draft').textContent = `${event.offset === 0 ? '' : document.querySelector('#draft').textContent}${event.text}`;
  }
  const result = await run.result;
  seen.state = result.state;
  status.textContent = result.status === 'completed' ? `completed: ${result.state.briefing.writer}` : `failed: ${result.error.message}`;
});
document.body.dataset.state = 'ready';
