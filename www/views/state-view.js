/**
 * Owns: the state after a step, channel by channel, those that changed first; which channels are open, and whether the others are shown.
 * Must not know: the run, how a state was read, how differences are found.
 * Invariant: rows are made once, one for each channel, and keep what was opened from step to step; moving a row never takes the focus from it.
 */

import { ChannelRow } from './channel-row.js';
import { diffState, stateBytes } from './state-diff.js';
import { sizeText } from './state-words.js';
import { part, setHidden, write } from './dom-parts.js';

const NOTHING_YET = 'No state yet. It appears here as the first step ends.';

export class StateView {
  #definition;
  #facts;
  #head = part('div', 'head');
  #where = part('p', 'where');
  #after = part('span', 'after');
  #mode = part('span', 'mode');
  #only = part('button', 'only');
  #list = part('ul', 'channels');
  #note = part('p', 'note');
  /** @type {Map<string, ChannelRow>} */
  #rows = new Map();
  #order = '';
  #shown = null;
  #isStale = true;
  #isOnlyChanged = false;

  /**
   * @param {HTMLElement} root has a size of its own; what is in it scrolls
   * @param {{ channels: Record<string, { kind: string, options?: Record<string, unknown> }> }} definition `app.toJSON()`
   * @param {HTMLElement} facts a span for `step 5 · 12.4 KB · 3 of 10 channels changed`
   */
  constructor(root, definition, facts) {
    this.#definition = definition;
    this.#facts = facts;
    this.#only.type = 'button';
    this.#only.textContent = 'Only what changed';
    this.#only.setAttribute('aria-pressed', 'false');
    this.#only.addEventListener('click', () => {
      this.#isOnlyChanged = !this.#isOnlyChanged;
      this.#only.setAttribute('aria-pressed', String(this.#isOnlyChanged));
      this.#hideRows();
    });
    this.#where.append(this.#after, ' ', this.#mode);
    this.#head.append(this.#where, this.#only);
    this.#list.setAttribute('aria-label', 'Channels');
    for (const [name, channel] of Object.entries(definition.channels)) this.#rows.set(name, new ChannelRow(name, channel));
    this.#list.append(...Array.from(this.#rows.values(), (row) => row.item));
    root.replaceChildren(this.#head, this.#list, this.#note);
    this.render();
  }

  /**
   * What is shown, from the next frame on.
   * @param {object} shown
   * @param {number | null} shown.step null: none yet; 0: the input
   * @param {Readonly<Record<string, unknown>> | null} shown.state as the step left it; null where there is none
   * @param {Readonly<Record<string, unknown>> | null} [shown.before] as the step found it; null (default) where that is not known
   * @param {readonly string[]} [shown.updatedChannels] who was written; by default the two states are compared
   * @param {readonly string[]} [shown.nodes] which nodes ran, one for each task
   * @param {boolean} [shown.isLive] default true: the newest step, which changes as the run goes on
   */
  show({ step, state, before = null, updatedChannels, nodes = [], isLive = true }) {
    const next = { step, state, before, updatedChannels, nodes, isLive };
    const shown = this.#shown;
    if (shown !== null && Object.keys(next).every((key) => next[key] === shown[key] || (Array.isArray(next[key]) && String(next[key]) === String(shown[key])))) return;
    this.#shown = next;
    this.#isStale = true;
  }

  /** At most once per frame; does nothing where nothing else is to be shown. */
  render() {
    if (!this.#isStale) return;
    this.#isStale = false;
    const { step = null, state = null, before, updatedChannels, nodes, isLive } = this.#shown ?? {};
    const hasState = step !== null && state !== null;
    setHidden(this.#list, !hasState);
    setHidden(this.#only, !hasState);
    setHidden(this.#head, step === null);
    if (step !== null) {
      write(this.#after, step === 0 ? 'The input' : `After ${namesOf(nodes) || `step ${step}`}`);
      write(this.#mode, isLive ? 'live' : 'looking back');
      this.#mode.classList.toggle('is-live', isLive);
    }
    if (!hasState) {
      write(this.#note, step === null ? NOTHING_YET : `The store has no state of step ${step}.`);
      setHidden(this.#note, false);
      write(this.#facts, step === null ? '' : `step ${step}`);
      return;
    }
    const channels = diffState(this.#definition, before, state, updatedChannels);
    for (const channel of channels) this.#rows.get(channel.name).show(channel);
    this.#sort(channels);
    this.#hideRows();
    const changed = channels.filter(({ isChanged }) => isChanged).length;
    this.#showFacts(step, stateBytes(channels), changed, channels.length);
  }

  #showFacts(step, bytes, changed, total) {
    const facts = `step ${step} · ${sizeText(bytes)} · ${changed} of ${total} channels changed`;
    if (this.#facts.textContent === facts) return;
    // Where there is little room the word is left out, so that the heading stays one line.
    const word = part('span', 'state-word');
    word.textContent = 'channels ';
    this.#facts.replaceChildren(`step ${step} · ${sizeText(bytes)} · ${changed} of ${total} `, word, 'changed');
  }

  /** Those that changed first, each group in the order of the definition. */
  #sort(channels) {
    const sorted = [...channels.filter(({ isChanged }) => isChanged), ...channels.filter(({ isChanged }) => !isChanged)].map(({ name }) => this.#rows.get(name));
    const order = sorted.map((row) => row.name).join();
    if (order === this.#order) return;
    this.#order = order;
    // A node that is moved loses the focus, so the others are moved around it.
    const still = sorted.findIndex((row) => row.hasFocus);
    if (still === -1) return this.#list.append(...sorted.map(({ item }) => item));
    sorted[still].item.before(...sorted.slice(0, still).map(({ item }) => item));
    sorted[still].item.after(...sorted.slice(still + 1).map(({ item }) => item));
  }

  #hideRows() {
    let shown = 0;
    for (const row of this.#rows.values()) {
      // What has the focus stays until the focus has gone on.
      setHidden(row.item, this.#isOnlyChanged && !row.isChanged && !row.hasFocus);
      if (!row.item.hidden) shown += 1;
    }
    setHidden(this.#note, shown > 0);
    if (shown === 0) write(this.#note, 'This step changed nothing.');
  }
}

/** `rankSection ×10, other` */
function namesOf(nodes) {
  const times = new Map();
  for (const node of nodes) times.set(node, (times.get(node) ?? 0) + 1);
  return Array.from(times, ([node, count]) => (count > 1 ? `${node} ×${count}` : node)).join(', ');
}
