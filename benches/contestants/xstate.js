// The work of the cases with XState, as its documentation tells: a machine per workflow, an actor per run, a node as an invoked promise
// whose `onDone` assigns to the context. Must not know the other contestants.
import { assign, createActor, fromPromise, setup, toPromise } from 'xstate';
import { createGate } from '../gate.js';
import { message } from '../message.js';

const increment = fromPromise(async ({ input }) => ({ n: input.n + 1 }));
const input = ({ context }) => context;
const output = input;
const keep = assign(({ event }) => event.output);
const { createMachine } = setup({ actors: { increment } });
const context = { n: 0 };

const run = (machine) => ({ run: () => toPromise(createActor(machine).start()) });

const looping = (steps) =>
  createMachine({
    context,
    output,
    initial: 'count',
    states: {
      count: {
        invoke: {
          src: 'increment',
          input,
          onDone: [
            { guard: ({ event }) => event.output.n < steps, target: 'count', reenter: true, actions: keep },
            { target: 'done', actions: keep },
          ],
        },
      },
      done: { type: 'final' },
    },
  });

export function countAsync(steps) {
  return run(looping(steps));
}

/** Eventless transitions, which need no actor and no event. */
export function countSync(steps) {
  return run(
    createMachine({
      context,
      output,
      initial: 'count',
      states: {
        count: {
          always: [
            { guard: ({ context: { n } }) => n === steps, target: 'done' },
            { actions: assign({ n: ({ context: { n } }) => n + 1 }) },
          ],
        },
        done: { type: 'final' },
      },
    }),
  );
}

/** What an actor persists is asked for at each of its snapshots, and kept. */
export function countStored(steps) {
  const machine = looping(steps);
  const runStored = () => {
    const kept = [];
    const actor = createActor(machine);
    actor.subscribe(() => kept.push(actor.getPersistedSnapshot()));
    return toPromise(actor.start());
  };
  return { run: runStored };
}

export function chain(length) {
  const states = { done: { type: 'final' } };
  for (let index = 0; index < length; index += 1) {
    const target = index + 1 < length ? `node ${index + 1}` : 'done';
    states[`node ${index}`] = { invoke: { src: 'increment', input, onDone: { target, actions: keep } } };
  }
  return run(createMachine({ context, output, initial: 'node 0', states }));
}

/** A parallel state with a region per node; it is done when all of them are. */
export function fanOut(width) {
  const states = {};
  for (let index = 0; index < width; index += 1) {
    states[`node ${index}`] = {
      initial: 'running',
      states: {
        running: {
          invoke: {
            src: fromPromise(async () => index),
            onDone: { target: 'done', actions: assign({ list: ({ context: { list }, event }) => [...list, event.output] }) },
          },
        },
        done: { type: 'final' },
      },
    };
  }
  return run(createMachine({ context: { list: [] }, output, type: 'parallel', states }));
}

export function single() {
  return chain(1);
}

/** A promise that emits; its reader is a listener, since an actor has no iterator. */
export function events(count) {
  const talk = fromPromise(async ({ emit: send }) => {
    for (let index = 0; index < count; index += 1) send({ type: 'message', scope: 'bench', message: 'tick' });
  });
  const runRead = async () => {
    let read = 0;
    const actor = createActor(talk);
    actor.on('message', (event) => (read += event.type === 'message' ? 1 : 0));
    await toPromise(actor.start());
    return read;
  };
  return { run: runRead };
}

/** One message a step. */
export function messages(steps, { isRead, isStored, make = message }) {
  const say = fromPromise(async ({ input: state }) => ({ message: make(state.n), n: (isRead ? state.messages.length : state.n) + 1 }));
  const add = assign({ messages: ({ context: { messages: list }, event }) => [...list, event.output.message], n: ({ event }) => event.output.n });
  const machine = createMachine({
    context: { messages: [], n: 0 },
    output,
    initial: 'say',
    states: {
      say: {
        invoke: {
          src: say,
          input,
          onDone: [
            { guard: ({ event }) => event.output.n < steps, target: 'say', reenter: true, actions: add },
            { target: 'done', actions: add },
          ],
        },
      },
      done: { type: 'final' },
    },
  });
  const runMessages = async () => {
    const kept = [];
    const actor = createActor(machine);
    if (isStored) actor.subscribe(() => kept.push(actor.getPersistedSnapshot()));
    return { state: await toPromise(actor.start()), kept };
  };
  return { run: runMessages };
}

/** Actors in flight, each waiting for its promise until `release`. */
export function open(count) {
  const gate = createGate(count);
  const wait = fromPromise(async ({ input: state }) => (await gate.pass(), { n: state.n + 1 }));
  const machine = createMachine({
    context,
    output,
    initial: 'wait',
    states: { wait: { invoke: { src: wait, input, onDone: { target: 'done', actions: keep } } }, done: { type: 'final' } },
  });
  const actors = Array.from({ length: count }, () => createActor(machine).start());
  return { full: gate.full, release: gate.open, ended: () => Promise.all(actors.map((actor) => toPromise(actor))) };
}
