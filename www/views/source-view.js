/**
 * Owns: the text of the page: the field for it, and the same text with marks once a run has read it.
 * Must not know: the graph, the run, how marks are found or drawn.
 * Invariant: field and marked text stand in one place, and one of them is shown; what is shown is what a run would read.
 */

import { KEY_TERMS } from '../agent/draft.js';
import { MarkedText } from './marked-text.js';
import { findMarks, searchable } from './marks.js';
import { takeTexts } from './text-intake.js';

/** Shown with marks at most: what the agent reads of a text. */
const MAX_MARKED_CHARS = 500_000;

/**
 * @typedef {{ id: string, text: string }} Sentence as the agent cleaned it
 * @typedef {{ term: string, stems: readonly string[] }} Term
 */

export class SourceView {
  #parts;
  #calls;
  #marked;
  /** The text of the opened session, null while the field has never been left. */
  #shown = null;
  #isMarked = false;
  #search = null;
  #wanted = { sentences: [], terms: [], language: undefined };
  #key = '';
  #isDue = false;
  #counts = new Map();
  #sums = { sentences: 0, terms: 0 };

  /**
   * @param {{ field: HTMLTextAreaElement, marked: HTMLElement, facts: HTMLElement, edit: HTMLButtonElement, picker: HTMLInputElement, dropZone: HTMLElement }} parts
   * @param {{ onProblem?: (line: string) => void, onChange?: (text: string) => void, onCounts?: (counts: Map<string, number>) => void,
   *   onHover?: (id: string | null) => void, onSentence?: (id: string, isByKeyboard: boolean) => void }} [calls]
   *   `onProblem('')` takes a problem back; `onChange` tells what the reader put into the field; `onCounts` how often each term is in the text;
   *   `onHover` and `onSentence` the marked sentence that is pointed at or chosen
   */
  constructor(parts, { onProblem = () => {}, onChange = () => {}, onCounts = () => {}, onHover = () => {}, onSentence = () => {} } = {}) {
    this.#parts = parts;
    this.#calls = { onProblem, onChange, onCounts };
    this.#marked = new MarkedText(parts.marked, { onHover, onSentence });
    const { field, marked, picker, dropZone, edit } = parts;
    field.addEventListener('input', () => this.#changed());
    edit.addEventListener('click', () => this.edit());
    takeTexts({ picker, dropZone, pasteZone: marked }, { onText: (text) => this.#take(text), onProblem });
    this.#say();
  }

  /** What a run would read: the text that is shown. */
  get text() {
    return this.#isMarked ? this.#shown : this.#parts.field.value;
  }

  /** Puts a text into the field and shows the field. */
  set text(text) {
    this.#parts.field.value = text;
    this.#showField();
    this.#parts.field.scrollTop = 0;
    this.#calls.onProblem('');
  }

  /** Whether the marked text is shown, and not the field. */
  get isMarked() {
    return this.#isMarked;
  }

  /** How often each term is in the text. @returns {ReadonlyMap<string, number>} */
  get counts() {
    return this.#counts;
  }

  /** Shows the text of a session that was started or opened, to be marked; call it once for each. @param {string} text */
  showText(text) {
    if (this.#shown !== text) {
      this.#shown = text;
      this.#search = null;
      this.#marked.show(text.slice(0, MAX_MARKED_CHARS));
    }
    this.#wanted = { sentences: [], terms: [], language: undefined };
    this.#mark();
    this.#showMarked();
  }

  #showMarked() {
    const { field, marked, edit } = this.#parts;
    const hadFocus = document.activeElement === field;
    const scrollTop = field.value === this.#shown ? field.scrollTop : 0;
    this.#isMarked = true;
    field.hidden = true;
    marked.hidden = false;
    edit.hidden = false;
    marked.scrollTop = scrollTop;
    if (hadFocus) marked.focus({ preventScroll: true });
    this.#say();
  }

  /**
   * Says what is to be marked; `render` does it. May be called as often as the state changes.
   * @param {{ sentences?: readonly Sentence[], terms?: readonly Term[], language?: string }} wanted `sentences` in the order of the briefing; `terms` best
   *   first, of which the key terms are marked; `language` as the agent found it
   */
  show({ sentences = [], terms = [], language }) {
    this.#wanted = { sentences, terms: terms.slice(0, KEY_TERMS), language };
    this.#isDue = true;
  }

  /** Draws what `show` said, if it is new. */
  render() {
    if (!this.#isDue || this.#shown === null) return;
    this.#isDue = false;
    const { sentences, terms, language } = this.#wanted;
    const key = JSON.stringify([sentences.map(({ id }) => id), terms.map(({ term }) => term), language]);
    if (key !== this.#key) this.#mark(key);
  }

  #mark(key = '') {
    this.#key = key;
    const { sentences, terms, language } = this.#wanted;
    if (sentences.length === 0 && terms.length === 0) {
      this.#counts = new Map();
      this.#sums = { sentences: 0, terms: 0 };
      this.#marked.mark({ sentences: [], terms: [] });
    } else {
      this.#search ??= searchable(this.#shown.slice(0, MAX_MARKED_CHARS));
      const found = findMarks(this.#search, { sentences: sentences.map(({ text }) => text), terms, language });
      this.#counts = new Map(terms.map(({ term }, i) => [term, found.counts[i]]));
      this.#sums = { sentences: found.sentences.length, terms: found.terms.length, hasMore: found.hasMore };
      this.#marked.mark({
        sentences: found.sentences.map(({ start, end, sentence }) => ({ start, end, id: sentences[sentence].id, number: sentence + 1 })),
        terms: found.terms.map(({ start, end, terms: indices }) => ({ start, end, terms: indices.map((index) => terms[index].term) })),
      });
    }
    this.#calls.onCounts(this.#counts);
    this.#say();
  }

  /** Marks one key term strongly, null none. @param {string | null} term */
  choose(term) {
    this.#marked.choose(term);
  }

  /** Lights a marked sentence while its like in the briefing is pointed at, null none. @param {string | null} id */
  light(id) {
    this.#marked.light(id);
  }

  /**
   * Scrolls the marked text to a sentence; the page only where the text is out of view. The focus goes there if `isByKeyboard`.
   * @param {string} id @returns {boolean} whether it is there to be shown
   */
  reveal(id, { isByKeyboard = false } = {}) {
    this.render();
    if (!this.#isMarked && this.#shown === this.#parts.field.value) this.#showMarked();
    return this.#isMarked && this.#marked.reveal(id, { isFocused: isByKeyboard });
  }

  /** Brings back the field, with the text that was shown. */
  edit() {
    const { field, marked } = this.#parts;
    const { scrollTop } = marked;
    if (this.#isMarked && field.value !== this.#shown) field.value = this.#shown;
    this.#showField();
    field.scrollTop = scrollTop;
    field.focus({ preventScroll: true });
  }

  #showField() {
    const { field, marked, edit } = this.#parts;
    this.#isMarked = false;
    field.hidden = false;
    marked.hidden = true;
    edit.hidden = true;
    this.#say();
  }

  #take(text) {
    this.text = text;
    this.#calls.onChange(text);
  }

  #changed() {
    this.#say();
    this.#calls.onChange(this.#parts.field.value);
  }

  #say() {
    const line = this.#isMarked ? this.#shownLine() : fieldLine(this.#parts.field.value.length);
    if (this.#parts.facts.textContent !== line) this.#parts.facts.textContent = line;
  }

  #shownLine() {
    const { sentences, terms, hasMore } = this.#sums;
    const size = `${counted(this.#shown.length, 'character')}${this.#shown.length > MAX_MARKED_CHARS ? `, the first ${number(MAX_MARKED_CHARS)} shown` : ''}`;
    if (sentences + terms === 0) return `${size}.`;
    const marks = [sentences > 0 ? counted(sentences, 'sentence') : '', terms > 0 ? `${counted(terms, 'term')}${hasMore ? ' and more' : ''}` : ''].filter((part) => part !== '');
    return `${size}; marked: ${marks.join(', ')}.`;
  }
}

function fieldLine(length) {
  return length === 0 ? 'Paste a text, drop a file anywhere, or open one.' : `${counted(length, 'character')}. Paste, drop or open another.`;
}

function counted(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value) {
  return value.toLocaleString('en-US');
}
