/**
 * Types of the platform that the package's own signatures mention.
 *
 * Owns nothing at run time. They must resolve under lib `dom`, Node's types and Workers' types, so no global class is named
 * directly.
 */

/**
 * The platform's `ReadableStream`, found without naming it: as a global class, else as the body of what `fetch` returns
 * (Workers' types declare the class as a constant, which `globalThis` does not show), else a stand-in.
 */
export type ReadableStreamLike = typeof globalThis extends { ReadableStream: { prototype: infer Stream } }
  ? Stream
  : typeof globalThis extends { fetch(...request: any[]): Promise<{ readonly body: infer Body }> }
    ? NonNullable<Body>
    : { getReader(): any; cancel(reason?: any): Promise<void> };
