/**
 * Owns: the one session that is open on the page: runs it here, follows it where another tab runs it, or shows it at rest; its recording and its states.
 * Must not know: the document, what the agent does, how anything is shown.
 * Invariant: each durable event of the session reaches the recording once and in order, whoever runs it; after `open` or `close` nothing of the session before arrives.
 */

import { Recording } from './recording.js';

/** States of steps that are kept ready. */
const MAX_STATES = 64;

/** @typedef {'none' | 'here' | 'elsewhere' | 'stopped' | 'ended'} Mode `stopped`: its last run did not end, and nobody runs it */

export class Desk {
  recording = new Recording();
  /** '' while no session is open. */
  sessionId = '';
  /** As of the newest complete step; null before the first. */
  state = null;
  #app;
  #onEvent;
  #onChange;
  #onProblem;
  #run = null;
  #reading = null;
  #owner = null;
  #isReadingState = false;
  #checkpoints = new Map();

  /**
   * @param {import('weavegraph-wasm').App<any, any>} app with a checkpointer
   * @param {{ onEvent(event: import('weavegraph-wasm').WeaveEvent, clockMs: number): void, onChange(): void, onProblem(error: Error): void }} listener `onChange`: there is
   *   something new to show; `onProblem`: the session cannot be read any further
   */
  constructor(app, { onEvent, onChange, onProblem }) {
    this.#app = app;
    this.#onEvent = onEvent;
    this.#onChange = onChange;
    this.#onProblem = onProblem;
  }

  /** @returns {Mode} */
  get mode() {
    if (this.sessionId === '') return 'none';
    if (this.#run !== null) return 'here';
    if (this.recording.status === 'running') return this.#owner === null ? 'stopped' : 'elsewhere';
    return this.#owner === null || this.recording.status === 'completed' ? 'ended' : 'elsewhere';
  }

  /** Opens a fresh session and runs it here. @param {object} input @param {import('weavegraph-wasm').RunOptions} options */
  start(input, options) {
    this.close();
    this.sessionId = options.sessionId ?? crypto.randomUUID();
    return this.#runHere(this.#app.invokeStreaming(input, { ...options, sessionId: this.sessionId }));
  }

  /** Goes on with the open session here; where another tab runs it, takes it from there. Resolves with the result. */
  goOn(options) {
    return this.#runHere(this.#app.resumeStreaming(this.sessionId, undefined, { ...options, whenBusy: 'steal' }));
  }

  /** Opens a session that is there, and follows it. */
  async open(sessionId, owner = null) {
    this.close();
    this.sessionId = sessionId;
    this.#owner = owner;
    const run = this.#app.attach(sessionId);
    if (run !== null) return void this.#runHere(run);
    this.#follow();
    await this.#readState();
  }

  /** Ends the showing, not the run. */
  close() {
    this.#stopReading();
    this.#run = null;
    this.#owner = null;
    this.sessionId = '';
    this.state = null;
    this.recording = new Recording();
    this.#checkpoints.clear();
  }

  /** Cancels the run, here or in the other tab. False when none is active. */
  async cancel(reason) {
    if (this.#run === null) return this.#app.cancel(this.sessionId, reason);
    await this.#run.cancel(reason);
    return true;
  }

  /** Who runs the session, as the list of sessions says; what runs here is known better here. */
  setOwner(owner) {
    const other = owner?.here === true ? null : owner;
    if ((this.#owner === null) === (other === null)) return;
    this.#owner = other;
    this.#changed();
  }

  /** The checkpoint of a step, 0 is the input; null where there is none. */
  async checkpoint(step) {
    const { sessionId } = this;
    const known = this.#checkpoints.get(step);
    if (known !== undefined) return known;
    const found = await this.#app.getState(sessionId, { step });
    if (sessionId === this.sessionId) {
      this.#checkpoints.set(step, found);
      if (this.#checkpoints.size > MAX_STATES) this.#checkpoints.delete(this.#checkpoints.keys().next().value);
    }
    return found;
  }

  /** The same if it is ready, else undefined. */
  readyCheckpoint(step) {
    return this.#checkpoints.get(step);
  }

  async #runHere(run) {
    this.#stopReading();
    this.#run = run;
    // A reader of its own begins behind what the recording has, with what the log holds.
    this.#read(run.events({ after: this.recording.seq, overflow: 'wait' }), () => run.state);
    this.#changed();
    const result = await run.result;
    if (this.#run === run) {
      await this.#reading?.done;
      if (this.#run === run) this.#endRun(result);
    }
    return result;
  }

  #endRun(result) {
    this.#run = null;
    this.state = result.state ?? this.state;
    // The other tab is the owner now; the list of sessions says when that changes.
    this.#owner = result.error?.code === 'CHECKPOINT_CONFLICT' ? { id: '', here: false } : null;
    this.#follow();
    this.#changed();
  }

  #follow() {
    this.#read(this.#app.follow(this.sessionId, { after: this.recording.seq }), null);
  }

  #read(stream, stateNow) {
    const reading = { stream, isOver: false, done: null };
    this.#reading = reading;
    reading.done = this.#readAll(reading, stateNow).catch((error) => {
      if (!reading.isOver) this.#onProblem(error);
    });
  }

  async #readAll(reading, stateNow) {
    for await (const event of reading.stream) {
      if (reading.isOver) return;
      this.recording.add(event);
      if (event.type === 'step.completed') {
        if (stateNow !== null) this.state = stateNow();
        else this.#readState().catch(this.#onProblem);
      }
      this.#onEvent(event, this.recording.now);
      this.#changed();
    }
  }

  #stopReading() {
    if (this.#reading === null) return;
    this.#reading.isOver = true;
    this.#reading.stream.return();
    this.#reading = null;
  }

  #changed() {
    this.recording.isAlive = this.mode !== 'stopped';
    this.#onChange();
  }

  get #moment() {
    return `${this.recording.lastStep} ${this.sessionId}`;
  }

  /** The newest state from the store; one question at a time, and one more if something came meanwhile. */
  async #readState() {
    if (this.#isReadingState) return;
    this.#isReadingState = true;
    try {
      for (let seen = ''; seen !== this.#moment && this.sessionId !== ''; ) {
        seen = this.#moment;
        const { sessionId } = this;
        const found = await this.#app.getState(sessionId);
        if (sessionId !== this.sessionId) continue;
        if (found !== null && this.#run === null) this.state = found.state;
        this.#changed();
      }
    } finally {
      this.#isReadingState = false;
    }
  }
}
