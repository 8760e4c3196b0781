// What a step, a run and an event cost: by hand (a loop of awaits), with this package, with LangGraph.js. All three do the same work
// and are measured in turn within one run. Prints the medians; asserts no figure.
import { readFileSync } from 'node:fs';
import * as byHand from './by-hand.js';
import * as langgraph from './langgraph.js';
import { measure, median, micros, printTable } from './measure.js';
import * as weavegraph from './weavegraph.js';

const REPETITIONS = 15;
const STEPS = 1000;
const CHAIN = 50;
const WIDTH = 100;
const EVENTS = 10_000;

const hasCounted = (to) => (state) => state.n === to;
const hasAll = (state) => state.list.length === WIDTH && new Set(state.list).size === WIDTH;

/** By hand, this package, LangGraph.js; `times` for the first two, which are too quick for the clock otherwise. */
const contestants = (hand, ours, theirs, times = 1) => ({ hand: { run: hand, times }, ours: { ...ours, times }, theirs });

/** @type {import('./measure.js').Case[]} */
const cases = [
  {
    name: '1,000 steps of one async node',
    unit: 'step',
    units: STEPS,
    check: hasCounted(STEPS),
    contestants: contestants(() => byHand.countAsync(STEPS), weavegraph.countAsync(STEPS), langgraph.countAsync(STEPS), 20),
  },
  {
    name: '1,000 steps of one sync node',
    unit: 'step',
    units: STEPS,
    check: hasCounted(STEPS),
    contestants: contestants(() => byHand.countSync(STEPS), weavegraph.countSync(STEPS), langgraph.countSync(STEPS), 20),
  },
  {
    name: '1,000 steps, stored in memory',
    unit: 'step',
    units: STEPS,
    check: hasCounted(STEPS),
    contestants: contestants(() => byHand.countAsync(STEPS), weavegraph.countStored(STEPS), langgraph.countStored(STEPS), 20),
  },
  {
    name: 'a chain of 50 async nodes',
    unit: 'step',
    units: CHAIN,
    check: hasCounted(CHAIN),
    contestants: contestants(() => byHand.chain(CHAIN), weavegraph.chain(CHAIN), langgraph.chain(CHAIN), 200),
  },
  {
    name: 'a fan-out of 100 async nodes',
    unit: 'task',
    units: WIDTH,
    check: hasAll,
    contestants: contestants(() => byHand.fanOut(WIDTH), weavegraph.fanOut(WIDTH), langgraph.fanOut(WIDTH), 100),
  },
  {
    name: 'a run of one step',
    unit: 'run',
    units: 1,
    check: hasCounted(1),
    contestants: contestants(byHand.single, weavegraph.single(), { ...langgraph.single(), times: 20 }, 1000),
  },
  {
    name: '10,000 events of one node, read',
    unit: 'event',
    units: EVENTS,
    check: (count) => count === EVENTS,
    contestants: contestants(() => byHand.events(EVENTS), weavegraph.events(EVENTS), langgraph.events(EVENTS), 5),
  },
];

const versionOf = (folder) => JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version;
console.log(`Node ${process.version}, weavegraph-wasm ${versionOf('../pkg')}, LangGraph.js ${versionOf('node_modules/@langchain/langgraph')}`);
console.log(`Microseconds, medians of ${REPETITIONS} repetitions; "above" is over the same work by hand, the ratio is LangGraph.js to weavegraph-wasm.\n`);

const rows = [['', 'by hand', 'weavegraph', 'above', 'LangGraph.js', 'ratio']];
for (const each of cases) {
  process.stderr.write(`${each.name} …\n`);
  const { hand, ours, theirs } = Object.fromEntries(Object.entries(await measure(each, REPETITIONS)).map(([who, figures]) => [who, median(figures)]));
  rows.push([`${each.name}, per ${each.unit}`, micros(hand), micros(ours), micros(ours - hand), micros(theirs), `${(theirs / ours).toFixed(0)} ×`]);
}
printTable(rows);
