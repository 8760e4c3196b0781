// The lists that stand in Rust and in TypeScript, against each other: a build with test hooks says what Rust's are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vocabulary } from '../../build/pkg-hooks/wasm/weavegraph_wasm.js';
import '../../build/pkg-hooks/entries/node.js';
import { errorCodes } from '../../build/facade/errors.js';
import { Ask, eventTypes, Kind, Op, presetMasks, statuses, Tell, TellText, TellWith } from '../../build/facade/words.js';
import { codesOf } from './codes.mjs';

const lists = Object.groupBy?.(vocabulary(), (word) => word.split(':')[0]) ?? vocabulary().reduce((all, word) => ((all[word.split(':')[0]] ??= []).push(word), all), {});
const inRust = (list) => lists[list].map((word) => word.slice(list.length + 1));
const byNumber = (words) => Object.keys(words).sort((a, b) => words[a] - words[b]);

test('every list of the engine has its test here', () => {
  assert.deepEqual(Object.keys(lists).sort(), ['ask', 'code', 'event', 'op', 'preset', 'status', 'tell', 'tellText', 'tellWith']);
});

for (const [list, words] of Object.entries({ op: Op, tell: Tell, tellWith: TellWith, tellText: TellText, ask: Ask })) {
  test(`${list}: the same names under the same numbers`, () => {
    assert.deepEqual(byNumber(words), inRust(list));
    assert.deepEqual(Object.values(words).sort((a, b) => a - b), inRust(list).map((_, number) => number));
  });
}

test('event types and statuses: the same, in the order of their numbers', () => {
  assert.deepEqual([...eventTypes], inRust('event'));
  assert.deepEqual(byNumber(Kind), inRust('event'));
  assert.deepEqual([...statuses], inRust('status'));
});

test('presets of filters: the same types', () => {
  assert.deepEqual(Object.entries(presetMasks).map((preset) => preset.join(' ')), inRust('preset'));
});

test('every code that Rust raises has a class, and the facade raises the others itself', () => {
  const facade = ['NOT_INITIALIZED', ...codesOf('panic'), ...codesOf('state-key'), ...codesOf('replay'), ...codesOf('app-runner')];
  assert.deepEqual([...errorCodes].sort(), [...new Set([...inRust('code'), ...facade])].sort());
});
