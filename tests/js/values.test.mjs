// How users' values are copied as they enter. Internal modules, as the build compiles them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import * as values from '../../build/facade/values.js';
import { StateError } from '../../build/facade/errors.js';

const { copyValue, hasBinary, heightOf, isOurs, lend, sizeOf } = values;
const copy = (value) => copyValue(value, 'update');

/** The error of a copy that must fail. */
function refused(value, where = 'update') {
  try {
    copyValue(value, where);
  } catch (error) {
    assert.ok(error instanceof StateError, `it is ${error}`);
    assert.equal(error.code, 'STATE_NOT_CLONEABLE');
    return error;
  }
  return assert.fail('it was copied');
}

/** Nested `levels` containers deep. */
function nested(levels, make = (inner) => ({ inner })) {
  let value = 1;
  for (let level = 0; level < levels; level++) value = make(value);
  return value;
}

function assertFrozen(value) {
  if (typeof value !== 'object' || value === null) return;
  assert.ok(Object.isFrozen(value) && isOurs(value));
  for (const key of Reflect.ownKeys(value)) assertFrozen(value[key]);
}

test('a copy is equal, frozen at every level, and shares nothing with what it was made of', () => {
  const given = { role: 'user', parts: [{ text: 'a' }, [1, [2]], {}], empty: [], none: null, missing: undefined };
  const result = copy(given);
  assert.deepEqual(result, given);
  assert.ok('missing' in result);
  assertFrozen(result);
  assert.ok(!Object.isFrozen(given) && !Object.isFrozen(given.parts) && !Object.isFrozen(given.parts[0]));
  given.parts[0].text = 'changed';
  assert.equal(result.parts[0].text, 'a');
});

test('primitives come through as they are', () => {
  for (const value of [undefined, null, true, '', 'text', 0, -0, NaN, Infinity, 10n ** 30n]) {
    assert.ok(Object.is(copy(value), value));
    assert.ok(Object.is(copy([value])[0], value));
    assert.ok(Object.is(copy({ value }).value, value));
  }
});

test('an object that occurs twice becomes two copies', () => {
  const shared = { n: 1 };
  const result = copy({ a: shared, b: shared });
  assert.deepEqual(result, { a: { n: 1 }, b: { n: 1 } });
  assert.notEqual(result.a, result.b);
});

test('what the package made is taken as it is, at any depth', () => {
  const ours = copy({ a: { b: 1 } });
  assert.equal(copy(ours), ours);
  const outer = copy({ ours, list: [ours.a] });
  assert.equal(outer.ours, ours);
  assert.equal(outer.list[0], ours.a);
});

test('a frozen object of the user is copied like any other', () => {
  const inner = { n: 1 };
  const given = Object.freeze({ inner });
  const result = copy(given);
  inner.n = 2;
  assert.equal(result.inner.n, 1);
  assert.ok(!isOurs(given));
});

test('own enumerable string keys count, getters are read once', () => {
  let reads = 0;
  const given = { get late() { return { reads: ++reads }; }, [Symbol('s')]: () => {}, a: 1 };
  Object.defineProperty(given, 'hidden', { value: () => {}, enumerable: false });
  const result = copy(given);
  assert.deepEqual(Reflect.ownKeys(result), ['late', 'a']);
  assert.deepEqual(result.late, { reads: 1 });
  assert.equal(Object.getOwnPropertyDescriptor(result, 'late').get, undefined);
});

test('__proto__, constructor and prototype are keys like any other', () => {
  const given = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "list": [{"__proto__": [1]}]}');
  const result = copy(given);
  assert.deepEqual(Object.keys(result), ['__proto__', 'constructor', 'list']);
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
  assert.equal(Object.getPrototypeOf(result.list[0]), Object.prototype);
  assert.equal(result.polluted, undefined);
  assert.equal({}.polluted, undefined);
  assert.deepEqual(Object.getOwnPropertyDescriptor(result, '__proto__').value, { polluted: 1 });
});

