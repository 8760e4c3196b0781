/**
 * Owns: the row of one channel: its line, and, once opened, what changed in it and what it holds.
 * Must not know: the other channels, the step.
 * Invariant: what is closed is not built; what is open is built again only where it differs; text reaches the document as text only.
 */

// The one place that says how a value is shown.
import { valueTree } from './value-tree.js';
import { isEqual } from './state-diff.js';
import { changeBetween, changeOf, contentOf, counted, differencesOf, sizeText, summaryOf } from './state-words.js';
import { part, setHidden, write } from './dom-parts.js';

/** Texts longer than this are told by where they differ. */
const LONG_CHARS = 64;
const SIGNS = { added: ['+', 'added'], removed: ['−', 'removed'], changed: ['~', 'changed'] };
let ids = 0;

export class ChannelRow {
  /** @type {HTMLLIElement} */
  item = part('li', 'channel');
  isChanged = false;
  #channel = null;
  #button = part('button', 'line');
  #flag = part('span', 'flag');
  #size = part('span', 'size');
  #summary = part('span', 'summary');
  #inside = part('div', 'inside');
  #changes = null;
  #value = null;
  #shownValue = { value: undefined };
  #isOpen = false;

  /** @param {string} name @param {{ kind: string, options?: Record<string, unknown> }} channel of the graph's definition */
  constructor(name, { kind, options }) {
    this.name = name;
    const title = part('span', 'title');
    const what = part('span', 'kind');
    what.textContent = options?.keyed === true ? `${kind}, keyed` : kind;
    this.#flag.textContent = 'changed';
    this.#flag.hidden = true;
    this.#button.type = 'button';
    this.#button.setAttribute('aria-expanded', 'false');
    this.#inside.id = `channel-${ids += 1}`;
    this.#button.setAttribute('aria-controls', this.#inside.id);
    this.#inside.hidden = true;
    // Spaces between the parts, for those who hear them in a row.
    title.append(textOf('span', name, 'name'), ' ', what, ' ', this.#flag, ' ', this.#size);
    this.#button.append(title, ' ', this.#summary);
    this.#button.addEventListener('click', () => this.#toggle());
    this.item.append(this.#button, this.#inside);
  }

  get hasFocus() {
    return this.item.contains(document.activeElement);
  }

  /** @param {import('./state-diff.js').ChannelDiff} channel */
  show(channel) {
    this.#channel = channel;
    this.isChanged = channel.isChanged;
    setHidden(this.#flag, !channel.isChanged);
    this.item.classList.toggle('is-changed', channel.isChanged);
    write(this.#size, sizeText(channel.bytes));
    write(this.#summary, changeOf(channel) || contentOf(channel));
    if (this.#isOpen) this.#fill();
  }

  #toggle() {
    this.#isOpen = !this.#isOpen;
    this.#button.setAttribute('aria-expanded', String(this.#isOpen));
    if (this.#isOpen) this.#fill();
    this.#inside.hidden = !this.#isOpen;
  }

  #fill() {
    const { value } = this.#channel;
    const changes = changesOf(this.#channel);
    this.#changes?.remove();
    this.#changes = changes;
    if (changes !== null) this.#inside.prepend(changes);
    // The same value keeps what was opened in it.
    if (this.#value !== null && isEqual(this.#shownValue.value, value)) return;
    this.#shownValue = { value };
    const shown = part('div', 'value');
    shown.append(value === undefined ? textOf('p', 'Not written yet.') : valueTree(value));
    if (this.#value === null) this.#inside.append(shown);
    else this.#value.replaceWith(shown);
    this.#value = shown;
  }
}

/** The list of what changed; null where nothing is known of it. */
function changesOf({ isChanged, hasBefore, changes, more }) {
  if (!isChanged || !hasBefore) return null;
  const whole = part('div', 'changes');
  const list = part('ul', '');
  list.setAttribute('aria-label', 'What changed');
  list.append(...changes.map(changeItem));
  if (changes.length === 0) whole.append(textOf('p', 'It was written, and holds the same as before.'));
  else whole.append(list);
  if (more > 0) whole.append(textOf('p', `${counted(more, 'more change')} not listed.`));
  return whole;
}

function changeItem(change) {
  const { kind, path, before, after } = change;
  const item = part('li', kind);
  const sign = part('span', 'sign');
  sign.setAttribute('aria-hidden', 'true');
  sign.textContent = SIGNS[kind][0];
  const word = part('span', 'unseen');
  word.textContent = `${SIGNS[kind][1]} `;
  item.append(sign, word);
  if (path !== '') {
    item.append(textOf('code', path), ' ');
  }
  const isLong = typeof before === 'string' && typeof after === 'string' && before.length + after.length > LONG_CHARS;
  if (kind === 'changed' && isLong) {
    const { places, more: others } = differencesOf(before, after);
    item.append(changeBetween(before, after), ...places.flat().map((text, i) => (text === '' ? '' : textOf(i % 2 === 0 ? 'del' : 'ins', text))));
    if (others > 0) item.append(textOf('span', `and ${counted(others, 'other place')}`));
  } else item.append(kind === 'changed' ? changeBetween(before, after) : summaryOf(kind === 'added' ? after : before));
  return item;
}

function textOf(name, text, className = '') {
  const made = part(name, className);
  made.textContent = text;
  return made;
}
