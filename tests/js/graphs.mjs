// What the tests of runs share: small graphs, ways to wait that need no sleeping, and events in short form.
import { append, END, GraphBuilder, START } from 'weavegraph-wasm';

/** A promise and its handles. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** Resolves in a later turn, after every microtask and every turn of the engine's that is due. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Turns until `isSo()`; a test that waits in vain fails by name. */
export async function until(isSo, what = isSo) {
  for (let turns = 0; turns < 10_000; turns += 1) {
    if (isSo()) return;
    await turn();
  }
  throw new Error(`never happened: ${what}`);
}

/** A builder of a chain START → … → END. Nodes by name: a function, or `[function, options]`. */
export const chain = (nodes, channels) => chainIn({ append, END, GraphBuilder, START }, nodes, channels);

/** The same, made with a given copy of the package. */
export function chainIn({ append: list, END: end, GraphBuilder: Builder, START: start }, nodes, channels = { log: list() }) {
  const graph = new Builder({ channels });
  let from = start;
  for (const [id, node] of Object.entries(nodes)) {
    graph.addNode(id, ...(Array.isArray(node) ? node : [node])).addEdge(from, id);
    from = id;
  }
  return graph.addEdge(from, end);
}

/** A builder of START → all nodes at once → END. */
export function fan(nodes, channels = { log: append() }) {
  const graph = new GraphBuilder({ channels });
  for (const [id, node] of Object.entries(nodes)) graph.addNode(id, ...(Array.isArray(node) ? node : [node])).addEdge(START, id).addEdge(id, END);
  return graph;
}

/** A node that loops onto itself until `count` steps are done, and again in the next run. `channels: null`: the default ones. */
export function loop(count, node = () => undefined, channels = { log: append() }) {
  let rounds = 0;
  return new GraphBuilder(channels === null ? {} : { channels })
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

/** The error that a promise rejects with. */
export async function failure(promise) {
  const value = await promise.then((value) => ({ value }), (error) => ({ error }));
  if (!('error' in value)) throw new Error('it did not reject');
  return value.error;
}

/** An event in one line: `4 message a#0/1`; a transient one has `~` after its number. */
export function short(event) {
  const mark = `${event.seq}${event.transient === true ? '~' : ''} ${event.type}`;
  if (event.node !== undefined) return `${mark} ${event.node}#${event.task}${event.attempt === undefined ? '' : `/${event.attempt}`}`;
  return event.step === undefined ? mark : `${mark} ${event.step}`;
}

export const types = (events) => events.map((event) => event.type);

/** A clock that stands still until it is told. */
export class ManualClock {
  #at;
  #sleepers = [];

  constructor(at = 1_700_000_000_000) {
    this.#at = at;
  }

  get pending() {
    return this.#sleepers.length;
  }

  now() {
    return this.#at;
  }

  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#at + ms, resolve };
      this.#sleepers.push(sleeper);
      const onAbort = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal.reason);
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Moves on, and wakes in order what is due; whoever is woken runs before the next. */
  async advance(ms) {
    const end = this.#at + ms;
    for (;;) {
      await turn();
      const due = this.#sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#sleepers.splice(this.#sleepers.indexOf(due), 1);
      this.#at = Math.max(this.#at, due.at);
      due.resolve();
    }
    this.#at = end;
    await turn();
  }
}

/** For `assert.throws` and `assert.rejects`: an error with this code, and a message that matches. */
export const code = (expected, message = /./) => (error) => {
  if (error.code === expected && message.test(error.message)) return true;
  throw error;
};
