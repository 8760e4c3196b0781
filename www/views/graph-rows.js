/**
 * Owns: the rows of a layered drawing: who stands in which row, in which order and at which x; a link over several rows has a place in each.
 * Must not know: heights, how links are drawn, names.
 * Invariant: places of a row stand in its order and never overlap; the same links give the same rows.
 */

import { groupBy } from './graph-links.js';

const SWEEPS = 10;
/** Rounds of alignment: enough for the blocks of wide rows to settle. */
const ROUNDS = 24;
/** Steps aside of at most this many units are no more than leftovers. */
const SNAP = 10;
const NODE_GAP = 16;
const LANE_GAP = 13;
/** How strongly two places pull each other into one line: lanes of a link most, a node and a lane hardly. */
const PULL = { nodes: 4, lanes: 8, mixed: 0.05 };
const LANE_WEIGHT = 0.02;

/**
 * A place of a row. `node` is null for a lane: where a link passes by. Units are those of the drawing; `x` is the middle.
 * @typedef {{ node: string | null, row: number, width: number, x: number, at: number, above: Tie[], below: Tie[] }} Place
 * @typedef {{ place: Place, pull: number }} Tie
 */

/**
 * @param {Map<string, number>} ranks @param {import('./graph-links.js').Link[]} links that do not lead back @param {(id: string) => number} widthOf
 * @returns {{ rows: Place[][], placeOf: Map<string, Place>, lanesOf: Map<object, Place[]> }} `lanesOf`: the lanes of a link, downwards
 */
export function arrangeRows(ranks, links, widthOf) {
  const rows = Array.from({ length: Math.max(-1, ...ranks.values()) + 1 }, () => []);
  const placeOf = new Map();
  const lanesOf = new Map();
  const addPlace = (node, row, width) => {
    const place = { node, row, width, x: 0, at: rows[row].length, above: [], below: [] };
    rows[row].push(place);
    return place;
  };
  for (const [id, rank] of ranks) placeOf.set(id, addPlace(id, rank, widthOf(id)));
  for (const link of links) {
    const lanes = [];
    for (let row = ranks.get(link.from) + 1; row < ranks.get(link.to); row += 1) lanes.push(addPlace(null, row, 2));
    lanesOf.set(link, lanes);
    const way = [placeOf.get(link.from), ...lanes, placeOf.get(link.to)];
    for (let i = 1; i < way.length; i += 1) tie(way[i - 1], way[i]);
  }
  orderRows(rows);
  alignRows(rows);
  for (const row of rows) for (const place of row) if (place.node !== null) snap(place, row);
  for (const lanes of lanesOf.values()) straighten(lanes, rows);
  const all = rows.flat();
  const left = Math.min(...all.map((place) => place.x - place.width / 2));
  for (const place of all) place.x = Math.round((place.x - left) * 2) / 2;
  return { rows, placeOf, lanesOf };
}

function tie(upper, lower) {
  const pull = upper.node !== null && lower.node !== null ? PULL.nodes : upper.node === null && lower.node === null ? PULL.lanes : PULL.mixed;
  upper.below.push({ place: lower, pull });
  lower.above.push({ place: upper, pull });
}

/** Barycentres down and up; the order with the fewest crossings is taken, the earlier one of equals. */
function orderRows(rows) {
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    const isDown = sweep % 2 === 0;
    const order = isDown ? rows.keys() : [...rows.keys()].reverse();
    for (const index of order) sortRow(rows[index], isDown ? 'above' : 'below');
    const count = crossings(rows);
    if (count < fewest) {
      fewest = count;
      best = rows.map((row) => [...row]);
    }
  }
  rows.forEach((row, index) => {
    row.splice(0, row.length, ...best[index]);
    number(row);
  });
}

function sortRow(row, side) {
  const centre = new Map(row.map((place) => [place, place[side].length === 0 ? place.at : place[side].reduce((sum, { place: other }) => sum + other.at, 0) / place[side].length]));
  row.sort((a, b) => centre.get(a) - centre.get(b) || a.at - b.at);
  number(row);
}

