/**
 * Owns: all that one event holds, in a panel: what it says, its fields, its JSON to copy.
 * Must not know: the list, where the event comes from.
 * Invariant: all of it is text; a panel that is shut holds nothing.
 */

import { button, part, withAttributes } from './dom-parts.js';
import { markOf, secondsOf } from './event-row.js';
import { duration } from './event-text.js';
import { harmless } from './value-text.js';
import { valueTree } from './value-tree.js';

/** How long the button says what became of a copy. */
const SAID_MS = 2000;
const COPY = 'Copy JSON';

export class EventDetails {
  /** The panel, hidden while nothing is shown. */
  element = part('section', 'details');
  #mark = part('i', 'mark');
  #type = part('span', 'type');
  #facts = part('span', 'facts');
  #copy;
  #body = withAttributes(part('div', 'body'), { tabindex: '0', role: 'group', 'aria-label': 'Fields of the event' });
  #joined = withAttributes(part('p', 'joined'), { dir: 'auto' });
  #tree = null;
  #entry = null;
  #version = 0;
  #said = 0;

  /** @param {{ onClose: () => void }} options told after the close button was pressed; the panel does not shut itself */
  constructor({ onClose }) {
    this.#copy = button(COPY, () => this.#copyJson(), 'copy');
    const close = withAttributes(button('×', onClose, 'close'), { 'aria-label': 'Close the details', 'aria-keyshortcuts': 'Escape' });
    const title = part('h3', 'title', this.#mark, this.#type, ' ', this.#facts);
    this.element.append(part('div', 'head', title, this.#copy, close), this.#body);
    this.element.setAttribute('aria-label', 'Details of the event');
    this.element.hidden = true;
  }

  /** @type {import('./event-log.js').EventEntry | null} */
  get entry() {
    return this.#entry;
  }

  /** @param {import('./event-log.js').EventEntry} entry */
  show(entry) {
    if (entry === this.#entry) return;
    const [event] = entry.events;
    this.#entry = entry;
    this.#mark.className = `mark ${markOf(event)}`;
    this.#resetCopy();
    this.#tree = valueTree(fieldsOf(entry.events));
    this.#body.replaceChildren(...(event.type === 'llm.chunk' ? [this.#joined] : []), this.#tree);
    this.#body.scrollTop = 0;
    this.element.hidden = false;
    this.#update();
  }

  hide() {
    this.#entry = this.#tree = null;
    this.element.hidden = true;
    this.#body.replaceChildren();
  }

  /** Chunks may have been added. */
  render() {
    if (this.#entry === null || this.#entry.version === this.#version) return;
    this.#update();
    // What is being looked into stays.
    if (this.#tree.querySelector('details[open]') !== null || this.#tree.contains(document.activeElement)) return;
    const tree = valueTree(fieldsOf(this.#entry.events));
    this.#tree.replaceWith(tree);
    this.#tree = tree;
  }

  #update() {
    const entry = this.#entry;
    const [event] = entry.events;
    const count = entry.events.length;
    this.#version = entry.version;
    this.#type.textContent = entry.type + (count > 1 ? ` ×${count}` : '');
    const facts = [harmless(entry.place), `${secondsOf(entry.clockMs)} s`];
    if (count > 1) facts[1] += `, over ${duration(Math.max(0, entry.events[count - 1].at - event.at))}`;
    this.#facts.textContent = facts.filter((fact) => fact !== '').join(' · ');
    this.#joined.textContent = harmless(entry.joinedText);
  }

  async #copyJson() {
    const { events } = this.#entry;
    try {
      // The package's own exact form: it knows what JSON lacks. The page has loaded it long ago.
      const { toJsonSafe } = await import('../../pkg/entries/web.js');
      await navigator.clipboard.writeText(JSON.stringify(toJsonSafe(events.length > 1 ? events : events[0]), null, 2));
      this.#say('Copied');
    } catch {
      this.#say('Not copied');
    }
  }

  #say(text) {
    clearTimeout(this.#said);
    this.#copy.textContent = text;
    this.#said = setTimeout(() => this.#resetCopy(), SAID_MS);
  }

  #resetCopy() {
    clearTimeout(this.#said);
    this.#copy.textContent = COPY;
  }
}

/** What is the event's own comes first, what every event has last. */
function inOrder({ seq, at, runId, sessionId, branch, transient, ...own }) {
  const common = Object.entries({ seq, at, runId, sessionId, branch, transient }).filter(([, value]) => value !== undefined);
  return { ...own, ...Object.fromEntries(common) };
}

/** Of an event, or of chunks of one stream: what they share, and each of them. */
function fieldsOf(events) {
  if (events.length === 1) return inOrder(events[0]);
  const [{ seq, at, text, offset, ...shared }] = events;
  return inOrder({ chunks: events, ...shared });
}
