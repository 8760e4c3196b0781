// The timeline of steps and tasks (www/views/timeline.js) in Chromium. Recordings are told events with times of their own, so that bars can be measured.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { plainFaults, startViewLab } from './view-lab.mjs';

let lab;
before(async () => {
  lab = await startViewLab({ styles: ['timeline.css'], className: 'timeline' });
});
after(() => lab?.close());

/** Opens the page with a timeline, `globalThis.t`, and what tells its recording. */
const visit = (body) => lab.visit(async (page) => {
  await page.evaluate(async () => {
    const [{ Recording }, { Timeline }] = await Promise.all([import('/www/recording.js'), import('/www/views/timeline.js')]);
    const recording = new Recording();
    const picked = [];
    const view = new Timeline(document.querySelector('#root'), { onPick: (step) => picked.push(step) });
    const tell = (type, at, rest = {}) => recording.add({ seq: 1, at, type, ...rest });
    const on = (step, node, task) => ({ step, node, task, attempt: 1 });
    globalThis.t = {
      Recording, Timeline, recording, picked, view, tell, on,
      show: (step = null, facts = undefined) => (view.show(recording, step, facts), view.render()),
      begin: (at = 0, resumed = false) => tell('run.started', at, { resumed }),
      start: (step, at, frontier) => {
        tell('step.started', at, { step, frontier });
        const counts = {};
        for (const node of frontier) tell('node.started', at, on(step, node, (counts[node] = (counts[node] ?? -1) + 1)));
      },
      end: (step, at, rest = {}) => {
        for (const { node, task, status } of recording.step(step).tasks) if (status === 'running') tell('node.completed', at, on(step, node, task));
        tell('step.completed', at, { step, ran: [], skipped: [], updatedChannels: [], next: [], ...rest });
        tell('checkpoint.saved', at + 3, { step, durationMs: 3, transient: true });
      },
      /** Steps of 10 ms each. */
      many: (from, to) => {
        for (let step = from; step <= to; step += 1) {
          t.start(step, step * 10, [`node${step}`]);
          t.end(step, step * 10 + 5);
        }
      },
    };
  });
  return body(page);
});
const rows = (page) => page.$$eval('.row', (items) => items.map((item) => ['.names', '.facts', '.unseen:not(.head *)'].map((part) => item.querySelector(part).textContent)));
const frames = (page, count = 2) => page.evaluate(async (left) => {
  for (let i = 0; i < left; i += 1) await new Promise(requestAnimationFrame);
}, count);

test('each step is a row with its nodes, its length, the store’s word and its tasks in words', () => visit(async (page) => {
  assert.match(await page.$eval('.empty', (empty) => empty.textContent), /^No step yet\./);
  await page.evaluate(() => {
    t.begin();
    t.start(1, 0, ['split']);
    t.end(1, 31);
    t.start(2, 40, ['rank', 'rank', 'rank', 'other']);
    t.end(2, 1_240, { skipped: [] });
    t.tell('run.completed', 1_250);
    t.show();
  });
  assert.deepEqual(await rows(page), [
    ['split', '31 ms · stored in 3 ms', '1 task: 1 done'],
    ['rank ×3, other', '1.2 s · stored in 3 ms', '4 tasks: 4 done'],
  ]);
  assert.equal(await page.$eval('.empty', (empty) => empty.hidden), true);
  assert.equal(await page.$$eval('.step', (steps) => steps[1].textContent.replace(/\s+/g, ' ')), 'Step 2 rank ×3, other1.2 s · stored in 3 ms4 tasks: 4 done');
  assert.deepEqual(await plainFaults(page), []);
}));

