// The writers: an endpoint, by a scripted server on loopback, and the browser's model, by a stand-in of the shape of the Prompt API
// (https://webmachinelearning.github.io/prompt-api): no model is at hand here.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createBriefing } from '../../www/agent/briefing.js';
import { eventsOf } from '../../www/agent/chat-stream.js';
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';
import { WriterError, browserModelState, browserWriter, completionsUrl, downloadBrowserModel, endpointWriter } from '../../www/agent/writers.js';
import { pagePolicy } from '../../scripts/serve.mjs';

const KEY = 'sk-loopback-4711';
const REQUEST = { system: 'Be brief.', prompt: 'Brief this.' };
const never = () => new AbortController().signal;

const delta = (content, finish = null) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;
const DONE = 'data: [DONE]\n\n';

async function textOf(writer, signal = never()) {
  let text = '';
  for await (const piece of writer.write(REQUEST, { signal })) text += piece;
  return text;
}
/** The error of a writer that has to fail. */
async function failureOf(writer, signal) {
  try {
    await textOf(writer, signal);
  } catch (error) {
    return error;
  }
  return assert.fail('it wrote');
}

describe('the address of an endpoint', () => {
  test('is taken with and without slashes and the path of completions', () => {
    const cases = {
      'https://api.example.com/v1': 'https://api.example.com/v1/chat/completions',
      ' https://api.example.com/v1// ': 'https://api.example.com/v1/chat/completions',
      'https://api.example.com/v1/chat/completions': 'https://api.example.com/v1/chat/completions',
      'https://api.example.com/v1/chat/completions/': 'https://api.example.com/v1/chat/completions',
      'https://api.example.com': 'https://api.example.com/chat/completions',
      'https://host.example/deployments/a?api-version=1#x': 'https://host.example/deployments/a/chat/completions?api-version=1',
      'http://localhost:11434/v1': 'http://localhost:11434/v1/chat/completions',
      'http://127.0.0.1:8080/v1/': 'http://127.0.0.1:8080/v1/chat/completions',
      'HTTP://LOCALHOST/v1': 'http://localhost/v1/chat/completions',
    };
    for (const [address, url] of Object.entries(cases)) assert.equal(completionsUrl(address), url, address);
  });

  test('is asked by http on no other machine than the page’s policy lets it', () => {
    const allowed = [...pagePolicy.matchAll(/ http:\/\/([^\s:]+):\*/g)].map(([, host]) => host);
    assert.ok(allowed.length > 0);
    for (const host of ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', 'example.com']) {
      const ask = () => completionsUrl(`http://${host}:8080/v1`);
      if (allowed.includes(host)) assert.doesNotThrow(ask, host);
      else assert.throws(ask, WriterError, host);
    }
  });

  test('is refused in words where the key would be readable, or where it is none', () => {
    const cases = {
      '': /Enter the address/,
      '  ': /Enter the address/,
      'api.example.com/v1': /begins with https/,
      '/v1': /begins with https/,
      'ftp://api.example.com': /begin with https/,
      'javascript:alert(1)': /begin with https/,
      'data:text/plain,x': /begin with https/,
      'http://api.example.com/v1': /could be read on the way/,
      'http://localhost.example.com/v1': /could be read on the way/,
      'http://127.0.0.1.example.com/v1': /could be read on the way/,
      'http://192.168.1.2/v1': /could be read on the way/,
      'http://[::1]:8080/v1': /could be read on the way/,
      'https://user:secret@api.example.com/v1': /name or a password/,
    };
    for (const [address, reason] of Object.entries(cases)) assert.throws(() => completionsUrl(address), (error) => error instanceof WriterError && reason.test(error.message), address);
  });

  test('and the model and the key are checked before anything is sent', () => {
    assert.throws(() => endpointWriter({ url: 'https://api.example.com', model: '  ' }), /name of the model/);
    for (const key of ['a b', 'a\nb', 'schlüssel', 'a\u0000']) assert.throws(() => endpointWriter({ url: 'https://api.example.com', model: 'm', key }), /characters/);
    assert.equal(endpointWriter({ url: 'https://api.example.com', model: ' m ', key: ` ${KEY}\n` }).name, 'm');
  });
});

