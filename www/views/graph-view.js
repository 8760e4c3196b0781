/**
 * Owns: the drawn graph of a card: its elements, which node is picked, how keys move between nodes, the legend.
 * Must not know: where events come from, what the page does with a pick.
 * Invariant: the drawing is built once; `render` changes only nodes and edges that stand differently than before.
 */

import { layoutGraph } from './graph-layout.js';
import { END, START } from './graph-links.js';
import { Mark, svg } from './graph-marks.js';
import { GraphNode } from './graph-node.js';
import { attemptOf, traceOf, wordsOf } from './graph-words.js';

const LEGEND = ['waiting', 'running', 'done', 'skipped', 'failed'];
const EDGE_LEGEND = { conditional: 'route’s choice', declared: 'node’s choice' };
/** Pixels that stay free between the current node and the edge of the card. */
const REVEAL = 48;
const ROW_FIRST = 1000;
const DIRECTIONS = { ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 }, ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 } };

export class GraphView {
  #nodes = new Map();
  #terminals = new Map();
  #edges;
  #edgeElements;
  #onPick;
  #picked = null;
  #recording = null;
  #step = null;
  /** What is drawn now; a recording's version, or -1. */
  #drawn = { recording: null, step: null, version: -1, lit: [], current: '' };
  #scroller = document.createElement('div');
  /** A reader who moves the drawing is left alone until the next run. */
  #isFollowed = true;

