// What a step changed in the state (www/views/state-diff.js) and its words (www/views/state-words.js): on states of real runs, and on values made for a point.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as weavegraph from 'weavegraph-wasm';
import { createBriefing } from '../../www/agent/briefing.js';
import { DEFAULT_TEXT } from '../../www/agent/default-text.js';
import { diffState, isEqual, jsonBytes, MAX_CHANGES, stateBytes } from '../../www/views/state-diff.js';
import { changeBetween, changeOf, contentOf, differencesOf, sizeText, summaryOf } from '../../www/views/state-words.js';

/** The difference of one channel of `kind`. */
function diff(kind, before, after, options) {
  const [channel] = diffState({ channels: { x: { kind, options } } }, { x: before }, { x: after });
  return channel;
}
const told = ({ changes }) => changes.map(({ kind, path, before, after }) => [kind, path, before, after].filter((part) => part !== undefined));

describe('channels', () => {
  test('append tells the items that came, and those whose place another took', () => {
    const channel = diff('append', [{ id: 1, n: 1 }, { id: 2, n: 2 }], [{ id: 1, n: 1 }, { id: 2, n: 5 }, { id: 3, n: 3 }], { keyed: true });
    assert.ok(channel.isChanged && channel.isKeyed);
    assert.deepEqual(told(channel), [['changed', '[1]', { id: 2, n: 2 }, { id: 2, n: 5 }], ['added', '[2]', { id: 3, n: 3 }]]);
    assert.equal(changeOf(channel), '+1: id 3, n 3; 1 replaced: n 2 → 5');
  });

  test('an item that left is told, and those behind it did not change', () => {
    const channel = diff('append', ['a', 'b', 'c', 'd'], ['a', 'c', 'x', 'd']);
    assert.deepEqual(told(channel), [['removed', '[1]', 'b'], ['added', '[2]', 'x']]);
    assert.equal(changeOf(channel), '+1: “x”; −1: “b”');
  });

  test('merge tells its keys', () => {
    const channel = diff('merge', { moon: 1, sun: 2, 'odd key': 3 }, { moon: 1, sun: 4, tide: { score: 5 } });
    assert.deepEqual(told(channel), [['changed', '.sun', 2, 4], ['added', '.tide', { score: 5 }], ['removed', '["odd key"]', 3]]);
    assert.equal(changeOf(channel), '+1: tide; 1 changed: sun; −1: odd key');
    assert.equal(contentOf(channel), '3 keys: moon, sun, tide');
    assert.equal(changeOf(diff('merge', {}, { a: 1, b: 2, c: 3, d: 4, e: 5 })), '+5: a, b, c and 2 more');
  });

  test('last and reduce tell the parts that differ, down to a bounded depth', () => {
    const before = { round: 1, text: 'a', deep: { a: { b: { c: { d: 1 } } } }, same: [1, 2] };
    const channel = diff('last', before, { round: 2, text: 'a', deep: { a: { b: { c: { d: 2 } } } }, same: [1, 2], finding: 'x' });
    assert.deepEqual(told(channel), [['changed', '.round', 1, 2], ['changed', '.deep.a.b', { c: { d: 1 } }, { c: { d: 2 } }], ['added', '.finding', 'x']]);
    assert.equal(changeOf(channel), 'round 1 → 2, deep, +finding');
    assert.equal(changeOf(diff('reduce', 3, 10_212)), '3 → 10,212');
    assert.deepEqual(told(diff('reduce', 3, 4)), [['changed', '', 3, 4]]);
  });

  test('a value that comes or goes is told as set or cleared', () => {
    assert.equal(changeOf(diff('last', null, { title: 'Tides', sections: 10 })), 'set: title “Tides”, sections 10');
    assert.equal(changeOf(diff('last', undefined, 'x')), 'set: “x”');
    assert.equal(changeOf(diff('last', 'x', null)), 'cleared, was “x”');
  });

  test('the engine’s word about who was written counts; without it the values are compared', () => {
    const definition = { channels: { a: { kind: 'last' }, b: { kind: 'last' } } };
    const state = { a: 1, b: 2 };
    assert.deepEqual(diffState(definition, state, { a: 1, b: 3 }).map(({ isChanged }) => isChanged), [false, true]);
    const [a, b] = diffState(definition, state, { a: 1, b: 2 }, ['a']);
    assert.deepEqual([a.isChanged, b.isChanged], [true, false]);
    assert.equal(changeOf(a), 'written, holds the same');
  });

  test('without the state before, nothing is said about what changed', () => {
    const [channel] = diffState({ channels: { x: { kind: 'append' } } }, null, { x: [1] }, ['x']);
    assert.deepEqual([channel.isChanged, channel.hasBefore, channel.changes, changeOf(channel)], [true, false, [], '']);
    assert.equal(diffState({ channels: { x: { kind: 'append' } } }, null, { x: [1] })[0].isChanged, false);
  });

  test('lists at most so many changes, and counts the others', () => {
    const channel = diff('append', [], Array.from({ length: 5_000 }, (_, i) => i));
    assert.equal(channel.changes.length, MAX_CHANGES);
    assert.equal(channel.more, 5_000 - MAX_CHANGES);
    assert.equal(changeOf(channel), '+5,000 items');
    const long = Array.from({ length: 3_000 }, (_, i) => ({ i }));
    assert.deepEqual(told(diff('append', long, [...long, { i: -1 }])), [['added', '[3000]', { i: -1 }]]);
    const turned = diff('append', long, long.map(({ i }) => ({ i: -i - 1 })));
    assert.deepEqual(turned.counts, { added: 0, removed: 0, changed: 3_000 });
  });

  test('looks at nothing before it is asked, and at each value once', () => {
    let reads = 0;
    const value = () => ({ get a() { reads += 1; return reads; } });
    const [channel] = diffState({ channels: { x: { kind: 'last' } } }, { x: value() }, { x: value() }, ['x']);
    assert.equal(reads, 0);
    const first = channel.changes;
    const [after, size] = [reads, channel.bytes];
    assert.ok(after > 0);
    assert.deepEqual([channel.changes === first, channel.bytes], [true, size]);
    assert.equal(reads, after + 1, 'the size read it once');
  });
});

