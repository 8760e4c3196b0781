// The document briefing agent: its graph on the package, and its face in the terminal.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBriefing } from '../../www/agent/briefing.js';
import { GOOD_SCORE, MAX_ROUNDS } from '../../www/agent/critique.js';
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';
import { MAX_SECTIONS } from '../../www/agent/sections.js';

const root = join(import.meta.dirname, '../..');
const CHINESE = '潮汐是海水周期性涨落的现象。它主要由月球和太阳的引力引起。月球离地球较近,因此月球的引力作用大于太阳。\n\n当太阳、地球和月球排成一条直线时,会出现大潮。当太阳和月球成直角时,会出现小潮。';
const GERMAN = 'Die Gezeiten sind Bewegungen des Wassers der Ozeane. Sie werden durch die Anziehungskraft des Mondes und der Sonne verursacht. '
  + 'Der Mond hat den größeren Einfluss, weil er der Erde näher ist. Bei einer Springtide stehen Sonne, Mond und Erde in einer Linie. In der Nordsee ist der Tidenhub klein.';

describe('the graph', () => {
  let app;
  before(async () => {
    app = createBriefing(await import('weavegraph-wasm'));
  });

  /** Runs to the end at full speed. */
  async function brief(text, options = {}) {
    const run = app.invokeStreaming({ text }, { context: { paceMs: 0 }, ...options });
    const events = [];
    for await (const event of run) events.push(event);
    const result = await run.result;
    assert.equal(result.status, 'completed', result.error?.message);
    return { ...result, events };
  }
  const messages = (events, scope) => events.filter((event) => event.type === 'message' && event.scope === scope).map((event) => event.message);

  test('briefs the default text: sections in parallel, rising scores, sentences of the text in its order', async () => {
    const { state, events } = await brief(DEFAULT_TEXT);
    const { briefing, scores, sections } = state;
    const tasks = events.filter((event) => event.type === 'node.started' && event.node === 'rankSection');
    assert.equal(tasks.length, sections.length);
    assert.deepEqual(tasks.map((event) => event.task).sort((a, b) => a - b), sections.map((_, i) => i));
    assert.equal(new Set(tasks.map((event) => event.step)).size, 1);
    assert.ok(sections.every((section) => section.isRanked));
    assert.equal(state.tally.sections, sections.length);

    assert.ok(scores.length >= 2 && scores.length <= MAX_ROUNDS);
    scores.reduce((before, now) => (assert.ok(now.score > before.score), now));
    assert.ok(briefing.isGood && briefing.score >= GOOD_SCORE);
    assert.ok(briefing.words > 150 && briefing.words < 260);
    const flat = DEFAULT_TEXT.replace(/\s+/g, ' ');
    const places = briefing.sentences.map((sentence) => flat.indexOf(sentence.text));
    assert.ok(places.every((place) => place >= 0));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.ok(briefing.terms.includes('spring tide') && briefing.terms.includes('Moon'));
    assert.deepEqual(briefing.terms, Object.entries(state.terms).sort((a, b) => b[1].score - a[1].score).map(([term]) => term));
  });

  test('streams each draft token by token, and what it streams is the draft', async () => {
    const { state, events } = await brief(DEFAULT_TEXT);
    const streams = new Map();
    for (const { type, streamId, text, offset } of events) {
      if (type !== 'llm.chunk') continue;
      assert.equal(offset, (streams.get(streamId) ?? '').length);
      streams.set(streamId, (streams.get(streamId) ?? '') + text);
    }
    assert.deepEqual([...streams.keys()], state.scores.map((score) => `draft-${score.round}`));
    assert.equal(streams.get(`draft-${state.briefing.rounds}`), state.briefing.text);
    for (const final of events.filter((event) => event.type === 'llm.final')) assert.equal(final.text, streams.get(final.streamId));
    assert.ok(events.filter((event) => event.type === 'llm.chunk' && event.streamId === 'draft-1').length > 150);
  });

  test('gives the same briefing each time, whatever the pace', async () => {
    const text = DEFAULT_TEXT.slice(0, 3000);
    const [fast, again, slow] = [await brief(text), await brief(text), await brief(text, { context: { paceMs: 1 } })];
    assert.deepEqual(again.state, fast.state);
    assert.deepEqual(slow.state, fast.state);
    const shape = ({ events }) => events.filter((event) => event.type !== 'checkpoint.saved').map(({ type, node, task, step, message, text: token }) => ({ type, node, task, step, message, token }));
    assert.deepEqual(shape(again), shape(fast));
  });

  test('says so where there is nothing to brief', async () => {
    for (const text of ['', ' \n\n ', '---']) {
      const { state, events } = await brief(text);
      assert.equal(state.briefing.text, '');
      assert.equal(state.briefing.isGood, false);
      assert.match(messages(events, 'limit').join(), /nothing to brief/);
    }
  });

  test('takes texts of any size and kind', async () => {
    const cases = {
      word: 'tide',
      sentence: 'The tide is high today.',
      chinese: CHINESE,
      german: GERMAN,
      html: '<html><body><h1>Hello</h1><p>The <b>tide</b> is raised by the Moon.</p><img src=x onerror="alert(1)"></body></html>',
      names: 'The constructor calls __proto__ and toString. The constructor hides a hasOwnProperty and a valueOf of its own.',
      list: Array.from({ length: 30 }, (_, i) => `- tide number ${i}`).join('\n'),
      surrogates: 'A broken \uD800 tide comes in. It goes \uDC00 out again.',
      emoji: '😀'.repeat(3000),
    };
    for (const [name, text] of Object.entries(cases)) {
      const { state } = await brief(text);
      assert.ok(state.briefing.text.length > 0, name);
      assert.ok(state.briefing.score >= 0 && state.briefing.score <= 1, name);
      assert.ok(state.scores.length <= MAX_ROUNDS, name);
    }
    assert.match((await brief(cases.html)).state.briefing.text, /<img src=x onerror="alert\(1\)">/);
    assert.ok((await brief(CHINESE)).state.briefing.terms.includes('月球'));
    assert.equal({}.polluted, undefined);
  });

  test('caps 2 MB with a message', { timeout: 120_000 }, async (context) => {
    const words = Array.from({ length: 3000 }, (_, i) => `w${(i * 7919).toString(36)}x${(i * 104_729).toString(36)}`);
    let text = '';
    for (let i = 0; text.length < 2_000_000; i += 1) {
      text += `The ${Array.from({ length: 5 + (i % 17) }, (_, j) => words[(i * 31 + j * j * 17) % words.length]).join(' ')} ends.${i % 6 === 5 ? '\n\n' : ' '}`;
    }
    const startedAt = performance.now();
    const { state, events } = await brief(text);
    context.diagnostic(`${Math.round(performance.now() - startedAt)} ms`);
    assert.match(messages(events, 'limit')[0], /^Read the first [\d,]+ of [\d,]+ characters/);
    assert.deepEqual(state.notices.slice(0, 1), messages(events, 'limit').slice(0, 1));
    assert.ok(state.outline.sections <= MAX_SECTIONS);
    assert.ok(state.briefing.words > 50);
  });

  test('can be cancelled in the middle of a draft', async () => {
    const run = app.invokeStreaming({ text: DEFAULT_TEXT }, { context: { paceMs: 5 } });
    const types = [];
    for await (const event of run) {
      types.push(event.type);
      if (types.filter((type) => type === 'llm.chunk').length === 5) await run.cancel('enough');
    }
    assert.equal(types.at(-1), 'run.cancelled');
    assert.equal((await run.result).status, 'cancelled');
  });
});

