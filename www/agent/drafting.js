/**
 * Owns: the nodes from the first draft to the briefing, whether sentences are chosen or a writer (`context.writer`) writes, and the shapes they leave.
 * Must not know: how sections and terms were ranked, how a writer is reached, who runs this.
 * Invariant: without a writer the same state gives the same draft; of two drafts the better-scoring one stays; a draft that any writer left can be
 * taken up by another writer, or by none.
 */

import { GOOD_SCORE, MAX_ROUNDS, MAX_WRITER_ROUNDS, critique as judge, findingOf, improve } from './critique.js';
import { chooseSentences, paragraphsOf, targetWords } from './draft.js';
import { draftRequest, revisionRequest } from './prompts.js';
import { streamChosen, streamWritten } from './streaming.js';
import { number, plural, short } from './wording.js';
import { WriterError, said } from './writer-error.js';
import { MAX_WRITTEN_CHARS, measured, readWritten } from './written.js';

/**
 * `state.draft`: the best draft so far, or the one that is about to be judged. `sentences` are those of the source: of an extractive draft its own, of a
 * written one those that carry it, in source order. `paragraphs` are there where a writer wrote.
 * @typedef {{ round: number, writer: string, title: string, terms: string[], sentences: import('./draft.js').Candidate[], text: string,
 *   paragraphs?: import('./written.js').WrittenSentence[][] }} Draft
 *
 * One of `state.scores`: `isKept` is false for a revision that was worse than what it revised.
 * @typedef {{ round: number, writer: string, score: number, parts: Record<string, number>, words: number, finding: string, isKept: boolean }} Score
 *
 * `state.briefing`. `sentences` are those of the source that carry it, in source order; `paragraphs` is the briefing as it reads, each sentence with the
 * ids of `sentences` that carry it (an extractive one: its own). `words` and `score` are of the draft that was kept, `rounds` counts all.
 * @typedef {{ title: string, text: string, terms: string[], sentences: Array<{ id: string, section: number, text: string }>,
 *   paragraphs: import('./written.js').WrittenSentence[][], words: number, rounds: number, score: number, isGood: boolean, writer: string }} Briefing
 */

/** Who chooses sentences instead of writing. */
const EXTRACTIVE = 'extractive';

/** The nodes that write; they need the package to say where to go. */
export function draftNodes({ command }) {
  return {
    async draft(state, ctx) {
      const { target } = goalOf(state);
      const terms = sortedTerms(state.terms).map((term) => term.term);
      const about = state.outline.title || terms.slice(0, 3).join(', ');
      const frame = { round: 1, writer: nameOf(ctx.context?.writer), title: about === '' ? 'In brief' : `${about} – in brief`, terms };
      // What an earlier run of the session left is no measure for this one.
      const update = state.best === null ? {} : { best: null };
      if (frame.writer === EXTRACTIVE) {
        const first = { ...frame, sentences: chooseSentences(state.pool, target) };
        ctx.emit('draft', `${plural(first.sentences.length, 'sentence')} for ${number(target)} words`);
        return { ...update, draft: { ...first, text: await streamChosen(first, null, ctx) } };
      }
      ctx.emit('draft', `${frame.writer} writes, for ${number(target)} words`);
      const { draft, notices } = await written(draftRequest(materialOf(state)), frame, state, ctx);
      if (draft === null) throw new WriterError(`${frame.writer} wrote nothing.`);
      return { ...update, draft, notices };
    },

    async revise(state, ctx) {
      const writer = nameOf(ctx.context?.writer);
      const round = lastScore(state).round + 1;
      return writer === EXTRACTIVE ? reviseChosen(state, round, ctx) : reviseWritten(state, { round, writer }, ctx);
    },
  };

  async function reviseChosen(state, round, ctx) {
    const isTakenOver = state.draft.writer !== EXTRACTIVE;
    // One try: the same sentences would be chosen again.
    if (isTakenOver && lastScore(state).writer === EXTRACTIVE) return enough(`What ${state.draft.writer} wrote is better than its sentences; it stays as it is.`, ctx);
    const before = state.draft.sentences.length > 0 ? state.draft.sentences : chooseSentences(state.pool, goalOf(state).target);
    const change = improve(before, state.pool, goalOf(state));
    if (change === null && !isTakenOver) return enough('No single change makes the draft better; it stays as it is.', ctx);
    const { sentences, added, dropped, aim } = change ?? { sentences: before };
    if (isTakenOver) ctx.emit('revise', `${state.draft.writer} is not chosen now: goes on with the sentences that carry what it wrote`);
    if (change) {
      const what = added && dropped ? `swaps “${short(dropped.text)}” for “${short(added.text)}”` : added ? `adds “${short(added.text)}”` : `drops “${short(dropped.text)}”`;
      ctx.emit('revise', `For ${aim}: ${what}`);
    }
    const { title, terms } = state.draft;
    const revised = { round, writer: EXTRACTIVE, title, terms, sentences };
    const text = await streamChosen(revised, isTakenOver ? null : state.draft, ctx);
    return { ...(isTakenOver ? { best: state.draft } : {}), draft: { ...revised, text } };
  }

  async function reviseWritten(state, { round, writer }, ctx) {
    const { score, finding } = scoreOf(state);
    ctx.emit('revise', `${writer} mends round ${state.draft.round}: ${finding}`);
    const { title, terms } = state.draft;
    const { missing } = judge(sentencesOf(state), goalOf(state));
    const request = revisionRequest(materialOf(state), { body: bodyOf(state.draft), score, finding, missing });
    const { draft, notices } = await written(request, { round, writer, title, terms }, state, ctx);
    if (draft === null) return enough(`${writer} wrote nothing; the draft stays as it is.`, ctx);
    return { best: state.draft, draft, notices };
  }

  function enough(notice, ctx) {
    ctx.emit('revise', notice);
    return command({ update: { notices: notice }, goto: 'publish' });
  }
}