test('objects without a prototype, of another realm and behind a proxy become plain objects', () => {
  const bare = Object.assign(Object.create(null), { a: 1 });
  const foreign = vm.runInNewContext('({ a: [1, { b: 2 }], map: new Map([[1, { c: 3 }]]), when: new Date(5), error: new TypeError("no") })');
  const result = copy({ bare, foreign, proxy: new Proxy({ a: 1 }, {}), list: new Proxy([1, { a: 1 }], {}) });
  assert.deepEqual(result.bare, { a: 1 });
  assert.deepEqual(result.foreign.a, [1, { b: 2 }]);
  assert.deepEqual(result.foreign.map, copy(new Map([[1, { c: 3 }]])));
  assert.equal(result.foreign.when.getTime(), 5);
  assert.ok(result.foreign.error instanceof TypeError);
  assert.deepEqual([result.proxy, result.list], [{ a: 1 }, [1, { a: 1 }]]);
  assertFrozen(result.proxy);
});

test('holes of an array become undefined, its other properties are left out', () => {
  const result = copy(Object.assign([1, , 3], { extra: () => {} }));
  assert.deepEqual(result, [1, undefined, 3]);
  assert.ok(1 in result);
  assert.deepEqual(copy(new Array(3)), [undefined, undefined, undefined]);
});

test('an array cannot say how it is copied', () => {
  const stolen = [];
  const forged = [{ a: 1 }];
  forged.constructor = { [Symbol.species]: function Species() { return stolen; } };
  forged[Symbol.iterator] = () => assert.fail('it was iterated');
  const result = copy(forged);
  assert.deepEqual(result, [{ a: 1 }]);
  assert.notEqual(result, stolen);
});

test('an array that is mostly holes is refused at once', () => {
  const sparse = [];
  sparse.length = 2 ** 32 - 1;
  const startedAt = performance.now();
  assert.match(refused({ sparse }).message, /`update\.sparse` has more than 100000 holes/);
  assert.ok(performance.now() - startedAt < 2000);
  assert.equal(copy(new Array(100_000)).length, 100_000);
  assert.equal(copy(new Array(300_000).fill(0)).length, 300_000);
});

test('Map and Set are copied with their keys, and cannot be changed', () => {
  const key = { id: 1 };
  const given = new Map([[key, new Set([new Map([['deep', { n: 1 }]])])], ['text', -0]]);
  const result = copy(given);
  assert.deepEqual(result, given);
  const [keyCopy] = result.keys();
  assert.notEqual(keyCopy, key);
  assertFrozen(keyCopy);
  const [inner] = result.get(keyCopy);
  assertFrozen(inner.get('deep'));
  assert.throws(() => result.set('a', 1), { name: 'TypeError', message: /frozen, set\(\)/ });
  assert.throws(() => result.delete('text'), TypeError);
  assert.throws(() => inner.clear(), TypeError);
  assert.throws(() => result.get(keyCopy).add(1), TypeError);
  assert.deepEqual([Object.keys(result), structuredClone(result).set('a', 1).get('a')], [[], 1]);
});

test('Date and RegExp are copied, and a Date cannot be changed', () => {
  const result = copy({ when: new Date(86_400_000), never: new Date(NaN), plain: /a+/i });
  assert.equal(result.when.getTime(), 86_400_000);
  assert.ok(Number.isNaN(result.never.getTime()));
  for (const name of Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'))) {
    assert.throws(() => result.when[name](1), { name: 'TypeError', message: /frozen/ }, name);
  }
  assert.ok(result.plain.test('xAA') && Object.isFrozen(result.plain));
  assert.throws(() => result.plain.compile('b'), TypeError);
});

test('a RegExp that keeps its position stays usable, so each reader gets one of its own', () => {
  const result = copy({ global: /a/g });
  assert.equal('aXa'.replace(result.global, '-'), '-X-');
  assert.ok(hasBinary(result));
  const [one, other] = [lend(result), lend(result)];
  one.global.test('a');
  assert.deepEqual([one.global.lastIndex, other.global.lastIndex, result.global.lastIndex], [1, 0, 0]);
});

test('an Error becomes a frozen one of its native class, with all that it says', () => {
  class HttpError extends TypeError {
    name = 'HttpError';
    status = 404;
  }
  const given = new HttpError('gone', { cause: { tries: [new RangeError('inner')] } });
  const result = copy(given);
  assert.equal(Object.getPrototypeOf(result), TypeError.prototype);
  assert.deepEqual([result.name, result.message, result.stack, result.status], ['HttpError', 'gone', given.stack, 404]);
  assert.equal(String(result), 'HttpError: gone');
  assert.ok(result.cause.tries[0] instanceof RangeError);
  assert.ok(Object.isFrozen(result) && Object.isFrozen(result.cause.tries[0]));
  assert.deepEqual(Object.keys(result).sort(), ['name', 'status']);
  assert.equal(structuredClone(result).message, 'gone');
});

