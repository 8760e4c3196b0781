/**
 * Owns: where the sentences and the key terms of a briefing stand in the text as it was written.
 * Must not know: the document, how a mark looks, which run found the sentences.
 * Invariant: ranges are of the original text, ascending, without overlap among their kind; no term's range crosses the edge of a sentence's.
 */

import { languageOf, stemOf } from '../agent/words.js';
import { foldText } from './folded-text.js';

/** Term marks at most; counts go on. */
export const MAX_TERM_MARKS = 2_000;
/** Places looked at for one sentence before the first that is no whole one is taken. */
const MAX_TRIES = 2_000;
const MAX_WORD_CHARS = 40;

// Words as the agent cuts them; of scripts without spaces it needs a dictionary, so there a term is looked for letter by letter.
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:-[\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu;
const ENGLISH_WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’-][\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD_PART = /[\p{L}\p{N}\p{M}]/u;

/**
 * @typedef {{ start: number, end: number, sentence: number }} SentenceMark `sentence` is its index in what was asked for
 * @typedef {{ start: number, end: number, terms: number[] }} TermMark indices: first the term that is marked, then those within it ("tide" in "spring tide")
 */

/** A text that is searched more than once: folding it is done once. @param {string} source */
export function searchable(source) {
  return { source, folded: foldText(source), language: languageOf(source) };
}

/**
 * @param {string | ReturnType<typeof searchable>} source
 * @param {{ sentences: readonly string[], terms: ReadonlyArray<{ term: string, stems: readonly string[] }>, language?: string }} wanted sentences as the agent cleaned
 *   them; one that repeats gets the next place that is free. `language` as the agent found it; the text's own by default.
 * @returns {{ sentences: SentenceMark[], terms: TermMark[], counts: number[], hasMore: boolean }} `counts`: occurrences of each term, those beyond the marks included
 */
export function findMarks(source, { sentences, terms, language }) {
  const text = typeof source === 'string' ? searchable(source) : source;
  const sentenceMarks = placesOf(text.folded, sentences);
  const { marks, counts, hasMore } = termsIn(text, terms, language ?? text.language);
  return { sentences: sentenceMarks, terms: withinEdges(marks, sentenceMarks), counts, hasMore };
}

function placesOf(folded, sentences) {
  const taken = [];
  let cursor = 0;
  sentences.forEach((sentence, index) => {
    // Not folded again: what the agent cleaned must not compose once more.
    const needle = sentence.replace(/\s+/gu, ' ').trim();
    if (needle === '') return;
    // Sentences of a briefing mostly come in the order of the text.
    const at = placeOf(folded, needle, cursor, taken) ?? placeOf(folded, needle, 0, taken);
    if (at === undefined) return;
    cursor = at + needle.length;
    taken.push({ from: at, to: cursor, index });
  });
  return taken.sort((a, b) => a.from - b.from).map(({ from, to, index }) => ({ ...range(folded, from, to), sentence: index }));
}

/** The first free place where the sentence stands as a whole, else the first free one within longer words; undefined if there is none. */
function placeOf(folded, needle, from, taken) {
  const { text } = folded;
  const opensWithWord = WORD_PART.test(needle[0]);
  const closesWithWord = WORD_PART.test(needle[needle.length - 1]);
  let partial;
  let tries = 0;
  for (let at = text.indexOf(needle, from); at >= 0 && tries < MAX_TRIES; tries += 1) {
    const end = at + needle.length;
    const blocker = taken.find((place) => place.from < end && place.to > at);
    if (blocker === undefined && !isWithinCharacter(folded, at) && !isWithinCharacter(folded, end)) {
      const isCutOut = (opensWithWord && at > 0 && WORD_PART.test(text[at - 1])) || (closesWithWord && end < text.length && WORD_PART.test(text[end]));
      if (!isCutOut) return at;
      partial ??= at;
    }
    at = text.indexOf(needle, blocker?.to ?? at + 1);
  }
  return partial;
}

/** Whether the units before and at an offset were one character before it was composed. */
function isWithinCharacter({ starts }, at) {
  return at > 0 && at < starts.length && starts[at] === starts[at - 1];
}

function termsIn({ source, folded }, terms, language) {
  const counts = terms.map(() => 0);
  const marks = [];
  let found = 0;
  const keep = (from, to, indices) => {
    found += 1;
    for (const index of indices) counts[index] += 1;
    if (marks.length < MAX_TERM_MARKS) marks.push({ ...range(folded, from, to), terms: indices });
  };
  const places = inOrderOf(wordPlaces(source, folded, terms, language), letterPlaces(folded.text, terms));
  let end = 0;
  for (const { from, to, indices } of places) {
    if (from < end) continue;
    keep(from, to, indices);
    end = to;
  }
  return { marks, counts, hasMore: found > marks.length };
}

/** Places of terms made of words. A longer term takes the place of a shorter one that it holds. */
function wordPlaces(source, folded, terms, language) {
  const byLastStem = new Map();
  terms.forEach(({ term, stems }, index) => {
    if (UNSPACED.test(term) || stems.length === 0) return;
    const last = stems[stems.length - 1];
    byLastStem.set(last, [...(byLastStem.get(last) ?? []), { index, stems }].sort((a, b) => b.stems.length - a.stems.length));
  });
  const places = [];
  if (byLastStem.size === 0) return places;
  const longest = Math.max(...terms.map(({ stems }) => stems.length));
  const stemsByWord = new Map();
  const words = [];
  const pattern = new RegExp(language === 'en' ? ENGLISH_WORD : WORD);
  for (let match = pattern.exec(folded.text); match !== null; match = pattern.exec(folded.text)) {
    const [word] = match;
    let stem = '';
    if (word.length <= MAX_WORD_CHARS) {
      stem = stemsByWord.get(word);
      if (stem === undefined) stemsByWord.set(word, stem = stemOf(word, language));
    }
    words.push({ from: match.index, to: match.index + word.length, stem });
    if (words.length > longest) words.shift();
    for (const { index, stems } of byLastStem.get(stem) ?? []) addPlace(places, words, index, stems, source, folded);
  }
  return places;
}

function addPlace(places, words, index, stems, source, folded) {
  const held = words.slice(-stems.length);
  if (held.length < stems.length || !held.every((word, i) => word.stem === stems[i])) return;
  for (let i = 1; i < held.length; i += 1) if (!areSideBySide(held[i - 1], held[i], source, folded)) return;
  const from = held[0].from;
  const { to } = held[held.length - 1];
  const indices = [index];
  while (places.length > 0 && places[places.length - 1].from >= from) indices.push(...places.pop().indices);
  const last = places[places.length - 1];
  // One that begins within another leaves it alone; of one place, the longer term comes first.
  if (last !== undefined && last.to > from) {
    if (last.to === to) last.indices.push(...indices);
  } else places.push({ from, to, indices });
}

/** As in the agent: one space or hyphen between them, and no blank line. */
function areSideBySide(before, after, source, folded) {
  if (after.from - before.to !== 1 || !/[ -]/.test(folded.text[before.to])) return false;
  return !/\n[^\S\n]*\n/.test(source.slice(folded.starts[before.to], folded.ends[before.to]));
}

function letterPlaces(text, terms) {
  const places = [];
  terms.forEach(({ term }, index) => {
    if (!UNSPACED.test(term)) return;
    for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + term.length)) places.push({ from: at, to: at + term.length, indices: [index] });
  });
  return places.sort((a, b) => a.from - b.from || b.to - a.to);
}

function inOrderOf(some, others) {
  return others.length === 0 ? some : [...some, ...others].sort((a, b) => a.from - b.from || b.to - a.to);
}

/** Leaves out what reaches over the edge of a sentence. */
function withinEdges(terms, sentences) {
  let i = 0;
  return terms.filter(({ start, end }) => {
    while (i < sentences.length && sentences[i].end <= start) i += 1;
    const sentence = sentences[i];
    return sentence === undefined || end <= sentence.start || (start >= sentence.start && end <= sentence.end);
  });
}

function range({ starts, ends }, from, to) {
  return { start: starts[from], end: ends[to - 1] };
}
