/**
 * Sessions in JavaScript memory, as users make them.
 */

import { BaseCheckpointer } from './checkpointer.js';
import { createError } from './errors.js';

const DEFAULT_KEEP_LAST = 10_000;

/**
 * Keeps sessions as long as the page or process lives.
 *
 * ```ts
 * import { append, END, GraphBuilder, MemoryCheckpointer, START } from 'weavegraph-wasm';
 *
 * const app = new GraphBuilder({ channels: { lines: append<string>() } })
 *   .addNode('greet', () => ({ lines: 'hello' }))
 *   .addEdge(START, 'greet')
 *   .addEdge('greet', END)
 *   .compile({ checkpointer: new MemoryCheckpointer() });
 * await app.invoke({}, { sessionId: 'visit' });
 * await app.invoke({}, { sessionId: 'visit' }); // lines: ['hello', 'hello']
 * ```
 */
export class MemoryCheckpointer extends BaseCheckpointer {
  /**
   * @param options `keepLast`: how many records of a session are kept at least for `history`; older ones go with the next snapshot. Default 10,000.
   * @throws RunFailed RUN_INVALID_OPTION: `keepLast` is not a positive integer.
   */
  constructor(options: { keepLast?: number } = {}) {
    const { keepLast = DEFAULT_KEEP_LAST } = options;
    if (!Number.isSafeInteger(keepLast) || keepLast < 1) throw createError('RUN_INVALID_OPTION', 'keepLast is not a positive integer');
    super('memory', (storage) => new storage.MemoryStore(keepLast, storage.cutBack));
  }
}
