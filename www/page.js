/**
 * Owns: the page: loads the package, starts and cancels a run, hands its events to the views once per frame.
 * Must not know: how the agent works, how a view shows what it gets.
 * Invariant: one run at a time; `document.body.dataset.state` says where the page is: loading, ready, running, completed, cancelled, failed.
 */

import { createBriefing } from './agent/briefing.js';
import { BriefingView } from './views/briefing-view.js';
import { DEFAULT_TEXT } from './agent/default-text.js';
import { EventList } from './views/event-list.js';
import { duration } from './views/event-text.js';
import { SourceText } from './views/source-text.js';

const $ = (id) => document.getElementById(id);
const buttons = { run: $('run'), cancel: $('cancel'), reset: $('reset'), copy: $('copy') };
const events = new EventList($('events'), $('event-count'));
const view = new BriefingView({ sections: $('sections'), terms: $('terms'), draft: $('draft'), badge: $('badge'), scores: $('scores'), notices: $('notices') });
const source = new SourceText({ field: $('source'), facts: $('facts'), picker: $('file'), dropZone: $('source-card') }, showProblem);

let app = null;
let run = null;
let frame = 0;

addEventListener('error', (event) => showProblem(event.message));
addEventListener('unhandledrejection', (event) => showProblem(String(event.reason?.message ?? event.reason)));
buttons.run.addEventListener('click', start);
buttons.cancel.addEventListener('click', cancel);
buttons.reset.addEventListener('click', () => { source.text = DEFAULT_TEXT; });
buttons.copy.addEventListener('click', () => copy(run?.state.briefing?.text ?? ''));
addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !buttons.run.disabled) start();
  if (event.key === 'Escape' && !buttons.cancel.disabled) cancel();
});

source.text = DEFAULT_TEXT;
events.clear();
await load();

async function load() {
  setState('loading', 'Loading the engine …');
  try {
    app = createBriefing(await import('../pkg/entries/web.js'));
    setState('ready', 'Ready.');
  } catch (error) {
    setState('failed', 'The engine could not be loaded.');
    showProblem(`${error.message} Is the package built? npm run build makes it.`);
  }
}

async function start() {
  showProblem('');
  if (source.text.trim() === '') return showProblem('There is no text to brief.');
  view.clear();
  events.clear();
  buttons.copy.disabled = true;
  setState('running', 'Running …');
  try {
    run = app.invokeStreaming({ text: source.text }, { context: { paceMs: Number($('pace').value) } });
    for await (const event of run) show(event);
    await finish(await run.result);
  } catch (error) {
    setState('failed', 'The run failed.');
    showProblem(error.message);
  }
}

function show(event) {
  events.add(event);
  view.add(event, run);
  if (event.type === 'step.started') $('status').textContent = `Step ${event.step}: ${[...new Set(event.frontier)].join(', ')}`;
  if (frame === 0) frame = requestAnimationFrame(render);
}

function render() {
  cancelAnimationFrame(frame);
  frame = 0;
  events.render();
  view.render();
}

function finish(result) {
  render();
  const after = `after ${result.steps} step${result.steps === 1 ? '' : 's'} and ${duration(result.durationMs)}`;
  if (result.status === 'completed') {
    view.showBriefing(result.state.briefing);
    buttons.copy.disabled = result.state.briefing.text === '';
    setState('completed', `Done ${after}.`);
  } else if (result.status === 'cancelled') {
    setState('cancelled', `Cancelled ${after}.`);
  } else {
    setState('failed', `Failed ${after}.`);
    showProblem(`${result.error.code}: ${result.error.message}`);
  }
}

async function cancel() {
  buttons.cancel.disabled = true;
  try {
    await run.cancel('cancelled on the page');
  } catch (error) {
    showProblem(error.message);
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    $('status').textContent = 'Copied.';
  } catch (error) {
    showProblem(`Could not copy: ${error.message}`);
  }
}

function setState(state, status) {
  document.body.dataset.state = state;
  $('status').textContent = status;
  buttons.run.disabled = app === null || state === 'running';
  buttons.cancel.disabled = state !== 'running';
  $('draft').setAttribute('aria-busy', String(state === 'running'));
}

/** One line; '' takes the last one back. */
function showProblem(problem) {
  $('problem').textContent = problem;
  $('problem').hidden = problem === '';
}
