/**
 * Owns: the text to be briefed: the field, and taking a text by drop or from a file.
 * Must not know: the graph, the run.
 * Invariant: a file that is too large or not text is refused with one line, and the field keeps what it has.
 */

const MAX_FILE_BYTES = 16 * 1024 * 1024;

export class SourceText {
  #field;
  #facts;
  #onProblem;

  /**
   * @param {{ field: HTMLTextAreaElement, facts: HTMLElement, picker: HTMLInputElement, dropZone: HTMLElement }} parts
   * @param {(problem: string) => void} onProblem '' takes a problem back
   */
  constructor({ field, facts, picker, dropZone }, onProblem) {
    this.#field = field;
    this.#facts = facts;
    this.#onProblem = onProblem;
    field.addEventListener('input', () => this.#count());
    picker.addEventListener('change', () => {
      if (picker.files[0]) this.#read(picker.files[0]);
      // The same file may be picked again.
      picker.value = '';
    });
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      dropZone.classList.add('is-target');
    });
    document.addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) dropZone.classList.remove('is-target');
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      dropZone.classList.remove('is-target');
      const [file] = event.dataTransfer.files;
      if (file) this.#read(file);
      else if (event.dataTransfer.getData('text/plain') !== '') this.text = event.dataTransfer.getData('text/plain');
    });
  }

  get text() {
    return this.#field.value;
  }

  set text(text) {
    this.#field.value = text;
    this.#field.scrollTop = 0;
    this.#onProblem('');
    this.#count();
  }

  async #read(file) {
    if (file.size > MAX_FILE_BYTES) return this.#onProblem(`${file.name} is larger than 16 MB.`);
    try {
      const text = await file.text();
      if (text.includes('\0')) return this.#onProblem(`${file.name} is not a text file.`);
      this.text = text;
    } catch (error) {
      this.#onProblem(`${file.name} cannot be read: ${error.message}`);
    }
  }

  #count() {
    const { length } = this.#field.value;
    this.#facts.textContent = length === 0 ? 'Paste a text, drop a file anywhere, or open one.' : `${length.toLocaleString('en-US')} characters. Paste another, drop a file anywhere, or open one.`;
  }
}
