/**
 * Owns: the choice of who writes the draft: a group of radios, and the endpoint's fields.
 * Must not know: how a writer reaches its model, what it is asked, when a run starts.
 * Invariant: the key is in its field alone: no storage, address, event or property gets it, and it is gone when the page is left.
 */

import { WriterError, browserModelState, browserWriter, checkedKey, completionsUrl, endpointWriter } from '../agent/writers.js';
import { ModelDownload } from './model-download.js';

/** Address and model, for the rest of the visit. */
const STORAGE_KEY = 'writer-choice';

const BROWSER_NOTES = {
  checking: 'Asking the browser whether it has one …',
  missing: 'This browser has no language model.',
  unavailable: 'This browser has a language model, but cannot run it on this device.',
  downloadable: 'The browser has to download its model once; that may be several gigabytes.',
  downloading: 'The browser is downloading its model.',
  available: 'The browser runs the model; this page sends nothing.',
};

/** `new WriterChoice(fieldset, { onChange })`; then ask `problem` and `writer` as a run starts. */
export class WriterChoice {
  #root;
  #onChange = () => {};
  #LanguageModel;
  #radios = {};
  #fields = {};
  #parts = {};
  #browserState = 'checking';
  #download;
  #tellsProblems = false;

  /**
   * @param {HTMLFieldSetElement} root empty; while it is disabled nothing can be chosen
   * @param {{ onChange?: () => void, LanguageModel?: any }} [options] `onChange` is called whenever `kind`, `summary` or `problem` may have changed;
   *   `LanguageModel`: default the browser's
   */
  constructor(root, { onChange = () => {}, LanguageModel = globalThis.LanguageModel } = {}) {
    this.#root = root;
    this.#LanguageModel = LanguageModel;
    this.#download = new ModelDownload({ LanguageModel, onEnd: (state) => this.#showBrowserState(state) });
    root.classList.add('writer');
    root.append(
      element('legend', 'Who writes the draft'),
      this.#option('extractive', 'Extractive (offline)', 'Takes the most central sentences as they are. Nothing leaves this tab.'),
      this.#option('browser', 'This browser’s model', BROWSER_NOTES.checking, this.#download.root),
      this.#option('endpoint', 'An endpoint', 'A model behind an address that speaks the chat completions API.', this.#buildFields()),
    );
    this.#radios.extractive.checked = true;
    this.#recall();
    this.#showChoice();
    this.#showBrowserState('checking');
    // Not before: who is told may ask this object, and has it only when it is made.
    this.#onChange = onChange;
    root.addEventListener('change', () => this.#changed());
    // A problem that is told goes as soon as it is mended; none is told while one types.
    root.addEventListener('input', (event) => { if (event.target.ariaInvalid === 'true') this.#showProblems(); });
    // A page that is kept for “back” keeps no key.
    globalThis.addEventListener('pagehide', () => this.forgetKey());
    browserModelState(LanguageModel).then((state) => this.#showBrowserState(state));
  }

  /** @returns {'extractive' | 'browser' | 'endpoint'} */
  get kind() {
    return Object.keys(this.#radios).find((kind) => this.#radios[kind].checked);
  }

  /** Who is chosen, as in “Written by: …”. */
  get summary() {
    if (this.kind === 'browser') return 'this browser’s model';
    return this.kind === 'endpoint' ? this.#fields.model.value.trim() || 'an endpoint' : 'the text’s own sentences';
  }

  /** What keeps the chosen writer from writing, as a sentence; '' where nothing does. */
  get problem() {
    return this.#firstProblem()?.message ?? '';
  }

  /**
   * The chosen writer for a run's `context`; `undefined` for the extractive way.
   * @returns {import('../agent/writers.js').Writer | undefined}
   * @throws {WriterError} the `problem`
   */
  get writer() {
    const { problem } = this;
    if (problem !== '') throw new WriterError(problem);
    if (this.kind === 'browser') return browserWriter({ LanguageModel: this.#LanguageModel });
    const { address, model, key } = this.#fields;
    return this.kind === 'endpoint' ? endpointWriter({ url: address.value, model: model.value, key: key.value }) : undefined;
  }

  /** Says the problem beside its field and puts the focus there, opening a `<details>` around it. @returns {boolean} whether there was one */
  showProblem() {
    this.#tellsProblems = true;
    this.#showProblems();
    const problem = this.#firstProblem();
    if (problem === undefined) return false;
    const details = this.#root.closest('details');
    if (details) details.open = true;
    problem.at.focus();
    return true;
  }

  /** Empties the field of the key. */
  forgetKey() {
    this.#fields.key.value = '';
  }

  /** In the order of the page. */
  #firstProblem() {
    if (this.kind === 'browser' && this.#browserState !== 'available') {
      return { message: 'The browser’s model is not downloaded yet.', at: this.#download };
    }
    return this.kind === 'endpoint' ? Object.values(this.#fields).map((at) => ({ message: problemOf(at), at })).find(({ message }) => message !== '') : undefined;
  }

  #changed() {
    this.#showChoice();
    this.#remember();
    if (this.kind !== 'endpoint') this.#tellsProblems = false;
    this.#showProblems();
    this.#onChange();
  }

  #showChoice() {
    this.#parts.fields.hidden = this.kind !== 'endpoint';
    this.#download.root.hidden = this.kind !== 'browser' || this.#browserState === 'available';
  }

  /** Beside each field that has been left, or all once a run was refused. */
  #showProblems() {
    for (const field of Object.values(this.#fields)) {
      const isTold = this.#tellsProblems || field.value !== '';
      const problem = isTold ? problemOf(field) : '';
      const line = this.#parts[`${field.dataset.field}Problem`];
      if (line.textContent !== problem) line.textContent = problem;
      field.ariaInvalid = String(problem !== '');
    }
  }

  #showBrowserState(state) {
    const hadFocus = this.#download.hasFocus;
    this.#browserState = state;
    this.#download.state = state;
    const canWrite = ['downloadable', 'downloading', 'available'].includes(state);
    this.#radios.browser.disabled = !canWrite;
    if (!canWrite && this.#radios.browser.checked) this.#radios.extractive.checked = true;
    this.#parts.browserNote.textContent = BROWSER_NOTES[state];
    this.#showChoice();
    // The button has gone.
    if (hadFocus && state === 'available') this.#radios.browser.focus();
    this.#onChange();
  }

  /** Address and model survive a reload, as long as the address has no part that may be secret. */
  #remember() {
    const { address, model } = this.#fields;
    try {
      if (problemOf(address) !== '' || new URL(address.value).search !== '') sessionStorage.removeItem(STORAGE_KEY);
      else sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ address: address.value, model: model.value }));
    } catch {
      // No storage: nothing is kept.
    }
  }

  #recall() {
    try {
      const { address, model } = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? '{}');
      if (typeof address === 'string') this.#fields.address.value = address;
      if (typeof model === 'string') this.#fields.model.value = model;
    } catch {
      // As if there were none.
    }
  }

