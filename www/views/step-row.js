/**
 * Owns: the row of one step: its name, its facts, the bars of its tasks.
 * Must not know: the other rows, which row is looked at, how long the axis is (CSS places the bars by `--per-ms`).
 * Invariant: a row keeps the height it was made with; what it shows is changed only where it differs.
 */

import { part, write } from './dom-parts.js';
import { timeText } from './time-axis.js';
import { barsOf, namesOf, remarksOf, statusOf, tallyOf } from './task-bars.js';

/** Of the bars of a row, as many lanes can be told apart. */
const MAX_LANES = 20;

export class StepRow {
  /** @type {HTMLLIElement} */
  item = part('li', 'row');
  /** @type {HTMLButtonElement} */
  button = part('button', 'step');
  step;
  #names = part('span', 'names');
  #facts = part('span', 'facts');
  #track = part('span', 'track');
  #tally = part('span', 'unseen');
  #bars = new Map();
  #marker = null;
  #shown = { status: '', facts: '', lanes: 0 };
  #isSettled = false;
  /** The line of a step that runs, without the time that passes. */
  #growing = null;

  /** @param {import('../recording.js').Step} step */
  constructor(step) {
    this.step = step;
    // By the tasks that it can have: the row is as high as they may need from its beginning on.
    this.item.dataset.size = step.frontier.length <= 4 ? 's' : step.frontier.length <= 8 ? 'm' : 'l';
    this.button.type = 'button';
    this.button.tabIndex = -1;
    this.#track.setAttribute('aria-hidden', 'true');
    const before = part('span', 'unseen');
    before.textContent = 'Step ';
    const number = part('span', 'number');
    number.textContent = `${step.step} `;
    const head = part('span', 'head');
    head.append(before, number, this.#names);
    this.button.append(head, this.#facts, this.#tally, this.#track);
    this.item.append(this.button);
  }

  /** Takes over what the recording says now. */
  update(recording, isMoving) {
    const { step } = this;
    if (this.#isSettled && (this.#marker !== null || step.storedAt === null)) return;
    const status = statusOf(step, recording, isMoving);
    if (status !== this.#shown.status) this.item.dataset.status = this.#shown.status = status;
    const endMs = step.endedAt ?? recording.executions[step.execution + 1]?.from ?? recording.now;
    if (write(this.#names, namesOf(step) || 'nothing')) this.button.title = this.#names.textContent;
    this.#placeBars(barsOf(step, isMoving && status === 'running', endMs));
    if (step.storedAt !== null && this.#marker === null) {
      this.#marker = part('i', 'stored');
      this.#marker.style.setProperty('--from', step.storedAt);
      this.#track.append(this.#marker);
    }
    write(this.#tally, tallyOf(step, status === 'running'));
    const remarks = remarksOf(step, recording);
    this.#growing = status === 'running' ? remarks : null;
    const lengthMs = endMs - step.startedAt;
    if (this.#growing === null) this.#showFacts([status === 'done' ? timeText(lengthMs) : `${status} after ${timeText(lengthMs)}`, ...remarks]);
    // What the row has no room for; while a step runs its facts change too often.
    if (this.#growing === null) this.button.title = `${this.#names.textContent}: ${this.#shown.facts}`;
    this.#isSettled = status === 'done';
  }

  /** Moves what grows to the time that it is; cheap where nothing does. */
  grow(nowMs) {
    if (this.#growing === null) return;
    this.#track.style.setProperty('--now', nowMs.toFixed(1));
    // Tenths of a second: milliseconds would only flicker.
    this.#showFacts([`running, ${(Math.max(0, nowMs - this.step.startedAt) / 1000).toFixed(1)} s`, ...this.#growing]);
  }

  #showFacts(parts) {
    const facts = parts.join(' · ');
    if (facts === this.#shown.facts) return;
    this.#shown.facts = facts;
    this.#facts.textContent = facts;
  }

  #placeBars({ bars, lanes }) {
    const count = Math.min(Math.max(lanes, 1), MAX_LANES);
    if (count !== this.#shown.lanes) this.#track.style.setProperty('--lanes', this.#shown.lanes = count);
    const gone = new Set(this.#bars.keys());
    for (const { key, status, from, to, lane, label } of bars) {
      gone.delete(key);
      let bar = this.#bars.get(key);
      if (bar === undefined) {
        this.#bars.set(key, bar = { element: part('i', 'task'), status: '', from: null, to: undefined, lane: null, label: '' });
        this.#track.append(bar.element);
      }
      const { style, dataset } = bar.element;
      if (bar.status !== status) dataset.status = bar.status = status;
      if (bar.from !== from) style.setProperty('--from', bar.from = from);
      if (bar.lane !== lane) style.setProperty('--lane', (bar.lane = lane) % count);
      if (bar.label !== label) bar.element.title = bar.label = label;
      if (bar.to === to) continue;
      bar.to = to;
      if (to === null) style.removeProperty('--to');
      else style.setProperty('--to', to);
    }
    for (const key of gone) {
      this.#bars.get(key).element.remove();
      this.#bars.delete(key);
    }
  }
}
