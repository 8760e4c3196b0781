/**
 * A reader of a session's log. Owns nothing but the way to the storage module, which does the reading.
 */

import type { AppCore } from './app-core.js';
import { RunEvents, type Pulled, type ReaderSource } from './event-stream.js';
import type { EventStream, WeaveEvent } from './events.js';
import type { Follower } from './follower.js';
import type { ReadSubscription } from './read-options.js';
import { loadStorage } from './storage-loader.js';
import type { StoreHandle } from './store-handle.js';

/** @throws CheckpointError CHECKPOINT_UNAVAILABLE: the checkpointer was closed. */
export function follow(app: AppCore, sessionId: string, handle: StoreHandle, subscription: ReadSubscription): EventStream {
  handle.check();
  return new RunEvents(new Following(app, sessionId, handle), subscription, false);
}

class Following implements ReaderSource {
  #follower: Follower | undefined;
  #isClosed = false;

  constructor(
    readonly app: AppCore,
    readonly sessionId: string,
    readonly handle: StoreHandle,
  ) {}

  pull(reader: RunEvents): Pulled {
    return this.#follower === undefined ? { refillAfter: 0 } : this.#follower.pull(reader);
  }

  async refill(reader: RunEvents): Promise<WeaveEvent[]> {
    try {
      const { Follower } = await loadStorage();
      const store = await this.handle.open();
      if (this.#isClosed) return [];
      this.#follower ??= new Follower(this, this.handle, store, reader);
      return await this.#follower.read();
    } catch (thrown) {
      reader.fail(thrown);
      return [];
    }
  }

  isAttached(): boolean {
    return false;
  }

  dropped(): number {
    return 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#follower?.close();
  }
}
