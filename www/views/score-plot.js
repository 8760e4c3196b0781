/**
 * Owns: the plot of the score over the rounds, the parts of the score of the round that is looked at, and what the critique found in it.
 * Must not know: how a draft is judged, the briefing, the run.
 * Invariant: the axes are fixed from the first round on (unless a score is below them); what the plot shows is also a table for who does not see it.
 */

const SVG = 'http://www.w3.org/2000/svg';
/** Room for the axes' labels and the goal's value, in pixels. */
const MARGIN = { top: 16, right: 34, bottom: 18, left: 30 };
const LOW = 0.5;

/** @typedef {{ round: number, score: number, parts: Record<string, number>, words: number, finding: string, isKept?: boolean }} Score */

export class ScorePlot {
  #plot = div('plot');
  #svg = shape('svg', { 'aria-hidden': 'true' });
  #parts = document.createElement('dl');
  #finding = document.createElement('p');
  #table = document.createElement('table');
  #bars = new Map();
  /** @type {readonly Score[]} */
  #scores = [];
  #goal = 1;
  #max = 1;
  #round = null;
  #pointed = null;
  #key = '';
  #size = { width: 0, height: 0 };

  /** @param {HTMLElement} root has its size by its style */
  constructor(root) {
    this.#parts.className = 'parts';
    this.#finding.className = 'finding';
    Object.assign(this.#plot, { tabIndex: 0, role: 'slider' });
    this.#plot.setAttribute('aria-label', 'Round that is looked at');
    this.#plot.append(this.#svg);
    // Around the table: a caption is not bound by the size of its table.
    const unseen = div('unseen');
    unseen.append(this.#table);
    root.replaceChildren(this.#plot, this.#parts, this.#finding, unseen);
    this.#plot.addEventListener('keydown', (event) => this.#onKey(event));
    this.#plot.addEventListener('click', (event) => {
      const round = this.#roundAt(event);
      if (round !== null) this.#choose(round);
    });
    this.#plot.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') this.#point(this.#roundAt(event)); });
    this.#plot.addEventListener('pointerleave', () => this.#point(null));
    new ResizeObserver(([{ contentRect: { width, height } }]) => {
      this.#size = { width: Math.round(width), height: Math.round(height) };
      this.render();
    }).observe(this.#plot);
  }

  /**
   * Says what there is; `render` draws it.
   * @param {readonly Score[]} scores one a round, ascending @param {{ goal: number, max: number }} limits the score that is good enough; rounds at most
   */
  show(scores, { goal, max }) {
    // Who looks at the newest round goes on with the next.
    if (this.#round === this.#scores.at(-1)?.round || !scores.some(({ round }) => round === this.#round)) this.#round = scores.at(-1)?.round ?? null;
    if (scores.length < this.#scores.length) this.#pointed = null;
    this.#scores = scores;
    this.#goal = goal;
    this.#max = max;
  }

  render() {
    const shown = this.#shown;
    const key = JSON.stringify([this.#scores.map(({ round, score, finding }) => [round, score, finding]), shown?.round, this.#goal, this.#max, this.#size]);
    if (key === this.#key || this.#size.width === 0) return;
    this.#key = key;
    this.#draw();
    this.#showParts();
    this.#showTable();
    this.#finding.textContent = shown === undefined ? 'No draft has been judged yet.' : lineOf(shown);
    const { length } = this.#scores;
    for (const [name, value] of Object.entries({ 'aria-valuemin': length === 0 ? 0 : this.#scores[0].round, 'aria-valuemax': length === 0 ? 0 : this.#scores[length - 1].round, 'aria-valuenow': shown?.round ?? 0, 'aria-valuetext': shown === undefined ? 'none yet' : lineOf(shown), 'aria-disabled': length === 0 })) {
      this.#plot.setAttribute(name, String(value));
    }
  }

  get #shown() {
    return this.#scores.find(({ round }) => round === (this.#pointed ?? this.#round));
  }

  #choose(round) {
    this.#round = round;
    this.#pointed = null;
    this.render();
  }

  #point(round) {
    if (round === this.#pointed) return;
    this.#pointed = round;
    this.render();
  }

  #onKey(event) {
    const at = this.#scores.findIndex(({ round }) => round === this.#round);
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: this.#scores.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const score = this.#scores[Math.min(this.#scores.length - 1, Math.max(0, to))];
    if (score !== undefined) this.#choose(score.round);
  }

  /** The round nearest to a pointer, null where none is judged. */
  #roundAt({ clientX }) {
    const x = clientX - this.#svg.getBoundingClientRect().left;
    const away = ({ round }) => Math.abs(this.#x(round) - x);
    return this.#scores.reduce((best, score) => (best === null || away(score) < away(best) ? score : best), null)?.round ?? null;
  }

  #x(round) {
    const last = Math.max(2, this.#max, this.#scores.at(-1)?.round ?? 0);
    return MARGIN.left + ((round - 1) / (last - 1)) * (this.#size.width - MARGIN.left - MARGIN.right);
  }

  #y(score) {
    const low = this.#low;
    return MARGIN.top + ((1 - score) / (1 - low)) * (this.#size.height - MARGIN.top - MARGIN.bottom);
  }

  get #low() {
    return this.#scores.some(({ score }) => score < LOW) ? 0 : LOW;
  }

  #draw() {
    const { width, height } = this.#size;
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const [left, right] = [MARGIN.left, width - MARGIN.right];
    const low = this.#low;
    const made = [];
    for (const value of [low, (low + 1) / 2, 1]) {
      made.push(shape('line', { class: 'grid', x1: left, x2: right, y1: this.#y(value), y2: this.#y(value) }));
      made.push(label(value === 1 || value === 0 ? value.toFixed(1) : String(value), left - 7, this.#y(value) + 4, 'end'));
    }
    const last = Math.max(2, this.#max, this.#scores.at(-1)?.round ?? 0);
    for (let round = 1; round <= last; round += 1) made.push(label(String(round), this.#x(round), height - 4, 'middle', round === this.#shown?.round ? 'axis is-shown' : 'axis'));
    const goalY = this.#y(this.#goal);
    made.push(shape('line', { class: 'goal', x1: left, x2: right, y1: goalY, y2: goalY }), label('goal', right + 6, goalY - 1, 'start', 'goal-label'), label(String(this.#goal), right + 6, goalY + 11, 'start', 'goal-label'));
    const shown = this.#shown;
    if (shown !== undefined) made.push(shape('line', { class: 'hair', x1: this.#x(shown.round), x2: this.#x(shown.round), y1: this.#y(shown.score), y2: this.#y(low) }));
    made.push(shape('polyline', { class: 'curve', points: this.#scores.map(({ round, score }) => `${this.#x(round).toFixed(1)},${this.#y(score).toFixed(1)}`).join(' ') }));
    for (const score of this.#scores) made.push(...this.#point2d(score, score === shown));
    this.#svg.replaceChildren(...made);
  }

  /** Full where the goal is reached, hollow below it, crossed where the draft was not kept. */
  #point2d(score, isShown) {
    const [x, y] = [this.#x(score.round), this.#y(score.score)];
    const isGood = score.score >= this.#goal;
    const made = [shape('circle', { class: `point${isGood ? ' is-good' : ''}${isShown ? ' is-shown' : ''}`, cx: x, cy: y, r: isShown ? 5.5 : 4 })];
    if (score.isKept === false) made.push(shape('path', { class: 'dropped', d: `M${x - 3} ${y - 3}l6 6m0-6l-6 6` }));
    if (isShown) {
      // Above the point, where the goal's line and the edge leave room.
      const above = y - 10 < MARGIN.top - 4 ? y + 18 : y - 10;
      made.push(label(score.score.toFixed(3), Math.min(Math.max(x, MARGIN.left + 16), this.#size.width - MARGIN.right - 14), above, 'middle', 'value'));
    }
    return made;
  }

  #showParts() {
    const parts = this.#shown?.parts ?? {};
    for (const name of Object.keys(parts)) if (!this.#bars.has(name)) this.#addBar(name);
    for (const [name, { value, bar }] of this.#bars) {
      const share = parts[name];
      value.textContent = share === undefined ? '' : share.toFixed(2);
      bar.style.setProperty('transform', `scaleX(${Math.min(1, Math.max(0, share ?? 0))})`);
    }
  }

  #addBar(name) {
    const row = document.createElement('div');
    const title = document.createElement('dt');
    const value = document.createElement('dd');
    const track = div('track');
    const bar = div('share');
    title.textContent = name;
    track.setAttribute('aria-hidden', 'true');
    track.append(bar);
    const number = document.createElement('span');
    value.append(track, number);
    row.append(title, value);
    this.#parts.append(row);
    this.#bars.set(name, { value: number, bar });
  }

  #showTable() {
    const [head, body] = [document.createElement('thead'), document.createElement('tbody')];
    const names = Object.keys(this.#scores[0]?.parts ?? {});
    head.append(row('th', ['Round', 'Score', ...names, 'Words', 'Finding']));
    body.append(...this.#scores.map(({ round, score, parts, words, finding }) => row('td', [round, score.toFixed(3), ...names.map((name) => parts[name].toFixed(2)), words, finding])));
    const caption = document.createElement('caption');
    caption.textContent = `Score per round; the goal is ${this.#goal}`;
    this.#table.replaceChildren(caption, head, body);
  }
}

function lineOf({ round, score, finding, isKept }) {
  return `Round ${round}: ${score.toFixed(3)}, ${finding}${isKept === false ? '; not kept' : ''}`;
}

function row(name, texts) {
  const made = document.createElement('tr');
  for (const text of texts) {
    const cell = document.createElement(name);
    if (name === 'th') cell.scope = 'col';
    cell.textContent = text;
    made.append(cell);
  }
  return made;
}

function div(className) {
  const made = document.createElement('div');
  made.className = className;
  return made;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  return made;
}

function label(text, x, y, anchor, className = 'axis') {
  const made = shape('text', { class: className, x, y, 'text-anchor': anchor });
  made.textContent = text;
  return made;
}
