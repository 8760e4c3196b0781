/**
 * Owns: the list of steps on one time axis: its rows, the axis, which step is looked at, whether the list follows its end.
 * Must not know: the run, where the recording comes from, what is done with a step that was picked.
 * Invariant: text reaches the document as text only; a frame in which nothing happened costs nothing, and one in which time passed moves the running step alone.
 */

import { part, write } from './dom-parts.js';
import { StepRow } from './step-row.js';
import { spanOf, ticksOf, tickText } from './time-axis.js';

/** Nearer to the end than this, in pixels, the list follows it. */
const FOLLOW_PX = 24;
/** Frames of a running step where motion is not wanted. */
const CALM_MS = 500;

export class Timeline {
  #root;
  #onPick;
  #axis = part('div', 'axis');
  #ticks = part('span', 'ticks');
  #goneOn = part('span', 'key');
  #lines = part('div', 'lines');
  #chart = part('div', 'chart');
  #list = part('ol', 'steps');
  #empty = part('p', 'empty');
  /** @type {StepRow[]} */
  #rows = [];
  #rowOf = new WeakMap();
  #recording = null;
  #isAlive = true;
  #step = null;
  #picked = null;
  #version = -1;
  #isStale = true;
  #wasMoving = false;
  #spanMs = 0;
  #marks = '';
  #tabStop = null;
  #isFollowed = true;
  #lastTop = 0;
  #frame = 0;
  #drawnAt = -Infinity;
  #calm = matchMedia('(prefers-reduced-motion: reduce)');