test('bars stand on one axis, which the ticks share, in as many lanes as ran at once', () => visit(async (page) => {
  await page.evaluate(() => {
    t.begin();
    t.start(1, 0, ['a']);
    t.end(1, 500);
    t.start(2, 1_000, ['b', 'b', 'b']);
    t.tell('node.completed', 1_400, t.on(2, 'b', 1));
    t.end(2, 1_990);
    t.tell('run.completed', 2_000);
    t.show();
  });
  const places = await page.evaluate(() => {
    const [first, last] = ['.tick:first-child', '.tick:last-child'].map((tick) => document.querySelector(tick));
    const lines = [...document.querySelectorAll('.line')].map((line) => line.getBoundingClientRect().left);
    const [from, to] = [lines[0], lines.at(-1)];
    return {
      ends: [first.textContent, last.textContent],
      bars: [...document.querySelectorAll('.task')].map((bar) => {
        const { left, right, top } = bar.getBoundingClientRect();
        return { left: (left - from) / (to - from), right: (right - from) / (to - from), top };
      }),
    };
  });
  assert.deepEqual(places.ends, ['0', '2 s']);
  const near = (a, b) => assert.ok(Math.abs(a - b) < 0.01, `${a} is not ${b}`);
  for (const [i, [left, right]] of [[0, 0.25], [0.5, 1], [0.5, 0.7], [0.5, 1]].entries()) {
    near(places.bars[i].left, left);
    near(places.bars[i].right, right);
  }
  assert.equal(new Set(places.bars.slice(1).map(({ top }) => top)).size, 3);
}));

test('a step of a running run grows, the others are left alone, and the axis changes in jumps', () => visit(async (page) => {
  await page.evaluate(() => {
    // Far from the end of an axis of 2 s.
    const at = Date.now() - 700;
    t.begin(at - 500);
    t.start(1, at - 500, ['a']);
    t.end(1, at - 10);
    t.start(2, at, ['b', 'b']);
    t.show();
    t.changes = [];
    const placeOf = (node) => (node.closest === undefined ? node.parentElement : node)?.closest('.row, .axis, .lines');
    new MutationObserver((list) => t.changes.push(...list.map(({ target }) => placeOf(target)).map((place) => `${place?.className} ${place?.dataset.status}`)))
      .observe(document.querySelector('#root'), { subtree: true, childList: true, attributes: true, characterData: true });
    t.width = () => document.querySelector('.task[data-status="running"]').getBoundingClientRect().width;
    t.before = t.width();
  });
  await page.waitForFunction(() => t.width() > t.before + 3);
  assert.match((await rows(page))[1][1], /^running, \d\.\d s$/);
  await page.waitForFunction(() => document.querySelector('.tick:last-child').textContent === '5 s');
  const changes = await page.evaluate(() => t.changes);
  assert.ok(changes.includes('row running'));
  assert.deepEqual(changes.filter((change) => change.startsWith('row ') && change !== 'row running'), []);
  assert.ok(changes.filter((change) => change.startsWith('axis')).length <= 2, 'the axis was drawn anew for 2 s, if at all, and for 5 s');
  await page.evaluate(async () => {
    t.tell('run.cancelled', Date.now());
    t.show();
    await new Promise(requestAnimationFrame);
    t.changes.length = 0;
  });
  assert.match((await rows(page))[1][1], /^stopped after \d\.\d s$/);
  await frames(page, 3);
  assert.deepEqual(await page.evaluate(() => [...new Set(t.changes)]), [], 'at rest nothing is drawn');
}));

test('failed, retrying, stopped and resumed tasks look different and say so', () => visit(async (page) => {
  await page.evaluate(() => {
    t.begin();
    t.start(1, 0, ['a', 'b']);
    t.tell('node.failed', 100, { ...t.on(1, 'a', 0), willRetry: true, error: { code: 'NODE_THREW', message: 'x' } });
    t.tell('message', 200, t.on(1, 'b', 0));
    t.show();
  });
  const kinds = () => page.$$eval('.task', (bars) => bars.map((bar) => `${bar.dataset.status}: ${bar.title}`));
  assert.deepEqual(await kinds(), ['failed: a#0: failed after 100 ms', 'running: b#0: running', 'retrying: a#0: retrying']);
  await page.evaluate(() => {
    t.tell('run.failed', 300, {});
    t.show();
  });
  assert.deepEqual(await kinds(), ['failed: a#0: failed after 100 ms', 'stopped: b#0: stopped after 300 ms']);
  assert.match((await rows(page))[0][1], /^failed after 300 ms$/);
  await page.evaluate(() => {
    t.begin(90_000, true);
    t.start(1, 90_000, ['a', 'b']);
    t.end(1, 90_100);
    t.tell('run.completed', 90_100);
    t.show();
  });
  assert.deepEqual((await kinds()).map((kind) => kind.slice(0, 12)), ['failed: a#0:', 'stopped: b#0', 'done: a#0: d', 'done: b#0: d']);
  assert.deepEqual((await rows(page))[0].slice(1), ['400 ms · went on · stored in 3 ms', '2 tasks: 2 done, 2 attempts before']);
  assert.deepEqual(await page.$$eval('.lines .mark', (marks) => marks.map((mark) => mark.style.getPropertyValue('--from'))), ['300']);
  assert.match(await page.$eval('.axis', (axis) => axis.innerText), /went on/);
  const looks = await page.$$eval('.task', (bars) => bars.map((bar) => getComputedStyle(bar).background + getComputedStyle(bar).border));
  assert.equal(new Set(looks).size, 3);
}));

