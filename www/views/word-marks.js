/**
 * Owns: the marks of found words in rows, where the browser can mark without changing the document.
 * Must not know: what is searched.
 * Invariant: no node is added or changed; without `CSS.highlights` nothing is marked and nothing else differs.
 */

/** `::highlight(found-words)` has the look. */
const NAME = 'found-words';

export class WordMarks {
  #highlight = typeof Highlight === 'function' && CSS.highlights ? new Highlight() : null;

  /** @param {Iterable<{ texts: Text[] }>} rows @param {readonly string[]} words in lower case */
  show(rows, words) {
    if (this.#highlight === null || (words.length === 0 && this.#highlight.size === 0)) return;
    this.#highlight.clear();
    if (words.length > 0) for (const { texts } of rows) for (const text of texts) this.#mark(text, words);
    CSS.highlights.set(NAME, this.#highlight);
  }

  #mark(text, words) {
    const lower = text.data.toLowerCase();
    // Letters whose small form is longer would shift what follows.
    if (lower.length !== text.data.length) return;
    for (const word of words) {
      for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + word.length)) {
        this.#highlight.add(new StaticRange({ startContainer: text, startOffset: at, endContainer: text, endOffset: at + word.length }));
      }
    }
  }
}
