/**
 * How a case says what it expected. No test framework is needed: a failing case throws.
 */

import { toBytes } from '../values/bytes.js';

/** @throws Error unless `isSo` */
export function expect(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`the checkpointer contract expects that ${what}`);
}

/** Exactly equal as values: what is stored is the same. */
export function expectEqual(actual: unknown, wanted: unknown, what: string): void {
  const [one, other] = [toBytes(actual), toBytes(wanted)];
  const isEqual = one.length === other.length && one.every((byte, index) => byte === other[index]);
  // The words take longer than the comparison.
  if (!isEqual) expect(false, `${what} is ${show(wanted)}; it is ${show(actual)}`);
}

/** The code that a promise rejects with has to be one of these. */
export async function expectRejection(promise: Promise<unknown>, codes: readonly string[], what: string): Promise<void> {
  const outcome = await promise.then(
    () => 'nothing',
    (error: unknown) => (error as { readonly code?: string } | null)?.code ?? String(error),
  );
  expect(codes.includes(outcome), `${what} rejects with ${codes.join(' or ')}; it rejected with ${outcome}`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part instanceof Map || part instanceof Set ? [...part] : part)) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)} …` : text;
}
