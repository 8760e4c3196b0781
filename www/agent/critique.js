/**
 * Owns: the score of a draft (0 to 1, higher is better), what is wrong with it, and the one change that mends it most.
 * Must not know: how sentences were ranked, the graph, streaming.
 * Invariant: pure and deterministic; `improve` returns only changes that raise the score by `MIN_GAIN` or more, so revising ends.
 */

import { inOrder } from './draft.js';

/**
 * What a draft is held to: key terms, how many sections have a candidate, words wished, the rank of the most central candidate.
 * @typedef {{ terms: ReadonlyArray<{ term: string, score: number, stems: readonly string[] }>, sections: number, target: number, best: number }} Goal
 * @typedef {import('./draft.js').Candidate} Candidate
 */

/** A draft that scores so much is done. */
export const GOOD_SCORE = 0.92;
/** Critiques at most, the first included. */
export const MAX_ROUNDS = 8;
/** The same where a writer writes: each of its rounds takes its time, and may cost. */
export const MAX_WRITER_ROUNDS = 3;
const MIN_GAIN = 0.004;

/** What counts how much; sums to 1. */
const WEIGHTS = { coverage: 0.3, novelty: 0.2, centrality: 0.2, spread: 0.1, length: 0.1, readability: 0.1 };
/** Overlap of two sentences' content words (shared / the smaller) up to which they are not called redundant, and from which wholly so. */
const OVERLAP_FREE = 0.25;
const OVERLAP_FULL = 0.75;
/** Words per sentence that read well; readability falls to 0 at none and at twice the upper one. */
const READABLE_WORDS = [8, 28];
const ADDITIONS = 16;

/**
 * @param {readonly Candidate[]} sentences the draft's, in source order
 * @param {Goal} goal
 * @returns {{ score: number, parts: Record<keyof typeof WEIGHTS, number>, missing: string[], words: number }}
 */
export function critique(sentences, goal) {
  const words = sentences.reduce((sum, sentence) => sum + sentence.words, 0);
  const missing = missingTerms(sentences, goal.terms);
  const parts = {
    coverage: share(goal.terms.filter((term) => !missing.includes(term)), goal.terms),
    novelty: 1 - mean(sentences.map((_, i) => redundancy(sentences, i))),
    centrality: mean(sentences.map((sentence) => Math.sqrt(sentence.score / goal.best))),
    spread: spread(sentences, goal),
    length: fit(words, goal.target * 0.85, goal.target * 1.05),
    readability: mean(sentences.map((sentence) => readability(sentence, sentences))),
  };
  const score = Object.entries(WEIGHTS).reduce((sum, [part, weight]) => sum + weight * parts[part], 0);
  return { score: sentences.length === 0 ? 0 : score, parts, missing: missing.map((term) => term.term), words };
}

/** The part that costs the draft most, as one line for a reader. */
export function findingOf({ parts, missing, words }, goal) {
  const [worst] = partsByLoss(parts);
  if (parts[worst] > 0.999) return 'nothing left to mend';
  switch (worst) {
    case 'coverage': return `does not mention ${missing.slice(0, 4).join(', ')}`;
    case 'novelty': return 'says some things twice';
    case 'centrality': return 'strays from the centre of the text';
    case 'spread': return 'leaves out whole sections';
    case 'length': return words > goal.target ? `${words} words where ${goal.target} would do` : `only ${words} of ${goal.target} words`;
    default: return 'has sentences that are hard to follow by themselves';
  }
}

/**
 * The best single change: put in a sentence, take one out, or swap one. Tries the costliest weakness first, and the next where nothing mends it.
 * @param {readonly Candidate[]} sentences the draft's @param {readonly Candidate[]} pool what may be put in @param {Goal} goal
 * @returns {{ sentences: Candidate[], added: Candidate | null, dropped: Candidate | null, aim: string } | null} null when no change helps
 */
export function improve(sentences, pool, goal) {
  const now = critique(sentences, goal);
  for (const aim of partsByLoss(now.parts)) {
    let best = null;
    for (const move of moves(aim, sentences, pool, goal)) {
      const next = inOrder([...sentences.filter((sentence) => sentence !== move.dropped), ...(move.added ? [move.added] : [])]);
      if (next.length === 0) continue;
      const judged = critique(next, goal);
      // A change made for one weakness has to mend that one, not merely another on the way.
      if (judged.parts[aim] <= now.parts[aim] || judged.score < now.score + MIN_GAIN) continue;
      if (best === null || judged.score > best.score + 1e-9) best = { score: judged.score, sentences: next, ...move, aim };
    }
    if (best) return { sentences: best.sentences, added: best.added, dropped: best.dropped, aim: best.aim };
  }
  return null;
}

