/**
 * Owns: what a writer is, and the one that asks an OpenAI-compatible endpoint: its address, request and refusals.
 * Must not know: what is written about, the graph, the page; how an answer is read.
 * Invariant: the key leaves in the request's own header only; no error, name or property holds it; a stopped writer closes its connection.
 */

import { textsOf } from './chat-stream.js';
import { WriterError, said } from './writer-error.js';

export { browserWriter, browserModelState, downloadBrowserModel } from './browser-model.js';
export { WriterError } from './writer-error.js';

/**
 * Who writes a draft. `name` is for readers and is stored with the draft; `write` gives the text in pieces, and ends or throws soon after `signal` aborts.
 * Errors whose `isWorthRepeating` is true are followed by another attempt.
 * @typedef {{ name: string, write(request: { system: string, prompt: string }, options: { signal: AbortSignal }): AsyncIterable<string> }} Writer
 */

/** Without a byte for so long, the endpoint counts as gone. Models on slow machines think long before the first. */
const SILENCE_MS = 120_000;
const MAX_ERROR_CHARS = 20_000;
/** As the policy of the page has them: a policy cannot name an address of IPv6. */
const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1']);

/**
 * The address that is asked for completions.
 * @param {string} address with or without `/chat/completions`, as `https://host/v1`
 * @returns {string}
 * @throws {WriterError} that says what is wrong with it
 */
export function completionsUrl(address) {
  const trimmed = address.trim();
  if (trimmed === '') throw new WriterError('Enter the address of the endpoint.');
  let url;
  try {
    url = new URL(trimmed);
  } catch {
    throw new WriterError('The address is not complete: it begins with https://.');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new WriterError('The address has to begin with https://.');
  if (url.protocol === 'http:' && !LOCAL_HOSTS.has(url.hostname)) {
    throw new WriterError('Use https://, or localhost: over http:// the key and the text could be read on the way.');
  }
  if (url.username !== '' || url.password !== '') throw new WriterError('The address may not hold a name or a password; the key has a field of its own.');
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+$/, '').replace(/\/chat\/completions$/, '').replace(/\/+$/, '') + '/chat/completions';
  return url.href;
}

/** @param {string} key @throws {WriterError} where it cannot be sent as a header */
export function checkedKey(key) {
  const trimmed = key.trim();
  if (!/^[\x21-\x7E]*$/.test(trimmed)) throw new WriterError('The key has characters that a key cannot have.');
  return trimmed;
}

/**
 * A writer behind an endpoint that speaks the chat completions API.
 * @param {{ url: string, model: string, key?: string, fetch?: typeof globalThis.fetch, silenceMs?: number }} options `url` as for {@link completionsUrl};
 *   `key` is sent as a bearer token, default none; `silenceMs`: how long the endpoint may say nothing, default two minutes
 * @returns {Writer} named like the model
 * @throws {WriterError} where the address, the model or the key cannot be used
 */
export function endpointWriter({ url: address, model, key: entered = '', fetch = globalThis.fetch, silenceMs = SILENCE_MS }) {
  const url = completionsUrl(address);
  const key = checkedKey(entered);
  const name = model.trim();
  if (name === '') throw new WriterError('Enter the name of the model.');

  async function* write({ system, prompt }, { signal }) {
    signal.throwIfAborted();
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    let timer;
    let isAnswered = false;
    let isWhole = false;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(new WriterError('The endpoint has said nothing for too long.', { isWorthRepeating: true })), silenceMs);
    };
    try {
      listen();
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream, application/json', ...(key === '' ? {} : { Authorization: `Bearer ${key}` }) },
        body: JSON.stringify({ model: name, stream: true, messages: [{ role: 'system', content: system }, { role: 'user', content: prompt }] }),
        signal: stop.signal,
        // The text goes to the address that was entered and nowhere else, and nothing but the text goes there.
        redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store',
      });
      isAnswered = true;
      if (!response.ok) throw await refusal(response, key);
      for await (const text of textsOf(response, { hidden: key, onBytes: listen })) {
        // However long the reader takes, that is not the endpoint's silence.
        clearTimeout(timer);
        yield text;
        listen();
      }
      isWhole = true;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (stop.signal.aborted) throw stop.signal.reason;
      throw error instanceof WriterError ? error : lost(isAnswered, error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (!isWhole) stop.abort();
    }
  }
  return { name, write };
}

/** What an answer other than 200 means for who entered the address. */
async function refusal(response, key) {
  const { status } = response;
  const { message, code } = await explanation(response, key);
  const why = message === '' ? '.' : `: ${message}`;
  // What servers say to a wrong key often repeats a part of it.
  if (status === 401) return new WriterError(key === '' ? 'The endpoint asks for a key.' : 'The endpoint refused the key.', { status });
  if (status === 403) return new WriterError('The endpoint does not allow this: the key may lack the right to use the model.', { status });
  if (status === 404) return new WriterError(`The endpoint has no such address or model${why}`, { status });
  if (status === 429 && code === 'insufficient_quota') return new WriterError('The quota of the key is used up.', { status });
  if (status === 429) return new WriterError(`The endpoint is asked too often${why}`, { status, isWorthRepeating: true });
  if (status === 408 || status >= 500) return new WriterError(`The endpoint failed with status ${status}${why}`, { status, isWorthRepeating: true });
  return new WriterError(`The endpoint refused the request with status ${status}${why}`, { status });
}

async function explanation(response, key) {
  try {
    const { error } = JSON.parse((await response.text()).slice(0, MAX_ERROR_CHARS));
    return { message: said(typeof error === 'string' ? error : error?.message, key), code: error?.code };
  } catch {
    return { message: '', code: undefined };
  }
}

/** `fetch` does not say which of these it was. */
function lost(isAnswered, cause) {
  const message = isAnswered ? 'The connection to the endpoint was lost in the middle of its answer.'
    : 'The endpoint cannot be reached: the address is wrong, the network is gone, it leads elsewhere, or it does not allow pages like this one (CORS).';
  return new WriterError(message, { isWorthRepeating: true, cause });
}
