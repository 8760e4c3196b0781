/**
 * Owns: the briefing page: loads the package, makes the parts of the page and joins them: what the user does goes to the desk, what is new to the stage.
 * Must not know: how the agent works, how a session is run, followed or kept, how a view shows what it gets.
 * Invariant: `document.body.dataset.state` says how the open session stands: loading, ready, running (here), following (another tab runs it), stopped (nobody does), completed,
 *   cancelled, failed; the address's fragment names it, so that a reload finds it again.
 */

import { createBriefing } from './agent/briefing.js';
import { DEFAULT_TEXT } from './agent/default-text.js';
import { Archive } from './archive.js';
import { Desk } from './desk.js';
import { createDraftRelay } from './draft-relay.js';
import { openStore } from './session-store.js';
import { Stage } from './stage.js';
import { BriefingView } from './views/briefing-view.js';
import { EventList } from './views/event-list.js';
import { GraphView } from './views/graph-view.js';
import { Offer } from './views/offer.js';
import { ScorePlot } from './views/score-plot.js';
import { SourceView } from './views/source-view.js';
import { StateView } from './views/state-view.js';
import { Timeline } from './views/timeline.js';
import { Transport, reportOf } from './views/transport.js';
import { WriterChoice } from './views/writer-choice.js';

const $ = (id) => document.getElementById(id);
const transport = new Transport(
  { run: $('run'), cancel: $('cancel'), goOn: $('go-on'), status: $('status'), problem: $('problem'), slider: $('rewind'), rewound: $('rewound'), live: $('live') },
  { onRun: start, onCancel: () => cancel(), onGoOn: () => goOn(), onStep: (step) => stage.rewindTo(step) },
);
addEventListener('error', (event) => transport.showProblem(event.message));
addEventListener('unhandledrejection', (event) => showProblem(event.reason));

const source = new SourceView(
  { field: $('source'), marked: $('marked'), facts: $('facts'), edit: $('edit'), picker: $('file'), dropZone: $('text-card') },
  {
    onProblem: (line) => transport.showProblem(line),
    onCounts: (counts) => briefing.showCounts(counts),
    onHover: (id) => briefing.light(id),
    onSentence: (id, isByKeyboard) => briefing.reveal(id, { isByKeyboard }),
  },
);
const briefing = new BriefingView(
  { terms: $('terms'), draft: $('draft'), badge: $('badge'), notices: $('notices'), copy: $('copy') },
  { onTerm: (term) => source.choose(term), onSentence: (id, isByKeyboard) => source.reveal(id, { isByKeyboard }), onHover: (id) => source.light(id), onProblem: (line) => transport.showProblem(line) },
);
const scores = new ScorePlot($('scores'));
const events = new EventList($('events'), $('event-count'), { onNodeClear: () => graph?.pick(null) });
const writer = new WriterChoice($('writer'), { onChange: showWriter });
const offer = new Offer({ root: $('offer'), text: $('offer-text'), goOn: $('offer-go-on'), look: $('offer-look'), dismiss: $('offer-dismiss') }, { onGoOn: goOn, onLook: open });

let desk = null;
let stage = null;
let archive = null;
let graph = null;
const relay = createDraftRelay({
  onText(sessionId, streamId, text) {
    if (desk?.sessionId !== sessionId || desk.mode === 'here') return;
    desk.recording.showStream(streamId, text);
    stage.changed();
  },
  onChanged: () => archive?.refresh(),
});

$('reset').addEventListener('click', () => { source.text = DEFAULT_TEXT; });
addEventListener('pagehide', ({ persisted }) => { if (!persisted) relay.close(); });
addEventListener('hashchange', () => {
  if (fragment() !== '' && fragment() !== desk?.sessionId) open(fragment());
});
source.text = DEFAULT_TEXT;
showWriter();
await load();

async function load() {
  document.body.dataset.state = 'loading';
  let weavegraph;
  try {
    weavegraph = await import('../pkg/entries/web.js');
  } catch (error) {
    document.body.dataset.state = 'failed';
    transport.report('The engine could not be loaded.');
    return transport.showProblem(`${error.message} Is the package built? npm run build makes it.`);
  }
  const store = await openStore(weavegraph, { onBlocked: () => transport.showProblem('Another tab with an older version keeps the sessions: close or reload it.') });
  const app = createBriefing(weavegraph, { checkpointer: store.checkpointer });
  makeStage(app);
  archive = new Archive({ app, store, parts: { root: $('sessions'), facts: $('sessions-facts'), header: $('storage') } }, {
    onOpen: open,
    onGoOn: goOn,
    onCancel: cancel,
    onRows: () => desk.setOwner(archive.row(desk.sessionId)?.owner ?? null),
    onRemoved: (id) => { if (id === desk.sessionId) close(); },
    onChanged: () => relay.tellChanged(),
    openId: () => desk.sessionId,
  });
  await archive.refresh();
  await showFirst();
  stage.changed();
}

