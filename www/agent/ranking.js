/**
 * Owns: what one section gives to the whole (its best sentences, its words and their neighbours), and the ranking of the whole from that.
 * Must not know: the graph, drafts, streaming.
 * Invariant: what a section gives is bounded, so the global graphs stay small however long the text is; pure and deterministic.
 */

import { cooccurrences, rankSentences, rankWords, sumCooccurrences } from './textrank.js';
import { isContentWord, isLeaning, isSentence, sentencesOf, stemOf, wordsOf } from './words.js';

/** Sentences of one section that enter its graph; of a longer one, evenly spread ones. */
export const MAX_SENTENCES = 160;
/** Sentences that all sections together send on. */
const POOL = 240;
const MAX_PAIRS = 400;
const MAX_PHRASES = 120;
/** Words from which key terms are made. */
const TERM_WORDS = 40;

/**
 * The sentences of a section, measured.
 * @param {{ index: number, text: string }} section @param {string} language
 * @returns {{ sentences: Array<object>, words: number, found: number }} `found` is more than `sentences.length` where some were passed over
 */
export function readSection(section, language) {
  const all = section.text.split('\n\n').flatMap((paragraph) => sentencesOf(paragraph, language));
  const every = Math.max(1, all.length / MAX_SENTENCES);
  const sentences = [];
  for (let i = 0; Math.floor(i) < all.length; i += every) sentences.push(measured(all[Math.floor(i)], section.index, Math.floor(i), language));
  return { sentences, words: sentences.reduce((sum, sentence) => sum + sentence.words, 0), found: all.length };
}

function measured(text, section, position, language) {
  const words = wordsOf(text, language);
  const content = words.filter((word) => isContentWord(word.text, language))
    .map((word) => ({ ...word, stem: stemOf(word.text, language), isFirst: word === words[0] }));
  return {
    id: `${section}.${position}`, section, order: section * 100_000 + position, text, words: words.length,
    content, stems: [...new Set(content.map((word) => word.stem))], isLeaning: isLeaning(text, language),
  };
}

/** The section's most central sentences, in source order; fragments only where there is no whole sentence. */
export function bestSentences({ sentences }, sections) {
  const whole = sentences.filter((sentence) => isSentence(sentence.text) && sentence.words >= 5 && sentence.words <= 60);
  const usable = distinct(whole.length > 0 ? whole : sentences);
  const scores = rankSentences(usable.map((sentence) => sentence.stems));
  const limit = Math.min(12, Math.max(2, Math.round(POOL / sections)));
  return usable
    .map(({ id, section, order, text, words, stems, isLeaning: leans }, i) => ({ id, section, order, text, words, stems, isLeaning: leans, score: scores[i] }))
    .sort((a, b) => b.score - a.score).slice(0, limit).sort((a, b) => a.order - b.order);
}

/**
 * The section's share in the graph of words.
 * @returns {{ pairs: Array<[string, string, number]>, forms: Array<[string, string, number]>, phrases: Array<[string, string, string, number]> }}
 *   `pairs`: stems that co-occur, how often; `forms`: a stem, how it is written, how often; `phrases`: two stems side by side, as written, how often
 */
export function vocabularyOf({ sentences }) {
  const pairs = most(cooccurrences(sentences.map((sentence) => sentence.content.map((word) => word.stem))), MAX_PAIRS, 2);
  const kept = new Set(pairs.flatMap(([a, b]) => [a, b]));
  const forms = new Map();
  const phrases = new Map();
  for (const { content, text } of sentences) {
    content.forEach((word, i) => {
      if (!kept.has(word.stem)) return;
      // The capital of a sentence's first word says nothing about the word.
      count(forms, [word.stem, word.text], word.isFirst ? 0.1 : 1);
      const next = content[i + 1];
      const end = word.at + word.text.length;
      if (next && kept.has(next.stem) && next.stem !== word.stem && /^[ -]$/.test(text.slice(end, next.at))) {
        count(phrases, [word.stem, next.stem, text.slice(word.at, next.at + next.text.length)], word.isFirst ? 0.1 : 1);
      }
    });
  }
  return { pairs, forms: [...forms.values()], phrases: most([...phrases.values()], MAX_PHRASES, 3) };
}

