/**
 * Owns: which sessions there are, what each is about, who runs it; and asking again often enough.
 * Must not know: how a session is run, what one does with it, how the list looks.
 * Invariant: the list is asked for once at a time; what a session is about is read once per step of it.
 */

/** Another look at who runs what: a page that was killed says nothing. */
const REFRESH_MS = 2_000;
const MAX_SESSIONS = 500;
const MAX_TITLE_CHARS = 80;

export class Shelf {
  /** Rows as the list shows them, the last changed first. */
  rows = [];
  #app;
  #checkpointer;
  #onRows;
  #abouts = new Map();
  #refreshing = null;
  /** Calls of `refresh`, and how many of them the rows answer. */
  #wanted = 0;
  #seen = 0;

  /**
   * @param {import('weavegraph-wasm').App<any, any>} app @param {import('weavegraph-wasm').Checkpointer} checkpointer
   * @param {(rows: object[]) => void} onRows
   */
  constructor(app, checkpointer, onRows) {
    this.#app = app;
    this.#checkpointer = checkpointer;
    this.#onRows = onRows;
    setInterval(() => {
      if (!document.hidden) this.refresh().catch(() => {});
    }, REFRESH_MS);
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.refresh().catch(() => {});
    });
  }

  /** Looks anew. Resolves with rows that are no older than this call. */
  async refresh() {
    this.#wanted += 1;
    while (this.#refreshing !== null) await this.#refreshing;
    if (this.#wanted > this.#seen) {
      this.#refreshing = this.#look().finally(() => { this.#refreshing = null; });
      await this.#refreshing;
    }
    return this.rows;
  }

  row(sessionId) {
    return this.rows.find((row) => row.sessionId === sessionId);
  }

  async #look() {
    const wanted = this.#wanted;
    const sessions = await this.#checkpointer.listSessions({ limit: MAX_SESSIONS });
    const rows = [];
    for (const session of sessions) rows.push({ ...session, ...(await this.#about(session)) });
    this.#seen = wanted;
    this.rows = rows;
    this.#onRows(rows);
  }

  /** Title, score and words: as of the last time it was at rest, so that a running session is not read at each look. */
  async #about({ sessionId, step, status, owner }) {
    const known = this.#abouts.get(sessionId);
    const isMoving = status === 'running' && owner !== null;
    if (known !== undefined && (known.step === step || (isMoving && known.about.title !== ''))) return known.about;
    const found = await this.#app.getState(sessionId).catch(() => null);
    const about = aboutOf(found?.state);
    this.#abouts.set(sessionId, { step, about });
    return about;
  }
}

function aboutOf(state) {
  const last = state?.scores?.at(-1);
  return { title: titleOf(state), score: state?.briefing?.score ?? last?.score ?? null, words: state?.briefing?.words ?? last?.words ?? null };
}

function titleOf(state) {
  const title = state?.outline?.title || (state?.text ?? '').trim().split('\n', 1)[0].replace(/^#+\s*/, '');
  if (title === '') return 'Untitled';
  return title.length <= MAX_TITLE_CHARS ? title : `${title.slice(0, MAX_TITLE_CHARS - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
