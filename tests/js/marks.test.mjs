// Where sentences and key terms stand in the text as it was written: the agent's own sentences of any text are found, and their places say the same.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';
import { readSection } from '../../www/agent/ranking.js';
import { splitSections } from '../../www/agent/sections.js';
import { languageOf } from '../../www/agent/words.js';
import { foldText } from '../../www/views/folded-text.js';
import { MAX_TERM_MARKS, findMarks, searchable } from '../../www/views/marks.js';

const sentencesOf = (text) => {
  const { sections } = splitSections(text);
  const language = languageOf(sections.map((section) => section.text.slice(0, 400)).join('\n'));
  return sections.flatMap((section) => readSection(section, language).sentences.map((sentence) => sentence.text));
};
const said = (text) => foldText(text).text.trim();
const term = (name, ...stems) => ({ term: name, stems: stems.length > 0 ? stems : [name] });
const marksOf = (text, terms, language = 'en') => findMarks(text, { sentences: [], terms, language });
const marked = (text, marks) => marks.map(({ start, end }) => text.slice(start, end));

/** The same numbers at each run. */
function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function checkRanges(text, marks, sentences) {
  let end = 0;
  for (const mark of marks) {
    assert.ok(mark.start >= end && mark.end > mark.start && mark.end <= text.length, `${mark.start}–${mark.end} follows ${end} within ${text.length}`);
    end = mark.end;
    if (sentences) assert.ok(said(text.slice(mark.start, mark.end)) === sentences[mark.sentence], `${mark.start}–${mark.end} is not ${JSON.stringify(sentences[mark.sentence].slice(0, 200))}`);
  }
}

describe('sentences', () => {
  test('each sentence that the agent finds in the default text has its place', () => {
    const sentences = sentencesOf(DEFAULT_TEXT);
    const { sentences: marks } = findMarks(DEFAULT_TEXT, { sentences, terms: [] });
    assert.equal(marks.length, sentences.length);
    assert.deepEqual(marks.map((mark) => mark.sentence), sentences.map((_, i) => i));
    checkRanges(DEFAULT_TEXT, marks, sentences);
  });

  test('a sentence over several lines, behind a bullet, with soft hyphens, with marks that were not composed is found as it was written', () => {
    const text = '# Notes\r\n\r\n- The ti\u00ADde rises\r\n   and  falls.\r\n* Cafe\u0301s close\u00A0early.\n\n한국어 문장입니다.'.replace('한국어', '한국어'.normalize('NFD'));
    const sentences = ['The tide rises and falls.', 'Cafés close early.', '한국어 문장입니다.'];
    assert.deepEqual(sentencesOf(text), sentences);
    const { sentences: marks } = findMarks(text, { sentences, terms: [] });
    checkRanges(text, marks, sentences);
    assert.deepEqual(marked(text, marks), ['The ti\u00ADde rises\r\n   and  falls.', 'Cafe\u0301s close\u00A0early.', `${'한국어'.normalize('NFD')} 문장입니다.`]);
  });

  test('a sentence that repeats takes the next place that is free, and one too many has none', () => {
    const text = 'It rains. It snows. It rains. It rains.';
    const { sentences } = findMarks(text, { sentences: ['It rains.', 'It rains.', 'It snows.', 'It rains.', 'It rains.'], terms: [] });
    assert.deepEqual(sentences.map(({ start, sentence }) => [start, sentence]), [[0, 0], [10, 2], [20, 1], [30, 3]]);
  });

  test('a whole sentence is preferred to letters within words', () => {
    const text = 'Now Anna sat. Hanna sat.';
    const { sentences } = findMarks(`${text} anna sat`, { sentences: ['anna sat'], terms: [] });
    assert.deepEqual(sentences, [{ start: 25, end: 33, sentence: 0 }]);
    assert.deepEqual(findMarks(text, { sentences: ['anna sat.'], terms: [] }).sentences.length, 1, 'where there is no other place, these');
  });

  test('what is not in the text, or is empty, has no mark', () => {
    assert.deepEqual(findMarks('Some text.', { sentences: ['Another.', '', '  '], terms: [] }).sentences, []);
    assert.deepEqual(findMarks('', { sentences: ['x'], terms: [term('x')] }), { sentences: [], terms: [], counts: [0], hasMore: false });
  });

  test('of any text, the agent’s sentences are found and their places say what they say', () => {
    const pieces = ['tide', 'Tides', ' ', ' ', ' ', '\n', '\n\n', '\r\n', '. ', '.', '! ', '# ', '- ', '* ', '1. ', '```\n', '---\n', '===\n', 'é', 'e\u0301', 'a\u0323\u0302', '\u0302', '\u212B', '\u00AD', '\u200B', '\u2060',
      '\u00A0', '\u0007', '\u0085', '\uFEFF', '\uD83C\uDF0A', '\uD83C', '\uDF0A', '潮汐', '。', '가', '\u1100\u1161\u11A8', '\u0958', 'ﬁ', '<b>', '"', '”', '’s', 'İ', '\t', '\u2028', '\u3000', 'Dr. ', '…'];
    const random = randomNumbers(20260301);
    for (let round = 0; round < 600; round += 1) {
      let text = '';
      for (let i = random(120); i >= 0; i -= 1) text += pieces[random(pieces.length)];
      const sentences = sentencesOf(text);
      const { sentences: marks, terms } = findMarks(text, { sentences, terms: [term('tide'), term('潮汐')] });
      assert.equal(marks.length, sentences.length, JSON.stringify(text));
      checkRanges(text, marks, sentences);
      checkRanges(text, terms);
      for (const mark of terms) for (const sentence of marks) assert.ok(mark.end <= sentence.start || mark.start >= sentence.end || (mark.start >= sentence.start && mark.end <= sentence.end), 'a term stays on its side');
    }
  });
});

