/**
 * Owns: one session in the list: its mark, words, size, age and buttons.
 * Must not know: the other sessions, what an action does.
 * Invariant: its elements stay while its session does, so the focus does; a button that goes hands the focus to one that stays.
 */

import { part, write } from './dom-parts.js';
import { actionsOf, ageText, number, short, sizeText, standingOf, standingText, timeText } from './session-text.js';
import { TwoStep } from './two-step.js';

const SVG = 'http://www.w3.org/2000/svg';
/** In the order in which they stand. */
const LABELS = { goOn: 'Go on', takeOver: 'Take over', open: 'Open', exportSession: 'Export', cancel: 'Cancel', remove: 'Delete' };
const DELETE = { idle: 'Delete', asked: 'Delete?', busy: 'Deleting …' };
/** On a field of 16 by 16: shapes that differ without their colours. */
const MARKS = {
  here: 'M5 3.2v9.6L13 8z',
  elsewhere: 'M5 3.2v9.6L13 8z',
  stopped: 'M4.5 3.5v9M11.5 3.5v9',
  done: 'M2.8 8.6l3.4 3.4 7-7.6',
  cancelled: 'M3 8h10',
  failed: 'M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4',
  waiting: 'M8 3v6M8 12.4v.2',
  damaged: 'M8 3v6M8 12.4v.2',
};
const MAX_NAME_CHARS = 80;

export class SessionItem {
  element = document.createElement('li');
  #sessionId;
  #row = null;
  #isOpen = false;
  #buttons = new Map();
  #mark = document.createElementNS(SVG, 'path');
  #title = part('bdi', 'title');
  #shown = part('span', 'shown', 'open');
  #standing = part('span', 'standing');
  #draft = part('span', 'draft-facts');
  #size = part('span', 'size');
  #age = part('time', 'age');
  #actions = part('div', 'actions');
  #act;
  #onAsk;

  /**
   * @param {string} sessionId
   * @param {{ act: (action: string, sessionId: string, title: string) => unknown, onAsk: (title: string | null) => void }} parts
   *   `onAsk`: the deletion is asked about, or, with null, taken back
   */
  constructor(sessionId, { act, onAsk }) {
    this.#sessionId = sessionId;
    this.#act = act;
    this.#onAsk = onAsk;
    const mark = document.createElementNS(SVG, 'svg');
    mark.setAttribute('viewBox', '0 0 16 16');
    mark.setAttribute('aria-hidden', 'true');
    mark.setAttribute('class', 'mark');
    mark.append(this.#mark);
    const head = part('p', 'head');
    head.append(this.#title, ' ', this.#shown);
    const facts = part('p', 'facts');
    facts.append(this.#standing, ' ', this.#draft, ' ', this.#size, ' ', this.#age);
    this.element.append(mark, head, facts, this.#actions);
  }

  /** Its title as it stands in names and sentences. */
  get name() {
    return short(this.#row?.title || 'a session not read yet', MAX_NAME_CHARS);
  }

  /** @param {import('./session-text.js').SessionRow} row @param {boolean} isOpen it is what the page shows @param {number} now epoch milliseconds */
  show(row, isOpen, now) {
    const before = this.#row;
    this.#row = row;
    const standing = standingOf(row);
    const isNamed = before?.title !== row.title || before === null;
    if (isNamed) {
      this.#title.textContent = row.title || (row.problem ? 'Unreadable session' : '…');
      this.#title.title = row.title;
    }
    if (isOpen !== this.#isOpen || before === null) this.#markOpen(isOpen);
    if (this.element.dataset.standing !== standing) {
      this.element.dataset.standing = standing;
      this.#mark.setAttribute('d', MARKS[standing]);
      this.#showActions(actionsOf(standing));
    }
    // It is cut where there is no room.
    if (write(this.#standing, standingText(row))) this.#standing.title = this.#standing.textContent;
    write(this.#draft, Number.isFinite(row.words) ? `${number(row.words)} words` : '');
    // It grows while the session runs; the store counts at the end.
    write(this.#size, Number.isFinite(row.bytes) ? sizeText(row.bytes) : '');
    this.tick(now, before === null || before.createdAt !== row.createdAt || before.updatedAt !== row.updatedAt);
    if (isNamed) this.#nameButtons();
  }

  /** The age goes on. */
  tick(now, isDated = false) {
    write(this.#age, ageText(this.#row.createdAt, now));
    if (!isDated) return;
    this.#age.dateTime = dateTimeOf(this.#row.createdAt);
    this.#age.title = `Begun ${timeText(this.#row.createdAt)}, changed ${timeText(this.#row.updatedAt)}`;
  }

  /** What of its buttons has the focus, '' for none. */
  get focusedAction() {
    for (const [name, button] of this.#buttons) if (elementOf(button).contains(document.activeElement)) return name;
    return '';
  }

  /** Focuses a button: the given one, else the first. */
  focus(action = '') {
    const button = this.#isSeen(action) ? this.#buttons.get(action) : [...this.#buttons].find(([name]) => this.#isSeen(name))?.[1];
    button?.focus();
  }

  #markOpen(isOpen) {
    this.#isOpen = isOpen;
    if (isOpen) this.element.setAttribute('aria-current', 'true');
    else this.element.removeAttribute('aria-current');
    this.#shown.hidden = !isOpen;
    this.#disableOpen();
  }

  /** What is open keeps its button and so the focus; it only does nothing. */
  #disableOpen() {
    const open = this.#buttons.get('open');
    if (this.#isOpen) open?.setAttribute('aria-disabled', 'true');
    else open?.removeAttribute('aria-disabled');
  }

  #showActions(names) {
    const lost = this.focusedAction;
    for (const name of Object.keys(LABELS)) {
      if (names.includes(name) && !this.#buttons.has(name)) this.#add(name);
      const button = this.#buttons.get(name);
      if (button !== undefined) elementOf(button).hidden = !names.includes(name);
    }
    if (!names.includes('remove')) this.#buttons.get('remove')?.reset();
    this.#disableOpen();
    this.#nameButtons();
    if (lost !== '' && !names.includes(lost)) this.focus('open');
  }

  #add(name) {
    const button = name === 'remove' ? this.#twoStep() : this.#button(name);
    this.#buttons.set(name, button);
    const order = Object.keys(LABELS);
    const next = order.slice(order.indexOf(name) + 1).find((later) => this.#buttons.has(later));
    this.#actions.insertBefore(elementOf(button), next === undefined ? null : elementOf(this.#buttons.get(next)));
  }

  #button(name) {
    const button = part('button', name === 'goOn' || name === 'takeOver' ? 'main' : '', LABELS[name]);
    button.type = 'button';
    button.addEventListener('click', () => {
      if (button.ariaDisabled !== 'true') this.#act(name, this.#sessionId, this.name);
    });
    return button;
  }

  #twoStep() {
    return new TwoStep(DELETE, {
      onAsk: () => this.#onAsk(this.name),
      onCancel: () => this.#onAsk(null),
      onConfirm: () => this.#act('remove', this.#sessionId, this.name),
    });
  }

  #nameButtons() {
    for (const [name, button] of this.#buttons) {
      if (button instanceof TwoStep) button.subject = this.name;
      else button.setAttribute('aria-label', `${LABELS[name]}: ${this.name}`);
    }
  }

  #isSeen(name) {
    const button = this.#buttons.get(name);
    return button !== undefined && !elementOf(button).hidden;
  }
}

function elementOf(button) {
  return button instanceof TwoStep ? button.element : button;
}


/** A dump may hold any number; what is no time has no date. */
function dateTimeOf(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
