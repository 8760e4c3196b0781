/**
 * Owns: the document briefing agent as a weavegraph-wasm graph: its channels, nodes and edges, what it says while it works.
 * Must not know: who runs it (page, terminal, test), how anything is shown; the package's exports are handed in, so this file loads everywhere.
 * Invariant: the same text gives the same briefing, whatever the pace; nodes only read the state and return updates.
 *
 *     split ──send──▶ rankSection × n ──▶ rankSentences ─┐
 *                                    └──▶ rankTerms ─────┴─join─▶ draft ──▶ critique ──▶ publish
 *                                                                             ▲  └─▶ revise
 *                                                                             └───────┘
 */

import { GOOD_SCORE, MAX_ROUNDS, critique, findingOf, improve } from './critique.js';
import { KEY_TERMS, chooseSentences, piecesOf, targetWords, tokensOf } from './draft.js';
import { MAX_SENTENCES, bestSentences, rankPool, rankTerms, readSection, vocabularyOf } from './ranking.js';
import { splitSections } from './sections.js';
import { languageOf } from './words.js';

/** Pause after a token, in milliseconds, where the run's context names none. */
const DEFAULT_PACE_MS = 14;

/**
 * Builds and compiles the graph.
 * @param {typeof import('weavegraph-wasm')} weavegraph the package's exports
 * @param {object} [defaults] options of `compile`
 * @returns {import('weavegraph-wasm').App<any, { paceMs?: number }>} Run it with `{ text }`; the context `{ paceMs: 0 }` turns the pauses off. The final state's
 *   `briefing` is `{ title, text, terms, sentences, words, rounds, score, isGood }`.
 */
export function createBriefing(weavegraph, defaults = {}) {
  const { GraphBuilder, append, last, merge, reduce, START, END } = weavegraph;
  const { split, rankSection, rankAllTerms, revise } = nodesWith(weavegraph);
  return new GraphBuilder({
    name: 'document-briefing',
    channels: {
      text: last({ initial: '' }),
      outline: last({ initial: null }),
      sections: append({ key: (section) => section.index }),
      terms: merge(),
      tally: reduce((sum, write) => ({ sections: sum.sections + 1, sentences: sum.sentences + write.sentences, words: sum.words + write.words }), { sections: 0, sentences: 0, words: 0 }),
      pool: last({ initial: [] }),
      draft: last({ initial: null }),
      scores: append(),
      notices: append(),
      briefing: last({ initial: null }),
    },
  })
    .addNode('split', split, { description: 'Cuts the text into sections', targets: ['rankSection', 'publish'] })
    .addNode('rankSection', rankSection, { description: 'TextRank within one section', concurrency: 4 })
    .addNode('rankSentences', rankSentences, { description: 'TextRank over the best sentences of all sections' })
    .addNode('rankTerms', rankAllTerms, { description: 'TextRank over the words of all sections' })
    .addNode('draft', draft, { description: 'Takes the most central sentences' })
    .addNode('critique', judge, { description: 'Scores the draft' })
    .addNode('revise', revise, { description: 'Mends the costliest weakness', targets: ['publish'] })
    .addNode('publish', publish, { description: 'Hands out the briefing' })
    .addEdge(START, 'split')
    .addEdge('rankSection', 'rankSentences')
    .addEdge('rankSection', 'rankTerms')
    .addEdge(['rankSentences', 'rankTerms'], 'draft')
    .addEdge('draft', 'critique')
    .addConditionalEdge('critique', afterCritique, { revise: 'revise', publish: 'publish' })
    .addEdge('revise', 'critique')
    .addEdge('publish', END)
    .compile(defaults);
}

/** The nodes that route or replace, and so need the package. */
function nodesWith({ command, replace, send }) {
  return {
    split(state, ctx) {
      const { title, sections, readChars, isCut } = splitSections(state.text);
      const language = languageOf(sections.map((section) => section.text.slice(0, 400)).join('\n'));
      const notices = isCut ? [`Read the first ${number(readChars)} of ${number(state.text.length)} characters; the rest is left out.`] : [];
      if (sections.length === 0) notices.push('There is nothing to brief: the text has no words.');
      for (const notice of notices) ctx.emit('limit', notice);
      const outline = { title, language, characters: readChars, sections: sections.length };
      const update = { outline, notices, sections: sections.map((section) => ({ index: section.index, title: section.title, isRanked: false })) };
      if (sections.length === 0) return command({ update, goto: 'publish' });
      ctx.emit('outline', `${plural(sections.length, 'section')}: ${sections.slice(0, 12).map((section) => section.title).join(' · ')}${sections.length > 12 ? ' …' : ''}`);
      return command({ update, goto: sections.map((section) => send('rankSection', { ...section, of: sections.length, language })) });
    },

    async rankSection(_state, ctx) {
      const { index, title, of, language } = ctx.input;
      const pauses = Math.min(6, 60 / of);
      const section = readSection(ctx.input, language);
      ctx.progress(1 / 3, 'read');
      if (section.found > section.sentences.length) ctx.emit('limit', `“${title}” has ${number(section.found)} sentences; ${MAX_SENTENCES} evenly spread ones are ranked.`);
      await pause(ctx, pauses);
      const candidates = bestSentences(section, of);
      ctx.progress(2 / 3, 'sentences ranked');
      await pause(ctx, pauses);
      const vocabulary = vocabularyOf(section);
      const terms = rankTerms([vocabulary], 4);
      ctx.emit('section', `“${title}”: ${plural(section.found, 'sentence')}, ${terms.map((term) => term.term).join(', ') || 'no terms'}`);
      ctx.progress(1, 'done');
      return {
        sections: { index, title, isRanked: true, candidates, vocabulary },
        tally: { sentences: section.found, words: section.words },
        // Only for now: `rankTerms` puts the whole text's ranking in their place.
        terms: termEntries(terms),
      };
    },

    rankAllTerms(state, ctx) {
      const terms = rankTerms(state.sections.map((section) => section.vocabulary), KEY_TERMS);
      ctx.emit('terms', terms.length > 0 ? terms.map((term) => term.term).join(', ') : 'no term stands out');
      return { terms: replace(termEntries(terms)) };
    },

    async revise(state, ctx) {
      const change = improve(state.draft.sentences, state.pool, goalOf(state));
      if (change === null) {
        const notice = 'No single change makes the draft better; it stays as it is.';
        ctx.emit('revise', notice);
        return command({ update: { notices: notice }, goto: 'publish' });
      }
      const { sentences, added, dropped, aim } = change;
      const what = added && dropped ? `swaps “${short(dropped.text)}” for “${short(added.text)}”` : added ? `adds “${short(added.text)}”` : `drops “${short(dropped.text)}”`;
      ctx.emit('revise', `For ${aim}: ${what}`);
      const revised = { ...state.draft, round: state.draft.round + 1, sentences };
      const text = await stream(revised, state.draft, ctx);
      return { draft: { ...revised, text } };
    },
  };
}

