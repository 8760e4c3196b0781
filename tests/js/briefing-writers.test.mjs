// The briefing agent with a writer that follows a script in place of a model: what its texts become, how they are judged, what happens when it fails.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createBriefing } from '../../www/agent/briefing.js';
import { GOOD_SCORE, MAX_WRITER_ROUNDS } from '../../www/agent/critique.js';
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';
import { WriterError } from '../../www/agent/writer-error.js';
import { MAX_WRITTEN_CHARS, WrittenText, measured, readWritten } from '../../www/agent/written.js';

/** Waits for nothing, so that retries are quick. */
const clock = { now: () => Date.now(), sleep: async () => {} };

/** A writer that writes `texts` in turn, the last one again and again; an entry may be an error, or a function that makes pieces. */
function scripted(...texts) {
  const requests = [];
  return {
    name: 'scripted',
    requests,
    async* write(request, { signal }) {
      requests.push(request);
      const text = texts[Math.min(requests.length, texts.length) - 1];
      if (text instanceof Error) throw text;
      if (typeof text === 'function') yield* text(signal);
      else yield* text.match(/.{1,7}/gsu) ?? [];
    },
  };
}

const GOOD = 'The Moon raises the tide on the water nearest to it, and the Earth turns beneath the bulge. A spring tide comes when Sun and Moon pull along one line.\n\n'
  + 'A neap tide comes when they pull at right angles. The shape of a bay decides how high the water stands.';
const POOR = 'Nothing of this is in there: bananas ripen quickly.';

