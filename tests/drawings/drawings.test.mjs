// The drawings, as Mermaid and Graphviz read them: whatever the names are, what is drawn is the graph that was built.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END, GraphBuilder, START } from 'weavegraph-wasm';
import { randomFrom } from '../js/random-values.mjs';
import { readDot, readMermaid } from './readers.mjs';

const idle = () => undefined;

/** What means something to Mermaid, Graphviz, Markdown or HTML. */
const words = [
  'end', 'End', 'START', 'END', 'graph', 'subgraph', 'digraph', 'node', 'edge', 'strict', 'flowchart', 'style', 'class', 'click', 'linkStyle', 'direction', 'default', 'cluster', 'x', 'o', 'href', 'call', 'interpolate', 'section',
  '--', '---', '-->', '-.->', '==>', '<-->', '--x', '--o', '->', '%%', '%%{init: {"theme":"dark"}}%%', ';', ':', '::', ':::', '@', '@{ shape: x }', '&', '&amp;', '&lt;', '&#35;', '&copy', '#quot;', '#35;', '#', 'ﬂ°°60¶ß', 'ﬂ°quot¶ß',
  '"', "'", '`', '``', '"`', '`"', '(', ')', '[', ']', '{', '}', '((', '))', '[[', ']]', '([', '])', '{{', '}}', '>', '<', '|', '||', '/', '//', '\\', '\\\\', '\\n', '\\N', '\\G', '\\l', '\\"', '\\E', '<br>', '<br/>', '<b>', '</b>', '<img src=x onerror=alert(1)>', '<script>', '<!--', '-->', '<![CDATA[',
  '*', '**', '_', '__', '~~', '$$', '$$x^2$$', '$', '1.', '1)', '- a', '+ a', '# a', '> a', '***', '===', '![a](b)', '[a](b)', 'www.a.com', 'http://a.com', 'a@b.com', 'fa:fa-car', 'fab:fa-x', 'fa-solid fa-x', 'javascript:alert(1)', 'n0', 'n1', 'j0', 'r0', 'start', 'stop', 'n0start',
  ' ', '  ', '    ', 'a b', '\u00a0', '\u00ad', '\u200b', '\u200d', '\u2028', '\u2029', '\u202a', '\u202e', '\u2066', '\u2069', '\u061c', '\ufeff', '\u0301', 'é', 'ä', 'ß', '章節', 'שלום', 'مرحبا', 'шаг', '🙂', '👩‍👩‍👧', '🇫🇷', '𝒳', '\u{e000}', '！', '＜', '・', '…', '—', '“', '«', '×', '÷', '%', '%s', '%20', '^', '=', '?', '!', ',', '.', '~', '0', '-1', '1e3', 'null', '__proto__', 'constructor',
];

/** Names that are all different. */
function randomNames(random, count, extra = []) {
  const names = new Set(extra);
  while (names.size < count + extra.length) {
    const parts = Array.from({ length: 1 + random(3) }, () => {
      if (random(4) > 0) return words[random(words.length)];
      // Any character but controls, surrogates and those that are none.
      for (;;) {
        const code = random(3) === 0 ? random(0x11_0000) : random(0x3000);
        if (!/[\p{Cc}\p{Cs}]/u.test(String.fromCodePoint(code)) && (code & 0xfffe) !== 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef)) return String.fromCodePoint(code);
      }
    });
    names.add(parts.join(['', ' ', ''][random(3)]));
  }
  return [...names];
}

