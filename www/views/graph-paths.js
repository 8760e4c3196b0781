/**
 * Owns: how links run between places that are settled: where they touch a node, their curves, lanes at the side for those that lead back.
 * Must not know: how rows were found, the document.
 * Invariant: a link leaves a node below and comes in above, unless it leads back; a link that leads back passes outside all rows it spans.
 */

import { groupBy } from './graph-links.js';

/** An arrow's head; paths end where it begins. */
export const HEAD = 6;
const PORT_STEP = 12;
const LANE_STEP = 13;
const CORNER = 8;
/** How far above its node the edges of a join meet, and half the width of the bar they meet at. */
export const JOIN_RISE = 14;
export const JOIN_HALF = 11;

/**
 * Where links touch one side of a place: in the middle the one that runs straight, to the left and right of it the others, the
 * nearest innermost.
 * @param {{ x: number, width: number }} place @param {number[]} others where each link leads @returns {number[]} offsets from the middle
 */
export function portsOf(place, others) {
  if (others.length === 1) return [0];
  const room = Math.max(0, place.width / 2 - 16);
  const away = others.map((x, index) => ({ index, by: x - place.x }));
  const ports = others.map(() => 0);
  for (const side of [-1, 1]) {
    const own = away.filter(({ by }) => by * side >= 6).sort((a, b) => Math.abs(a.by) - Math.abs(b.by));
    const step = Math.min(PORT_STEP, room / Math.max(1, own.length));
    own.forEach(({ index }, i) => { ports[index] = side * step * (i + 1); });
  }
  return ports;
}

/**
 * A way down: through gaps by curves, past rows straight.
 * @param {{ x: number, y: number }[]} points pairs: where a gap is entered and where it is left
 */
export function downPath(points) {
  let path = `M${n(points[0].x)} ${n(points[0].y)}`;
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [a, b] = [points[i], points[i + 1]];
    if (i > 0) path += `L${n(a.x)} ${n(a.y)}`;
    const middle = (a.y + b.y) / 2;
    path += Math.abs(a.x - b.x) < 0.5 ? `L${n(b.x)} ${n(b.y)}` : `C${n(a.x)} ${n(middle)} ${n(b.x)} ${n(middle)} ${n(b.x)} ${n(b.y)}`;
  }
  return path;
}

/**
 * Ways back, at the side where they meet the fewest nodes. A node at the outside of its row is left and reached at its side; one
 * that has others beside it, below and above.
 * @param {{ link: object, from: object, to: object }[]} backs places, the lower one first
 * @param {import('./graph-rows.js').Place[][]} rows @param {{ y: number, height: number }[]} bands by row
 * @returns {{ link: object, path: string, arrow: Arrow, labelAt: LabelPlace, laneX: number }[]}
 * @typedef {{ x: number, y: number, turn: number }} Arrow the tip, and degrees from “downwards”
 * @typedef {{ x: number, y: number, anchor: 'start' | 'middle' | 'end' }} LabelPlace
 */
export function backPaths(backs, rows, bands) {
  const taken = [];
  const sorted = [...backs].sort((a, b) => a.from.row - a.to.row - (b.from.row - b.to.row) || a.from.row - b.from.row || a.from.x - b.from.x);
  const routes = sorted.map(({ link, from, to }) => {
    const [side] = from === to ? [1] : [-1, 1].sort((a, b) => beside(rows, from, a) + beside(rows, to, a) - beside(rows, from, b) - beside(rows, to, b));
    const spanned = rows.slice(to.row, from.row + 1).flat();
    const edge = from === to ? from.x + from.width / 2 : extent(spanned, side);
    let level = 0;
    while (taken.some((other) => other.side === side && other.level === level && other.top <= from.row && other.bottom >= to.row)) level += 1;
    taken.push({ side, level, top: to.row, bottom: from.row });
    return { link, from, to, side, x: edge + side * (LANE_STEP + level * LANE_STEP) };
  });
  const ends = groupBy(routes.flatMap((route) => [{ route, place: route.from, isStart: true }, { route, place: route.to, isStart: false }]), ({ place }) => place);
  const yOf = ({ route, place, isStart }) => {
    const band = bands[place.row];
    const own = ends.get(place).filter((end) => end.route.side === route.side);
    const index = own.findIndex((end) => end.route === route && end.isStart === isStart);
    // Starts low, ends high, spread over what the side has.
    const order = own.length - 1 - (route.from === route.to ? (isStart ? 0 : 1) : index);
    return band.y + (band.height * (order + 1)) / (own.length + 1);
  };
  return routes.map((route) => backPath(route, rows, bands, yOf));
}

function backPath(route, rows, bands, yOf) {
  const { link, from, to, side, x } = route;
  const isOuter = (place) => from === to || beside(rows, place, side) === 0;
  const [low, high] = [bands[from.row], bands[to.row]];
  const bend = (y, toY) => Math.min(CORNER, Math.abs(toY - y) / 2) * Math.sign(toY - y);
  let path;
  let startY;
  if (isOuter(from)) {
    startY = yOf({ route, place: from, isStart: true });
    path = `M${n(from.x + (side * from.width) / 2)} ${n(startY)}`;
  } else {
    startY = low.y + low.height + 11;
    path = `M${n(from.x + side * PORT_STEP)} ${n(low.y + low.height)}V${n(startY - 4)}q0 4 ${side * 4} 4`;
  }
  const endY = isOuter(to) ? yOf({ route, place: to, isStart: false }) : high.y - 14;
  const turn = bend(startY, endY);
  path += `H${n(x - side * CORNER)}Q${n(x)} ${n(startY)} ${n(x)} ${n(startY + turn)}V${n(endY - turn)}Q${n(x)} ${n(endY)} ${n(x - side * CORNER)} ${n(endY)}`;
  let arrow;
  if (isOuter(to)) {
    const tip = to.x + (side * to.width) / 2;
    path += `H${n(tip + side * HEAD)}`;
    arrow = { x: tip, y: endY, turn: side * 90 };
  } else {
    const tip = to.x + side * PORT_STEP * 1.5;
    path += `H${n(tip + side * 4)}q${-side * 4} 0 ${-side * 4} 4V${n(high.y - HEAD)}`;
    arrow = { x: tip, y: high.y, turn: 0 };
  }
  const labelY = from === to ? low.y - 9 : (bands[from.row - 1].y + bands[from.row - 1].height + low.y) / 2;
  return { link, path, arrow, laneX: x, labelAt: { x: x - side * 6, y: labelY, anchor: side < 0 ? 'start' : 'end' } };
}

/** How many nodes of its row stand between a place and the side. */
function beside(rows, place, side) {
  return rows[place.row].filter((other) => other.node !== null && (side < 0 ? other.at < place.at : other.at > place.at)).length;
}

function extent(places, side) {
  return places.reduce((edge, place) => (side < 0 ? Math.min(edge, place.x - place.width / 2) : Math.max(edge, place.x + place.width / 2)), side < 0 ? Infinity : -Infinity);
}

/** Numbers as short as they need to be. */
export function n(value) {
  return String(Math.round(value * 10) / 10);
}
