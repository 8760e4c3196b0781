/**
 * Owns: a button that asks before it acts: “Delete”, then “Delete?” with “Cancel” beside it, in place.
 * Must not know: what it does.
 * Invariant: one press never acts, nor does a double click or a key that is held; the focus stays in it until it acts.
 */

export class TwoStep {
  /** Holds both buttons; `data-state` is idle, asked or busy. */
  element = document.createElement('span');
  #button = document.createElement('button');
  #cancel = document.createElement('button');
  #labels;
  #actions;
  #subject = '';

  /**
   * @param {{ idle: string, asked: string, busy: string }} labels as they are seen
   * @param {{ onAsk?: () => void, onCancel?: () => void, onConfirm: () => unknown }} actions `onConfirm` may be asynchronous: the button is busy until then
   */
  constructor(labels, actions) {
    this.#labels = labels;
    this.#actions = actions;
    this.#button.type = this.#cancel.type = 'button';
    this.#cancel.textContent = 'Cancel';
    this.element.className = 'two-step';
    this.element.append(this.#button, this.#cancel);
    this.#button.addEventListener('click', (event) => this.#press(event));
    this.#cancel.addEventListener('click', () => this.#takeBack());
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    this.element.addEventListener('focusout', (event) => {
      if (this.isAsked && !this.element.contains(event.relatedTarget) && document.hasFocus()) this.#takeBack(false);
    });
    this.#become('idle');
  }

  get isAsked() {
    return this.element.dataset.state === 'asked';
  }

  /** Sets the seen labels; the state stays. */
  set labels(labels) {
    this.#labels = labels;
    this.#write();
  }

  /** What it is about, for those who do not see where it stands; '' for a button that stands alone. */
  set subject(subject) {
    this.#subject = subject;
    this.#write();
  }

  /** Keeps its place and the focus while it cannot be used. */
  set isEnabled(isEnabled) {
    if (isEnabled) this.#button.removeAttribute('aria-disabled');
    else this.#button.setAttribute('aria-disabled', 'true');
  }

  focus() {
    this.#button.focus();
  }

  /** Takes an open question back, without a word. */
  reset() {
    if (this.isAsked) this.#become('idle');
  }

  async #press(event) {
    const { state } = this.element.dataset;
    if (state === 'busy' || (state === 'idle' && this.#button.ariaDisabled === 'true')) return;
    if (state === 'idle') {
      this.#become('asked');
      this.#actions.onAsk?.();
      return;
    }
    // The second half of a double click.
    if (event.detail > 1) return;
    this.#become('busy');
    try {
      await this.#actions.onConfirm();
    } finally {
      this.#become('idle');
    }
  }

  #onKey(event) {
    if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault();
    if (event.key !== 'Escape' || !this.isAsked) return;
    // Escape means this question only, not the run.
    event.stopPropagation();
    event.preventDefault();
    this.#takeBack();
  }

  #takeBack(keepsFocus = true) {
    if (!this.isAsked) return;
    if (keepsFocus) this.#button.focus();
    this.#become('idle');
    this.#actions.onCancel?.();
  }

  #become(state) {
    this.element.dataset.state = state;
    this.#button.classList.toggle('danger', state === 'asked');
    this.#cancel.hidden = state !== 'asked';
    this.#write();
  }

  #write() {
    const label = this.#labels[this.element.dataset.state];
    if (this.#button.textContent !== label) this.#button.textContent = label;
    if (this.#subject === '') return;
    this.#button.setAttribute('aria-label', this.isAsked ? `${label} ${this.#subject}` : `${label}: ${this.#subject}`);
    this.#cancel.setAttribute('aria-label', `Cancel deleting: ${this.#subject}`);
  }
}