/** A valid graph with hostile names, and what a drawing of it has to have. */
function randomGraph(random, depth = 0, path = []) {
  const ids = randomNames(random, 1 + random(4));
  const graph = new GraphBuilder({ name: ids[0] });
  const symbols = [];
  const edges = [];
  const inner = new Set();
  const symbol = (shape, label, around = path) => [...around, `${shape}: ${label}`].join(' / ');
  const from = (id) => (id === START ? symbol('terminal', 'START') : inner.has(id) ? symbol('terminal', 'END', [...path, id]) : symbol('node', id));
  const to = (id) => (id === END ? symbol('terminal', 'END') : inner.has(id) ? symbol('terminal', 'START', [...path, id]) : symbol('node', id));
  const edge = (source, line, target, label = '') => edges.push([source, line, target, label].join(' | '));
  symbols.push(symbol('terminal', 'START'), symbol('terminal', 'END'));
  const targets = new Map(ids.map((id) => [id, random(4) === 0 ? [...new Set([ids[random(ids.length)], END])] : []]));
  for (const id of ids) {
    const options = { targets: targets.get(id) };
    if (depth < 3 && random(3) === 0) {
      const part = randomGraph(random, depth + 1, [...path, id]);
      inner.add(id);
      graph.addSubgraph(id, part.app, options);
      symbols.push(...part.symbols);
      edges.push(...part.edges);
    } else {
      graph.addNode(id, idle, options);
      symbols.push(symbol('node', id));
    }
  }
  for (const id of ids) {
    graph.addEdge(START, id).addEdge(id, END);
    edge(from(START), 'arrow', to(id));
    edge(from(id), 'arrow', to(END));
    for (const target of targets.get(id)) edge(from(id), 'dashed', to(target));
    if (random(4) === 0) {
      const labels = Object.fromEntries(randomNames(random, 1 + random(2), random(3) === 0 ? ['a\nb\u0000'] : []).map((label) => [label, random(3) === 0 ? END : ids[random(ids.length)]]));
      graph.addConditionalEdge(id, idle, labels);
      for (const [label, target] of Object.entries(labels)) edge(from(id), 'dashed', to(target), label === target ? '' : label.replace(/\p{Cc}/gu, '\ufffd'));
    }
    if (random(6) === 0) {
      graph.addConditionalEdge(id, idle);
      symbols.push(symbol('open', '?'));
      edge(from(id), 'dashed', symbol('open', '?'));
    }
  }
  if (ids.length > 2) {
    graph.addEdge(ids.slice(1), ids[0]);
    symbols.push(symbol('join', '+'));
    for (const id of ids.slice(1)) edge(from(id), 'plain', symbol('join', '+'));
    edge(symbol('join', '+'), 'arrow', to(ids[0]));
  }
  return { app: graph.compile({ allowCycles: true }), symbols, edges };
}

/** What of Mermaid's own is in a name is drawn with a space without width in it. */
const inMermaid = (lines) => lines.map((line) => line.replaceAll('ﬂ°', 'ﬂ\u200b°').replaceAll('¶ß', '¶\u200bß')).sort();

/** The same words for what a program has read. */
function said({ symbols, edges }) {
  const named = new Map([...symbols].map(([id, { shape, label, path }]) => [id, [...path, `${shape}: ${label}`].join(' / ')]));
  return {
    symbols: [...named.values()].sort(),
    edges: edges.map(({ from, to, line, label }) => [named.get(from), line, named.get(to), label].join(' | ')).sort(),
  };
}

const seeds = (count) => Array.from({ length: count }, (_, at) => {
  const unit = randomFrom(at + 1);
  return { seed: at + 1, ...randomGraph((below) => Math.floor(unit() * below)) };
});

test('Graphviz draws the graph that was built, whatever its names', () => {
  for (const { seed, app, symbols, edges } of seeds(120)) {
    assert.deepEqual(said(readDot(app.toDot())), { symbols: symbols.sort(), edges: edges.sort() }, `seed ${seed}\n${app.toDot()}`);
  }
});

test('Mermaid draws the graph that was built, whatever its names', async () => {
  for (const { seed, app, symbols, edges } of seeds(25)) {
    const direction = seed % 2 === 0 ? 'LR' : 'TB';
    const read = await readMermaid(app.toMermaid({ direction }));
    assert.deepEqual(said(read), { symbols: inMermaid(symbols), edges: inMermaid(edges) }, `seed ${seed}\n${app.toMermaid()}`);
    assert.equal(read.direction, direction);
  }
});

test('every hostile word alone is drawn as it is, by both', async () => {
  const graph = new GraphBuilder();
  const all = [...new Set(words)];
  for (const id of all) graph.addNode(id, idle).addEdge(START, id).addEdge(id, END);
  const app = graph.compile();
  const labels = ({ symbols }) => [...symbols.values()].filter(({ shape }) => shape === 'node').map(({ label }) => label).sort();
  assert.deepEqual(labels(readDot(app.toDot())), all.slice().sort());
  assert.deepEqual(labels(await readMermaid(app.toMermaid())), inMermaid(all));
});

test('a drawing depends on the definition alone', () => {
  const [one, two] = [seeds(10), seeds(10)];
  for (const [at, { app }] of one.entries()) {
    assert.deepEqual([app.toDot(), app.toMermaid()], [two[at].app.toDot(), two[at].app.toMermaid()]);
    assert.deepEqual([app.toDot(), app.toMermaid()], [app.toDot(), app.toMermaid()]);
  }
});
