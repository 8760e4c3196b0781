/**
 * Owns: texts that come by drop anywhere on the page, from the file picker, and by paste where there is no field.
 * Must not know: what becomes of a text.
 * Invariant: a file that is too large or not text is refused with one line; of files that are read at once, the one that came last counts.
 */

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * @param {{ picker: HTMLInputElement, dropZone: HTMLElement, pasteZone: HTMLElement }} parts `dropZone` is where a dropped text will be, and is marked meanwhile
 * @param {{ onText(text: string): void, onProblem(line: string): void }} calls
 */
export function takeTexts({ picker, dropZone, pasteZone }, { onText, onProblem }) {
  let newest = null;
  const take = async (file) => {
    newest = file;
    const { text, problem } = await read(file);
    if (newest !== file) return;
    if (problem === undefined) onText(text);
    else onProblem(problem);
  };
  picker.addEventListener('change', () => {
    if (picker.files[0]) take(picker.files[0]);
    // The same file may be picked again.
    picker.value = '';
  });
  pasteZone.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text !== '') onText(text);
  });
  const isText = (event) => ['Files', 'text/plain'].some((type) => event.dataTransfer?.types.includes(type));
  document.addEventListener('dragover', (event) => {
    if (!isText(event)) return;
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
    const text = event.dataTransfer.getData('text/plain');
    if (file) take(file);
    else if (text !== '') onText(text);
  });
}

async function read(file) {
  if (file.size > MAX_FILE_BYTES) return { problem: `${file.name} is larger than 16 MB.` };
  try {
    const text = await file.text();
    return text.includes('\0') ? { problem: `${file.name} is not a text file.` } : { text };
  } catch (error) {
    return { problem: `${file.name} cannot be read: ${error.message}` };
  }
}
