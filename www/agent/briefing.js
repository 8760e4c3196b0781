/**
 * Owns: the document briefing agent as a weavegraph-wasm graph: its channels, nodes and edges, what it says while it works.
 * Must not know: who runs it (page, terminal, test), how anything is shown; the package's exports are handed in, so this file loads everywhere.
 * Invariant: without a writer the same text gives the same briefing, whatever the pace; nodes only read the state and return updates.
 *
 *     split ──send──▶ rankSection × n ──▶ rankSentences ─┐
 *                                    └──▶ rankTerms ─────┴─join─▶ draft ──▶ critique ──▶ publish
 *                                                                             ▲  └─▶ revise
 *                                                                             └───────┘
 */

import { KEY_TERMS } from './draft.js';
import { afterCritique, critique, draftNodes, publish } from './drafting.js';
import { MAX_SENTENCES, bestSentences, rankPool, rankTerms, readSection, vocabularyOf } from './ranking.js';
import { splitSections } from './sections.js';
import { pause } from './streaming.js';
import { number, plural, short } from './wording.js';
import { languageOf } from './words.js';

export { sortedTerms } from './drafting.js';

/** For nodes that may ask a writer: what a repeat may mend is asked again, up to twice. */
const WRITER_RETRY = { maxAttempts: 3, initialDelayMs: 600, factor: 3, retryOn: (error) => error?.isWorthRepeating === true };

/**
 * Builds and compiles the graph.
 * @param {typeof import('weavegraph-wasm')} weavegraph the package's exports
 * @param {object} [defaults] options of `compile`
 * @returns {import('weavegraph-wasm').App<any, { paceMs?: number, writer?: import('./writers.js').Writer }>} Run it with `{ text }`; the context
 *   `{ paceMs: 0 }` turns the pauses off, a `writer` in it writes the drafts that otherwise are sentences of the text. The final state's `briefing` is
 *   a `Briefing`, its `draft` a `Draft`, its `scores` are `Score`s; see `drafting.js`.
 */
export function createBriefing(weavegraph, defaults = {}) {
  const { GraphBuilder, append, last, merge, reduce, START, END } = weavegraph;
  const { split, rankSection, rankAllTerms } = nodesWith(weavegraph);
  const { draft, revise } = draftNodes(weavegraph);
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
      // What a revision sets out from, in case it turns out worse; null while none can.
      best: last({ initial: null }),
      scores: append(),
      notices: append(),
      briefing: last({ initial: null }),
    },
  })
    .addNode('split', split, { description: 'Cuts the text into sections', targets: ['rankSection', 'publish'] })
    .addNode('rankSection', rankSection, { description: 'TextRank within one section', concurrency: 4 })
    .addNode('rankSentences', rankSentences, { description: 'TextRank over the best sentences of all sections' })
    .addNode('rankTerms', rankAllTerms, { description: 'TextRank over the words of all sections' })
    .addNode('draft', draft, { description: 'Takes the most central sentences, or has them written up', retry: WRITER_RETRY })
    .addNode('critique', critique, { description: 'Scores the draft; the better one stays' })
    .addNode('revise', revise, { description: 'Mends the costliest weakness', targets: ['publish'], retry: WRITER_RETRY })
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
  };
}

function rankSentences(state, ctx) {
  const pool = rankPool(state.sections.flatMap((section) => section.candidates));
  ctx.emit('sentences', `${plural(pool.length, 'candidate')} of ${plural(state.tally.sentences, 'sentence')}; first: “${short(pool[0]?.text ?? '')}”`);
  return { pool };
}

function termEntries(terms) {
  return Object.fromEntries(terms.map(({ term, score, stems }) => [term, { score, stems }]));
}