function makeStage(app) {
  desk = new Desk(app, {
    onEvent(event, clockMs) {
      events.add(event, clockMs);
      if (event.type === 'llm.chunk') relay.tell(event.sessionId, event.streamId, desk.recording.streams.get(event.streamId).text);
      if (event.type.startsWith('run.')) sessionsChanged();
    },
    onChange: () => stage.changed(),
    onProblem: showProblem,
  });
  const definition = app.toJSON();
  graph = new GraphView($('graph'), definition, { onPick: (node) => { events.node = node; } });
  const timeline = new Timeline($('timeline'), { onPick: (step) => stage.rewindTo(step) });
  const state = new StateView($('state'), definition, $('state-facts'));
  stage = new Stage(desk, { source, briefing, scores, graph, timeline, state, events, onShown: showStanding, onProblem: showProblem });
}

/** The session that the address names, and an offer of what was left in the middle. */
async function showFirst() {
  if (archive.row(fragment()) !== undefined) await open(fragment());
  const left = archive.row(desk.sessionId) ?? archive.rows.find(isLeft);
  if (left !== undefined && isLeft(left)) offer.show(left, left.sessionId === desk.sessionId);
}

function isLeft({ status, owner }) {
  return status === 'running' && owner === null;
}

async function start() {
  if (source.text.trim() === '') return transport.showProblem('There is no text to brief.');
  const options = runOptions();
  if (options === null) return;
  const { text } = source;
  stage.clear();
  await runHere(() => desk.start({ text }, options), text);
}

/** Goes on with the open session, or with another one. Where another tab runs it, it is taken from there. */
async function goOn(sessionId = desk.sessionId) {
  const options = runOptions();
  if (options === null) return;
  if (sessionId !== desk.sessionId) await open(sessionId);
  // The field may hold another text by now.
  if (desk.mode !== 'here') await runHere(() => desk.goOn(options), desk.state?.text ?? source.text);
}

/** What a run needs from the page; null, with the problem shown, where the writer lacks something. */
function runOptions() {
  if (writer.problem !== '') {
    $('writer-details').open = true;
    writer.showProblem();
    transport.showProblem(writer.problem);
    return null;
  }
  return { context: { paceMs: Number($('pace').value), writer: writer.writer } };
}

async function runHere(begin, text) {
  transport.showProblem('');
  offer.hide();
  stage.rewindTo(null);
  const ended = begin();
  source.showText(text);
  history.replaceState(null, '', `#${encodeURIComponent(desk.sessionId)}`);
  stage.show();
  const result = await ended;
  if (result.sessionId !== desk.sessionId) return;
  if (result.status === 'failed') showFailure(result.error);
  sessionsChanged();
}

function showFailure(error) {
  // Another tab has taken the session over: how it stands there is said already.
  if (error.code !== 'CHECKPOINT_CONFLICT') transport.showProblem(`${error.code}: ${error.message}`);
}

async function open(sessionId) {
  transport.showProblem('');
  stage.clear();
  await desk.open(sessionId, archive.row(sessionId)?.owner ?? null).catch(showProblem);
  // Another one may have been opened meanwhile.
  if (desk.sessionId !== sessionId) return;
  history.replaceState(null, '', `#${encodeURIComponent(sessionId)}`);
  if (desk.state !== null) source.showText(desk.state.text);
  archive.show();
}

function close() {
  desk.close();
  stage.clear();
  source.edit();
  history.replaceState(null, '', location.pathname);
}

async function cancel(sessionId = desk.sessionId) {
  try {
    if (sessionId === desk.sessionId) await desk.cancel('cancelled on the page');
    else await archive.cancel(sessionId);
  } catch (error) {
    showProblem(error);
  }
}

/** After each frame. */
function showStanding() {
  const phase = phaseOf(desk);
  document.body.dataset.state = phase;
  document.body.dataset.rewound = String(stage.step !== null);
  transport.show({ phase, isReady: true, recording: desk.recording, step: stage.step });
  transport.report(reportOf(phase, desk.recording));
  $('draft').setAttribute('aria-busy', String(phase === 'running'));
}

function phaseOf({ mode, recording }) {
  switch (mode) {
    case 'none': return 'ready';
    case 'here': return 'running';
    case 'elsewhere': return 'following';
    case 'stopped': return 'stopped';
    default: return recording.status === 'none' ? 'ready' : recording.status;
  }
}

function sessionsChanged() {
  relay.tellChanged();
  archive.refresh();
}

function fragment() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

function showWriter() {
  $('writer-name').textContent = writer.summary;
}

function showProblem(error) {
  transport.showProblem(String(error?.message ?? error));
}
