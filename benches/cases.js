// The cases that are measured in Node and in Chromium, each with the contestants that can do it. Must not know where it runs, nor
// how time is taken.
import { contestants } from './contestants.js';

const STEPS = 1000;
const CHAIN = 50;
const WIDTH = 100;
const EVENTS = 10_000;
const MANY = 10_000;
const SOURCES = 1000;

const hasCounted = (state, to) => state.n === to;
const hasMessages = (state, count) => state.n === count && state.messages.length === count && state.messages.at(-1).id === `m${count - 1}`;
const hasAll = (state) => state.list.length === WIDTH && new Set(state.list).size === WIDTH;

/**
 * Who can do a work, with how it takes part: `times` for those that are too quick for the clock; LangGraph.js is slow enough for
 * `slowTimes`, and takes part in `slowRounds`, of `slowCount` units. `without` names those for whom it would be too much.
 */
function entrants(work, args, { times, slowTimes = 1, slowRounds, slowCount, without = [] }) {
  const entries = Object.entries(contestants).filter(([who, { [work]: make }]) => make !== undefined && !without.includes(who));
  const enter = ([who, { [work]: make }]) => {
    if (who !== 'LangGraph.js') return [who, { ...make(...args), times }];
    return [who, { ...make(...(slowCount === undefined ? args : [slowCount])), times: slowTimes, rounds: slowRounds, units: slowCount }];
  };
  return Object.fromEntries(entries.map(enter));
}

/** @type {import('./measure.js').Case[]} */
const steps = [
  { name: 'a step of one async node', units: STEPS, check: hasCounted, contestants: entrants('countAsync', [STEPS], { times: 10, slowRounds: 7 }) },
  { name: 'a step of one sync node', units: STEPS, check: hasCounted, contestants: entrants('countSync', [STEPS], { times: 20, slowRounds: 7 }) },
  { name: 'a step, stored in memory', units: STEPS, check: hasCounted, contestants: entrants('countStored', [STEPS], { times: 5, slowRounds: 7 }) },
  { name: 'a step of a chain of 50 nodes', units: CHAIN, check: hasCounted, contestants: entrants('chain', [CHAIN], { times: 100, slowTimes: 2 }) },
  { name: 'a task of a fan-out of 100', units: WIDTH, check: hasAll, contestants: entrants('fanOut', [WIDTH], { times: 30, slowTimes: 2 }) },
  { name: 'a run of one step', units: 1, check: hasCounted, contestants: entrants('single', [], { times: 500, slowTimes: 20 }) },
  { name: 'an event, to its reader', units: EVENTS, check: (count) => count === EVENTS, contestants: entrants('events', [EVENTS], { times: 5 }) },
];

function messageCase(isRead, isStored, count) {
  const isLong = count > 1000;
  // LangGraph.js and XState store the whole list at each step: at 3,000 that is a gigabyte. PocketFlow stores nothing.
  const without = isStored ? ['PocketFlow', ...(isLong ? ['LangGraph.js', 'XState'] : [])] : [];
  return {
    name: `${isRead ? 'read by each node' : 'not read'}${isStored ? ', stored in memory' : ''}, ${count.toLocaleString('en')} steps`,
    units: count,
    check: ({ state }) => hasMessages(state, count),
    contestants: entrants('messages', [count, { isRead, isStored }], { times: isLong ? 2 : 30, slowRounds: isLong ? 3 : undefined, without }),
  };
}

const messages = [false, true].flatMap((isStored) => [false, true].flatMap((isRead) => [100, 3000].map((count) => messageCase(isRead, isStored, count))));

/** Counts as one in milliseconds, since figures are microseconds a unit. */
const ONE_IN_MS = 1000;

const hasSteps = (state, steps) => state.n === 2 * steps;

/** @type {import('./measure.js').Case[]} */
const large = [
  {
    name: 'a task of 10,000 sends, µs',
    units: MANY,
    check: (state, count) => state.n === (count * (count - 1)) / 2,
    contestants: entrants('mapReduce', [MANY], { times: 2, slowRounds: 3, slowCount: MANY / 10 }),
  },
  {
    name: 'a source of a join of 1,000, µs',
    units: SOURCES,
    check: (state) => state.n === SOURCES,
    contestants: entrants('join', [SOURCES], { times: 10, slowRounds: 3 }),
  },
  { name: 'a step of two nodes in a sub-graph, µs', units: STEPS, check: hasSteps, contestants: entrants('subgraphs', [STEPS], { times: 3, slowRounds: 3, slowCount: STEPS / 10 }) },
  { name: 'the same two without a sub-graph, µs', units: STEPS, check: hasSteps, contestants: entrants('pairs', [STEPS], { times: 5, slowRounds: 3, slowCount: STEPS / 10 }) },
  { name: 'compile of 10,000 nodes, ms', units: ONE_IN_MS, check: (countNodes) => countNodes() === MANY, contestants: entrants('compile', [MANY], { times: 1, slowRounds: 3 }) },
  {
    name: 'a node of the first run through 10,000, µs',
    units: MANY,
    check: hasCounted,
    contestants: entrants('firstRun', [MANY], { times: 1, slowRounds: 3, slowCount: MANY / 10 }),
  },
  {
    name: 'an interrupt and its answer, stored in memory, µs',
    units: 1,
    check: ({ asked, state }) => asked === 1 && state.n === 1,
    contestants: entrants('interrupted', [], { times: 100, slowTimes: 10, slowRounds: 3 }),
  },
  { name: '`resume` of 10,000 steps in memory, ms', units: ONE_IN_MS, check: (state) => hasMessages(state, MANY), contestants: entrants('resumed', [MANY], { times: 1 }) },
  { name: '`fork` of 10,000 steps in memory, ms', units: ONE_IN_MS, check: async (read) => hasMessages(await read(), MANY), contestants: entrants('forked', [MANY], { times: 1 }) },
];

export const groups = { steps, messages, large };
