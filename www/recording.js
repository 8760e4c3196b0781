/**
 * Owns: what the events of one session add up to: its executions, steps and tasks, how each node stands, which texts are streaming, the time that passed.
 * Must not know: where events come from (a run, a log, a test), how anything is shown.
 * Invariant: events are told once and in order; the clock leaves out the time between executions, so a session that slept for a night does not look it.
 */

/**
 * A task: one execution of a node in a step. Times are milliseconds on the recording's clock.
 * `earlier` are its attempts that gave no result and were followed by another: by a retry, or by a resume.
 * @typedef {'waiting' | 'running' | 'retrying' | 'done' | 'failed' | 'stopped'} TaskStatus `stopped`: its run ended, or died, before it did
 * @typedef {{ status: 'failed' | 'stopped', startedAt: number, endedAt: number }} Attempt
 * @typedef {{ node: string, task: number, status: TaskStatus, attempt: number, startedAt: number | null, endedAt: number | null, progress: number | null, error: string, channels: string[], earlier: Attempt[] }} Task
 *
 * A step. `next` is who is due then; `storedMs` is how long the store took, and `storedAt` when it said so: null before, and where only the log tells of the step.
 * `execution` is the index of the one that ran it last.
 * @typedef {{ step: number, frontier: string[], tasks: Task[], skipped: string[], updatedChannels: string[], next: string[], startedAt: number, endedAt: number | null, storedMs: number | null, storedAt: number | null, execution: number }} Step
 *
 * How a node stood: the tasks of the latest step it was due in, by status. `steps` counts the steps in which it ran.
 * @typedef {{ status: 'idle' | 'skipped' | TaskStatus, step: number, total: number, waiting: number, running: number, done: number, failed: number, progress: number, steps: number, error: string }} NodeState
 *
 * One execution of the session: a start or a resume. `from` is its place on the clock; `how` is its end, '' while there is none; `code` is what failed it, else ''.
 * @typedef {{ startedAt: number, from: number, isResumed: boolean, how: '' | 'completed' | 'failed' | 'cancelled' | 'interrupted' | 'died', code: string }} Execution
 */

const IDLE = Object.freeze({ status: 'idle', step: 0, total: 0, waiting: 0, running: 0, done: 0, failed: 0, progress: 0, steps: 0, error: '' });

