/**
 * Owns: the briefing on the page: which text is shown (a stream, a draft, the briefing), what its badge says, key terms, notices, Copy.
 * Must not know: how a run is started or read, the source text's view, the list of events.
 * Invariant: what is shown belongs to one moment: the state that was given, and at the present the stream that is newer than it.
 */

import { sortedTerms } from '../agent/briefing.js';
import { KEY_TERMS } from '../agent/draft.js';
import { revisedText, storedText, streamedText } from './draft-text.js';
import { DraftView } from './draft-view.js';
import { TermList } from './term-list.js';

const EXPECTED = 'The draft appears here while it is written.';
const COPIED_MS = 1_600;

export class BriefingView {
  #parts;
  #calls;
  #terms;
  #draft;
  #moment = { state: null, stream: null, isLive: true };
  #counts = new Map();
  #isDue = true;
  #key = '';
  /** Texts of the sentences of each round's draft that was seen. @type {Map<number, Set<string>>} */
  #rounds = new Map();
  #copied = '';
  #copiedTimer = 0;

  /**
   * @param {{ terms: HTMLUListElement, draft: HTMLElement, badge: HTMLElement, notices: HTMLElement, copy: HTMLButtonElement }} parts
   * @param {{ onTerm?: (term: string | null) => void, onSentence?: (id: string, isByKeyboard: boolean) => void, onHover?: (id: string | null) => void,
   *   onProblem?: (line: string) => void }} [calls] a key term is pressed, none is; the place of a source sentence is asked for, or pointed at
   */
  constructor(parts, { onTerm = () => {}, onSentence = () => {}, onHover = () => {}, onProblem = () => {} } = {}) {
    this.#parts = parts;
    this.#calls = { onProblem };
    this.#draft = new DraftView(parts.draft, { onSentence, onHover });
    this.#terms = new TermList(parts.terms, (term) => {
      this.#draft.choose(term);
      onTerm(term);
    });
    parts.copy.addEventListener('click', () => this.#copy());
    this.render();
  }

  /** Another session, or none. */
  clear() {
    this.#rounds.clear();
    this.#counts = new Map();
    this.show({ state: null, stream: null, isLive: true });
  }

  /**
   * Says what there is; `render` shows it.
   * @param {{ state: any, stream: { id: string, text: string, isOpen: boolean } | null, isLive: boolean }} moment `stream`: the newest one; looked at only where `isLive`
   */
  show({ state, stream, isLive }) {
    this.#moment = { state, stream: isLive ? stream ?? null : null, isLive };
    this.#isDue = true;
  }

  /** How often each term is in the text. @param {ReadonlyMap<string, number>} counts */
  showCounts(counts) {
    this.#counts = counts;
    this.#isDue = true;
  }

  /** Lights what a source sentence carries, null nothing. @param {string | null} id */
  light(id) {
    this.#draft.light(id);
  }

  /** Scrolls to what a source sentence carries. @param {string} id @returns {boolean} whether there is any */
  reveal(id, { isByKeyboard = false } = {}) {
    return this.#draft.reveal(id, { isFocused: isByKeyboard });
  }

  render() {
    if (!this.#isDue) return;
    this.#isDue = false;
    const { state, stream } = this.#moment;
    const terms = sortedTerms(state?.terms ?? {}).slice(0, KEY_TERMS);
    this.#terms.show(terms.map(({ term }) => term), this.#counts);
    this.#showNotices(state?.notices ?? []);
    const draft = state?.draft ?? null;
    const briefing = state?.briefing ?? null;
    if (draft !== null) this.#rounds.set(draft.round, new Set(storedText(draft).paragraphs.flat().map(({ text }) => text)));
    const isStream = stream !== null && briefing === null && isNewer(stream, state);
    const isBusy = isStream && stream.isOpen;
    const { draft: article, copy } = this.#parts;
    if (article.getAttribute('aria-busy') !== String(isBusy)) article.setAttribute('aria-busy', String(isBusy));
    copy.disabled = (briefing?.text ?? '') === '';
    this.#say(isStream ? streamLine(stream) : briefing?.text ? finalLine(briefing) : draft !== null ? draftLine(draft, state.scores) : '');
    const key = isStream ? `stream ${stream.id} ${stream.isOpen} ${stream.text.length}` : JSON.stringify([briefing !== null, draft?.round, draft?.writer, draft?.text.length, terms.map(({ term }) => term)]);
    if (key === this.#key && !isBusy) return;
    const wasFinal = this.#key.startsWith('[true');
    this.#key = key;
    if (!isStream && draft === null && !briefing?.text) return this.#draft.showNothing(briefing === null ? EXPECTED : 'There is nothing to brief.');
    const sentences = (briefing ?? draft)?.sentences ?? [];
    const numbers = new Map(sentences.map(({ id }, i) => [id, i + 1]));
    this.#draft.show(this.#textOf(isStream), { terms, language: state?.outline?.language, numbers });
    if (briefing !== null && !wasFinal) this.#draft.rest();
  }

  #textOf(isStream) {
    const { state, stream } = this.#moment;
    const draft = state?.draft ?? null;
    if (!isStream) return state.briefing ? storedText(state.briefing) : storedText(draft, this.#rounds.get(draft.round - 1) ?? null);
    // What a writer writes anew shares no sentence with what was there.
    return draft === null || draft.paragraphs !== undefined ? streamedText(stream.text, stream.isOpen) : revisedText(stream.text, stream.isOpen, draft);
  }

  #say(line) {
    if (this.#parts.badge.textContent !== line) this.#parts.badge.textContent = line;
  }

  #showNotices(notices) {
    const list = this.#parts.notices;
    if (list.childElementCount === notices.length && notices.every((notice, i) => list.children[i].textContent === notice)) return;
    list.replaceChildren(...notices.map((notice) => {
      const item = document.createElement('li');
      item.textContent = notice;
      return item;
    }));
  }

  async #copy() {
    const { copy } = this.#parts;
    try {
      await navigator.clipboard.writeText(this.#moment.state.briefing.text);
      this.#calls.onProblem('');
      this.#copied ||= copy.textContent;
      copy.textContent = 'Copied';
      clearTimeout(this.#copiedTimer);
      this.#copiedTimer = setTimeout(() => { copy.textContent = this.#copied; }, COPIED_MS);
    } catch (error) {
      getSelection().selectAllChildren(this.#parts.draft);
      this.#calls.onProblem(`Could not copy (${error.message}). The briefing is selected instead.`);
    }
  }
}

/** Whether a stream is of a round that neither the draft nor its judgement has reached. */
function isNewer({ id, isOpen }, state) {
  const round = roundOf(id);
  if (round === 0) return isOpen;
  return round > Math.max(state?.draft?.round ?? 0, state?.scores?.at(-1)?.round ?? 0);
}

/** Of `draft-2`, and of `draft-2.3`, its third attempt. */
function roundOf(streamId) {
  return Number(/^draft-(\d+)(?:\.\d+)?$/.exec(streamId)?.[1] ?? 0);
}

function streamLine({ id, isOpen }) {
  const round = roundOf(id);
  return `${round === 0 ? 'draft' : `draft ${round}`}${isOpen ? ', being written' : ''}`;
}

function draftLine({ round }, scores) {
  const judged = scores?.findLast((entry) => entry.round === round);
  return judged === undefined ? `draft ${round}` : `draft ${round}: ${words(judged.words)}, score ${judged.score.toFixed(3)}`;
}

function finalLine({ words: count, score, rounds }) {
  return `final: ${words(count)}, score ${score.toFixed(3)} after ${rounds} round${rounds === 1 ? '' : 's'}`;
}

function words(count) {
  return `${count.toLocaleString('en-US')} word${count === 1 ? '' : 's'}`;
}