  /**
   * @param {HTMLElement} root has a size of its own; what is in it scrolls
   * @param {{ onPick(step: number | null): void }} actions a step that is complete was chosen to be looked at; null: back to live
   */
  constructor(root, { onPick }) {
    this.#root = root;
    this.#onPick = onPick;
    this.#axis.setAttribute('aria-hidden', 'true');
    this.#axis.hidden = this.#chart.hidden = true;
    const key = part('span', 'key');
    this.#goneOn.append(part('i', 'mark'), document.createTextNode('went on'));
    this.#goneOn.hidden = true;
    key.append(part('i', 'stored'), 'stored', this.#goneOn);
    this.#axis.append(key, this.#ticks);
    this.#lines.setAttribute('aria-hidden', 'true');
    this.#list.setAttribute('aria-label', 'Steps');
    this.#empty.textContent = 'No step yet. Each step gets a row here, with its tasks on one axis of time.';
    this.#chart.append(this.#lines, this.#list);
    root.replaceChildren(this.#axis, this.#chart, this.#empty);
    this.#list.addEventListener('click', (event) => this.#pick(this.#rowAt(event.target)));
    this.#list.addEventListener('keydown', (event) => this.#move(event));
    this.#list.addEventListener('focusin', (event) => this.#stopAt(this.#rowAt(event.target)));
    root.addEventListener('scroll', () => this.#noteScroll(), { passive: true });
  }

  /**
   * What is shown, from the next frame on.
   * @param {import('../recording.js').Recording} recording @param {number | null} step the one that is looked at; null: live
   * @param {{ isAlive?: boolean }} [facts] `isAlive: false` (default true): nobody runs the session, so what has no end in the recording has stopped
   */
  show(recording, step, { isAlive = true } = {}) {
    if (recording !== this.#recording) this.#forget();
    if (recording !== this.#recording || step !== this.#step || isAlive !== this.#isAlive) this.#isStale = true;
    this.#recording = recording;
    this.#step = step;
    this.#isAlive = isAlive;
  }

  /** At most once per frame. While a step runs the timeline asks for its own frames. */
  render() {
    const recording = this.#recording;
    if (recording === null) return;
    cancelAnimationFrame(this.#frame);
    const isMoving = this.#isAlive && recording.status === 'running';
    const isNew = this.#isStale || recording.version !== this.#version || isMoving !== this.#wasMoving;
    if (!isNew && !isMoving) return;
    const nowMs = isMoving ? liveNow(recording) : recording.now;
    const isLonger = isNew && this.#takeOver(recording, isMoving);
    if (this.#scale(nowMs, isMoving) || isNew) this.#markExecutions(recording);
    if (isMoving) this.#grow(nowMs, isNew);
    // The first frame that shows a step as picked also brings it into view.
    if (this.#step !== this.#picked) this.#showPicked();
    else if (isLonger && this.#isFollowed) this.#root.scrollTop = this.#root.scrollHeight;
    this.#version = recording.version;
    this.#isStale = false;
    this.#wasMoving = isMoving;
    if (isMoving) this.#frame = requestAnimationFrame(() => this.render());
  }

  #forget() {
    this.#rows = [];
    this.#list.replaceChildren();
    this.#tabStop = null;
    this.#isFollowed = true;
    this.#lastTop = 0;
    this.#picked = null;
    this.#drawnAt = -Infinity;
  }

  /** Brings the rows up to the recording. Returns whether there are more than before. */
  #takeOver(recording, isMoving) {
    const { steps } = recording;
    const known = this.#rows.findIndex((row, i) => row.step !== steps[i]);
    if (known !== -1) for (const row of this.#rows.splice(known)) row.item.remove();
    for (const row of this.#rows) row.update(recording, isMoving);
    const fresh = steps.slice(this.#rows.length).map((step) => {
      const row = new StepRow(step);
      this.#rowOf.set(row.item, row);
      row.update(recording, isMoving);
      return row;
    });
    if (this.#empty.hidden !== steps.length > 0) {
      this.#empty.hidden = steps.length > 0;
      this.#axis.hidden = this.#chart.hidden = steps.length === 0;
    }
    if (fresh.length === 0) return false;
    this.#list.append(...fresh.map((row) => row.item));
    this.#rows.push(...fresh);
    // Until somebody moves within the list, its newest row is where the keyboard enters.
    if (!this.#list.contains(document.activeElement) && this.#step === null) this.#stopAt(fresh.at(-1));
    return true;
  }

  /** Returns whether the axis has another length now. */
  #scale(nowMs, isMoving) {
    const spanMs = spanOf(nowMs, isMoving);
    if (spanMs === this.#spanMs) return false;
    this.#spanMs = spanMs;
    this.#root.style.setProperty('--per-ms', String(100 / spanMs));
    const ticks = ticksOf(spanMs);
    this.#ticks.replaceChildren(...ticks.map((ms) => place(part('span', 'tick'), ms, tickText(ms, spanMs))));
    this.#lines.replaceChildren(...ticks.map((ms) => place(part('i', 'line'), ms)));
    return true;
  }

  /** A thin line where an execution went on with the session, or began anew. */
  #markExecutions({ executions, now }) {
    const begun = executions.slice(1).filter(({ from, how }) => from < now || how === '');
    const marks = `${this.#spanMs} ${begun.map(({ from }) => from)}`;
    if (marks === this.#marks) return;
    this.#marks = marks;
    for (const mark of this.#lines.querySelectorAll('.mark')) mark.remove();
    this.#lines.append(...begun.map(({ from }) => place(part('i', 'mark'), from)));
    this.#goneOn.hidden = begun.length === 0;
    write(this.#goneOn.lastChild, begun.some(({ isResumed }) => isResumed) ? 'went on' : 'next run');
  }

  #grow(nowMs, isNew) {
    const at = performance.now();
    if (!isNew && this.#calm.matches && at - this.#drawnAt < CALM_MS) return;
    this.#drawnAt = at;
    this.#rows.at(-1)?.grow(nowMs);
  }

  #showPicked() {
    this.#rows.find((row) => row.button.hasAttribute('aria-current'))?.button.removeAttribute('aria-current');
    this.#picked = this.#step;
    const row = this.#rows.find(({ step }) => step.step === this.#step);
    if (this.#step === null) {
      this.#isFollowed = true;
      this.#root.scrollTop = this.#root.scrollHeight;
      return;
    }
    // A step that is not told yet is marked once it is.
    if (row === undefined) return void (this.#picked = null);
    row.button.setAttribute('aria-current', 'step');
    if (!this.#list.contains(document.activeElement)) this.#stopAt(row);
    // By hand: `scrollIntoView` would move the page too.
    const { scrollTop, clientHeight } = this.#root;
    const [head, top, height] = [this.#chart.offsetTop, row.item.offsetTop + this.#chart.offsetTop, row.item.offsetHeight];
    if (top - head < scrollTop) this.#root.scrollTop = top - head;
    else if (top + height > scrollTop + clientHeight) this.#root.scrollTop = top + height - clientHeight;
  }

  #rowAt(target) {
    return this.#rowOf.get(target.closest('li'));
  }

  #pick(row) {
    if (row === undefined) return;
    // A step that is not complete has no state of its own: it is live that shows it.
    this.#onPick(row.step.endedAt === null || row.step.step === this.#step ? null : row.step.step);
  }

  #move(event) {
    const at = this.#rows.indexOf(this.#rowAt(event.target));
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: this.#rows.length - 1, PageUp: at - 10, PageDown: at + 10 }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#rows[Math.min(Math.max(to, 0), this.#rows.length - 1)].button.focus();
  }

  /** One row of the list is reached by Tab, the others from there by arrows. */
  #stopAt(row) {
    if (row === undefined || row === this.#tabStop) return;
    if (this.#tabStop !== null) this.#tabStop.button.tabIndex = -1;
    this.#tabStop = row;
    row.button.tabIndex = 0;
  }

  #noteScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.#root;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
    // Rows that come make the end go away: only who scrolls up has left it.
    this.#isFollowed = isAtEnd || (this.#isFollowed && scrollTop >= this.#lastTop);
    this.#lastTop = scrollTop;
  }
}

/** The time on the clock of a recording whose run goes on: it passes also between events. */
function liveNow(recording) {
  const { from, startedAt } = recording.executions.at(-1);
  return Math.max(recording.now, from + Date.now() - startedAt);
}

function place(made, ms, text = '') {
  made.style.setProperty('--from', ms);
  write(made, text);
  return made;
}
