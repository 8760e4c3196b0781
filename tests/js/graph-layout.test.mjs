// The drawing of a graph as data: ranks, rows, boxes, paths. And what is said of a node.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createBriefing } from '../../www/agent/briefing.js';
import { Recording } from '../../www/recording.js';
import { cutName, layoutGraph } from '../../www/views/graph-layout.js';
import { rankNodes, readLinks } from '../../www/views/graph-links.js';
import { attemptOf, traceOf, wordsOf } from '../../www/views/graph-words.js';

const [START, END] = ['__start__', '__end__'];
const names = (count, prefix = 'n') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
/** A definition; an edge is `[from, to]`, with an array as `from` a join, or `[from, { answer: target }]`. */
const graph = (ids, edges, targets = {}) => ({
  name: 'test',
  nodes: ids.map((id) => ({ id, ...(targets[id] === undefined ? {} : { options: { targets: targets[id] } }) })),
  edges: edges.map(([from, to]) => (typeof to === 'string' ? { from, to } : { from, route: `${from}#1`, targets: to })),
  channels: {},
});
const boxOf = (layout, id) => layout.nodes.find((node) => node.id === id);
const middleOf = (layout, id) => boxOf(layout, id).x + boxOf(layout, id).width / 2;
const edgeOf = (layout, from, to) => layout.edges.find((edge) => edge.from === from && edge.to === to);
const numbersOf = (path) => path.match(/-?\d+(\.\d+)?/g).map(Number);
/** Points that a path made of absolute commands ends its parts at, and its control points. */
function pointsOf(path) {
  const points = [];
  let [x, y] = [0, 0];
  for (const [, command, rest] of path.matchAll(/([MLCQHVqh])([^MLCQHVqh]*)/g)) {
    const values = numbersOf(rest);
    if (command === 'H') points.push([x = values[0], y]);
    else if (command === 'V') points.push([x, y = values[0]]);
    else if (command === 'h') points.push([x += values[0], y]);
    else if (command === 'q') points.push([x += values[2], y += values[3]]);
    else for (let i = 0; i < values.length; i += 2) points.push([x = values[i], y = values[i + 1]]);
  }
  return points;
}
function assertSound(layout) {
  for (const [i, a] of layout.nodes.entries()) {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= layout.width && a.y + a.height <= layout.height, `${a.id} lies within`);
    for (const b of layout.nodes.slice(i + 1)) {
      assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y, `${a.id} and ${b.id} lie apart`);
    }
  }
  for (const { from, to, path } of layout.edges) {
    for (const [x, y] of pointsOf(path)) assert.ok(x >= 0 && x <= layout.width && y >= 0 && y <= layout.height, `${from} → ${to} stays within: ${path}`);
  }
}
/** Whether a point lies inside a box, its border left out. */
const isInside = ({ x, y, width, height }, [px, py]) => px > x + 1 && px < x + width - 1 && py > y + 1 && py < y + height - 1;

const chain = graph(['a', 'b', 'c'], [[START, 'a'], ['a', 'b'], ['b', 'c'], ['c', END]]);
const diamond = graph(['a', 'b', 'c', 'd'], [[START, 'a'], ['a', 'b'], ['a', 'c'], [['b', 'c'], 'd'], ['d', END]]);
const loop = graph(['improve', 'check'], [[START, 'improve'], ['improve', 'check'], ['check', { again: 'improve', 'close enough': END }]]);

describe('links', () => {
  test('an edge that closes a cycle leads back, and only that one', () => {
    const { ids, links } = readLinks(loop);
    assert.deepEqual(links.filter((link) => link.isBack).map(({ from, to }) => [from, to]), [['check', 'improve']]);
    assert.deepEqual([...rankNodes(ids, links)], [[START, 0], ['improve', 1], ['check', 2], [END, 3]]);
  });

  test('ranks follow the longest way, and END stands alone below all', () => {
    const { ids, links } = readLinks(graph(['a', 'b', 'c'], [[START, 'a'], ['a', 'b'], ['b', 'c'], ['a', 'c'], ['a', END], ['c', END]]));
    assert.deepEqual(Object.fromEntries(rankNodes(ids, links)), { [START]: 0, a: 1, b: 2, c: 3, [END]: 4 });
  });

  test('a declared target that an edge reaches too is drawn once, as the edge; answers that share a target share a line', () => {
    const { links } = readLinks(graph(['a', 'b'], [[START, 'a'], ['a', 'b'], ['b', { yes: END, sure: END }]], { a: ['b', END] }));
    assert.deepEqual(links.map(({ from, to, kind, label }) => [from, to, kind, label]), [
      [START, 'a', 'plain', ''], ['a', 'b', 'plain', ''], ['b', END, 'conditional', 'yes, sure'], ['a', END, 'declared', ''],
    ]);
  });
});

