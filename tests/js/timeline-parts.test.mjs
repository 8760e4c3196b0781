// The pure parts of the timeline: lanes and words of a step (www/views/task-bars.js), and the axis (www/views/time-axis.js).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Recording } from '../../www/recording.js';
import { barsOf, namesOf, remarksOf, statusOf, tallyOf } from '../../www/views/task-bars.js';
import { spanOf, ticksOf, tickText, timeText } from '../../www/views/time-axis.js';

const task = (number, status, startedAt, endedAt, rest = {}) => ({ node: 'work', task: number, status, attempt: 1, startedAt, endedAt, progress: null, error: '', channels: [], earlier: [], ...rest });
const step = (tasks, rest = {}) => ({ step: 1, frontier: tasks.map(({ node }) => node), tasks, skipped: [], updatedChannels: [], next: [], startedAt: 0, endedAt: null, storedMs: null, storedAt: null, execution: 0, ...rest });
const lanesOf = ({ bars }) => bars.map(({ lane }) => lane);

describe('bars', () => {
  test('four at a time take four lanes, and a lane is free again when its task is done', () => {
    const tasks = [[0, 10], [0, 20], [1, 12], [1, 30], [10, 40], [12, 15], [20, 22]].map(([from, to], i) => task(i, 'done', from, to));
    const { bars, lanes } = barsOf(step(tasks), false, 40);
    assert.equal(lanes, 4);
    assert.deepEqual(lanesOf({ bars }), [0, 1, 2, 3, 0, 2, 1]);
  });

  test('of one lane never overlap, and there are no more lanes than attempts at once', () => {
    // Any lengths will do; these repeat from run to run.
    let seed = 7;
    const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
    const tasks = Array.from({ length: 200 }, (_, i) => {
      const from = random(1000);
      return task(i, 'done', from, from + random(100));
    });
    const { bars, lanes } = barsOf(step(tasks), false, 2000);
    for (const [i, a] of bars.entries()) for (const b of bars.slice(i + 1)) assert.ok(a.lane !== b.lane || a.to <= b.from || b.to <= a.from);
    const most = Math.max(...bars.map((a) => bars.filter((b) => b.from <= a.from && b.to > a.from).length));
    assert.ok(lanes <= most + 1, `${lanes} lanes for ${most} at once`);
  });

  test('what runs has no end, and keeps its lane to itself', () => {
    const { bars, lanes } = barsOf(step([task(0, 'running', 0, null), task(1, 'done', 5, 9), task(2, 'running', 9, null), task(3, 'waiting', null, null)]), true, 20);
    assert.deepEqual(bars.map(({ status, to, lane }) => [status, to, lane]), [['running', null, 0], ['done', 9, 1], ['running', null, 1]]);
    assert.equal(lanes, 2);
  });

  test('where nobody runs the session what has no end has stopped', () => {
    const { bars } = barsOf(step([task(0, 'running', 3, null), task(1, 'retrying', 0, 8, { error: 'X: y' })]), false, 20);
    assert.deepEqual(bars.map(({ status, from, to }) => [status, from, to]), [['failed', 0, 8], ['stopped', 3, 20], ['stopped', 8, 20]]);
  });

  test('a retry is told as attempts that failed, the wait, and the one that runs, in one lane', () => {
    const earlier = [{ status: 'failed', startedAt: 0, endedAt: 10 }];
    const waiting = barsOf(step([task(0, 'retrying', 15, 20, { earlier, error: 'NODE_THREW: no' })]), true, 0);
    assert.deepEqual(waiting.bars.map(({ key, status, from, to, lane }) => [key, status, from, to, lane]), [
      ['work#0 0', 'failed', 0, 10, 0], ['work#0 1', 'failed', 15, 20, 0], ['work#0 wait', 'retrying', 20, null, 0],
    ]);
    assert.match(waiting.bars[0].label, /^work: failed after 10 ms$/);
  });

  test('a task that a resume took up keeps the piece that was stopped', () => {
    const { bars } = barsOf(step([task(0, 'done', 50, 60, { earlier: [{ status: 'stopped', startedAt: 0, endedAt: 40 }] })]), false, 60);
    assert.deepEqual(bars.map(({ status, from, to }) => [status, from, to]), [['stopped', 0, 40], ['done', 50, 60]]);
  });
});

