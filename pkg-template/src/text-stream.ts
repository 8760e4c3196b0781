/**
 * A text stream that a node writes with `ctx.llm`: chunks go out as they come, the whole text is kept for the final. The engine says
 * when a stream that the node left open is closed.
 */

export class OpenStream {
  readonly streamId: string;
  /** In the arena. */
  handle = -1;
  /** Characters so far, of text and reasoning together. */
  length = 0;
  isClosed = false;
  #text = '';
  #reasoning = '';
  #metadata: unknown;

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  /** Adds a chunk and returns the characters before it. */
  add(text: string, kind: 'text' | 'reasoning', metadata: unknown): number {
    const offset = this.length;
    if (kind === 'reasoning') this.#reasoning += text;
    else this.#text += text;
    if (metadata !== undefined) this.#metadata = metadata;
    this.length += text.length;
    return offset;
  }

  /** What `llm.final` shows. `text` replaces the joined chunks. */
  toFinal(text: string = this.#text, metadata: unknown = this.#metadata): { text: string; streamId: string; reasoning?: string; metadata?: unknown } {
    return {
      text,
      streamId: this.streamId,
      ...(this.#reasoning !== '' && { reasoning: this.#reasoning }),
      ...(metadata !== undefined && { metadata }),
    };
  }
}