/** Lets the writer write, and reads what came; `draft` is null where nothing came. */
async function written(request, frame, state, ctx) {
  const { text, body, isCut } = await streamWritten(ctx.context.writer, request, frame, ctx);
  const notices = isCut ? [`What ${frame.writer} wrote was cut after ${number(MAX_WRITTEN_CHARS)} characters.`] : [];
  for (const notice of notices) ctx.emit('limit', notice);
  const { paragraphs, sources } = readWritten(body, state.pool, state.outline.language);
  return { draft: text === '' ? null : { ...frame, sentences: sources, text, paragraphs }, notices };
}

/** Scores the draft; where a revision is worse than what it revised, that takes its place again. */
export function critique(state, ctx) {
  const goal = goalOf(state);
  const judged = judge(sentencesOf(state), goal);
  const { round, writer } = state.draft;
  const score = Math.round(judged.score * 1000) / 1000;
  const finding = findingOf(judged, goal);
  const isKept = state.best === null || score >= scoreOf({ ...state, draft: state.best }).score;
  ctx.emit('critique', `Round ${round}: ${score.toFixed(3)}, ${finding}${isKept ? '' : `; round ${state.best.round} is better and stays`}`, { round, score, parts: judged.parts });
  const entry = { round, score, parts: judged.parts, words: judged.words, finding, writer, isKept };
  return isKept ? { scores: entry } : { scores: entry, draft: state.best };
}

/** The way on from `critique`. */
export function afterCritique(state) {
  const rounds = lastScore(state).round;
  const limit = state.draft.writer === EXTRACTIVE && lastScore(state).writer === EXTRACTIVE ? MAX_ROUNDS : MAX_WRITER_ROUNDS;
  return scoreOf(state).score >= GOOD_SCORE || rounds >= limit ? 'publish' : 'revise';
}

/** Hands out the briefing: {@link Briefing}. */
export function publish(state, ctx) {
  const { title = '', text = '', terms = [], sentences = [], writer = nameOf(ctx.context?.writer), paragraphs } = state.draft ?? {};
  const { score = 0, words = 0 } = (state.draft && scoreOf(state)) ?? {};
  const rounds = lastScore(state)?.round ?? 0;
  ctx.milestone('published', { score, words, rounds });
  return {
    briefing: {
      title, text, terms, sentences: sentences.map(({ id, section, text: own }) => ({ id, section, text: own })),
      paragraphs: paragraphs ?? paragraphsOf(sentences), words, rounds, score, isGood: score >= GOOD_SCORE, writer,
    },
  };
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

/** What a writer gets to see. */
function materialOf(state) {
  const { terms, target } = goalOf(state);
  return { title: state.outline.title, terms, target, pool: state.pool, titles: state.sections.map((section) => section.title) };
}

/** The draft as the critique takes it. */
function sentencesOf({ draft, pool, outline }) {
  return draft.paragraphs ? measured(draft.paragraphs, pool, outline.language) : draft.sentences;
}

/** The draft without its title and key terms. */
function bodyOf(draft) {
  return (draft.paragraphs ?? paragraphsOf(draft.sentences)).map((sentences) => sentences.map(({ text }) => text).join(' ')).join('\n\n');
}

function lastScore({ scores }) {
  return scores[scores.length - 1];
}

/** What the critique said of the draft that stands. */
function scoreOf({ scores, draft }) {
  return scores.findLast((entry) => entry.round === draft.round);
}

/** As it is stored: a short line. */
function nameOf(writer) {
  return writer ? said(String(writer.name)) || 'a writer' : EXTRACTIVE;
}

/** Key terms of a state, best first. @param {Readonly<Record<string, { score: number, stems: readonly string[] }>>} terms */
export function sortedTerms(terms) {
  return Object.entries(terms).map(([term, { score, stems }]) => ({ term, score, stems })).sort((a, b) => b.score - a.score);
}
