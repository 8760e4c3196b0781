/**
 * Owns: the list of sessions: its rows by session id, their order, the tools above it, the line below that says what happened.
 * Must not know: the store, what an action does.
 * Invariant: a row keeps its elements while its session is there; the focus of a row that goes is handed to the next; `show` costs nothing until `render`.
 */

import { part, write } from './dom-parts.js';
import { SessionItem } from './session-item.js';
import { factsText, isFinished, number, oneLine, plural, short } from './session-text.js';
import { TwoStep } from './two-step.js';

const MAX_ROWS = 500;
/** Rows that are made in one frame; the next ones follow in the next. */
const ROWS_A_FRAME = 50;
const AGE_EVERY_MS = 20_000;
const DELETE_FINISHED = { idle: 'Delete finished', busy: 'Deleting …' };

/** @typedef {import('./session-text.js').SessionRow} SessionRow */

/**
 * What a row or the tools ask for. What one returns, or resolves with, is said below the list if it is a text; what it throws or rejects with is said as a
 * problem by its message.
 * @typedef {object} SessionActions
 * @property {(sessionId: string) => unknown} open
 * @property {(sessionId: string) => unknown} goOn
 * @property {(sessionId: string) => unknown} takeOver
 * @property {(sessionId: string) => unknown} cancel
 * @property {(sessionId: string) => unknown} remove
 * @property {(sessionId: string) => unknown} exportSession
 * @property {(file: File) => unknown} importFile
 * @property {() => unknown} removeFinished
 */

export class SessionList {
  /** Where the storage line stands, among the tools. @type {HTMLElement} */
  storageRoot = part('div', 'storage-line');
  #facts;
  #actions;
  #list = part('ul', 'session-rows');
  #empty = part('p', 'empty quiet', 'No session yet. Each run appears here, with its text and its briefing.');
  #note = part('p', 'session-note');
  #items = new Map();
  #finished;
  #rows = [];
  #openId = null;
  #isChanged = true;

  /** @param {HTMLElement} root has the size that its CSS gives it @param {HTMLElement} facts one short line @param {SessionActions} actions */
  constructor(root, facts, actions) {
    this.#facts = facts;
    this.#actions = actions;
    this.#finished = new TwoStep({ ...DELETE_FINISHED, asked: '' }, {
      onAsk: () => this.#askFinished(),
      onCancel: () => this.say(''),
      onConfirm: () => this.#do('removeFinished'),
    });
    this.#list.setAttribute('role', 'list');
    this.#list.setAttribute('aria-label', 'Sessions');
    this.#empty.tabIndex = -1;
    this.#note.setAttribute('role', 'status');
    const tools = part('div', 'session-tools');
    tools.append(this.storageRoot, ...this.#picker(), this.#finished.element);
    root.replaceChildren(tools, this.#empty, this.#list, this.#note);
    setInterval(() => this.#tick(), AGE_EVERY_MS);
  }

  /** Takes the sessions, the newest first, and which of them the page shows; `render` shows them. @param {readonly SessionRow[]} rows @param {string | null} openId */
  show(rows, openId) {
    this.#rows = rows.slice(0, MAX_ROWS);
    this.#openId = openId;
    this.#isChanged = true;
  }

  render() {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const focus = this.#removeGone();
    this.#place();
    const isEmpty = this.#rows.length === 0;
    this.#empty.toggleAttribute('hidden', !isEmpty);
    this.#list.toggleAttribute('hidden', isEmpty);
    write(this.#facts, factsText(this.#rows));
    const finished = this.#rows.filter(isFinished).length;
    this.#finished.isEnabled = finished > 0;
    this.#finished.labels = { ...DELETE_FINISHED, asked: `Delete ${number(finished)} finished?` };
    if (focus !== null) this.#focusAt(focus);
  }

  /** Says what happened, in a line that screen readers hear; '' takes it back. @param {string} words @param {boolean} [isProblem] default false */
  say(words, isProblem = false) {
    write(this.#note, short(oneLine(words), 300));
    this.#note.classList.toggle('is-problem', isProblem && words !== '');
  }

  /** Scrolls the list to a session and focuses it, as after an import. @param {string} sessionId */
  reveal(sessionId) {
    this.render();
    this.#items.get(sessionId)?.element.scrollIntoView({ block: 'nearest' });
    this.#items.get(sessionId)?.focus('open');
  }

  /** Takes away what is not there any more. Returns where the focus was, if it was in that. */
  #removeGone() {
    const there = new Set(this.#rows.map(({ sessionId }) => sessionId));
    const before = [...this.#items.keys()];
    let focus = null;
    for (const [sessionId, item] of this.#items) {
      if (there.has(sessionId)) continue;
      if (item.element.contains(document.activeElement)) {
        const next = before.slice(before.indexOf(sessionId) + 1).find((id) => there.has(id)) ?? before.slice(0, before.indexOf(sessionId)).findLast((id) => there.has(id));
        focus = { sessionId: next, action: item.focusedAction };
      }
      item.element.remove();
      this.#items.delete(sessionId);
    }
    return focus;
  }

  /** Rows are never moved, only put between others: what has the focus would lose it. */
  #place() {
    const now = Date.now();
    const items = new Map();
    let made = 0;
    let place = this.#list.firstElementChild;
    for (const row of this.#rows) {
      const known = this.#items.get(row.sessionId);
      if (known === undefined && made === ROWS_A_FRAME) {
        this.#isChanged = true;
        continue;
      }
      const item = known ?? this.#make(row.sessionId);
      if (known === undefined) made += 1;
      item.show(row, row.sessionId === this.#openId, now);
      items.set(row.sessionId, item);
      if (item.element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(item.element, place);
    }
    this.#items = items;
    if (this.#isChanged) requestAnimationFrame(() => this.render());
  }

  #make(sessionId) {
    return new SessionItem(sessionId, {
      act: (action, id, name) => this.#do(action, id, name),
      onAsk: (name) => this.say(name === null ? '' : `Delete “${name}” for good?`),
    });
  }

  async #do(action, subject, name = '') {
    this.say('');
    try {
      const words = await this.#actions[action](subject);
      if (typeof words === 'string') this.say(words);
      else if (action === 'remove') this.say(`Deleted “${name}”.`);
    } catch (error) {
      this.say(error?.message ?? String(error), true);
    }
  }

  #askFinished() {
    const finished = this.#rows.filter(isFinished).length;
    this.say(`Delete ${plural(finished, 'finished session')} for good?`);
  }

  #focusAt({ sessionId, action }) {
    if (sessionId === undefined) this.#empty.focus();
    else this.#items.get(sessionId)?.focus(action);
  }

  #tick() {
    if (document.hidden) return;
    const now = Date.now();
    for (const item of this.#items.values()) item.tick(now);
  }

  /** A file input that keeps its keyboard and its name, and the label that is seen. */
  #picker() {
    const input = Object.assign(part('input', 'picker'), { type: 'file', id: 'session-file', accept: '.json,application/json' });
    input.setAttribute('aria-label', 'Import a session from a file');
    input.addEventListener('change', () => {
      const [file] = input.files;
      // The same file may be picked again.
      input.value = '';
      if (file) this.#do('importFile', file);
    });
    const label = Object.assign(part('label', 'button', 'Import …'), { htmlFor: input.id });
    label.setAttribute('aria-hidden', 'true');
    return [input, label];
  }
}
