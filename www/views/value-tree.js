/**
 * Owns: any value as a tree that one opens: names, values, parts of parts.
 * Must not know: what the value is for, where the tree stands.
 * Invariant: only what was opened is in the document, in pages; all of the value is text.
 */

import { button, part } from './dom-parts.js';
import { grouped, harmless, isContainer, kindOf, numbersOf, previewOf, scalarText, sizeText } from './value-text.js';

/** Parts that are shown at once. */
const PAGE_PARTS = 100;
/** Characters of a string that are shown before one asks for more, and by how many more at most. */
const CUT_CHARS = 400;
const PAGE_CHARS = 50_000;

/**
 * A value to look into. What it holds is shown at once, what its parts hold when they are opened. Its look is in styles/events.css.
 * @param {unknown} value of any kind, as large and as deep as it may be; it is read when it is shown and never changed
 * @returns {HTMLElement} `ul.tree` for what has parts, else `p.tree`
 */
export function valueTree(value) {
  const kind = kindOf(value);
  if (!isContainer(kind)) return part('p', 'tree', ...scalarParts(value, kind));
  const list = partsOf(value);
  if (list.childElementCount === 0) return part('p', 'tree', part('span', 'size', `Empty: ${sizeText(value)}`));
  list.classList.add('tree');
  return list;
}

/** `ul` of the first page of a container's parts. */
function partsOf(value) {
  const list = part('ul');
  const next = pager(value);
  const more = part('li', 'more');
  const show = () => {
    const { items, rest } = next();
    const focusable = items[0];
    // The button goes with the last page; who pressed it goes on at what it brought.
    const hadFocus = more.contains(document.activeElement);
    list.append(...items);
    if (rest > 0) list.append(more);
    else more.remove();
    more.replaceChildren(...(rest > 0 ? [button(`Show ${grouped(Math.min(rest, PAGE_PARTS))} more of ${grouped(rest)}`, show)] : []));
    if (!hadFocus) return;
    if (rest > 0) more.firstChild.focus();
    else if (focusable) (focusable.tabIndex = -1, focusable.focus());
  };
  show();
  return list;
}

/** A function that makes the items of the next page and says how many parts are left. */
function pager(value) {
  const kind = kindOf(value);
  if (kind === 'bytes') return numberPager(numbersOf(value));
  const keys = kind === 'object' ? Object.keys(value) : null;
  const iterator = kind === 'map' || kind === 'set' ? value.entries() : null;
  const total = keys?.length ?? (kind === 'array' ? value.length : value.size);
  let at = 0;
  return () => {
    const items = [];
    for (const end = Math.min(total, at + PAGE_PARTS); at < end; at += 1) {
      if (keys !== null) items.push(item(named(harmless(keys[at])), value[keys[at]]));
      else if (kind === 'array') items.push(item(numbered(at), value[at]));
      else {
        const next = iterator.next();
        if (next.done) break;
        items.push(kind === 'set' ? item(numbered(at), next.value[0]) : entry(at, ...next.value));
      }
    }
    return { items, rest: total - at };
  };
}

/** Numbers stand in lines, not in a line each. */
function numberPager(numbers) {
  let at = 0;
  return () => {
    if (at >= numbers.length) return { items: [], rest: 0 };
    const page = Array.from(numbers.subarray(at, at + PAGE_PARTS), scalarText);
    const items = [part('li', '', numbered(at), ' ', part('span', 'value number', page.join(' ')))];
    at += page.length;
    return { items, rest: numbers.length - at };
  };
}

/** An entry of a Map: its key is a name where it has no parts, else a part itself. */
function entry(index, key, value) {
  if (isContainer(kindOf(key))) return item(numbered(index), { key, value });
  return item(named(scalarText(key)), value);
}

function named(name) {
  return part('span', 'key', part('bdi', '', name), ':');
}

function numbered(index) {
  return part('span', 'key index', `${index}:`);
}

function item(key, value) {
  const kind = kindOf(value);
  if (!isContainer(kind)) return part('li', '', key, ' ', ...scalarParts(value, kind));
  const preview = previewOf(value);
  if (preview === '') return part('li', '', key, ' ', part('span', 'size', sizeText(value)));
  const summary = part('summary', '', key, ' ', part('span', 'size', sizeText(value)), ' ', part('span', 'preview', preview));
  const details = part('details', '', summary);
  const fill = () => {
    if (details.childElementCount === 1) details.append(partsOf(value));
  };
  // A click, of the keyboard too, comes before it opens; `toggle` is told by what opens it otherwise.
  summary.addEventListener('click', fill);
  details.addEventListener('toggle', fill);
  return part('li', '', details);
}

function scalarParts(value, kind) {
  if (kind !== 'string') return [part('span', `value ${kind}`, scalarText(value))];
  if (value === '') return [part('span', 'value none', 'empty text')];
  const span = part('span', 'value string');
  span.dir = 'auto';
  return value.length <= CUT_CHARS ? [(span.append(harmless(value)), span)] : longString(value, span);
}

function longString(value, span) {
  const end = part('span', 'cut', '…');
  let shown = 0;
  const show = (chars) => {
    const to = edge(value, Math.min(value.length, shown + chars));
    span.append(harmless(value.slice(shown, to)));
    shown = to;
    const rest = value.length - shown;
    if (rest === 0) {
      const hadFocus = end.contains(document.activeElement);
      end.remove();
      if (hadFocus) (span.tabIndex = -1, span.focus());
    } else {
      more.textContent = rest <= PAGE_CHARS ? `Show all ${grouped(value.length)} characters` : `Show ${grouped(PAGE_CHARS)} more of ${grouped(rest)} characters`;
    }
  };
  const more = button('', () => show(PAGE_CHARS));
  end.append(' ', more);
  show(CUT_CHARS);
  return [span, end];
}

/** Not in the middle of a character or of a line break. */
function edge(text, at) {
  return at < text.length && /[\uD800-\uDBFF\r]/.test(text[at - 1]) ? at + 1 : at;
}