function partsByLoss(parts) {
  const loss = (part) => WEIGHTS[part] * (1 - parts[part]);
  return Object.keys(WEIGHTS).sort((a, b) => loss(b) - loss(a));
}

/** Changes worth trying, most central additions first. */
function* moves(aim, sentences, pool, goal) {
  const drops = aim === 'novelty' || aim === 'centrality' || aim === 'readability' ? worstFor(aim, sentences) : sentences;
  for (const dropped of drops) yield { added: null, dropped };
  for (const added of additions(aim, sentences, pool, goal)) {
    yield { added, dropped: null };
    for (const dropped of drops) yield { added, dropped };
  }
}

function worstFor(aim, sentences) {
  const costs = {
    novelty: (_, i) => redundancy(sentences, i),
    centrality: (sentence) => 1 / sentence.score,
    readability: (sentence) => 1 - readability(sentence, sentences),
  };
  return sentences.map((sentence, i) => ({ sentence, cost: costs[aim](sentence, i) }))
    .filter(({ cost: own }) => own > 0).sort((a, b) => b.cost - a.cost).slice(0, 4).map(({ sentence }) => sentence);
}

function additions(aim, sentences, pool, goal) {
  const taken = new Set(sentences.map((sentence) => sentence.id));
  const free = pool.filter((candidate) => !taken.has(candidate.id) && !isLost(candidate, sentences));
  const central = (a, b) => b.score - a.score || a.order - b.order;
  if (aim === 'coverage') {
    const missing = missingTerms(sentences, goal.terms);
    const gain = new Map(free.map((candidate) => [candidate.id, missing.reduce((sum, term) => sum + (holds(candidate.stems, term) ? term.score : 0), 0)]));
    return free.filter((candidate) => gain.get(candidate.id) > 0).sort((a, b) => gain.get(b.id) - gain.get(a.id) || central(a, b)).slice(0, ADDITIONS);
  }
  if (aim === 'spread') {
    const present = new Set(sentences.map((sentence) => sentence.section));
    return free.filter((candidate) => !present.has(candidate.section)).sort(central).slice(0, ADDITIONS);
  }
  return free.sort(central).slice(0, ADDITIONS);
}

function missingTerms(sentences, terms) {
  return terms.filter((term) => !sentences.some((sentence) => holds(sentence.stems, term)));
}

function holds(stems, term) {
  return term.stems.every((stem) => stems.includes(stem));
}

function share(some, all) {
  const sum = (terms) => terms.reduce((total, term) => total + term.score, 0);
  return all.length === 0 ? 1 : sum(some) / sum(all);
}

/** How much sentence `i` repeats another of the draft: 0 to 1. */
function redundancy(sentences, i) {
  let most = 0;
  for (let j = 0; j < sentences.length; j += 1) {
    if (j !== i) most = Math.max(most, overlap(sentences[i].stems, sentences[j].stems));
  }
  return Math.min(1, Math.max(0, (most - OVERLAP_FREE) / (OVERLAP_FULL - OVERLAP_FREE)));
}

function overlap(a, b) {
  const smaller = Math.min(a.length, b.length);
  if (smaller === 0) return 0;
  return a.reduce((sum, stem) => sum + (b.includes(stem) ? 1 : 0), 0) / smaller;
}

/** Sections heard, of as many as the length leaves room for: one sentence of 24 words each. */
function spread(sentences, { sections, target }) {
  const room = Math.max(1, Math.min(sections, Math.round(target / 24)));
  const heard = new Set(sentences.map((sentence) => sentence.section));
  // Where a sentence that no source carries stands.
  heard.delete(-1);
  return Math.min(1, heard.size / room);
}

function readability(sentence, sentences) {
  return fit(sentence.words, ...READABLE_WORDS) * (isLost(sentence, sentences) ? 0.4 : 1);
}

/** A sentence that points back reads well only after the one it follows in the text. */
function isLost(sentence, sentences) {
  return sentence.isLeaning && !sentences.some((other) => other.order === sentence.order - 1 && other.section === sentence.section);
}

/** 1 from `low` to `high`, falling in a line to 0 at none and at twice `high`. */
function fit(value, low, high) {
  if (value < low) return value / low;
  return value <= high ? 1 : Math.max(0, 2 - value / high);
}

function mean(values) {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
