/**
 * Owns: a long text on the page with its marks: sentences numbered as the briefing has them, key terms, which of them is chosen or lit.
 * Must not know: how marks are found, where the text comes from, the briefing.
 * Invariant: the text of the document is the text that was given, unit by unit; only blocks whose marks changed are made anew.
 */

import { flash, prefersStill } from './motion.js';
import { blocksOf } from './text-blocks.js';

/** A text of more characters lays out only the blocks that are near. */
const LONG_CHARS = 60_000;
/** Characters put into the document at once, and then per frame. */
const FIRST_CHARS = 40_000;
const FRAME_CHARS = 120_000;
const NOTHING = Object.freeze({ sentences: [], terms: [] });

/**
 * @typedef {{ start: number, end: number, id: string, number: number }} MarkedSentence
 * @typedef {{ start: number, end: number, terms: readonly string[] }} MarkedTerm the term, then those within it
 */

export class MarkedText {
  #root;
  #text = '';
  /** @type {Array<ReturnType<typeof newBlock>>} */
  #blocks = [];
  #marks = NOTHING;
  #chosen = null;
  #lit = null;
  /** Stays lit while nothing else is pointed at. */
  #revealed = null;
  #frame = 0;
  /** Where the last jump went. */
  #target = null;
  #calls;

