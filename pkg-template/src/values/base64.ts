/**
 * Bytes as base64 text, with what every platform has.
 */

const PART = 8_190;

/** Standard base64 with padding. */
export function base64Of(bytes: Uint8Array): string {
  const parts: string[] = [];
  // A multiple of three: the parts can be joined.
  for (let at = 0; at < bytes.length; at += PART) parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PART))));
  return parts.join('');
}

/** `undefined` if it is not base64. */
export function bytesOfBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(text)) return undefined;
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index += 1) bytes[index] = letters.charCodeAt(index);
  return bytes;
}
