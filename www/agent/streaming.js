/**
 * Owns: how a draft reaches the readers of a run while it is made, by whomever: streams of tokens, their names, the pace.
 * Must not know: how sentences are chosen or judged, what a writer is asked, the graph.
 * Invariant: the tokens of a stream, joined, are its final text; an attempt that is repeated has a stream of its own.
 */

import { piecesOf, tokensOf } from './draft.js';
import { said } from './writer-error.js';
import { WrittenText } from './written.js';

/** Pause after a token, in milliseconds, where the run's context names none. */
const DEFAULT_PACE_MS = 14;

/** Waits `times` times the run's pace. */
export async function pause(ctx, times) {
  const paceMs = ctx.context?.paceMs ?? DEFAULT_PACE_MS;
  if (paceMs > 0) await ctx.sleep(paceMs * times);
}

/**
 * Streams chosen sentences as the round's own text; of a revised draft, what was there before comes at once, what is new word by word.
 * @returns {Promise<string>} the text
 */
export async function streamChosen(next, before, ctx) {
  const known = new Set(before ? piecesOf(before).map((piece) => piece.id) : []);
  const streamId = `draft-${next.round}`;
  let text = '';
  for (const piece of piecesOf(next)) {
    text += piece.text;
    if (known.has(piece.id)) { ctx.token(piece.text, { streamId }); continue; }
    for (const token of tokensOf(piece.text)) {
      ctx.token(token, { streamId });
      await pause(ctx, 1);
    }
  }
  ctx.llm.final(text, { streamId });
  return text;
}

/**
 * Streams what a writer writes, behind the draft's title and key terms. The stream is `draft-2`, of a second attempt `draft-2.2`; it begins with
 * the writer's first word, and an attempt that fails closes it with `llm.error`.
 * @param {import('./writers.js').Writer} writer @param {{ system: string, prompt: string }} request
 * @param {{ round: number, title: string, terms: readonly string[] }} frame
 * @returns {Promise<{ text: string, body: string, isCut: boolean }>} `body`: what the writer wrote; both are '' where it wrote nothing
 */
export async function streamWritten(writer, request, { round, title, terms }, ctx) {
  const streamId = ctx.attempt === 1 ? `draft-${round}` : `draft-${round}.${ctx.attempt}`;
  const head = `${piecesOf({ title, terms, sentences: [] }).map((piece) => piece.text).join('')}\n\n`;
  const written = new WrittenText();
  let isOpen = false;
  try {
    for await (const piece of writer.write(request, { signal: ctx.signal })) {
      const fresh = written.take(String(piece));
      if (fresh !== '') ctx.token(isOpen ? fresh : head + fresh, { streamId });
      isOpen ||= fresh !== '';
      if (written.isFull) break;
    }
  } catch (error) {
    if (isOpen && !ctx.signal.aborted) ctx.llm.error(said(error?.message) || 'The writer failed.', { streamId });
    throw error;
  }
  if (!isOpen) return { text: '', body: '', isCut: false };
  const text = head + written.text;
  ctx.llm.final(text, { streamId });
  return { text, body: written.text, isCut: written.isFull };
}