describe('the terminal', () => {
  let folder;
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'briefing-')); });
  after(() => rm(folder, { recursive: true, force: true }));

  const terminal = (...args) => new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'www/terminal.mjs'), ...args], { timeout: 60_000 }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
  const fileWith = async (name, content) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };

  test('prints events, the draft as it streams, and the briefing', async () => {
    const { code, stdout, stderr } = await terminal(await fileWith('tides.md', DEFAULT_TEXT));
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const places = ['tides.md: ', 'run.started', 'rankSection#9', '      | Tides: how the sea keeps time', 'Round 1: ', 'run.completed', '\nTides: how the sea keeps time – in brief\n\nKey terms: ', ' words, score 0.'].map((part) => stdout.indexOf(part));
    assert.ok(places.every((place) => place >= 0), String(places));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
  });

  test('never passes on what would steer the terminal', async () => {
    const { code, stdout } = await terminal(await fileWith('steer.txt', 'The \u001B[31mred\u001B[0m tide \u009B2J came in. \u0007It went \u202Eout again.'));
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
  });

  test('refuses what it cannot read with one line and code 1', async () => {
    const refused = [
      [join(folder, 'none.txt'), /there is no such file/],
      [folder, /it is a folder/],
      [await fileWith('empty.txt', ' \n\n'), /it is empty/],
      [await fileWith('picture.bin', Buffer.from([0, 1, 2, 0])), /it is not a text file/],
    ];
    for (const [file, reason] of refused) {
      const { code, stdout, stderr } = await terminal(file);
      assert.equal(code, 1);
      assert.match(stderr, reason);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
      assert.equal(stdout, '');
    }
    assert.equal((await terminal()).code, 1);
  });
});
