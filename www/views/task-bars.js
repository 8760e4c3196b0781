/**
 * Owns: the bars of a step: each attempt of each task as a piece of time in a lane, and what the step says of itself in words.
 * Must not know: the document, the length of the axis.
 * Invariant: pure; bars of a lane do not overlap, there are as many lanes as attempts at once, and a task keeps its lane where it can.
 */

import { timeText } from './time-axis.js';

/**
 * @typedef {import('../recording.js').Step} Step
 * @typedef {'done' | 'running' | 'failed' | 'stopped' | 'retrying'} BarStatus `retrying` is the wait for another attempt
 * @typedef {{ key: string, status: BarStatus, from: number, to: number | null, lane: number, label: string }} Bar times on the recording's clock; `to` is null while it grows
 */

/**
 * @param {Step} step @param {boolean} isMoving whether its run goes on @param {number} endMs where what has no end stops, if nothing moves
 * @returns {{ bars: Bar[], lanes: number }}
 */
export function barsOf(step, isMoving, endMs) {
  const pieces = step.tasks.flatMap((task) => piecesOf(task, step, isMoving, endMs));
  pieces.sort((a, b) => a.from - b.from);
  const ends = [];
  const own = new Map();
  for (const piece of pieces) {
    const kept = own.get(piece.owner);
    const free = kept !== undefined && ends[kept] <= piece.from ? kept : ends.findIndex((end) => end <= piece.from);
    piece.lane = free === -1 ? ends.length : free;
    ends[piece.lane] = piece.to ?? Infinity;
    own.set(piece.owner, piece.lane);
  }
  return { bars: pieces, lanes: ends.length };
}

function piecesOf(task, step, isMoving, endMs) {
  const owner = `${task.node}#${task.task}`;
  const name = step.tasks.length > 1 ? owner : task.node;
  const piece = (key, status, from, to) => ({ key: `${owner} ${key}`, owner, status, from, to, lane: 0, label: `${name}: ${to === null ? status : `${status} after ${timeText(to - from)}`}` });
  const pieces = task.earlier.map(({ status, startedAt, endedAt }, i) => piece(i, status, startedAt, endedAt));
  if (task.startedAt === null) return pieces;
  const key = task.earlier.length;
  const now = isMoving ? null : endMs;
  switch (task.status) {
    case 'retrying': return [...pieces, piece(key, 'failed', task.startedAt, task.endedAt), piece('wait', isMoving ? 'retrying' : 'stopped', task.endedAt, now)];
    case 'running': return [...pieces, piece(key, isMoving ? 'running' : 'stopped', task.startedAt, now)];
    // What stopped while it waited for a retry had failed.
    case 'stopped': return [...pieces, piece(key, task.error === '' ? 'stopped' : 'failed', task.startedAt, task.endedAt)];
    default: return [...pieces, piece(key, task.status, task.startedAt, task.endedAt)];
  }
}

/** `rankSection ×10, other`: who was due and not gated. @param {Step} step */
export function namesOf({ frontier, skipped }) {
  const times = new Map();
  for (const node of frontier) if (!skipped.includes(node)) times.set(node, (times.get(node) ?? 0) + 1);
  return Array.from(times, ([node, count]) => (count > 1 ? `${node} ×${count}` : node)).join(', ');
}

/**
 * How a step stands. @param {Step} step @param {import('../recording.js').Recording} recording @param {boolean} isMoving
 * @returns {'done' | 'running' | 'failed' | 'stopped'}
 */
export function statusOf(step, recording, isMoving) {
  if (step.endedAt !== null) return 'done';
  if (isMoving && step === recording.steps.at(-1)) return 'running';
  return recording.executions[step.execution]?.how === 'failed' ? 'failed' : 'stopped';
}

/** A step's line of facts, without its length in time. @param {Step} step @param {import('../recording.js').Recording} recording */
export function remarksOf(step, recording) {
  const remarks = [];
  // What a later execution ended had been begun by an earlier one.
  if (recording.executions.some(({ from, isResumed }, i) => isResumed && i <= step.execution && from > step.startedAt && i > 0)) remarks.push('went on');
  if (step.skipped.length > 0) remarks.push(`${step.skipped.join(', ')} skipped`);
  if (step.storedMs !== null) remarks.push(`stored in ${timeText(step.storedMs)}`);
  return remarks;
}

/** `10 tasks: 8 done, 1 running, 1 waiting`, for those who do not see the bars. @param {Step} step */
export function tallyOf({ tasks }, isMoving) {
  const counts = new Map();
  for (const { status } of tasks) {
    const stands = isMoving || !['running', 'waiting', 'retrying'].includes(status) ? status : 'stopped';
    counts.set(stands, (counts.get(stands) ?? 0) + 1);
  }
  const again = tasks.reduce((sum, task) => sum + task.earlier.length, 0);
  const parts = Array.from(counts, ([status, count]) => `${count} ${status}`);
  if (again > 0) parts.push(again === 1 ? '1 attempt before' : `${again} attempts before`);
  return `${tasks.length} task${tasks.length === 1 ? '' : 's'}: ${parts.join(', ')}`;
}