describe('every kind of value', () => {
  const values = [
    [undefined, null, true, 0, -0, NaN, 1n, 'x', '', [], {}],
    [new Map([['a', 1]]), new Map([['a', 2]]), new Set([1]), new Set([2]), new Date(0), new Date(1), /a/g, /a/i],
    [new Uint8Array([1]), new Uint8Array([2]), new Int8Array([1]), new ArrayBuffer(1), new Error('a'), new TypeError('a'), new Error('b'), [undefined], [null], { a: undefined }],
  ].flat();

  test('is equal to its copy and to nothing else', () => {
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) assert.equal(isEqual(structuredClone(a), b), i === j, `${i} and ${j}: ${String(a)} and ${String(b)}`);
    }
  });

  test('has a size and a line of words, and changes into every other', () => {
    for (const a of values) {
      assert.ok(jsonBytes(a) >= 0);
      assert.match(summaryOf(a), /^[^\n]{1,200}$/);
      for (const b of values) {
        for (const kind of ['last', 'append', 'merge', 'reduce']) {
          if (kind === 'append' && !(Array.isArray(a) && Array.isArray(b))) continue;
          if (kind === 'merge' && !(Object.getPrototypeOf(a ?? 0) === Object.prototype && Object.getPrototypeOf(b ?? 0) === Object.prototype)) continue;
          const channel = diff(kind, a, b);
          assert.match(changeOf(channel), channel.isChanged ? /^[^\n]{1,400}$/ : /^$/, `${String(a)} to ${String(b)}`);
        }
      }
    }
  });

  test('Maps are told by their keys, also where a key is an object', () => {
    assert.deepEqual(told(diff('last', new Map([['a', 1], [2, 2]]), new Map([['a', 3], [{}, 4]]))), [['changed', '.get("a")', 1, 3], ['added', '.get(…)', 4], ['removed', '.get(2)', 2]]);
  });
});

describe('sizes', () => {
  test('are the bytes of the JSON in UTF-8', () => {
    for (const value of ['Tides', 'größer 潮汐 🌊', '\ud800', 12.5, null, [1, 'ä'], { a: { b: ['\n'] } }, { a: undefined }]) {
      assert.equal(jsonBytes(value), Buffer.byteLength(JSON.stringify(value)), JSON.stringify(value));
    }
    assert.equal(jsonBytes(undefined), 0);
    assert.equal(jsonBytes({ n: 12n, map: new Map([['a', 1]]), bytes: new Uint8Array([1, 255]) }), '{"n":"12","map":[["a",1]],"bytes":[1,255]}'.length);
  });

  test('are worked out once for a value that cannot change, and each time for one that can', () => {
    let count = 0;
    const value = (isFrozen) => {
      const made = { toJSON: () => `${'x'.repeat(count += 1)}` };
      return isFrozen ? Object.freeze(made) : made;
    };
    const [frozen, open] = [value(true), value(false)];
    assert.equal(jsonBytes(frozen), jsonBytes(frozen));
    assert.notEqual(jsonBytes(open), jsonBytes(open));
  });

  test('of a state are those of its JSON', () => {
    const channels = { text: { kind: 'last' }, none: { kind: 'last' }, list: { kind: 'append' } };
    for (const state of [{ text: 'ü', none: undefined, list: [1, 2] }, { text: undefined, none: undefined, list: undefined }, { text: 1, none: 2, list: [] }]) {
      assert.equal(stateBytes(diffState({ channels }, null, state)), Buffer.byteLength(JSON.stringify(state)));
    }
  });

  test('are said in units that stay short', () => {
    assert.deepEqual([0, 999, 1_000, 12_400, 99_949, 412_000, 999_949, 999_950, 1_240_000, 123_400_000].map(sizeText), ['0 B', '999 B', '1.0 KB', '12.4 KB', '99.9 KB', '412 KB', '1,000 KB', '1.0 MB', '1.2 MB', '123 MB']);
  });
});

