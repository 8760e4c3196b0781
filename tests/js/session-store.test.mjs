// Sessions of the page by themselves: the store and its fallback, the rows that are read of it, files in and out.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { END, GraphBuilder, MemoryCheckpointer, START, append, last } from 'weavegraph-wasm';
import { MAX_FILE_BYTES, fileNameOf, importFile } from '../../www/session-files.js';
import { SessionReader } from '../../www/session-reader.js';
import { askToKeep, listSessions, openStore, removeSessions, storageOf } from '../../www/session-store.js';

/** Channels as of the briefing agent: draft, then score; `fail` throws, `wait` is waited for. */
function createApp(checkpointer) {
  return new GraphBuilder({ channels: { text: last({ initial: '' }), outline: last({ initial: null }), scores: append() } })
    .addNode('draft', (state) => ({ outline: { title: state.text.split('\n')[0] } }))
    .addNode('critique', async (state, ctx) => {
      if (ctx.context?.fail) throw new Error('no network');
      await ctx.context?.wait?.(ctx.signal);
      return { scores: { round: 1, score: 0.9, words: 20 } };
    })
    .addEdge(START, 'draft')
    .addEdge('draft', 'critique')
    .addEdge('critique', END)
    .compile({ checkpointer });
}

const world = () => {
  const checkpointer = new MemoryCheckpointer();
  return { checkpointer, app: createApp(checkpointer) };
};
const fileOf = (content, name = 'session.json') => new File([typeof content === 'string' ? content : JSON.stringify(content)], name);

describe('the store', () => {
  const without = (code) => class {
    isClosed = false;
    async listSessions() { throw Object.assign(new Error('raw'), { code }); }
    async close() { this.isClosed = true; }
  };

  test('without IndexedDB sessions are in memory, and a sentence says so', async () => {
    const { checkpointer, isKept, problem } = await openStore({ IndexedDbCheckpointer: without('CHECKPOINT_UNAVAILABLE'), MemoryCheckpointer });
    assert.ok(checkpointer instanceof MemoryCheckpointer);
    assert.equal(isKept, false);
    assert.match(problem, /stores? nothing.*Sessions last until this page is closed\.$/);
    assert.deepEqual(await storageOf(checkpointer), { usedBytes: null, freeBytes: null, isPersisted: null });
    assert.equal(await askToKeep(checkpointer), false);
  });

  test('where IndexedDB answers, sessions are kept', async () => {
    class Works extends without('') { async listSessions() { return []; } }
    const { checkpointer, isKept, problem } = await openStore({ IndexedDbCheckpointer: Works, MemoryCheckpointer });
    assert.deepEqual([checkpointer instanceof Works, isKept, problem, checkpointer.isClosed], [true, true, '', false]);
  });

  test('what runs is not deleted with the others', async () => {
    const { checkpointer, app } = world();
    for (const sessionId of ['a', 'b']) await app.invoke({ text: sessionId }, { sessionId });
    let release;
    const run = app.invokeStreaming({ text: 'c' }, { sessionId: 'c', context: { wait: () => new Promise((resolve) => { release = resolve; }) } });
    for await (const event of run) if (event.type === 'node.started' && event.node === 'critique') break;
    assert.equal(await removeSessions(checkpointer, ['a', 'c', 'b', 'not there']), 3);
    assert.deepEqual((await listSessions(checkpointer)).map(({ sessionId }) => sessionId), ['c']);
    release();
    await run.result;
  });
});

