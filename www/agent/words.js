/**
 * Owns: cutting a text into sentences and words, the stems that count as one word, and which words carry content.
 * Must not know: sections, ranking, the graph.
 * Invariant: pure; the same text and language give the same pieces, in reading order.
 */

import { LEANING_OPENERS, STOP_WORDS } from './stopwords.js';

/** Scripts written without spaces; only there does the slower dictionary segmentation pay. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:-[\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu;
/** In English an apostrophe is part of the word ("doesn't"); in French it parts two ("l'eau"). */
const ENGLISH_WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’-][\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu;

const SENTENCE_END = /[.!?…。！？؟।]["'”’»)\]」』]*$/u;
const ABBREVIATION = /(?:^|[\s("'“‘«\[])(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Lt|Col|Gen|Capt|No|Nr|Fig|Vol|pp?|vs|etc|cf|ca|approx|al|e\.g|i\.e|z\.B|d\.h|bzw|U\.S|U\.K)\.$/u;
/** Longer runs without an end are cut, so that no table or blob becomes one sentence. */
const MAX_SENTENCE_CHARS = 500;
const MAX_WORD_CHARS = 40;

const segmenters = new Map();
function segmenter(language, granularity) {
  if (typeof Intl === 'undefined' || !Intl.Segmenter) return null;
  const key = `${granularity} ${language}`;
  if (!segmenters.has(key)) segmenters.set(key, new Intl.Segmenter(language, { granularity }));
  return segmenters.get(key);
}

/**
 * The language whose function words make up the largest part of the text, at least a tenth: `en`, `de`, `fr`, `es`; else `und`.
 * @param {string} text reads at most its first 20,000 characters
 */
export function languageOf(text) {
  const words = (text.slice(0, 20_000).toLowerCase().match(WORD) ?? []);
  let best = 'und';
  let most = words.length / 10;
  for (const [language, stops] of Object.entries(STOP_WORDS)) {
    const hits = words.reduce((sum, word) => sum + (stops.has(word) ? 1 : 0), 0);
    if (hits > most) { best = language; most = hits; }
  }
  return best;
}

/**
 * Words in reading order, as written.
 * @param {string} text @param {string} language
 * @returns {Array<{ text: string, at: number }>} `at` is the offset in `text`
 */
export function wordsOf(text, language) {
  const words = UNSPACED.test(text) ? segmenter(language, 'word') : null;
  if (words) return Array.from(words.segment(text)).filter((part) => part.isWordLike).map((part) => ({ text: part.segment, at: part.index }));
  return Array.from(text.matchAll(language === 'en' ? ENGLISH_WORD : WORD), (match) => ({ text: match[0], at: match.index }));
}

/**
 * Lower case without plural endings, so that "tides" and "tide" are one term. English: the S-stemmer of D. Harman, "How effective is
 * suffixing?", JASIS 42 (1991), with "-ches", "-shes", "-sses", "-xes" and "-is" seen to; French and Spanish: its last rule; others: lower case alone.
 */
export function stemOf(word, language) {
  const lower = word.toLowerCase().replaceAll('’', "'");
  if (language !== 'en' && language !== 'fr' && language !== 'es') return lower;
  const base = lower.endsWith("'s") ? lower.slice(0, -2) : lower;
  if (base.length < 4 || !base.endsWith('s')) return base;
  if (language === 'en') {
    if (/[^ea]ies$/.test(base)) return `${base.slice(0, -3)}y`;
    if (/(?:ch|sh|ss|x)es$/.test(base)) return base.slice(0, -2);
    if (/[^aeo]es$/.test(base)) return base.slice(0, -1);
  }
  return /[us]s$/.test(base) || (language === 'en' && /is$/.test(base)) ? base : base.slice(0, -1);
}

/** Whether a word can be a term: has a letter, is no function word, is neither a scrap nor a blob. */
export function isContentWord(word, language) {
  if (word.length > MAX_WORD_CHARS || !/\p{L}/u.test(word)) return false;
  const isUnspaced = UNSPACED.test(word);
  if (Array.from(word).length < (isUnspaced ? 2 : 3)) return false;
  // Of an unknown spaced language no function words are known; short words mostly are.
  if (language === 'und' && !isUnspaced && word.length < 4) return false;
  return !STOP_WORDS[language]?.has(word.toLowerCase().replaceAll('’', "'"));
}

/** Whether a sentence opens by pointing at one before it. */
export function isLeaning(sentence, language) {
  const first = sentence.match(WORD)?.[0];
  return first !== undefined && (LEANING_OPENERS[language]?.has(first.toLowerCase()) ?? false);
}

/** Whether a piece of text ends as a sentence ends. */
export function isSentence(text) {
  return SENTENCE_END.test(text);
}

/** Sentences of one paragraph in reading order, trimmed; a paragraph without an end mark is one sentence. */
export function sentencesOf(paragraph, language) {
  const flat = paragraph.replace(/\s+/gu, ' ').trim();
  if (flat === '') return [];
  const sentences = [];
  let open = '';
  for (const piece of pieces(flat, language)) {
    open += piece;
    // Segmentation by rule alone ends a sentence after "Dr." and after initials.
    if (ABBREVIATION.test(open.trimEnd())) continue;
    sentences.push(open);
    open = '';
  }
  if (open !== '') sentences.push(open);
  return sentences.flatMap(cut).map((sentence) => sentence.trim()).filter((sentence) => sentence !== '');
}

function pieces(flat, language) {
  const sentences = segmenter(language, 'sentence');
  if (sentences) return Array.from(sentences.segment(flat), (part) => part.segment);
  return flat.match(/.*?(?:[.!?…]["'”’»)\]]*(?=\s|$)\s*|[。！？][」』]*|$)/gsu)?.filter((piece) => piece !== '') ?? [flat];
}

function cut(sentence) {
  const parts = [];
  let rest = sentence;
  while (rest.length > MAX_SENTENCE_CHARS) {
    const space = rest.lastIndexOf(' ', MAX_SENTENCE_CHARS);
    let end = space > MAX_SENTENCE_CHARS / 2 ? space : MAX_SENTENCE_CHARS;
    if (/[\uDC00-\uDFFF]/.test(rest[end])) end += 1;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  parts.push(rest);
  return parts;
}
