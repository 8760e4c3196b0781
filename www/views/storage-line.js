/**
 * Owns: what is stored and whether it stays, in the header and above the list; the button that asks the browser to keep it.
 * Must not know: the sessions, the store.
 * Invariant: says only what the browser said; the button is there only while asking can change something.
 */

import { part, write } from './dom-parts.js';
import { keptText, storedText } from './session-text.js';

/**
 * @typedef {object} Storage
 * @property {number} sessions
 * @property {number} bytes of all sessions
 * @property {number | null} freeBytes of this site; null where the browser does not say
 * @property {boolean} isKept sessions survive a reload
 * @property {boolean | null} isPersisted the browser will not evict them; null where it does not say
 * @property {string} problem a sentence; '' for none
 */

export class StorageLine {
  #header;
  #stored = part('p', 'stored');
  #kept = part('span', 'kept');
  #amount = part('span', 'amount');
  #button = part('button', 'ask-to-keep', 'Ask to keep');
  #problem = part('p', 'storage-problem');
  #storage = null;
  #answer = '';
  #isChanged = false;

  /** @param {HTMLElement} header the short form @param {HTMLElement} root the long one, such as `SessionList.storageRoot` @param {() => Promise<boolean>} askToKeep asks the browser not to evict */
  constructor(header, root, askToKeep) {
    this.#header = header;
    this.#button.type = 'button';
    this.#button.hidden = true;
    this.#stored.tabIndex = -1;
    // The amount changes while a run goes on, which nobody wants to hear; the answer to the question is what one waits for.
    this.#kept.setAttribute('role', 'status');
    this.#stored.append(this.#amount, ' ', this.#kept);
    this.#problem.hidden = true;
    this.#button.addEventListener('click', () => this.#ask(askToKeep));
    root.replaceChildren(this.#stored, this.#button, this.#problem);
  }

  /** @param {Storage} storage */
  show(storage) {
    this.#storage = storage;
    this.#isChanged = true;
  }

  render() {
    if (!this.#isChanged || this.#storage === null) return;
    this.#isChanged = false;
    const storage = this.#storage;
    const stored = storedText(storage);
    write(this.#header, stored);
    write(this.#amount, `${stored}.`);
    write(this.#kept, this.#answer !== '' && !storage.isPersisted ? this.#answer : keptText(storage));
    this.#kept.classList.toggle('is-safe', storage.isKept && storage.isPersisted === true);
    const canAsk = storage.sessions > 0 && storage.isKept && storage.isPersisted === false;
    if (!canAsk && this.#button.contains(document.activeElement)) this.#stored.focus();
    this.#button.hidden = !canAsk;
    write(this.#problem, storage.problem);
    this.#problem.hidden = storage.problem === '';
  }

  async #ask(askToKeep) {
    if (this.#button.ariaDisabled === 'true') return;
    this.#button.setAttribute('aria-disabled', 'true');
    const isPersisted = await askToKeep().catch(() => false);
    this.#button.removeAttribute('aria-disabled');
    this.#answer = isPersisted ? '' : 'The browser did not agree to keep them; it may evict them.';
    this.show({ ...this.#storage, isPersisted });
    this.render();
  }
}
