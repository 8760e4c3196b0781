/**
 * Owns: the list of key terms, each a button, of which one may be pressed.
 * Must not know: where a term is marked, how terms are found.
 * Invariant: a term that stays keeps its button and its focus; a pressed term that is gone is told as none.
 */

export class TermList {
  #list;
  #onTerm;
  #buttons = new Map();
  #names = [];
  #chosen = null;

  /** @param {HTMLUListElement} list @param {(term: string | null) => void} onTerm the pressed one, null for none */
  constructor(list, onTerm) {
    this.#list = list;
    this.#onTerm = onTerm;
    list.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (button === null) return;
      const term = this.#names.find((name) => this.#buttons.get(name) === button);
      this.#choose(term === this.#chosen ? null : term);
    });
  }

  /** @param {readonly string[]} names best first @param {ReadonlyMap<string, number>} counts occurrences in the text, as far as they are known */
  show(names, counts) {
    if (names.length !== this.#names.length || names.some((name, i) => name !== this.#names[i])) this.#arrange(names);
    for (const name of names) {
      const button = this.#buttons.get(name);
      const count = counts.get(name);
      const label = count === undefined ? '' : count.toLocaleString('en-US');
      if (button.lastChild.textContent === label) continue;
      button.lastChild.textContent = label;
      button.title = count === undefined ? '' : `${label} time${count === 1 ? '' : 's'} in the text`;
    }
    if (this.#chosen !== null && !names.includes(this.#chosen)) this.#choose(null);
  }

  #arrange(names) {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement : null;
    this.#buttons = new Map(names.map((name) => [name, this.#buttons.get(name) ?? newButton(name)]));
    this.#names = [...names];
    this.#list.replaceChildren(...names.map((name) => {
      const item = document.createElement('li');
      item.append(this.#buttons.get(name));
      return item;
    }));
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }

  #choose(term) {
    this.#buttons.get(this.#chosen)?.setAttribute('aria-pressed', 'false');
    this.#buttons.get(term)?.setAttribute('aria-pressed', 'true');
    this.#chosen = term;
    this.#onTerm(term);
  }
}

function newButton(name) {
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('aria-pressed', 'false');
  const [term, count] = ['term', 'count'].map((part) => {
    const element = document.createElement('span');
    element.className = part;
    return element;
  });
  term.textContent = name;
  button.append(term, ' ', count);
  return button;
}
