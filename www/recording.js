/**
 * Owns: what the events of one session add up to: its executions, steps and tasks, how each node stands, which texts are streaming, the time that passed.
 * Must not know: where events come from (a run, a log, a test), how anything is shown.
 * Invariant: events are told once and in order; the clock leaves out the time between executions, so a session that slept for a night does not look it.
 */

/**
 * A task: one execution of a node in a step. Times are milliseconds on the recording's clock.
 * @typedef {'waiting' | 'running' | 'retrying' | 'done' | 'failed' | 'stopped'} TaskStatus `stopped`: its run ended, or died, before it did
 * @typedef {{ node: string, task: number, status: TaskStatus, attempt: number, startedAt: number | null, endedAt: number | null, progress: number | null, error: string, channels: string[] }} Task
 *
 * A step. `next` is who is due then; `storedMs` how long the store took; `storedAt` is null until the store has it.
 * @typedef {{ step: number, frontier: string[], tasks: Task[], skipped: string[], updatedChannels: string[], next: string[], startedAt: number, endedAt: number | null, storedMs: number | null, execution: number }} Step
 *
 * How a node stood: the tasks of the latest step it was due in, by status. `steps` counts the steps in which it ran.
 * @typedef {{ status: 'idle' | 'skipped' | TaskStatus, step: number, total: number, waiting: number, running: number, done: number, failed: number, progress: number, steps: number, error: string }} NodeState
 *
 * One execution of the session: a start or a resume. `from` is its place on the clock; `how` is its end, '' while there is none.
 * @typedef {{ startedAt: number, from: number, isResumed: boolean, how: '' | 'completed' | 'failed' | 'cancelled' | 'interrupted' | 'died' }} Execution
 */

const IDLE = Object.freeze({ status: 'idle', step: 0, total: 0, waiting: 0, running: 0, done: 0, failed: 0, progress: 0, steps: 0, error: '' });

export class Recording {
  /** @type {Step[]} ascending */
  steps = [];
  /** @type {Execution[]} */
  executions = [];
  /** The number of the last durable event: reading on behind it leaves no gap. */
  seq = 0;
  /** Events told, transient ones included. */
  count = 0;
  /** Milliseconds on the clock, as of the last event. */
  now = 0;
  /** Rises with each event: what shows the recording need not look while it stays. */
  version = 0;
  /** Texts that stream or have streamed, by id, in order of their start. @type {Map<string, { text: string, isOpen: boolean, step: number, node: string }>} */
  streams = new Map();
  #steps = new Map();

  /** Of the last execution; `none` before the first, `running` while nothing says otherwise. */
  get status() {
    const execution = this.executions.at(-1);
    if (execution === undefined) return 'none';
    return execution.how === '' ? 'running' : execution.how;
  }

  /** @returns {Step | undefined} */
  step(step) {
    return this.#steps.get(step);
  }

  /** The last step that is complete, 0 before. */
  get lastStep() {
    const done = this.steps.findLast((step) => step.endedAt !== null);
    return done?.step ?? 0;
  }

  /**
   * How the nodes stand, or stood when `until` was complete; a node that was never due is not in it.
   * @param {number} [until] @returns {Map<string, NodeState>}
   */
  nodes(until = Infinity) {
    const nodes = new Map();
    for (const step of this.steps) {
      if (step.step > until) break;
      for (const [node, tasks] of byNode(step.tasks)) nodes.set(node, stateOf(step.step, tasks, nodes.get(node)));
      for (const node of step.skipped) nodes.set(node, { ...IDLE, status: 'skipped', step: step.step, steps: nodes.get(node)?.steps ?? 0 });
    }
    return nodes;
  }

