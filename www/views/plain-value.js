/**
 * Owns: a value as the text of its JSON, in pages.
 * Must not know: what the value is for.
 * Invariant: the document never holds more of a value than was asked for; all of it is text.
 */

const FIRST_CHARS = 4_000;
const PAGE_CHARS = 40_000;

/** @param {unknown} value @returns {HTMLElement} */
export function valueTree(value) {
  const text = value === undefined ? 'undefined' : JSON.stringify(value, likeness, 2);
  const whole = document.createElement('div');
  const shown = document.createElement('pre');
  const more = document.createElement('button');
  more.type = 'button';
  let end = 0;
  const show = (chars) => {
    shown.append(text.slice(end, end += chars));
    more.hidden = end >= text.length;
    more.textContent = `Show more of ${text.length.toLocaleString('en-US')} characters`;
  };
  more.addEventListener('click', () => show(PAGE_CHARS));
  show(FIRST_CHARS);
  whole.append(shown, more);
  return whole;
}

function likeness(_, value) {
  if (typeof value === 'bigint') return `${value}n`;
  return value instanceof Map || value instanceof Set ? [...value] : value;
}
