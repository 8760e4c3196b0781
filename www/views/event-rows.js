/**
 * Owns: the rows that can be seen, out of any number: which they are, how far it is scrolled, the active and the chosen row, whether the newest is followed.
 * Must not know: filters, what a row says, what is done with a chosen one.
 * Invariant: rows in the document are those in view and a margin, in order, and the active one; what is read does not move when events come;
 *   the list itself has the focus, never a row.
 */

import { part, withAttributes } from './dom-parts.js';
import { EventRow } from './event-row.js';
import { RowWindow } from './row-window.js';

/** Rows above and below what is in view: a quick scroll finds them there. */
const MARGIN_ROWS = 10;
/** Nearer to the end than this is at the end. */
const NEAR_PX = 4;
/** Browsers round a scroll position. */
const ROUNDING_PX = 1;

let lists = 0;

export class EventRows {
  /** Scrolls; `role="listbox"`. */
  element;
  #log;
  #told;
  #space = part('div', 'space');
  #idPrefix = `events-${(lists += 1)}-`;
  #probe = new EventRow('').element;
  #window = new RowWindow(this.#space, this.#idPrefix);
  #topPx = 0;
  #heightPx = 0;
  #rowPx = 0;
  #spacePx = 0;
  #gone = 0;
  #version = -1;
  #isDirty = true;
  #areWordsNew = false;
  #isFollowed = true;
  #activeId = null;
  #chosenId = null;
  #pressedId = null;
  /** To be in view, and where to scroll to, at the next `render`. */
  #revealId = null;
  #wantedPx = null;
  #activeElementId = null;

