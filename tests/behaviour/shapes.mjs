// What the cases build with: small graphs of any copy of the package, gates, turns, and a clock that stands still. No sleeping.

/** A promise and its handles. */
export function gate() {
  let open, fail;
  const promise = new Promise((resolve, reject) => ([open, fail] = [resolve, reject]));
  return { promise, open, fail };
}

/** A promise that never settles: a node that hangs. */
export const never = () => new Promise(() => {});

/** A later turn of the event loop. How many turns something takes differs between runtimes: `until` waits for it. */
export const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Turns until `isSo()`; what never happens fails by name. */
export async function until(isSo, what = String(isSo)) {
  for (let turns = 0; turns < 2_000; turns += 1) {
    if (await isSo()) return;
    await turn();
  }
  throw new Error(`never happened: ${what}`);
}

/** A builder of START → … → END. Nodes by name: a function, or `[function, options]`. */
export function chain({ append, END, GraphBuilder, START }, nodes, channels = { log: append() }) {
  const graph = new GraphBuilder({ channels });
  let from = START;
  for (const [id, node] of Object.entries(nodes)) {
    graph.addNode(id, ...[node].flat()).addEdge(from, id);
    from = id;
  }
  return graph.addEdge(from, END);
}

/** A builder of START → all nodes at once → END. */
export function fan({ append, END, GraphBuilder, START }, nodes, channels = { log: append() }) {
  const graph = new GraphBuilder({ channels });
  for (const [id, node] of Object.entries(nodes)) graph.addNode(id, ...[node].flat()).addEdge(START, id).addEdge(id, END);
  return graph;
}

/** A node that loops onto itself until `count` steps are done, and again in the next run. */
export function loop({ append, END, GraphBuilder, START }, count, node = () => undefined, channels = { log: append() }) {
  let rounds = 0;
  return new GraphBuilder({ channels })
    .addNode('work', node, { runWhen: 'always' })
    .addEdge(START, 'work')
    .addConditionalEdge('work', () => ((rounds += 1) % count === 0 ? END : 'work'), ['work', END]);
}

/** All events of a run, or of any reader. */
export async function collect(reader) {
  const events = [];
  for await (const event of reader) events.push(event);
  return events;
}

/** The events up to the first that matches; then the reader is left. */
export async function takeUntil(reader, isLast) {
  const events = [];
  for await (const event of reader) {
    events.push(event);
    if (isLast(event)) break;
  }
  return events;
}

export const types = (events) => events.map(({ type }) => type);
export const numbers = (events) => events.filter(({ transient }) => transient !== true).map(({ seq }) => seq);
export const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** The event that ends a run. */
export const isEnd = ({ type }) => type.startsWith('run.') && type !== 'run.started';

/** A clock that stands still until it is told. */
export class StillClock {
  #at;
  #sleepers = [];

  constructor(at = 1_700_000_000_000) {
    this.#at = at;
  }

  now() {
    return this.#at;
  }

  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#at + ms, ms, resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal.reason);
      }, { once: true });
    });
  }

  /** Waits until so many sleep, and wakes the one that is due first. Resolves with how long it was to sleep. */
  async wake(count = 1) {
    await until(() => this.#sleepers.length === count, `${count} sleep`);
    const [next] = this.#sleepers.sort((a, b) => a.at - b.at);
    this.#sleepers.shift();
    this.#at = next.at;
    next.resolve();
    return next.ms;
  }
}

/** A clock that stands still while anything can go on without it, and then goes to whoever is due first. */
export class HastyClock {
  #at = 1_700_000_000_000;
  #sleepers = [];

  now() {
    return this.#at;
  }

  sleep(ms, signal) {
    return new Promise((resolve) => {
      const sleeper = { at: this.#at + ms, resolve };
      if (this.#sleepers.push(sleeper) === 1) this.#goOn();
      signal?.addEventListener('abort', () => (this.#sleepers = this.#sleepers.filter((each) => each !== sleeper)));
    });
  }

  async #goOn() {
    await turn();
    const next = this.#sleepers.sort((a, b) => a.at - b.at).shift();
    if (next === undefined) return;
    this.#at = next.at;
    next.resolve();
    if (this.#sleepers.length > 0) this.#goOn();
  }
}