describe('the layout', () => {
  test('the same definition gives the same drawing', () => {
    assert.deepEqual(layoutGraph(structuredClone(diamond)), layoutGraph(diamond));
  });

  test('a chain is one straight line downwards', () => {
    const layout = layoutGraph(chain);
    assertSound(layout);
    assert.equal(new Set(layout.nodes.map((node) => node.x + node.width / 2)).size, 1);
    const ys = [START, 'a', 'b', 'c', END].map((id) => boxOf(layout, id).y);
    assert.deepEqual(ys, [...ys].sort((a, b) => a - b));
    for (const { path } of layout.edges) assert.ok(!path.includes('C'), path);
  });

  test('a diamond is symmetrical, and its join has one bar at which both edges end', () => {
    const layout = layoutGraph(diamond);
    assertSound(layout);
    assert.equal(middleOf(layout, 'a'), middleOf(layout, 'd'));
    assert.equal(middleOf(layout, 'b') + middleOf(layout, 'c'), 2 * middleOf(layout, 'a'));
    const join = layout.edges.filter((edge) => edge.kind === 'join');
    assert.equal(join.length, 2);
    assert.equal(join.filter((edge) => edge.bar !== undefined).length, 1);
    assert.deepEqual(join[0].arrow, join[1].arrow);
    const [x, y, length] = numbersOf(join[0].bar);
    for (const { path } of join) assert.ok(pointsOf(path).some(([px, py]) => py === y && px >= x && px <= x + length), path);
  });

  test('the way back of a loop runs at the side of its nodes and ends at the side of the first', () => {
    const layout = layoutGraph(loop);
    assertSound(layout);
    const back = edgeOf(layout, 'check', 'improve');
    assert.equal(back.isBack, true);
    const improve = boxOf(layout, 'improve');
    assert.ok(back.arrow.x === improve.x && Math.abs(back.arrow.turn) === 90);
    assert.ok(Math.min(...pointsOf(back.path).map(([x]) => x)) < improve.x);
    assert.deepEqual([back.label, edgeOf(layout, 'check', END).label], ['again', 'close enough']);
  });

  test('a node that leads to itself has its loop at its side', () => {
    const layout = layoutGraph(graph(['try'], [[START, 'try'], ['try', { again: 'try', good: END }]]));
    assertSound(layout);
    const box = boxOf(layout, 'try');
    const xs = pointsOf(edgeOf(layout, 'try', 'try').path).map(([x]) => x);
    assert.ok(Math.max(...xs) > box.x + box.width && Math.min(...xs) >= box.x + box.width);
  });

  test('a long edge passes beside the nodes between, in one straight lane', () => {
    const layout = layoutGraph(graph(['a', 'b', 'c', 'd'], [[START, 'a'], ['a', 'b'], ['b', 'c'], ['c', 'd'], ['d', END]], { a: ['d'] }));
    assertSound(layout);
    const { path, kind } = edgeOf(layout, 'a', 'd');
    assert.equal(kind, 'declared');
    const rows = ['b', 'c'].map((id) => boxOf(layout, id));
    for (const point of pointsOf(path)) for (const box of rows) assert.ok(!isInside(box, point), `${point} in ${box.id}`);
    const beside = pointsOf(path).filter(([, y]) => y >= rows[0].y && y <= rows[1].y + rows[1].height).map(([x]) => x);
    assert.ok(beside.length >= 4 && new Set(beside).size === 1, path);
  });

  test('the briefing agent fits a phone: two columns, at least 11 pixels in 300, one straight spine', async () => {
    const layout = layoutGraph(createBriefing(await import('weavegraph-wasm')).toJSON());
    assertSound(layout);
    assert.ok(layout.width * 11 / 12 <= 300, `${layout.width} wide`);
    assert.ok(layout.height <= 560, `${layout.height} high`);
    assert.equal(new Set([START, 'split', 'rankSection', 'draft', 'critique', 'revise', 'publish', END].map((id) => middleOf(layout, id))).size, 1);
    assert.equal(boxOf(layout, 'rankSentences').y, boxOf(layout, 'rankTerms').y);
    assert.deepEqual(layout.edges.filter((edge) => edge.isBack).map(({ from, to }) => [from, to]), [['revise', 'critique']]);
    // The answers are the names of the nodes they lead to: a label would say it twice.
    assert.deepEqual(layout.edges.filter((edge) => edge.label !== undefined), []);
  });

  test('fifty nodes of one rank stand in one row, centred under the one that leads to them', () => {
    const tasks = names(50);
    const layout = layoutGraph(graph(['fan', ...tasks, 'sum'], [[START, 'fan'], ...tasks.map((id) => ['fan', id]), [tasks, 'sum'], ['sum', END]]));
    assertSound(layout);
    assert.equal(new Set(tasks.map((id) => boxOf(layout, id).y)).size, 1);
    assert.ok(Math.abs(middleOf(layout, 'fan') - (middleOf(layout, 'n0') + middleOf(layout, 'n49')) / 2) <= 1);
    assert.equal(new Set(layout.edges.filter((edge) => edge.from === 'fan').map((edge) => edge.path.split('C')[0])).size, 50, 'each leaves at a place of its own');
  });

  test('an order without crossings is found where there is one', () => {
    const layout = layoutGraph(graph(['a', 'b', 'x', 'y'], [[START, 'a'], [START, 'b'], ['a', 'y'], ['b', 'x'], ['x', END], ['y', END]]));
    assert.equal(middleOf(layout, 'a') < middleOf(layout, 'b'), middleOf(layout, 'y') < middleOf(layout, 'x'));
  });

  test('a graph of 300 nodes with branches, skips and ways back is sound', () => {
    let seed = 7;
    const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const ids = names(300);
    const edges = [[START, 'n0'], ['n299', END]];
    for (let i = 1; i < 300; i += 1) {
      edges.push([`n${random(i)}`, `n${i}`]);
      if (i % 20 === 0) edges.push([`n${i}`, { again: `n${random(i)}`, on: `n${i + random(300 - i)}` }]);
    }
    const layout = layoutGraph(graph(ids, edges));
    assertSound(layout);
    assert.equal(layout.nodes.length, 302);
    assert.ok(layout.edges.some((edge) => edge.isBack));
  });

  test('names and labels that are too long are cut; a graph of one node, and of none, has a drawing', () => {
    assert.equal(cutName('rankSentences'), 'rankSentences');
    assert.match(cutName('a node with a name that goes on and on'), /^a node with.*…$/);
    assert.match(cutName('潮汐是海水周期性涨落的现象'), /^潮汐.{2,6}…$/);
    const layout = layoutGraph(graph(['only'], [[START, 'only'], ['only', { 'an answer that is very long': END }]]));
    assertSound(layout);
    assert.match(edgeOf(layout, 'only', END).label, /^an answer.*…$/);
    assert.deepEqual(layoutGraph(graph([], [])).nodes, []);
  });
});

