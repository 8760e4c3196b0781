// Word between the page's tabs: what is told, how often, and what is ignored. Each relay stands for a tab.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { MAX_TEXT_CHARS, createDraftRelay } from '../../www/draft-relay.js';

const open = [];
let count = 0;
afterEach(() => open.splice(0).forEach((each) => each.close()));

function tabs() {
  const name = `relay ${count += 1}`;
  const told = [];
  const join = (options) => {
    const relay = createDraftRelay({ name, ...options });
    open.push(relay);
    return relay;
  };
  const changes = { count: 0 };
  const heard = [];
  const speaker = join({ onText: (...words) => heard.push(words) });
  join({ onText: (...words) => told.push(words), onChanged: () => { changes.count += 1; } });
  const raw = new BroadcastChannel(name);
  open.push(raw);
  return { speaker, heard, told, changes, raw };
}

async function until(isTrue) {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('the newest text of a stream arrives, and far fewer texts than were told', async () => {
  const { speaker, heard, told } = tabs();
  for (let length = 1; length <= 500; length += 1) speaker.tell('s', 'draft-1', 'x'.repeat(length));
  await until(() => told.at(-1)?.[2].length === 500);
  assert.deepEqual(told.map(([sessionId, streamId, text]) => [sessionId, streamId, text.length]), [['s', 'draft-1', 1], ['s', 'draft-1', 500]]);
  assert.deepEqual(heard, [], 'a tab does not hear itself');
});

test('streams do not stand in for each other', async () => {
  const { speaker, told } = tabs();
  speaker.tell('s', 'other', '');
  speaker.tell('s', 'a', 'one');
  speaker.tell('s', 'b', 'two');
  speaker.tell('t', 'a', 'three');
  await until(() => told.length === 4);
  assert.deepEqual(told.slice(1).map(([sessionId, streamId, text]) => `${sessionId} ${streamId} ${text}`), ['s a one', 's b two', 't a three']);
});

test('a long text is cut, and not within a character', async () => {
  const { speaker, told } = tabs();
  speaker.tell('s', 'a', `${'x'.repeat(MAX_TEXT_CHARS - 1)}😀`);
  await until(() => told.length === 1);
  assert.equal(told[0][2], 'x'.repeat(MAX_TEXT_CHARS - 1));
});

test('that sessions have changed arrives, once for many changes at a time', async () => {
  const { speaker, changes, told } = tabs();
  for (let times = 0; times < 50; times += 1) speaker.tellChanged();
  speaker.tell('s', 'last', '');
  await until(() => told.length === 1);
  assert.equal(changes.count, 2);
});

test('messages of unknown shape are ignored', async () => {
  const { told, changes, raw } = tabs();
  const long = 'x'.repeat(MAX_TEXT_CHARS + 1);
  const sound = { kind: 'text', sessionId: 's', streamId: 'a', text: 'x' };
  for (const message of [null, 1, 'text', [], {}, { kind: 'other' }, { ...sound, sessionId: 1 }, { ...sound, sessionId: '' }, { ...sound, streamId: long }, { ...sound, text: long }, { ...sound, text: undefined }]) raw.postMessage(message);
  raw.postMessage(sound);
  await until(() => told.length > 0);
  assert.deepEqual([told, changes.count], [[['s', 'a', 'x']], 0]);
});

test('a relay that is closed says what it still had to say, then neither tells nor hears', async () => {
  const { speaker, told, raw } = tabs();
  speaker.tell('s', 'a', 'first');
  speaker.tell('s', 'a', 'last');
  speaker.close();
  speaker.close();
  speaker.tell('s', 'a', 'after');
  raw.postMessage({ kind: 'text', sessionId: 's', streamId: 'a', text: 'raw' });
  await until(() => told.length === 3);
  assert.deepEqual(told.map(([, , text]) => text).sort(), ['first', 'last', 'raw']);
});

test('without a BroadcastChannel nothing is told and nothing fails', () => {
  const { BroadcastChannel } = globalThis;
  try {
    delete globalThis.BroadcastChannel;
    const relay = createDraftRelay({ onText: () => assert.fail() });
    relay.tell('s', 'a', 'x');
    relay.tellChanged();
    relay.close();
  } finally {
    globalThis.BroadcastChannel = BroadcastChannel;
  }
});
