/**
 * Owns: the rows of the session list: what the store says of each session, and what its newest state, its log and its size add to that.
 * Must not know: how rows are shown, how the agent works beyond the names of its channels.
 * Invariant: one reading at a time; a session that has not changed since is not read again; one that cannot be read is a row too.
 */

import { listSessions } from './session-store.js';
import { titleOf } from './views/session-text.js';

/** Rows are handed out while many states are read, not oftener than this. */
const HAND_OUT_MS = 200;
/** A log that does not tell its last event by then does not tell it. */
const MAX_WAIT_MS = 2000;

/** @typedef {import('./views/session-text.js').SessionRow} SessionRow */

export class SessionReader {
  /** The rows as last handed out, the newest session first. @type {SessionRow[]} */
  rows = [];
  #app;
  #checkpointer;
  #onRows;
  #facts = new Map();
  #reading = null;
  #isAskedAgain = false;

  /**
   * @param {{ app: import('weavegraph-wasm').App, checkpointer: import('weavegraph-wasm').Checkpointer, onRows: (rows: SessionRow[]) => void }} parts
   *   `onRows` is called with what is known at once, then as more is known
   */
  constructor({ app, checkpointer, onRows }) {
    this.#app = app;
    this.#checkpointer = checkpointer;
    this.#onRows = onRows;
  }

  /** Reads what has changed; asked for while it reads, it reads once more. Rejects when the store cannot be read. */
  refresh() {
    this.#isAskedAgain = true;
    this.#reading ??= this.#readAll().finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async #readAll() {
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      await this.#read(await listSessions(this.#checkpointer));
    }
  }

  async #read(summaries) {
    const there = new Set(summaries.map(({ sessionId }) => sessionId));
    for (const sessionId of this.#facts.keys()) if (!there.has(sessionId)) this.#facts.delete(sessionId);
    this.#handOut(summaries);
    let handedOutAt = performance.now();
    const stale = summaries.filter((summary) => this.#facts.get(summary.sessionId)?.key !== keyOf(summary) || summary.owner !== null);
    for (const summary of stale) {
      const facts = await this.#readOne(summary);
      this.#facts.set(summary.sessionId, { key: keyOf(summary), ...facts });
      if (performance.now() - handedOutAt < HAND_OUT_MS) continue;
      this.#handOut(summaries);
      handedOutAt = performance.now();
    }
    if (stale.length > 0) this.#handOut(summaries);
  }

  async #readOne({ sessionId, status, bytes, owner }) {
    try {
      const checkpoint = await this.#app.getState(sessionId);
      // The first step is under way, or it is gone by now.
      if (checkpoint === null) return { title: '', step: 0, score: null, words: null, bytes: bytes ?? null };
      const { state } = checkpoint;
      const newest = Array.isArray(state.scores) ? Object(state.scores.at(-1)) : {};
      const facts = { title: titleOf(state), step: checkpoint.step, score: numberOr(newest.score), words: numberOr(newest.words), bytes: bytes ?? null };
      if (status === 'failed') return { ...facts, ...(await this.#failureOf(sessionId, checkpoint)) };
      // The store's own sum dates from the session's start.
      if (status === 'running') return { ...facts, bytes: owner === null ? await this.#sizeOf(sessionId) : null };
      return facts;
    } catch (error) {
      return { title: '', step: 0, score: null, words: null, bytes: bytes ?? null, problem: error?.code ?? 'unknown error' };
    }
  }

  /** Of a session that failed: the last event of its log says why, and in which step. */
  async #failureOf(sessionId, { seq }) {
    const signal = AbortSignal.timeout(MAX_WAIT_MS);
    for await (const event of this.#app.follow(sessionId, { after: Math.max(0, seq - 1), filter: ['run.failed'], signal })) {
      if (event.type !== 'run.failed') continue;
      return { code: event.error.code, ...(Number.isSafeInteger(event.error.step) && { step: event.error.step }) };
    }
    return {};
  }

  /** In bytes; null where it cannot be told. */
  async #sizeOf(sessionId) {
    try {
      const { records } = await this.#checkpointer.exportSession(sessionId);
      return records.reduce((sum, [, base64]) => sum + Math.floor(base64.length * 0.75), 0);
    } catch {
      return null;
    }
  }

  #handOut(summaries) {
    this.rows = summaries.map(({ sessionId, status, step, createdAt, updatedAt, bytes, owner }) => {
      const { key: _, ...facts } = this.#facts.get(sessionId) ?? { title: '', step, score: null, words: null, bytes: status === 'running' ? null : bytes ?? null };
      return { sessionId, status, createdAt, updatedAt, owner, ...facts };
    }).sort((a, b) => b.createdAt - a.createdAt || (a.sessionId < b.sessionId ? -1 : 1));
    this.#onRows(this.rows);
  }
}

function keyOf({ runId, status, updatedAt, owner }) {
  return `${runId} ${status} ${updatedAt} ${owner?.id ?? ''}`;
}

function numberOr(value) {
  return Number.isFinite(value) ? value : null;
}
