// The work of the cases with PocketFlow, as its documentation tells: nodes with prep, exec and post in a Flow, the state shared and
// changed in place. Must not know the other contestants. Limits: it has no events and stores nothing.
import { Flow, Node, ParallelBatchNode } from 'pocketflow';
import { createGate } from '../gate.js';
import { message } from '../message.js';

class Count extends Node {
  async prep(shared) {
    return shared.n;
  }
  async exec(n) {
    return n + 1;
  }
  async post(shared, _, n) {
    shared.n = n;
    return undefined;
  }
}

/** Takes a node back to itself until there have been so many steps. Without a node to end in it warns of each run. */
function looping(node) {
  node.on('again', node);
  node.on('done', new Node());
  return new Flow(node);
}

const counted = (flow) => ({
  prepare: () => ({ n: 0 }),
  run: async (shared) => {
    await flow.run(shared);
    return shared;
  },
});

export function countAsync(steps) {
  class Loop extends Count {
    async post(shared, _, n) {
      shared.n = n;
      return n < steps ? 'again' : 'done';
    }
  }
  return counted(looping(new Loop()));
}

export function chain(length) {
  const nodes = Array.from({ length }, () => new Count());
  nodes.reduce((before, node) => before.next(node));
  return counted(new Flow(nodes[0]));
}

/** One node that does its batch at once. */
export function fanOut(width) {
  class Tasks extends ParallelBatchNode {
    async prep() {
      return Array.from({ length: width }, (_, index) => index);
    }
    async exec(index) {
      return index;
    }
    async post(shared, _, results) {
      shared.list = results;
      return undefined;
    }
  }
  return counted(new Flow(new Tasks()));
}

export function single() {
  return counted(new Flow(new Count()));
}

/** One message a step, pushed to the shared list. */
export function messages(steps, { isRead, make = message }) {
  class Say extends Node {
    async prep(shared) {
      return isRead ? shared.messages.length : shared.n;
    }
    async exec(n) {
      return { message: make(n), n: n + 1 };
    }
    async post(shared, _, done) {
      shared.messages.push(done.message);
      shared.n = done.n;
      return done.n < steps ? 'again' : 'done';
    }
  }
  const flow = looping(new Say());
  const run = async () => {
    const state = { messages: [], n: 0 };
    await flow.run(state);
    return { state };
  };
  return { run };
}

/** Flows in flight, each waiting in its node until `release`. */
export function open(count) {
  const gate = createGate(count);
  class Wait extends Count {
    async exec(n) {
      await gate.pass();
      return n + 1;
    }
  }
  const flow = new Flow(new Wait());
  const runs = Array.from({ length: count }, () => flow.run({ n: 0 }));
  return { full: gate.full, release: gate.open, ended: () => Promise.all(runs) };
}
