/**
 * Sessions in a store of a user's own.
 *
 * Owns the check of what it is given. It must not know how records become bytes: the storage module does.
 */

import { BaseCheckpointer } from './checkpointer.js';
import { createError } from './errors.js';
import type { RecordCodec, SessionStore } from './session-store.js';

/**
 * Keeps sessions in a store that you write: a log of opaque bytes with five methods. docs/stores.md of the repository shows one.
 *
 * ```ts
 * import { StoreCheckpointer, type SessionStore } from 'weavegraph-wasm';
 *
 * declare const database: SessionStore;
 * const open = (key: number) => new StoreCheckpointer(database, {
 *   codec: { encode: (bytes) => bytes.map((byte) => byte ^ key), decode: (bytes) => bytes.map((byte) => byte ^ key) },
 * });
 * console.log(typeof open); // function
 * ```
 */
export class StoreCheckpointer extends BaseCheckpointer {
  /**
   * @param store its methods are called on it, in order for each session
   * @param options `codec`: around all bytes, as for encryption
   * @throws RunFailed RUN_INVALID_OPTION: the store or the codec lacks a method.
   */
  constructor(store: SessionStore, options: { codec?: RecordCodec } = {}) {
    check('the store', store, ['append', 'read', 'newest', 'rows', 'drop']);
    if (typeof store.name !== 'string' || store.name === '') throw createError('RUN_INVALID_OPTION', 'the store has no name; give it one, as in `readonly name = "my-store"`');
    const { codec } = options;
    if (codec !== undefined) check('the codec', codec, ['encode', 'decode']);
    super(store.name, (storage) => new storage.ByteLog(store, { codec }));
  }
}

function check(what: string, given: unknown, methods: readonly string[]): void {
  const missing = methods.filter((name) => typeof (given as Readonly<Record<string, unknown>> | undefined)?.[name] !== 'function');
  if (missing.length > 0) throw createError('RUN_INVALID_OPTION', `${what} has no ${missing.map((name) => `${name}()`).join(', ')}`);
}
