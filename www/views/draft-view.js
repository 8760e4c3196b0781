/**
 * Owns: the draft on the page: title, paragraphs, sentences with the number of their place in the source, what is new, what is being written.
 * Must not know: runs, streams, states; where the source is shown.
 * Invariant: a sentence that stays keeps its element; while a text grows, nothing but its text node changes; what the reader scrolled to stays. What a revision has not come to yet
 *   stands below what it wrote, moved by a transform: no word of the growing text lays it out anew.
 */

import { findMarks } from './marks.js';
import { flash, prefersStill } from './motion.js';

/** Nearer to the end than this, in pixels, a reader follows. */
const FOLLOW_PX = 40;

export class DraftView {
  #root;
  #calls;
  #title = document.createElement('h3');
  #prose = document.createElement('div');
  #rest = document.createElement('div');
  #empty = document.createElement('p');
  /** @type {Map<string, { element: HTMLElement, item: import('./draft-text.js').Item, key: string }>} */
  #items = new Map();
  #structure = '';
  #terms = [];
  #language;
  #chosen = null;
  #numbers = new Map();
  #lit = null;
  /** Stays lit while nothing else is pointed at. */
  #revealed = null;
  #isFollowing = true;
  #shown = { item: null, index: 0 };
  /** The source sentence that `onHover` told last. */
  #pointedAt = null;

