// The cases that are measured in Node and in Chromium, each with the contestants that can do it. Must not know where it runs, nor
// how time is taken.
import { contestants } from './contestants.js';

const STEPS = 1000;
const CHAIN = 50;
const WIDTH = 100;
const EVENTS = 10_000;

const hasCounted = (to) => (state) => state.n === to;
const hasAll = (state) => state.list.length === WIDTH && new Set(state.list).size === WIDTH;

/**
 * Who can do a work, with how it takes part: `times` for those that are too quick for the clock; LangGraph.js is slow enough for
 * `slowTimes`, and takes part in `slowRounds`. `without` names those for whom it would be too much.
 */
function entrants(work, args, { times, slowTimes = 1, slowRounds, without = [] }) {
  const entries = Object.entries(contestants).filter(([who, { [work]: make }]) => make !== undefined && !without.includes(who));
  const pace = (who) => (who === 'LangGraph.js' ? { times: slowTimes, rounds: slowRounds } : { times });
  return Object.fromEntries(entries.map(([who, { [work]: make }]) => [who, { ...make(...args), ...pace(who) }]));
}

/** @type {import('./measure.js').Case[]} */
const steps = [
  { name: 'a step of one async node', units: STEPS, check: hasCounted(STEPS), contestants: entrants('countAsync', [STEPS], { times: 10, slowRounds: 7 }) },
  { name: 'a step of one sync node', units: STEPS, check: hasCounted(STEPS), contestants: entrants('countSync', [STEPS], { times: 20, slowRounds: 7 }) },
  { name: 'a step, stored in memory', units: STEPS, check: hasCounted(STEPS), contestants: entrants('countStored', [STEPS], { times: 5, slowRounds: 7 }) },
  { name: 'a step of a chain of 50 nodes', units: CHAIN, check: hasCounted(CHAIN), contestants: entrants('chain', [CHAIN], { times: 100, slowTimes: 2 }) },
  { name: 'a task of a fan-out of 100', units: WIDTH, check: hasAll, contestants: entrants('fanOut', [WIDTH], { times: 30, slowTimes: 2 }) },
  { name: 'a run of one step', units: 1, check: hasCounted(1), contestants: entrants('single', [], { times: 500, slowTimes: 20 }) },
  { name: 'an event, to its reader', units: EVENTS, check: (count) => count === EVENTS, contestants: entrants('events', [EVENTS], { times: 5 }) },
];

function messageCase(isRead, isStored, count) {
  const isLong = count > 1000;
  // LangGraph.js and XState store the whole list at each step: at 3,000 that is a gigabyte. PocketFlow stores nothing.
  const without = isStored ? ['PocketFlow', ...(isLong ? ['LangGraph.js', 'XState'] : [])] : [];
  return {
    name: `${isRead ? 'read by each node' : 'not read'}${isStored ? ', stored in memory' : ''}, ${count.toLocaleString('en')} steps`,
    units: count,
    check: ({ state }) => state.n === count && state.messages.length === count && state.messages.at(-1).id === `m${count - 1}`,
    contestants: entrants('messages', [count, { isRead, isStored }], { times: isLong ? 2 : 30, slowRounds: isLong ? 3 : undefined, without }),
  };
}

const messages = [false, true].flatMap((isStored) => [false, true].flatMap((isRead) => [100, 3000].map((count) => messageCase(isRead, isStored, count))));

export const groups = { steps, messages };
