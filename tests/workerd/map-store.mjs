// A store of a user's own, as docs/stores.md asks for one; every answer takes a turn.
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

export class MapStore {
  name = 'map';
  sessions = new Map();

  async append(session, slot, record, { row } = {}) {
    await turn();
    let stored = this.sessions.get(session);
    if (stored === undefined) this.sessions.set(session, (stored = { records: new Map(), row: undefined }));
    if (stored.records.has(slot)) return 'taken';
    stored.records.set(slot, record);
    if (row !== undefined) stored.row = row;
    return 'ok';
  }

  async read(session, { from, limit }) {
    await turn();
    return this.#ascending(session).filter(({ slot }) => slot >= from).slice(0, limit);
  }

  async newest(session) {
    await turn();
    return this.#ascending(session).at(-1) ?? null;
  }

  async rows({ after = '', limit }) {
    await turn();
    const rows = [...this.sessions].filter(([session, { row }]) => session > after && row !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
    return rows.slice(0, limit).map(([session, { row }]) => ({ session, row }));
  }

  async drop(session, slots) {
    await turn();
    if (slots === 'all') return void this.sessions.delete(session);
    const records = this.sessions.get(session)?.records ?? new Map();
    for (const slot of [...records.keys()]) if (slot <= slots.upTo && !slots.keep?.includes(slot)) records.delete(slot);
  }

  #ascending(session) {
    const records = this.sessions.get(session)?.records ?? new Map();
    return [...records].map(([slot, record]) => ({ slot, record })).sort((a, b) => a.slot - b.slot);
  }
}