  /**
   * @param {import('./event-log.js').EventLog} log
   * @param {{ label: string, hintId: string, onChoose: (entry: import('./event-log.js').EventEntry) => void, onFollow: (isFollowed: boolean) => void, onChange: () => void, onRows?: (rows: Iterable<EventRow>) => void }} options
   *   `onChange`: `render` is wanted in the next frame; `onRows`: other rows, or other texts in them
   */
  constructor(log, { label, hintId, ...told }) {
    this.#log = log;
    this.#told = told;
    this.element = withAttributes(part('div', 'rows', this.#space), { role: 'listbox', tabindex: '0', 'aria-label': label, 'aria-describedby': hintId });
    this.#space.setAttribute('role', 'presentation');
    // It has the size of a row, whatever the style and the reader's font make of that.
    this.#probe.className = 'event probe';
    this.#probe.removeAttribute('role');
    this.#probe.setAttribute('aria-hidden', 'true');
    this.#listen();
  }

  /** To be put beside `element`. */
  get probe() {
    return this.#probe;
  }

  get isFollowed() {
    return this.#isFollowed;
  }

  set isFollowed(isFollowed) {
    if (isFollowed === this.#isFollowed) return;
    this.#isFollowed = isFollowed;
    this.#change();
    this.#told.onFollow(isFollowed);
  }

  /** The entry whose row stays in view while the room changes; null for none. @param {number | null} id */
  set chosenId(id) {
    this.#chosenId = id;
    if (id !== null) this.#activeId = this.#revealId = id;
    this.#change();
  }

  get hasChosen() {
    return this.#chosenId !== null;
  }

  /** What is read stays where it is while `change` makes other rows of the list. @param {() => void} change */
  keepPlace(change) {
    const { shown } = this.#log;
    const activeIndex = this.#indexOfActive();
    const isActiveSeen = activeIndex !== -1 && activeIndex * this.#rowPx >= this.#topPx && (activeIndex + 1) * this.#rowPx <= this.#topPx + this.#heightPx;
    const index = isActiveSeen ? activeIndex : Math.min(Math.floor(this.#topPx / (this.#rowPx || 1)), shown.length - 1);
    const anchor = shown.at(index);
    const belowPx = index * this.#rowPx - this.#topPx;
    change();
    this.#areWordsNew = true;
    this.#gone = this.#log.gone;
    if (anchor !== undefined && !this.#isFollowed) this.#wantedPx = this.#log.indexOf(anchor.id) * this.#rowPx - belowPx;
    this.#change();
  }

  /** Nothing is active, chosen or scrolled any more. */
  clear() {
    this.#activeId = this.#chosenId = this.#revealId = this.#wantedPx = null;
    this.#gone = this.#log.gone;
    this.isFollowed = true;
    this.#change();
  }

  /** Shows what changed since the last time. The log has been updated. */
  render() {
    if (!this.#isDirty && this.#log.version === this.#version) return;
    this.#isDirty = false;
    this.#version = this.#log.version;
    const count = this.#log.shown.length;
    const topPx = this.#place(count);
    this.#fill(count, topPx);
    if (count * this.#rowPx !== this.#spacePx) {
      this.#spacePx = count * this.#rowPx;
      this.#space.style.height = `${this.#spacePx}px`;
    }
    // Last: it makes the browser lay out what was written.
    if (topPx !== this.#topPx) this.element.scrollTop = this.#topPx = topPx;
  }

  /** How far it shall be scrolled. */
  #place(count) {
    const maxPx = Math.max(0, count * this.#rowPx - this.#heightPx);
    let topPx = this.#wantedPx ?? this.#topPx - (this.#log.gone - this.#gone) * this.#rowPx;
    this.#wantedPx = null;
    this.#gone = this.#log.gone;
    if (this.#isFollowed) topPx = maxPx;
    const revealed = this.#revealId === null ? -1 : this.#indexOf(this.#revealId);
    if (revealed !== -1) topPx = Math.max(Math.min(topPx, revealed * this.#rowPx), (revealed + 1) * this.#rowPx - this.#heightPx);
    this.#revealId = null;
    return Math.min(maxPx, Math.max(0, topPx));
  }

  #fill(count, topPx) {
    const rowPx = this.#rowPx || 1;
    const first = Math.max(0, Math.min(count, Math.floor(topPx / rowPx)) - MARGIN_ROWS);
    const end = Math.min(count, Math.ceil((topPx + this.#heightPx) / rowPx) + MARGIN_ROWS);
    const activeIndex = this.#indexOfActive();
    const indexes = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
    if (activeIndex !== -1 && activeIndex < first) indexes.unshift(activeIndex);
    else if (activeIndex >= end) indexes.push(activeIndex);

    const isChanged = this.#window.show(indexes, this.#log.shown, { rowPx: this.#rowPx, activeId: this.#activeId, chosenId: this.#chosenId });
    this.#setActiveDescendant(activeIndex === -1 ? null : `${this.#idPrefix}${this.#activeId}`);
    if (isChanged || this.#areWordsNew) this.#told.onRows?.(this.#window.rows);
    this.#areWordsNew = false;
  }

  #setActiveDescendant(id) {
    if (id === this.#activeElementId) return;
    this.#activeElementId = id;
    if (id === null) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', id);
  }

  #indexOf(id) {
    const index = this.#log.indexOf(id);
    return this.#log.shown.at(index)?.id === id ? index : -1;
  }

  #indexOfActive() {
    return this.#activeId === null ? -1 : this.#indexOf(this.#activeId);
  }

  #change() {
    this.#isDirty = true;
    this.#told.onChange();
  }

  #listen() {
    const list = this.element;
    list.addEventListener('scroll', () => this.#scrolled(list.scrollTop), { passive: true });
    // Told before the scrolling is, and while following that would be too late.
    list.addEventListener('wheel', ({ deltaY }) => {
      if (deltaY < 0 && this.#topPx > 0) this.isFollowed = false;
    }, { passive: true });
    list.addEventListener('pointerdown', ({ target }) => {
      // The row may show another event when the button is let go.
      this.#pressedId = this.#window.entryAt(target)?.id ?? null;
      this.isFollowed = false;
    });
    list.addEventListener('click', () => {
      const entry = this.#pressedId === null ? undefined : this.#log.shown.at(this.#indexOf(this.#pressedId));
      if (entry !== undefined) this.#choose(entry);
    });
    list.addEventListener('focus', () => {
      if (this.#indexOfActive() === -1 && list.matches(':focus-visible')) this.#activate(this.#isFollowed ? this.#log.shown.length - 1 : Math.ceil(this.#topPx / (this.#rowPx || 1)), this.#isFollowed);
    });
    list.addEventListener('keydown', (event) => this.#pressed(event));
    const observer = new ResizeObserver((entries) => {
      for (const { target, contentBoxSize, borderBoxSize } of entries) {
        if (target === list) this.#heightPx = contentBoxSize[0].blockSize;
        else this.#setRowPx(borderBoxSize[0].blockSize);
      }
      if (this.#chosenId !== null) this.#revealId = this.#chosenId;
      this.#isDirty = true;
      // Now, not in the next frame: this one has not been painted.
      this.render();
    });
    observer.observe(list);
    observer.observe(this.#probe);
  }

  #setRowPx(rowPx) {
    if (this.#rowPx > 0) this.#wantedPx = (this.#topPx / this.#rowPx) * rowPx;
    this.#rowPx = rowPx;
  }

  #scrolled(topPx) {
    const movedPx = topPx - this.#topPx;
    if (Math.abs(movedPx) < ROUNDING_PX) return;
    this.#topPx = topPx;
    // A list that grew is moved by the browser, to its end again: that is no reader's doing.
    const { scrollHeight, clientHeight } = this.element;
    this.isFollowed = topPx >= scrollHeight - clientHeight - NEAR_PX && (movedPx > 0 || this.isFollowed);
    this.#change();
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const last = this.#log.shown.length - 1;
    const page = Math.max(1, Math.floor(this.#heightPx / (this.#rowPx || 1)) - 1);
    const found = this.#indexOfActive();
    // The active one may be hidden by a filter: its place is where it would be.
    const active = found === -1 && this.#activeId !== null ? this.#log.indexOf(this.#activeId) - 0.5 : found;
    const targets = { ArrowDown: Math.floor(active + 1), ArrowUp: Math.ceil(active - 1), PageDown: Math.floor(active + page), PageUp: Math.ceil(active - page), Home: 0, End: last };
    if (event.key in targets) this.#activate(targets[event.key], event.key === 'End' || event.key === 'PageDown' || event.key === 'ArrowDown');
    else if ((event.key === 'Enter' || event.key === ' ') && found !== -1) this.#choose(this.#log.shown.at(found));
    else return;
    event.preventDefault();
  }

  #activate(index, isDownwards = false) {
    const last = this.#log.shown.length - 1;
    const entry = this.#log.shown.at(Math.min(last, Math.max(0, index)));
    if (entry === undefined) return;
    if (this.hasChosen) return this.#choose(entry);
    this.isFollowed = isDownwards && index >= last;
    this.#activeId = this.#revealId = entry.id;
    this.#change();
  }

  #choose(entry) {
    this.isFollowed = false;
    this.chosenId = entry.id;
    this.#told.onChoose(entry);
  }
}
