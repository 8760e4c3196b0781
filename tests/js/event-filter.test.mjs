// Which events the list of the page lets pass, and what it keeps: the presets against the package's, words, nodes, chunks, the limit. No document.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Kind, presetMasks } from '../../build/facade/words.js';
import { root } from '../../scripts/command.mjs';
import { EventFilter, PRESETS, wordsOfQuery } from '../../www/views/event-filter.js';
import { EventLog, MAX_EVENTS } from '../../www/views/event-log.js';
import { Queue } from '../../www/views/queue.js';

/** All that the package's types list. */
const declared = [...readFileSync(join(root, 'pkg/events.d.ts'), 'utf8').matchAll(/\n {4}type: '([\w.]+)';/g)].map(([, type]) => type);
const passing = (preset) => declared.filter((type) => new EventFilter({ preset }).passes({ type }));

const message = (text, own) => ({ type: 'message', scope: 's', message: text, node: 'work', task: 0, step: 1, attempt: 1, ...own });
const chunk = (text, own) => ({ type: 'llm.chunk', streamId: 'one', offset: 0, text, node: 'draft', task: 0, step: 1, attempt: 1, ...own });
const bare = (type) => ({ type });

/** A log that was told these events, one a millisecond. */
function logOf(events, choice) {
  const log = new EventLog();
  log.filter = new EventFilter(choice);
  events.forEach((event, index) => log.add(event, index));
  log.update();
  return log;
}
const shownOf = (log) => Array.from({ length: log.shown.length }, (_, index) => log.shown.at(index));
const lines = (log) => shownOf(log).map(({ line }) => line);

describe('presets', () => {
  test('the types that are compared are those that the package has', () => {
    assert.deepEqual([...declared].sort(), Object.keys(Kind).sort());
  });

  for (const name of ['all', 'chat', 'minimal']) {
    test(`${name} lets pass what the package's own does`, () => {
      assert.deepEqual(passing(name), declared.filter((type) => (presetMasks[name] >>> Kind[type]) & 1));
    });
  }

  test('steps and messages let pass what they say, and what tells that something is missing', () => {
    const missing = ['stream.gap', 'stream.reset', 'snapshot'];
    assert.deepEqual(passing('steps'), declared.filter((type) => /^(run|step|node)\./.test(type) || missing.includes(type)));
    assert.deepEqual(passing('messages'), declared.filter((type) => ['message', 'milestone', 'custom', 'diagnostic', 'progress', ...missing].includes(type)));
  });

  test('each preset has a name and a label of its own, and there are no others', () => {
    assert.deepEqual(PRESETS.map(({ id }) => id), ['all', 'chat', 'steps', 'messages', 'minimal']);
    assert.equal(new Set(PRESETS.map(({ label }) => label)).size, PRESETS.length);
    assert.throws(() => new EventFilter({ preset: 'debugging' }), RangeError);
  });
});

describe('words and nodes', () => {
  test('all words must occur, in any order and in any letters, across type, place and text', () => {
    const log = logOf([message('The Tide rises', { task: 3 }), message('the tide falls'), bare('run.started')], { query: '  RISES work#3   tide MESSage ' });
    assert.deepEqual(lines(log), ['The Tide rises']);
    assert.deepEqual(wordsOfQuery(' A  b a\tÄ '), ['a', 'b', 'ä']);
  });

  test('words are found behind what a row can show', () => {
    const log = logOf([message(`${'long '.repeat(200)}needle`), message('hay')], { query: 'needle' });
    assert.equal(log.shownEvents, 1);
    assert.ok(log.shown.at(0).line.length <= 200);
  });

  test('an error is found by its code and its message', () => {
    const failed = { type: 'node.failed', node: 'work', task: 0, willRetry: true, error: { code: 'NODE_FAILED', message: 'The endpoint answered 503' } };
    for (const query of ['node_failed', '503', 'tries again']) assert.equal(logOf([failed], { query }).shownEvents, 1, query);
    assert.equal(logOf([failed], { query: '504' }).shownEvents, 0);
  });

  test('a node lets its own events pass only', () => {
    const log = logOf([message('a'), message('b', { node: 'other' }), bare('run.started')], { node: 'work' });
    assert.deepEqual(lines(log), ['a']);
  });
});