describe('what is said of a node', () => {
  const state = (values) => ({ status: 'done', step: 1, total: 1, waiting: 0, running: 0, done: 1, failed: 0, progress: 1, steps: 1, error: '', ...values });

  test('tasks of a fan-out are counted, runs of a loop too', () => {
    const fan = wordsOf(state({ status: 'running', total: 10, running: 3, done: 7, progress: 0.75 }), 1);
    assert.deepEqual(fan, { status: 'running', facts: '7/10 tasks', runs: '', bar: 0.75, said: 'running, 7 of 10 tasks done, ran in 1 step' });
    const looped = wordsOf(state({ steps: 4 }), 1);
    assert.deepEqual(looped, { status: 'done', facts: 'done', runs: '×4', bar: null, said: 'done, ran in 4 steps' });
  });

  test('each status has words of its own, and an error is told', () => {
    const said = ['waiting', 'running', 'retrying', 'done', 'failed', 'skipped', 'stopped'].map((status) => wordsOf(state({ status }), 1).facts);
    assert.equal(new Set(said).size, 7);
    assert.equal(wordsOf(undefined, 0).said, 'not run yet');
    assert.equal(wordsOf(state({ status: 'retrying', steps: 0 }), 1).facts, 'attempt 2 soon');
    assert.equal(wordsOf(state({ status: 'running', steps: 0 }), 2).said, 'running, attempt 2');
    assert.equal(wordsOf(state({ status: 'failed', done: 0, failed: 1, error: 'NODE_THREW: no answer' }), 1).said, 'failed, NODE_THREW: no answer, ran in 1 step');
  });
});

describe('the trace of a run', () => {
  async function record(text) {
    const recording = new Recording();
    const app = createBriefing(await import('weavegraph-wasm'));
    for await (const event of app.invokeStreaming({ text }, { context: { paceMs: 0 } })) recording.add(event);
    return { recording, edges: layoutGraph(app.toJSON()).edges };
  }
  const litOf = ({ lit }, edges) => edges.filter((_, i) => lit[i]).map(({ from, to }) => `${from} ${to}`);

  test('edges that led to the nodes of a step are lit: of a join all, of a route the one it took', async () => {
    const { recording, edges } = await record('# One\n\nThe tide rises twice a day. The Moon pulls the sea.\n\n# Two\n\nSailors read tables. A harbour is deep.');
    const at = (step) => litOf(traceOf(recording, step, edges), edges);
    assert.deepEqual(at(1), [`${START} split`]);
    assert.deepEqual(at(2), ['split rankSection']);
    assert.deepEqual(at(3), ['rankSection rankSentences', 'rankSection rankTerms']);
    assert.deepEqual(at(4), ['rankSentences draft', 'rankTerms draft']);
    assert.deepEqual(at(0), []);
    const live = traceOf(recording, null, edges);
    assert.equal(live.hasEnded, true);
    assert.ok(litOf(live, edges).includes(`publish ${END}`));
    assert.equal(traceOf(recording, 4, edges).hasEnded, false);
    assert.equal(traceOf(recording, 4, edges).hasBegun, true);
    assert.equal(attemptOf(recording, 'draft', recording.nodes().get('draft')), 1);
  });

  test('before a run nothing is lit', () => {
    const edges = layoutGraph(chain).edges;
    assert.deepEqual(traceOf(new Recording(), null, edges), { current: new Set(), lit: edges.map(() => false), hasBegun: false, hasEnded: false });
  });
});
