/**
 * Owns: the words of the session list: how a session stands, how old and how large it is, what is stored, what went wrong with the store.
 * Must not know: how the words are shown, who reads the sessions.
 * Invariant: pure; nothing here is HTML, and a title is one line without control characters.
 */

/**
 * A session as the list shows it.
 * @typedef {object} SessionRow
 * @property {string} sessionId
 * @property {string} title of the text; '' while it is not read yet
 * @property {'running' | 'completed' | 'failed' | 'cancelled' | 'interrupted'} status as stored
 * @property {number} step the last complete one; of a failed session the one that failed
 * @property {number | null} score of the newest draft, 0…1
 * @property {number | null} words of the newest draft
 * @property {number} createdAt epoch milliseconds
 * @property {number} updatedAt epoch milliseconds
 * @property {number | null} bytes in the store; null while it grows
 * @property {{ id: string, here: boolean } | null} owner who runs it
 * @property {string} [code] what failed it
 * @property {string} [problem] why it cannot be read: a code
 */

/** @typedef {'here' | 'elsewhere' | 'stopped' | 'done' | 'cancelled' | 'failed' | 'waiting' | 'damaged'} Standing */

const MAX_TITLE_CHARS = 120;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];
// Made once: making one costs more than a row of the list.
const NUMBER = new Intl.NumberFormat('en-US');
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const TIME = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });

/** @param {SessionRow} row @returns {Standing} */
export function standingOf({ status, owner, problem }) {
  if (problem) return 'damaged';
  if (status === 'running') return owner === null ? 'stopped' : owner.here ? 'here' : 'elsewhere';
  return { completed: 'done', cancelled: 'cancelled', failed: 'failed' }[status] ?? 'waiting';
}

/** How a session stands, in words. @param {SessionRow} row */
export function standingText(row) {
  const place = row.step > 0 ? `at step ${number(row.step)}` : 'before step 1';
  switch (standingOf(row)) {
    case 'here': return 'running here';
    case 'elsewhere': return 'running in another tab';
    case 'stopped': return `stopped ${place}`;
    case 'done': return Number.isFinite(row.score) ? `done, score ${row.score.toFixed(3)}` : 'done';
    case 'cancelled': return `cancelled ${place}`;
    case 'failed': return row.code ? `failed ${place}: ${oneLine(row.code)}` : `failed ${place}`;
    case 'damaged': return { CHECKPOINT_CORRUPT: 'damaged, cannot be read', CHECKPOINT_VERSION: 'made by a newer version' }[row.problem] ?? `cannot be read: ${oneLine(row.problem)}`;
    default: return `waiting for an answer ${place}`;
  }
}

/** What may be done with a session, in the order of the buttons. @param {Standing} standing @returns {string[]} names of the list's actions */
export function actionsOf(standing) {
  switch (standing) {
    case 'here': return ['open', 'exportSession', 'cancel'];
    case 'elsewhere': return ['takeOver', 'open', 'exportSession', 'cancel'];
    case 'stopped': case 'cancelled': case 'failed': return ['goOn', 'open', 'exportSession', 'remove'];
    case 'damaged': return ['remove'];
    default: return ['open', 'exportSession', 'remove'];
  }
}

/** Ended, and not to be gone on with: what “Delete finished” deletes. @param {SessionRow} row */
export function isFinished(row) {
  return standingOf(row) === 'done';
}

/** @param {readonly SessionRow[]} rows */
export function factsText(rows) {
  if (rows.length === 0) return '';
  const counts = new Map();
  const names = { here: 'running', elsewhere: 'running', stopped: 'stopped', done: 'done', cancelled: 'cancelled', failed: 'failed', waiting: 'waiting', damaged: 'unreadable' };
  for (const row of rows) {
    const name = names[standingOf(row)];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...new Set(Object.values(names))].filter((name) => counts.has(name)).map((name) => `${number(counts.get(name))} ${name}`).join(', ');
}

