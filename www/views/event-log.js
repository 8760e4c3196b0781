/**
 * Owns: the events that are kept, as entries (chunks of one stream that follow each other share one), and those of them that a filter lets pass.
 * Must not know: the document.
 * Invariant: `add` does not look at what is kept; `shown` is in the order of the run and complete after `update`; at most `MAX_EVENTS` are kept.
 */

import { EventFilter } from './event-filter.js';
import { lineOf, placeOf, wholeTextOf } from './event-text.js';
import { Queue } from './queue.js';

export const MAX_EVENTS = 20_000;
/** So that an entry can go as a whole, and its text can be searched again while it grows. */
const MAX_CHUNKS = 500;
/** More than a line holds, even where much of it is white. */
const LINE_SOURCE_CHARS = 600;
/** A line of this length has been cut. */
const FULL_LINE_CHARS = 199;

/** One row's worth: an event, or chunks. */
export class EventEntry {
  /** Rises by one from entry to entry. */
  id;
  clockMs;
  /** @type {import('weavegraph-wasm').WeaveEvent[]} */
  events;
  /** Rises when a chunk is added. */
  version = 1;
  isShown = false;
  #line = null;
  #searchText = null;

  constructor(id, event, clockMs) {
    this.id = id;
    this.clockMs = clockMs;
    this.events = [event];
  }

  get type() {
    return this.events[0].type;
  }

  get node() {
    return this.events[0].node;
  }

  /** `node`, `node#task` or ''. */
  get place() {
    return placeOf(this.events[0]);
  }

  /** One short line. */
  get line() {
    return (this.#line ??= lineOf(this.#wholeText(LINE_SOURCE_CHARS)));
  }

  /** All that a search looks at, in lower case. */
  get searchText() {
    return (this.#searchText ??= [this.type, this.place, this.#wholeText(), ...hiddenTexts(this.events[0])].join(' ').toLowerCase());
  }

  /** What the chunks add up to; '' for any other event. */
  get joinedText() {
    return this.type === 'llm.chunk' ? this.#wholeText() : '';
  }

  takes(event) {
    const [first] = this.events;
    return event.type === 'llm.chunk' && first.type === 'llm.chunk' && event.streamId === first.streamId && event.kind === first.kind && this.events.length < MAX_CHUNKS;
  }

  append(chunk) {
    this.events.push(chunk);
    this.version += 1;
    this.#searchText = null;
    // A line that is full stays as it is.
    if (this.#line !== null && this.#line.length < FULL_LINE_CHARS) this.#line = null;
  }

  #wholeText(enoughChars = Infinity) {
    if (this.events.length === 1) return wholeTextOf(this.events[0]);
    let text = '';
    for (const event of this.events) {
      text += event.text;
      if (text.length > enoughChars) break;
    }
    return text;
  }
}

/** What a row does not show, but a reader may look for. */
function hiddenTexts(event) {
  if (event.type === 'llm.final') return [event.text, event.reasoning ?? ''];
  return event.type === 'message' ? [event.scope] : [];
}

export class EventLog {
  /** Entries that the filter lets pass, oldest first. @type {Queue<EventEntry>} */
  shown = new Queue();
  /** Events told, kept, and in `shown`. */
  total = 0;
  kept = 0;
  shownEvents = 0;
  /** Entries that left `shown` at its front since `clear` or the last change of the filter. */
  gone = 0;
  /** Rises with each change. */
  version = 0;
  #entries = new Queue();
  #filter = new EventFilter();
  #nextId = 1;
  /** Entries before this one have been looked at. */
  #untestedId = 1;

  clear() {
    this.#entries = new Queue();
    this.total = this.kept = 0;
    this.#untestedId = this.#nextId;
    this.#restart();
  }

  get filter() {
    return this.#filter;
  }

  /** @param {EventFilter} filter takes effect with the next `update` */
  set filter(filter) {
    this.#filter = filter;
    for (let i = 0; i < this.#entries.length; i += 1) this.#entries.at(i).isShown = false;
    this.#untestedId = this.#entries.at(0)?.id ?? this.#nextId;
    this.#restart();
  }

  /** @param {import('weavegraph-wasm').WeaveEvent} event @param {number} clockMs */
  add(event, clockMs) {
    this.total += 1;
    this.kept += 1;
    this.version += 1;
    const newest = this.#entries.at(this.#entries.length - 1);
    if (newest?.takes(event)) {
      newest.append(event);
      if (newest.isShown) this.shownEvents += 1;
      else this.#untestedId = Math.min(this.#untestedId, newest.id);
    } else {
      this.#entries.push(new EventEntry(this.#nextId, event, clockMs));
      this.#nextId += 1;
    }
    while (this.kept > MAX_EVENTS) this.#dropOldest();
  }

  /** Looks at what is new; `shown` and `shownEvents` are true then. */
  update() {
    const entries = this.#entries;
    if (entries.length === 0) return;
    const from = Math.max(0, this.#untestedId - entries.at(0).id);
    for (let i = from; i < entries.length; i += 1) {
      const entry = entries.at(i);
      if (!this.#filter.passes(entry)) continue;
      entry.isShown = true;
      this.shown.push(entry);
      this.shownEvents += entry.events.length;
    }
    this.#untestedId = this.#nextId;
  }

  /** Where in `shown` an entry is, or the first after it: from 0 to `shown.length`. @param {number} id */
  indexOf(id) {
    let [low, high] = [0, this.shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.shown.at(middle).id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #dropOldest() {
    const oldest = this.#entries.shift();
    this.kept -= oldest.events.length;
    if (!oldest.isShown) return;
    this.shown.shift();
    this.shownEvents -= oldest.events.length;
    this.gone += 1;
  }

  #restart() {
    this.shown = new Queue();
    this.shownEvents = 0;
    this.gone = 0;
    this.version += 1;
  }
}
