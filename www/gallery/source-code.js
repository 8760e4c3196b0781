/**
 * Owns: the source of a program as it is shown: its form for users of the package, its tokens, its lines in the document.
 * Must not know: what a program does, the page.
 * Invariant: the tokens of a source, one after the other, are the source; text reaches the document as text only.
 */

const KEYWORDS = new Set('async await break case catch class const continue default do else export extends finally for from function if import in let new of return static switch this throw try typeof undefined null true false while yield'.split(' '));
const TOKEN = /(?<comment>\/\/[^\n]*)|(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(?<template>`)|(?<number>\b\d[\d_.]*(?:e[+-]?\d+)?\b)|(?<word>[A-Za-z_$][\w$]*)/y;
const PACKAGE_PATH = /(['"])(?:\.\.\/)+pkg\/entries\/web\.js\1/gu;

/** The program as one writes it who has installed the package. @param {string} source */
export function shownForm(source) {
  return source.replace(PACKAGE_PATH, "'weavegraph-wasm'");
}

/**
 * A modest reader of JavaScript: comments, strings, numbers and keywords; the rest is `plain`. It does not know regular expressions.
 * @param {string} source @returns {{ kind: 'comment' | 'string' | 'number' | 'keyword' | 'plain', text: string }[]}
 */
export function tokensOf(source) {
  const tokens = [];
  const add = (kind, text) => {
    const last = tokens.at(-1);
    if (last?.kind === kind) last.text += text;
    else tokens.push({ kind, text });
  };
  // For each template that is open, how many braces are open in its `${`.
  const templates = [];
  let isInTemplate = false;
  let at = 0;
  while (at < source.length) {
    if (isInTemplate) {
      const [text] = /^(?:\\.|(?!\$\{)[^`\\])*(?:`|\$\{)?/su.exec(source.slice(at));
      const isCode = text.endsWith('${');
      add('string', isCode ? text.slice(0, -2) : text);
      if (isCode) {
        add('plain', '${');
        templates.push(0);
      }
      isInTemplate = false;
      at += text.length;
      if (text === '') at = source.length;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    const text = match?.[0] ?? source[at];
    at += text.length;
    const { comment, string, template, number, word } = match?.groups ?? {};
    if (comment ?? string ?? number) add(comment ? 'comment' : string ? 'string' : 'number', text);
    else if (word) add(KEYWORDS.has(word) ? 'keyword' : 'plain', text);
    else if (template) {
      add('string', text);
      isInTemplate = true;
    } else {
      add('plain', text);
      if (templates.length === 0) continue;
      if (text === '{') templates[templates.length - 1] += 1;
      if (text === '}' && templates[templates.length - 1]-- === 0) {
        templates.pop();
        isInTemplate = true;
      }
    }
  }
  return tokens.filter((token) => token.text !== '');
}

/** The tokens line by line; the line breaks are left out. @returns {ReturnType<typeof tokensOf>[]} */
export function linesOf(source) {
  const lines = [[]];
  for (const { kind, text } of tokensOf(source.replace(/\n$/u, ''))) {
    text.split('\n').forEach((part, i) => {
      if (i > 0) lines.push([]);
      if (part !== '') lines.at(-1).push({ kind, text: part });
    });
  }
  return lines;
}

/** Fills an element with the lines of a source; their numbers are the style's. @param {HTMLElement} code */
export function showSource(code, source) {
  code.replaceChildren(...linesOf(source).map((tokens) => {
    const line = document.createElement('span');
    line.className = 'source-line';
    for (const { kind, text } of tokens) {
      if (kind === 'plain') line.append(text);
      else {
        const part = document.createElement('span');
        part.className = `is-${kind}`;
        part.textContent = text;
        line.append(part);
      }
    }
    line.append('\n');
    return line;
  }));
}