describe('terms', () => {
  test('whole words in any inflection and case are marked, and no part of another word', () => {
    const text = 'Tides rise. A TIDE falls; the tide’s end. Tidal, eventide, tide-table, betide.';
    const { terms, counts } = marksOf(text, [term('tide')]);
    assert.deepEqual(marked(text, terms), ['Tides', 'TIDE', 'tide’s']);
    assert.deepEqual(counts, [3]);
  });

  test('a term of two words takes the place of the word in it, and both are counted', () => {
    const text = 'The spring tide, spring\ntides, a neap tide. In spring, tide.\n\nSpring\n\ntide';
    const { terms, counts } = marksOf(text, [term('tide'), term('spring tide', 'spring', 'tide'), term('spring')]);
    assert.deepEqual(terms.map(({ start, end, terms: held }) => [text.slice(start, end), held]), [
      ['spring tide', [1, 2, 0]], ['spring\ntides', [1, 2, 0]], ['tide', [0]], ['spring', [2]], ['tide', [0]], ['Spring', [2]], ['tide', [0]],
    ]);
    assert.deepEqual(counts, [5, 2, 4]);
  });

  test('in German only the case may differ, in French an article stays outside', () => {
    const german = 'Die Gezeiten. GEZEITEN, Gezeitenkraft.';
    assert.deepEqual(marked(german, marksOf(german, [term('Gezeiten', 'gezeiten')], 'de').terms), ['Gezeiten', 'GEZEITEN']);
    const french = 'L’eau et les eaux; l\'eau.';
    assert.deepEqual(marked(french, marksOf(french, [term('eau')], 'fr').terms), ['eau', 'eau']);
  });

  test('where words have no spaces, the letters of the term are looked for', () => {
    const text = '潮汐是海水。月球引起潮汐 and tides.';
    const { terms, counts } = marksOf(text, [term('潮汐'), term('月球'), term('tide')], 'und');
    assert.deepEqual(marked(text, terms), ['潮汐', '月球', '潮汐']);
    assert.deepEqual(counts, [2, 1, 0]);
    assert.deepEqual(marksOf(text, [term('tide')], 'en').counts, [1]);
  });

  test('marks are bounded, their count is not', () => {
    const { terms, counts, hasMore } = marksOf('tide '.repeat(5_000), [term('tide')]);
    assert.equal(terms.length, MAX_TERM_MARKS);
    assert.deepEqual(counts, [5_000]);
    assert.equal(hasMore, true);
    assert.equal(marksOf('tide', [term('tide')]).hasMore, false);
  });

  test('the language is the text’s own where none is given', () => {
    assert.deepEqual(marked(DEFAULT_TEXT, findMarks(DEFAULT_TEXT, { sentences: [], terms: [term('bay')] }).terms), ['bay', 'Bay']);
  });

  test('a text that was prepared gives the same marks', () => {
    const wanted = { sentences: sentencesOf(DEFAULT_TEXT).slice(3, 9), terms: [term('Moon', 'moon'), term('high water', 'high', 'water')] };
    assert.deepEqual(findMarks(searchable(DEFAULT_TEXT), wanted), findMarks(DEFAULT_TEXT, wanted));
  });
});

describe('long and hostile texts', () => {
  const LONG = 500_000;
  const cases = {
    prose: DEFAULT_TEXT.repeat(70).slice(0, LONG),
    'one letter': 'a'.repeat(LONG),
    'one word': 'tide '.repeat(LONG / 5),
    'line ends': '\n'.repeat(LONG),
    'soft hyphens': '\u00AD'.repeat(LONG),
    'decomposed': 'cafe\u0301 '.repeat(LONG / 6),
    'a pile of marks': `e${'\u0301'.repeat(20_000)}`,
    'chinese': '潮汐是海水周期性涨落的现象。'.repeat(LONG / 14),
    'jamo without a space': '\u1112\u1161\u11AB'.repeat(LONG / 3),
  };
  for (const [name, text] of Object.entries(cases)) {
    test(`${name}: marks are in order and bounded`, (t) => {
      const sentences = ['It is this difference, and not the pull itself, that moves the water.', 'a'.repeat(400), `b${'a'.repeat(400)}`, `${'a'.repeat(400)}b`, 'a', 'é', '潮汐是海水周期性涨落的现象。', 'tide tide tide'];
      const startedAt = performance.now();
      const marks = findMarks(text, { sentences, terms: [term('tide'), term('a'), term('潮汐'), term('tide tide', 'tide', 'tide'), term('café')], language: 'en' });
      t.diagnostic(`${Math.round(performance.now() - startedAt)} ms for ${text.length} characters`);
      checkRanges(text, marks.sentences, sentences);
      checkRanges(text, marks.terms);
      assert.ok(marks.terms.length <= MAX_TERM_MARKS);
    });
  }
});
