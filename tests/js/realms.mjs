// Realms that share one store, in one process: a log that answers later, with claims and word between the realms, and with faults on
// demand. Two copies of the package are two realms, since what a realm knows lies in its modules.
import * as here from 'weavegraph-wasm';
import * as there from '../../build/pkg-hooks/entries/node.js';
import { turn } from './graphs.mjs';

export { chainIn } from './graphs.mjs';
export { here, there };

export class World {
  #log;
  #listeners = new Set();
  #locks = new Map();
  /** Called before each operation with its name, session and slot; what it throws, the store throws. */
  before = async () => turn();
  /** `'lost'`: the record is stored and the answer says that its slot was taken. */
  answer = () => undefined;
  /** Every operation. */
  calls = [];

  constructor({ hasClaims = true, hasWord = true } = {}) {
    this.hasClaims = hasClaims;
    this.hasWord = hasWord;
  }

  /** A checkpointer of a realm. `MemoryCheckpointer` has the class that all checkpointers of a realm share. */
  checkpointer({ MemoryCheckpointer }, id = 'realm') {
    const Base = Object.getPrototypeOf(MemoryCheckpointer);
    const world = this;
    return new (class extends Base {
      constructor() {
        super('world', (storage) => {
          world.#log ??= new storage.MemoryStore(10_000);
          return world.#store(id);
        });
      }
    })();
  }

  #store(realm) {
    const operation = (name) => async (sessionId, ...given) => {
      this.calls.push([realm, name, sessionId]);
      await this.before(name, sessionId, given[0]?.slot ?? given[0], realm);
      const answer = this.#log[name](sessionId, ...given);
      return this.answer(name, sessionId, given[0]?.slot, realm) === 'lost' ? 'taken' : answer;
    };
    return {
      name: 'world', append: operation('append'), newest: operation('newest'), read: operation('read'), rows: async (page) => this.#log.rows(page), drop: operation('drop'), close: async () => undefined,
      ...(this.hasClaims && { claims: this.#claims(realm) }),
      ...(this.hasWord && { word: this.#word(realm) }),
    };
  }

  #word(realm) {
    return {
      say: (message) => void setImmediate(() => this.#listeners.forEach((each) => each.realm !== realm && each.hear(message))),
      listen: (hear) => {
        const listener = { realm, hear };
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  get listening() {
    return this.#listeners.size;
  }

  get held() {
    return [...this.#locks.keys()];
  }

  #claims(realm) {
    const grant = (sessionId, lost) => {
      const lock = { realm, lost, line: this.#locks.get(sessionId)?.line ?? [] };
      this.#locks.set(sessionId, lock);
      return {
        release: () => {
          if (this.#locks.get(sessionId) !== lock) return;
          const next = lock.line.shift();
          if (next === undefined) this.#locks.delete(sessionId);
          else next();
        },
      };
    };
    return {
      claim: async (sessionId, how, signal, lost) => {
        await turn();
        const held = this.#locks.get(sessionId);
        if (held === undefined) return grant(sessionId, lost);
        if (how === 'fail') return { owner: held.realm };
        if (how === 'steal') {
          const granted = grant(sessionId, lost);
          held.lost();
          return granted;
        }
        return new Promise((resolve, reject) => {
          const go = () => resolve(grant(sessionId, lost));
          held.line.push(go);
          signal?.addEventListener('abort', () => {
            held.line.splice(held.line.indexOf(go), 1);
            reject(signal.reason);
          });
        });
      },
      owners: async () => new Map([...this.#locks].filter(([, lock]) => lock.realm !== realm).map(([sessionId, lock]) => [sessionId, lock.realm])),
    };
  }
}
