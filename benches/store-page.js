// What durable sessions cost in a real browser, beside raw IndexedDB in the same run. `store.mjs` opens a page with this module and asks
// it; every function returns numbers, milliseconds and bytes.
import { append, END, GraphBuilder, IndexedDbCheckpointer, last, START } from 'weavegraph-wasm';
import { message } from './message.js';

let databases = 0;
const freshName = () => `bench ${(databases += 1)} ${Math.random()}`;

function loop(steps, checkpointer, durability) {
  return new GraphBuilder({ channels: { messages: append(), n: last({ initial: 0 }) } })
    .addNode('say', (state) => ({ messages: message(state.n), n: state.n + 1 }))
    .addEdge(START, 'say')
    .addConditionalEdge('say', (state) => (state.n < steps ? 'say' : END), ['say', END])
    .compile({ checkpointer, durability, maxSteps: Infinity });
}

/** Milliseconds of a run of `steps` steps with a checkpointer on a new database. */
export async function run(steps, durability) {
  const name = freshName();
  const checkpointer = new IndexedDbCheckpointer({ name, broadcast: false });
  const app = loop(steps, checkpointer, durability);
  // The store is loaded and open before the clock runs.
  await checkpointer.listSessions();
  const startedAt = performance.now();
  const state = await app.invoke({}, { sessionId: 's' });
  const ms = performance.now() - startedAt;
  if (state.messages.length !== steps) throw new Error('the run did not do its work');
  return { ms, name, checkpointer, app, dataBytes: new TextEncoder().encode(JSON.stringify(state)).length };
}

/** Milliseconds of the same run without a store. */
export async function runWithout(steps) {
  const app = loop(steps);
  const startedAt = performance.now();
  await app.invoke({});
  return performance.now() - startedAt;
}

function open(name, prepare = () => {}) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => prepare(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Milliseconds of `puts` transactions, one after the other, of one raw relaxed put of `bytes` bytes each. */
export async function rawPuts(puts, bytes) {
  const name = freshName();
  const database = await open(name, (made) => made.createObjectStore('records'));
  const record = new Uint8Array(bytes).fill(120);
  const startedAt = performance.now();
  for (let put = 0; put < puts; put += 1) {
    const transaction = database.transaction('records', 'readwrite', { durability: 'relaxed' });
    transaction.objectStore('records').put(record, put);
    transaction.commit();
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  }
  const ms = performance.now() - startedAt;
  database.close();
  await drop(name);
  return ms;
}

/** Bytes of all stored records of a database. */
export async function storedBytes(name) {
  const database = await open(name);
  const request = database.transaction('records').objectStore('records').getAll();
  const records = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  database.close();
  return { bytes: records.reduce((sum, record) => sum + record.byteLength, 0), records: records.length };
}

/** Milliseconds of reading a session back, by a new checkpointer and a new app: `getState`, and a `resume` of the finished session. */
export async function restore(name, steps) {
  const times = [];
  for (const read of [(app) => app.getState('s'), (app) => app.resume('s')]) {
    const checkpointer = new IndexedDbCheckpointer({ name, broadcast: false });
    const app = loop(steps, checkpointer, 'sync');
    await checkpointer.listSessions();
    const startedAt = performance.now();
    await read(app);
    times.push(performance.now() - startedAt);
    await checkpointer.close();
  }
  return { getState: times[0], resume: times[1] };
}

/** Milliseconds from `ctx.emit` to the iterator, one figure per event, of a node that emits once and then waits for a while. */
export async function latencies(count) {
  const name = freshName();
  const checkpointer = new IndexedDbCheckpointer({ name, broadcast: false });
  const emittedAt = [];
  const app = new GraphBuilder({ channels: { n: last({ initial: 0 }) } })
    .addNode('emit', async (state, ctx) => {
      emittedAt.push(performance.now());
      ctx.emit('tick', 'tock');
      await ctx.sleep(40);
      return { n: state.n + 1 };
    })
    .addEdge(START, 'emit')
    .addConditionalEdge('emit', (state) => (state.n < count ? 'emit' : END), ['emit', END])
    .compile({ checkpointer });
  const figures = [];
  for await (const event of app.invokeStreaming({}, { events: { filter: ['message'] } })) {
    if (event.type === 'message') figures.push(performance.now() - emittedAt[figures.length]);
  }
  await checkpointer.close();
  await drop(name);
  return figures;
}

export function drop(name) {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = request.onerror = resolve;
  });
}
