/**
 * Owns: the writer that the browser brings along, by the Prompt API (`LanguageModel`), whether there is one, and its download.
 * Must not know: what is written about, the graph, the page.
 * Invariant: nothing is downloaded unless `downloadBrowserModel` is called; each text has a session of its own, destroyed at its end.
 *
 * The API as of https://webmachinelearning.github.io/prompt-api; `LanguageModel` is a global of secure contexts where a browser has it.
 */

import { WriterError, said } from './writer-error.js';

/** The name under which its drafts are stored. */
const BROWSER_MODEL = 'browser model';
/** The same for asking and for creating, as the API wants it; English is what the instruction is written in. */
const OPTIONS = { expectedInputs: [{ type: 'text', languages: ['en'] }], expectedOutputs: [{ type: 'text', languages: ['en'] }] };

/**
 * Whether the browser's model can write.
 * @param {any} [LanguageModel] default: the browser's
 * @returns {Promise<'missing' | 'unavailable' | 'downloadable' | 'downloading' | 'available'>} `missing`: the browser has no such API
 */
export async function browserModelState(LanguageModel = globalThis.LanguageModel) {
  if (typeof LanguageModel?.availability !== 'function') return 'missing';
  try {
    const state = await LanguageModel.availability(OPTIONS);
    return ['downloadable', 'downloading', 'available'].includes(state) ? state : 'unavailable';
  } catch {
    return 'unavailable';
  }
}

/**
 * Lets the browser download its model, or waits for a download under way. Call it from a click or a key: browsers want one.
 * @param {{ onProgress?: (fraction: number) => void, signal?: AbortSignal, LanguageModel?: any }} [options] `fraction` from 0 to 1
 * @throws {WriterError} where it did not work
 */
export async function downloadBrowserModel({ onProgress = () => {}, signal, LanguageModel = globalThis.LanguageModel } = {}) {
  try {
    const session = await LanguageModel.create({
      ...OPTIONS, signal,
      monitor: (monitor) => monitor.addEventListener('downloadprogress', (event) => onProgress(Math.min(1, Math.max(0, event.loaded)))),
    });
    session.destroy();
  } catch (error) {
    throw signal?.aborted ? signal.reason : explained(error);
  }
}

/**
 * A writer over the browser's model.
 * @param {{ LanguageModel?: any }} [options] default: the browser's
 * @returns {import('./writers.js').Writer}
 */
export function browserWriter({ LanguageModel = globalThis.LanguageModel } = {}) {
  if (typeof LanguageModel?.create !== 'function') throw new WriterError('This browser has no language model.');
  async function* write({ system, prompt }, { signal }) {
    signal.throwIfAborted();
    let session;
    let reader;
    try {
      session = await LanguageModel.create({ ...OPTIONS, signal, initialPrompts: [{ role: 'system', content: system }] });
      reader = session.promptStreaming(prompt, { signal }).getReader();
      yield* deltas(reader);
    } catch (error) {
      throw signal.aborted ? signal.reason : explained(error);
    } finally {
      reader?.cancel().catch(() => {});
      session?.destroy();
    }
  }
  return { name: BROWSER_MODEL, write };
}

/**
 * New text per chunk. Chunks are that in the current API; in early browsers each held all the text so far, which shows when two in a row begin
 * with the whole one before.
 */
async function* deltas(reader) {
  let told = '';
  let doubtful = '';
  let mode = 'unknown';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const chunk = String(value);
    const before = doubtful === '' ? told : doubtful;
    const isLonger = before !== '' && chunk.length > before.length && chunk.startsWith(before);
    if (mode === 'whole') {
      yield chunk.slice(told.length);
      told = chunk;
    } else if (mode === 'parts') {
      yield chunk;
    } else if (told === '') {
      yield chunk;
      told = chunk;
    } else if (isLonger && doubtful === '') {
      doubtful = chunk;
    } else if (isLonger) {
      mode = 'whole';
      yield chunk.slice(told.length);
      told = chunk;
    } else {
      mode = 'parts';
      yield doubtful + chunk;
    }
  }
  if (mode === 'unknown' && doubtful !== '') yield doubtful.slice(told.length);
}

function explained(error) {
  if (error instanceof WriterError) return error;
  const message = said(error?.message);
  switch (error?.name) {
    case 'NotAllowedError': return new WriterError('The browser does not let this page use its model now. A download has to be asked for by a click.', { cause: error });
    case 'NotSupportedError': return new WriterError('The browser’s model does not support this text or its language.', { cause: error });
    case 'QuotaExceededError': return new WriterError('The text is too long for the browser’s model.', { cause: error });
    default: return new WriterError(`The browser’s model failed${message === '' ? '.' : `: ${message}`}`, { isWorthRepeating: error?.name === 'OperationError' || error?.name === 'UnknownError', cause: error });
  }
}
