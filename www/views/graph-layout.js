/**
 * Owns: the drawing of a graph as data: boxes of nodes and paths of edges, layered from START down to END.
 * Must not know: the document, runs, colours.
 * Invariant: pure and computed once for a graph; boxes never overlap and lie, like all paths, within width and height.
 */

import { END, START, groupBy, rankNodes, readLinks } from './graph-links.js';
import { HEAD, JOIN_HALF, JOIN_RISE, backPaths, downPath, n, portsOf } from './graph-paths.js';
import { arrangeRows } from './graph-rows.js';

/** Pixels at scale 1, where a node's name has 13 and its words have 12. */
const NODE_WIDTH = 132;
const NODE_HEIGHT = 40;
const TERMINAL_WIDTH = 46;
const TERMINAL_HEIGHT = 22;
const MARGIN = 8;
const GAP = 22;
const LABEL_GAP = 40;
const LABEL_WIDTH = 6.4;
/** Of a label on an edge, in characters. */
const MAX_LABEL = 16;
/** Widest name within a node, in widths of an average character. */
const MAX_NAME = 14.4;

/**
 * @typedef {{ id: string, x: number, y: number, width: number, height: number, label: string, description: string }} NodeBox `label` may be cut; `x`, `y`: the upper left corner
 * @typedef {object} EdgePath
 * @property {string} from @property {string} to
 * @property {'plain' | 'join' | 'conditional' | 'declared'} kind
 * @property {string} [label] what the route answers, where that is not the target's name
 * @property {number | null} join the number of its join, from 0
 * @property {boolean} isBack
 * @property {string} path SVG path data, to where the arrow's head begins
 * @property {import('./graph-paths.js').Arrow} arrow
 * @property {import('./graph-paths.js').LabelPlace} [labelAt] the middle of the label's line
 * @property {string} [bar] of a join's first edge: path data of the bar at which its edges meet
 */

/**
 * @param {import('weavegraph-wasm').GraphDefinition} definition as of `app.toJSON()`
 * @returns {{ width: number, height: number, nodes: NodeBox[], edges: EdgePath[] }}
 */
export function layoutGraph(definition) {
  const { ids, links } = readLinks(definition);
  if (ids.length === 0) return { width: 2 * MARGIN, height: 2 * MARGIN, nodes: [], edges: [] };
  const ranks = rankNodes(ids, links);
  const forward = links.filter((link) => !link.isBack);
  const selfLinked = new Set(links.filter((link) => link.from === link.to).map((link) => link.from));
  // A node that leads to itself keeps room for that at its right; at its left too, so that it stays in the middle.
  const spaceOf = (id) => (isTerminal(id) ? TERMINAL_WIDTH : NODE_WIDTH) + (selfLinked.has(id) ? 32 : 0);
  const { rows, placeOf, lanesOf } = arrangeRows(ranks, forward, spaceOf);
  for (const place of rows.flat()) if (place.node !== null) place.width = isTerminal(place.node) ? TERMINAL_WIDTH : NODE_WIDTH;
  const bands = bandsOf(rows, links, placeOf, lanesOf);
  const draw = () => [
    ...forwardEdges(forward, placeOf, lanesOf, bands),
    ...backPaths(links.filter((link) => link.isBack).map((link) => ({ link, from: placeOf.get(link.from), to: placeOf.get(link.to) })), rows, bands),
  ];

  // Lanes at the side and labels may reach beyond the rows: drawn once to see how far, then in their place.
  const xs = reachOf(rows, draw());
  const dx = MARGIN - Math.floor(Math.min(...xs));
  for (const place of rows.flat()) place.x += dx;
  const edges = draw().sort((a, b) => links.indexOf(a.link) - links.indexOf(b.link));
  return {
    width: Math.ceil(Math.max(...xs)) + dx + MARGIN,
    height: bands.at(-1).y + bands.at(-1).height + MARGIN,
    nodes: ids.map((id) => boxOf(id, placeOf.get(id), bands, definition)),
    edges: edges.map(edgeOf),
  };
}

const isTerminal = (id) => id === START || id === END;

/** How high each row is and where it stands: gaps hold labels, joins, and curves that are not too flat. */
function bandsOf(rows, links, placeOf, lanesOf) {
  const hasLabel = rows.map(() => false);
  const sideways = rows.map(() => 0);
  for (const link of links) {
    const [from, to] = [placeOf.get(link.from), placeOf.get(link.to)];
    // The gap above row `i` has the number `i`.
    if (link.label !== '') hasLabel[link.isBack ? from.row : from.row + 1] = true;
    const way = [from, ...(lanesOf.get(link) ?? []), to];
    if (!link.isBack) for (let i = 1; i < way.length; i += 1) sideways[way[i].row] = Math.max(sideways[way[i].row], Math.abs(way[i].x - way[i - 1].x));
  }
  let y = MARGIN;
  return rows.map((row, index) => {
    if (index > 0) y += Math.max(hasLabel[index] ? LABEL_GAP : GAP, Math.min(80, GAP + (sideways[index] - 120) / 14));
    const height = row.every((place) => place.node === null || isTerminal(place.node)) ? TERMINAL_HEIGHT : NODE_HEIGHT;
    const band = { y: Math.round(y), height };
    y = band.y + height;
    return band;
  });
}

