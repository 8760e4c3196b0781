/**
 * Owns: which sentences a first draft takes, the form of a briefing as text, and its cutting into tokens.
 * Must not know: how sentences were ranked, how a draft is judged, the graph.
 * Invariant: pure; every sentence that is chosen is a sentence of the text, and they stand in source order.
 */

/**
 * A sentence that a briefing may take. `order` gives its place in the text, `words` how many it has, `stems` its distinct content words,
 * `score` its rank (higher is more central); a leaning one points back to the sentence before it.
 * @typedef {{ id: string, section: number, order: number, text: string, words: number, stems: readonly string[], score: number, isLeaning: boolean }} Candidate
 */

const MIN_TARGET_WORDS = 60;
const MAX_TARGET_WORDS = 220;
/** Key terms that a briefing names and is held to. */
export const KEY_TERMS = 12;

/** How long a briefing of so many words should be: an eighth, within limits, never more than the half. */
export function targetWords(words) {
  return Math.max(1, Math.round(Math.min(words / 2, Math.max(MIN_TARGET_WORDS, Math.min(MAX_TARGET_WORDS, words / 8)))));
}

/** What a sentence that points back to another is worth by itself. */
const LEANING_WORTH = 0.6;

/**
 * The most central sentences that fit; at least one, if there is one. Leaves redundancy and gaps to the critique.
 * @param {readonly Candidate[]} candidates @param {number} target words
 * @returns {Candidate[]} in source order
 */
export function chooseSentences(candidates, target) {
  const chosen = [];
  let words = 0;
  const worth = ({ score, isLeaning }) => score * (isLeaning ? LEANING_WORTH : 1);
  for (const candidate of [...candidates].sort((a, b) => worth(b) - worth(a) || a.order - b.order)) {
    if (chosen.length > 0 && words + candidate.words > target) continue;
    chosen.push(candidate);
    words += candidate.words;
  }
  return inOrder(chosen);
}

/** In source order. */
export function inOrder(sentences) {
  return [...sentences].sort((a, b) => a.order - b.order);
}

/**
 * The briefing as pieces whose texts, joined, are the whole: title line, key terms, one paragraph per section that has a say.
 * @returns {Array<{ id: string, text: string }>} `id` is the sentence's, or `title`, `terms`
 */
export function piecesOf({ title, terms, sentences }) {
  const pieces = [{ id: 'title', text: title }];
  if (terms.length > 0) pieces.push({ id: 'terms', text: `\n\nKey terms: ${terms.join(', ')}` });
  sentences.forEach((sentence, i) => {
    const isSameSection = i > 0 && sentences[i - 1].section === sentence.section;
    const space = isSameSection && /[。！？]$/.test(sentences[i - 1].text) ? '' : ' ';
    pieces.push({ id: sentence.id, text: (isSameSection ? space : '\n\n') + sentence.text });
  });
  return pieces;
}

/**
 * Chosen sentences as paragraphs, one per section that has a say; each sentence is its own source.
 * @param {readonly Candidate[]} sentences in source order
 * @returns {import('./written.js').WrittenSentence[][]}
 */
export function paragraphsOf(sentences) {
  const paragraphs = [];
  sentences.forEach(({ id, section, text }, i) => {
    if (i === 0 || sentences[i - 1].section !== section) paragraphs.push([]);
    paragraphs[paragraphs.length - 1].push({ text, sources: [id] });
  });
  return paragraphs;
}

/** Words with the space before them; long runs, as in scripts without spaces, in pieces of at most 12 characters. Joined, they are the text. */
export function tokensOf(text) {
  return text.match(/\s*\S{1,12}(?!\S)|\s*\S{1,12}|\s+$/gu) ?? [];
}
