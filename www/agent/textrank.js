/**
 * Owns: TextRank, after Rada Mihalcea and Paul Tarau, "TextRank: Bringing Order into Texts", EMNLP 2004: a weighted PageRank over a graph of
 * sentences (edges: shared words, normalised by log lengths) and over a graph of words (edges: co-occurrence within a window).
 * Must not know: languages, sections, the graph of the agent.
 * Invariant: pure and deterministic; vertices keep the order in which they came, and equal scores keep that order.
 */

/** The paper's damping factor. */
const DAMPING = 0.85;
/** The paper's threshold: iteration ends when no score moves by more. */
const TOLERANCE = 1e-4;
const MAX_ITERATIONS = 100;
/** Words at most this far apart co-occur; the paper's best results are with small windows. */
export const WINDOW = 3;

/**
 * Weighted PageRank of an undirected graph: WS(i) = (1 - d) + d · Σ_j w_ij / Σ_k w_jk · WS(j), from 1 everywhere.
 * @param {number} count vertices 0 … count - 1
 * @param {Iterable<readonly [number, number, number]>} edges `[a, b, weight]`, each pair once, weight > 0
 * @returns {number[]} scores; 1 - d for a vertex without edges
 */
export function pageRank(count, edges) {
  const near = Array.from({ length: count }, () => []);
  const outgoing = new Float64Array(count);
  for (const [a, b, weight] of edges) {
    near[a].push({ vertex: b, weight });
    near[b].push({ vertex: a, weight });
    outgoing[a] += weight;
    outgoing[b] += weight;
  }
  let scores = new Float64Array(count).fill(1);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration += 1) {
    const next = new Float64Array(count);
    let moved = 0;
    for (let i = 0; i < count; i += 1) {
      let sum = 0;
      for (const { vertex, weight } of near[i]) sum += (weight / outgoing[vertex]) * scores[vertex];
      next[i] = 1 - DAMPING + DAMPING * sum;
      moved = Math.max(moved, Math.abs(next[i] - scores[i]));
    }
    scores = next;
    if (moved <= TOLERANCE) break;
  }
  return Array.from(scores);
}

/**
 * How central each sentence is. Similarity is the paper's: shared words / (log |a| + log |b|), over distinct content words.
 * Cost: the pairs that share a word, at most n² / 2; callers keep n small.
 * @param {readonly (readonly string[])[]} sentences the content words of each
 * @returns {number[]}
 */
export function rankSentences(sentences) {
  const sets = sentences.map((words) => new Set(words));
  const holders = new Map();
  /** @type {Array<[number, number, number]>} */
  const edges = [];
  sets.forEach((words, b) => {
    const shared = new Map();
    for (const word of words) {
      const earlier = holders.get(word);
      if (!earlier) { holders.set(word, [b]); continue; }
      for (const a of earlier) shared.set(a, (shared.get(a) ?? 0) + 1);
      earlier.push(b);
    }
    for (const [a, overlap] of shared) {
      const size = Math.log(sets[a].size) + Math.log(words.size);
      // Two sentences of one word each: the logarithms are 0, and there is nothing to normalise by.
      if (size > 0) edges.push([a, b, overlap / size]);
    }
  });
  return pageRank(sentences.length, edges);
}

/**
 * Counts which words stand near each other in a sentence. Adds up over sections, so a whole text's graph is the sum of its parts'.
 * @param {readonly (readonly string[])[]} sentences content words in reading order
 * @returns {Array<[string, string, number]>} pairs in order of first appearance
 */
export function cooccurrences(sentences, window = WINDOW) {
  const pairs = new Map();
  for (const words of sentences) {
    for (let i = 0; i < words.length; i += 1) {
      for (let j = i + 1; j < words.length && j - i < window; j += 1) {
        if (words[i] !== words[j]) countPair(pairs, words[i], words[j], 1);
      }
    }
  }
  return Array.from(pairs.values());
}

/** The sum of several sections' co-occurrences. */
export function sumCooccurrences(parts) {
  const pairs = new Map();
  for (const part of parts) for (const [a, b, count] of part) countPair(pairs, a, b, count);
  return Array.from(pairs.values());
}

function countPair(pairs, a, b, count) {
  const key = a < b ? `${a}\u0000${b}` : `${b}\u0000${a}`;
  const known = pairs.get(key);
  if (known) known[2] += count;
  else pairs.set(key, [a, b, count]);
}

/**
 * Words by how central they are among their neighbours, best first.
 * @param {readonly (readonly [string, string, number])[]} pairs from `cooccurrences`
 * @returns {Array<{ word: string, score: number }>}
 */
export function rankWords(pairs) {
  const vertices = new Map();
  const vertex = (word) => {
    if (!vertices.has(word)) vertices.set(word, vertices.size);
    return vertices.get(word);
  };
  /** @type {Array<[number, number, number]>} */
  const edges = pairs.map(([a, b, count]) => [vertex(a), vertex(b), count]);
  const scores = pageRank(vertices.size, edges);
  return Array.from(vertices.keys(), (word, i) => ({ word, score: scores[i] })).sort((a, b) => b.score - a.score);
}
