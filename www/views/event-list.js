/**
 * Owns: the list of events on the page: its tools, its rows, what it says while it has none, the details of the chosen event.
 * Must not know: the run, the other views.
 * Invariant: `add` takes the same time however many events there are; the document changes in `render` and on what the reader does.
 */

import { button, part, withAttributes } from './dom-parts.js';
import { EventDetails } from './event-details.js';
import { EventFilter, PRESETS } from './event-filter.js';
import { EventLog } from './event-log.js';
import { EventRows } from './event-rows.js';
import { WordMarks } from './word-marks.js';
import { grouped, harmless } from './value-text.js';

/** After this long without another letter a screen reader is told how many events were found. */
const TOLD_AFTER_MS = 500;

let lists = 0;

export class EventList {
  #count;
  #told;
  #log = new EventLog();
  #rows;
  #details;
  #marks = new WordMarks();
  #preset = withAttributes(part('select', 'preset', ...PRESETS.map(({ id, label }) => new Option(label, id))), { 'aria-label': 'Kinds of events' });
  #search = withAttributes(part('input', 'search'), { type: 'search', placeholder: 'Search', 'aria-label': 'Search events', autocomplete: 'off', spellcheck: 'false' });
  #follow = withAttributes(part('input'), { type: 'checkbox' });
  #chip = part('span', 'chip');
  #anyNode = part('span', 'any', 'All nodes');
  #nodeName = part('bdi', 'name');
  #none = part('p', 'none');
  #showAll = button('Show all events', () => this.#showEverything());
  #said = withAttributes(part('p', 'unseen'), { role: 'status' });
  #node = null;
  #isFilterNew = false;
  #version = -1;
  #frame = 0;
  #sayTimer = 0;

  /**
   * @param {HTMLElement} root has its size from the style sheet, whatever is in it
   * @param {HTMLElement} count says how many events there are
   * @param {{ onPick?: (event: import('weavegraph-wasm').WeaveEvent | null) => void, onNodeClear?: () => void }} [options]
   *   `onPick`: an event was chosen (the first of a row of chunks), or none any more; `onNodeClear`: the reader took the filter by node back
   */
  constructor(root, count, { onPick = () => {}, onNodeClear = () => {} } = {}) {
    const hintId = `events-hint-${(lists += 1)}`;
    this.#count = count;
    this.#told = { onPick, onNodeClear };
    this.#rows = new EventRows(this.#log, {
      label: 'Events', hintId,
      onChoose: (entry) => this.#choose(entry),
      onFollow: (isFollowed) => { this.#follow.checked = isFollowed; },
      onChange: () => this.#ask(),
      onRows: (rows) => this.#marks.show(rows, this.#log.filter.words),
    });
    this.#details = new EventDetails({ onClose: () => this.#close() });
    const hint = part('p', 'unseen', 'The first column is the time in seconds. Enter shows what an event holds, Escape closes that.');
    hint.id = hintId;
    const clearNode = withAttributes(button('×', () => this.#clearNode()), { 'aria-label': 'Show all nodes' });
    this.#chip.append(this.#nodeName, clearNode);
    this.#chip.hidden = true;
    this.#follow.checked = true;
    root.append(
      withAttributes(part('div', 'tools', this.#preset, this.#search, part('span', 'nodes', this.#anyNode, this.#chip), part('label', 'follow', this.#follow, 'Follow the newest')), { role: 'group', 'aria-label': 'What the list shows' }),
      part('div', 'window', this.#rows.probe, this.#rows.element, part('div', 'nothing', this.#none, this.#showAll)),
      this.#details.element, hint, this.#said,
    );
    this.#preset.addEventListener('change', () => this.#changeFilter());
    this.#search.addEventListener('input', () => this.#changeFilter());
    this.#follow.addEventListener('change', () => { this.#rows.isFollowed = this.#follow.checked; });
    root.addEventListener('keydown', (event) => this.#pressed(event));
    this.render();
  }

  /** Forgets all events; what the reader chose to see stays. */
  clear() {
    if (this.#details.entry !== null) this.#close();
    this.#log.clear();
    this.#rows.clear();
  }

  /**
   * Takes the next event; `render` shows it. Chunks of one stream that follow each other share a row.
   * @param {import('weavegraph-wasm').WeaveEvent} event @param {number} clockMs its time on the session's clock
   */
  add(event, clockMs) {
    this.#log.add(event, clockMs);
  }

  /** Shows what has changed; does next to nothing where that is nothing. */
  render() {
    if (this.#isFilterNew) this.#applyFilter();
    if (this.#log.version !== this.#version) {
      this.#log.update();
      this.#version = this.#log.version;
      this.#showCount();
    }
    this.#rows.render();
    this.#details.render();
  }

  /** Only events of this node are shown; null for all. @param {string | null} node */
  set node(node) {
    if (node === this.#node) return;
    this.#node = node;
    this.#chip.hidden = node === null;
    this.#anyNode.hidden = node !== null;
    this.#nodeName.textContent = node === null ? '' : harmless(node);
    this.#changeFilter();
  }

  get node() {
    return this.#node;
  }

  #changeFilter() {
    this.#isFilterNew = true;
    this.#ask();
    clearTimeout(this.#sayTimer);
    this.#sayTimer = setTimeout(() => { this.#said.textContent = `${this.#count.textContent} events`; }, TOLD_AFTER_MS);
  }

  #applyFilter() {
    this.#isFilterNew = false;
    this.#rows.keepPlace(() => {
      this.#log.filter = new EventFilter({ preset: this.#preset.value, node: this.#node, query: this.#search.value });
      this.#log.update();
    });
  }

  /** `312 of 1,204`; with the oldest gone, how many are kept. */
  #showCount() {
    const { total, kept, shown, shownEvents, filter } = this.#log;
    const all = total > kept ? `${grouped(total)}, the newest ${grouped(kept)} kept` : grouped(total);
    this.#count.textContent = total === 0 ? 'none yet' : filter.isOpen ? all : `${grouped(shownEvents)} of ${all}`;
    const isNone = shown.length === 0;
    this.#none.textContent = !isNone ? '' : total === 0 ? 'What a run tells appears here.' : 'No event is of this kind.';
    if (isNone && filter.words.length > 0 && total > 0) this.#none.textContent = 'No event has these words.';
    this.#none.parentElement.hidden = !isNone;
    this.#showAll.hidden = total === 0;
  }

  #showEverything() {
    this.#preset.value = 'all';
    this.#search.value = '';
    if (this.#node !== null) this.#clearNode();
    this.#changeFilter();
    // The button goes.
    this.#search.focus();
  }

  #clearNode() {
    this.node = null;
    this.#told.onNodeClear();
    // So does the chip.
    this.#search.focus();
  }

  #choose(entry) {
    this.#details.show(entry);
    this.#told.onPick(entry.events[0]);
  }

  #close() {
    const hadFocus = this.#details.element.contains(document.activeElement);
    this.#details.hide();
    this.#rows.chosenId = null;
    if (hadFocus) this.#rows.element.focus();
    this.#told.onPick(null);
  }

  /** The page has a use of its own for Escape, so what is used up here stays here. */
  #pressed(event) {
    if (event.key !== 'Escape') return;
    if (event.target === this.#search && this.#search.value !== '') {
      this.#search.value = '';
      this.#changeFilter();
    } else if (this.#details.entry !== null) {
      this.#close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The reader changed something: it is shown in the next frame, whether events come or not. */
  #ask() {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.render();
    });
  }
}