/** The title of a state's text: its own, else its first line, else that there is none. A state may come from anywhere. */
export function titleOf(state) {
  const { outline, text } = Object(state);
  const own = oneLine(Object(outline).title);
  const first = typeof text === 'string' ? text.slice(0, 2000).split(/\r?\n/u).map((line) => oneLine(line).replace(/^(?:[#>*•-]+\s)+/u, '')).find((line) => line !== '') : undefined;
  return short(own || first || 'Untitled text', MAX_TITLE_CHARS);
}

/** A text on one line, without control characters. What is no text is ''. */
export function oneLine(text) {
  return typeof text === 'string' ? text.replace(/[\s\p{Cc}]+/gu, ' ').trim() : '';
}

/** At most so many characters, none of them cut in two. */
export function short(text, maxChars) {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/u, '').trimEnd()}…`;
}

/** Bytes as a reader wants them, in powers of 1000. */
export function sizeText(bytes) {
  let value = Math.max(0, bytes);
  let unit = 0;
  // What rounds to a thousand belongs to the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** How long ago that was: calm, in whole minutes at the least. Epoch milliseconds. */
export function ageText(at, now) {
  const age = now - at;
  if (age < MINUTE_MS) return 'just now';
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`;
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`;
  if (age < 7 * DAY_MS) return plural(Math.floor(age / DAY_MS), 'day', ' ago');
  return format(DATE, at);
}

/** Epoch milliseconds as a date with its time; a dump may hold any number. */
export function timeText(at) {
  return format(TIME, at);
}

/**
 * What is stored. `bytes` of all sessions; `freeBytes` null where the browser does not say.
 * @param {{ sessions: number, bytes: number, freeBytes: number | null, isKept: boolean }} storage
 */
export function storedText({ sessions, bytes, freeBytes, isKept }) {
  const held = plural(sessions, 'session');
  if (!isKept) return sessions > 0 ? `${held}, in memory only` : 'No sessions; they are held in memory only';
  const used = sessions === 0 ? 'No sessions' : bytes > 0 ? `${held}, ${sizeText(bytes)}` : held;
  return freeBytes === null ? used : `${used}; ${sizeText(freeBytes)} free`;
}

/** Whether it stays, in a sentence; '' where there is nothing to keep, or the browser does not say. */
export function keptText({ sessions, isKept, isPersisted }) {
  if (sessions === 0) return '';
  if (!isKept) return 'Gone when this page is closed.';
  if (isPersisted === null) return '';
  return isPersisted ? 'Kept until you delete them.' : 'The browser may evict them.';
}

/** What is wrong with the store, in a sentence; other errors speak for themselves. @param {unknown} error */
export function storeProblemText(error) {
  const { code, message } = Object(error);
  switch (code) {
    case 'CHECKPOINT_UNAVAILABLE': return 'This browser lets the page store nothing, as some private windows do.';
    case 'CHECKPOINT_BLOCKED': return 'Another tab with an older version of this page keeps the storage closed. Close it and reload.';
    case 'CHECKPOINT_VERSION': return 'A newer version of this page made what is stored here. Reload to get that version.';
    case 'CHECKPOINT_QUOTA': return 'The browser has no room left for this page. Delete sessions, then go on.';
    case 'CHECKPOINT_CORRUPT': return 'What is stored of this session is damaged.';
    case 'SESSION_BUSY': return 'The session is running. Cancel it first.';
    case 'SESSION_NOT_FOUND': return 'The session is not there any more.';
    default: return typeof message === 'string' && message !== '' ? message : 'Something went wrong with the storage.';
  }
}

export function plural(count, noun, after = '') {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}${after}`;
}

export function number(value) {
  return NUMBER.format(value);
}

function format(dates, at) {
  return Math.abs(at) <= 8.64e15 ? dates.format(at) : 'at an unknown time';
}
