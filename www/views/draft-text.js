/**
 * Owns: a draft as paragraphs of sentences, whether it is stored, still streams, or streams over the draft that it revises.
 * Must not know: the document, terms, who writes.
 * Invariant: pure; of a stream over a draft, every sentence of that draft is in the result until the stream has passed the place where it stood.
 */

/**
 * A sentence: `plain`; `new` to this round; `waiting`, of the draft before and not yet confirmed. `sources` are ids of source sentences. `isOpen`: it is being written.
 * @typedef {{ key: string, text: string, kind: 'plain' | 'new' | 'waiting', sources: readonly string[], isOpen: boolean }} Item
 * @typedef {{ title: string, paragraphs: Item[][] }} DraftText
 *
 * @typedef {{ round?: number, title: string, sentences: ReadonlyArray<{ id: string, section: number, text: string }>,
 *   paragraphs?: ReadonlyArray<ReadonlyArray<{ text: string, sources: readonly string[] }>> }} Draft
 */

const TERMS_LINE = 'Key terms: ';

/**
 * A draft or briefing that is stored.
 * @param {Draft} draft @param {ReadonlySet<string> | null} before texts of the sentences of the round before; null where it is not known
 * @returns {DraftText}
 */
export function storedText({ title, sentences, paragraphs }, before = null) {
  const item = (text, sources, key) => ({ key, text, kind: before === null || before.has(text) ? 'plain' : 'new', sources, isOpen: false });
  if (paragraphs !== undefined) return { title, paragraphs: paragraphs.map((each, i) => each.map(({ text, sources }, j) => item(text, sources, sources.length === 1 && sentences.some((own) => own.id === sources[0] && own.text === text) ? sources[0] : `${i}.${j} ${text}`))) };
  const made = [];
  sentences.forEach(({ id, section, text }, i) => {
    if (i === 0 || sentences[i - 1].section !== section) made.push([]);
    made[made.length - 1].push(item(text, [id], id));
  });
  return { title, paragraphs: made };
}

/**
 * A stream by itself. It begins with the title and the line of key terms, which the page shows elsewhere.
 * @param {string} text @param {boolean} isOpen @returns {DraftText}
 */
export function streamedText(text, isOpen) {
  const { title, body } = partsOf(text);
  const paragraphs = body.split('\n\n').filter((paragraph) => paragraph !== '');
  return { title, paragraphs: paragraphs.map((paragraph, i) => [{ key: `stream ${i}`, text: paragraph, kind: 'plain', sources: [], isOpen: isOpen && i === paragraphs.length - 1 }]) };
}

/**
 * A stream over the draft that it revises: what it repeats stays in its place, what it adds is new, what it has not come to waits.
 * @param {string} text @param {boolean} isOpen @param {Draft} before a draft of chosen sentences
 * @returns {DraftText}
 */
export function revisedText(text, isOpen, before) {
  const { title, body } = partsOf(text);
  const paragraphs = [];
  const add = (item, isApart) => {
    if (isApart || paragraphs.length === 0) paragraphs.push([]);
    paragraphs[paragraphs.length - 1].push(item);
  };
  let next = 0;
  let at = 0;
  let isLastNew = false;
  while (at < body.length) {
    const [blank] = /^\s*/.exec(body.slice(at));
    at += blank.length;
    const found = nextKept(body, at, before.sentences, next);
    const own = body.slice(at, found?.at ?? body.length).trimEnd();
    if (own !== '') {
      add({ key: `new ${paragraphs.length} ${at}`, text: own, kind: 'new', sources: [], isOpen: isOpen && found === null }, blank.includes('\n'));
      isLastNew = true;
      at += own.length;
    } else if (found !== null) {
      const { id, text: kept } = before.sentences[found.index];
      add({ key: id, text: kept, kind: 'plain', sources: [id], isOpen: false }, blank.includes('\n'));
      isLastNew = false;
      next = found.index + 1;
      at += kept.length;
    } else break;
  }
  if (isOpen) {
    before.sentences.slice(next).forEach(({ id, section, text: waiting }, i) => {
      const last = before.sentences[next + i - 1];
      // Of what is new the section is not known: in a paragraph of its own it stays alone until the stream goes on.
      const isApart = last?.section !== section || (i === 0 && isLastNew && paragraphs.at(-1).length === 1);
      add({ key: id, text: waiting, kind: 'waiting', sources: [id], isOpen: false }, isApart);
    });
  }
  return { title: title === '' ? before.title : title, paragraphs };
}

/** The first sentence of the draft before, from `next` on, that stands in the body at `at` or later. */
function nextKept(body, at, sentences, next) {
  let found = null;
  for (let index = next; index < sentences.length; index += 1) {
    const place = body.indexOf(sentences[index].text, at);
    if (place >= 0 && (found === null || place < found.at)) found = { at: place, index };
  }
  return found;
}

function partsOf(text) {
  const [title, ...rest] = text.trimEnd().split('\n\n');
  // Also while that line is still on its way.
  if (rest.length > 0 && (rest[0].startsWith(TERMS_LINE) || TERMS_LINE.startsWith(rest[0]))) rest.shift();
  return { title, body: rest.join('\n\n') };
}