  /**
   * @param {HTMLElement} root gets the drawing, which scrolls within it, and the legend
   * @param {import('weavegraph-wasm').GraphDefinition} definition as of `app.toJSON()`
   * @param {{ onPick?: (node: string | null) => void, hasLegend?: boolean }} [options] `hasLegend`: default true
   */
  constructor(root, definition, { onPick = () => {}, hasLegend = true } = {}) {
    this.#onPick = onPick;
    const layout = layoutGraph(definition);
    this.#edges = layout.edges;
    this.#edgeElements = layout.edges.map(edgeElement);
    for (const box of layout.nodes) {
      if (box.id === START || box.id === END) this.#terminals.set(box.id, terminalElement(box));
      else this.#nodes.set(box.id, new GraphNode(box, descOf(box, layout.edges)));
    }
    const nodes = [...this.#nodes.values()];
    const drawing = svg(
      'svg',
      { class: 'graph-drawing', viewBox: `0 0 ${layout.width} ${layout.height}`, role: 'group', 'aria-label': `Graph of ${nodes.length} node${nodes.length === 1 ? '' : 's'}` },
      svg('g', { class: 'graph-edges', 'aria-hidden': 'true' }, ...this.#edgeElements),
      ...this.#terminals.values(),
      ...nodes.map((node) => node.element),
    );
    drawing.style.setProperty('--graph-width', `${layout.width}px`);
    drawing.style.setProperty('--graph-height', `${layout.height}px`);
    this.#scroller.className = 'graph-scroll';
    this.#scroller.append(drawing);
    root.replaceChildren(this.#scroller, ...(hasLegend ? [legend(layout.edges)] : []));
    // All is measured before anything is changed.
    const widths = nodes.map((node) => node.nameWidth);
    const beyond = this.#scroller.scrollWidth - this.#scroller.clientWidth;
    nodes.forEach((node, i) => node.fitName(widths[i]));
    if (beyond > 0) this.#scroller.scrollTo({ left: beyond / 2, behavior: 'instant' });
    drawing.addEventListener('click', (event) => this.#toggle(nodeOf(event)));
    drawing.addEventListener('keydown', (event) => this.#press(event));
    for (const type of ['wheel', 'touchmove', 'pointerdown']) this.#scroller.addEventListener(type, () => { this.#isFollowed = false; }, { passive: true });
  }

  /**
   * Takes what `render` shows from now on.
   * @param {import('../recording.js').Recording | null} recording null: no run @param {number | null} [step] as it stood when this one was complete; null: live
   */
  show(recording, step = null) {
    if (recording !== this.#recording) this.#isFollowed = true;
    this.#recording = recording;
    this.#step = step;
  }

  /** Brings the drawing up to date; cheap while nothing changed. */
  render() {
    const [recording, step] = [this.#recording, this.#step];
    const version = recording?.version ?? -1;
    const drawn = this.#drawn;
    if (recording === drawn.recording && step === drawn.step && version === drawn.version) return;
    const states = recording?.nodes(step ?? undefined) ?? new Map();
    const trace = recording === null ? { current: new Set(), lit: [], hasBegun: false, hasEnded: false } : traceOf(recording, step, this.#edges);
    for (const [id, node] of this.#nodes) node.update(wordsOf(states.get(id), recording === null ? 0 : attemptOf(recording, id, states.get(id))), trace.current.has(id));
    this.#edgeElements.forEach((element, i) => {
      const isLit = trace.lit[i] === true;
      if (isLit !== (drawn.lit[i] === true)) element.classList.toggle('is-lit', isLit);
    });
    this.#reach(START, trace.hasBegun);
    this.#reach(END, trace.hasEnded);
    const current = [...trace.current].join();
    this.#drawn = { recording, step, version, lit: trace.lit, current };
    if (current !== drawn.current && this.#isFollowed) this.#reveal([...trace.current].map((id) => this.#nodes.get(id)).filter((node) => node !== undefined));
  }

  /** Scrolls within the card, where the drawing is larger: once per step, after all has been drawn. */
  #reveal([first]) {
    const scroller = this.#scroller;
    if (first === undefined || (scroller.scrollHeight <= scroller.clientHeight && scroller.scrollWidth <= scroller.clientWidth)) return;
    const frame = scroller.getBoundingClientRect();
    const box = first.element.getBoundingClientRect();
    const by = (low, high, from, to) => (low < from + REVEAL ? low - from - REVEAL : high > to - REVEAL ? high - to + REVEAL : 0);
    scroller.scrollBy(by(box.left, box.right, frame.left, frame.right), by(box.top, box.bottom, frame.top, frame.bottom));
  }

  /** Marks a node as picked, or none; tells nobody. @param {string | null} id */
  pick(id) {
    if (this.#picked === id) return;
    const before = this.#nodes.get(this.#picked);
    if (before !== undefined) before.isPicked = false;
    const now = this.#nodes.get(id);
    if (now !== undefined) now.isPicked = true;
    this.#picked = now === undefined ? null : id;
  }

  #toggle(id) {
    const next = id === this.#picked ? null : id;
    if (next === this.#picked) return;
    this.pick(next);
    this.#onPick(next);
  }

  #press(event) {
    const id = nodeOf(event);
    if (id === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') this.#toggle(id);
    else if (DIRECTIONS[event.key] !== undefined) this.#neighbour(id, DIRECTIONS[event.key])?.focus();
    else return;
    event.preventDefault();
  }

  /** Up and down lead to the nearest row, and there to what lies nearest; left and right stay in the row if they can. */
  #neighbour(id, direction) {
    const from = this.#nodes.get(id).centre;
    let best;
    let least = Infinity;
    for (const node of this.#nodes.values()) {
      const [dx, dy] = [node.centre.x - from.x, node.centre.y - from.y];
      const ahead = dx * direction.x + dy * direction.y;
      const aside = Math.abs(dx * direction.y) + Math.abs(dy * direction.x);
      const distance = direction.x === 0 ? ahead * ROW_FIRST + aside : aside * ROW_FIRST + ahead;
      if (ahead <= 0 || distance >= least) continue;
      least = distance;
      best = node;
    }
    return best;
  }

  #reach(id, isReached) {
    const element = this.#terminals.get(id);
    if (element === undefined || element.classList.contains('is-reached') === isReached) return;
    element.classList.toggle('is-reached', isReached);
    element.setAttribute('aria-label', terminalLabel(id, isReached));
  }
}

/** The id of the node that an event is about, or null. */
function nodeOf(event) {
  return event.target.closest('.graph-node')?.dataset.node ?? null;
}

function edgeElement({ kind, path, arrow, bar, label, labelAt }) {
  const parts = [svg('path', { class: 'edge-line', d: path }), svg('path', { class: 'edge-head', d: 'M0 0L-4-7.5L4-7.5Z', transform: `translate(${arrow.x} ${arrow.y}) rotate(${arrow.turn})` })];
  if (bar !== undefined) parts.push(svg('path', { class: 'edge-bar', d: bar }));
  if (label !== undefined) parts.push(svg('text', { class: 'edge-label', x: labelAt.x, y: labelAt.y + 4, 'text-anchor': labelAt.anchor }, label));
  return svg('g', { class: `graph-edge is-${kind}` }, ...parts);
}

function terminalElement({ id, x, y, width, height, label }) {
  return svg(
    'g',
    { class: 'graph-terminal', transform: `translate(${x} ${y})`, role: 'img', 'aria-label': terminalLabel(id, false) },
    svg('rect', { class: 'terminal-box', width, height, rx: height / 2 }),
    svg('text', { class: 'terminal-name', x: width / 2, y: height / 2 + 4, 'text-anchor': 'middle' }, label),
  );
}

function terminalLabel(id, isReached) {
  return id === START ? `Start: ${isReached ? 'the run began' : 'no run yet'}` : `End: ${isReached ? 'reached' : 'not reached'}`;
}

/** What the lines of the drawing say, as a sentence. */
function descOf({ id, description }, edges) {
  const targets = [...new Set(edges.filter((edge) => edge.from === id).map((edge) => (edge.to === END ? 'the end' : edge.to)))];
  return [description, targets.length > 0 ? `leads to ${targets.join(', ')}` : ''].filter((part) => part !== '').join('; ');
}

function legend(edges) {
  const list = document.createElement('ul');
  list.className = 'graph-legend';
  list.setAttribute('aria-label', 'Legend');
  for (const status of LEGEND) {
    const mark = new Mark(status);
    list.append(legendItem(svg('svg', { viewBox: '-8 -8 16 16', 'data-status': status, 'aria-hidden': 'true' }, mark.element), status));
  }
  for (const [kind, words] of Object.entries(EDGE_LEGEND)) {
    if (!edges.some((edge) => edge.kind === kind)) continue;
    list.append(legendItem(svg('svg', { viewBox: '0 -8 24 16', 'aria-hidden': 'true', class: `wide graph-edge is-${kind}` }, svg('path', { class: 'edge-line', d: 'M1 0H23' })), words));
  }
  return list;
}

function legendItem(sample, words) {
  const item = document.createElement('li');
  item.append(sample, words);
  return item;
}
