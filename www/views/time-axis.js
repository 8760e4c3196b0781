/**
 * Owns: how long a time axis is, where its ticks stand, and how milliseconds are written.
 * Must not know: what stands on the axis, the document.
 * Invariant: pure; while time goes on the axis changes its length in few steps, so what stands on it keeps still in between.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Lengths and distances that people count in. */
const ROUND_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * SECOND), ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((hours) => hours * HOUR),
];
const MAX_TICKS = 4;
/** A run that has just begun. */
const FIRST_SPAN_MS = SECOND;

/**
 * Milliseconds from the left end of the axis to its right one.
 * @param {number} nowMs what has to fit @param {boolean} isMoving whether it still grows: then there is room, later it is fitted
 */
export function spanOf(nowMs, isMoving) {
  if (isMoving) return atLeast(Math.max(nowMs, FIRST_SPAN_MS));
  const tickMs = atLeast(Math.max(nowMs, 1) / MAX_TICKS);
  return Math.max(1, Math.ceil(nowMs / tickMs)) * tickMs;
}

/** Where ticks stand, the first at 0, in milliseconds. */
export function ticksOf(spanMs) {
  const tickMs = ROUND_MS.find((ms) => spanMs / ms <= MAX_TICKS && spanMs % ms === 0) ?? spanMs;
  return Array.from({ length: Math.floor(spanMs / tickMs) + 1 }, (_, i) => i * tickMs);
}

/** What a tick is called, in the unit of its axis, which the last one names. */
export function tickText(ms, spanMs) {
  if (ms === 0) return '0';
  const [unit, name] = spanMs < SECOND ? [1, 'ms'] : spanMs < 2 * MINUTE ? [SECOND, 's'] : spanMs < 2 * HOUR ? [MINUTE, 'min'] : [HOUR, 'h'];
  const number = Number((ms / unit).toFixed(1));
  return ms < spanMs ? `${number}` : `${number} ${name}`;
}

/** A length of time: `380 ms`, `1.2 s`, `2 min 5 s`, `3 h 20 min`. */
export function timeText(ms) {
  if (ms < 1) return '<1 ms';
  if (ms < SECOND - 0.5) return `${Math.round(ms)} ms`;
  if (ms < MINUTE - 50) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function atLeast(ms) {
  return ROUND_MS.find((round) => round >= ms) ?? Math.ceil(ms / (1000 * HOUR)) * 1000 * HOUR;
}