test('a session that nobody runs shows what had no end as stopped, and stands still', () => visit(async (page) => {
  await page.evaluate(() => {
    const at = Date.now() - 60_000;
    t.begin(at);
    t.start(1, at, ['a']);
    t.tell('message', at + 400, t.on(1, 'a', 0));
    t.show(null, { isAlive: false });
  });
  assert.match((await rows(page))[0][1], /^stopped after 400 ms$/);
  assert.deepEqual(await page.$$eval('.task', (bars) => bars.map((bar) => bar.dataset.status)), ['stopped']);
}));

test('a complete step can be picked; picked again it leads back to live, as does one that is not complete', () => visit(async (page) => {
  await page.evaluate(() => {
    t.begin();
    t.many(1, 3);
    t.start(4, 100, ['d']);
    t.tell('run.cancelled', 110);
    t.show();
  });
  const current = () => page.$$eval('.step', (steps) => steps.map((step) => step.getAttribute('aria-current')));
  assert.deepEqual(await current(), [null, null, null, null]);
  await page.click('.row:nth-child(2) .step');
  await page.evaluate(() => t.show(2));
  assert.deepEqual(await current(), [null, 'step', null, null]);
  await page.click('.row:nth-child(3) .step');
  await page.evaluate(() => t.show(3));
  assert.deepEqual(await current(), [null, null, 'step', null]);
  await page.click('.row:nth-child(3) .step');
  await page.click('.row:nth-child(4) .step');
  await page.evaluate(() => t.show());
  assert.deepEqual(await current(), [null, null, null, null]);
  assert.deepEqual(await page.evaluate(() => t.picked), [2, 3, null, null]);
}));

test('by keyboard the list is one stop, arrows move in it, Enter picks', () => visit(async (page) => {
  await page.evaluate(() => {
    t.begin();
    t.many(1, 30);
    t.tell('run.completed', 400);
    t.show();
    document.querySelector('#card').insertAdjacentHTML('afterend', '<button id="behind">Behind</button>');
  });
  const focused = () => page.evaluate(() => document.activeElement.querySelector?.('.names')?.textContent ?? document.activeElement.id);
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'node30', 'the newest is where one enters');
  for (const [key, at] of [['ArrowUp', 29], ['Home', 1], ['ArrowUp', 1], ['ArrowDown', 2], ['PageDown', 12], ['End', 30], ['ArrowDown', 30], ['PageUp', 20]]) {
    await page.keyboard.press(key);
    assert.equal(await focused(), `node${at}`, key);
  }
  const isInView = await page.evaluate(() => {
    const [own, root] = [document.activeElement, document.querySelector('#root')].map((each) => each.getBoundingClientRect());
    return own.top >= root.top && own.bottom <= root.bottom;
  });
  assert.ok(isInView);
  await page.keyboard.press('Enter');
  assert.deepEqual(await page.evaluate(() => t.picked), [20]);
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'behind');
  await page.keyboard.down('Shift');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'node20', 'and comes back to where one was');
}));

