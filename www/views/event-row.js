/**
 * Owns: one row of the event list: its parts, and the mark of an event.
 * Must not know: where it stands, which other rows there are.
 * Invariant: what is shown already is not written again; a row can show any entry after any other.
 */

import { part } from './dom-parts.js';
import { harmless } from './value-text.js';

/** Shape and tone of a mark: what it means is said by the type beside it. */
const MARKS = {
  'run.started': 'square open', 'run.completed': 'square good', 'run.failed': 'cross bad', 'run.cancelled': 'square held', 'run.interrupted': 'square held',
  'step.started': 'diamond open', 'step.completed': 'diamond good',
  'node.started': 'disc open', 'node.completed': 'disc good', 'node.skipped': 'dash plain', 'node.failed': 'cross bad', 'node.retrying': 'half held',
  'llm.chunk': 'lines busy', 'llm.final': 'lines good', 'llm.error': 'cross bad',
  'tool.call': 'triangle open', 'tool.result': 'triangle good',
  'stream.gap': 'dash held', 'stream.reset': 'dash held', milestone: 'triangle busy', diagnostic: 'dot held',
};
const OTHER_MARK = 'dot plain';

/** `shape tone`. @param {import('weavegraph-wasm').WeaveEvent} event @returns {string} */
export function markOf(event) {
  return event.type === 'tool.result' && event.isError ? 'cross bad' : MARKS[event.type] ?? OTHER_MARK;
}

/** Milliseconds of the clock as seconds: `12.34`. @param {number} clockMs */
export function secondsOf(clockMs) {
  return (clockMs / 1000).toFixed(2);
}

export class EventRow {
  /** `role="option"` */
  element;
  /** @type {import('./event-log.js').EventEntry | null} */
  entry = null;
  #version = 0;
  #idPrefix;
  #at = text();
  #mark = part('i', 'mark');
  #type = text();
  #times = text();
  #place = text();
  #line = text();
  #shown = new Map();

  /** @param {string} idPrefix of the element's id; the entry's follows */
  constructor(idPrefix) {
    this.#idPrefix = idPrefix;
    const type = part('span', 'type', this.#type, part('span', 'times', this.#times));
    const what = part('span', 'what', part('span', 'place', this.#place), ' ', part('span', 'text', this.#line));
    this.element = part('div', 'event', part('span', 'at', this.#at), this.#mark, type, what);
    this.element.setAttribute('role', 'option');
  }

  /** Where nodes of its text are, for who wants to mark words in them. */
  get texts() {
    return [this.#type, this.#place, this.#line];
  }

  /**
   * @param {import('./event-log.js').EventEntry} entry @param {number} index from 0 @param {number} count of all rows
   * @param {number} topPx where it stands @param {boolean} isActive @param {boolean} isChosen
   * @returns {boolean} its text changed
   */
  show(entry, index, count, topPx, isActive, isChosen) {
    const isOther = entry !== this.entry;
    const isChanged = isOther || entry.version !== this.#version;
    if (isOther) this.#fill(entry);
    if (isChanged) this.#grow(entry);
    this.#set('aria-posinset', index + 1);
    this.#set('aria-setsize', count);
    this.#set('aria-selected', isChosen);
    if (this.#isNew('active', isActive)) this.element.classList.toggle('is-active', isActive);
    if (this.#isNew('top', topPx)) this.element.style.transform = `translateY(${topPx}px)`;
    return isChanged;
  }

  #fill(entry) {
    const [event] = entry.events;
    this.entry = entry;
    this.element.id = `${this.#idPrefix}${entry.id}`;
    this.#write(this.#at, secondsOf(entry.clockMs));
    this.#write(this.#type, entry.type);
    this.#write(this.#place, harmless(entry.place));
    const mark = markOf(event);
    if (this.#isNew('mark', mark)) this.#mark.className = `mark ${mark}`;
  }

  #grow(entry) {
    this.#version = entry.version;
    this.#write(this.#times, entry.events.length > 1 ? ` ×${entry.events.length}` : '');
    this.#write(this.#line, harmless(entry.line));
    if (this.#isNew('short', entry.line === '')) this.element.classList.toggle('is-short', entry.line === '');
  }

  #write(node, value) {
    if (node.data !== value) node.data = value;
  }

  #set(name, value) {
    if (this.#isNew(name, value)) this.element.setAttribute(name, String(value));
  }

  #isNew(name, value) {
    if (this.#shown.get(name) === value) return false;
    this.#shown.set(name, value);
    return true;
  }
}

function text() {
  return document.createTextNode('');
}
