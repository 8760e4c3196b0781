/**
 * Owns: one node of the drawn graph: its box, name, words, bar, and what it is called for a screen reader.
 * Must not know: the recording, other nodes, what a click means.
 * Invariant: built once; an update touches only what changed; names and errors reach the document as text only.
 */

import { Mark, svg } from './graph-marks.js';

/** Where the text begins, and how wide a name may be. */
const TEXT_X = 28;
const TEXT_END = 8;
const RADIUS = 9;

export class GraphNode {
  #box;
  #mark = new Mark('idle', { transform: 'translate(15 20)' });
  #name;
  #facts = svg('text', { class: 'node-facts', x: TEXT_X, y: 31 });
  #runs;
  #track;
  #bar;
  #title;
  #button;
  #shown = { status: '', facts: '', runs: '', bar: null, said: '', isCurrent: false };

  /** @param {import('./graph-layout.js').NodeBox} box @param {string} desc what it does and where it leads, as a sentence */
  constructor(box, desc) {
    const { id, x, y, width, height, label } = box;
    this.id = id;
    this.#box = box;
    this.#name = svg('text', { class: 'node-name', x: TEXT_X, y: 17 }, label);
    this.#runs = svg('text', { class: 'node-runs', x: width - TEXT_END, y: 31, 'text-anchor': 'end' });
    this.#track = svg('rect', { class: 'node-track', x: 8, y: height - 5, width: width - 16, height: 2.5, rx: 1.25 });
    this.#bar = svg('rect', { class: 'node-bar', x: 8, y: height - 5, width: 0, height: 2.5, rx: 1.25 });
    this.#title = svg('title');
    const frame = (name, by) => svg('rect', { class: name, x: -by, y: -by, width: width + 2 * by, height: height + 2 * by, rx: RADIUS + by });
    this.#button = svg('g', { class: 'node-button', role: 'button', tabindex: 0, 'aria-pressed': 'false' }, this.#title, svg('desc', {}, desc), frame('node-halo', 4), frame('node-box', 0), frame('node-ring', 3));
    // What is seen stands beside the button: its name says the same in a sentence, and says it once.
    const words = svg('g', { class: 'node-words', 'aria-hidden': 'true' }, this.#mark.element, this.#name, this.#facts, this.#runs, this.#track, this.#bar);
    this.element = svg('g', { class: 'graph-node', transform: `translate(${x} ${y})`, 'data-node': id }, this.#button, words);
    this.update({ status: 'idle', facts: '', runs: '', bar: null, said: 'not run yet' }, false);
  }

  /** The middle, in the drawing's units. */
  get centre() {
    const { x, y, width, height } = this.#box;
    return { x: x + width / 2, y: y + height / 2 };
  }

  /** @param {import('./graph-words.js').NodeWords} words @param {boolean} isCurrent it belongs to the step that is shown */
  update(words, isCurrent) {
    const { status, facts, runs, bar, said } = words;
    const shown = this.#shown;
    const { element } = this;
    if (status !== shown.status) {
      element.dataset.status = status;
      this.#mark.status = status;
    }
    if (isCurrent !== shown.isCurrent) element.classList.toggle('is-current', isCurrent);
    if (facts !== shown.facts) this.#facts.textContent = facts;
    if (runs !== shown.runs) this.#runs.textContent = runs;
    if (said !== shown.said) {
      this.#button.setAttribute('aria-label', `${this.id}: ${said}`);
      this.#title.textContent = `${this.id}${this.#box.description === '' ? '' : `\n${this.#box.description}`}\n${said}`;
    }
    if (bar !== shown.bar) {
      element.classList.toggle('has-bar', bar !== null);
      this.#bar.setAttribute('width', String(Math.round((bar ?? 0) * (this.#box.width - 16) * 10) / 10));
    }
    this.#shown = { status, facts, runs, bar, said, isCurrent };
  }

  set isPicked(isPicked) {
    this.#button.setAttribute('aria-pressed', String(isPicked));
  }

  focus() {
    this.#button.focus();
  }

  /** In pixels of the drawing, as the font of this machine has it; 0 while it is not shown. */
  get nameWidth() {
    return this.#name.getComputedTextLength();
  }

  /** Makes a name that is too wide for its box as wide as that. */
  fitName(width) {
    const room = this.#box.width - TEXT_X - TEXT_END;
    if (width <= room) return;
    this.#name.setAttribute('textLength', String(room));
    this.#name.setAttribute('lengthAdjust', 'spacingAndGlyphs');
  }
}
