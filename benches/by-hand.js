// The work of the cases as one would write it by hand, without any library. Must not know the other contestants. A state is copied
// at each step, since an earlier one may have been handed out.

export async function countAsync(steps) {
  const node = async (state) => ({ n: state.n + 1 });
  let state = { n: 0 };
  while (state.n < steps) state = { ...state, ...(await node(state)) };
  return state;
}

export function countSync(steps) {
  const node = (state) => ({ n: state.n + 1 });
  let state = { n: 0 };
  while (state.n < steps) state = { ...state, ...node(state) };
  return state;
}

/** Its nodes one after the other. */
export async function chain(length) {
  const nodes = Array.from({ length }, () => async (state) => ({ n: state.n + 1 }));
  let state = { n: 0 };
  for (const node of nodes) state = { ...state, ...(await node(state)) };
  return state;
}

/** All nodes at once. */
export async function fanOut(width) {
  const nodes = Array.from({ length: width }, (_, index) => async () => ({ list: index }));
  const updates = await Promise.all(nodes.map((node) => node()));
  return { list: updates.map((update) => update.list) };
}

export async function single() {
  const node = async (state) => ({ n: state.n + 1 });
  const state = { n: 0 };
  return { ...state, ...(await node(state)) };
}

/** From a node that fills a queue to a reader of it. */
export async function events(count) {
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
}
