/**
 * The log store over IndexedDB: Rust's database, Web Locks for who may run, a BroadcastChannel for word to other tabs.
 */

import { ByteLog } from './byte-log.js';
import { createClaims } from './claims.js';
import { cutBack } from './fork-base.js';
import { IndexedDbStore, type IndexedDbStoreOptions } from './indexed-db-store.js';
import type { MaybePromise } from './log-store.js';
import { createWord, type ClosableWord } from './word.js';

export class IndexedDbLog extends ByteLog {
  readonly answersInTurns = true;
  readonly #word: ClosableWord | undefined;

  constructor({ broadcast, ...options }: IndexedDbStoreOptions & { readonly broadcast: boolean }) {
    const word = createWord(options.name, broadcast);
    const store = new IndexedDbStore(options);
    super(store, { claims: createClaims(options.name), word, sharing: { store, cutBack } });
    this.#word = word;
  }

  override close(): MaybePromise<void> {
    this.#word?.close();
    return super.close();
  }
}
