/**
 * Owns: the list of events on the page: its rows, their number, whether it follows the newest.
 * Must not know: the run, the other views.
 * Invariant: at most `MAX_ROWS` rows are in the document or waiting for it; text reaches the document as text only.
 */

import { placeOf, textOf } from './event-text.js';

export const MAX_ROWS = 300;
/** Nearer to the end than this, in pixels, a reader follows. */
const FOLLOW_PX = 48;

export class EventList {
  #list;
  #count;
  #waiting = [];
  #newest = null;
  #total = 0;
  #startedAt = 0;

  /** @param {HTMLOListElement} list scrolls by itself @param {HTMLElement} count */
  constructor(list, count) {
    this.#list = list;
    this.#count = count;
  }

  clear() {
    this.#list.replaceChildren();
    this.#waiting = [];
    this.#newest = null;
    this.#total = 0;
    this.#count.textContent = 'none yet';
  }

  /** Takes an event; `render` shows it. Chunks of one text that follow each other share a row. */
  add(event) {
    if (this.#total === 0) this.#startedAt = event.at;
    this.#total += 1;
    const newest = this.#newest;
    if (event.type === 'llm.chunk' && newest?.streamId === event.streamId) {
      newest.text = `${newest.text}${event.text}`.replace(/\s+/gu, ' ').slice(-90);
      newest.chunks += 1;
      newest.isChanged = true;
      return;
    }
    this.#newest = { at: event.at - this.#startedAt, type: event.type, place: placeOf(event), text: textOf(event), streamId: event.streamId, chunks: 1, row: null, isChanged: false };
    this.#waiting.push(this.#newest);
    if (this.#waiting.length > MAX_ROWS) this.#waiting.shift();
  }

  render() {
    const list = this.#list;
    const isFollowed = list.scrollHeight - list.scrollTop - list.clientHeight < FOLLOW_PX;
    const newest = this.#newest;
    if (newest?.row && newest.isChanged) fill(newest.row, newest);
    if (this.#waiting.length > 0) {
      list.append(...this.#waiting.map((entry) => fill(entry.row = row(), entry)));
      this.#waiting = [];
      while (list.childElementCount > MAX_ROWS) list.firstElementChild.remove();
    }
    const shown = list.childElementCount;
    this.#count.textContent = `${this.#total.toLocaleString('en-US')}${shown === MAX_ROWS ? `, the newest ${MAX_ROWS} rows shown` : ''}`;
    if (isFollowed) list.scrollTop = list.scrollHeight;
  }
}

function row() {
  const item = document.createElement('li');
  for (const name of ['at', 'type', 'place', 'text']) {
    const part = document.createElement('span');
    part.className = name;
    item.append(part);
  }
  return item;
}

function fill(item, entry) {
  const [at, type, place, text] = item.children;
  at.textContent = `${(entry.at / 1000).toFixed(2)}`;
  type.textContent = entry.chunks > 1 ? `${entry.type} ×${entry.chunks}` : entry.type;
  place.textContent = entry.place;
  text.textContent = entry.text;
  item.dataset.type = entry.type;
  entry.isChanged = false;
  return item;
}