  /**
   * @param {HTMLElement} root scrolls by itself
   * @param {{ onSentence(id: string, isByKeyboard: boolean): void, onHover(id: string | null): void }} calls with ids of source sentences
   */
  constructor(root, calls) {
    this.#root = root;
    this.#calls = calls;
    this.#prose.className = 'prose';
    this.#rest.className = 'rest';
    this.#empty.className = 'empty';
    root.replaceChildren(this.#title, this.#prose, this.#rest, this.#empty);
    root.addEventListener('scroll', () => { this.#isFollowing = root.scrollHeight - root.scrollTop - root.clientHeight < FOLLOW_PX; }, { passive: true });
    root.addEventListener('click', (event) => this.#onClick(event));
    const sourceAt = (target) => this.#itemAt(target)?.sources[0] ?? null;
    // Not `pointerover`: it comes, too, where the draft scrolls under a pointer that rests.
    root.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') this.#point(sourceAt(event.target)); });
    root.addEventListener('pointerleave', () => this.#point(null));
    root.addEventListener('focusin', (event) => this.#point(event.target.matches('a') ? sourceAt(event.target) : null));
    root.addEventListener('focusout', () => this.#point(null));
    this.showNothing('');
  }

  /** @param {string} line says what will be here */
  showNothing(line) {
    this.#title.hidden = true;
    this.#prose.replaceChildren();
    this.#rest.replaceChildren();
    this.#items.clear();
    this.#revealed = null;
    this.#point(null);
    this.#structure = '';
    this.#isFollowing = true;
    this.#empty.hidden = line === '';
    this.#empty.textContent = line;
  }

  /**
   * @param {import('./draft-text.js').DraftText} text
   * @param {{ terms: ReadonlyArray<{ term: string, stems: readonly string[] }>, language?: string, numbers: Map<string, number> }} about terms to mark; the numbers that
   *   source sentences have on the page
   */
  show({ title, paragraphs }, { terms, language, numbers }) {
    this.#empty.hidden = true;
    this.#title.hidden = title === '';
    if (this.#title.textContent !== title) this.#title.textContent = title;
    this.#terms = terms;
    this.#language = language;
    this.#numbers = numbers;
    const structure = JSON.stringify(paragraphs.map((paragraph) => paragraph.map(({ key, kind }) => [key, kind === 'waiting'])));
    if (structure !== this.#structure) this.#arrange(paragraphs);
    this.#structure = structure;
    for (const paragraph of paragraphs) for (const item of paragraph) this.#update(this.#items.get(item.key), item);
    if (this.#rest.childElementCount > 0) this.#rest.style.transform = `translateY(${this.#prose.offsetTop + this.#prose.offsetHeight}px)`;
    if (this.#isFollowing && paragraphs.some((paragraph) => paragraph.some(({ isOpen, kind }) => isOpen && kind === 'plain'))) this.#root.scrollTop = this.#root.scrollHeight;
  }

  /** Back to the first line, if the reader did not scroll by hand. */
  rest() {
    if (this.#isFollowing) this.#root.scrollTo({ top: 0, behavior: prefersStill() ? 'instant' : 'smooth' });
  }

  /** @param {string | null} term */
  choose(term) {
    this.#chosen = term;
    this.#root.classList.toggle('has-choice', term !== null);
    for (const mark of this.#root.querySelectorAll('mark.term')) mark.classList.toggle('is-chosen', isOf(mark, term));
  }

  /** Lights what a source sentence carries; null lights what was last scrolled to. @param {string | null} wanted */
  light(wanted) {
    const id = wanted ?? this.#revealed;
    if (id === this.#lit) return;
    this.#lit = id;
    for (const { element, item } of this.#items.values()) element.classList.toggle('is-lit', id !== null && item.sources.includes(id));
  }

  /** Scrolls to what a source sentence carries. @param {string} id @returns {boolean} whether there is any */
  reveal(id, { isFocused = false } = {}) {
    const found = [...this.#items.values()].find(({ item }) => item.sources.includes(id));
    if (found === undefined) return false;
    this.#revealed = id;
    this.light(id);
    flash([found.element]);
    const { top, bottom } = found.element.getBoundingClientRect();
    const box = this.#root.getBoundingClientRect();
    if (top < box.top || bottom > box.bottom) this.#root.scrollBy({ top: top - box.top - box.height * 0.3, behavior: prefersStill() ? 'instant' : 'smooth' });
    if (box.bottom < box.height / 2 || box.top > innerHeight - box.height / 2) this.#root.scrollIntoView({ block: 'center', behavior: prefersStill() ? 'instant' : 'smooth' });
    if (isFocused) (found.element.querySelector('a') ?? this.#root).focus({ preventScroll: true });
    return true;
  }

  #arrange(paragraphs) {
    const items = new Map();
    const made = (isWanted) => paragraphs.map((paragraph) => paragraph.filter(isWanted)).filter((paragraph) => paragraph.length > 0).map((paragraph) => {
      const element = document.createElement('p');
      paragraph.forEach(({ key }, i) => {
        const known = this.#items.get(key) ?? { element: document.createElement('span'), item: null, key: '' };
        items.set(key, known);
        if (i > 0) element.append(' ');
        element.append(known.element);
      });
      return element;
    });
    const { scrollTop } = this.#root;
    const focused = this.#root.contains(document.activeElement) ? document.activeElement : null;
    this.#prose.replaceChildren(...made(({ kind }) => kind !== 'waiting'));
    this.#rest.replaceChildren(...made(({ kind }) => kind === 'waiting'));
    this.#items = items;
    if (this.#root.scrollTop !== scrollTop) this.#root.scrollTop = scrollTop;
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  #update(known, item) {
    const { element, item: before } = known;
    known.item = item;
    const className = `carried${item.kind === 'plain' ? '' : ` is-${item.kind}`}${item.isOpen ? ' is-open' : ''}${this.#lit !== null && item.sources.includes(this.#lit) ? ' is-lit' : ''}`;
    if (element.className !== className) element.className = className;
    if (item.isOpen && before?.isOpen && item.text.startsWith(before.text)) {
      if (item.text.length > before.text.length) element.firstChild.appendData(item.text.slice(before.text.length));
      return;
    }
    const numbers = item.sources.map((id) => this.#numbers.get(id)).filter((number) => number !== undefined);
    const key = item.isOpen ? 'open' : JSON.stringify([item.text, this.#terms.map(({ term }) => term), numbers, item.kind === 'new']);
    if (key === known.key && key !== 'open') return;
    known.key = key;
    if (item.isOpen) return element.replaceChildren(document.createTextNode(item.text));
    element.replaceChildren(...this.#marked(item.text), ...(item.kind === 'new' ? [unseen(' (new)')] : []), ...(numbers.length > 0 ? [reference(numbers)] : []));
  }

  #marked(text) {
    const { terms } = findMarks(text, { sentences: [], terms: this.#terms, language: this.#language });
    const nodes = [];
    let at = 0;
    for (const { start, end, terms: indices } of terms) {
      if (start > at) nodes.push(document.createTextNode(text.slice(at, start)));
      const mark = document.createElement('mark');
      const names = indices.map((index) => this.#terms[index].term);
      mark.dataset.terms = JSON.stringify(names);
      mark.className = names.includes(this.#chosen) ? 'term is-chosen' : 'term';
      mark.textContent = text.slice(start, end);
      nodes.push(mark);
      at = end;
    }
    if (at < text.length) nodes.push(document.createTextNode(text.slice(at)));
    return nodes;
  }

  #point(id) {
    if (id === this.#pointedAt) return;
    this.#pointedAt = id;
    this.#calls.onHover(id);
  }

  #itemAt(target) {
    const element = target instanceof Element ? target.closest('.carried') : null;
    if (element === null) return null;
    for (const known of this.#items.values()) if (known.element === element) return known.item;
    return null;
  }

  #onClick(event) {
    const item = this.#itemAt(event.target);
    const isLink = event.target.closest('a') !== null;
    if (isLink) event.preventDefault();
    // Who selects text does not leave it.
    if (!isLink && !getSelection().isCollapsed) return;
    if (item === null || item.sources.length === 0) {
      this.#revealed = null;
      return this.light(null);
    }
    // Where several carry it, each click shows the next.
    this.#shown = { item, index: this.#shown.item === item ? (this.#shown.index + 1) % item.sources.length : 0 };
    this.#revealed = item.sources[this.#shown.index];
    this.light(this.#revealed);
    this.#calls.onSentence(this.#revealed, event.detail === 0);
  }
}

function isOf(mark, term) {
  return term !== null && JSON.parse(mark.dataset.terms).includes(term);
}

function reference(numbers) {
  const link = document.createElement('a');
  link.className = 'ref';
  link.href = '#marked';
  link.textContent = numbers.join(' ');
  link.setAttribute('aria-label', `${numbers.join(', ')}, in the text`);
  return link;
}

function unseen(text) {
  const element = document.createElement('span');
  element.className = 'unseen';
  element.textContent = text;
  return element;
}
