/**
 * Owns: cleaning a text and cutting it into titled sections, by its headings or, without any, by groups of paragraphs.
 * Must not know: languages, ranking, the graph.
 * Invariant: sections come in reading order, none is empty, and there are at most `MAX_SECTIONS`; all prose of the text is in exactly one.
 */

/** Read at most; about 80,000 English words. */
export const MAX_CHARS = 500_000;
export const MAX_SECTIONS = 96;
/** A section without a heading is closed at the first paragraph end after so many words. */
const GROUP_WORDS = 160;
/** A longer section is cut into numbered parts, so that the parallel tasks have like sizes. */
const MAX_SECTION_WORDS = 900;
/** A longer paragraph is cut at a sentence end, or where it must be. */
const MAX_PARAGRAPH_CHARS = 5_000;
const MAX_HEADING_CHARS = 80;

const LIST_ITEM = /^\s*(?:[-*+•–]|\d{1,3}[.)])\s+/;
const BULLET = /^\s*[-*+•–]\s+/;
const RULE = /^\s*(?:[-*_=]\s*){3,}$/;

/**
 * @param {string} text any text; markup is text like any other
 * @returns {{ title: string, sections: Array<{ index: number, title: string, text: string }>, readChars: number, isCut: boolean }}
 *   `title` is '' where the text has none; paragraphs within a section's text are parted by a blank line
 */
export function splitSections(text) {
  const { kept, isCut } = capped(text);
  const blocks = blocksOf(cleaned(kept));
  const title = titleOf(blocks);
  const byHeading = blocks.some((block) => block.isHeading);
  const loose = byHeading ? underHeadings(blocks) : [{ title: '', paragraphs: blocks.map((block) => block.text) }];
  const parts = loose.flatMap((section) => inParts(section, byHeading ? MAX_SECTION_WORDS : GROUP_WORDS, byHeading ? section.title : 'Part'));
  const sections = merged(parts).map((section, index) => ({ index, title: section.title, text: section.paragraphs.join('\n\n') }));
  return { title, sections, readChars: kept.length, isCut };
}

function capped(text) {
  if (text.length <= MAX_CHARS) return { kept: text, isCut: false };
  const end = Math.max(text.lastIndexOf('\n\n', MAX_CHARS), text.lastIndexOf('. ', MAX_CHARS) + 1, text.lastIndexOf('。', MAX_CHARS) + 1);
  return { kept: text.slice(0, end > MAX_CHARS * 0.9 ? end : MAX_CHARS), isCut: true };
}

function cleaned(text) {
  return text
    .normalize('NFC')
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00A0\uFEFF]/g, ' ')
    .replace(/[\u200B\u2060\u00AD]/g, '');
}

