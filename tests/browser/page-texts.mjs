// Texts that the tests and pictures of the page put in. Owns their words alone.
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';

/** What does something where it is taken for HTML. */
export const markup = '<img src=x onerror="globalThis.pwned=1"> & "quotes"';

/** Markup, quotes, a right-to-left override, a long word: text that is no HTML. */
export const hostileText = [
  `# ${markup}`, '',
  '<script>globalThis.pwned=1</script> The tide <b onclick="pwned=1">rises</b> with the Moon. \u202Eesrever si sihT\u202C and the harbour waits.', '',
  '## "><svg onload=globalThis.pwned=1>', '',
  `Averyveryverylongword${'x'.repeat(400)} stands in the harbour. The tide {{constructor.constructor('pwned=1')()}} falls \${pwned=1} again.`,
].join('\n');

const sentences = DEFAULT_TEXT.replaceAll(/^#.*$/gm, '').split(/(?<=[.!?])\s+/).map((sentence) => sentence.trim()).filter(({ length }) => length > 20);

/** As many sections as the agent takes, of mixed sentences of the default text: more than 1,000 events, the same each time. */
export const longText = Array.from({ length: 96 }, (_, section) => {
  const own = Array.from({ length: 5 }, (__, line) => sentences[(section * 17 + line * 13) % sentences.length].replace(/\.$/, ` at port ${section % 12}.`));
  return `## Part ${section + 1}\n\n${own.join(' ')}`;
}).join('\n\n');