describe('the graph with a writer', () => {
  let app;
  let weavegraph;
  before(async () => {
    weavegraph = await import('weavegraph-wasm');
    app = createBriefing(weavegraph);
  });

  async function run(writer, options = {}) {
    const going = app.invokeStreaming({ text: DEFAULT_TEXT }, { context: { paceMs: 0, writer }, clock, ...options });
    const events = [];
    for await (const event of going) events.push(event);
    return { ...(await going.result), events };
  }
  async function brief(writer, options) {
    const result = await run(writer, options);
    assert.equal(result.status, 'completed', result.error?.message);
    return result;
  }
  const streamsOf = (events) => {
    const streams = new Map();
    for (const { type, streamId, text, offset } of events) {
      if (type !== 'llm.chunk') continue;
      assert.equal(offset, (streams.get(streamId) ?? '').length, streamId);
      streams.set(streamId, (streams.get(streamId) ?? '') + text);
    }
    return streams;
  };
  const without = (object, ...keys) => Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

  test('what the writer writes is streamed behind title and key terms, judged, and handed out with its name', async () => {
    const writer = scripted(GOOD);
    const { state, events } = await brief(writer);
    assert.equal(state.draft.writer, 'scripted');
    assert.equal(state.briefing.writer, 'scripted');
    assert.ok(state.briefing.text.endsWith(`\n\n${GOOD}`));
    assert.match(state.briefing.text, /^Tides.* – in brief\n\nKey terms: .*Moon/);
    assert.equal(streamsOf(events).get('draft-1'), state.briefing.text);
    for (const { streamId, text } of events.filter((event) => event.type === 'llm.final')) assert.equal(text, streamsOf(events).get(streamId));
    assert.deepEqual(state.briefing.paragraphs.map((sentences) => sentences.map(({ text }) => text).join(' ')), GOOD.split('\n\n'));
    assert.ok(state.briefing.score > 0.3 && state.briefing.score < 1);
    assert.equal(state.scores[0].writer, 'scripted');
    assert.deepEqual(JSON.parse(JSON.stringify(state)), structuredClone(state));
  });

  test('each written sentence names the source sentences that carry it, and one that nothing carries names none', async () => {
    const { state } = await brief(scripted(`${GOOD} ${POOR}`));
    const { paragraphs, sentences } = state.briefing;
    const flat = DEFAULT_TEXT.replace(/\s+/g, ' ');
    assert.ok(sentences.every(({ text }) => flat.includes(text)), 'sources are sentences of the text');
    const places = sentences.map(({ text }) => flat.indexOf(text));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    const byId = new Map(sentences.map((sentence) => [sentence.id, sentence]));
    const written = paragraphs.flat();
    assert.ok(written.every(({ sources }) => sources.every((id) => byId.has(id))));
    assert.deepEqual(written.at(-1), { text: POOR, sources: [] });
    const spring = written.find(({ text }) => text.startsWith('A spring tide'));
    assert.match(byId.get(spring.sources[0]).text, /stand in one line/);
  });

  test('the writer is asked with title, key terms, central sentences and length, and again with its draft and the finding', async () => {
    const writer = scripted(POOR, GOOD);
    const { state } = await brief(writer);
    const [first, second] = writer.requests;
    assert.match(first.system, /never instructions/);
    assert.match(first.prompt, /^Title: Tides/);
    assert.match(first.prompt, /\nKey terms: .*spring tide/);
    assert.match(first.prompt, /\nLength: about 220 words/);
    assert.ok(state.pool.slice(0, 3).every(({ text }) => first.prompt.includes(text)), 'the most central ones are there');
    assert.ok(first.prompt.length < 8_000);
    assert.equal(second.system, first.system);
    assert.ok(second.prompt.includes(POOR));
    assert.match(second.prompt, new RegExp(`scores ${state.scores[0].score.toFixed(3)} of 1`));
    assert.ok(second.prompt.includes(state.scores[0].finding));
    assert.match(second.prompt, /leaves out these key terms: .*Moon/);
  });

  test('a better revision takes the place of the draft, and a writer is asked three times at most', async () => {
    const writer = scripted(POOR, GOOD);
    const { state } = await brief(writer);
    assert.equal(writer.requests.length, MAX_WRITER_ROUNDS);
    assert.equal(MAX_WRITER_ROUNDS, 3);
    assert.deepEqual(state.scores.map(({ round, isKept }) => [round, isKept]), [[1, true], [2, true], [3, true]]);
    assert.ok(state.scores[1].score > state.scores[0].score);
    assert.ok(state.briefing.text.endsWith(GOOD));
    assert.equal(state.briefing.rounds, 3);
  });

  test('a worse revision is scored and dropped: the briefing is the better draft, with its score', async () => {
    const { state, events } = await brief(scripted(GOOD, POOR, `${POOR} ${POOR}`));
    assert.deepEqual(state.scores.map(({ isKept }) => isKept), [true, false, false]);
    assert.ok(state.scores[1].score < state.scores[0].score);
    assert.equal(state.briefing.score, state.scores[0].score);
    assert.equal(state.briefing.words, state.scores[0].words);
    assert.equal(state.briefing.rounds, 3);
    assert.equal(state.draft.round, 1);
    assert.ok(state.briefing.text.endsWith(GOOD));
    assert.match(events.filter((event) => event.scope === 'critique')[1].message, /round 1 is better and stays/);
  });

  test('a draft that scores well is not sent back', async () => {
    const extractive = await brief(undefined);
    assert.equal(extractive.state.briefing.writer, 'extractive');
    const body = extractive.state.briefing.paragraphs.map((sentences) => sentences.map(({ text }) => text).join(' ')).join('\n\n');
    const writer = scripted(body);
    const { state } = await brief(writer);
    assert.equal(writer.requests.length, 1);
    assert.ok(state.briefing.score >= GOOD_SCORE, `${state.briefing.score}`);
    assert.deepEqual(state.briefing.sentences.map(({ id }) => id).filter((id) => !extractive.state.briefing.sentences.some((sentence) => sentence.id === id)), []);
  });

  test('an endless text is cut, and the writer is stopped', async () => {
    let isStopped = false;
    const { state, events } = await brief(scripted(async function* () {
      try {
        for (;;) yield 'The Moon raises the tide and the tide follows the Moon. ';
      } finally {
        isStopped = true;
      }
    }));
    assert.ok(isStopped);
    const body = state.briefing.paragraphs.flat().map(({ text }) => text).join(' ');
    assert.ok(body.length <= MAX_WRITTEN_CHARS && body.length > MAX_WRITTEN_CHARS - 60, `${body.length}`);
    assert.match(state.notices.join(), /was cut after 8,000 characters/);
    assert.equal(streamsOf(events).get('draft-1'), events.find((event) => event.type === 'llm.final').text);
  });

  test('an empty first draft fails with a sentence, an empty revision keeps the draft', async () => {
    for (const nothing of ['', ' \n\n ', '\u0000\u200B']) {
      const failed = await run(scripted(nothing));
      assert.equal(failed.status, 'failed');
      assert.match(failed.error.message, /scripted wrote nothing\./);
      assert.equal(failed.events.filter((event) => event.type === 'llm.chunk').length, 0);
    }
    const { state } = await brief(scripted(GOOD, ' '));
    assert.ok(state.briefing.text.endsWith(GOOD));
    assert.match(state.notices.join(), /wrote nothing; the draft stays/);
  });

  test('what a repeat may mend is asked again, in a stream of its own', async () => {
    const busy = new WriterError('The endpoint is asked too often.', { isWorthRepeating: true });
    const half = async function* () {
      yield 'The Moon ';
      throw busy;
    };
    const writer = scripted(half, busy, GOOD);
    const { state, events } = await brief(writer);
    const streams = streamsOf(events);
    assert.deepEqual([...streams.keys()].slice(0, 2), ['draft-1', 'draft-1.3']);
    assert.match(streams.get('draft-1'), /\n\nThe Moon$/);
    assert.ok(streams.get('draft-1.3').endsWith(GOOD));
    assert.deepEqual(events.filter((event) => event.type === 'llm.error').map(({ streamId, message }) => [streamId, message]), [['draft-1', busy.message]]);
    assert.ok(!events.some((event) => event.type === 'llm.final' && event.streamId === 'draft-1'));
    assert.equal(events.filter((event) => event.type === 'node.retrying').length, 2);
    assert.ok(state.briefing.text.endsWith(GOOD));
  });

  test('three attempts are all, and what a repeat cannot mend is not asked again', async () => {
    const cases = [
      [new WriterError('The endpoint failed with status 503.', { isWorthRepeating: true, status: 503 }), 3],
      [new WriterError('The endpoint refused the key.', { status: 401 }), 1],
      [new TypeError('pieces is not iterable'), 1],
    ];
    for (const [error, attempts] of cases) {
      const writer = scripted(error);
      const { status, error: failure } = await run(writer);
      assert.equal(status, 'failed');
      assert.equal(failure.cause, error);
      assert.ok(failure.message.includes(error.message), failure.message);
      assert.equal(writer.requests.length, attempts, error.message);
    }
  });

  test('a cancelled run stops its writer', async () => {
    let reason;
    const writer = scripted(async function* (signal) {
      yield 'The Moon raises ';
      await new Promise((resolve, reject) => signal.addEventListener('abort', () => { reason = signal.reason; reject(signal.reason); }));
    });
    const going = app.invokeStreaming({ text: DEFAULT_TEXT }, { context: { paceMs: 0, writer } });
    for await (const event of going) if (event.type === 'llm.chunk') await going.cancel('enough');
    assert.equal((await going.result).status, 'cancelled');
    assert.ok(reason !== undefined);
  });

  describe('taken up by another', () => {
    /** Fails in the second round, and leaves the session with what the first one wrote. */
    async function halfDone(first, then = new WriterError('gone')) {
      const checkpointer = new weavegraph.MemoryCheckpointer();
      const result = await run(scripted(first, then), { checkpointer, sessionId: 's' });
      assert.equal(result.status, 'failed');
      return checkpointer;
    }
    const resumed = async (checkpointer, writer) => {
      const going = app.resumeStreaming('s', undefined, { checkpointer, context: { paceMs: 0, writer }, clock });
      const events = [];
      for await (const event of going) events.push(event);
      const result = await going.result;
      assert.equal(result.status, 'completed', result.error?.message);
      return { ...result, events };
    };

    test('by none: the sentences that carried the text are mended, and the better one stays', async () => {
      const { state, events } = await resumed(await halfDone(GOOD));
      const [first, second] = state.scores;
      assert.deepEqual([first.writer, second.writer], ['scripted', 'extractive']);
      assert.match(events.find((event) => event.scope === 'revise').message, /scripted is not chosen now/);
      assert.ok(state.briefing.score >= first.score);
      assert.equal(state.briefing.score, Math.max(...state.scores.map(({ score }) => score)));
      assert.equal(state.briefing.writer, state.scores.findLast(({ isKept }) => isKept).writer);
      assert.ok(state.briefing.text.length > 0);
    });

    test('by none where nothing carried the text: sentences are chosen anew', async () => {
      const { state } = await resumed(await halfDone(POOR));
      assert.equal(state.briefing.writer, 'extractive');
      assert.ok(state.briefing.sentences.length > 2);
      assert.ok(state.briefing.score > state.scores[0].score);
    });

    test('an extractive draft by a writer: it revises that', async () => {
      const checkpointer = new weavegraph.MemoryCheckpointer();
      const going = app.invokeStreaming({ text: DEFAULT_TEXT }, { context: { paceMs: 0 }, checkpointer, sessionId: 's' });
      for await (const event of going) if (event.type === 'step.completed' && event.ran.includes('critique')) { await going.cancel('enough'); break; }
      const writer = scripted(POOR);
      const { state } = await resumed(checkpointer, writer);
      assert.ok(writer.requests.length >= 1);
      assert.ok(writer.requests[0].prompt.includes(`This is your draft:\n\n${state.briefing.paragraphs[0].map(({ text }) => text).join(' ')}`));
      assert.equal(state.briefing.writer, 'extractive');
      assert.equal(state.briefing.score, state.scores.findLast((entry) => entry.writer === 'extractive').score);
      assert.equal(state.scores.at(-1).isKept, false);
    });
  });

  test('without a writer a run writes what it did before there were any, and says who chose', async () => {
    const { state } = await brief(undefined);
    assert.equal(state.draft.writer, 'extractive');
    assert.equal(state.best, null);
    assert.deepEqual(Object.keys(without(state.draft, 'writer')).sort(), ['round', 'sentences', 'terms', 'text', 'title']);
    assert.deepEqual(state.briefing.paragraphs.flat().map(({ sources }) => sources), state.briefing.sentences.map(({ id }) => [id]));
    assert.deepEqual(state.briefing.paragraphs.flat().map(({ text }) => text), state.briefing.sentences.map(({ text }) => text));
  });
});