function rankSentences(state, ctx) {
  const pool = rankPool(state.sections.flatMap((section) => section.candidates));
  ctx.emit('sentences', `${plural(pool.length, 'candidate')} of ${plural(state.tally.sentences, 'sentence')}; first: “${short(pool[0]?.text ?? '')}”`);
  return { pool };
}

async function draft(state, ctx) {
  const { target } = goalOf(state);
  const terms = sortedTerms(state.terms).map((term) => term.term);
  const about = state.outline.title || terms.slice(0, 3).join(', ');
  const first = { round: 1, title: about === '' ? 'In brief' : `${about} – in brief`, terms, sentences: chooseSentences(state.pool, target) };
  ctx.emit('draft', `${plural(first.sentences.length, 'sentence')} for ${number(target)} words`);
  const text = await stream(first, null, ctx);
  return { draft: { ...first, text } };
}

function judge(state, ctx) {
  const goal = goalOf(state);
  const judged = critique(state.draft.sentences, goal);
  const { round } = state.draft;
  const score = Math.round(judged.score * 1000) / 1000;
  const finding = findingOf(judged, goal);
  ctx.emit('critique', `Round ${round}: ${score.toFixed(3)}, ${finding}`, { round, score, parts: judged.parts });
  return { scores: { round, score, parts: judged.parts, words: judged.words, finding } };
}

function afterCritique(state) {
  const { round, score } = state.scores[state.scores.length - 1];
  return score >= GOOD_SCORE || round >= MAX_ROUNDS ? 'publish' : 'revise';
}

function publish(state, ctx) {
  const { title = '', text = '', terms = [], sentences = [] } = state.draft ?? {};
  const { score = 0, words = 0, round: rounds = 0 } = state.scores[state.scores.length - 1] ?? {};
  ctx.milestone('published', { score, words, rounds });
  return { briefing: { title, text, terms, sentences: sentences.map(({ id, section, text: own }) => ({ id, section, text: own })), words, rounds, score, isGood: score >= GOOD_SCORE } };
}

/** Streams a draft as the round's own text; of a revised one, what was there before comes at once, what is new word by word. */
async function stream(next, before, ctx) {
  const known = new Set(before ? piecesOf(before).map((piece) => piece.id) : []);
  const streamId = `draft-${next.round}`;
  let text = '';
  for (const piece of piecesOf(next)) {
    text += piece.text;
    if (known.has(piece.id)) { ctx.token(piece.text, { streamId }); continue; }
    for (const token of tokensOf(piece.text)) {
      ctx.token(token, { streamId });
      await pause(ctx, 1);
    }
  }
  ctx.llm.final(text, { streamId });
  return text;
}

/** What a draft is held to. */
function goalOf(state) {
  const shortest = Math.min(...state.pool.map((candidate) => candidate.words));
  return {
    terms: sortedTerms(state.terms),
    sections: new Set(state.pool.map((candidate) => candidate.section)).size,
    target: Math.max(targetWords(state.tally.words), Number.isFinite(shortest) ? shortest : 1),
    best: Math.max(...state.pool.map((candidate) => candidate.score)),
  };
}

/** Key terms of a state, best first. @param {Readonly<Record<string, { score: number, stems: readonly string[] }>>} terms */
export function sortedTerms(terms) {
  return Object.entries(terms).map(([term, { score, stems }]) => ({ term, score, stems })).sort((a, b) => b.score - a.score);
}

function termEntries(terms) {
  return Object.fromEntries(terms.map(({ term, score, stems }) => [term, { score, stems }]));
}

async function pause(ctx, times) {
  const paceMs = ctx.context?.paceMs ?? DEFAULT_PACE_MS;
  if (paceMs > 0) await ctx.sleep(paceMs * times);
}

function short(text) {
  return text.length <= 60 ? text : `${text.slice(0, 57).trimEnd()}…`;
}

function number(value) {
  return value.toLocaleString('en-US');
}

function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}
