/**
 * Owns: a text as the agent reads it (composed, without soft hyphens, white space as single spaces) with the way back to the text as it was written.
 * Must not know: sentences, terms, the document.
 * Invariant: every unit of the folded text knows the range of the original that it stands for, and these ranges come in order.
 */

/**
 * `starts[i]` and `ends[i]` bound what unit `i` of `text` was in the original.
 * @typedef {{ text: string, starts: Uint32Array, ends: Uint32Array }} FoldedText
 */

const SPACE = 32;
const UNKNOWN = 0xfffd;
/** What may form one character with what stands before it: marks, and the vowels and final consonants of Hangul. */
const CLUSTER = /[^\p{M}\u1160-\u11FF][\p{M}\u1160-\u11FF]*|[\p{M}\u1160-\u11FF]+/gsu;

/**
 * Folds as the agent's `splitSections` cleans; markup stays, since a sentence never reaches across it.
 * @param {string} source @returns {FoldedText}
 */
export function foldText(source) {
  const composed = source.normalize('NFC');
  const folded = new Folder(composed.length);
  if (composed === source) folded.addPlain(source, 0);
  else addUncomposed(folded, source);
  return folded.result();
}

/** No character composes with an ASCII one that follows it, so from one to the next each piece can be composed by itself. */
function addUncomposed(folded, source) {
  const isAscii = (at) => source.charCodeAt(at) < 128;
  for (let from = 0; from < source.length;) {
    let to = from + 1;
    while (to < source.length && !isAscii(to)) to += 1;
    const piece = source.slice(from, to);
    const composed = piece.normalize('NFC');
    if (composed === piece) folded.addPlain(piece, from);
    else addClusters(folded, piece, composed, from);
    from = to;
  }
}

function addClusters(folded, piece, composed, from) {
  const clusters = piece.match(CLUSTER) ?? [];
  const parts = clusters.map((cluster) => cluster.normalize('NFC'));
  // Where the clusters do not add up, the piece is one.
  if (parts.join('') !== composed) return folded.addCluster(composed, from, from + piece.length);
  let at = from;
  clusters.forEach((cluster, i) => {
    if (cluster === parts[i]) folded.addPlain(cluster, at);
    else folded.addCluster(parts[i], at, at + cluster.length);
    at += cluster.length;
  });
}

class Folder {
  #units;
  #starts;
  #ends;
  #length = 0;

  /** @param {number} capacity units at most */
  constructor(capacity) {
    this.#units = new Uint16Array(capacity);
    this.#starts = new Uint32Array(capacity);
    this.#ends = new Uint32Array(capacity);
  }

  /** Units that stand for themselves; `from` is the offset of the first. */
  addPlain(text, from) {
    for (let i = 0; i < text.length; i += 1) this.#add(whole(text, i), from + i, from + i + 1);
  }

  /** Units that only together stand for a range. */
  addCluster(text, start, end) {
    for (let i = 0; i < text.length; i += 1) this.#add(whole(text, i), start, end);
  }

  #add(unit, start, end) {
    if (isDropped(unit)) return;
    const last = this.#length - 1;
    if (isSpace(unit)) {
      if (last >= 0 && this.#units[last] === SPACE) this.#ends[last] = end;
      else this.#push(SPACE, start, end);
    } else this.#push(unit, start, end);
  }

  #push(unit, start, end) {
    this.#units[this.#length] = unit;
    this.#starts[this.#length] = start;
    this.#ends[this.#length] = end;
    this.#length += 1;
  }

  result() {
    const parts = [];
    for (let i = 0; i < this.#length; i += 8192) parts.push(String.fromCharCode.apply(null, this.#units.subarray(i, Math.min(this.#length, i + 8192))));
    return { text: parts.join(''), starts: this.#starts.subarray(0, this.#length), ends: this.#ends.subarray(0, this.#length) };
  }
}

/** The unit at an offset; half of a pair without its other half is no character. */
function whole(text, i) {
  const unit = text.charCodeAt(i);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const other = text.charCodeAt(unit < 0xdc00 ? i + 1 : i - 1);
  return (unit < 0xdc00 ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other <= 0xdbff) ? unit : UNKNOWN;
}

function isDropped(unit) {
  return unit === 0xad || unit === 0x200b || unit === 0x2060;
}

/** White space and what is shown as nothing: controls, the byte order mark. */
function isSpace(unit) {
  if (unit <= SPACE) return true;
  if (unit < 0x7f) return false;
  return unit <= 0xa0 || (unit >= 0x2000 && unit <= 0x200a) || unit === 0x2028 || unit === 0x2029 || unit === 0x202f
    || unit === 0x205f || unit === 0x3000 || unit === 0xfeff || unit === 0x1680;
}