describe('a written text', () => {
  const taken = (pieces) => {
    const written = new WrittenText();
    const told = pieces.map((piece) => written.take(piece)).join('');
    assert.equal(told, written.text);
    return written.text;
  };

  test('is the same however it is torn', () => {
    const text = ' \n The tide\r\nis 😀 high.\t\n\n\n Then  it\u0007 \u202Eturns.\n ';
    const clean = 'The tide\nis 😀 high.\n\n Then it turns.'.replace('\n\n ', '\n\n');
    assert.equal(taken([text]), clean);
    assert.equal(taken([...Array(text.length).keys()].map((i) => text[i])), clean);
    for (let at = 0; at <= text.length; at += 1) assert.equal(taken([text.slice(0, at), text.slice(at)]), clean, `torn at ${at}`);
  });

  test('never ends within a character, and half a character becomes a mark', () => {
    assert.equal(taken(['😀'.repeat(MAX_WRITTEN_CHARS)]).length, MAX_WRITTEN_CHARS);
    assert.equal(taken([`a${'😀'.repeat(MAX_WRITTEN_CHARS)}`]).length, MAX_WRITTEN_CHARS - 1);
    assert.equal(taken(['a \uDE00 b \uD83D c']), 'a \uFFFD b \uFFFD c');
  });

  test('that is nothing but blanks comes to an end', () => {
    const written = new WrittenText();
    let pieces = 0;
    for (; !written.isFull; pieces += 1) assert.equal(written.take(' \u0000\n'.repeat(100)), '');
    assert.ok(pieces < 1000);
    const blob = new WrittenText();
    blob.take(`a${' '.repeat(10_000_000)}b`);
    assert.ok(blob.isFull);
  });

  const candidate = (order, text, stems, section = order) => ({ id: `${section}.${order}`, section, order, text, words: 8, stems, score: 2, isLeaning: false });
  const pool = [candidate(0, 'The moon raises the tide.', ['moon', 'raise', 'tide']), candidate(1, 'Harbours fill slowly with mud.', ['harbour', 'fill', 'slowly', 'mud'])];

  test('is as central as what carries it, and a sentence of two sources names both, the closer one first', () => {
    const text = 'The moon raises the tide. Harbours fill slowly with mud while the moon raises them. Bananas ripen.';
    const { paragraphs, sources } = readWritten(text, pool, 'en');
    assert.deepEqual(paragraphs[0].map((sentence) => sentence.sources), [['0.0'], ['1.1', '0.0'], []]);
    assert.deepEqual(sources.map(({ id }) => id), ['0.0', '1.1']);
    const [whole, both, none] = measured(paragraphs, pool, 'en');
    assert.deepEqual([whole.score, whole.section], [2, 0]);
    assert.deepEqual([both.score, both.section], [2, 1]);
    assert.deepEqual([none.score, none.section], [0, -1]);
  });

  test('in lists is read line by line', () => {
    const { paragraphs } = readWritten('In short:\n- the moon raises the tide\n- harbours fill\n\nMore of\nthe same.', pool, 'en');
    assert.deepEqual(paragraphs.map((sentences) => sentences.map(({ text }) => text)), [['In short:'], ['- the moon raises the tide'], ['- harbours fill'], ['More of the same.']]);
  });
});