  #option(kind, label, note, ...more) {
    const id = `${this.#root.id || 'writer'}-${kind}`;
    const radio = element('input', '', { type: 'radio', name: `${this.#root.id || 'writer'}-kind`, value: kind, id, autocomplete: 'off' });
    radio.setAttribute('aria-describedby', `${id}-note`);
    const noteLine = element('p', note, { id: `${id}-note`, className: 'writer-note' });
    this.#radios[kind] = radio;
    this.#parts[`${kind}Note`] = noteLine;
    const option = element('div', '', { className: 'writer-option' });
    option.append(radio, element('label', label, { htmlFor: id }), noteLine, ...more);
    return option;
  }

  #buildFields() {
    const fields = element('div', '', { className: 'writer-fields', hidden: true });
    fields.append(
      this.#field('address', 'Address', { type: 'url', inputMode: 'url' }, 'For example http://localhost:11434/v1'),
      this.#field('model', 'Model', { type: 'text' }),
      this.#field('key', 'Key, if it asks for one', { type: 'password' }),
      element('p', 'Your text is sent to this address; the key stays in this tab’s memory.', { className: 'writer-note' }),
    );
    this.#parts.fields = fields;
    return fields;
  }

  #field(name, label, facts, hint) {
    const id = `${this.#root.id || 'writer'}-${name}`;
    const field = element('input', '', { id, autocomplete: 'off', spellcheck: false, ...facts });
    field.setAttribute('autocapitalize', 'none');
    field.dataset.field = name;
    const problem = element('p', '', { id: `${id}-problem`, className: 'writer-problem' });
    problem.setAttribute('aria-live', 'polite');
    field.setAttribute('aria-describedby', hint ? `${id}-hint ${problem.id}` : problem.id);
    this.#fields[name] = field;
    this.#parts[`${name}Problem`] = problem;
    const row = element('div', '', { className: `writer-field writer-${name}` });
    row.append(element('label', label, { htmlFor: id }), field, ...(hint ? [element('p', hint, { id: `${id}-hint`, className: 'writer-hint' })] : []), problem);
    return row;
  }
}

/** What is wrong with one of the endpoint's fields; '' where nothing is. */
function problemOf(field) {
  try {
    if (field.dataset.field === 'address') completionsUrl(field.value);
    else if (field.dataset.field === 'key') checkedKey(field.value);
    else if (field.value.trim() === '') return 'Enter the name of the model.';
    return '';
  } catch (error) {
    return error.message;
  }
}

function element(name, text, facts = {}) {
  const made = document.createElement(name);
  if (text !== '') made.textContent = text;
  return Object.assign(made, facts);
}
