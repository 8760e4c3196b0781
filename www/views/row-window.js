/**
 * Owns: the row elements in the document: which entry each of them shows, and their order.
 * Must not know: scrolling, keys, filters.
 * Invariant: rows stand in the order of their entries; a row that stays is not moved, and one that goes is used again.
 */

import { EventRow } from './event-row.js';

/** The row of an element. @type {WeakMap<Node, EventRow>} */
const rowOf = new WeakMap();

export class RowWindow {
  #space;
  #idPrefix;
  /** By the id of the entry. @type {Map<number, EventRow>} */
  #rows = new Map();
  #free = [];

  /** @param {HTMLElement} space holds the rows and nothing else @param {string} idPrefix of the ids of elements */
  constructor(space, idPrefix) {
    this.#space = space;
    this.#idPrefix = idPrefix;
  }

  /** Those that are shown, in any order. @returns {Iterable<EventRow>} */
  get rows() {
    return this.#rows.values();
  }

  /** The entry whose row an element is in. @param {Element} element @returns {import('./event-log.js').EventEntry | null} */
  entryAt(element) {
    return rowOf.get(element.closest?.('.event'))?.entry ?? null;
  }

  /**
   * @param {number[]} indexes of the entries that shall have rows, ascending
   * @param {import('./queue.js').Queue<import('./event-log.js').EventEntry>} entries
   * @param {{ rowPx: number, activeId: number | null, chosenId: number | null }} look
   * @returns {boolean} a text changed
   */
  show(indexes, entries, { rowPx, activeId, chosenId }) {
    const wanted = new Set(indexes.map((index) => entries.at(index).id));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      this.#rows.delete(id);
      this.#free.push(row);
    }
    const moved = new Set(this.#free);
    let isChanged = moved.size > 0;
    let taken = 0;
    let next = this.#space.firstChild;
    for (const index of indexes) {
      const entry = entries.at(index);
      let row = this.#rows.get(entry.id);
      if (row === undefined) {
        row = this.#free[taken] ?? this.#newRow();
        taken += 1;
        this.#rows.set(entry.id, row);
      }
      if (row.show(entry, index, entries.length, index * rowPx, entry.id === activeId, entry.id === chosenId)) isChanged = true;
      // Rows that go elsewhere, or nowhere, are passed over, so that those that stay need not move.
      while (next !== null && next !== row.element && moved.has(rowOf.get(next))) next = next.nextSibling;
      if (next === row.element) next = next.nextSibling;
      else this.#space.insertBefore(row.element, next);
    }
    this.#free = this.#free.slice(taken);
    for (const row of this.#free) row.element.remove();
    return isChanged;
  }

  #newRow() {
    const row = new EventRow(this.#idPrefix);
    rowOf.set(row.element, row);
    return row;
  }
}
