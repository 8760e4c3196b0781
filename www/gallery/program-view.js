/**
 * Owns: one program of the gallery: its source, its runs one at a time, what they print, its graph, what is said of them.
 * Must not know: what the program does, the other programs.
 * Invariant: each run is a session of its own; what a program prints and how it fails reaches the document as text only.
 */

import { Recording } from '../recording.js';
import { GraphView } from '../views/graph-view.js';
import { showSource } from './source-code.js';

/** Under which every program starts. Without a checkpointer a session ends with its run, so that the next run begins anew. */
const SESSION = 'hello';

/** @typedef {{ app: import('weavegraph-wasm').App, main: () => AsyncGenerator<string> }} Program */

export class ProgramView {
  #parts;
  #program = null;
  #graph = null;
  #source = '';
  #run = null;
  #isRunning = false;
  #recording = new Recording();
  #printed = [];
  #frame = 0;

  /** @param {HTMLElement} root a section of the page, with the parts that it names in `data-part` */
  constructor(root) {
    this.#parts = Object.fromEntries([...root.querySelectorAll('[data-part]')].map((part) => [part.dataset.part, part]));
    this.#parts.run.addEventListener('click', () => (this.#isRunning ? this.#stop() : this.#start()));
    this.#parts.copy.addEventListener('click', () => this.#copy());
  }

  /** @param {string} source as it is shown and copied */
  showSource(source) {
    this.#source = source;
    showSource(this.#parts.source, source);
    this.#parts.copy.disabled = false;
  }

  /** Makes it runnable. @param {Program} program its module */
  load(program) {
    this.#program = program;
    this.#graph = new GraphView(this.#parts.graph, program.app.toJSON(), { hasLegend: false });
    this.#parts.run.disabled = false;
    this.#say('Ready.');
  }

  /** Says in words what went wrong. */
  fail(problem) {
    this.#say(problem, true);
  }

  async #start() {
    const { output } = this.#parts;
    output.replaceChildren();
    this.#printed = [];
    this.#recording = new Recording();
    this.#graph.show(this.#recording);
    this.#setRunning(true);
    this.#say('Running …');
    try {
      const texts = this.#program.main();
      // Up to its first `await` a program runs at once: its run is there before anything was told.
      let next = texts.next();
      this.#run = this.#program.app.attach(SESSION);
      const hasRecorded = this.#record(this.#run);
      for (let text = await next; !text.done; text = await next) {
        this.#printed.push(text.value);
        this.#refresh();
        next = texts.next();
      }
      await hasRecorded;
      this.#say('Done.');
    } catch (error) {
      if (error.code === 'RUN_CANCELLED') this.#say('Stopped.');
      else this.fail(`Failed: ${error.code === undefined ? '' : `${error.code}: `}${error.message}`);
    } finally {
      this.#run = null;
      this.#setRunning(false);
      this.#render();
    }
  }

  /** A reader of its own beside the program's: what it sees does not change what the program gets. */
  async #record(run) {
    const recording = this.#recording;
    for await (const event of run?.events({ after: 0 }) ?? []) {
      recording.add(event);
      this.#refresh();
    }
  }

  async #stop() {
    try {
      await this.#run?.cancel('stopped on the page');
    } catch (error) {
      this.fail(error.message);
    }
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#source);
      this.#say('Copied.');
    } catch (error) {
      this.fail(`Could not copy: ${error.message}`);
    }
  }

  #setRunning(isRunning) {
    this.#isRunning = isRunning;
    this.#parts.run.textContent = isRunning ? 'Stop' : 'Run';
    this.#parts.run.classList.toggle('primary', !isRunning);
    this.#parts.output.setAttribute('aria-busy', String(isRunning));
  }

  #say(words, isProblem = false) {
    this.#parts.status.textContent = words;
    this.#parts.status.classList.toggle('is-problem', isProblem);
  }

  #refresh() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#render());
  }

  #render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#graph.render();
    const { steps, count, now } = this.#recording;
    this.#parts.facts.textContent = `${plural(steps.length, 'step')} · ${plural(count, 'event')} · ${Math.round(now).toLocaleString('en-US')} ms`;
    if (this.#printed.length === 0) return;
    const { output } = this.#parts;
    output.append(this.#printed.join(''));
    this.#printed = [];
    output.scrollTop = output.scrollHeight;
  }
}

function plural(count, noun) {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