describe('words of a step', () => {
  test('name who ran, how often, and not who was gated', () => {
    assert.equal(namesOf({ frontier: ['rank', 'rank', 'x', 'terms'], skipped: ['x'] }), 'rank ×2, terms');
  });

  test('count tasks as they stand, and earlier attempts', () => {
    const tasks = [task(0, 'done', 0, 1), task(1, 'running', 0, null), task(2, 'waiting', null, null), task(3, 'failed', 0, 1, { earlier: [{}, {}] })];
    assert.equal(tallyOf(step(tasks), true), '4 tasks: 1 done, 1 running, 1 waiting, 1 failed, 2 attempts before');
    assert.equal(tallyOf(step(tasks), false), '4 tasks: 1 done, 2 stopped, 1 failed, 2 attempts before');
    assert.equal(tallyOf(step([task(0, 'done', 0, 1)]), false), '1 task: 1 done');
  });

  test('say how it ended, whether it went on, and what the store said', () => {
    const recording = new Recording();
    const tell = (type, at, rest) => recording.add({ seq: 1, at, type, ...rest });
    tell('run.started', 0, { resumed: false });
    tell('step.started', 0, { step: 1, frontier: ['a'] });
    assert.equal(statusOf(recording.step(1), recording, true), 'running');
    assert.equal(statusOf(recording.step(1), recording, false), 'stopped');
    tell('run.failed', 10, {});
    assert.equal(statusOf(recording.step(1), recording, false), 'failed');
    tell('run.started', 900, { resumed: true });
    tell('step.started', 900, { step: 1, frontier: ['a'] });
    tell('step.completed', 901, { step: 1, ran: ['a'], skipped: ['x'], updatedChannels: [], next: ['a'] });
    tell('checkpoint.saved', 904, { step: 1, durationMs: 3, transient: true });
    tell('step.started', 905, { step: 2, frontier: ['a'] });
    assert.equal(statusOf(recording.step(1), recording, true), 'done');
    assert.deepEqual(remarksOf(recording.step(1), recording), ['went on', 'x skipped', 'stored in 3 ms']);
    assert.deepEqual(remarksOf(recording.step(2), recording), []);
  });
});

describe('the axis', () => {
  test('grows in few jumps while time goes on', () => {
    const spans = new Set(Array.from({ length: 60_000 }, (_, ms) => spanOf(ms, true)));
    assert.deepEqual([...spans], [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000]);
  });

  test('always holds what has to fit, with up to five ticks from end to end, and at rest little more than it', () => {
    for (let ms = 0; ms < 4e9; ms = Math.ceil(ms * 1.07) + 1) {
      for (const isMoving of [true, false]) {
        const span = spanOf(ms, isMoving);
        const ticks = ticksOf(span);
        assert.ok(span >= ms && ticks[0] === 0 && ticks.at(-1) === span, `${ms}: ${ticks}`);
        assert.ok(ticks.length >= 2 && ticks.length <= 5, `${ms}: ${ticks}`);
        if (!isMoving && ms > 10) assert.ok(ms >= span * 0.6, `${ms} in ${span}`);
        assert.equal(new Set(ticks.map((tick) => tickText(tick, span))).size, ticks.length, `${ms}: names differ`);
      }
    }
  });

  test('names its ticks in one unit, which the last one tells', () => {
    const names = (span) => ticksOf(span).map((ms) => tickText(ms, span)).join(' ');
    assert.equal(names(200), '0 50 100 150 200 ms');
    assert.equal(names(1_000), '0 0.5 1 s');
    assert.equal(names(60_000), '0 20 40 60 s');
    assert.equal(names(600_000), '0 5 10 min');
  });

  test('lengths of time are written in the unit that fits', () => {
    assert.deepEqual([0, 0.4, 1, 380, 999, 999.6, 1_240, 59_949, 59_960, 125_000, 3_599_600, 12_000_000].map(timeText), ['<1 ms', '<1 ms', '1 ms', '380 ms', '999 ms', '1.0 s', '1.2 s', '59.9 s', '1 min 0 s', '2 min 5 s', '1 h 0 min', '3 h 20 min']);
  });
});
