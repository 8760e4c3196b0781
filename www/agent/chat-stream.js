/**
 * Owns: reading the answer of an OpenAI-compatible chat endpoint, streamed as server-sent events or whole as JSON.
 * Must not know: how the request was made, its key, what the text is for.
 * Invariant: torn bytes, characters, lines and events make no difference; a stream that ends before the model had finished is an error.
 */

import { WriterError, said } from './writer-error.js';

/** An event, or a whole answer, that is longer is no answer of a chat endpoint. */
const MAX_BUFFER_CHARS = 1_000_000;
/** What some models put before their answer, as part of it. */
const THINKING = ['<think>', '</think>'];
const MAX_BLANK_CHARS = 1_000;
/** How long a connection may stay open behind a whole answer. */
const CLOSING_MS = 1_000;

/**
 * The texts of an answer, as they come, without what the model thought aloud before it.
 * @param {{ body: ReadableStream<Uint8Array> | null, headers: Headers }} response of status 200
 * @param {{ hidden?: string, onBytes?: () => void }} [options] `hidden`: a secret that no error may repeat; `onBytes` is called whenever some came,
 *   text or not: a model that thinks is not silent
 * @returns {AsyncGenerator<string>}
 */
export function textsOf(response, { hidden = '', onBytes = () => {} } = {}) {
  return withoutThinking(contentOf(response, hidden, onBytes));
}

async function* contentOf(response, hidden, onBytes) {
  const answer = new Answer(hidden);
  const pieces = response.body === null ? [] : decoded(response.body, onBytes, answer);
  const isJson = /\bjson\b/i.test(response.headers.get('content-type') ?? '');
  if (isJson) {
    yield* answer.read(await whole(pieces));
    answer.isDone = true;
  } else {
    for await (const data of eventsOf(pieces)) {
      if (data.trim() === '[DONE]') answer.isDone = true;
      else yield* answer.read(data);
      if (answer.isDone) break;
    }
  }
  answer.check();
}

async function* withoutThinking(texts) {
  const [start, end] = THINKING;
  let mode = 'unknown';
  let open = '';
  for await (const text of texts) {
    if (mode === 'answer') { yield text; continue; }
    open += text;
    if (mode === 'unknown') {
      const first = open.trimStart();
      if (open.length < MAX_BLANK_CHARS && first.length < start.length && start.startsWith(first)) continue;
      mode = first.startsWith(start) ? 'thinking' : 'answer';
    }
    if (mode === 'thinking') {
      const at = open.indexOf(end);
      if (at >= 0) mode = 'answer';
      open = at >= 0 ? open.slice(at + end.length) : open.slice(1 - end.length);
    }
    if (mode === 'answer' && open !== '') yield open;
  }
  if (mode === 'unknown' && open !== '') yield open;
}

/**
 * The data of server-sent events, after the HTML standard; an event that the stream's end cut short is passed on too.
 * @param {AsyncIterable<string> | Iterable<string>} pieces of text, torn anywhere
 * @returns {AsyncGenerator<string>}
 */
export async function* eventsOf(pieces) {
  let open = '';
  let data = [];
  for await (const piece of pieces) {
    open += piece;
    if (open.length > MAX_BUFFER_CHARS) throw new WriterError('The endpoint sent an event without an end.');
    // A CR at the end may be the first half of a CRLF.
    const lines = open.split(/\r\n|\n|\r(?!$)/);
    open = lines.pop();
    for (const line of lines) {
      if (line === '' && data.length > 0) {
        yield data.join('\n');
        data = [];
      }
      take(line);
    }
  }
  take(open.replace(/\r$/, ''));
  if (data.length > 0) yield data.join('\n');

  /** Comments, and fields other than `data`, say nothing here. */
  function take(line) {
    const field = /^\uFEFF?data(?::[ ]?|$)(.*)$/s.exec(line);
    if (field) data.push(field[1]);
  }
}

/** Text of bytes. A reader that is cancelled closes the connection; behind a whole answer the endpoint may close it, which is no failed request. */
async function* decoded(body, onBytes, answer) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      onBytes();
      yield decoder.decode(value, { stream: true });
    }
    yield decoder.decode();
  } finally {
    if (answer.isDone) closed(reader);
    else reader.cancel().catch(() => {});
  }
}

async function closed(reader) {
  const timer = setTimeout(() => reader.cancel().catch(() => {}), CLOSING_MS);
  try {
    while (!(await reader.read()).done);
  } catch {
    // It is closed, too.
  } finally {
    clearTimeout(timer);
  }
}

async function whole(pieces) {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
    if (text.length > MAX_BUFFER_CHARS) throw new WriterError('The endpoint sent an answer without an end.');
  }
  return text;
}

/** One answer: what its parts say, and whether it was whole. */
class Answer {
  isDone = false;
  #hidden;
  #hasChoices = false;
  #finishReason = null;

  constructor(hidden) {
    this.#hidden = hidden;
  }

  /** Texts of a chunk or of a whole answer. */
  * read(json) {
    const part = parsed(json);
    if (part === undefined) return;
    if (part.error) throw errorOf(part.error, this.#hidden);
    const choice = Array.isArray(part.choices) ? part.choices[0] : undefined;
    if (!choice) return;
    this.#hasChoices = true;
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    const text = textOf((choice.delta ?? choice.message)?.content);
    if (text !== '') yield text;
  }

  check() {
    if (this.#finishReason === 'content_filter') throw new WriterError('The endpoint withheld the text: its content filter stopped it.');
    if (!this.#hasChoices && this.isDone) throw new WriterError('The address answers, but not as a chat endpoint does.');
    if (!this.isDone && this.#finishReason === null) {
      throw new WriterError(this.#hasChoices ? 'The endpoint broke off in the middle of its answer.' : 'The endpoint ended without an answer.', { isWorthRepeating: true });
    }
  }
}

/** `undefined` for what is no JSON object: half an event at the end of a stream that broke off, or no chat at all. */
function parsed(json) {
  try {
    const value = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Content is a text, or a list of parts of which those with a text count. */
function textOf(content) {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join('') : '';
}

/** Errors inside a stream come with status 200; what they hold differs from server to server. */
function errorOf(error, hidden) {
  const status = Number(error.status ?? error.code);
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  const message = said(typeof error === 'string' ? error : error.message, hidden);
  return new WriterError(`The endpoint stopped writing${message === '' ? '.' : `: ${message}`}`, { isWorthRepeating: !isRefusal });
}
