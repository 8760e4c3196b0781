// A draft as paragraphs of sentences: stored, streaming, and streaming over the draft that it revises.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piecesOf } from '../../www/agent/draft.js';
import { revisedText, storedText, streamedText } from '../../www/views/draft-text.js';

const sentence = (id, section, text) => ({ id, section, text });
const [a, b, c, d, n] = [sentence('0.0', 0, 'Alpha is first.'), sentence('0.5', 0, 'Beta comes next.'), sentence('1.0', 1, 'Gamma ends it.'), sentence('2.0', 2, 'Delta after all.'), sentence('1.4', 1, 'News of the sea.')];
const draft = (...sentences) => ({ title: 'Sea – in brief', terms: ['sea', 'tide'], sentences });
const streamOf = (own) => piecesOf(own).map((piece) => piece.text).join('');
const told = ({ paragraphs }) => paragraphs.map((paragraph) => paragraph.map(({ text, kind, isOpen }) => `${text}${kind === 'plain' ? '' : ` (${kind})`}${isOpen ? ' …' : ''}`));
const textOf = ({ title, paragraphs }) => [title, ...paragraphs.map((paragraph) => paragraph.map(({ text }) => text).join(' '))].join('\n\n');

test('what is stored has a paragraph for each section, and says which sentences are new', () => {
  assert.deepEqual(told(storedText(draft(a, b, c))), [['Alpha is first.', 'Beta comes next.'], ['Gamma ends it.']]);
  assert.deepEqual(told(storedText(draft(a, c), new Set([a.text]))), [['Alpha is first.'], ['Gamma ends it. (new)']]);
  const written = { ...draft(a, b), paragraphs: [[{ text: 'Both.', sources: ['0.0', '0.5'] }, { text: b.text, sources: ['0.5'] }], [{ text: 'Both.', sources: [] }]] };
  assert.deepEqual(told(storedText(written)), [['Both.', b.text], ['Both.']]);
  const keys = storedText(written).paragraphs.flat().map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
});

test('of a stream, title and key terms stand apart, at any length of it', () => {
  const whole = streamOf(draft(a, b, c));
  for (let end = 1; end <= whole.length; end += 1) {
    const { title, paragraphs } = streamedText(whole.slice(0, end), true);
    assert.ok('Sea – in brief'.startsWith(title));
    assert.ok(!paragraphs.flat().some(({ text }) => text.includes('Key')), whole.slice(0, end));
    assert.ok(paragraphs.flat().every(({ isOpen }, i, all) => isOpen === (i === all.length - 1)));
  }
  assert.equal(textOf(streamedText(whole, false)), textOf(storedText(draft(a, b, c))));
});

test('a revision that swaps: what it repeats is kept, what is behind it waits, what it passed is gone', () => {
  const [before, next] = [draft(a, b, c, d), draft(a, c, n, d)];
  const whole = streamOf(next);
  const at = (part) => told(revisedText(whole.slice(0, whole.indexOf(part) + part.length), true, before));
  assert.deepEqual(at('tide'), [['Alpha is first. (waiting)', 'Beta comes next. (waiting)'], ['Gamma ends it. (waiting)'], ['Delta after all. (waiting)']]);
  assert.deepEqual(at(a.text), [['Alpha is first.', 'Beta comes next. (waiting)'], ['Gamma ends it. (waiting)'], ['Delta after all. (waiting)']]);
  assert.deepEqual(at('News of'), [['Alpha is first.'], ['Gamma ends it.', 'News of (new) …'], ['Delta after all. (waiting)']]);
  assert.deepEqual(told(revisedText(whole, false, before)), [['Alpha is first.'], ['Gamma ends it.', 'News of the sea. (new)'], ['Delta after all.']]);
});

test('at any length of a revision no sentence is lost that the stream has not passed, no key repeats, and its end is the draft', () => {
  const all = [a, b, c, n, d];
  const order = (some) => all.filter((own) => some.includes(own));
  for (let from = 1; from < 32; from += 1) {
    for (let to = 1; to < 32; to += 1) {
      const [before, next] = [from, to].map((bits) => draft(...order(all.filter((_, i) => bits & (1 << i)))));
      const whole = streamOf(next);
      for (let end = 1; end <= whole.length; end += 5) {
        const { paragraphs } = revisedText(whole.slice(0, end), true, before);
        const items = paragraphs.flat();
        assert.equal(new Set(items.map(({ key }) => key)).size, items.length);
        const passed = Math.max(-1, ...items.filter(({ kind }) => kind === 'plain').map(({ key }) => before.sentences.findIndex(({ id }) => id === key)));
        for (const { id } of before.sentences.slice(passed + 1)) assert.ok(items.some(({ key, kind }) => key === id && kind === 'waiting'), `${from} ${to} ${end}`);
      }
      assert.equal(textOf(revisedText(whole, false, before)), textOf(storedText(next)));
    }
  }
});
