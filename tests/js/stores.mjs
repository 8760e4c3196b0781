// Stores for tests: in a Map, slow, encrypted, and the one that the documentation shows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { root } from '../../scripts/command.mjs';
import { blocksOfMarkdown } from './examples.mjs';

/** A store in a Map that answers at once. `sessions` may be shared by many, as a database is. */
export class MapStore {
  name = 'map';

  constructor(sessions = new Map()) {
    this.sessions = sessions;
  }

  append(session, slot, record, { row }) {
    const stored = this.sessions.get(session) ?? { records: new Map(), row: undefined };
    if (stored.records.has(slot)) return 'taken';
    this.sessions.set(session, stored);
    stored.records.set(slot, record);
    if (row !== undefined) stored.row = row;
    return 'ok';
  }

  read(session, { from, limit }) {
    return this.#sorted(session).filter(({ slot }) => slot >= from).slice(0, limit);
  }

  newest(session) {
    return this.#sorted(session).at(-1) ?? null;
  }

  rows({ after, limit }) {
    const rows = [...this.sessions].flatMap(([session, { row }]) => (row === undefined || (after !== undefined && session <= after) ? [] : [{ session, row }]));
    return rows.sort((a, b) => (a.session < b.session ? -1 : 1)).slice(0, limit);
  }

  drop(session, slots) {
    if (slots === 'all') this.sessions.delete(session);
    else for (const { slot } of this.#sorted(session)) if (slot <= slots.upTo && !slots.keep?.includes(slot)) this.sessions.get(session).records.delete(slot);
  }

  #sorted(session) {
    const records = this.sessions.get(session)?.records ?? new Map();
    return [...records].map(([slot, record]) => ({ slot, record })).sort((a, b) => a.slot - b.slot);
  }
}

/** The same with promises, each of which takes a turn or two. */
export class SlowStore {
  name = 'slow';

  constructor(sessions) {
    const store = new MapStore(sessions);
    for (const method of ['append', 'read', 'newest', 'rows', 'drop']) {
      this[method] = async (...args) => {
        await new Promise((resolve) => setImmediate(resolve));
        return store[method](...args);
      };
    }
  }
}

/** Encrypts, in a way: each byte is changed by its place and a key. */
export const xorCodec = (key = 0x5a) => {
  const change = (bytes) => bytes.map((byte, index) => byte ^ key ^ (index & 0xff));
  return { encode: change, decode: change };
};

/** The store that docs/stores.md shows, as it stands there. */
export async function documentedStore() {
  const [block] = blocksOfMarkdown(readFileSync(join(root, 'docs/stores.md'), 'utf8')).filter(({ code }) => code.includes('class KeyValueStore'));
  const lines = block.code.trim().split('\n').length;
  const { code } = transformSync(block.code, { loader: 'ts', format: 'esm' });
  const { KeyValueStore } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return { KeyValueStore, lines };
}

/** The database that it wants, in a Map that may be shared. */
export class KeyValueMap {
  constructor(entries = new Map()) {
    this.entries = entries;
  }

  async list({ prefix, start = prefix, limit, reverse = false }) {
    const found = [...this.entries].filter(([key]) => key.startsWith(prefix) && key >= start).sort(([a], [b]) => (a < b ? -1 : 1));
    return (reverse ? found.reverse() : found).slice(0, limit);
  }

  async insert(entries) {
    if (this.entries.has(entries[0][0])) return false;
    for (const [key, value] of entries) this.entries.set(key, value);
    return true;
  }

  async delete(keys) {
    for (const key of keys) this.entries.delete(key);
  }
}
