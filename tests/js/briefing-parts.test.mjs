// The parts of the document briefing agent by themselves: no package, no graph.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { critique, improve } from '../../www/agent/critique.js';
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';
import { chooseSentences, piecesOf, targetWords, tokensOf } from '../../www/agent/draft.js';
import { MAX_SENTENCES, rankTerms, readSection, vocabularyOf } from '../../www/agent/ranking.js';
import { MAX_CHARS, MAX_SECTIONS, splitSections } from '../../www/agent/sections.js';
import { cooccurrences, pageRank, rankSentences, rankWords, sumCooccurrences } from '../../www/agent/textrank.js';
import { languageOf, sentencesOf, stemOf, wordsOf } from '../../www/agent/words.js';

const near = (actual, expected, message) => assert.ok(Math.abs(actual - expected) < 1e-3, `${message ?? ''} ${actual} is not near ${expected}`);

const CHINESE = '潮汐是海水周期性涨落的现象。它主要由月球和太阳的引力引起。月球离地球较近,因此月球的引力作用大于太阳。\n\n当太阳、地球和月球排成一条直线时,会出现大潮。当太阳和月球成直角时,会出现小潮。';
const GERMAN = 'Die Gezeiten sind Bewegungen des Wassers der Ozeane. Sie werden durch die Anziehungskraft des Mondes und der Sonne verursacht. '
  + 'Der Mond hat den größeren Einfluss, weil er der Erde näher ist. Bei einer Springtide stehen Sonne, Mond und Erde in einer Linie. In der Nordsee ist der Tidenhub klein.';

describe('TextRank', () => {
  test('PageRank agrees with the solution by hand', () => {
    // a – b – c, equal weights: e = 0.15 + 0.85 c / 2 and c = 0.15 + 0.85 · 2 e.
    const [a, b, c] = pageRank(3, [[0, 1, 1], [1, 2, 1]]);
    near(a, 0.77027);
    near(b, 1.459459);
    near(c, a);
    // a – b with weight 3, b – c with weight 1.
    const weighted = pageRank(3, [[0, 1, 3], [1, 2, 1]]);
    [1.080405, 1.459459, 0.460135].forEach((expected, i) => near(weighted[i], expected));
  });

  test('a vertex without edges scores 1 - d, and no vertex scores nothing', () => {
    assert.deepEqual(pageRank(0, []), []);
    near(pageRank(1, [])[0], 0.15);
  });

  test('sentence similarity is shared words over the sum of logarithms', () => {
    // u = 2 / (2 ln 3), v = 1 / (ln 3 + ln 2); x = 1.425 / (1 - 0.85 u / (u + v) + 0.85), y = 3 - 2 x.
    const [first, second, third] = rankSentences([['a', 'b', 'c'], ['a', 'b', 'd'], ['a', 'e']]);
    near(first, 1.07703);
    near(second, first);
    near(third, 0.84594);
  });

  test('sentences of one word do not divide by zero', () => {
    for (const score of rankSentences([['a'], ['a'], [], ['a', 'b']])) assert.ok(Number.isFinite(score));
  });

  test('words co-occur within the window and within their sentence', () => {
    assert.deepEqual(cooccurrences([['a', 'b', 'c', 'd'], ['d', 'a']], 3), [['a', 'b', 1], ['a', 'c', 1], ['b', 'c', 1], ['b', 'd', 1], ['c', 'd', 1], ['d', 'a', 1]]);
    assert.deepEqual(cooccurrences([['a', 'b', 'a']], 2), [['a', 'b', 2]]);
  });

  test('the words of a whole are those of its parts', () => {
    const sentences = [['a', 'b', 'c'], ['b', 'c'], ['c', 'a', 'd']];
    const parts = sumCooccurrences(sentences.map((sentence) => cooccurrences([sentence])));
    assert.deepEqual(rankWords(parts), rankWords(cooccurrences(sentences)));
    assert.equal(rankWords(parts)[0].word, 'c');
  });
});