describe('what is kept', () => {
  test('chunks of one stream that follow each other share an entry, others do not', () => {
    const log = logOf([chunk('a'), chunk(' b'), chunk('c', { streamId: 'two' }), chunk('d'), message('e'), chunk('f'), chunk('g', { kind: 'reasoning' })]);
    assert.deepEqual(shownOf(log).map(({ events, line }) => `${events.length} ${line}`), ['2 a b', '1 c', '1 d', '1 e', '1 f', '1 g']);
    assert.deepEqual([log.total, log.kept, log.shownEvents, log.shown.at(0).joinedText], [7, 7, 7, 'a b']);
  });

  test('a word that two chunks make together is found once the second has come', () => {
    const log = logOf([message('x'), chunk('nee')], { query: 'needle' });
    assert.equal(log.shown.length, 0);
    log.add(chunk('dle'), 3);
    log.update();
    assert.deepEqual([log.shown.length, log.shownEvents], [1, 2]);
    log.add(chunk(' more'), 4);
    log.update();
    assert.deepEqual([log.shown.length, log.shownEvents, log.shown.at(0).line], [1, 3, 'needle more']);
  });

  test('a line grows with its chunks until it is full', () => {
    const log = logOf([chunk('word')]);
    assert.equal(log.shown.at(0).line, 'word');
    for (let i = 0; i < 100; i += 1) log.add(chunk(' word'), i);
    assert.equal(log.shown.at(0).line.length, 200);
    assert.ok(log.shown.at(0).line.endsWith('…'));
  });

  test('the oldest go, entry by entry, and the numbers say so', () => {
    const log = logOf([chunk('a'), chunk('b'), ...Array.from({ length: MAX_EVENTS - 2 }, (_, i) => message(`m${i}`))]);
    assert.deepEqual([log.kept, log.shownEvents, log.gone], [MAX_EVENTS, MAX_EVENTS, 0]);
    log.add(message('new'), 1);
    log.update();
    assert.deepEqual([log.total, log.kept, log.shownEvents, log.gone], [MAX_EVENTS + 1, MAX_EVENTS - 1, MAX_EVENTS - 1, 1]);
    assert.equal(log.shown.at(0).line, 'm0');
    assert.equal(log.shown.at(log.shown.length - 1).line, 'new');
  });

  test('events that come later are filtered alone, and give what filtering all of them gives', () => {
    let looks = 0;
    class Counting extends EventFilter {
      passes(entry) {
        looks += 1;
        return super.passes(entry);
      }
    }
    const events = Array.from({ length: 3000 }, (_, i) => (i % 3 === 0 ? chunk(`c${i}`) : message(`number ${i}`, { node: `n${i % 4}` })));
    const log = new EventLog();
    log.filter = new Counting({ query: '7 number' });
    for (const [index, event] of events.entries()) {
      log.add(event, index);
      if (index % 50 === 0) log.update();
    }
    log.update();
    assert.deepEqual(lines(log), lines(logOf(events, { query: 'number 7' })));
    assert.ok(log.shown.length > 100);
    assert.ok(looks <= events.length * 1.1, `${looks} looks at ${events.length} events`);
  });

  test('an entry is found by its number, and one that is hidden where it would be', () => {
    const log = logOf([message('a'), message('b'), message('a'), message('b')], { query: 'b' });
    const [first, second] = shownOf(log);
    assert.deepEqual([log.indexOf(first.id), log.indexOf(second.id), log.indexOf(first.id + 1), log.indexOf(second.id + 1)], [0, 1, 1, 2]);
  });

  test('a cleared log is empty and keeps its filter', () => {
    const log = logOf([message('a'), message('b')], { query: 'b' });
    log.clear();
    assert.deepEqual([log.total, log.kept, log.shownEvents, log.shown.length], [0, 0, 0, 0]);
    log.add(message('a'), 0);
    log.add(message('b'), 0);
    log.update();
    assert.deepEqual(lines(log), ['b']);
  });

  test('a queue gives back what it was given, in order, whatever its length was', () => {
    const queue = new Queue();
    let [next, oldest] = [0, 0];
    for (let round = 0; round < 40; round += 1) {
      for (let i = 0; i < 300; i += 1) queue.push((next += 1));
      for (let i = 0; i < 280; i += 1) assert.equal(queue.shift(), (oldest += 1));
      assert.deepEqual([queue.length, queue.at(0), queue.at(queue.length - 1), queue.at(-1), queue.at(queue.length)], [next - oldest, oldest + 1, next, undefined, undefined]);
    }
    while (queue.length > 0) assert.equal(queue.shift(), (oldest += 1));
    assert.deepEqual([oldest, queue.shift()], [next, undefined]);
  });
});
