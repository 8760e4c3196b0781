/**
 * Owns: the shapes that tell how a node stands, and the making of SVG elements.
 * Must not know: nodes, runs, where a mark is put.
 * Invariant: each status has a shape of its own; a mark is centred on 0, 0 and 16 units wide.
 */

const NAMESPACE = 'http://www.w3.org/2000/svg';

const GLYPHS = {
  idle: '',
  waiting: 'M0-3.4V0.2L2.4 1.8',
  running: 'M-2 -3.4L3.4 0L-2 3.4Z',
  retrying: 'M3.1-1.5A3.4 3.4 0 1 0 3.1 1.6M3.6-4V-1.3H0.9',
  done: 'M-3.2 0.3L-1 2.5L3.3-2.3',
  failed: 'M-2.5-2.5L2.5 2.5M2.5-2.5L-2.5 2.5',
  skipped: 'M-3-2.8L0 0L-3 2.8M0.4-2.8L3.4 0L0.4 2.8',
  stopped: 'M-2.2-2.2H2.2V2.2H-2.2Z',
};

/** @param {string} name @param {Record<string, string | number>} [attributes] @param {(Node | string)[]} children */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** A disc and a glyph on it; colours follow from the `data-status` of what is around it. */
export class Mark {
  #glyph = svg('path', { class: 'mark-glyph' });

  /** @param {string} status @param {Record<string, string>} [attributes] */
  constructor(status, attributes = {}) {
    this.element = svg('g', { class: 'graph-mark', ...attributes }, svg('circle', { class: 'mark-disc', r: 7 }), this.#glyph);
    this.status = status;
  }

  set status(status) {
    this.#glyph.setAttribute('d', GLYPHS[status]);
  }
}
