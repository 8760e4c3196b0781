// Cases about values as bytes and as JSON: every kind comes back exactly, and the bytes are the same in every runtime.
import { codeOf, equal, hexOf } from './checks.mjs';
import { chain } from './shapes.mjs';

const still = (error) => Object.defineProperty(error, 'stack', { value: 'stack', configurable: true, writable: true });
/** Every kind, with its bytes after the version. */
const kinds = {
  integers: [[0, 63, 64, -1, 2 ** 53 - 1, -(2 ** 53 - 1)], 'a6003fc440c501c4ffffffffffffff0fc5ffffffffffffff0f'],
  floats: [[0.1, -0, NaN, Infinity, -Infinity, 5e-324], 'a6c69a9999999999b93fc60000000000000080c6000000000000f87fc6000000000000f07fc6000000000000f0ffc60100000000000000'],
  texts: [['', 'hé', '😀', '\ud800', 'x'.repeat(70)], `a5404368c3a944f09f9880ca0100d8c946${'78'.repeat(70)}`],
  'what is nothing or a claim': [[null, undefined, true, false], 'a4c0c1c3c2'],
  bigints: [[0n, 255n, -256n, 2n ** 64n], 'a4c70100c701ffc8020001c709000000000000000001'],
  'objects, whose keys are written once': [{ a: 1, b: { a: 2 } }, '8200416101004162810102'],
  'maps and sets': [new Map([['k', new Set([1])]]), 'cd01416bce0101'],
  dates: [[new Date(0), new Date(NaN)], 'a2cf0000000000000000cf000000000000f87f'],
  'regular expressions': [/a+\/b/gi, 'd045612b5c2f62426769'],
  errors: [still(new RangeError('e', { cause: 1 })), 'd1020300476d6573736167650041650045737461636b0045737461636b004563617573650001'],
  'errors with errors': [still(new AggregateError([1], 'm')), 'd1070300476d65737361676500416d0045737461636b0045737461636b00466572726f727300a101'],
  'binary data': [[new Uint8Array([1, 2]), new Float64Array([1]).buffer, new DataView(new ArrayBuffer(2)), new BigInt64Array([-1n])], 'a4d203020102d20008000000000000f03fd201020000d20b08ffffffffffffffff'],
};

export const valueCases = {
  'bytes: every kind has the same bytes everywhere, and comes back exactly': async ({ fromBytes, toBytes }) => {
    for (const [kind, [value, expected]] of Object.entries(kinds)) {
      const bytes = toBytes(value);
      equal(hexOf(bytes), `01${expected}`, kind);
      equal(fromBytes(bytes), value, kind);
    }
  },

  'json: every kind comes back exactly through text': async ({ fromJsonSafe, toJsonSafe }) => {
    for (const [kind, [value]] of Object.entries(kinds)) equal(fromJsonSafe(JSON.parse(JSON.stringify(toJsonSafe(value)))), value, kind);
    equal(JSON.stringify(toJsonSafe([-0, undefined, 255n, new Date(0), new Map([['k', new Set([1])]]), new Uint8Array([1, 2])])), JSON.stringify([
      { $weave: 'number', value: '-0' }, { $weave: 'undefined' }, { $weave: 'bigint', value: 'ff' }, { $weave: 'date', value: 0 },
      { $weave: 'map', value: [['k', { $weave: 'set', value: [1] }]] }, { $weave: 'binary', value: ['Uint8Array', 'AQI='] },
    ]));
    equal(fromJsonSafe(toJsonSafe({ $weave: 'date', value: 0 })), { $weave: 'date', value: 0 });
  },

  'values: what comes back is plain, fresh and not frozen': async ({ fromBytes, fromJsonSafe, toBytes, toJsonSafe }) => {
    for (const through of [(value) => fromBytes(toBytes(value)), (value) => fromJsonSafe(toJsonSafe(value))]) {
      const value = { list: [1], map: new Map([['a', {}]]), when: new Date(5), bytes: new Uint8Array([1, 2]) };
      const back = through(value);
      back.list.push(2);
      back.map.set('b', 1);
      back.when.setTime(6);
      back.bytes[0] = 9;
      equal(value, { list: [1], map: new Map([['a', {}]]), when: new Date(5), bytes: new Uint8Array([1, 2]) });
      equal(back, { list: [1, 2], map: new Map([['a', {}], ['b', 1]]), when: new Date(6), bytes: new Uint8Array([9, 2]) });
    }
  },

  'values: a thousand levels are one, a thousand and one are none': async (weavegraph) => {
    const { fromBytes, fromJsonSafe, toBytes, toJsonSafe } = weavegraph;
    const nested = (levels, wrap = (inner) => [inner]) => Array.from({ length: levels }).reduce(wrap, 1);
    const heightOf = (value, open) => {
      let height = 0;
      for (let inner = value; inner !== 1; inner = open(inner)) height += 1;
      return height;
    };
    for (const [wrap, open] of [
      [(inner) => [inner], ([inner]) => inner], [(inner) => ({ inner }), ({ inner }) => inner], [(inner) => new Map([['k', inner]]), (map) => map.get('k')], [(inner) => new Map([[inner, 1]]), (map) => [...map.keys()][0]],
      [(inner) => new Set([inner]), ([inner]) => inner], [(inner) => new Error('e', { cause: inner }), ({ cause }) => cause], [(inner) => ({ $weave: inner }), ({ $weave }) => $weave],
    ]) {
      const deepest = nested(1000, wrap);
      for (const through of [(value) => fromBytes(toBytes(value)), (value) => fromJsonSafe(toJsonSafe(value))]) equal(heightOf(through(deepest), open), 1000, String(wrap));
      equal(heightOf((await chain(weavegraph, { a: () => ({ x: deepest }) }, { x: weavegraph.last() }).compile().invoke()).x, open), 1000, String(wrap));
    }
    equal([await codeOf(() => toBytes(nested(1001))), await codeOf(() => toJsonSafe(nested(1001)))], Array(2).fill('STATE_NOT_CLONEABLE'));
  },

  'values: what is none is refused, what is damaged is CHECKPOINT_CORRUPT, what is newer CHECKPOINT_VERSION': async ({ fromBytes, fromJsonSafe, toBytes, toJsonSafe }) => {
    const cyclic = {};
    cyclic.self = cyclic;
    for (const value of [() => 1, Symbol('s'), new (class Thing {})(), cyclic, new WeakMap(), Promise.resolve()]) for (const encode of [toBytes, toJsonSafe]) equal(await codeOf(() => encode([value])), 'STATE_NOT_CLONEABLE');
    const bytes = toBytes({ a: ['text', 1] });
    for (let end = 0; end < bytes.length; end += 1) equal(await codeOf(() => fromBytes(bytes.subarray(0, end))), 'CHECKPOINT_CORRUPT');
    equal(await codeOf(() => fromBytes(Uint8Array.of(2, 0))), 'CHECKPOINT_VERSION');
    for (const damaged of [{ $weave: 'nothing' }, { $weave: 'binary', value: ['Function', 'AAAA'] }, { $weave: 'map', value: [1] }, { a: undefined }]) equal(await codeOf(() => fromJsonSafe(damaged)), 'CHECKPOINT_CORRUPT');
  },
};