/**
 * Key terms of everything that the vocabularies describe, best first. As in the paper, words that stand side by side in the text and both rank high
 * become one term; instead of its part-of-speech filter, function words were left out before.
 * @param {readonly ReturnType<typeof vocabularyOf>[]} vocabularies @param {number} limit
 * @returns {Array<{ term: string, score: number, stems: string[] }>} scores sum to 1
 */
export function rankTerms(vocabularies, limit) {
  const forms = summed(vocabularies.flatMap((vocabulary) => vocabulary.forms), 2);
  const occurrences = new Map();
  for (const [stem, , times] of forms) occurrences.set(stem, (occurrences.get(stem) ?? 0) + Math.ceil(times));
  const ranked = rankWords(sumCooccurrences(vocabularies.map((vocabulary) => vocabulary.pairs)));
  const top = new Map(ranked.slice(0, TERM_WORDS).map(({ word, score }) => [word, score]));
  const words = [...top].map(([word, score]) => ({ term: commonest(forms, [word]), score, stems: [word] }));
  const phrases = phrasesOf(vocabularies, top, occurrences);
  const chosen = [];
  for (const candidate of [...phrases, ...words].sort((a, b) => b.score - a.score)) {
    const told = chosen.reduce((sum, term) => sum + (term.stems.length > 1 && term.stems.includes(candidate.stems[0]) ? term.times : 0), 0);
    // A word that mostly stands in phrases already named is no term of its own.
    if (candidate.stems.length > 1 || told < occurrences.get(candidate.stems[0]) / 2) chosen.push(candidate);
    if (chosen.length === limit) break;
  }
  const total = chosen.reduce((sum, term) => sum + term.score, 0);
  return chosen.map(({ term, score, stems }) => ({ term, score: score / total, stems }));
}

/** Two-word terms: seen twice, and not by chance (a third of the rarer word's occurrences). A phrase scores as its words do on average. */
function phrasesOf(vocabularies, top, occurrences) {
  const seen = vocabularies.flatMap((vocabulary) => vocabulary.phrases).filter(([a, b]) => top.has(a) && top.has(b));
  const written = summed(seen, 3);
  const byStems = summed(seen.map(([a, b, , times]) => [a, b, Math.ceil(times)]), 2);
  return byStems
    .filter(([a, b, times]) => times >= 2 && times >= Math.min(occurrences.get(a), occurrences.get(b)) / 3)
    .map(([a, b, times]) => ({ term: commonest(written, [a, b]), score: (top.get(a) + top.get(b)) / 2, stems: [a, b], times }));
}

/** All sections' best sentences, ranked against each other, best first. */
export function rankPool(all) {
  const candidates = distinct(all);
  const scores = rankSentences(candidates.map((candidate) => candidate.stems));
  return candidates.map((candidate, i) => ({ ...candidate, score: scores[i] })).sort((a, b) => b.score - a.score || a.order - b.order);
}

/** Of sentences that are letter for letter the same, the first. */
function distinct(sentences) {
  const seen = new Set();
  return sentences.filter(({ text }) => !seen.has(text) && seen.add(text));
}

/** Rows are `[...key, number]`; rows of one key add up, in the order of their first. */
function summed(rows, keyLength) {
  const sums = new Map();
  for (const row of rows) count(sums, row.slice(0, keyLength), row[keyLength]);
  return [...sums.values()];
}

function count(sums, key, times) {
  const joined = key.join('\u0000');
  const known = sums.get(joined);
  if (known) known[key.length] += times;
  else sums.set(joined, [...key, times]);
}

function most(rows, limit, column) {
  return rows.length <= limit ? rows : [...rows].sort((a, b) => b[column] - a[column]).slice(0, limit);
}

/** How a term is written most often. */
function commonest(rows, stems) {
  let best = null;
  for (const row of rows) {
    if (stems.every((stem, i) => row[i] === stem) && (best === null || row[stems.length + 1] > best[stems.length + 1])) best = row;
  }
  return best ? best[stems.length] : stems.join(' ');
}