  /** Takes the next event of the session. @param {import('weavegraph-wasm').WeaveEvent} event */
  add(event) {
    this.version += 1;
    this.count += 1;
    if (!event.transient) this.seq = Math.max(this.seq, event.seq);
    if (event.type === 'run.started') this.#start(event);
    // One that may not begin tells a single event.
    else if (this.executions.length === 0) this.executions.push({ startedAt: event.at, from: 0, isResumed: false, how: '' });
    const execution = this.executions.at(-1);
    this.now = Math.max(this.now, execution.from + Math.max(0, event.at - execution.startedAt));
    switch (event.type) {
      case 'step.started': return this.#startStep(event);
      case 'step.completed': return this.#endStep(event);
      case 'node.started': return void Object.assign(this.#task(event), { status: 'running', attempt: event.attempt, startedAt: this.now, endedAt: null, progress: null, error: '' });
      case 'node.completed': return void Object.assign(this.#task(event), { status: 'done', endedAt: this.now, error: '', channels: Object.keys(event.changes ?? {}) });
      case 'node.failed': return void Object.assign(this.#task(event), { status: event.willRetry ? 'retrying' : 'failed', endedAt: this.now, error: `${event.error.code}: ${event.error.message}` });
      case 'node.retrying': return void Object.assign(this.#task(event), { status: 'retrying' });
      case 'node.skipped': return void this.#steps.get(event.step)?.skipped.push(event.node);
      case 'progress': return void Object.assign(this.#task(event), { progress: event.fraction });
      case 'llm.chunk': return this.#stream(event, event.text);
      case 'llm.final': return void this.streams.set(event.streamId, { text: event.text, isOpen: false, step: event.step, node: event.node });
      case 'llm.error': return this.#closeStream(event.streamId);
      case 'checkpoint.saved': return this.#store(event);
      case 'run.completed': case 'run.failed': case 'run.cancelled': case 'run.interrupted': return this.#end(event.type.slice('run.'.length));
      default:
    }
  }

  /** A text as another tab told it: whole, between two durable events. */
  showStream(streamId, text) {
    if (this.streams.get(streamId)?.isOpen === false) return;
    this.version += 1;
    this.streams.set(streamId, { text, isOpen: true, step: 0, node: '' });
  }

  #start(event) {
    const last = this.executions.at(-1);
    if (last?.how === '') {
      last.how = 'died';
      this.#stopTasks();
    }
    this.executions.push({ startedAt: event.at, from: this.now, isResumed: event.resumed, how: '' });
  }

  #end(how) {
    this.executions.at(-1).how = how;
    this.#stopTasks();
  }

  #stopTasks() {
    for (const { tasks } of this.steps.slice(-1)) {
      for (const task of tasks) if (task.status === 'running' || task.status === 'waiting' || task.status === 'retrying') Object.assign(task, { status: 'stopped', endedAt: task.startedAt === null ? null : this.now });
    }
    for (const stream of this.streams.values()) stream.isOpen = false;
  }

  #startStep({ step: number, frontier }) {
    const known = this.#steps.get(number);
    if (known !== undefined) {
      // A half-done step that is taken up: what was finished stays finished.
      Object.assign(known, { execution: this.executions.length - 1 });
      for (const task of known.tasks) if (task.status !== 'done') Object.assign(task, { status: 'waiting', startedAt: null, endedAt: null, progress: null });
      return;
    }
    const counts = new Map();
    const tasks = frontier.map((node) => {
      const task = counts.get(node) ?? 0;
      counts.set(node, task + 1);
      return newTask(node, task);
    });
    const step = { step: number, frontier, tasks, skipped: [], updatedChannels: [], next: [], startedAt: this.now, endedAt: null, storedMs: null, execution: this.executions.length - 1 };
    this.#steps.set(number, step);
    this.steps.push(step);
  }

  #endStep(event) {
    const step = this.#steps.get(event.step);
    if (step === undefined) return;
    Object.assign(step, { endedAt: this.now, skipped: event.skipped, updatedChannels: event.updatedChannels, next: event.next });
    // Gated nodes are in the frontier, but none of their tasks ran.
    if (event.skipped.length > 0) step.tasks = step.tasks.filter((task) => task.status !== 'waiting');
  }

  #store(event) {
    const step = this.#steps.get(event.step);
    if (step !== undefined) step.storedMs = event.durationMs;
  }

  #task({ step: number, node, task }) {
    const step = this.#steps.get(number);
    const known = step?.tasks.find((each) => each.node === node && each.task === task);
    if (known !== undefined) return known;
    const added = newTask(node, task);
    step?.tasks.push(added);
    return added;
  }

  #stream({ streamId, offset, step, node }, text) {
    const known = this.streams.get(streamId);
    // A retry streams from the beginning again.
    const before = known === undefined ? '' : known.text.slice(0, offset);
    this.streams.set(streamId, { text: before + text, isOpen: true, step, node });
  }

  #closeStream(streamId) {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) stream.isOpen = false;
  }
}

function newTask(node, task) {
  return { node, task, status: 'waiting', attempt: 0, startedAt: null, endedAt: null, progress: null, error: '', channels: [] };
}

function byNode(tasks) {
  const nodes = new Map();
  for (const task of tasks) {
    const own = nodes.get(task.node);
    if (own === undefined) nodes.set(task.node, [task]);
    else own.push(task);
  }
  return nodes;
}

function stateOf(step, tasks, before) {
  const count = (...statuses) => tasks.filter((task) => statuses.includes(task.status)).length;
  const [waiting, running, retrying, done, failed, stopped] = ['waiting', 'running', 'retrying', 'done', 'failed', 'stopped'].map((status) => count(status));
  const status = failed > 0 ? 'failed' : running > 0 ? 'running' : retrying > 0 ? 'retrying' : stopped > 0 ? 'stopped' : waiting === tasks.length ? 'waiting' : waiting > 0 ? 'running' : 'done';
  const progress = tasks.reduce((sum, task) => sum + (task.status === 'done' ? 1 : task.progress ?? 0), 0) / tasks.length;
  const hasRun = done + failed + running + retrying > 0;
  return { status, step, total: tasks.length, waiting, running: running + retrying, done, failed, progress, steps: (before?.steps ?? 0) + (hasRun ? 1 : 0), error: tasks.find((task) => task.error !== '')?.error ?? '' };
}
