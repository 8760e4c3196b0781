/**
 * Owns: the error of a writer: a line for the reader, and whether asking again may help.
 * Must not know: which writer it was, the graph, the page.
 * Invariant: a message is one short line without control characters, and never holds a secret that `hidden` named.
 */

const MAX_CHARS = 240;

/** What a writer throws where it can say why it did not write. */
export class WriterError extends Error {
  /**
   * @param {string} message one sentence for the reader
   * @param {{ isWorthRepeating?: boolean, status?: number, cause?: unknown }} [facts] `isWorthRepeating`: the same request may succeed
   *   a moment later; default false. `status`: of the HTTP answer, if there was one
   */
  constructor(message, { isWorthRepeating = false, status, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'WriterError';
    this.isWorthRepeating = isWorthRepeating;
    this.status = status;
  }
}

/**
 * What another machine said, fit for a message: one line, short, without what must not be told.
 * @param {unknown} text '' for anything but a string @param {string} [hidden] a secret that is left out wherever it stands
 */
export function said(text, hidden = '') {
  if (typeof text !== 'string') return '';
  const open = hidden === '' ? text : text.replaceAll(hidden, '…');
  const line = open.replace(/[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\s]+/gu, ' ').trim();
  return line.length <= MAX_CHARS ? line : `${line.slice(0, MAX_CHARS - 1).replace(/[\uD800-\uDBFF]$/, '').trimEnd()}…`;
}
