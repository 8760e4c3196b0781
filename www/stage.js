/**
 * Owns: when and with what the views are shown: once per frame, at the present or at the step that is looked at.
 * Must not know: how a session is run or kept, how a view shows what it gets.
 * Invariant: what the views show belongs together: one session, one step; while a step's state is on its way they keep what they have.
 */

import { sortedTerms } from './agent/briefing.js';
import { GOOD_SCORE, MAX_ROUNDS } from './agent/critique.js';

export class Stage {
  /** The step that is looked at; null is the present. */
  step = null;
  #desk;
  #views;
  #frame = 0;
  /** Steps whose state is on its way. */
  #asked = new Set();

  /**
   * @param {import('./desk.js').Desk} desk
   * @param {Record<'source' | 'briefing' | 'scores' | 'graph' | 'timeline' | 'state' | 'events', any> & { onShown(): void, onProblem(error: Error): void }} views `onShown` comes after each frame
   */
  constructor(desk, views) {
    this.#desk = desk;
    this.#views = views;
  }

  /** Another session, or none: the present of it. */
  clear() {
    this.step = null;
    this.#asked = new Set();
    const { briefing, events } = this.#views;
    briefing.clear();
    events.clear();
    this.changed();
  }

  /** @param {number | null} step */
  rewindTo(step) {
    this.step = step === null || step >= this.#desk.recording.lastStep ? null : step;
    this.changed();
  }

  /** Something is new: it is shown with the next frame. */
  changed() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#show());
  }

  /** Shows what is new at once, as after a command of the user. */
  show() {
    cancelAnimationFrame(this.#frame);
    this.#show();
  }

  #show() {
    this.#frame = 0;
    const { graph, timeline, state, events, onShown } = this.#views;
    const { recording } = this.#desk;
    const isLive = this.step === null;
    graph.show(recording, this.step);
    timeline.show(recording, this.step, { isAlive: recording.isAlive });
    const looked = isLive ? this.#desk.state : this.#checkpoint(this.step)?.state;
    if (looked !== undefined) this.#showWork(looked, isLive);
    this.#showState(this.step ?? recording.lastStep, isLive);
    for (const view of [graph, timeline, state, events]) view.render();
    onShown();
  }

  #showWork(state, isLive) {
    const { source, briefing, scores } = this.#views;
    const draft = state?.briefing ?? state?.draft;
    source.show({ terms: sortedTerms(state?.terms ?? {}), sentences: draft?.sentences ?? [], language: state?.outline?.language });
    briefing.show({ state, stream: isLive ? newestStream(this.#desk.recording) : null, isLive });
    scores.show(state?.scores ?? [], { goal: GOOD_SCORE, max: MAX_ROUNDS });
    for (const view of [source, briefing, scores]) view.render();
  }

  #showState(step, isLive) {
    const { state: view } = this.#views;
    if (this.#desk.sessionId === '' || this.#desk.recording.steps.length === 0) return view.show({ step: null, state: null });
    const now = this.#checkpoint(step);
    const before = step === 0 ? null : this.#checkpoint(step - 1);
    if (now === undefined || before === undefined) return;
    view.show({ step, state: now?.state ?? null, before: before?.state ?? null, updatedChannels: now?.updatedChannels ?? [], nodes: now?.ran ?? [], isLive });
  }

  /** Undefined while it is on its way, with a frame at its arrival; null where there is none. */
  #checkpoint(step) {
    const ready = this.#desk.readyCheckpoint(step);
    if (ready === undefined && !this.#asked.has(step)) {
      this.#asked.add(step);
      const asked = this.#asked;
      this.#desk.checkpoint(step).then(
        () => (asked.delete(step), this.changed()),
        (error) => this.#views.onProblem(error),
      );
    }
    return ready;
  }
}

function newestStream({ streams }) {
  const [id, stream] = [...streams].at(-1) ?? [];
  return stream === undefined ? null : { id, text: stream.text, isOpen: stream.isOpen };
}
