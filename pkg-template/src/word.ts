/**
 * Word to the other tabs and workers of a site that use the same database, by a BroadcastChannel. Hints only: what is lost costs nothing, and
 * what is heard is checked, since any script of the site may speak here.
 */

import type { Word, WordMessage } from './log-store.js';

/** A word that can be ended; the channel's last use is not known otherwise. */
export interface ClosableWord extends Word {
  close(): void;
}

/** The word about a database; `undefined` where it is not wanted or there is no BroadcastChannel. */
export function createWord(database: string, isOn: boolean): ClosableWord | undefined {
  return isOn && typeof BroadcastChannel === 'function' ? new ChannelWord(`weavegraph:${database}`) : undefined;
}

class ChannelWord implements ClosableWord {
  readonly #listeners = new Set<(message: WordMessage) => void>();
  #channel: BroadcastChannel | undefined;
  #isClosed = false;

  constructor(readonly name: string) {}

  say(message: WordMessage): void {
    this.#open()?.postMessage(message);
  }

  listen(listener: (message: WordMessage) => void): () => void {
    this.#listeners.add(listener);
    this.#open();
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#channel?.close();
    this.#channel = undefined;
  }

  #open(): BroadcastChannel | undefined {
    if (this.#channel !== undefined || this.#isClosed) return this.#channel;
    const channel = new BroadcastChannel(this.name);
    channel.onmessage = ({ data }) => {
      if (isMessage(data)) for (const listener of [...this.#listeners]) listener(data);
    };
    // In Node an open channel keeps the process alive.
    (channel as { unref?(): void }).unref?.();
    return (this.#channel = channel);
  }
}

function isMessage(data: unknown): data is WordMessage {
  const { kind, sessionId, seq, reason } = (data ?? {}) as Record<string, unknown>;
  if (typeof sessionId !== 'string') return false;
  return kind === 'stored' ? seq === undefined || typeof seq === 'number' : kind === 'cancel' && (reason === undefined || typeof reason === 'string');
}