describe('words and sentences', () => {
  test('a language is known by its function words', () => {
    assert.equal(languageOf(DEFAULT_TEXT), 'en');
    assert.equal(languageOf(GERMAN), 'de');
    assert.equal(languageOf('La marée est le mouvement de la mer qui monte et qui descend sur les côtes.'), 'fr');
    assert.equal(languageOf('La marea es el movimiento del mar que sube y baja en las costas.'), 'es');
    assert.equal(languageOf(CHINESE), 'und');
    assert.equal(languageOf(''), 'und');
  });

  test('sentences do not end at abbreviations, initials or decimal points', () => {
    assert.deepEqual(sentencesOf('Dr. J. Smith rose by 3.5 metres. He left.  What now?', 'en'), ['Dr. J. Smith rose by 3.5 metres.', 'He left.', 'What now?']);
    assert.equal(sentencesOf(CHINESE.split('\n')[0], 'und').length, 3);
    assert.deepEqual(sentencesOf('', 'en'), []);
  });

  test('a run without an end is cut, and never within a character', () => {
    const pieces = sentencesOf('😀'.repeat(2000), 'und');
    assert.ok(pieces.length > 1);
    assert.ok(pieces.every((piece) => piece.length <= 501 && !/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(piece)));
  });

  test('plurals count as their word', () => {
    for (const [word, stem] of [['tides', 'tide'], ['bodies', 'body'], ['gases', 'gase'], ['boxes', 'box'], ['gas', 'gas'], ['basis', 'basis'], ['Moon’s', 'moon'], ['glass', 'glass']]) {
      assert.equal(stemOf(word, 'en'), stem);
    }
    assert.equal(stemOf('Haus', 'de'), 'haus');
  });

  test('scripts without spaces are cut into words', () => {
    const words = wordsOf('太阳和月球', 'und').map((word) => word.text);
    assert.ok(words.includes('太阳') && words.includes('月球'), words.join(' '));
    assert.deepEqual(wordsOf("Doesn't the well-known tide rise?", 'en').map((word) => word.text), ["Doesn't", 'the', 'well-known', 'tide', 'rise']);
  });
});

