// toBytes, fromBytes, toJsonSafe and fromJsonSafe: every kind of value comes back exactly, and nothing that anyone may hand in does harm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckpointError, fromBytes, fromJsonSafe, StateError, toBytes, toJsonSafe } from 'weavegraph-wasm';
import { copyValue } from '../../build/facade/values.js';
import { randomFrom, randomValue, textOf } from './random-values.mjs';

const throughBytes = (value) => fromBytes(toBytes(value));
const throughJson = (value) => fromJsonSafe(JSON.parse(JSON.stringify(toJsonSafe(value))));
const codecs = { bytes: throughBytes, json: throughJson };

/** As a value comes into a state: what a codec has to keep. */
const entered = (value) => copyValue(value, 'value');
const nested = (levels, make) => Array.from({ length: levels }).reduce((inner) => make(inner), 1);

function refused(decode, input, codes = ['CHECKPOINT_CORRUPT']) {
  let value;
  try {
    value = decode(input);
  } catch (error) {
    assert.ok(error instanceof CheckpointError, `it is ${error?.stack}`);
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return error;
  }
  return assert.fail(`it was read: ${textOf(value)}`);
}

for (const [name, through] of Object.entries(codecs)) {
  test(`${name}: two thousand random values come back exactly`, () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const value = randomValue(randomFrom(seed));
      assert.equal(textOf(through(value)), textOf(entered(value)), `seed ${seed}`);
    }
  });

  test(`${name}: text of every length and alphabet comes back`, () => {
    for (const letter of ['a', 'é', '日', '😀', '\ud800']) {
      for (const length of [0, 1, 21, 22, 31, 32, 63, 64, 100, 2730, 2731, 4096, 8191, 8192, 8193, 100_000]) {
        const text = letter.repeat(length);
        assert.ok(through(text) === text, `${length} times ${JSON.stringify(letter)}`);
        assert.ok(through(`x${text}`) === `x${text}`);
      }
    }
  });

  test(`${name}: what comes back is the caller's own: plain, fresh and not frozen`, () => {
    const value = { list: [1], map: new Map([['a', {}]]), when: new Date(5), bytes: new Uint8Array([1, 2]) };
    const back = through(value);
    back.list.push(2);
    back.map.set('b', 1);
    back.when.setTime(6);
    back.bytes[0] = 9;
    back.more = true;
    assert.deepEqual(value, { list: [1], map: new Map([['a', {}]]), when: new Date(5), bytes: new Uint8Array([1, 2]) });
  });

  test(`${name}: __proto__ is a key like any other`, () => {
    const value = JSON.parse('{"__proto__": {"polluted": 1}, "list": [{"__proto__": null, "constructor": {"prototype": 1}}]}');
    const back = through(value);
    assert.deepEqual(Object.keys(back), ['__proto__', 'list']);
    assert.equal(Object.getPrototypeOf(back), Object.prototype);
    assert.deepEqual(Object.keys(back.list[0]), ['__proto__', 'constructor']);
    assert.equal({}.polluted, undefined);
  });

  test(`${name}: a thousand levels come back, one more is no value`, () => {
    for (const make of [(inner) => [inner], (inner) => ({ inner }), (inner) => new Map([[1, inner]]), (inner) => new Set([inner])]) {
      const deepest = nested(1000, make);
      assert.equal(textOf(through(deepest)), textOf(deepest));
      assert.throws(() => through(nested(1001, make)), { code: 'STATE_NOT_CLONEABLE' });
    }
  });

  test(`${name}: a shared reference comes back as two, holes as undefined`, () => {
    const shared = {};
    const back = through({ a: shared, b: shared, holes: [1, , 3] });
    assert.notEqual(back.a, back.b);
    assert.ok(1 in back.holes);
  });

  test(`${name}: what is no value is refused with its path`, () => {
    const encode = name === 'bytes' ? toBytes : toJsonSafe;
    const cyclic = { a: [] };
    cyclic.a.push(cyclic);
    for (const [value, path] of [[{ a: [1, () => {}] }, 'a[1]'], [Symbol('s'), ''], [{ a: new (class Thing {})() }, 'a'], [cyclic, undefined], [[new WeakMap()], '[0]'], [{ p: Promise.resolve() }, 'p']]) {
      assert.throws(() => encode(value), (error) => error instanceof StateError && error.code === 'STATE_NOT_CLONEABLE' && (path === undefined || error.details.path === path));
    }
    assert.deepEqual(through([1]), [1], 'and the codec goes on');
  });
}

test('bytes: small values are small, and a repeated key is written once', () => {
  assert.equal(toBytes(5).length, 2);
  assert.equal(toBytes('hello').length, 7);
  const one = { role: 'user', content: 'hi' };
  assert.equal(toBytes(one).length, 1 + 1 + 6 + 5 + 9 + 3);
  assert.equal(toBytes(Array(30).fill(one)).length - toBytes([one]).length, 29 * (1 + 1 + 5 + 1 + 3));
});

test('bytes: a Buffer, a view into a larger buffer and bytes of another place are read alike', () => {
  const bytes = toBytes({ a: [1.5, 'é'.repeat(40)] });
  const larger = new Uint8Array(bytes.length + 20);
  larger.set(bytes, 7);
  for (const given of [Buffer.from(bytes), larger.subarray(7, 7 + bytes.length), structuredClone(bytes)]) assert.deepEqual(fromBytes(given), { a: [1.5, 'é'.repeat(40)] });
});