const ENDS = new Set(['run.completed', 'run.failed', 'run.cancelled', 'run.interrupted']);

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
  #isAlive = true;
  /** How the nodes stood after the first `#folded` steps. */
  #before = new Map();
  #folded = 0;
  /** Ids of streams whose text is settled: what another tab still tells of them is late. */
  #settled = new Set();

  /** Of the last execution; `none` before the first, `running` while nothing says otherwise. */
  get status() {
    const execution = this.executions.at(-1);
    if (execution === undefined) return 'none';
    return execution.how === '' ? 'running' : execution.how;
  }

  /** Whether somebody runs the session. While nobody does, what has no end in the recording has stopped. */
  get isAlive() {
    return this.#isAlive;
  }

  set isAlive(isAlive) {
    if (isAlive !== this.#isAlive) this.version += 1;
    this.#isAlive = isAlive;
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
    const last = this.steps.at(-1);
    if (last === undefined || until < last.step) {
      const nodes = new Map();
      for (const step of this.steps) if (step.step <= until) foldStep(nodes, step);
      return nodes;
    }
    // Those before the last one do not change any more.
    while (this.#folded < this.steps.length - 1) foldStep(this.#before, this.steps[this.#folded++]);
    const nodes = new Map(this.#before);
    foldStep(nodes, last, this.#isAlive);
    return nodes;
  }

  /** Takes the next event of the session. @param {import('weavegraph-wasm').WeaveEvent} event */
  add(event) {
    this.version += 1;
    this.count += 1;
    if (!event.transient) this.seq = Math.max(this.seq, event.seq);
    const isEnd = ENDS.has(event.type);
    if (event.type === 'run.started') this.#start(event);
    // One that may not begin tells a single event, its end.
    else if (this.executions.length === 0 || (isEnd && this.status !== 'running')) this.executions.push({ startedAt: event.at, from: this.now, isResumed: false, how: '', code: '' });
    const execution = this.executions.at(-1);
    if (execution.how === '') this.now = Math.max(this.now, execution.from + Math.max(0, event.at - execution.startedAt));
    if (isEnd) return this.#end(event.type.slice('run.'.length), event.error?.code ?? '');
    switch (event.type) {
      case 'step.started': return this.#startStep(event);
      case 'step.completed': return this.#endStep(event);
      case 'node.started': return this.#startTask(event);
      case 'node.completed': return void Object.assign(this.#task(event), { status: 'done', endedAt: this.now, error: '', channels: Object.keys(event.changes ?? {}) });
      case 'node.failed': return void Object.assign(this.#task(event), { status: event.willRetry ? 'retrying' : 'failed', endedAt: this.now, error: `${event.error.code}: ${event.error.message}` });
      case 'node.retrying': return void Object.assign(this.#task(event), { status: 'retrying' });
      case 'node.skipped': return this.#skip(event);
      case 'progress': return void Object.assign(this.#task(event), { progress: event.fraction });
      case 'llm.chunk': return this.#stream(event, event.text);
      case 'llm.final': return this.#settleStream(event, event.text);
      case 'llm.error': return this.streams.has(event.streamId) ? this.#settleStream(event, this.streams.get(event.streamId).text) : undefined;
      case 'checkpoint.saved': return this.#store(event);
      default:
    }
  }

  /** A text as another tab told it: whole, between two durable events. */
  showStream(streamId, text) {
    if (this.status !== 'running' || this.#settled.has(streamId)) return;
    this.version += 1;
    this.streams.set(streamId, { text, isOpen: true, step: 0, node: '' });
  }

  #start(event) {
    const last = this.executions.at(-1);
    // Streams of tasks that are to run again will be told again.
    this.#settled.clear();
    if (last?.how === '') {
      last.how = 'died';
      this.#stopTasks();
    }
    this.executions.push({ startedAt: event.at, from: this.now, isResumed: event.resumed, how: '', code: '' });
    // Its half-done step is given up, with what its tasks had finished; the next one takes its number.
    if (event.abandoned !== undefined) this.#forgetFrom(this.lastStep + 1);
  }

  #forgetFrom(number) {
    if ((this.steps.at(-1)?.step ?? 0) < number) return;
    this.#folded = 0;
    this.#before.clear();
    while (this.steps.length > 0 && this.steps.at(-1).step >= number) this.#steps.delete(this.steps.pop().step);
  }

  #end(how, code) {
    Object.assign(this.executions.at(-1), { how, code });
    this.#stopTasks();
  }

  #stopTasks() {
    for (const { tasks } of this.steps.slice(-1)) {
      for (const task of tasks) {
        if (task.status !== 'running' && task.status !== 'waiting' && task.status !== 'retrying') continue;
        // An attempt that waits for the next one ended when it failed.
        Object.assign(task, { status: 'stopped', endedAt: task.startedAt === null ? null : task.endedAt ?? this.now });
      }
    }
    for (const stream of this.streams.values()) stream.isOpen = false;
  }

  #startStep({ step: number, frontier }) {
    const known = this.#steps.get(number);
    if (known !== undefined && known.endedAt === null) {
      // A half-done step that is taken up: what was finished stays finished.
      Object.assign(known, { execution: this.executions.length - 1 });
      for (const task of known.tasks) {
        if (task.status === 'done') continue;
        keepAttempt(task);
        Object.assign(task, { status: 'waiting', startedAt: null, endedAt: null, progress: null });
      }
      return;
    }
    // A step that was complete runs again only where a crash took it and those after it back.
    this.#forgetFrom(number);
    const counts = new Map();
    const tasks = frontier.map((node) => {
      const task = counts.get(node) ?? 0;
      counts.set(node, task + 1);
      return newTask(node, task);
    });
    const step = { step: number, frontier, tasks, skipped: [], updatedChannels: [], next: [], startedAt: this.now, endedAt: null, storedMs: null, storedAt: null, execution: this.executions.length - 1 };
    this.#steps.set(number, step);
    this.steps.push(step);
  }

  #endStep(event) {
    const step = this.#steps.get(event.step);
    if (step === undefined) return;
    Object.assign(step, { endedAt: this.now, skipped: event.skipped, updatedChannels: event.updatedChannels, next: event.next });
  }

  /** A gated node is in the frontier, but has no task. */
  #skip({ step: number, node, task }) {
    const step = this.#steps.get(number);
    if (step === undefined) return;
    step.tasks = step.tasks.filter((each) => each.node !== node || each.task !== task);
    if (!step.skipped.includes(node)) step.skipped.push(node);
  }

  #store(event) {
    const step = this.#steps.get(event.step);
    if (step !== undefined) Object.assign(step, { storedMs: event.durationMs, storedAt: this.now });
  }

  #startTask(event) {
    const task = this.#task(event);
    keepAttempt(task);
    Object.assign(task, { status: 'running', attempt: event.attempt, startedAt: this.now, endedAt: null, progress: null, error: '' });
    for (const [id, stream] of this.streams) if (stream.step === event.step && stream.node === event.node) this.#settled.delete(id);
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

  #settleStream({ streamId, step, node }, text) {
    this.streams.set(streamId, { text, isOpen: false, step, node });
    this.#settled.add(streamId);
  }
}

/** The present attempt, which gave no result, becomes one of the earlier ones. */
function keepAttempt(task) {
  if (task.startedAt === null || task.endedAt === null || task.status === 'done') return;
  task.earlier.push({ status: task.error === '' ? 'stopped' : 'failed', startedAt: task.startedAt, endedAt: task.endedAt });
}

function newTask(node, task) {
  return { node, task, status: 'waiting', attempt: 0, startedAt: null, endedAt: null, progress: null, error: '', channels: [], earlier: [] };
}

/** What a step makes of how the nodes stood. */
function foldStep(nodes, step, isAlive = true) {
  for (const [node, tasks] of byNode(step.tasks)) nodes.set(node, stateOf(step.step, tasks, nodes.get(node), isAlive));
  for (const node of step.skipped) nodes.set(node, { ...IDLE, status: 'skipped', step: step.step, steps: nodes.get(node)?.steps ?? 0 });
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

function stateOf(step, tasks, before, isAlive) {
  const stands = (status) => (isAlive || status === 'done' || status === 'failed' ? status : 'stopped');
  const count = (...statuses) => tasks.filter((task) => statuses.includes(stands(task.status))).length;
  const [waiting, running, retrying, done, failed, stopped] = ['waiting', 'running', 'retrying', 'done', 'failed', 'stopped'].map((status) => count(status));
  const status = failed > 0 ? 'failed' : running > 0 ? 'running' : retrying > 0 ? 'retrying' : stopped > 0 ? 'stopped' : waiting === tasks.length ? 'waiting' : waiting > 0 ? 'running' : 'done';
  const progress = tasks.reduce((sum, task) => sum + (task.status === 'done' ? 1 : task.progress ?? 0), 0) / tasks.length;
  const hasRun = done + failed + running + retrying > 0;
  return { status, step, total: tasks.length, waiting, running: running + retrying, done, failed, progress, steps: (before?.steps ?? 0) + (hasRun ? 1 : 0), error: tasks.find((task) => task.error !== '')?.error ?? '' };
}
