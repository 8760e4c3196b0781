// What a value costs as bytes and as JSON, against JSON.stringify and JSON.parse. Prints medians; asserts no figure.
import { fromBytes, fromJsonSafe, toBytes, toJsonSafe } from 'weavegraph-wasm';
import { digits, median, printTable } from './measure.js';

const message = { role: 'assistant', content: 'The quick brown fox jumps over the lazy dog, again and again and again.', id: 'msg_0123456789', at: 1_700_000_000_000 };
const values = {
  'a message of 150 bytes': message,
  'a hundred messages': Array.from({ length: 100 }, (_, index) => ({ ...message, id: `msg_${index}` })),
  'a text of 10 KB, not ASCII': 'Grüße 日本 '.repeat(700),
  'Map, Set, Date, bigint, bytes': { map: new Map([['a', 1]]), set: new Set([1, 2]), at: new Date(5), n: 10n ** 30n, bytes: new Uint8Array(64) },
};

/** The median of 15 rounds that last 10 ms each, per call. */
function time(call) {
  let times = 1;
  const round = (count) => {
    const startedAt = performance.now();
    for (let index = 0; index < count; index += 1) call();
    return performance.now() - startedAt;
  };
  while (round(times) < 10) times *= 2;
  return median(Array.from({ length: 15 }, () => round(times) / times));
}

const rows = Object.entries(values).map(([name, value]) => {
  const bytes = toBytes(value);
  const safe = JSON.stringify(toJsonSafe(value));
  const isJson = !name.startsWith('Map');
  const cell = (call) => digits(1000 * time(call));
  return [name, String(bytes.length), cell(() => toBytes(value)), cell(() => fromBytes(bytes)), String(safe.length), cell(() => JSON.stringify(toJsonSafe(value))), cell(() => fromJsonSafe(JSON.parse(safe))), isJson ? cell(() => JSON.stringify(value)) : '', isJson ? cell(() => JSON.parse(safe)) : ''];
});
printTable([['value', 'bytes', 'toBytes', 'fromBytes', 'JSON-safe bytes', 'toJsonSafe', 'fromJsonSafe', 'JSON.stringify', 'JSON.parse'], ...rows]);