/** Paragraphs, list items and headings, in order. */
function blocksOf(text) {
  const blocks = [];
  let lines = [];
  let isFenced = false;
  let isItem = false;
  const close = (isHeading = false, level = 2) => {
    const joined = lines.join(' ').replace(/\s+/gu, ' ').trim();
    if (joined !== '') blocks.push({ text: joined, isHeading, level, isLone: lines.length === 1 && !isItem });
    lines = [];
    isItem = false;
  };
  for (const line of text.split('\n')) {
    if (/^\s*(?:```|~~~)/.test(line)) { close(); isFenced = !isFenced; continue; }
    const marked = isFenced || line.length > 300 ? null : /^ {0,3}(#{1,6})\s+(\S.*)$/.exec(line);
    if (marked) {
      close();
      lines = [marked[2].replace(/[\s#]+$/, '')];
      close(true, marked[1].length);
    } else if (!isFenced && lines.length === 1 && /^\s*(?:={3,}|-{3,})\s*$/.test(line) && isHeadingLike(lines[0])) {
      close(true, line.includes('=') ? 1 : 2);
    } else if (line.trim() === '' || RULE.test(line)) {
      close();
    } else {
      if (LIST_ITEM.test(line)) { close(); isItem = true; }
      lines.push(lines.length === 0 ? line.replace(BULLET, '') : line);
    }
  }
  close();
  return markLoneHeadings(blocks);
}

/** A short line by itself that ends like no sentence is a heading if prose follows: in a list of short lines none does. */
function markLoneHeadings(blocks) {
  return blocks.map((block, i) => {
    if (block.isHeading || !block.isLone || !isHeadingLike(block.text)) return block;
    const next = blocks[i + 1];
    const isBeforeProse = next !== undefined && (next.isHeading || next.text.length > MAX_HEADING_CHARS || /[.!?。！？]$/u.test(next.text));
    const isTitle = i === 0 && next !== undefined && next.isLone && isHeadingLike(next.text) && (blocks[2]?.text.length ?? 0) > MAX_HEADING_CHARS;
    return isBeforeProse || isTitle ? { ...block, isHeading: true, level: i === 0 ? 1 : 2 } : block;
  });
}

function isHeadingLike(line) {
  const trimmed = line.trim();
  return trimmed.length <= MAX_HEADING_CHARS && trimmed.split(/\s+/).length <= 12 && /\p{L}/u.test(trimmed)
    && !/^\p{Ll}/u.test(trimmed) && !/[.!?:;,。！？：；，、…>]$/u.test(trimmed) && !LIST_ITEM.test(trimmed);
}

/** The first block, where it is the only heading of level 1, or is a heading that another follows at once. */
function titleOf(blocks) {
  const [first, second] = blocks;
  if (!first?.isHeading) return '';
  const isOnlyTop = first.level === 1 && !blocks.some((block, i) => i > 0 && block.isHeading && block.level === 1);
  return isOnlyTop || second?.isHeading ? first.text : '';
}

function underHeadings(blocks) {
  const sections = [];
  let open = { title: 'Opening', paragraphs: [] };
  for (const block of blocks) {
    if (!block.isHeading) { open.paragraphs.push(block.text); continue; }
    if (open.paragraphs.length > 0) sections.push(open);
    open = { title: sections.length === 0 && block === blocks[0] && titleOf(blocks) !== '' ? 'Opening' : block.text, paragraphs: [] };
  }
  if (open.paragraphs.length > 0) sections.push(open);
  // Headings and nothing below them: then they are all the text there is.
  return sections.length > 0 ? sections : [{ title: 'Headings', paragraphs: blocks.map((block) => block.text) }];
}

/** Words as a reader counts them; scripts without spaces are counted by two letters. */
function sizeOf(paragraph) {
  return Math.max(paragraph.split(' ').length, Math.floor((paragraph.match(/[\u0E00-\u0EFF\u1000-\u109F\u3040-\u30FF\u3400-\u9FFF]/g)?.length ?? 0) / 2));
}

function inParts(section, maxWords, name) {
  const parts = [];
  let open = [];
  let words = 0;
  for (const paragraph of section.paragraphs.flatMap(shortened)) {
    open.push(paragraph);
    words += sizeOf(paragraph);
    if (words >= maxWords) { parts.push(open); open = []; words = 0; }
  }
  if (open.length > 0) {
    if (parts.length > 0 && words < maxWords / 3) parts[parts.length - 1].push(...open);
    else parts.push(open);
  }
  if (parts.length === 1) return [{ title: section.title || 'Whole text', paragraphs: parts[0] }];
  return parts.map((paragraphs, i) => ({ title: `${name} ${i + 1}`, paragraphs }));
}

function shortened(paragraph) {
  const pieces = [];
  let from = 0;
  while (paragraph.length - from > MAX_PARAGRAPH_CHARS) {
    const window = paragraph.slice(from, from + MAX_PARAGRAPH_CHARS);
    const sentenceEnd = Math.max(window.lastIndexOf('. '), window.lastIndexOf('。'), window.lastIndexOf('! '), window.lastIndexOf('? ')) + 1;
    const end = sentenceEnd > 0 ? sentenceEnd : window.lastIndexOf(' ');
    pieces.push(window.slice(0, end > 0 ? end : undefined).trim());
    from += end > 0 ? end : MAX_PARAGRAPH_CHARS;
  }
  pieces.push(paragraph.slice(from).trim());
  return pieces.filter((piece) => piece !== '');
}

/** Joins neighbours until there are at most `MAX_SECTIONS`. */
function merged(sections) {
  const size = Math.ceil(sections.length / MAX_SECTIONS);
  if (size <= 1) return sections;
  const groups = [];
  for (let i = 0; i < sections.length; i += size) {
    const group = sections.slice(i, i + size);
    const last = group[group.length - 1];
    groups.push({ title: group.length > 1 ? `${group[0].title} – ${last.title}` : group[0].title, paragraphs: group.flatMap((section) => section.paragraphs) });
  }
  return groups;
}
