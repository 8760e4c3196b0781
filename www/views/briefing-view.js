/**
 * Owns: what the page shows of the agent's work: sections and their progress, key terms, the draft as it streams, scores, the final briefing.
 * Must not know: how a run is started or ended, the list of events.
 * Invariant: shows what the events and the state say, in that order; text reaches the document as text only.
 */

import { GOOD_SCORE } from '../agent/critique.js';
import { sortedTerms } from '../agent/briefing.js';

export class BriefingView {
  #parts;
  #streamId = '';
  #fresh = '';
  #isNewStream = false;
  #progress = new Map();
  #scores = 0;

  /** @param {{ sections: HTMLElement, terms: HTMLElement, draft: HTMLElement, badge: HTMLElement, scores: HTMLElement, notices: HTMLElement }} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  clear() {
    const { sections, terms, draft, badge, scores, notices } = this.#parts;
    for (const part of [sections, terms, draft, scores, notices]) part.replaceChildren();
    badge.textContent = '';
    this.#streamId = '';
    this.#fresh = '';
    this.#isNewStream = false;
    this.#progress.clear();
    this.#scores = 0;
  }

  /** Takes an event of `run`, whose state is the one after its last finished step. */
  add(event, run) {
    switch (event.type) {
      case 'llm.chunk':
        if (event.streamId !== this.#streamId) {
          this.#streamId = event.streamId;
          this.#isNewStream = true;
          this.#fresh = '';
        }
        this.#fresh += event.text;
        break;
      case 'progress':
        this.#progress.set(event.task, event.fraction);
        break;
      case 'message':
        if (event.scope === 'limit') this.#parts.notices.append(element('li', event.message));
        break;
      case 'step.completed':
        this.#showState(run.state, event.updatedChannels);
        break;
    }
  }

  render() {
    const { draft, badge, sections } = this.#parts;
    if (this.#fresh !== '') {
      if (this.#isNewStream || !(draft.firstChild instanceof Text)) draft.replaceChildren(document.createTextNode(''));
      this.#isNewStream = false;
      draft.firstChild.appendData(this.#fresh);
      this.#fresh = '';
      badge.textContent = this.#streamId.replace('-', ' ');
    }
    for (const [task, fraction] of this.#progress) {
      const bar = sections.children[task]?.querySelector('progress');
      if (bar) bar.value = fraction;
    }
  }

  /** The end of a run that was completed. */
  showBriefing({ title, sentences, words, rounds, score }) {
    const { draft, badge } = this.#parts;
    if (sentences.length === 0) return;
    badge.textContent = `final: ${words} words, score ${score.toFixed(3)} after ${rounds} round${rounds === 1 ? '' : 's'}`;
    const paragraphs = [];
    let section = -1;
    for (const sentence of sentences) {
      if (sentence.section !== section) paragraphs.push([]);
      section = sentence.section;
      paragraphs[paragraphs.length - 1].push(sentence.text);
    }
    // The key terms are above it already.
    draft.replaceChildren(element('h3', title), ...paragraphs.map((texts) => element('p', texts.join(' '))));
  }

  #showState({ sections, terms, scores }, updated) {
    if (updated.includes('sections')) this.#showSections(sections);
    if (updated.includes('terms')) this.#parts.terms.replaceChildren(...sortedTerms(terms).map(({ term }) => element('li', term)));
    if (updated.includes('scores')) {
      this.#parts.scores.append(...scores.slice(this.#scores).map(scoreRow));
      this.#scores = scores.length;
    }
  }

  #showSections(sections) {
    const list = this.#parts.sections;
    if (list.childElementCount === sections.length) return;
    list.replaceChildren(...sections.map(({ title }) => {
      const item = element('li', '');
      const bar = document.createElement('progress');
      bar.value = 0;
      bar.setAttribute('aria-label', `Progress of ${title}`);
      item.append(element('span', title), bar);
      return item;
    }));
  }
}

function scoreRow({ round, score, words, finding, parts }) {
  const item = element('li', '');
  const meter = document.createElement('meter');
  Object.assign(meter, { min: 0, max: 1, low: GOOD_SCORE - 0.1, high: GOOD_SCORE, optimum: 1, value: score });
  meter.setAttribute('aria-label', `Score of round ${round}`);
  const head = element('p', '', 'head');
  head.append(element('span', `Round ${round}`), meter, element('strong', score.toFixed(3)));
  item.append(head, element('p', `${words} words; ${finding}`, 'finding'));
  item.title = Object.entries(parts).map(([name, value]) => `${name} ${value.toFixed(2)}`).join(' · ');
  return item;
}

function element(name, text, className = '') {
  const made = document.createElement(name);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}
