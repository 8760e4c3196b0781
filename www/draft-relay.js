/**
 * Owns: word between the tabs of this page: the text of a stream that is open, and that the sessions have changed.
 * Must not know: what a session is, how texts are shown, the package. The log tells durable events; this tells what is not in it.
 * Invariant: what arrives is checked, and ignored in whole when its shape is unknown; nobody is told oftener than ten times a second.
 */

const CHANNEL = 'weavegraph-briefings/1';
const EVERY_MS = 100;
/** Of a text; what is longer is cut at its end. */
export const MAX_TEXT_CHARS = 8000;
const MAX_ID_CHARS = 1024;

/**
 * Joins the tabs' channel. Where there is no BroadcastChannel nobody is told and nothing arrives.
 * @param {{ onText?: (sessionId: string, streamId: string, text: string) => void, onChanged?: () => void, name?: string }} [options]
 *   `onText`: another tab tells the whole text of an open stream so far; `onChanged`: another tab has begun, ended, deleted or imported a session
 * @returns {{ tell(sessionId: string, streamId: string, text: string): void, tellChanged(): void, close(): void }}
 */
export function createDraftRelay({ onText = () => {}, onChanged = () => {}, name = CHANNEL } = {}) {
  const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : null;
  /** What waits to be told, by what it is about: the newest of each. */
  const waiting = new Map();
  let timer = 0;
  let isClosed = channel === null;

  channel?.addEventListener('message', ({ data }) => {
    const message = read(data);
    if (isClosed || message === null) return;
    if (message.kind === 'changed') onChanged();
    else onText(message.sessionId, message.streamId, message.text);
  });

  function say(about, message) {
    if (isClosed) return;
    waiting.set(about, message);
    if (timer !== 0) return;
    post();
    timer = setTimeout(endPause, EVERY_MS);
  }

  function endPause() {
    timer = 0;
    if (waiting.size === 0) return;
    post();
    timer = setTimeout(endPause, EVERY_MS);
  }

  function post() {
    for (const message of waiting.values()) channel.postMessage(message);
    waiting.clear();
  }

  return {
    tell(sessionId, streamId, text) {
      say(JSON.stringify([sessionId, streamId]), { kind: 'text', sessionId, streamId, text: text.slice(0, MAX_TEXT_CHARS).replace(/[\uD800-\uDBFF]$/u, '') });
    },
    tellChanged() {
      say('changed', { kind: 'changed' });
    },
    close() {
      if (isClosed) return;
      // A tab that goes has begun or ended something, perhaps, that nobody has heard of.
      post();
      isClosed = true;
      clearTimeout(timer);
      channel.close();
    },
  };
}

/** A message of another tab, or null: another version of the page may say anything. */
function read(data) {
  if (typeof data !== 'object' || data === null) return null;
  const { kind, sessionId, streamId, text } = data;
  if (kind === 'changed') return { kind };
  const isText = kind === 'text' && isId(sessionId) && isId(streamId) && typeof text === 'string' && text.length <= MAX_TEXT_CHARS;
  return isText ? { kind, sessionId, streamId, text } : null;
}

function isId(value) {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_CHARS;
}
