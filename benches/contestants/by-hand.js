// The work of the cases as one would write it by hand, without any library. Must not know the other contestants. A state is copied
// at each step, since an earlier one may have been handed out.
import { createGate } from '../gate.js';
import { message } from '../message.js';

export function countAsync(steps) {
  const node = async (state) => ({ n: state.n + 1 });
  const run = async () => {
    let state = { n: 0 };
    while (state.n < steps) state = { ...state, ...(await node(state)) };
    return state;
  };
  return { run };
}

export function countSync(steps) {
  const node = (state) => ({ n: state.n + 1 });
  const run = () => {
    let state = { n: 0 };
    while (state.n < steps) state = { ...state, ...node(state) };
    return state;
  };
  return { run };
}

/** Each update goes to a log before the next step begins. */
export function countStored(steps) {
  const node = async (state) => ({ n: state.n + 1 });
  const run = async () => {
    const log = [];
    let state = { n: 0 };
    while (state.n < steps) {
      const update = await node(state);
      log.push(update);
      state = { ...state, ...update };
    }
    return state;
  };
  return { run };
}

/** Its nodes one after the other. */
export function chain(length) {
  const nodes = Array.from({ length }, () => async (state) => ({ n: state.n + 1 }));
  const run = async () => {
    let state = { n: 0 };
    for (const node of nodes) state = { ...state, ...(await node(state)) };
    return state;
  };
  return { run };
}

/** All nodes at once. */
export function fanOut(width) {
  const nodes = Array.from({ length: width }, (_, index) => async () => ({ list: index }));
  const run = async () => {
    const updates = await Promise.all(nodes.map((node) => node()));
    return { list: updates.map((update) => update.list) };
  };
  return { run };
}

export function single() {
  const node = async (state) => ({ n: state.n + 1 });
  const run = async () => {
    const state = { n: 0 };
    return { ...state, ...(await node(state)) };
  };
  return { run };
}

/** From a node that fills a queue to a reader of it. */
export function events(count) {
  const run = async () => {
    const queue = [];
    const node = async () => {
      for (let index = 0; index < count; index += 1) queue.push({ type: 'message', scope: 'bench', message: 'tick' });
    };
    const done = node();
    let at = 0;
    const next = async () => {
      await done;
      return at < queue.length ? { value: queue[at++], done: false } : { value: undefined, done: true };
    };
    let read = 0;
    for await (const event of { [Symbol.asyncIterator]: () => ({ next }) }) read += event.type === 'message' ? 1 : 0;
    return read;
  };
  return { run };
}

/** One message a step; the list is copied, as the state is. */
export function messages(steps, { isRead, isStored, make = message }) {
  const node = async (state) => ({ message: make(state.n), n: (isRead ? state.messages.length : state.n) + 1 });
  const run = async () => {
    const log = [];
    let state = { messages: [], n: 0 };
    while (state.n < steps) {
      const update = await node(state);
      if (isStored) log.push(update);
      state = { messages: [...state.messages, update.message], n: update.n };
    }
    return { state, kept: log };
  };
  return { run };
}

/** Runs in flight, each waiting in its node until `release`. */
export function open(count) {
  const gate = createGate(count);
  const node = async (state) => (await gate.pass(), { n: state.n + 1 });
  const run = async () => {
    const state = { n: 0 };
    return { ...state, ...(await node(state)) };
  };
  const runs = Array.from({ length: count }, run);
  return { full: gate.full, release: gate.open, ended: () => Promise.all(runs) };
}

/** A task for each part of the work, and one that adds up what they made. */
export function mapReduce(count) {
  const split = async () => Array.from({ length: count }, (_, index) => index);
  const work = async (input) => input;
  const sum = async ({ list }) => ({ n: list.reduce((total, each) => total + each, 0) });
  const run = async () => {
    const state = { list: await Promise.all((await split()).map(work)) };
    return { ...state, ...(await sum(state)) };
  };
  return { run };
}

/** A node that waits for many. */
export function join(width) {
  const { run: meet } = fanOut(width);
  const count = async ({ list }) => ({ n: list.length });
  const run = async () => {
    const state = await meet();
    return { ...state, ...(await count(state)) };
  };
  return { run };
}

/** Two nodes, again and again. */
export function pairs(steps) {
  const node = async (state) => ({ n: state.n + 1 });
  const run = async () => {
    let state = { n: 0 };
    while (state.n < 2 * steps) {
      state = { ...state, ...(await node(state)) };
      state = { ...state, ...(await node(state)) };
    }
    return state;
  };
  return { run };
}

/** The two are a function of their own, with a state of its own. */
export function subgraphs(steps) {
  const node = async (state) => ({ n: state.n + 1 });
  const pair = async (outer) => {
    let state = { ...outer };
    state = { ...state, ...(await node(state)) };
    return { ...state, ...(await node(state)) };
  };
  const run = async () => {
    let state = { n: 0 };
    while (state.n < 2 * steps) state = { ...state, ...(await pair(state)) };
    return state;
  };
  return { run };
}

export const firstRun = chain;

/** From the log of a session to its state. */
export function resumed(steps) {
  const log = Array.from({ length: steps }, (_, step) => ({ message: message(step), n: step + 1 }));
  const run = () => {
    const state = { messages: [], n: 0 };
    for (const update of log) {
      state.messages.push(update.message);
      state.n = update.n;
    }
    return state;
  };
  return { run };
}