test('errors with parts and of the platform are copied as errors', () => {
  const many = copy(new AggregateError([new Error('a'), 'b'], 'many'));
  assert.ok(many instanceof AggregateError);
  assert.deepEqual([many.message, many.errors[0].message, many.errors[1]], ['many', 'a', 'b']);
  const aborted = copy(AbortSignal.abort().reason);
  assert.equal(Object.getPrototypeOf(aborted), Error.prototype);
  assert.deepEqual([aborted.name, aborted.message], ['AbortError', 'This operation was aborted']);
});

test('binary data is copied, only as much as is viewed', () => {
  const bytes = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
  const result = copy({
    buffer: bytes.buffer,
    part: bytes.subarray(2, 4),
    node: Buffer.from('hi'),
    view: new DataView(bytes.buffer, 1, 2),
    big: new BigInt64Array([1n]),
    floats: new Float32Array([0.5]),
  });
  bytes.fill(9);
  assert.deepEqual([...new Uint8Array(result.buffer)], [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(result.part, new Uint8Array([2, 3]));
  assert.equal(result.part.buffer.byteLength, 2);
  assert.deepEqual(result.node, new Uint8Array([104, 105]));
  assert.deepEqual([result.view.byteLength, result.view.buffer.byteLength, result.view.getUint8(0)], [2, 2, 1]);
  assert.deepEqual([result.big, result.floats], [new BigInt64Array([1n]), new Float32Array([0.5])]);
  assert.ok(Object.isFrozen(result));
});

test('a value that holds binary data is copied again, and only the parts that hold it', () => {
  const ours = copy({ deep: [{ bytes: new Uint8Array([1]) }], other: { n: 1 } });
  assert.deepEqual([hasBinary(ours), hasBinary(ours.deep), hasBinary(ours.other), hasBinary(1)], [true, true, false, false]);
  for (const again of [copy(ours), lend(ours), copy({ ours }).ours]) {
    again.deep[0].bytes[0] = 7;
    assert.equal(ours.deep[0].bytes[0], 1);
    assert.equal(again.other, ours.other);
  }
  assert.equal(lend(ours.other), ours.other);
});

test('shared memory is refused', () => {
  const shared = new SharedArrayBuffer(8);
  for (const value of [shared, new Uint8Array(shared), new DataView(shared)]) assert.match(refused({ value }).message, /^`update\.value` is shared memory/);
});

test('what cannot be copied is named with its path, and a remedy', () => {
  class Account {}
  const cases = [
    [{ messages: [0, 1, 2, { when: () => {} }] }, 'update.messages[3].when', /is a function; .* `context`/],
    [{ 'a b': { "it's": Symbol('s') } }, 'update["a b"]["it\'s"]', /is a symbol/],
    [{ owner: new Account() }, 'update.owner', /is an instance of Account; give plain data/],
    [{ later: [Promise.resolve()] }, 'update.later[0]', /is a Promise; await it first/],
    [{ n: new Number(1) }, 'update.n', /instance of Number/],
    [{ b: Object(1n) }, 'update.b', /instance of BigInt/],
    [{ own: new (class extends Map {})() }, 'update.own', /instance of a class/],
    [{ list: new (class Tags extends Array {})() }, 'update.list', /instance of Tags/],
    [{ child: Object.create({ inherited: 1 }) }, 'update.child', /instance of a class/],
    [{ fake: Object.create(Map.prototype) }, 'update.fake', /could not be read/],
    [{ weak: new WeakMap() }, 'update.weak', /instance of WeakMap/],
    [{ url: new URL('http://a/') }, 'update.url', /instance of URL/],
    [new Map([['key', { f() {} }]]), 'update.get("key").f', /function/],
    [new Map([[{}, 1], [{}, () => {}]]), 'update.values()[1]', /function/],
    [new Map([[() => {}, 1]]), 'update.keys()[0]', /function/],
    [new Set([1, [Symbol('s')]]), 'update.values()[1][0]', /symbol/],
    [Object.assign(new Error('e'), { request: { send() {} } }), 'update.request.send', /function/],
    [new Error('e', { cause: new Account() }), 'update.cause', /Account/],
    [() => {}, 'update', /function/],
  ];
  for (const [value, path, message] of cases) {
    const error = refused(value);
    assert.equal(error.details.path, path);
    assert.match(error.message, message);
    assert.equal('cause' in error, error.message.includes('could not be read'));
    assert.ok(error.message.startsWith(`\`${path}\``), error.message);
  }
  assert.deepEqual([refused([Symbol('s')], '').details.path, refused({ a: Symbol('s') }, '').details.path], ['[0]', 'a']);
});

test('a cycle is refused, however much lies before it', () => {
  const self = {};
  self.self = self;
  assert.match(refused(self).message, /^`update\.self` contains itself/);
  const tree = { padding: Array.from({ length: 10_000 }, (_, n) => ({ n })), a: {} };
  tree.a.list = [new Map([['up', tree]])];
  assert.match(refused(tree).message, /contains itself/);
});

test('a thousand levels are copied, one more is refused', () => {
  const deep = copy(nested(1000));
  assert.equal(heightOf(deep), 1000);
  assert.match(refused({ deep: nested(1000) }).message, /nested more than 1000 levels/);
  assert.ok(refused(nested(100_000, (inner) => [inner])).message.length < 400);
});

test('levels are counted through what the package made before', () => {
  const half = copy(nested(600));
  assert.equal(heightOf(copy(nested(399, (inner) => ({ inner, half })))), 999);
  assert.match(refused(nested(401, (inner) => ({ inner, half }))).message, /nested more than 1000 levels/);
  let list = copy({ next: null });
  assert.throws(() => { for (;;) list = copy({ next: list }); }, { code: 'STATE_NOT_CLONEABLE' });
});

test('what a getter or a proxy throws is the cause', () => {
  const thrown = new Error('boom');
  const hostile = { toString() { throw 1; } };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = (trap) => new Proxy({ a: 1 }, { [trap]() { throw thrown; } });
  const cases = [
    [{ get a() { throw thrown; } }, 'update.a'],
    [[{ p: throwing('ownKeys') }], 'update[0].p'],
    [[{ p: throwing('get') }], 'update[0].p.a'],
    [[{ p: throwing('getPrototypeOf') }], 'update[0].p'],
  ];
  for (const [value, path] of cases) {
    const error = refused(value);
    assert.equal(error.cause, thrown);
    assert.equal(error.details.path, path);
    assert.match(error.message, /could not be read: boom/);
  }
  assert.equal(refused({ get a() { throw hostile; } }).cause, hostile);
  assert.ok('cause' in refused({ get a() { throw undefined; } }));
  assert.ok(refused({ proxy }).cause instanceof TypeError);
  assert.ok(refused([proxy]).cause instanceof TypeError);
  assert.ok(refused({ get a() { return copyValue(() => {}, 'inner'); } }).cause instanceof StateError);
});

test('a getter may copy values itself', () => {
  const shared = nested(20);
  const value = nested(5, (inner) => ({ get again() { return copyValue(shared, 'inner'); }, inner, shared }));
  assert.equal(heightOf(copy(value)), 25);
});

test('a failed copy leaves nothing behind', () => {
  const given = { a: { b: 1 }, f: () => {} };
  refused(given);
  assert.ok(!isOurs(given) && !isOurs(given.a) && !Object.isFrozen(given.a));
  assert.deepEqual(copy({ a: given.a }), { a: { b: 1 } });
});

test('sizes are near those of the text, and stamped ones near those measured', () => {
  const given = { messages: Array.from({ length: 50 }, (_, n) => ({ role: 'user', content: 'x'.repeat(n * 7), n, tags: ['a', 'b'] })) };
  const result = copy(given);
  const text = JSON.stringify(given).length;
  assert.ok(values.copiedBytes > text * 0.6 && values.copiedBytes < text * 1.6, `${values.copiedBytes} for ${text}`);
  assert.ok(Math.abs(sizeOf(result) / values.copiedBytes - 1) < 0.001);
  const inner = values.copiedBytes;
  copy({ result });
  assert.ok(Math.abs(values.copiedBytes / inner - 1) < 0.01);
  copy('text');
  assert.deepEqual([values.copiedBytes, sizeOf('text')], [12, 12]);
  copy(new Uint8Array(100_000));
  assert.ok(values.copiedBytes > 100_000 && values.copiedBytes < 101_000);
  assert.deepEqual([1e3, 2e4, 3e6, 5e8].map((length) => Math.round((sizeOf(copy(['x'.repeat(length)])) / length) * 100)), [102, 100, 100, 100]);
});