test('the list follows its end until one scrolls up, and again from the end on; nothing else moves', () => visit(async (page) => {
  const atEnd = () => page.$eval('#root', (root) => root.scrollHeight - root.scrollTop - root.clientHeight < 2);
  const add = async (from, to) => {
    await page.evaluate((...steps) => (t.many(...steps), t.show()), from, to);
    await frames(page);
  };
  await page.evaluate(() => t.begin());
  const box = await page.$eval('#root', (root) => JSON.stringify(root.getBoundingClientRect()));
  await add(1, 40);
  assert.ok(await atEnd());
  await add(41, 80);
  assert.ok(await atEnd());
  await page.$eval('#root', (root) => { root.scrollTop = 100; });
  await frames(page);
  await add(81, 120);
  assert.equal(await page.$eval('#root', (root) => root.scrollTop), 100);
  await page.$eval('#root', (root) => { root.scrollTop = root.scrollHeight; });
  await frames(page);
  await add(121, 130);
  assert.ok(await atEnd());
  await page.evaluate(() => t.show(3));
  const isInView = await page.evaluate(() => {
    const [row, root] = [document.querySelector('[aria-current]'), document.querySelector('#root')].map((each) => each.getBoundingClientRect());
    return row.top >= root.top && row.bottom <= root.bottom;
  });
  assert.ok(isInView, 'what is picked is brought into view');
  assert.equal(await page.evaluate(() => scrollY), 0);
  assert.equal(await page.$eval('#root', (root) => JSON.stringify(root.getBoundingClientRect())), box);
}));

test('with 1,000 steps a frame without news changes nothing, and one with a new step adds one row', () => visit(async (page) => {
  const counts = await page.evaluate(async () => {
    t.begin(Date.now());
    const recording = t.recording;
    for (let step = 1; step <= 1_000; step += 1) {
      t.start(step, Date.now(), ['a']);
      t.end(step, Date.now());
    }
    t.show();
    await new Promise(requestAnimationFrame);
    const records = [];
    const observer = new MutationObserver((list) => records.push(...list));
    observer.observe(document.querySelector('#root'), { subtree: true, childList: true, attributes: true, characterData: true });
    t.show();
    records.push(...observer.takeRecords());
    const still = records.length;
    t.start(1_001, Date.now(), ['b']);
    t.show();
    records.push(...observer.takeRecords());
    const touched = new Set(records.map(({ target }) => target.closest('.row')?.querySelector('.names').textContent ?? target.className));
    return { still, touched: [...touched], rows: document.querySelectorAll('.row').length, steps: recording.steps.length };
  });
  assert.equal(counts.still, 0);
  assert.equal(counts.rows, 1_001);
  assert.ok(counts.touched.every((name) => ['steps', 'b', 'a'].includes(name)), counts.touched.join());
}));

test('another recording starts the list anew, and steps that were taken back go', () => visit(async (page) => {
  await page.evaluate(() => {
    t.begin();
    t.many(1, 3);
    t.show(2);
    t.begin(100, true);
    t.start(2, 100, ['again']);
    t.show();
  });
  assert.deepEqual((await rows(page)).map(([names]) => names), ['node1', 'again']);
  await page.evaluate(() => {
    t.view.show(new t.Recording(), null);
    t.view.render();
  });
  assert.deepEqual(await rows(page), []);
  assert.equal(await page.$eval('.empty', (empty) => empty.hidden), false);
}));

test('names that look like HTML, that are long or run from right to left are text and stay in their place', () => visit(async (page) => {
  await page.evaluate(() => {
    t.begin();
    t.start(1, 0, ['<img src=x onerror="globalThis.pwned=1">', 'x'.repeat(500), '\u202eevil']);
    t.end(1, 10);
    t.tell('run.completed', 20);
    t.show();
  });
  assert.match((await rows(page))[0][0], /^<img src=x onerror=/);
  assert.equal(await page.$$eval('#root img', (found) => found.length), 0);
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  for (const width of [360, 768, 1440]) {
    await page.setViewport({ width, height: 900 });
    assert.deepEqual(await plainFaults(page), [], `${width}`);
  }
}));

test('who wants no motion sees no animation, and the running step still grows', () => visit(async (page) => {
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
  await page.evaluate(() => {
    t.begin(Date.now());
    t.start(1, Date.now(), ['a']);
    t.show();
    t.writes = 0;
    t.drawn = 0;
    new MutationObserver((list) => { t.writes += list.length; }).observe(document.querySelector('.track'), { attributes: true });
    const count = () => {
      t.drawn += 1;
      requestAnimationFrame(count);
    };
    count();
  });
  await page.waitForFunction(() => t.writes >= 2);
  const { writes, drawn } = await page.evaluate(() => ({ writes: t.writes, drawn: t.drawn }));
  assert.ok(writes < drawn / 2, `${writes} changes in ${drawn} frames`);
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
}));
