/**
 * Owns: what becomes of a text that a writer wrote: cleaned and bounded while it comes, then cut into sentences, each measured and matched to
 * the source sentences that carry it.
 * Must not know: who wrote it, how a draft is judged, the graph.
 * Invariant: what `take` returned, joined, is `text`, at most `MAX_WRITTEN_CHARS` long, without control characters; reading it is pure.
 */

import { inOrder } from './draft.js';
import { isContentWord, isLeaning, sentencesOf, stemOf, wordsOf } from './words.js';

/**
 * A sentence of a written text, and the ids of the source sentences that carry it, the closest first; none where it stands alone.
 * @typedef {{ text: string, sources: string[] }} WrittenSentence
 * @typedef {import('./draft.js').Candidate} Candidate
 */

/** A writer's text ends here at the latest. */
export const MAX_WRITTEN_CHARS = 8_000;
/** Where a writer sends mostly what is left out, such as blanks, it is heard no longer than this. */
const MAX_HEARD_CHARS = 4 * MAX_WRITTEN_CHARS;

/** Shared content words / the smaller sentence's, weighed by how rare they are, from which a source carries a sentence, and from which wholly. */
const MATCH_FROM = 0.34;
const MATCH_FULL = 0.6;
/** The same for what a further source adds to those before it. */
const MATCH_MORE = 0.25;
const MAX_SOURCES = 3;

const CONTROLS = /[\u0000-\u0008\u000E-\u001F\u007F-\u009F\r\uFEFF\u200B\u2060\u00AD\u202A-\u202E\u2066-\u2069]/g;
const LONE_HALVES = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** A text as it comes from a writer, in pieces torn anywhere. */
export class WrittenText {
  #text = '';
  #held = '';
  #heardChars = 0;
  #isFull = false;

  /** What was taken so far. */
  get text() {
    return this.#text;
  }

  /** Whether no more is taken. */
  get isFull() {
    return this.#isFull;
  }

  /**
   * Takes the next piece.
   * @param {string} piece
   * @returns {string} what it adds to `text`; blanks at the end, and a character's first half, wait for the next piece
   */
  take(piece) {
    if (this.#isFull) return '';
    this.#heardChars += piece.length;
    const clean = this.#held + piece.replace(CONTROLS, '');
    const [tail] = /\s*[\uD800-\uDBFF]?$/u.exec(clean.length <= MAX_HEARD_CHARS ? clean : clean.slice(0, MAX_HEARD_CHARS));
    let body = spaced(clean.slice(0, Math.min(clean.length, MAX_HEARD_CHARS) - tail.length).replace(LONE_HALVES, '\uFFFD'));
    this.#held = spaced(tail);
    if (this.#text === '') body = body.trimStart();
    const room = MAX_WRITTEN_CHARS - this.#text.length;
    if (body.length > room) body = body.slice(0, room).replace(/[\uD800-\uDBFF]$/, '').trimEnd();
    this.#isFull = body.length < room ? this.#heardChars >= MAX_HEARD_CHARS : true;
    this.#text += body;
    return body;
  }
}

/** One blank between words, at most one line break between lines and two between paragraphs. */
function spaced(text) {
  return text.replace(/\s+/gu, (blank) => (/\n[^\n]*\n/.test(blank) ? '\n\n' : blank.includes('\n') ? '\n' : ' '));
}

/**
 * Reads a written text against the sentences that it may rest on.
 * @param {string} text @param {readonly Candidate[]} pool @param {string} language of the source
 * @returns {{ paragraphs: WrittenSentence[][], sources: Candidate[] }} `sources`: all that carry it, in source order
 */
export function readWritten(text, pool, language) {
  const weightOf = weightsIn(pool);
  // A list's lines are sentences of their own, however they end.
  const paragraphs = text.split(/\n\n|\n(?=(?:[-*•#>]|\d{1,2}[.)])\s)/)
    .map((paragraph) => sentencesOf(paragraph, language).map((sentence) => {
      const { stems } = partsOf(sentence, language);
      return { text: sentence, sources: sourcesOf(stems, pool, weightOf).map(({ candidate }) => candidate.id) };
    }))
    .filter((sentences) => sentences.length > 0);
  const used = new Set(paragraphs.flat().flatMap((sentence) => sentence.sources));
  return { paragraphs, sources: inOrder(pool.filter((candidate) => used.has(candidate.id))) };
}

/**
 * The sentences of a written text as the critique takes them: as central as what carries them, as far as it does; of the closest source's section;
 * of section -1 and score 0 where none carries them.
 * @param {readonly (readonly WrittenSentence[])[]} paragraphs @param {readonly Candidate[]} pool @param {string} language
 * @returns {Candidate[]}
 */
export function measured(paragraphs, pool, language) {
  const weightOf = weightsIn(pool);
  return paragraphs.flat().map(({ text }, order) => {
    const { words, stems } = partsOf(text, language);
    const sources = sourcesOf(stems, pool, weightOf);
    return {
      id: `w${order}`, order, text, words: words.length, stems,
      section: sources.length > 0 ? sources[0].candidate.section : -1,
      score: Math.max(0, ...sources.map(({ candidate, match }) => candidate.score * Math.min(1, match / MATCH_FULL))),
      // Later ones follow the sentence that they point back to.
      isLeaning: order === 0 && isLeaning(text, language),
    };
  });
}

function partsOf(sentence, language) {
  const words = wordsOf(sentence, language);
  const content = words.filter((word) => isContentWord(word.text, language));
  return { words, stems: [...new Set(content.map((word) => stemOf(word.text, language)))] };
}

/** How much a stem says: what half the pool speaks of tells no sentence from another. */
function weightsIn(pool) {
  const holders = new Map();
  for (const { stems } of pool) for (const stem of stems) holders.set(stem, (holders.get(stem) ?? 0) + 1);
  return (stem) => Math.log(1 + pool.length / (holders.get(stem) ?? 1));
}

/** The closest source, then those that carry more of its words; two words at least, where both sentences have two. */
function sourcesOf(stems, pool, weightOf) {
  const weigh = (some) => some.reduce((sum, stem) => sum + weightOf(stem), 0);
  const whole = weigh(stems);
  const chosen = [];
  let open = stems;
  while (chosen.length < MAX_SOURCES) {
    let best = null;
    for (const candidate of pool) {
      const shared = open.filter((stem) => candidate.stems.includes(stem));
      if (shared.length < Math.max(1, Math.min(2, stems.length, candidate.stems.length))) continue;
      const weight = weigh(shared);
      const match = weight / Math.min(whole, weigh(candidate.stems));
      if (match >= (chosen.length === 0 ? MATCH_FROM : MATCH_MORE) && (best === null || weight > best.weight || (weight === best.weight && match > best.match))) best = { candidate, weight, match };
    }
    if (best === null) break;
    chosen.push(best);
    open = open.filter((stem) => !best.candidate.stems.includes(stem));
  }
  return chosen;
}
