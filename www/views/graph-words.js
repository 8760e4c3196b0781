/**
 * Owns: what is said of a node: the words in its box, the sentence for those who hear it, which edges led to a step.
 * Must not know: the document, positions, colours.
 * Invariant: pure; each status has a word of its own, so that none is told by colour alone.
 */

import { END, START, groupBy } from './graph-links.js';

/**
 * `mark` names a shape; `facts` stands under the name, `runs` at its right, `bar` is a fraction or null for none.
 * @typedef {{ status: import('../recording.js').NodeState['status'], facts: string, runs: string, bar: number | null, said: string }} NodeWords
 */

/**
 * @param {import('../recording.js').NodeState | undefined} state undefined: it was never due
 * @param {number} attempt of its latest tasks, the highest @returns {NodeWords}
 */
export function wordsOf(state, attempt) {
  if (state === undefined || state.status === 'idle') return { status: 'idle', facts: '', runs: '', bar: null, said: 'not run yet' };
  const { status, total, done, failed, steps, error } = state;
  const isFan = total > 1;
  const isUnderWay = status === 'running' || status === 'retrying';
  const facts = {
    waiting: isFan ? `0/${total} tasks` : 'waiting',
    running: isFan ? `${done}/${total} tasks` : attempt > 1 ? `attempt ${attempt}` : 'running',
    retrying: isFan ? `${done}/${total} retrying` : `attempt ${attempt + 1} soon`,
    done: isFan ? `${done}/${total} tasks` : 'done',
    failed: isFan ? `${failed}/${total} failed` : 'failed',
    stopped: isFan ? `${done}/${total} stopped` : 'stopped',
    skipped: 'skipped',
  }[status];
  const said = [
    status,
    ...(isFan ? [`${done} of ${total} tasks done`] : []),
    ...(isUnderWay && attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(failed > 0 && isFan ? [`${failed} failed`] : []),
    ...(status === 'failed' && error !== '' ? [error] : []),
    ...(steps > 0 ? [`ran in ${steps} step${steps === 1 ? '' : 's'}`] : []),
  ].join(', ');
  const hasBar = status !== 'done' && status !== 'skipped' && status !== 'waiting' && (isFan || (isUnderWay && state.progress > 0));
  return { status, facts, runs: steps > 1 ? `×${steps}` : '', bar: hasBar ? state.progress : null, said };
}

/** The highest attempt among the tasks of a node's latest step. */
export function attemptOf(recording, node, state) {
  let attempt = 0;
  for (const task of recording.step(state?.step ?? 0)?.tasks ?? []) if (task.node === node) attempt = Math.max(attempt, task.attempt);
  return attempt;
}

/**
 * Where a run stands on the drawing: the nodes of the current step, the edges that led to them, whether its two ends were reached.
 * @param {import('../recording.js').Recording} recording @param {number | null} number of the step; null: the newest
 * @param {{ from: string, to: string, join: number | null }[]} edges
 * @returns {{ current: Set<string>, lit: boolean[], hasBegun: boolean, hasEnded: boolean }} `lit` by edge
 */
export function traceOf(recording, number, edges) {
  const { steps } = recording;
  const at = number === null ? steps.length - 1 : steps.findLastIndex((step) => step.step <= number);
  const step = steps[at];
  const hasBegun = recording.executions.length > 0;
  if (step === undefined) return { current: new Set(), lit: edges.map(() => false), hasBegun, hasEnded: number === null && recording.status === 'completed' };
  const current = new Set(step.frontier);
  const before = at === 0 ? new Set([START]) : ranIn(steps[at - 1]);
  const hasEnded = at === steps.length - 1 && step.endedAt !== null && recording.status === 'completed';
  const last = hasEnded ? ranIn(step) : new Set();
  const isLit = ({ from, to }) => (to === END ? last.has(from) : current.has(to) && before.has(from));
  // A join fires with its last source; the others had come before.
  const joins = groupBy(edges.filter(({ join }) => join !== null), ({ join }) => join);
  const lit = edges.map((edge) => (edge.join === null ? isLit(edge) : joins.get(edge.join).some(isLit)));
  return { current, lit, hasBegun, hasEnded };
}

function ranIn(step) {
  return new Set(step.tasks.filter(({ status }) => status === 'done').map(({ node }) => node));
}
