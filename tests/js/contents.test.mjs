// How writes fold into a channel's content. Internal modules, as the build compiles them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createContent } from '../../build/facade/contents.js';
import { StateError } from '../../build/facade/errors.js';
import { copyValue, heightOf, isOurs, lend, sizeOf } from '../../build/facade/values.js';

const copy = (value) => copyValue(value, 'update');
const create = (kind, options = {}) => createContent({ kind, ...options, initial: copy(options.initial ?? { append: [], merge: {} }[kind]) });
const write = (content, value) => content.fold(copy(value), false);
const setTo = (content, value) => content.fold(copy(value), true);
const messages = (count) => Array.from({ length: count }, (_, id) => ({ id, content: `message ${id}` }));

// The vectors, which `src/state/json_fold.rs` is tested with too.

const keys = { '(itself)': (item) => item, '(fails)': () => { throw new Error('no key'); } };
const reducers = {
  keep: (current) => current,
  take: (_current, given) => given,
  join: (current, given) => current + given,
  max: (current, given) => Math.max(current, given),
  sum(current, given) {
    if (typeof given !== 'number') throw new Error(`${given} is no number`);
    return current + given;
  },
};

function createFrom({ kind, initial, key, fn }) {
  const options = { initial };
  if (key !== undefined) options.key = keys[key] ?? ((item) => item?.[key]);
  if (fn !== undefined) options.fn = reducers[fn];
  return create(kind, options);
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/folding.json', import.meta.url), 'utf8'));
for (const { name, channel, barriers } of cases) {
  test(name, () => {
    const content = createFrom(channel);
    for (const barrier of barriers) {
      const before = content.view();
      content.begin();
      const changed = [];
      try {
        for (const { value, replace } of barrier.writes) changed.push(content.fold(copy(value), replace === true));
        assert.equal(content.committedView(), before);
        content.commit();
        assert.deepEqual(changed, barrier.changed);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        content.rollback();
        assert.equal(error instanceof StateError ? error.code : 'STATE_REDUCER', barrier.error);
        assert.equal(error.message, barrier.message);
      }
      assert.deepEqual(content.view(), barrier.value);
      assert.equal(content.committedView(), content.view());
    }
  });
}

// What JSON cannot say.

test('undefined is no write', () => {
  for (const kind of ['append', 'merge', 'last']) {
    const content = create(kind, kind === 'last' ? { initial: 1 } : {});
    const before = content.view();
    assert.equal(content.fold(undefined, false), false);
    assert.equal(content.view(), before);
  }
  let calls = 0;
  const content = create('reduce', { initial: 0, fn: () => ++calls });
  assert.deepEqual([content.fold(undefined, false), calls], [false, 0]);
});

test('a key that is undefined in a merge is not written', () => {
  const content = create('merge', { initial: { a: 1, b: undefined } });
  assert.equal(write(content, { a: undefined, c: undefined }), false);
  assert.equal(write(content, { a: undefined, c: 2 }), true);
  assert.deepEqual(content.view(), { a: 1, c: 2 });
  setTo(content, { d: undefined, e: 5 });
  assert.deepEqual(content.view(), { e: 5 });
});

test('replace(undefined) empties a last channel, and is refused by lists and maps', () => {
  const content = create('last', { initial: 1 });
  assert.equal(setTo(content, undefined), true);
  assert.equal(content.view(), undefined);
  for (const kind of ['append', 'merge']) assert.throws(() => setTo(create(kind), undefined), { code: 'STATE_INVALID_UPDATE' });
});

test('NaN in place of NaN is no change, -0 in place of 0 is one', () => {
  const content = create('last', { initial: NaN });
  assert.deepEqual([write(content, NaN), write(content, 0), write(content, -0)], [false, true, true]);
});

test('a map takes plain objects only', () => {
  for (const [value, name] of [[new Map(), 'Map'], [new Date(0), 'Date'], [new Error('e'), 'Error'], [1n, 'bigint']]) {
    assert.throws(() => write(create('merge'), value), { code: 'STATE_INVALID_UPDATE', message: `a merge channel takes a plain object, not ${name}` });
  }
});

test('values and views are frozen, ours, and the same object until a change', () => {
  for (const [content, value] of [[create('append'), { a: 1 }], [create('merge'), { key: { a: 1 } }], [create('last'), { a: 1 }]]) {
    const empty = content.view();
    assert.equal(content.view(), empty);
    write(content, value);
    const view = content.view();
    assert.notEqual(view, empty);
    assert.equal(content.view(), view);
    assert.ok(Object.isFrozen(view) && isOurs(view));
    assert.equal(content.save(), view);
  }
});

test('a write that changes nothing leaves the view alone', () => {
  const list = create('append', { initial: [1] });
  const map = create('merge', { initial: { a: 1 } });
  const views = [list.view(), map.view()];
  write(list, []);
  write(map, { a: 1, b: null });
  assert.deepEqual([list.view() === views[0], map.view() === views[1]], [true, true]);
});

test('a view passed back as a whole value is not copied', () => {
  const list = create('append', { initial: messages(3) });
  const view = list.view();
  assert.equal(setTo(list, view), true);
  assert.equal(list.view(), view);
  write(list, messages(1));
  assert.equal(view.length, 3);
});

test('a reducer gets frozen values, and its result is copied', () => {
  const results = [];
  const content = create('reduce', {
    initial: { list: [1] },
    fn(current, given) {
      assert.ok(Object.isFrozen(current) && Object.isFrozen(given));
      results.push({ list: [...current.list, given], kept: current.list });
      return results.at(-1);
    },
  });
  write(content, { n: 2 });
  results[0].list.push('late');
  assert.deepEqual(content.view(), { list: [1, { n: 2 }], kept: [1] });
  assert.ok(Object.isFrozen(content.view().list));
});

test('a reducer that returns what cannot be stored is STATE_NOT_CLONEABLE, what it throws comes out as it is', () => {
  const thrown = { any: 'thing' };
  for (const [result, where] of [[() => {}, 'result'], [{ when: Symbol('s') }, 'result.when'], [Promise.resolve(), 'result']]) {
    const content = create('reduce', { initial: 1, fn: () => result });
    assert.throws(() => write(content, 1), (error) => error instanceof StateError && error.details.path === where);
    assert.equal(content.view(), 1);
  }
  const content = create('reduce', { initial: 1, fn() { throw thrown; } });
  assert.throws(() => write(content, 1), (error) => error === thrown);
});

test('what a key function throws comes out as it is', () => {
  const thrown = new Error('key');
  const content = create('append', { key() { throw thrown; } });
  assert.throws(() => write(content, { id: 1 }), (error) => error === thrown);
});

test('keys that are names of Object.prototype collide with nothing', () => {
  const content = create('append', { key: (item) => item.id });
  write(content, ['__proto__', 'constructor', 'toString'].map((id) => ({ id })));
  write(content, { id: '__proto__', n: 1 });
  assert.deepEqual(content.view(), [{ id: '__proto__', n: 1 }, { id: 'constructor' }, { id: 'toString' }]);
});

test('a map keeps the order of its keys, and a key that was deleted comes last', () => {
  const content = create('merge', { initial: { b: 1, a: 1 } });
  write(content, { c: 1 });
  write(content, { b: 2 });
  assert.deepEqual(Object.keys(content.view()), ['b', 'a', 'c']);
  write(content, { b: null });
  const mark = content.mark();
  write(content, { b: 3 });
  write(content, { a: null });
  assert.deepEqual([Object.keys(mark.view()), Object.keys(content.view())], [['a', 'c'], ['c', 'b']]);
});

test('readers and functions get binary data of their own', () => {
  const bytes = () => ({ bytes: new Uint8Array([1]) });
  const list = create('append', { key: (item) => (item.bytes[0] = 9) && 'key' });
  write(list, bytes());
  assert.deepEqual([list.hasBinary, list.view()[0].bytes[0]], [true, 1]);
  const reduced = create('reduce', { initial: bytes(), fn: (current, given) => ((current.bytes[0] = given.bytes[0] = 9), given) });
  const [current, given] = [reduced.view(), copy(bytes())];
  reduced.fold(given, false);
  assert.deepEqual([current.bytes[0], given.bytes[0], reduced.view().bytes[0]], [1, 1, 9]);
  assert.equal(write(create('reduce', { initial: bytes(), fn: (same) => same }), 1), false);
  const map = create('merge', { initial: { a: 1 } });
  assert.deepEqual([map.hasBinary, write(map, { b: bytes() }), map.hasBinary], [false, true, true]);
  setTo(map, { a: 1 });
  assert.equal(map.hasBinary, false);
});

test('a value loaded from a record is taken over, or copied if it is not ours', () => {
  for (const [kind, value] of [['append', [{ a: 1 }]], ['merge', { a: { b: 1 } }], ['last', { a: 1 }]]) {
    const content = create(kind);
    const ours = copy(value);
    content.load(ours);
    assert.equal(content.view(), ours);
    content.load(value);
    assert.deepEqual(content.view(), value);
    assert.ok(isOurs(content.view()));
    value[0] = 'changed';
    assert.deepEqual(content.view(), ours);
  }
});

test('bytes follow what is added, replaced and removed', () => {
  const list = create('append', { key: (item) => item.id });
  const empty = list.bytes;
  write(list, messages(100));
  const full = list.bytes;
  assert.ok(Math.abs(full - sizeOf(copy(messages(100)))) < full / 100, `${full}`);
  write(list, { id: 5, content: 'x'.repeat(1000) });
  assert.ok(list.bytes > full + 900);
  write(list, { id: 5, content: 'message 5' });
  assert.ok(Math.abs(list.bytes - full) < 10);
  setTo(list, []);
  assert.equal(list.bytes, empty);

  const map = create('merge');
  write(map, { a: 'x'.repeat(1000), b: 1 });
  assert.ok(map.bytes > 1000 && map.bytes < 1100);
  write(map, { a: null, b: null });
  assert.equal(map.bytes, create('merge').bytes);
});

test('a mark shows what was there, whatever is folded later, and costs no copy before it is read', () => {
  const list = create('append', { initial: messages(200), key: (item) => item.id });
  const map = create('merge', { initial: Object.fromEntries(messages(200).map(({ id }) => [`key ${id}`, id])) });
  const marks = [];
  for (let step = 0; step < 300; step++) {
    write(list, step % 3 === 0 ? { id: step, step } : { step });
    write(map, { [`key ${step % 250}`]: step % 7 === 0 ? null : { step } });
    if (step % 50 === 20) marks.push([list.mark(), structuredClone(list.view()), map.mark(), structuredClone(map.view())]);
    if (step === 200) setTo(list, messages(3));
    if (step === 230) setTo(map, { a: 1 });
  }
  for (const [listMark, expectedList, mapMark, expectedMap] of marks) {
    assert.deepEqual(listMark.view(), expectedList);
    assert.deepEqual(mapMark.view(), expectedMap);
    assert.equal(listMark.view(), listMark.view());
  }
});

test('a map that is written over and over keeps old marks right', () => {
  const map = create('merge', { initial: { fixed: 0 } });
  const marks = [];
  for (let step = 0; step < 1000; step++) {
    marks.push(map.mark());
    write(map, { [`key ${step % 3}`]: step });
  }
  marks.forEach((mark, step) => assert.equal(mark.view()[`key ${(step + 2) % 3}`], step === 0 ? undefined : step - 1));
  assert.deepEqual(marks[500].view(), { fixed: 0, 'key 0': 498, 'key 1': 499, 'key 2': 497 });
});

test('an item as deep as values may be can be read, with binary data too', () => {
  let item = { bytes: new Uint8Array([1]) };
  while (heightOf(copy(item)) < 1000) item = { item };
  const list = create('append');
  write(list, item);
  assert.equal(heightOf(lend(list.view())), 1000);
});

// Random writes against a model that copies everything.

function createRandom(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const models = {
  append(current, value, isReplace) {
    if (isReplace) return value;
    const next = [...current];
    for (const item of Array.isArray(value) ? value : [value]) {
      const position = item.id === undefined ? -1 : next.findLastIndex((other) => other.id === item.id);
      if (position < 0) next.push(item);
      else next[position] = item;
    }
    return next;
  },
  merge(current, value, isReplace) {
    const next = new Map(isReplace ? [] : Object.entries(current));
    for (const [key, part] of Object.entries(value)) part === null ? next.delete(key) : next.set(key, part);
    return Object.fromEntries(next);
  },
};
const randomWrites = {
  append: (random, n) => (random(4) === 0 ? Array.from({ length: random(4) }, () => ({ id: random(30), n })) : random(2) === 0 ? { n } : { id: random(30), n }),
  merge: (random, n) => Object.fromEntries(Array.from({ length: random(4) }, () => [`k${random(20)}`, random(3) === 0 ? null : { n }])),
};

for (const kind of ['append', 'merge']) {
  test(`random barriers on ${kind}, with views, marks and rollbacks in between, agree with a model that copies everything`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed);
      const content = create(kind, kind === 'append' ? { key: (item) => item.id } : {});
      let expected = kind === 'append' ? [] : {};
      const kept = [];
      for (let barrier = 0; barrier < 60; barrier++) {
        const before = expected;
        content.begin();
        for (let writes = random(4); writes > 0; writes--) {
          const isReplace = random(12) === 0;
          let value = randomWrites[kind](random, barrier);
          if (isReplace && kind === 'append' && !Array.isArray(value)) value = [value];
          expected = models[kind](expected, value, isReplace);
          content.fold(copy(value), isReplace);
          if (random(4) === 0) kept.push([content.mark(), expected]);
          if (random(4) === 0) assert.deepEqual(content.view(), expected);
          if (random(4) === 0) assert.deepEqual(content.committedView(), before);
        }
        if (random(4) === 0) {
          content.rollback();
          expected = before;
        } else content.commit();
        if (random(3) === 0) kept.push([content.mark(), expected]);
        if (random(3) === 0) assert.deepEqual(content.view(), expected);
      }
      assert.deepEqual(content.view(), expected);
      assert.deepEqual(Object.keys(content.view()), Object.keys(expected));
      for (const [mark, value] of kept) assert.deepEqual(mark.view(), value);
    }
  });
}
