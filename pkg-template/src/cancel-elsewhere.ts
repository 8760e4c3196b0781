/**
 * Cancels a run in another realm: by word, and by waiting for its claim to go.
 */

import type { LogStore } from './log-store.js';

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 10_000;

/** Whether a run was there to cancel. Resolves once its claim is gone, which is after its end is stored, or after 10 s. */
export async function cancelElsewhere({ claims, word }: LogStore, sessionId: string, reason: string | undefined): Promise<boolean> {
  if (claims === undefined || word === undefined) return false;
  const owner = (await claims.owners()).get(sessionId);
  if (owner === undefined) return false;
  word.say({ kind: 'cancel', sessionId, ...(reason !== undefined && { reason }) });
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if ((await claims.owners()).get(sessionId) !== owner) break;
  }
  return true;
}