test('bytes: the format of version 1 is what it was', () => {
  const known = '0184 00 4161 05 00 4162 a3 c0 c1 c3 00 4163 c600000000000000 80 00 4164 82 01 c7 01 ff 02 ca 01 00 d8'.replaceAll(' ', '').replace('c60000000000000080', 'c60000000000000080');
  const value = { a: 5, b: [null, undefined, true], c: -0, d: { a: 255n, b: '\ud800' } };
  assert.equal(Buffer.from(toBytes(value)).toString('hex'), known);
  assert.deepEqual(fromBytes(Buffer.from(known, 'hex')), value);
});

test('bytes: a newer version is told from damage', () => {
  const bytes = toBytes('x');
  bytes[0] = 2;
  assert.match(refused(fromBytes, bytes, ['CHECKPOINT_VERSION']).message, /version 2.*update/);
  bytes[0] = 0;
  refused(fromBytes, bytes);
});

test('bytes: torn off at any place they are corrupt, and so with anything behind', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const bytes = toBytes(randomValue(randomFrom(seed), 4));
    for (let end = 0; end < bytes.length; end += 1) refused(fromBytes, bytes.subarray(0, end));
    refused(fromBytes, Uint8Array.of(...bytes, 0));
  }
});

test('bytes: any byte changed, or any bytes at all, give a value or a typed error', () => {
  const random = randomFrom(7);
  const attempt = (bytes) => {
    try {
      textOf(fromBytes(bytes));
    } catch (error) {
      assert.ok(error instanceof CheckpointError, error?.stack);
    }
  };
  for (let seed = 1; seed <= 150; seed += 1) {
    const bytes = toBytes(randomValue(randomFrom(seed), 4));
    for (let at = 0; at < Math.min(bytes.length, 300); at += 1) attempt(bytes.with?.(at, Math.floor(random() * 256)) ?? Uint8Array.from(bytes, (byte, index) => (index === at ? Math.floor(random() * 256) : byte)));
  }
  for (let round = 0; round < 20_000; round += 1) attempt(Uint8Array.from({ length: 1 + Math.floor(random() * 40) }, (_, index) => (index === 0 ? 1 : Math.floor(random() * 256))));
  assert.equal({}.polluted, undefined);
});

test('bytes: lengths that are lies cost nothing', () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
  for (const tag of [0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce]) refused(fromBytes, Uint8Array.of(1, tag, ...huge));
  for (const head of [[0xd1, 0], [0xd2, 3]]) refused(fromBytes, Uint8Array.of(1, ...head, ...huge));
  refused(fromBytes, Uint8Array.of(1, 0xc4, ...Array(12).fill(0xff)));
  refused(fromBytes, new Uint8Array(5_000_000).fill(0xa1, 1).fill(1, 0, 1));
  for (const input of [undefined, null, 'text', [1, 5], new Uint8Array(0), new ArrayBuffer(3), {}]) refused(fromBytes, input);
});

test('json: objects that look like tags come back as they were', () => {
  for (const value of [{ $weave: 'date', value: 0 }, { $weave: undefined }, { $weave: { $weave: 'map' } }, { a: 1, $weave: 'object', value: [] }, [{ $weave: 'x' }]]) {
    assert.equal(textOf(throughJson(value)), textOf(value));
    assert.equal(textOf(throughJson(toJsonSafe(value))), textOf(toJsonSafe(value)), 'also when it is made safe twice');
  }
});

test('json: plain JSON is itself', () => {
  const plain = { a: [1, 'two', null, true, { b: -1.5 }] };
  assert.deepEqual(toJsonSafe(plain), plain);
  assert.deepEqual(fromJsonSafe(plain), plain);
});

test('json: tags that nothing writes are corrupt', () => {
  const bad = [
    { $weave: 'nothing' }, { $weave: null }, { $weave: 'undefined', value: 1 }, { $weave: 'number', value: 1 }, { $weave: 'number', value: '1' }, { $weave: 'bigint', value: '' },
    { $weave: 'bigint', value: 'xyz' }, { $weave: 'bigint', value: 5 }, { $weave: 'date', value: 'now' }, { $weave: 'date' }, { $weave: 'map', value: [[1]] }, { $weave: 'map', value: {} },
    { $weave: 'map', value: [1] }, { $weave: 'set', value: 'text' }, { $weave: 'regexp', value: ['(', ''] }, { $weave: 'regexp', value: ['a', 'zz'] }, { $weave: 'regexp', value: ['a'] },
    { $weave: 'error', value: ['Nope', []] }, { $weave: 'error', value: ['Error', [['a', 1, 1]]] }, { $weave: 'error', value: ['Error', [[1, true, 1]]] }, { $weave: 'binary', value: ['Uint8Array', 'a'] },
    { $weave: 'binary', value: ['Uint8Array', '!!!!'] }, { $weave: 'binary', value: ['Float64Array', 'AAAA'] }, { $weave: 'binary', value: ['Function', 'AAAA'] }, { $weave: 'object', value: [[1, 2]] },
    { $weave: 'object', value: { a: 1 } }, { $weave: 'map', value: [], more: 1 }, { $weave: '__proto__' }, { $weave: 'constructor' }, new Array(2 ** 31), { $weave: 'set', value: new Array(2 ** 31) },
    { a: undefined }, [() => {}], 1n, Symbol('s'), NaN, nested(1001, (inner) => [inner]), nested(600, (inner) => ({ $weave: 'set', value: [inner] })) && nested(1200, (inner) => ({ $weave: 'set', value: [inner] })),
  ];
  const cyclic = [];
  cyclic.push(cyclic);
  for (const value of [...bad, cyclic]) {
    refused(fromJsonSafe, value);
    refused(fromJsonSafe, [value]);
  }
  assert.throws(() => fromJsonSafe({ get a() { throw new Error('mine'); } }), { code: 'CHECKPOINT_CORRUPT' });
});