describe('sections', () => {
  const titles = (text) => splitSections(text).sections.map((section) => section.title);
  const prose = 'The sea rises and the sea falls, and nobody on this coast has ever seen it otherwise.';

  test('follow Markdown headings, and the first one is the title', () => {
    assert.equal(splitSections(DEFAULT_TEXT).title, 'Tides: how the sea keeps time');
    assert.deepEqual(titles(DEFAULT_TEXT), [...['Opening'], ...[...DEFAULT_TEXT.matchAll(/^## (.*)$/gm)].map((match) => match[1])]);
  });

  test('follow underlined and lone headings', () => {
    assert.deepEqual(titles(`High water\n==========\n${prose}\n\nLow water\n---------\n${prose}`), ['Opening', 'Low water']);
    assert.deepEqual(titles(`${prose}\n\nThe Moon\n\n${prose}\n\nThe Sun\n\n${prose}`), ['Opening', 'The Moon', 'The Sun']);
  });

  test('are groups of paragraphs where there is no heading', () => {
    assert.deepEqual(titles(prose), ['Whole text']);
    assert.deepEqual(titles(`${prose}\n\n`.repeat(40)), ['Part 1', 'Part 2', 'Part 3', 'Part 4']);
    assert.deepEqual(titles('- one\n- two\n- three'), ['Whole text']);
  });

  test('hold all prose once, and are never more than allowed', () => {
    const paragraphs = Array.from({ length: 5000 }, (_, i) => `## Heading ${i}\n\nParagraph number ${i} ends here.`);
    const { sections } = splitSections(paragraphs.join('\n\n'));
    assert.ok(sections.length <= MAX_SECTIONS);
    const all = sections.map((section) => section.text).join('\n\n');
    assert.deepEqual(all.match(/number \d+/g), Array.from({ length: 5000 }, (_, i) => `number ${i}`));
    assert.deepEqual(sections.map((section) => section.index), sections.map((_, i) => i));
  });

  test('of nothing are none, and headings alone are text', () => {
    for (const text of ['', ' \n\t\n', '\u0000\u0001', '***\n\n---']) assert.deepEqual(titles(text), []);
    assert.equal(splitSections('# A\n\n# B').sections[0].text, 'A\n\nB');
  });

  test('a text over the limit is cut at the end of a sentence', () => {
    const { readChars, isCut, sections } = splitSections('The tide comes in at noon. '.repeat(80_000));
    assert.equal(isCut, true);
    assert.ok(readChars <= MAX_CHARS && readChars > MAX_CHARS * 0.9);
    assert.ok(sections.every((section) => section.text.endsWith('noon.')));
  });

  // Patterns that backtrack would take hours.
  test('hostile patterns come to an end', { timeout: 60_000 }, (context) => {
    const startedAt = performance.now();
    for (const text of [`# ${' '.repeat(500_000)}a`, ' '.repeat(500_000), '-'.repeat(500_000), '- '.repeat(250_000), 'a '.repeat(250_000), 'A.'.repeat(250_000), '\n'.repeat(500_000)]) splitSections(text);
    context.diagnostic(`${Math.round(performance.now() - startedAt)} ms`);
  });
});

describe('key terms', () => {
  test('put words together that stand together, and write them as the text does', () => {
    const text = 'A spring tide follows the full Moon. Each spring tide is high. The Moon makes a spring tide and the Moon makes a neap tide. Spring tides come again.';
    const terms = rankTerms([vocabularyOf(readSection({ index: 0, text }, 'en'))], 5);
    assert.equal(terms[0].term === 'spring tide' || terms[1].term === 'spring tide', true, terms.map((term) => term.term).join(', '));
    assert.ok(terms.some((term) => term.term === 'Moon'));
    assert.ok(!terms.some((term) => term.term === 'spring'), 'a word that only stands in the phrase is no term of its own');
    near(terms.reduce((sum, term) => sum + term.score, 0), 1);
  });

  test('a long section is ranked by evenly spread sentences', () => {
    const section = readSection({ index: 3, text: 'The tide is in. '.repeat(1000) }, 'en');
    assert.equal(section.found, 1000);
    assert.equal(section.sentences.length, MAX_SENTENCES);
  });
});

describe('draft and critique', () => {
  const candidate = (order, stems, { score = 1, section = order, words = 12, isLeaning = false } = {}) => ({ id: `${section}.${order}`, section, order, text: `Sentence ${order}.`, words, stems, score, isLeaning });
  const terms = ['moon', 'sun', 'sea'].map((term) => ({ term, score: 1 / 3, stems: [term] }));
  const goal = { terms, sections: 3, target: 36, best: 1 };

  test('a first draft is the most central sentences that fit, in source order', () => {
    const chosen = chooseSentences([candidate(0, ['a'], { score: 1 }), candidate(1, ['b'], { score: 3, words: 30 }), candidate(2, ['c'], { score: 2 })], 42);
    assert.deepEqual(chosen.map((sentence) => sentence.order), [1, 2]);
    assert.equal(chooseSentences([candidate(0, ['a'], { words: 500 })], 10).length, 1);
    assert.deepEqual(chooseSentences([], 10), []);
  });

  test('a briefing is shorter than half its text', () => {
    assert.deepEqual([0, 10, 200, 1600, 100_000].map(targetWords), [1, 5, 60, 200, 220]);
  });

  test('tokens and pieces, joined, are the text', () => {
    for (const text of [DEFAULT_TEXT, CHINESE, ' a  b\n', '😀'.repeat(50), '', 'x'.repeat(99)]) assert.equal(tokensOf(text).join(''), text);
    assert.equal(piecesOf({ title: 'T', terms: ['a', 'b'], sentences: [candidate(0, []), candidate(1, [], { section: 0 }), candidate(2, [])] }).map((piece) => piece.text).join(''),
      'T\n\nKey terms: a, b\n\nSentence 0. Sentence 1.\n\nSentence 2.');
  });

  test('each fault costs score', () => {
    const good = [candidate(0, ['moon', 'a']), candidate(1, ['sun', 'b']), candidate(2, ['sea', 'c'])];
    const { score } = critique(good, goal);
    near(score, 1);
    const worse = {
      coverage: [good[0], good[1], candidate(2, ['x', 'c'])],
      novelty: [good[0], candidate(1, ['moon', 'sun', 'a']), good[2]],
      centrality: [good[0], good[1], { ...good[2], score: 0.2 }],
      spread: good.map((sentence) => ({ ...sentence, section: 0 })),
      length: good.map((sentence) => ({ ...sentence, words: 25 })),
      readability: [good[0], good[1], { ...good[2], isLeaning: true }],
    };
    for (const [part, sentences] of Object.entries(worse)) {
      const judged = critique(sentences, goal);
      assert.ok(judged.score < score && judged.parts[part] < 1, part);
    }
    assert.equal(critique([], goal).score, 0);
  });

  test('a sentence that points back reads well after the one it follows', () => {
    const pair = [candidate(4, ['moon'], { section: 1 }), candidate(5, ['sun'], { section: 1, isLeaning: true })];
    assert.equal(critique(pair, goal).parts.readability, 1);
    assert.ok(critique([pair[1]], goal).parts.readability < 1);
  });

  test('revising covers what is missing, replaces what repeats, trims what is too long', () => {
    const moon = candidate(0, ['moon', 'a', 'b']);
    const sun = candidate(2, ['sun', 'c', 'd']);
    const sea = candidate(3, ['sea', 'e', 'f']);
    const again = candidate(1, ['moon', 'a', 'b'], { section: 0 });
    const swap = improve([moon, again, sun], [moon, again, sun, sea], goal);
    assert.equal(swap.added, sea);
    assert.ok([moon, again].includes(swap.dropped));
    assert.equal(improve([moon, sun], [moon, sun, sea], goal).added, sea);
    const long = [moon, sun, sea, candidate(4, ['x', 'y'], { section: 0, words: 40 })];
    assert.equal(improve(long, long, goal).dropped.order, 4);
    assert.equal(improve([moon, sun, sea], [moon, again, sun, sea], goal), null);
  });

  test('revising raises the score each time, so it ends', () => {
    let sentences = [candidate(0, ['moon', 'a'])];
    const pool = Array.from({ length: 40 }, (_, i) => candidate(i, [['moon', 'sun', 'sea', 'x'][i % 4], `w${i % 7}`], { score: 0.5 + (i % 5) / 10, section: i % 3 }));
    for (let rounds = 0, score = critique(sentences, goal).score; ; rounds += 1) {
      assert.ok(rounds < 200);
      const change = improve(sentences, pool, goal);
      if (change === null) break;
      const next = critique(change.sentences, goal).score;
      assert.ok(next > score);
      ({ sentences } = change);
      score = next;
    }
  });
});
