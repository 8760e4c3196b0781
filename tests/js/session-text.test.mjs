// The words of the page's session list.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { actionsOf, ageText, factsText, isFinished, keptText, oneLine, short, sizeText, standingOf, standingText, storeProblemText, storedText, timeText, titleOf } from '../../www/views/session-text.js';

const here = { id: 'run', here: true };
const elsewhere = { id: 'other', here: false };
const row = (facts) => ({ sessionId: 's', title: 'T', status: 'completed', step: 5, score: null, words: null, createdAt: 0, updatedAt: 0, bytes: 0, owner: null, ...facts });

describe('how a session stands', () => {
  const standings = [
    [{ status: 'running', owner: here }, 'here', 'running here'],
    [{ status: 'running', owner: elsewhere }, 'elsewhere', 'running in another tab'],
    [{ status: 'running' }, 'stopped', 'stopped at step 5'],
    [{ status: 'running', step: 0 }, 'stopped', 'stopped before step 1'],
    [{ score: 0.9314 }, 'done', 'done, score 0.931'],
    [{}, 'done', 'done'],
    [{ status: 'cancelled', step: 4 }, 'cancelled', 'cancelled at step 4'],
    [{ status: 'failed', step: 3, code: 'NODE_THREW' }, 'failed', 'failed at step 3: NODE_THREW'],
    [{ status: 'failed', step: 3 }, 'failed', 'failed at step 3'],
    [{ status: 'interrupted' }, 'waiting', 'waiting for an answer at step 5'],
    [{ problem: 'CHECKPOINT_CORRUPT' }, 'damaged', 'damaged, cannot be read'],
    [{ problem: 'CHECKPOINT_UNAVAILABLE' }, 'damaged', 'cannot be read: CHECKPOINT_UNAVAILABLE'],
  ];
  for (const [facts, standing, words] of standings) {
    test(`“${words}” is ${standing}`, () => {
      assert.equal(standingOf(row(facts)), standing);
      assert.equal(standingText(row(facts)), words);
    });
  }

  test('what runs can be cancelled and not deleted, what has stopped can go on, what is done can only be looked at', () => {
    for (const standing of ['here', 'elsewhere']) assert.deepEqual(['cancel', 'remove', 'goOn'].map((action) => actionsOf(standing).includes(action)), [true, false, false]);
    for (const standing of ['stopped', 'cancelled', 'failed']) assert.deepEqual(['goOn', 'remove', 'cancel'].map((action) => actionsOf(standing).includes(action)), [true, true, false]);
    assert.equal(actionsOf('elsewhere').includes('takeOver'), true);
    assert.equal(actionsOf('here').includes('takeOver'), false);
    assert.deepEqual(actionsOf('done'), ['open', 'exportSession', 'remove']);
    assert.deepEqual(actionsOf('damaged'), ['remove']);
  });

  test('the summary counts what runs here and elsewhere as one, and leaves out what there is none of', () => {
    const rows = [row({ status: 'running', owner: here }), row({ status: 'running', owner: elsewhere }), row({ status: 'running' }), row({}), row({ status: 'failed' })];
    assert.equal(factsText(rows), '2 running, 1 stopped, 1 done, 1 failed');
    assert.equal(factsText([]), '');
    assert.deepEqual(rows.map(isFinished), [false, false, false, true, false]);
  });
});

describe('titles', () => {
  test('a text is called by its own title, else by its first line', () => {
    assert.equal(titleOf({ outline: { title: 'Tides' }, text: 'other' }), 'Tides');
    assert.equal(titleOf({ outline: { title: '' }, text: '\n  \n## The sea\n\nmore' }), 'The sea');
    assert.equal(titleOf({ outline: null, text: '- One\n- Two' }), 'One');
    assert.equal(titleOf({ text: 'x'.repeat(500) }).length, 120);
  });

  test('a state from anywhere has a title', () => {
    for (const state of [undefined, null, 1, 'text', [], {}, { outline: 7, text: {} }, { outline: { title: ['a'] }, text: ' \n ' }]) assert.equal(titleOf(state), 'Untitled text');
  });

  test('a title is one line without control characters, and never cut within a character', () => {
    assert.equal(oneLine(' a\u0000\n\tb\u0007 '), 'a b');
    assert.equal(short('ab😀cd', 4), 'ab…');
    assert.equal(short('abcd', 4), 'abcd');
  });
});

test('sizes have at most two digits behind the first that counts, and change their unit where they round to a thousand', () => {
  const sizes = [[0, '0 B'], [999, '999 B'], [1000, '1.0 KB'], [9949, '9.9 KB'], [9950, '10 KB'], [412_300, '412 KB'], [999_499, '999 KB'], [999_500, '1.0 MB'], [1.2e9, '1.2 GB'], [10.7e9, '11 GB'], [3e15, '3000 TB'], [-5, '0 B']];
  for (const [bytes, words] of sizes) assert.equal(sizeText(bytes), words);
});

test('ages are calm, and what is older than a week has a date', () => {
  const now = Date.UTC(2026, 10, 21, 12);
  const ages = [[-5_000, 'just now'], [59_999, 'just now'], [60_000, '1 min ago'], [59 * 60_000, '59 min ago'], [3_600_000, '1 h ago'], [86_399_999, '23 h ago'], [86_400_000, '1 day ago'], [6 * 86_400_000, '6 days ago'], [10 * 86_400_000, '11 Nov 2026']];
  for (const [age, words] of ages) assert.equal(ageText(now - age, now), words);
  for (const at of [-1e20, 1e20, Infinity]) assert.equal(timeText(at), 'at an unknown time');
});

test('what is stored is said as far as the browser says it', () => {
  const storage = { sessions: 7, bytes: 412_000, freeBytes: 1.2e9, isKept: true, isPersisted: false };
  assert.equal(storedText(storage), '7 sessions, 412 KB; 1.2 GB free');
  assert.equal(keptText(storage), 'The browser may evict them.');
  assert.equal(keptText({ ...storage, isPersisted: true }), 'Kept until you delete them.');
  assert.equal(keptText({ ...storage, isPersisted: null }), '');
  assert.equal(storedText({ ...storage, sessions: 1, freeBytes: null }), '1 session, 412 KB');
  assert.equal(storedText({ ...storage, isKept: false }), '7 sessions, in memory only');
  assert.equal(keptText({ ...storage, isKept: false }), 'Gone when this page is closed.');
  assert.equal(`${storedText({ ...storage, sessions: 0 })} ${keptText({ ...storage, sessions: 0 })}`, 'No sessions; 1.2 GB free ');
});

test('each fault of the store has a sentence, and what is no error too', () => {
  for (const code of ['CHECKPOINT_UNAVAILABLE', 'CHECKPOINT_BLOCKED', 'CHECKPOINT_VERSION', 'CHECKPOINT_QUOTA', 'CHECKPOINT_CORRUPT', 'SESSION_BUSY', 'SESSION_NOT_FOUND']) {
    const words = storeProblemText({ code, message: 'raw' });
    assert.match(words, /^[A-Z].*\.$/);
    assert.doesNotMatch(words, /raw|_/);
  }
  assert.equal(storeProblemText(new Error('as it is')), 'as it is');
  assert.match(storeProblemText(undefined), /^Something/);
});
