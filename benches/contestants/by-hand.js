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