  /**
   * @param {HTMLElement} root scrolls by itself
   * @param {{ onHover?: (id: string | null) => void, onSentence?: (id: string, isByKeyboard: boolean) => void }} calls a sentence is pointed at; it is chosen
   */
  constructor(root, { onHover = () => {}, onSentence = () => {} } = {}) {
    this.#root = root;
    this.#calls = { onHover, onSentence };
    const idAt = (target) => (target instanceof Element ? target.closest('mark.sentence')?.dataset.id ?? null : null);
    let pointedAt = null;
    const point = (id) => {
      if (id === pointedAt) return;
      pointedAt = id;
      onHover(id);
    };
    // Not `pointerover`: it comes, too, where the text scrolls under a pointer that rests.
    root.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') point(idAt(event.target)); });
    root.addEventListener('pointerleave', () => point(null));
    root.addEventListener('click', (event) => {
      const id = idAt(event.target);
      // Who selects text does not choose its sentence.
      if (!getSelection().isCollapsed) return;
      this.#revealed = id;
      if (id === null) this.light(null);
      else onSentence(id, false);
    });
    root.addEventListener('keydown', (event) => {
      const id = idAt(event.target);
      if (event.key !== 'Enter' || id === null || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      onSentence(id, true);
    });
  }

  /** Shows another text, without marks. @param {string} text */
  show(text) {
    cancelAnimationFrame(this.#frame);
    this.#text = text;
    this.#marks = NOTHING;
    this.#lit = null;
    this.#revealed = null;
    this.#blocks = blocksOf(text).map(newBlock);
    this.#root.classList.toggle('is-long', text.length > LONG_CHARS);
    this.#root.replaceChildren();
    this.#root.scrollTop = 0;
    this.#build(FIRST_CHARS);
  }

  /** @param {{ sentences: MarkedSentence[], terms: MarkedTerm[] }} marks ascending, as `findMarks` finds them */
  mark(marks) {
    this.#marks = marks;
    const next = { sentence: 0, term: 0 };
    for (const block of this.#blocks) {
      const sentences = within(marks.sentences, block, next, 'sentence');
      const terms = within(marks.terms, block, next, 'term');
      const key = `${sentences.map(({ start, end, id, number }) => `${start}-${end}:${id}:${number}`)}|${terms.map(({ start, end, terms: names }) => `${start}-${end}:${names}`)}`;
      if (key === block.key) continue;
      Object.assign(block, { key, sentences, terms });
      if (block.element !== null) this.#fill(block);
    }
  }

  /** Marks one term strongly, null none. @param {string | null} term */
  choose(term) {
    if (term === this.#chosen) return;
    this.#chosen = term;
    this.#root.classList.toggle('has-choice', term !== null);
    for (const block of this.#blocks) for (const { element, terms } of block.termElements) element.classList.toggle('is-chosen', terms.includes(term));
  }

  /** Lights one sentence; null lights the one that was last scrolled to. @param {string | null} wanted */
  light(wanted) {
    const id = wanted ?? this.#revealed;
    if (id === this.#lit) return;
    for (const each of [this.#lit, id]) for (const element of this.#elementsOf(each)) element.classList.toggle('is-lit', each === id);
    this.#lit = id;
  }

  /** Scrolls to a sentence and lights it. @param {string} id @returns {boolean} whether it is there */
  reveal(id, { isFocused = false } = {}) {
    const block = this.#blocks.find(({ sentences }) => sentences.some((sentence) => sentence.id === id));
    if (block === undefined) return false;
    if (block.element === null) this.#build(block.end);
    const [element] = this.#elementsOf(id);
    this.#revealed = id;
    this.light(id);
    this.#scrollTo(element);
    flash(this.#elementsOf(id));
    if (isFocused) element.focus({ preventScroll: true });
    return true;
  }

  #scrollTo(element) {
    const root = this.#root;
    const distance = () => element.getBoundingClientRect().top - root.getBoundingClientRect().top - root.clientHeight * 0.3;
    const isNear = Math.abs(distance()) < root.clientHeight * 2;
    root.scrollBy({ top: distance(), behavior: isNear && !prefersStill() ? 'smooth' : 'instant' });
    // Blocks that were never near have estimated heights, which come right only now.
    const correct = () => { if (this.#target === element && element.isConnected) root.scrollBy({ top: distance(), behavior: 'instant' }); };
    this.#target = isNear ? null : element;
    if (!isNear) requestAnimationFrame(() => requestAnimationFrame(correct));
    const { top, bottom } = root.getBoundingClientRect();
    if (bottom < root.clientHeight / 2 || top > innerHeight - root.clientHeight / 2) root.scrollIntoView({ block: 'center', behavior: prefersStill() ? 'instant' : 'smooth' });
  }

  #elementsOf(id) {
    return id === null ? [] : this.#blocks.flatMap((block) => block.sentenceElements.filter(({ dataset }) => dataset.id === id));
  }

  /** Puts blocks into the document: those that begin before `chars`, and the others frame by frame. */
  #build(chars) {
    cancelAnimationFrame(this.#frame);
    const isLong = this.#text.length > LONG_CHARS;
    const added = [];
    const waiting = this.#blocks.findIndex((block) => block.element === null);
    if (waiting < 0) return;
    for (const block of this.#blocks.slice(waiting)) {
      if (block.start >= chars && block !== this.#blocks[waiting]) break;
      block.element = document.createElement('div');
      block.element.className = 'block';
      if (isLong) block.element.style.setProperty('contain-intrinsic-block-size', `auto ${block.lines * 1.6}em`);
      this.#fill(block);
      added.push(block.element);
    }
    this.#root.append(...added);
    const last = this.#blocks[waiting + added.length - 1];
    if (last.end < this.#text.length) {
      this.#frame = requestAnimationFrame(() => this.#build(last.end + FRAME_CHARS));
    }
  }

  // Terms are elements, too, where there are many: highlights (CSS.highlights) are placed anew by browsers whenever anything on the page changes.
  #fill(block) {
    Object.assign(block, { sentenceElements: [], termElements: [] });
    const made = document.createDocumentFragment();
    let at = block.start;
    let term = 0;
    const addUntil = (parent, end) => {
      const first = term;
      while (term < block.terms.length && block.terms[term].start < end) term += 1;
      this.#addRun(block, parent, at, end, block.terms.slice(first, term));
      at = end;
    };
    for (const sentence of block.sentences) {
      addUntil(made, sentence.start);
      const element = document.createElement('mark');
      element.className = 'sentence';
      element.dataset.id = sentence.id;
      if (sentence.number > 0) element.dataset.number = String(sentence.number);
      element.tabIndex = -1;
      if (sentence.id === this.#lit) element.classList.add('is-lit');
      addUntil(element, sentence.end);
      block.sentenceElements.push(element);
      made.append(element);
    }
    addUntil(made, block.end);
    block.element.replaceChildren(made);
  }

  #addRun(block, parent, start, end, terms) {
    let at = start;
    for (const { start: from, end: to, terms: names } of terms) {
      if (from > at) parent.append(this.#text.slice(at, from));
      const element = document.createElement('mark');
      element.className = names.includes(this.#chosen) ? 'term is-chosen' : 'term';
      element.append(this.#text.slice(from, to));
      block.termElements.push({ element, terms: names });
      parent.append(element);
      at = to;
    }
    if (end > at) parent.append(this.#text.slice(at, end));
  }
}

function newBlock({ start, end, lines }) {
  return { start, end, lines, key: '|', element: null, sentences: [], terms: [], sentenceElements: [], termElements: [] };
}

/** The marks that reach into a block, cut to it; of a sentence only its first piece has the number. `next` goes on from block to block. */
function within(marks, block, next, kind) {
  const found = [];
  while (next[kind] < marks.length && marks[next[kind]].end <= block.start) next[kind] += 1;
  for (let i = next[kind]; i < marks.length && marks[i].start < block.end; i += 1) {
    const mark = marks[i];
    const isContinued = mark.start < block.start;
    found.push(isContinued || mark.end > block.end
      ? { ...mark, start: Math.max(mark.start, block.start), end: Math.min(mark.end, block.end), ...(kind === 'sentence' && isContinued ? { number: 0 } : {}) }
      : mark);
  }
  return found;
}