describe('words', () => {
  test('of long texts and deep values are short, on one line, with whole characters', () => {
    const long = 'Zeile eins\nZeile zwei '.repeat(500);
    assert.match(summaryOf(long), /^11,000 characters: “Zeile eins Zeile zwei .{1,50}…”$/);
    assert.match(summaryOf('🌊'.repeat(200)), /^400 characters: “🌊{31}…”$/u);
    assert.ok(changeBetween({ [long]: 1 }, { [long]: 2, ['k'.repeat(999)]: { deep: 1 } }).length < 200);
    assert.equal(summaryOf({ parts: { a: 1 }, list: [] }), '2 fields');
    assert.equal(summaryOf(0.87416), '0.8742');
  });

  test('of a text that grew say by how much, of another how long it is', () => {
    const text = 'x'.repeat(100);
    assert.equal(changeBetween(text, `${text}yz`), '+2 characters');
    assert.equal(changeBetween(text, 'y'.repeat(90)), '100 → 90 characters');
    assert.equal(changeBetween('a', 'b'), '“a” → “b”');
  });

  test('of two long texts are told by the places where they differ', () => {
    const [head, tail] = ['It rises. The tide is raised by the Moon, and also by ', ' whose pull is a little less than half as strong. It falls.'];
    assert.deepEqual(differencesOf(`${head}the Sun,${tail}`, `${head}Jupiter,${tail}`), { places: [['…e Moon, and also by the Sun, whose pull is a li…', '…e Moon, and also by Jupiter, whose pull is a li…']], more: 0 });
    assert.deepEqual(differencesOf('One. Two.\nThree? Four.', 'Two.\nThree? And a half. Four.').places, [['One.', ''], ['', 'And a half.']]);
    assert.deepEqual(differencesOf('same', 'same'), { places: [], more: 0 });
    assert.deepEqual(differencesOf('', 'new'), { places: [['', 'new']], more: 0 });
    const lines = Array.from({ length: 90 }, (_, i) => `Line ${i}\n`);
    const many = differencesOf(lines.join(''), lines.map((line, i) => (i % 3 === 0 ? 'x\n' : line)).join(''));
    assert.deepEqual([many.places.length, many.more], [12, 18]);
    assert.ok(differencesOf('', 'x'.repeat(10_000)).places[0][1].length <= 400);
  });
});

test('each step of a briefing is told as it was', async () => {
  const checkpointer = new weavegraph.MemoryCheckpointer();
  const app = createBriefing(weavegraph, { checkpointer });
  await app.invoke({ text: DEFAULT_TEXT }, { sessionId: 'brief', context: { paceMs: 0 } });
  const steps = (await app.history('brief')).map(({ step }) => step).sort((a, b) => a - b);
  const words = {};
  for (const step of steps.slice(1)) {
    const [before, after] = await Promise.all([app.getState('brief', { step: step - 1 }), app.getState('brief', { step })]);
    const channels = diffState(app.toJSON(), before.state, after.state, after.updatedChannels);
    assert.deepEqual(channels.filter(({ isChanged }) => isChanged).map(({ name }) => name).sort(), [...after.updatedChannels].sort());
    assert.equal(stateBytes(channels), Buffer.byteLength(JSON.stringify(after.state)));
    words[step] = Object.fromEntries(channels.filter(({ isChanged }) => isChanged).map((channel) => [channel.name, changeOf(channel)]));
  }
  assert.match(words[1].outline, /^set: title “Tides: how the sea keeps time”, language “en”, characters 10,212$/);
  assert.equal(words[1].sections, '+10 items');
  assert.equal(words[2].sections, '10 replaced');
  assert.match(words[2].tally, /^sections 0 → 10, sentences 0 → \d+, words 0 → [\d,]+$/);
  assert.match(words[2].terms, /^\+\d+: [^,]+, [^,]+, [^,]+ and \d+ more$/);
  assert.match(words[3].pool, /^\+\d+ items$/);
  assert.match(words[5].scores, /^\+1: round 1, score 0\.\d+, words \d+$/);
  assert.match(words[6].draft, /^round 1 → 2, sentences, text$/);
});
