// The session card by itself: `lab.show(rows)` shows given rows, `lab.open()` wires the card to a store and a small graph as a page does. Owns the wiring;
// a test asks for what it wants. What an action was asked for is in `lab.asked`.
import * as weavegraph from '/pkg/entries/web.js';
import { createDraftRelay } from '/www/draft-relay.js';
import { exportSession, importFile } from '/www/session-files.js';
import { SessionReader } from '/www/session-reader.js';
import { askToKeep, openStore, removeSessions, storageOf } from '/www/session-store.js';
import { SessionList } from '/www/views/session-list.js';
import { isFinished } from '/www/views/session-text.js';
import { StorageLine } from '/www/views/storage-line.js';

const $ = (id) => document.getElementById(id);
const actions = ['open', 'goOn', 'takeOver', 'cancel', 'remove', 'exportSession', 'importFile', 'removeFinished'];

const lab = (globalThis.lab = {
  asked: [],
  texts: [],
  changes: 0,
  /** Replaced by `open`. */
  actions: Object.fromEntries(actions.map((name) => [name, (subject) => void lab.asked.push([name, subject])])),

  show(rows, openId = null) {
    const now = Date.now();
    lab.rows = rows.map((row, index) => ({ sessionId: `s${index}`, title: `Title ${index}`, status: 'completed', step: 5, score: null, words: null, createdAt: now - index * 60_000, updatedAt: now, bytes: 1000, owner: null, ...row }));
    lab.list.show(lab.rows, openId);
    lab.list.render();
  },

  async open() {
    const { checkpointer, isKept, problem } = await openStore(weavegraph, { name: 'session-list-test' });
    const app = createApp(checkpointer);
    const reader = new SessionReader({ app, checkpointer, onRows: (rows) => (lab.list.show(rows, null), lab.list.render()) });
    const refresh = async () => {
      await reader.refresh();
      lab.line.show({ sessions: reader.rows.length, bytes: reader.rows.reduce((sum, row) => sum + (row.bytes ?? 0), 0), isKept, problem, ...(await storageOf(checkpointer)) });
      lab.line.render();
    };
    const changed = () => (lab.relay.tellChanged(), refresh());
    lab.relay = createDraftRelay({ onText: (...words) => lab.texts.push(words), onChanged: () => ((lab.changes += 1), refresh()) });
    Object.assign(lab, { checkpointer, app, reader, refresh });
    lab.keep = () => askToKeep(checkpointer);
    Object.assign(lab.actions, {
      goOn: (id) => app.resume(id).then(changed),
      cancel: (id) => app.cancel(id).then(changed),
      remove: (id) => checkpointer.deleteSession(id).then(changed),
      exportSession: async (id) => `Saved as ${await exportSession(checkpointer, id, reader.rows.find((row) => row.sessionId === id).title)}.`,
      async importFile(file) {
        const { sessionId, isCopy } = await importFile(checkpointer, file);
        await changed();
        lab.list.reveal(sessionId);
        return isCopy ? 'Imported as a copy: the session was here already.' : 'Imported.';
      },
      removeFinished: async () => {
        const removed = await removeSessions(checkpointer, reader.rows.filter(isFinished).map((row) => row.sessionId));
        await changed();
        return `Deleted ${removed}.`;
      },
    });
    await refresh();
  },

  /** Runs a session of a given text; `hold`: it stays in its second step until it is cancelled, and resolves when it is there. */
  async run(sessionId, text, { hold = false } = {}) {
    const run = lab.app.invokeStreaming({ text }, { sessionId, context: { hold } });
    if (hold) for await (const event of run) if (event.type === 'step.completed') break;
    if (!hold) await run.result;
    lab.relay.tellChanged();
    await lab.refresh();
  },
});

lab.list = new SessionList($('sessions'), $('sessions-facts'), Object.fromEntries(actions.map((name) => [name, (subject) => lab.actions[name](subject)])));
lab.line = new StorageLine($('storage'), lab.list.storageRoot, () => lab.keep());
document.body.dataset.state = 'ready';

function createApp(checkpointer) {
  const { END, GraphBuilder, START, append, last } = weavegraph;
  return new GraphBuilder({ channels: { text: last({ initial: '' }), outline: last({ initial: null }), scores: append(), bytes: last({ initial: null }) } })
    .addNode('draft', (state) => ({ outline: { title: state.text }, bytes: new Uint8Array([1, 2, 3]) }))
    .addNode('critique', async (state, ctx) => {
      if (ctx.context?.hold) await ctx.sleep(3_600_000);
      return { scores: { round: 1, score: 0.931, words: 214 } };
    })
    .addEdge(START, 'draft')
    .addEdge('draft', 'critique')
    .addEdge('critique', END)
    .compile({ checkpointer });
}