function number(row) {
  row.forEach((place, at) => { place.at = at; });
}

function crossings(rows) {
  let count = 0;
  for (const row of rows) {
    const ends = [];
    for (const place of row) {
      const own = place.below.map(({ place: other }) => other.at).sort((a, b) => a - b);
      for (const at of own) count += ends.length - upperBound(ends, at);
      for (const at of own) ends.splice(upperBound(ends, at), 0, at);
    }
  }
  return count;
}

function upperBound(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Each place wants to stand at the median of what it is tied to; rounds settle who gives way. */
function alignRows(rows) {
  const all = (place) => [...place.above, ...place.below];
  const upwards = [...rows].reverse();
  for (const row of rows) spread(row, () => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const row of rows) spread(row, (place) => place.above);
    for (const row of upwards) spread(row, (place) => place.below);
    for (const row of rows) spread(row, all);
  }
}

/** What rounds have left almost straight becomes straight. */
function snap(place, row) {
  const x = median(place.above.filter(({ place: other }) => other.node !== null));
  if (x === undefined || Math.abs(x - place.x) > SNAP) return;
  const [low, high] = roomOf(place, row);
  if (low <= x && x <= high) place.x = x;
}

/** Puts all lanes of a link into one line, where there is one between their neighbours; the one nearest to where it leads. */
function straighten(lanes, rows) {
  if (lanes.length < 2) return;
  const rooms = lanes.map((lane) => roomOf(lane, rows[lane.row]));
  const [low, high] = [Math.max(...rooms.map((room) => room[0])), Math.min(...rooms.map((room) => room[1]))];
  if (low > high) return;
  const x = Math.min(high, Math.max(low, lanes.at(-1).below[0].place.x));
  for (const lane of lanes) lane.x = x;
}

/** How far to the left and to the right a place may move. */
function roomOf(place, row) {
  const [before, after] = [row[place.at - 1], row[place.at + 1]];
  return [before === undefined ? -Infinity : before.x + distance(before, place), after === undefined ? Infinity : after.x - distance(place, after)];
}

/** Between the middles of two neighbours, at least. */
function distance(left, right) {
  return (left.width + right.width) / 2 + (left.node === null || right.node === null ? LANE_GAP : NODE_GAP);
}

/** The weighted median; between two halves of equal weight their middle. */
function median(ties) {
  if (ties.length === 0) return undefined;
  const sorted = ties.map(({ place, pull }) => ({ x: place.x, pull })).sort((a, b) => a.x - b.x);
  const half = sorted.reduce((sum, { pull }) => sum + pull, 0) / 2;
  let sum = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    sum += sorted[i].pull;
    if (sum === half) return (sorted[i].x + sorted[i + 1].x) / 2;
    if (sum > half) return sorted[i].x;
  }
  return sorted.at(-1).x;
}

/**
 * The places of a row as near as can be to where they want to stand, by least squares: those that would overlap form a block,
 * which stands at the mean of its wishes (isotonic regression). Lanes give way to nodes.
 */
function spread(row, tiesOf) {
  const blocks = [];
  let offset = 0;
  row.forEach((place, i) => {
    if (i > 0) offset += distance(row[i - 1], place);
    const ties = tiesOf(place);
    const weight = place.node === null ? LANE_WEIGHT : 1 + ties.reduce((sum, { pull }) => sum + pull, 0);
    blocks.push({ x: (median(ties) ?? place.x) - offset, weight, places: [{ place, offset }] });
    while (blocks.length > 1 && blocks.at(-2).x > blocks.at(-1).x) {
      const last = blocks.pop();
      const before = blocks.at(-1);
      before.x = (before.x * before.weight + last.x * last.weight) / (before.weight + last.weight);
      before.weight += last.weight;
      before.places.push(...last.places);
    }
  });
  for (const { x, places } of blocks) for (const { place, offset: own } of places) place.x = x + own;
}