function forwardEdges(links, placeOf, lanesOf, bands) {
  const bottom = (place) => bands[place.row].y + bands[place.row].height;
  const top = (place) => bands[place.row].y;
  const wayOf = (link) => [placeOf.get(link.from), ...lanesOf.get(link), placeOf.get(link.to)];
  const starts = new Map();
  const ends = new Map();
  for (const own of groupBy(links, (link) => link.from).values()) {
    const ports = portsOf(placeOf.get(own[0].from), own.map((link) => wayOf(link)[1].x));
    own.forEach((link, i) => starts.set(link, ports[i]));
  }
  for (const own of groupBy(links, (link) => link.to).values()) {
    // The edges of a join come in as one.
    const groups = [...groupBy(own, (link) => (link.join === null ? link : link.join)).values()];
    const ports = portsOf(placeOf.get(own[0].to), groups.map((group) => group.reduce((sum, link) => sum + wayOf(link).at(-2).x, 0) / group.length));
    groups.forEach((group, i) => group.forEach((link) => ends.set(link, ports[i])));
  }
  const drawn = new Set();
  return links.map((link) => {
    const way = wayOf(link);
    const [from, to] = [way[0], way.at(-1)];
    const tip = { x: to.x + ends.get(link), y: top(to) };
    const points = [{ x: from.x + starts.get(link), y: bottom(from) }];
    for (const lane of way.slice(1, -1)) points.push({ x: lane.x, y: top(lane) }, { x: lane.x, y: bottom(lane) });
    const arrow = { x: tip.x, y: tip.y, turn: 0 };
    const labelAt = labelPlace(points[0], way[1] === to ? tip : points[1]);
    if (link.join === null) return { link, path: downPath([...points, { x: tip.x, y: tip.y - HEAD }]), arrow, labelAt };
    const meet = tip.y - JOIN_RISE;
    const reach = Math.max(-JOIN_HALF + 3, Math.min(JOIN_HALF - 3, points.at(-1).x - tip.x));
    const path = `${downPath([...points, { x: tip.x + reach, y: meet }])}M${n(tip.x)} ${n(meet)}V${n(tip.y - HEAD)}`;
    const bar = drawn.has(link.join) ? undefined : `M${n(tip.x - JOIN_HALF)} ${n(meet)}h${2 * JOIN_HALF}`;
    drawn.add(link.join);
    return { link, path, arrow, bar };
  });
}

/** On the curve, nearer to where it leads: labels of one node stand apart. */
function labelPlace(from, to) {
  return { x: from.x + (to.x - from.x) * 0.62, y: from.y + (to.y - HEAD - from.y) * 0.5, anchor: 'middle' };
}

function boxOf(id, place, bands, definition) {
  const { y, height: band } = bands[place.row];
  const height = isTerminal(id) ? TERMINAL_HEIGHT : NODE_HEIGHT;
  const label = id === START ? 'start' : id === END ? 'end' : cutName(id);
  const description = definition.nodes.find((node) => node.id === id)?.description ?? '';
  return { id, x: place.x - place.width / 2, y: y + (band - height) / 2, width: place.width, height, label, description };
}

function edgeOf({ link, path, arrow, labelAt, bar }) {
  const { from, to, kind, join, isBack } = link;
  return { from, to, kind, join, isBack, path, arrow, ...(link.label === '' ? {} : { label: cutLabel(link.label), labelAt }), ...(bar === undefined ? {} : { bar }) };
}

/** How far to the left and to the right anything is drawn. */
function reachOf(rows, edges) {
  const xs = rows.flat().flatMap((place) => [place.x - place.width / 2, place.x + place.width / 2]);
  for (const { link, laneX, labelAt } of edges) {
    if (laneX !== undefined) xs.push(laneX);
    if (link.label === '') continue;
    const width = cutLabel(link.label).length * LABEL_WIDTH;
    const left = labelAt.x - width * { start: 0, middle: 0.5, end: 1 }[labelAt.anchor];
    xs.push(left, left + width);
  }
  return xs;
}

function cutLabel(label) {
  const letters = [...label];
  return letters.length <= MAX_LABEL ? label : `${letters.slice(0, MAX_LABEL - 1).join('').trimEnd()}…`;
}

/** As much of a name as its box has room for. @param {string} name @returns {string} */
export function cutName(name) {
  const letters = [...name];
  let width = 0;
  const fits = letters.findIndex((letter) => (width += letterWidth(letter)) > MAX_NAME);
  if (fits === -1) return name;
  width = letterWidth('…');
  const kept = letters.findIndex((letter) => (width += letterWidth(letter)) > MAX_NAME);
  return `${letters.slice(0, kept).join('').trimEnd()}…`;
}

function letterWidth(letter) {
  if (/[ijlI.,:;|!'[\]()]/u.test(letter)) return 0.5;
  if (/[frt\s-]/u.test(letter)) return 0.65;
  if (/[mwMW@%]/u.test(letter)) return 1.5;
  if (letter.codePointAt(0) >= 0x1100) return 1.9;
  return /\p{Lu}/u.test(letter) ? 1.2 : 1;
}
