/**
 * Owns: the row that downloads the browser's model: a button, how far it is, what went wrong.
 * Must not know: when the row is wanted, what the model is for.
 * Invariant: a download starts by a click alone, and one runs at a time.
 */

import { browserModelState, downloadBrowserModel } from '../agent/writers.js';

/** Hidden at first; `root` is to be put somewhere. */
export class ModelDownload {
  root = element('div', '', { className: 'writer-download', hidden: true });
  #button = element('button', 'Download the model', { type: 'button' });
  #bar = element('progress', '', { max: 1, value: 0, hidden: true });
  #status = element('p', '', { className: 'writer-note' });
  #LanguageModel;
  #onEnd;

  /** @param {{ LanguageModel: any, onEnd: (state: string) => void }} options `onEnd` gets the model's state after a download that worked */
  constructor({ LanguageModel, onEnd }) {
    this.#LanguageModel = LanguageModel;
    this.#onEnd = onEnd;
    this.#bar.setAttribute('aria-label', 'Download of the model');
    this.#status.setAttribute('role', 'status');
    this.#button.addEventListener('click', () => this.#download());
    this.root.append(this.#button, this.#bar, this.#status);
  }

  /** Whether the button has the focus. */
  get hasFocus() {
    return document.activeElement === this.#button;
  }

  /** @param {string} state of the model: a download under way is waited for by the same button */
  set state(state) {
    this.#button.textContent = state === 'downloading' ? 'Wait for the model' : 'Download the model';
  }

  focus() {
    this.#button.focus();
  }

  async #download() {
    if (this.#button.ariaDisabled === 'true') return;
    // Not `disabled`: that would take the focus away.
    this.#button.ariaDisabled = 'true';
    this.#bar.hidden = false;
    this.#status.textContent = 'The download begins …';
    let tenths = -1;
    try {
      await downloadBrowserModel({ LanguageModel: this.#LanguageModel, onProgress: (fraction) => {
        this.#bar.value = fraction;
        // Read out by screen readers: not each step.
        if (Math.floor(fraction * 10) === tenths) return;
        tenths = Math.floor(fraction * 10);
        this.#status.textContent = fraction < 1 ? `${Math.floor(fraction * 100)} % downloaded` : 'Downloaded; the browser prepares the model …';
      } });
      this.#status.textContent = '';
      this.#onEnd(await browserModelState(this.#LanguageModel));
    } catch (error) {
      this.#status.textContent = error.message;
    } finally {
      this.#button.ariaDisabled = null;
      this.#bar.hidden = true;
      this.#bar.value = 0;
    }
  }
}

function element(name, text, facts = {}) {
  const made = document.createElement(name);
  if (text !== '') made.textContent = text;
  return Object.assign(made, facts);
}
