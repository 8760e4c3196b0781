/**
 * The log store over a store of bytes: IndexedDB, or a user's own.
 *
 * Owns the packing of records and rows, the codec around them, and the typing of what a store throws or answers. It must not know what
 * a record says. A store that answers at once is never waited for, so its runs stay as fast as they were.
 */

import { CheckpointError, createError } from './errors.js';
import type { Claims, CutBack, ForkBase, LogStore, MaybePromise, SessionRow, SlotRange, StoredRecord, Word } from './log-store.js';
import { MAX_SLOT, packRecord, PackedRecord, packRow, unpackRow } from './record-bytes.js';
import type { RecordCodec, SessionStore } from './session-store.js';
import { isThenable } from './thenable.js';
import { isBytes } from './values/bytes.js';

/** What a byte log has besides its store. */
export interface ByteLogOptions {
  readonly codec?: RecordCodec | undefined;
  readonly claims?: Claims | undefined;
  readonly word?: Word | undefined;
  /** The store itself, if its sessions may share records; then there is no codec. */
  readonly sharing?: { readonly store: Sharing; readonly cutBack: CutBack } | undefined;
}

/** What a store has whose sessions may share records; those of a user's own cannot. */
export interface Sharing {
  /** As of `SessionStore`, and in place of a slot: the record in it is to be cut. */
  read(session: string, range: { from: number; limit: number }): MaybePromise<Array<{ slot: number; record: Uint8Array; cut?: readonly [seq: number, snapshot: number] }>>;
  drop(session: string, slots: { upTo: number; keep?: readonly number[] } | 'all'): MaybePromise<SlotRange[]>;
  fork(session: string, base: ForkBase, record: Uint8Array, row: Uint8Array): MaybePromise<'ok' | 'taken' | 'gone'>;
}


type ByteStore = Omit<SessionStore, 'drop'> & { drop(...given: Parameters<SessionStore['drop']>): MaybePromise<unknown> };

export class ByteLog implements LogStore {
  readonly name: string;
  readonly claims: Claims | undefined;
  readonly word: Word | undefined;
  readonly #store: ByteStore;
  readonly #sharing: ByteLogOptions['sharing'];
  readonly fork: LogStore['fork'];
  readonly #codec: RecordCodec | undefined;
  /** Bytes that the records of sessions have which are being written. */
  readonly #sizes = new Map<string, number>();
  #isClosed = false;

  constructor(store: ByteStore, { codec, claims, word, sharing }: ByteLogOptions = {}) {
    this.name = store.name;
    this.claims = claims;
    this.word = word;
    this.#store = store;
    this.#codec = codec;
    this.#sharing = sharing;
    if (sharing === undefined) return;
    this.fork = (sessionId, base, record, row) => {
      const bytes = packRecord(record, { before: 0, storedAt: Date.now() });
      return this.#ask('fork', () => sharing.store.fork(sessionId, base, bytes, packRow({ bytes: bytes.length, ...row })));
    };
  }

