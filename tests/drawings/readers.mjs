// What Mermaid and Graphviz themselves make of a drawing: the graph that they read, and the labels that they draw. Must not know how the
// package writes either. Both give the same: symbols by id, with shape, drawn label and the labels of the frames around; and edges.
import { spawnSync } from 'node:child_process';
import { JSDOM } from 'jsdom';

/** @typedef {{ symbols: Map<string, { shape: string, label: string, path: string[] }>, edges: { from: string, to: string, line: 'arrow' | 'plain' | 'dashed', label: string }[] }} Drawing */

const { window } = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true });
Object.assign(globalThis, { window, document: window.document, Element: window.Element, SVGElement: window.SVGElement, HTMLElement: window.HTMLElement, CSSStyleSheet: window.CSSStyleSheet });
// Nothing has a size without a layout of text.
window.SVGElement.prototype.getBBox = () => ({ x: 0, y: 0, width: 20, height: 10 });
window.SVGElement.prototype.getComputedTextLength = () => 20;
const { default: mermaid } = await import('mermaid');
mermaid.initialize({ startOnLoad: false, maxEdges: 1e6, maxTextSize: 1e8 });

/** What Mermaid does to a label before it is HTML. */
const decoded = (text) => new JSDOM(text.replaceAll('ﬂ°°', '&#').replaceAll('¶ß', ';')).window.document.body.textContent;

const mermaidShapes = { stadium: 'terminal', square: 'node', circle: 'join', diamond: 'open' };

/** @returns {Promise<Drawing & { direction: string }>} */
export async function readMermaid(text) {
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
  const { svg } = await mermaid.render('drawing', text);
  const page = new window.DOMParser().parseFromString(svg, 'text/html');
  const drawn = (selector, id) => {
    const found = [...page.querySelectorAll(selector)].filter((part) => part.id === `drawing-${id}`);
    if (found.length !== 1) throw new Error(`${found.length} drawings of ${id}`);
    if (found[0].querySelector('script, img, a, i, b, strong, em, ul, ol, svg, math') !== null) throw new Error(`the label of ${id} is more than text: ${found[0].innerHTML}`);
    return found[0].textContent;
  };
  const frames = new Map(db.getSubGraphs().map(({ id, nodes }) => [id, { label: drawn('g.cluster', id), nodes }]));
  const pathOf = (id) => {
    for (const [frame, { label, nodes }] of frames) if (nodes.includes(id)) return [...pathOf(frame), label];
    return [];
  };
  const symbols = new Map();
  for (const { id, domId, type } of db.getVertices().values()) {
    symbols.set(id, { shape: mermaidShapes[type], label: drawn('g.node', domId), path: pathOf(id) });
  }
  const labels = new Map([...page.querySelectorAll('g.edgeLabel > g.label')].map((part) => [part.dataset.id, part.textContent]));
  const edges = db.getEdges().map(({ id, start, end, type, stroke, text: given }) => {
    const line = stroke === 'dotted' ? 'dashed' : type === 'arrow_point' ? 'arrow' : 'plain';
    // Of several loops on one symbol, Mermaid draws one.
    if (!labels.has(id) && start !== end) throw new Error(`${id} is not drawn`);
    return { from: start, to: end, line, label: labels.get(id) ?? decoded(given) };
  });
  return { symbols, edges, direction: db.getDirection() };
}

const dotShapes = { oval: 'terminal', box: 'node', circle: 'join', diamond: 'open' };

/** @returns {Drawing} */
export function readDot(text) {
  const { status, stdout, stderr } = spawnSync('dot', ['-Tjson'], { input: text, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0 || stderr !== '') throw new Error(`dot: ${stderr}`);
  const { objects = [], edges = [] } = JSON.parse(stdout);
  // A text may be drawn in several lines: then something in it was no plain text.
  const drawn = (part) => (part ?? []).filter(({ op }) => op === 'T').map((line) => line.text).join('\n');
  const isFrame = ({ nodes }) => nodes !== undefined;
  const around = objects.filter(isFrame).sort((left, right) => right.nodes.length - left.nodes.length);
  const symbols = new Map();
  for (const { _gvid, name, shape, _ldraw_ } of objects.filter((object) => !isFrame(object))) {
    const path = around.filter(({ nodes }) => nodes.includes(_gvid)).map((frame) => drawn(frame._ldraw_));
    symbols.set(name, { shape: dotShapes[shape], label: drawn(_ldraw_), path });
  }
  const name = (id) => objects.find(({ _gvid }) => _gvid === id).name;
  return {
    symbols,
    edges: edges.map(({ tail, head, style, dir, _ldraw_ }) => ({
      from: name(tail), to: name(head), line: style === 'dashed' ? 'dashed' : dir === 'none' ? 'plain' : 'arrow', label: drawn(_ldraw_),
    })),
  };
}
