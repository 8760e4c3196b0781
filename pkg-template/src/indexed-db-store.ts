/**
 * Sessions in IndexedDB, as a store of bytes. The database is Rust's (src/store/indexed_db); here are its loading, and errors as users
 * see them. It must not know what a record or a row says.
 */

import { createError, WeaveError, type ErrorCode } from './errors.js';
import type { Sharing } from './byte-log.js';
import type { ForkBase, SlotRange } from './log-store.js';
import { loadStoreWasm, type StoreWasm } from './store-wasm.js';

/** How the database is opened and written. */
export interface IndexedDbStoreOptions {
  /** The database's name. */
  readonly name: string;
  /** Whether each append is answered only when it is on the disk. Without, that is so for appends that ask for it. */
  readonly isStrict?: boolean;
  /** Called when other tabs keep the database from being opened. */
  readonly onBlocked?: (() => void) | undefined;
}

type Raw = InstanceType<StoreWasm['RawIndexedDb']>;

/** See the module's head. The database is opened by the first call, and again after its connection was lost. */
export class IndexedDbStore implements Sharing {
  readonly name: string;
  readonly #options: IndexedDbStoreOptions;
  #raw: Raw | undefined;
  #isClosed = false;

  constructor(options: IndexedDbStoreOptions) {
    this.name = options.name;
    this.#options = options;
    // Loading begins now; whoever uses the store hears of a failure, and tries again.
    loadStoreWasm().catch(() => undefined);
  }

  append(session: string, slot: number, record: Uint8Array, { strict, row }: { strict: boolean; row?: Uint8Array }): Promise<'ok' | 'taken'> {
    return this.#ask((raw) => raw.append(session, slot, exact(record), strict, row && exact(row)) as Promise<boolean>, (isStored) => (isStored ? 'ok' : 'taken'));
  }

  read(session: string, { from, limit }: { from: number; limit: number }): ReturnType<Sharing['read']> {
    return this.#ask(
      (raw) => raw.read(session, from, limit) as Promise<Flat<number | [slot: number, seq: number, snapshot: number]>>,
      (flat) => pairs(flat, (key, record) => (typeof key === 'number' ? { slot: key, record } : { slot: key[0], record, cut: [key[1], key[2]] as const })),
    );
  }

  fork(session: string, base: ForkBase, record: Uint8Array, row: Uint8Array): Promise<'ok' | 'taken' | 'gone'> {
    const { sessionId, slot, snapshot, cut = -1 } = base;
    return this.#ask(
      (raw) => raw.fork(session, sessionId, slot, snapshot, cut, exact(record), exact(row)) as Promise<number>,
      (answer) => (['ok', 'taken', 'gone'] as const)[answer]!,
    );
  }

  newest(session: string): Promise<{ slot: number; record: Uint8Array } | null> {
    return this.#ask((raw) => raw.newest(session) as Promise<Flat<number>>, (flat) => pairs(flat, (slot, record) => ({ slot, record }))[0] ?? null);
  }

  rows({ after, limit }: { after?: string; limit: number }): Promise<Array<{ session: string; row: Uint8Array }>> {
    return this.#ask((raw) => raw.rows(after, limit) as Promise<Flat<string>>, (flat) => pairs(flat, (session, row) => ({ session, row })));
  }

  drop(session: string, slots: { upTo: number; keep?: readonly number[] } | 'all'): Promise<SlotRange[]> {
    const [upTo, keep] = slots === 'all' ? [-1, []] : [slots.upTo, slots.keep ?? []];
    return this.#ask((raw) => raw.drop(session, upTo, Uint32Array.from(keep).sort()) as Promise<number[]>, (flat) => pairs(flat, (first, last): SlotRange => [first, last]));
  }

  /** What is under way still ends. */
  close(): void {
    this.#isClosed = true;
    this.#raw?.close();
    this.#raw?.free();
    this.#raw = undefined;
  }

  async #ask<Answer, Result>(call: (raw: Raw) => Promise<Answer>, convert: (answer: Answer) => Result): Promise<Result> {
    try {
      return convert(await call(this.#raw ?? (await this.#open())));
    } catch (thrown) {
      throw toError(thrown);
    }
  }

  async #open(): Promise<Raw> {
    const { RawIndexedDb } = await loadStoreWasm();
    if (this.#isClosed) throw createError('CHECKPOINT_UNAVAILABLE', 'the checkpointer was closed; make a new one');
    const { name, isStrict = false, onBlocked } = this.#options;
    // In a turn of its own: what it throws is an error of the page, not of the database.
    return (this.#raw ??= new RawIndexedDb(name, isStrict, onBlocked && (() => queueMicrotask(onBlocked))));
  }
}

/** Keys and bytes in turn, as the store answers. */
type Flat<Key, Second = Uint8Array> = readonly (Key | Second)[];

function pairs<Key, Pair, Second = Uint8Array>(flat: Flat<Key, Second>, make: (key: Key, second: Second) => Pair): Pair[] {
  const made: Pair[] = [];
  for (let index = 0; index < flat.length; index += 2) made.push(make(flat[index] as Key, flat[index + 1] as Second));
  return made;
}

/** A view would be stored with the whole buffer that it looks into. */
function exact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function toError(thrown: unknown): WeaveError {
  if (thrown instanceof WeaveError) return thrown;
  if (!Array.isArray(thrown)) return createError('CHECKPOINT_UNAVAILABLE', "the browser's store has stopped; reload the page", { cause: thrown });
  const [code, message, cause] = thrown as [ErrorCode, string, unknown];
  return createError(code, message, cause === undefined ? {} : { cause });
}