  append(sessionId: string, record: StoredRecord, row: SessionRow | undefined, isStrict = false): MaybePromise<'ok' | 'taken'> {
    const { before = this.#sizes.get(sessionId) ?? 0, storedAt = Date.now() } = record;
    return then(this.#encode(packRecord(record, { before, storedAt })), (bytes) => {
      const total = before + bytes.length;
      const packedRow = row && this.#encode(packRow({ bytes: total, ...row }));
      return then(packedRow, (rowBytes) =>
        then(this.#ask('append', (store) => store.append(sessionId, record.slot, bytes, { strict: isStrict, ...(rowBytes && { row: rowBytes }) })), (answer) => {
          if (answer !== 'ok' && answer !== 'taken') throw this.#wrong('append', `'ok' or 'taken'`, answer);
          // Whoever goes on with a session reads its newest record first.
          if (answer === 'taken' || (row !== undefined && row.status !== 'running')) this.#sizes.delete(sessionId);
          else this.#sizes.set(sessionId, total);
          return answer;
        }),
      );
    });
  }

  newest(sessionId: string): MaybePromise<StoredRecord | undefined> {
    return then(this.#ask('newest', (store) => store.newest(sessionId)), (found) => {
      // Stores in JavaScript easily answer `undefined` for nothing.
      if (found === null || found === undefined) {
        this.#sizes.delete(sessionId);
        return undefined;
      }
      return then(this.#unpack('newest', sessionId, found), (record) => {
        this.#sizes.set(sessionId, record.before + record.size);
        return record;
      });
    });
  }

  read(sessionId: string, from: number, limit: number): MaybePromise<readonly StoredRecord[]> {
    return then(this.#ask('read', (store) => store.read(sessionId, { from, limit })), (found) => {
      if (!Array.isArray(found)) throw this.#wrong('read', 'an array', found);
      let last = from - 1;
      for (const each of found) {
        // A slot that comes again would be read for ever.
        if (!(each?.slot > last)) throw this.#wrong('read', `ascending slots from ${from}`, each?.slot);
        last = each.slot;
      }
      return all(found, (each: Awaited<ReturnType<Sharing['read']>>[number]) =>
        then(this.#unpack('read', sessionId, each), (record) => (each.cut === undefined || this.#sharing === undefined ? record : this.#sharing.cutBack(record, ...each.cut))),
      );
    });
  }

  rows(page: { after?: string; limit: number }): MaybePromise<ReadonlyArray<{ sessionId: string; row: SessionRow }>> {
    return then(this.#ask('rows', (store) => store.rows(page)), (found) => {
      if (!Array.isArray(found)) throw this.#wrong('rows', 'an array', found);
      let last = page.after;
      for (const each of found) {
        if (typeof each?.session !== 'string' || (last !== undefined && each.session <= last)) throw this.#wrong('rows', 'ascending session ids behind `after`', each?.session);
        last = each.session;
      }
      return all(found, ({ session, row }) => then(this.#decode(row), (bytes) => ({ sessionId: session, row: unpackRow(session, bytes) })));
    });
  }

  drop(sessionId: string, slots: { upTo: number; keep: readonly number[]; bytes?: number } | 'all'): MaybePromise<readonly SlotRange[]> {
    const size = this.#sizes.get(sessionId);
    if (slots === 'all') this.#sizes.delete(sessionId);
    else if (size !== undefined) this.#sizes.set(sessionId, Math.max(size - (slots.bytes ?? 0), 0));
    const asked = slots === 'all' ? slots : { upTo: slots.upTo, ...(slots.keep.length > 0 && { keep: slots.keep }) };
    const sharing = this.#sharing;
    if (sharing !== undefined) return this.#ask('drop', () => sharing.store.drop(sessionId, asked));
    return then(this.#ask('drop', (store) => store.drop(sessionId, asked)), () => []);
  }

  close(): MaybePromise<void> {
    if (this.#isClosed) return undefined;
    const closed = this.#ask('close', (store) => store.close?.());
    this.#isClosed = true;
    return closed;
  }

  /** One call of the store; what it throws is typed. */
  #ask<T>(what: string, call: (store: ByteStore) => MaybePromise<T>): MaybePromise<T> {
    if (this.#isClosed) throw createError('CHECKPOINT_UNAVAILABLE', 'the checkpointer was closed; make a new one');
    return this.#typed(`store \`${this.name}\` failed at ${what}()`, () => call(this.#store));
  }

  #typed<T>(failed: string, call: () => MaybePromise<T>): MaybePromise<T> {
    const refuse = (thrown: unknown): never => {
      if (thrown instanceof CheckpointError && thrown.code.startsWith('CHECKPOINT_')) throw thrown;
      throw createError('CHECKPOINT_UNAVAILABLE', `${failed}: ${textOf(thrown)}`, { cause: thrown });
    };
    try {
      const answer = call();
      return isThenable(answer) ? Promise.resolve(answer).catch(refuse) : answer;
    } catch (thrown) {
      return refuse(thrown);
    }
  }

  #encode(bytes: Uint8Array): MaybePromise<Uint8Array> {
    const codec = this.#codec;
    if (codec === undefined) return bytes;
    return then(
      this.#typed('codec.encode() failed', () => codec.encode(bytes)),
      (encoded) => {
        if (!isBytes(encoded)) throw this.#wrong('codec.encode', 'a Uint8Array', encoded);
        return encoded;
      },
    );
  }

  /** What it is not is found out by who unpacks it. */
  #decode(bytes: Uint8Array): MaybePromise<Uint8Array> {
    const codec = this.#codec;
    return codec === undefined || !isBytes(bytes) ? bytes : this.#typed('codec.decode() failed', () => codec.decode(bytes));
  }

  #unpack(what: string, sessionId: string, { slot, record }: { slot: number; record: Uint8Array }): MaybePromise<PackedRecord> {
    if (!Number.isSafeInteger(slot) || slot < 0 || slot > MAX_SLOT) throw this.#wrong(what, 'slots that are integers from 0', slot);
    return then(this.#decode(record), (bytes) => new PackedRecord(sessionId, slot, bytes, isBytes(record) ? record.length : 0));
  }

  #wrong(what: string, wanted: string, answer: unknown): CheckpointError {
    return createError('CHECKPOINT_UNAVAILABLE', `store \`${this.name}\` answered ${what}() with ${show(answer)}; it has to answer ${wanted}`);
  }
}

/** Goes on at once where nothing has to be waited for. */
function then<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isThenable(value) ? (value as Promise<T>).then(next) : next(value);
}

/** All of a list in order, one after the other. */
function all<T, R>(list: readonly T[], make: (item: T) => MaybePromise<R>): MaybePromise<R[]> {
  const made = list.map(make);
  return made.some(isThenable) ? Promise.all(made) : (made as R[]);
}

function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'it threw';
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'an array' : 'an object') : String(value);
}
