// The cases that are measured in Node and in Chromium, each with the contestants that can do it. Must not know where it runs, nor
// how time is taken.
import { contestants } from './contestants.js';

const STEPS = 1000;
const CHAIN = 50;
const WIDTH = 100;
const EVENTS = 10_000;

const hasCounted = (to) => (state) => state.n === to;
const hasAll = (state) => state.list.length === WIDTH && new Set(state.list).size === WIDTH;

/** `times` for those that are too quick for the clock; LangGraph.js takes long enough to run `slowTimes`. Who has no such work is left out. */
function entrants(work, args, times, slowTimes = 1, { without = [] } = {}) {
  const entries = Object.entries(contestants).filter(([who, { [work]: make }]) => make !== undefined && !without.includes(who));
  return Object.fromEntries(entries.map(([who, { [work]: make }]) => [who, { ...make(...args), times: who === 'LangGraph.js' ? slowTimes : times }]));
}

/** @type {Array<import('./measure.js').Case & { name: string }>} */
const steps = [
  { name: 'a step of one async node', units: STEPS, check: hasCounted(STEPS), contestants: entrants('countAsync', [STEPS], 10) },
  { name: 'a step of one sync node', units: STEPS, check: hasCounted(STEPS), contestants: entrants('countSync', [STEPS], 20) },
  { name: 'a step, stored in memory', units: STEPS, check: hasCounted(STEPS), contestants: entrants('countStored', [STEPS], 5) },
  { name: 'a step of a chain of 50 nodes', units: CHAIN, check: hasCounted(CHAIN), contestants: entrants('chain', [CHAIN], 100, 2) },
  { name: 'a task of a fan-out of 100', units: WIDTH, check: hasAll, contestants: entrants('fanOut', [WIDTH], 30, 2) },
  { name: 'a run of one step', units: 1, check: hasCounted(1), contestants: entrants('single', [], 500, 20) },
  { name: 'an event, to its reader', units: EVENTS, check: (count) => count === EVENTS, contestants: entrants('events', [EVENTS], 5) },
];

function messageCase(isRead, isStored, count) {
  const work = [isRead ? 'read by each node' : 'not read', ...(isStored ? ['stored in memory'] : [])].join(', ');
  // It stores the whole list at each step: at 3,000 that is a gigabyte. PocketFlow stores nothing.
  const without = isStored ? ['PocketFlow', ...(count > 1000 ? ['LangGraph.js', 'XState'] : [])] : [];
  return {
    name: `${work}, ${count.toLocaleString('en')} steps`,
    units: count,
    repetitions: count > 1000 ? 5 : undefined,
    check: ({ state }) => state.n === count && state.messages.length === count && state.messages.at(-1).id === `m${count - 1}`,
    contestants: entrants('messages', [count, { isRead, isStored }], count > 1000 ? 3 : 30, 1, { without }),
  };
}

const messages = [false, true].flatMap((isStored) => [false, true].flatMap((isRead) => [100, 3000].map((count) => messageCase(isRead, isStored, count))));

export const groups = { steps, messages };
