// Owns the finding of code blocks in Markdown and in doc comments, and of what they say that they print.
// Must not know how a block is compiled or run. Invariant: a line of a block has the number that it has in its file.

/**
 * @typedef {object} Block
 * @property {number} line of its opening fence, from 1
 * @property {string} language '' if the fence names none
 * @property {string} code with an empty line for each line of the file before it
 */

const fence = /^(\s*)```(\w*)\s*$/;
const commentStart = /^\s*\/\*\*/;
const commentLine = /^\s*\*(?!\/) ?/;

/** The blocks of a Markdown text. */
export function blocksOfMarkdown(text) {
  return blocksOf(text.split('\n'));
}

/** The blocks of a TypeScript source's doc comments. */
export function blocksOfSource(text) {
  let isComment = false;
  const lines = text.split('\n').map((line) => {
    isComment ||= commentStart.test(line);
    const said = isComment ? line.replace(commentLine, '') : '';
    if (line.includes('*/')) isComment = false;
    return said;
  });
  return blocksOf(lines);
}

/** @returns {Block[]} */
function blocksOf(lines) {
  const blocks = [];
  let open;
  lines.forEach((line, index) => {
    const [, indent, language] = fence.exec(line) ?? [];
    if (language === undefined) {
      open?.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else if (open === undefined) {
      open = { line: index + 1, language, indent, lines: [] };
    } else {
      blocks.push({ line: open.line, language: open.language, code: `${'\n'.repeat(open.line)}${open.lines.join('\n')}\n` });
      open = undefined;
    }
  });
  if (open !== undefined) blocks.push({ line: open.line, language: 'unclosed', code: '' });
  return blocks;
}

/**
 * What the comments behind `console.log(…);` say that it prints, in order, with the line.
 * A comment that ends in `…` says only how the line begins.
 */
export function claimsOf(code) {
  return code.split('\n').flatMap((line, index) => {
    const [, claim] = /\bconsole\.log\(.*\);? \/\/ (.+)$/.exec(line) ?? [];
    return claim === undefined ? [] : [{ line: index + 1, claim }];
  });
}

/** The first claim that `output` does not keep, or `undefined`. Spaces within brackets do not count. */
export function brokenClaim(claims, output) {
  const printed = output.split('\n').map(tight);
  let at = 0;
  for (const { line, claim } of claims) {
    const wanted = tight(claim);
    const isBegun = wanted.endsWith('…');
    const found = printed.findIndex((text, index) => index >= at && (isBegun ? text.startsWith(wanted.slice(0, -1)) : text === wanted));
    if (found < 0) return { line, claim };
    at = found + 1;
  }
  return undefined;
}

function tight(text) {
  return text.trim().replace(/(?<=[[{(]) +| +(?=[\]})])/g, '');
}
