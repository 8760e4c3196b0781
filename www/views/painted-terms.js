/**
 * Owns: key terms that are painted over text nodes (CSS Custom Highlight API) where there are too many for elements.
 * Must not know: how terms are found, which text it is.
 * Invariant: one text at a time is painted; what was painted before is gone.
 */

const PLAIN = 'key-term';
const CHOSEN = 'key-term-chosen';

/** Whether the browser can. */
export function canPaint() {
  return globalThis.CSS?.highlights !== undefined && typeof Highlight === 'function';
}

/**
 * @param {ReadonlyArray<{ node: Text, from: number, to: number, names: readonly string[] }>} places @param {string | null} chosen the term that is painted strongly
 */
export function paintTerms(places, chosen) {
  if (!canPaint()) return;
  const ranges = { [PLAIN]: [], [CHOSEN]: [] };
  for (const { node, from, to, names } of places) {
    ranges[names.includes(chosen) ? CHOSEN : PLAIN].push(new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to }));
  }
  for (const [name, own] of Object.entries(ranges)) {
    if (own.length > 0) CSS.highlights.set(name, new Highlight(...own));
    else CSS.highlights.delete(name);
  }
}
