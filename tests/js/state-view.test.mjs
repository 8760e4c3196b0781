// The state objects that nodes see. Internal modules, as the build compiles them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContent } from '../../build/facade/contents.js';
import { createStateViews } from '../../build/facade/state-view.js';
import { copyValue, isOurs } from '../../build/facade/values.js';

const copy = (value) => copyValue(value, 'update');
const create = (kind, initial) => createContent({ kind, initial: copy(initial) });
const numbers = (count) => Array.from({ length: count }, (_, n) => ({ n }));
const record = (count) => Object.fromEntries(numbers(count).map(({ n }) => [`key ${n}`, { n }]));
const names = ['list', 'map', 'one'];
const makeState = createStateViews(names);

/** Contents whose views are not made, so that large ones become accessors. */
function contents(count) {
  const all = [create('append', numbers(count)), create('merge', record(count)), create('last', { n: 1 })];
  all[0].fold(copy({ n: 'last' }), false);
  all[1].fold(copy({ last: 1 }), false);
  return all;
}
const expected = (count) => ({ list: [...numbers(count), { n: 'last' }], map: { ...record(count), last: 1 }, one: { n: 1 } });
const isAccessor = (state, name) => Object.getOwnPropertyDescriptor(state, name).get !== undefined;

for (const count of [0, 3, 500]) {
  test(`a state with ${count} items is a frozen plain object with its channels in order`, () => {
    const state = makeState(contents(count));
    assert.deepEqual(Object.keys(state), names);
    assert.equal(Object.getPrototypeOf(state), Object.prototype);
    assert.ok(Object.isFrozen(state));
    assert.deepEqual(state, expected(count));
    assert.deepEqual({ ...state }, expected(count));
    assert.deepEqual(JSON.parse(JSON.stringify(state)), expected(count));
    assert.deepEqual(structuredClone(state), expected(count));
    assert.ok(Object.isFrozen(state.list) && isOurs(state.list) && Array.isArray(state.list));
    assert.throws(() => { state.list = []; }, TypeError);
    assert.throws(() => state.list.push(1), TypeError);
  });
}

test('small and made views are data, others are made at the first read', () => {
  const large = contents(500);
  const state = makeState(large);
  assert.deepEqual(names.map((name) => isAccessor(state, name)), [true, true, false]);
  assert.deepEqual(names.map((name) => isAccessor(makeState(contents(5)), name)), [false, false, false]);
  const { list } = state;
  assert.equal(state.list, list);
  assert.equal(large[0].view(), list);
  assert.deepEqual(names.map((name) => isAccessor(makeState(large), name)), [false, true, false]);
});

test('state objects of one moment show the same objects', () => {
  const large = contents(500);
  const [one, other] = [makeState(large), makeState(large)];
  assert.equal(one.list, other.list);
  assert.equal(one.map, other.map);
});

for (const when of ['before', 'after']) {
  test(`later writes do not change an older state that was first read ${when} them`, () => {
    const large = contents(500);
    const state = makeState(large);
    if (when === 'before') assert.deepEqual(state, expected(500));
    large[0].fold(copy([1, 2]), false);
    large[0].fold(copy([]), true);
    large[0].fold(copy([3]), false);
    for (let n = 0; n < 3000; n++) large[1].fold(copy({ [`key ${n}`]: n % 2 === 0 ? null : n }), false);
    large[2].fold(copy({ n: 2 }), false);
    assert.deepEqual(state, expected(500));
    assert.deepEqual(makeState(large).list, [3]);
  });
}

test('a state can be passed on as a value', () => {
  const state = makeState(contents(500));
  const result = copy({ state });
  assert.deepEqual(result.state, expected(500));
  assert.equal(result.state.list, state.list);
});

test('an object that inherits from a state shows the same, anything else cannot read through its accessors', () => {
  const state = makeState(contents(500));
  const child = Object.create(state);
  assert.equal(child.list, state.list);
  const { get } = Object.getOwnPropertyDescriptor(state, 'list');
  assert.throws(() => get.call({}), { name: 'TypeError', message: /no state object/ });
});

test('each state object has binary data of its own, the same at each read', () => {
  const bytes = new Uint8Array([1, 2]);
  const binary = [create('append', [{ bytes }]), create('merge', { bytes }), create('last', bytes)];
  const [one, other] = [makeState(binary), makeState(binary)];
  assert.deepEqual(one, { list: [{ bytes }], map: { bytes }, one: bytes });
  assert.equal(one.list, one.list);
  one.list[0].bytes[0] = one.map.bytes[0] = one.one[0] = 9;
  assert.deepEqual(other, { list: [{ bytes }], map: { bytes }, one: bytes });
  assert.deepEqual(makeState(binary), other);
});

test('graphs with the same channel names do not mix their contents', () => {
  const [a, b] = [contents(500), contents(600)];
  const otherViews = createStateViews(names);
  const [one, other] = [makeState(a), otherViews(b)];
  assert.deepEqual([one.list.length, other.list.length], [501, 601]);
});

test('a channel may be called __proto__', () => {
  const state = createStateViews(['__proto__', 'a'])([create('append', [1]), create('last', 2)]);
  assert.deepEqual(Object.keys(state), ['__proto__', 'a']);
  assert.deepEqual(Object.getOwnPropertyDescriptor(state, '__proto__').get.call(state), [1]);
  assert.equal(Object.getPrototypeOf(state), Object.prototype);
});
