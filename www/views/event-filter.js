/**
 * Owns: which events the list lets pass: presets of types, one node, words that must occur.
 * Must not know: the document, how events are kept or shown.
 * Invariant: a preset that has the name of one of the package's lets the same types pass (docs/events.md).
 */

/** What is missing is told under every preset, as in the package. */
const ALWAYS = ['stream.', 'snapshot'];

/**
 * In the order in which they are offered. `starts`: beginnings of types.
 * @type {ReadonlyArray<{ id: string, label: string, starts: readonly string[] }>}
 */
export const PRESETS = Object.freeze([
  { id: 'all', label: 'All events', starts: [''] },
  { id: 'chat', label: 'Chat', starts: ['run.', 'llm.', 'tool.', 'step.completed'] },
  { id: 'steps', label: 'Steps and nodes', starts: ['run.', 'step.', 'node.'] },
  { id: 'messages', label: 'Messages', starts: ['message', 'milestone', 'custom', 'diagnostic', 'progress'] },
  { id: 'minimal', label: 'Minimal', starts: ['run.'] },
]);

/** The words of a query, in lower case. @param {string} query @returns {string[]} */
export function wordsOfQuery(query) {
  const words = query.toLowerCase().split(/\s+/u).filter((word) => word !== '');
  return [...new Set(words)];
}

/** One choice of the reader. It never changes: another choice is another filter. */
export class EventFilter {
  /** In lower case; all of them must occur. @type {readonly string[]} */
  words;
  #starts;
  #node;

  /**
   * @param {{ preset?: string, node?: string | null, query?: string }} [choice] defaults let everything pass; `node`: only events of this one
   * @throws {RangeError} there is no such preset
   */
  constructor({ preset = 'all', node = null, query = '' } = {}) {
    const found = PRESETS.find(({ id }) => id === preset);
    if (found === undefined) throw new RangeError(`There is no preset ${preset}.`);
    this.#starts = found.id === 'all' ? null : [...found.starts, ...ALWAYS];
    this.#node = node;
    this.words = wordsOfQuery(query);
  }

  /** Everything passes. */
  get isOpen() {
    return this.#starts === null && this.#node === null && this.words.length === 0;
  }

  /**
   * @param {{ type: string, node?: string, searchText: string }} entry `searchText`, in lower case, is asked for only where words are looked for
   * @returns {boolean}
   */
  passes(entry) {
    if (this.#starts !== null && !this.#starts.some((start) => entry.type.startsWith(start))) return false;
    if (this.#node !== null && entry.node !== this.#node) return false;
    if (this.words.length === 0) return true;
    const text = entry.searchText;
    return this.words.every((word) => text.includes(word));
  }
}
