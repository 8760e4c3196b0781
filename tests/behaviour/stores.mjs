// The cases of sessions in memory, in a store of a user's own and in IndexedDB, and those about stores alone.
import { codeOf, equal, failure, holds } from './checks.mjs';
import { crashCases, interruptCases } from './interrupts.mjs';
import { sessionCases } from './sessions.mjs';
import { chain, collect, turn } from './shapes.mjs';

/** A store as a user writes it: an array of slots per session, each answer a turn or two late. */
export class SlotStore {
  name = 'slots';
  sessions = new Map();
  /** What `append` is to throw, once. */
  fault = undefined;

  async append(session, slot, record, { row }) {
    await turn();
    if (this.fault !== undefined) throw this.fault;
    const stored = this.sessions.get(session) ?? { slots: new Map(), row: undefined };
    if (stored.slots.has(slot)) return 'taken';
    this.sessions.set(session, stored);
    stored.slots.set(slot, record.slice());
    if (row !== undefined) stored.row = row.slice();
    return 'ok';
  }

  async read(session, { from, limit }) {
    return this.#records(session).filter(({ slot }) => slot >= from).slice(0, limit);
  }

  async newest(session) {
    return this.#records(session).at(-1) ?? null;
  }

  async rows({ after, limit }) {
    const rows = [...this.sessions].filter(([session, { row }]) => row !== undefined && (after === undefined || session > after));
    return rows.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit).map(([session, { row }]) => ({ session, row }));
  }

  async drop(session, which) {
    if (which === 'all') this.sessions.delete(session);
    else for (const { slot } of this.#records(session)) if (slot <= which.upTo && !which.keep?.includes(slot)) this.sessions.get(session).slots.delete(slot);
  }

  #records(session) {
    const slots = this.sessions.get(session)?.slots ?? new Map();
    return [...slots].map(([slot, record]) => ({ slot, record })).sort((a, b) => a.slot - b.slot);
  }
}

/** Encrypts, in a way: each byte is changed by its place. */
const scramble = (bytes) => bytes.map((byte, index) => byte ^ 0x5a ^ (index & 0xff));

let databases = 0;
const indexedDbName = () => `behaviour ${Date.now()} ${(databases += 1)}`;

export const storeCases = {
  ...sessionCases('in memory', ({ MemoryCheckpointer }) => new MemoryCheckpointer()),
  ...sessionCases('in a store of one’s own', ({ StoreCheckpointer }) => new StoreCheckpointer(new SlotStore())),
  ...interruptCases('in memory', ({ MemoryCheckpointer }) => {
    const checkpointer = new MemoryCheckpointer();
    return () => checkpointer;
  }),
  ...interruptCases('in a store of one’s own', ({ StoreCheckpointer }) => {
    const store = new SlotStore();
    return () => new StoreCheckpointer(store);
  }),
  ...crashCases(SlotStore),

  'a codec stands between a store and the package': async (weavegraph) => {
    const store = new SlotStore();
    const codec = { encode: scramble, decode: async (bytes) => scramble(bytes) };
    const open = (options) => new weavegraph.StoreCheckpointer(store, options);
    const graph = chain(weavegraph, { a: () => ({ log: 'plain words' }) });
    await graph.compile({ checkpointer: open({ codec }) }).invoke({}, { sessionId: 's' });
    const bytes = [...store.sessions.get('s').slots.values()].map((record) => String.fromCharCode(...record)).join('');
    holds(bytes.length > 0 && !bytes.includes('plain words'), 'nothing is stored in the clear');
    equal((await graph.compile({ checkpointer: open({ codec }) }).getState('s')).state.log, ['plain words']);
    holds(/^CHECKPOINT_/.test(await codeOf(graph.compile({ checkpointer: open() }).getState('s'))), 'without the codec it cannot be read');
  },

  'a store that throws ends the run with that as its cause, and nothing untold is lost': async (weavegraph) => {
    const store = new SlotStore();
    const disk = new Error('disk is full');
    const breaking = () => {
      if (breaks > 0) store.fault = disk;
      breaks -= 1;
      return { log: 'b' };
    };
    let breaks = 1;
    const app = chain(weavegraph, { a: () => ({ log: 'a' }), b: breaking, c: () => ({ log: 'c' }) }).compile({ checkpointer: new weavegraph.StoreCheckpointer(store) });
    const run = app.invokeStreaming({}, { sessionId: 's' });
    const events = await collect(run);
    const error = await failure(run.join());
    holds(error.code === 'CHECKPOINT_UNAVAILABLE' && error.cause === disk, error.message);
    equal(events.filter(({ type }) => type === 'step.completed').map(({ step }) => step), [1]);
    store.fault = undefined;
    equal((await app.resume('s')).log, ['a', 'b', 'c']);
  },

  'a record that another writer has changed is CHECKPOINT_CORRUPT': async (weavegraph) => {
    const store = new SlotStore();
    const app = chain(weavegraph, { a: () => ({ log: 'a' }) }).compile({ checkpointer: new weavegraph.StoreCheckpointer(store) });
    await app.invoke({}, { sessionId: 's' });
    const [[slot, record]] = store.sessions.get('s').slots;
    store.sessions.get('s').slots.set(slot, record.map((byte, index) => (index === record.length - 1 ? byte ^ 1 : byte)));
    equal(await codeOf(app.getState('s')), 'CHECKPOINT_CORRUPT');
  },

  'two writers of a session on one store: who finds its slot taken has lost it': async (weavegraph) => {
    const store = new SlotStore();
    const open = () => new weavegraph.StoreCheckpointer(store);
    let isHeld = true;
    const graph = chain(weavegraph, { a: async () => { while (isHeld) await turn(); return { log: 'a' }; } });
    const first = graph.compile({ checkpointer: open() }).invokeStreaming({}, { sessionId: 's' });
    for await (const { type } of first) if (type === 'node.started') break;
    const second = graph.compile({ checkpointer: open() }).invokeStreaming({ log: 'in' }, { sessionId: 's', abandon: true });
    for await (const { type } of second) if (type === 'node.started') break;
    isHeld = false;
    equal([(await first.result).error?.code, (await second.join()).log], ['CHECKPOINT_CONFLICT', ['in', 'a']]);
  },
};

/** For runtimes that have IndexedDB. */
export const indexedDbCases = {
  ...sessionCases('in IndexedDB', ({ IndexedDbCheckpointer }) => new IndexedDbCheckpointer({ name: indexedDbName() })),
  ...interruptCases('in IndexedDB', ({ IndexedDbCheckpointer }) => {
    const name = indexedDbName();
    return () => new IndexedDbCheckpointer({ name });
  }),

  'in IndexedDB: another connection finds the session and goes on with it': async (weavegraph) => {
    const name = indexedDbName();
    let isBroken = true;
    const graph = chain(weavegraph, { a: () => ({ log: 'a' }), b: () => { if (isBroken) throw new Error('no'); return { log: 'b' }; } });
    const first = new weavegraph.IndexedDbCheckpointer({ name });
    await failure(graph.compile({ checkpointer: first }).invoke({}, { sessionId: 's' }));
    await first.close();
    isBroken = false;
    const second = new weavegraph.IndexedDbCheckpointer({ name, flush: 'strict', broadcast: false });
    equal((await graph.compile({ checkpointer: second }).resume('s')).log, ['a', 'b']);
    const [row] = await second.listSessions();
    equal([row.sessionId, row.status, row.owner], ['s', 'completed', null]);
    holds(row.bytes > 0, 'its size is known');
    await second.close();
  },
};