describe('an endpoint', () => {
  let server;
  let url;
  /** Answers of the server, one per request; the last one stays. */
  let script;
  let requests;
  before(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      await script[Math.min(requests.length, script.length) - 1](response);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${server.address().port}/v1`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const writerFor = (...answers) => {
    script = answers;
    requests = [];
    return endpointWriter({ url, model: 'loopback-1', key: KEY });
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const stream = (bytes, { size = bytes.length, type = 'text/event-stream', hangUp = false } = {}) => async (response) => {
    response.writeHead(200, { 'Content-Type': type });
    const buffer = Buffer.from(bytes);
    for (let at = 0; at < buffer.length; at += size) {
      response.write(buffer.subarray(at, at + size));
      await turn();
    }
    if (hangUp) response.socket.destroy();
    else response.end();
  };
  const status = (code, body = '', type = 'application/json') => (response) => response.writeHead(code, { 'Content-Type': type }).end(body);

  test('is asked once, by POST, with the key in its header only', async () => {
    assert.equal(await textOf(writerFor(stream(delta('Hello') + DONE))), 'Hello');
    const [{ method, url: path, headers, body }] = requests;
    assert.deepEqual([method, path, headers.authorization], ['POST', '/v1/chat/completions', `Bearer ${KEY}`]);
    assert.deepEqual(JSON.parse(body), { model: 'loopback-1', stream: true, messages: [{ role: 'system', content: REQUEST.system }, { role: 'user', content: REQUEST.prompt }] });
    assert.deepEqual(Object.entries(headers).filter(([name, value]) => name !== 'authorization' && value.includes(KEY)), []);
    assert.equal(headers.referer, undefined);
  });

  test('is asked without a header of authorization where no key is given', async () => {
    writerFor(stream(delta('Hello') + DONE));
    assert.equal(await textOf(endpointWriter({ url, model: 'm' })), 'Hello');
    assert.equal(requests[0].headers.authorization, undefined);
  });

  test('may tear its stream anywhere, in the middle of a character too', async () => {
    const bytes = `: a comment\r\n\r\nevent: chunk\r\nid: 1\r\nretry: 5\r\n${delta('Ebbe — ').replaceAll('\n', '\r\n')}${delta('潮汐 😀')}data:${JSON.stringify({ choices: [{ delta: {} }] })}\n\n`
      + `data: {"choices":[{"delta":\ndata: {"content":" zwei Zeilen"}}]}\n\n${delta(null)}data: {"choices":[],"usage":{}}\n\n${delta('.', 'stop')}${DONE}`;
    for (const size of [1, 2, 3, 7, 64, 100_000]) assert.equal(await textOf(writerFor(stream(bytes, { size }))), 'Ebbe — 潮汐 😀 zwei Zeilen.', `in pieces of ${size}`);
  });

  test('gives pieces as they come', async () => {
    let release;
    const gate = new Promise((resolve) => { release = resolve; });
    const pieces = writerFor(async (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(delta('first'));
      await gate;
      response.end(delta('second') + DONE);
    }).write(REQUEST, { signal: never() });
    assert.deepEqual(await pieces.next(), { done: false, value: 'first' });
    release();
    assert.equal((await pieces.next()).value, 'second');
    assert.equal((await pieces.next()).done, true);
  });

  test('may end by [DONE], by a reason, or without a last line break', async () => {
    for (const end of [DONE, delta('', 'stop'), delta('', 'length'), 'data: [DONE]']) assert.equal(await textOf(writerFor(stream(delta('Hello') + end))), 'Hello', end);
    assert.equal(await textOf(writerFor(stream(delta('Hello') + DONE + delta(' and more')))), 'Hello');
  });

  test('may answer in one piece, without streaming', async () => {
    const answer = JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'The whole.' }, finish_reason: 'stop' }] });
    assert.equal(await textOf(writerFor(stream(answer, { type: 'application/json; charset=utf-8', size: 5 }))), 'The whole.');
    const parts = JSON.stringify({ choices: [{ message: { content: [{ type: 'thinking', thinking: [] }, { type: 'text', text: 'In parts.' }] } }] });
    assert.equal(await textOf(writerFor(stream(parts, { type: 'application/json' }))), 'In parts.');
  });

  test('may have a model that thinks aloud first, which is left out', async () => {
    const cases = {
      '<think>The user wants\n a briefing.</think>\n\nThe tide.': '\n\nThe tide.',
      ' \n<think></think>The tide.': 'The tide.',
      '<think>It never ends': '',
      '<thin': '<thin',
      '<b>The tide</b> <think>is</think>': '<b>The tide</b> <think>is</think>',
    };
    for (const [content, text] of Object.entries(cases)) {
      assert.equal(await textOf(writerFor(stream(delta(content) + DONE))), text);
      assert.equal(await textOf(writerFor(stream([...content].map((character) => delta(character)).join('') + DONE))), text, `${content}, in single characters`);
    }
  });

  test('that breaks off is an error that a repeat may mend', async () => {
    for (const answer of [stream(delta('Hel')), stream(delta('Hel'), { hangUp: true }), stream(`${delta('Hel')}data: {"choi`), stream(''), stream(': only a comment\n\n')]) {
      const error = await failureOf(writerFor(answer));
      assert.ok(error instanceof WriterError, error.stack);
      assert.equal(error.isWorthRepeating, true, error.message);
    }
    assert.match((await failureOf(writerFor(stream(delta('Hel'))))).message, /broke off in the middle/);
    assert.match((await failureOf(writerFor(stream(delta('Hel'), { hangUp: true })))).message, /was lost in the middle/);
  });

  test('that is none says so', async () => {
    for (const answer of [stream('{"hello":"world"}', { type: 'application/json' }), stream('[]', { type: 'application/json' }), stream('not json', { type: 'application/json' }), stream(`data: {"hello":1}\n\n${DONE}`)]) {
      assert.match((await failureOf(writerFor(answer))).message, /not as a chat endpoint does/);
    }
    const page = await failureOf(writerFor(stream('<!doctype html><title>Hello</title>', { type: 'text/html' })));
    assert.match(page.message, /without an answer/);
    assert.match((await failureOf(writerFor(stream(`data: ${'x'.repeat(1_100_000)}`)))).message, /without an end/);
  });

  test('may fail inside its stream', async () => {
    const inBand = (error) => stream(`${delta('Hel')}data: ${JSON.stringify({ error })}\n\n`);
    const overloaded = await failureOf(writerFor(inBand({ message: `Overloaded,\n try ${KEY} later`, type: 'server_error' })));
    assert.equal(overloaded.message, 'The endpoint stopped writing: Overloaded, try … later');
    assert.equal(overloaded.isWorthRepeating, true);
    assert.equal((await failureOf(writerFor(inBand({ message: 'Bad request', code: 400 })))).isWorthRepeating, false);
    assert.equal((await failureOf(writerFor(inBand({ message: 'Slow down', code: 429 })))).isWorthRepeating, true);
    assert.equal((await failureOf(writerFor(inBand('gone')))).message, 'The endpoint stopped writing: gone');
    assert.match((await failureOf(writerFor(stream(delta('Hel') + delta('', 'content_filter'))))).message, /withheld/);
  });

  test('refuses in words, and repeats nothing of the key', async () => {
    const said = JSON.stringify({ error: { message: `Incorrect API key provided: ${KEY}. See https://example.com.` } });
    const cases = [
      [401, said, /^The endpoint refused the key\.$/, false],
      [403, said, /lack the right/, false],
      [404, JSON.stringify({ error: { message: 'model "loopback-1" not found' } }), /no such address or model: model "loopback-1" not found/, false],
      [400, JSON.stringify({ error: `no such field ${KEY}` }), /status 400: no such field …/, false],
      [422, '<html>', /status 422\.$/, false],
      [429, JSON.stringify({ error: { message: 'Slow down.' } }), /asked too often: Slow down/, true],
      [429, JSON.stringify({ error: { message: 'x', code: 'insufficient_quota' } }), /quota/, false],
      [408, '', /status 408/, true],
      [500, '', /status 500/, true],
      [503, JSON.stringify({ error: { message: 'a\u0007b'.repeat(1000) } }), /status 503: a b/, true],
    ];
    for (const [code, body, message, isWorthRepeating] of cases) {
      const error = await failureOf(writerFor(status(code, body)));
      assert.match(error.message, message);
      assert.deepEqual([error.status, error.isWorthRepeating], [code, isWorthRepeating], error.message);
      assert.ok(!`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes(KEY));
      assert.ok(error.message.length < 400);
    }
    writerFor(status(401));
    assert.match((await failureOf(endpointWriter({ url, model: 'm' }))).message, /asks for a key/);
  });

  test('that cannot be reached, or that leads elsewhere, is an error in words', async () => {
    const closed = createServer();
    await new Promise((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    const error = await failureOf(endpointWriter({ url: `http://127.0.0.1:${port}`, model: 'm', key: KEY }));
    assert.match(error.message, /cannot be reached/);
    assert.equal(error.isWorthRepeating, true);
    const moved = await failureOf(writerFor((response) => response.writeHead(307, { Location: '/elsewhere' }).end(), stream(delta('Hello') + DONE)));
    assert.match(moved.message, /leads elsewhere/);
    assert.equal(requests.length, 1, 'nothing is sent to where it leads');
  });

  test('that says nothing is given up, and one that thinks aloud is not', async () => {
    writerFor((response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(delta('Hel')));
    const error = await failureOf(endpointWriter({ url, model: 'm', silenceMs: 30 }));
    assert.match(error.message, /said nothing for too long/);
    assert.equal(error.isWorthRepeating, true);
    writerFor(async (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (let i = 0; i < 12; i += 1) {
        response.write(i % 2 ? ': thinking\n\n' : 'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\n');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      response.end(delta('Hello') + DONE);
    });
    assert.equal(await textOf(endpointWriter({ url, model: 'm', silenceMs: 900 })), 'Hello');
  });

  test('is hung up on when the signal aborts, and when the reader has enough', async () => {
    const endless = () => {
      let onClose;
      const closed = new Promise((resolve) => { onClose = resolve; });
      return { closed, answer: (response) => {
        response.on('close', onClose);
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(delta('Hello'));
      } };
    };
    const aborted = endless();
    const stop = new AbortController();
    const pieces = writerFor(aborted.answer).write(REQUEST, { signal: stop.signal });
    assert.equal((await pieces.next()).value, 'Hello');
    const next = pieces.next();
    stop.abort(new Error('enough'));
    await assert.rejects(next, /enough/);
    await aborted.closed;

    const left = endless();
    for await (const piece of writerFor(left.answer).write(REQUEST, { signal: never() })) {
      assert.equal(piece, 'Hello');
      break;
    }
    await left.closed;

    const early = new AbortController();
    early.abort(new Error('before'));
    assert.equal((await failureOf(writerFor(stream(DONE)), early.signal)).message, 'before');
    assert.equal(requests.length, 0);
  });

  test('may keep its connection open behind a whole answer, for a moment', async () => {
    let onClose;
    const closed = new Promise((resolve) => { onClose = resolve; });
    const writer = writerFor((response) => {
      response.on('close', onClose);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(delta('Hello') + DONE);
    });
    assert.equal(await textOf(writer), 'Hello');
    await closed;
  });

  test('writes a briefing: after a 429 and a torn stream, and the key is in no event and no state', async () => {
    const weavegraph = await import('weavegraph-wasm');
    const text = 'The tide is raised by the gravity of the Moon and the Sun. A spring tide is higher than usual.';
    const writer = writerFor(status(429, JSON.stringify({ error: { message: `Slow down, ${KEY}` } })), stream(delta('The tide '), { hangUp: true }), stream(delta(text, 'stop') + DONE, { size: 9 }));
    const run = createBriefing(weavegraph).invokeStreaming({ text: DEFAULT_TEXT }, { context: { paceMs: 0, writer }, clock: { now: () => Date.now(), sleep: async () => {} } });
    const events = [];
    for await (const event of run) events.push(event);
    const { status: end, state, error } = await run.result;
    assert.equal(end, 'completed', error?.message);
    assert.equal(state.briefing.writer, 'loopback-1');
    assert.ok(state.briefing.text.endsWith(text));
    assert.deepEqual([...new Set(events.filter(({ type }) => type === 'llm.chunk').map(({ streamId }) => streamId))].slice(0, 2), ['draft-1.2', 'draft-1.3']);
    for (const all of [JSON.stringify(events), JSON.stringify(state)]) assert.ok(all.includes('loopback-1') && !all.includes(KEY) && !all.includes(url));
  });
});

describe('server-sent events', () => {
  const dataOf = async (...pieces) => {
    const all = [];
    for await (const data of eventsOf(pieces)) all.push(data);
    return all;
  };

  test('are read with every line ending, torn within it too', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = `data: a${end}${end}: no${end}data:b${end}data: c${end}${end}event: x${end}data${end}${end}`;
      assert.deepEqual(await dataOf(text), ['a', 'b\nc', ''], JSON.stringify(end));
      assert.deepEqual(await dataOf(...text), ['a', 'b\nc', ''], `${JSON.stringify(end)}, in single characters`);
    }
  });

  test('other fields say nothing, and a last event without its end is told', async () => {
    assert.deepEqual(await dataOf('datax: 1\n\nid: 2\n\n', 'data:  two blanks\n', '\ndata: last'), [' two blanks', 'last']);
    assert.deepEqual(await dataOf(''), []);
  });
});

describe('the browser\'s model', () => {
  /** A stand-in: `availability` answers `state`; `chunks` come as they are. */
  function standIn({ state = 'available', chunks = [], createError, streamError, progress = [] } = {}) {
    const log = { created: [], destroyed: 0, cancelled: 0, prompts: [], asked: [] };
    const LanguageModel = {
      log,
      async availability(options) {
        log.asked.push(options);
        if (state instanceof Error) throw state;
        return state;
      },
      async create(options) {
        log.created.push(options);
        const monitor = new EventTarget();
        options.monitor?.(monitor);
        for (const loaded of progress) monitor.dispatchEvent(Object.assign(new Event('downloadprogress'), { loaded }));
        if (createError) throw createError;
        return {
          promptStreaming(prompt, { signal }) {
            log.prompts.push(prompt);
            return new ReadableStream({
              start(controller) {
                signal.addEventListener('abort', () => controller.error(signal.reason));
                for (const chunk of chunks) controller.enqueue(chunk);
                if (streamError) controller.error(streamError);
                else if (!chunks.includes('…')) controller.close();
              },
              cancel() { log.cancelled += 1; },
            }, { highWaterMark: 100 });
          },
          destroy() { log.destroyed += 1; },
        };
      },
    };
    return LanguageModel;
  }
  const exception = (name) => new DOMException('Something happened.', name);

  test('is missing, unavailable, to be downloaded, or there', async () => {
    assert.equal(await browserModelState(undefined), 'missing');
    assert.equal(await browserModelState({}), 'missing');
    for (const state of ['unavailable', 'downloadable', 'downloading', 'available']) assert.equal(await browserModelState(standIn({ state })), state);
    for (const state of ['something new', null, new Error('no')]) assert.equal(await browserModelState(standIn({ state })), 'unavailable');
    assert.throws(() => browserWriter(), /no language model/);
  });

  test('is created as it was asked for, prompted once, and destroyed', async () => {
    const LanguageModel = standIn({ chunks: ['The tide', ' rises', '.'] });
    await browserModelState(LanguageModel);
    const writer = browserWriter({ LanguageModel });
    assert.equal(writer.name, 'browser model');
    assert.equal(await textOf(writer), 'The tide rises.');
    const { log } = LanguageModel;
    const [{ initialPrompts, signal, ...options }] = log.created;
    assert.deepEqual(options, log.asked[0], 'the API wants the same options in both');
    assert.deepEqual(initialPrompts, [{ role: 'system', content: REQUEST.system }]);
    assert.ok(signal instanceof AbortSignal);
    assert.deepEqual([log.prompts, log.destroyed], [[REQUEST.prompt], 1]);
  });

  test('may give new text or all the text in each chunk', async () => {
    const cases = [
      [['The', ' tide', ' rises'], 'The tide rises'],
      [['The', 'The tide', 'The tide rises'], 'The tide rises'],
      [['The', 'The tide'], 'The tide'],
      [['The tide'], 'The tide'],
      [['ha', 'ha', 'ha'], 'hahaha'],
      [['1', '10', ' apples'], '110 apples'],
      [['', 'The', 'The tide', 'The tide is', 'The tide is'], 'The tide is'],
      [['a', 'b', 'ab', 'abab'], 'abababab'],
      [[], ''],
    ];
    for (const [chunks, text] of cases) assert.equal(await textOf(browserWriter({ LanguageModel: standIn({ chunks }) })), text, chunks.join('|'));
  });

  test('says in words what went wrong, and is destroyed then too', async () => {
    const cases = [['NotAllowedError', /click/, false], ['NotSupportedError', /language/, false], ['QuotaExceededError', /too long/, false], ['OperationError', /failed: Something happened/, true], ['InvalidStateError', /failed/, false]];
    for (const [name, message, isWorthRepeating] of cases) {
      const error = await failureOf(browserWriter({ LanguageModel: standIn({ createError: exception(name) }) }));
      assert.ok(error instanceof WriterError);
      assert.match(error.message, message);
      assert.equal(error.isWorthRepeating, isWorthRepeating, name);
    }
    const LanguageModel = standIn({ chunks: ['The'], streamError: exception('OperationError') });
    await failureOf(browserWriter({ LanguageModel }));
    assert.equal(LanguageModel.log.destroyed, 1);
  });

  test('stops when the signal aborts, and when the reader has enough', async () => {
    const LanguageModel = standIn({ chunks: ['The', '…'] });
    const stop = new AbortController();
    const pieces = browserWriter({ LanguageModel }).write(REQUEST, { signal: stop.signal });
    assert.equal((await pieces.next()).value, 'The');
    assert.equal((await pieces.next()).value, '…');
    const next = pieces.next();
    stop.abort(new Error('enough'));
    await assert.rejects(next, /enough/);
    assert.equal(LanguageModel.log.destroyed, 1);
    for await (const piece of browserWriter({ LanguageModel }).write(REQUEST, { signal: never() })) if (piece === 'The') break;
    assert.deepEqual([LanguageModel.log.destroyed, LanguageModel.log.cancelled], [2, 1]);
  });

  test('is downloaded when asked, and tells how far it is', async () => {
    const LanguageModel = standIn({ state: 'downloadable', progress: [0, 0.25, 1, 7] });
    const told = [];
    await downloadBrowserModel({ LanguageModel, onProgress: (fraction) => told.push(fraction) });
    assert.deepEqual(told, [0, 0.25, 1, 1]);
    assert.equal(LanguageModel.log.destroyed, 1);
    await assert.rejects(downloadBrowserModel({ LanguageModel: standIn({ createError: exception('NotAllowedError') }) }), /asked for by a click/);
    const stop = new AbortController();
    stop.abort(new Error('left'));
    await assert.rejects(downloadBrowserModel({ LanguageModel: standIn({ createError: exception('AbortError') }), signal: stop.signal }), /left/);
  });
});