describe('rows', () => {
  test('each session is a row with what its state tells, the newest first', async () => {
    const { checkpointer, app } = world();
    const told = [];
    const reader = new SessionReader({ app, checkpointer, onRows: (rows) => told.push(rows) });
    await app.invoke({ text: 'Tides\nrise.' }, { sessionId: 'done' });
    await app.invoke({ text: 'Broken' }, { sessionId: 'failed', context: { fail: true } }).catch(() => {});
    await reader.refresh();
    assert.deepEqual(told[0].map(({ title }) => title), ['', ''], 'what is known at once is told at once');
    assert.equal(reader.rows, told.at(-1));
    assert.ok(reader.rows[0].createdAt >= reader.rows[1].createdAt);
    const rows = new Map(reader.rows.map((row) => [row.sessionId, row]));
    const done = rows.get('done');
    assert.deepEqual([done.title, done.status, done.step, done.score, done.words, done.owner, done.code], ['Tides', 'completed', 2, 0.9, 20, null, undefined]);
    const failed = rows.get('failed');
    assert.deepEqual([failed.title, failed.status, failed.step, failed.code, failed.score], ['Broken', 'failed', 2, 'NODE_THREW', null]);
  });

  test('a session that has not changed is not read again; one that goes on is', async () => {
    const { checkpointer, app } = world();
    const read = [];
    const counting = { getState: (id) => (read.push(id), app.getState(id)), follow: (...args) => app.follow(...args) };
    const reader = new SessionReader({ app: counting, checkpointer, onRows: () => {} });
    await app.invoke({ text: 'One' }, { sessionId: 'one' });
    await app.invoke({ text: 'Two' }, { sessionId: 'two', context: { fail: true } }).catch(() => {});
    await reader.refresh();
    await reader.refresh();
    assert.deepEqual(read.sort(), ['one', 'two']);
    await app.resume('two');
    await reader.refresh();
    assert.deepEqual(read, ['one', 'two', 'two']);
    assert.equal(reader.rows.find(({ sessionId }) => sessionId === 'two').status, 'completed');
  });

  test('what is asked while it reads is read too, and a deleted session is no row', async () => {
    const { checkpointer, app } = world();
    const reader = new SessionReader({ app, checkpointer, onRows: () => {} });
    await app.invoke({ text: 'One' }, { sessionId: 'one' });
    const first = reader.refresh();
    await app.invoke({ text: 'Two' }, { sessionId: 'two' });
    await Promise.all([first, reader.refresh()]);
    assert.equal(reader.rows.length, 2);
    await checkpointer.deleteSession('one');
    await reader.refresh();
    assert.deepEqual(reader.rows.map(({ title }) => title), ['Two']);
  });

  test('a session that cannot be read is a row that says so, and the others are read', async () => {
    const { checkpointer, app } = world();
    for (const sessionId of ['bad', 'good']) await app.invoke({ text: sessionId }, { sessionId });
    const broken = { getState: (id) => (id === 'bad' ? Promise.reject(Object.assign(new Error('x'), { code: 'CHECKPOINT_CORRUPT' })) : app.getState(id)) };
    const reader = new SessionReader({ app: broken, checkpointer, onRows: () => {} });
    await reader.refresh();
    const rows = new Map(reader.rows.map((row) => [row.sessionId, row]));
    assert.equal(rows.get('bad').problem, 'CHECKPOINT_CORRUPT');
    assert.equal(rows.get('good').title, 'good');
  });

  test('a store that cannot be read rejects, and can be read later', async () => {
    const { checkpointer, app } = world();
    let isBroken = true;
    const flaky = { listSessions: (page) => (isBroken ? Promise.reject(new Error('gone')) : checkpointer.listSessions(page)) };
    const reader = new SessionReader({ app, checkpointer: flaky, onRows: () => {} });
    await assert.rejects(reader.refresh(), /gone/);
    isBroken = false;
    await reader.refresh();
    assert.deepEqual(reader.rows, []);
  });

  test('states of any shape make rows', async () => {
    const checkpointer = new MemoryCheckpointer();
    const app = new GraphBuilder({ channels: { scores: last({ initial: null }), text: last({ initial: null }) } }).addNode('odd', () => ({ scores: [null], text: { a: 1 } })).addEdge(START, 'odd').addEdge('odd', END).compile({ checkpointer });
    await app.invoke({}, { sessionId: '__proto__' });
    const reader = new SessionReader({ app, checkpointer, onRows: () => {} });
    await reader.refresh();
    assert.deepEqual(reader.rows.map(({ sessionId, title, score, words }) => [sessionId, title, score, words]), [['__proto__', 'Untitled text', null, null]]);
  });
});

describe('files', () => {
  test('any title gives a file name that is safe everywhere', () => {
    const names = [
      ['Tides: how the sea keeps time', 'briefing-tides-how-the-sea-keeps-time.json'],
      ['../../etc/passwd\0', 'briefing-etc-passwd.json'],
      ['con', 'briefing-con.json'],
      ['<img src=x onerror=alert(1)>', 'briefing-img-src-x-onerror-alert-1.json'],
      ['潮汐', 'briefing-潮汐.json'],
      ['\u202Eexe.nosj', 'briefing-exe-nosj.json'],
      ['…', 'briefing-session.json'],
      ['', 'briefing-session.json'],
    ];
    for (const [title, name] of names) assert.equal(fileNameOf(title), name);
    assert.ok(fileNameOf('a'.repeat(500)).length < 80);
    assert.ok(fileNameOf('𝒳'.repeat(80)).isWellFormed?.() ?? true);
  });

  test('what was exported comes in as the same session, and a second time under a fresh id', async () => {
    const { checkpointer, app } = world();
    await app.invoke({ text: 'Tides' }, { sessionId: 's' });
    const dump = await checkpointer.exportSession('s');
    const other = world();
    assert.deepEqual(await importFile(other.checkpointer, fileOf(dump)), { sessionId: 's', isCopy: false });
    assert.deepEqual(await other.checkpointer.exportSession('s'), dump);
    const { sessionId, isCopy } = await importFile(other.checkpointer, fileOf(dump));
    assert.equal(isCopy, true);
    assert.notEqual(sessionId, 's');
    assert.deepEqual((await other.app.getState(sessionId)).state, (await other.app.getState('s')).state);
  });

  test('what is wrong with a file is said in a sentence, and nothing is stored', async () => {
    const { checkpointer, app } = world();
    await app.invoke({ text: 'Tides' }, { sessionId: 's' });
    const dump = await checkpointer.exportSession('s');
    const other = new MemoryCheckpointer();
    const wrong = [
      ['not json', /^session\.json is not an exported session: it is no JSON\.$/],
      [[], /not a sound exported session/],
      [{ ...dump, records: dump.records.slice(1) }, /not a sound exported session/],
      [{ ...dump, sessionId: { toString: 1 } }, /not a sound exported session/],
      [{ ...dump, version: 99 }, /newer version/],
    ];
    for (const [content, message] of wrong) await assert.rejects(importFile(other, fileOf(content)), { message });
    await assert.rejects(importFile(other, fileOf('x', '<b>\n.json')), /^Error: <b> \.json is not an exported/);
    assert.deepEqual(await other.listSessions(), []);
  });

  test('a file beyond 64 MB is not read', async () => {
    const file = { name: 'big.json', size: MAX_FILE_BYTES + 1, text: () => assert.fail('it was read') };
    await assert.rejects(importFile(new MemoryCheckpointer(), file), /^Error: big\.json is larger than 64 MB/);
  });
});
