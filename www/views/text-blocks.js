/**
 * Owns: cutting a text into blocks that can be laid out one by one.
 * Must not know: marks, the document.
 * Invariant: the blocks, joined, are the text; where it can be a block ends at a line's end, so that its edge is not seen.
 */

/** From here on a block ends at a blank line, at a line's end, at a space, or where it must. */
const ENOUGH_CHARS = 1_500;
const LINE_CHARS = 6_000;
const WORD_CHARS = 14_000;
const MAX_CHARS = 16_000;
/** For the estimate of a block's height. */
const CHARS_PER_LINE = 60;

/** @param {string} text @returns {Array<{ start: number, end: number, lines: number }>} `lines`: about as many as it takes on the page */
export function blocksOf(text) {
  const blocks = [];
  for (let start = 0; start < text.length;) {
    const end = endOf(text, start);
    blocks.push({ start, end, lines: linesOf(text, start, end) });
    start = end;
  }
  return blocks;
}

function endOf(text, start) {
  if (text.length - start <= ENOUGH_CHARS) return text.length;
  const after = (mark, from, until) => {
    const at = text.slice(start + from, start + until).indexOf(mark);
    return at < 0 ? -1 : start + from + at + mark.length;
  };
  const blank = after('\n\n', ENOUGH_CHARS, LINE_CHARS);
  if (blank >= 0) return blank;
  if (text.length - start <= LINE_CHARS) return text.length;
  const line = after('\n', LINE_CHARS, WORD_CHARS);
  if (line >= 0) return line;
  if (text.length - start <= WORD_CHARS) return text.length;
  const space = after(' ', WORD_CHARS, MAX_CHARS);
  if (space >= 0) return space;
  const end = Math.min(text.length, start + MAX_CHARS);
  // No character is cut in two.
  return /[\uDC00-\uDFFF]/.test(text[end] ?? '') && /[\uD800-\uDBFF]/.test(text[end - 1]) ? end - 1 : end;
}

function linesOf(text, start, end) {
  let lines = 0;
  for (let at = start; at < end;) {
    const next = text.indexOf('\n', at);
    const lineEnd = next < 0 || next >= end ? end : next;
    lines += Math.max(1, Math.ceil((lineEnd - at) / CHARS_PER_LINE));
    at = lineEnd + 1;
  }
  return lines;
}
