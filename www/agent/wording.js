/**
 * Owns: how the agent's messages write numbers, plurals and shortened texts.
 * Must not know: what the messages are about.
 * Invariant: pure; nothing is longer than what it was made from, save for one “…” and one “s”.
 */

/** The first 60 characters or less, with “…” where something is left out. */
export function short(text) {
  return text.length <= 60 ? text : `${text.slice(0, 57).trimEnd()}…`;
}

/** With separators for thousands. */
export function number(value) {
  return value.toLocaleString('en-US');
}

/** `1 section`, `2 sections`. */
export function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}
