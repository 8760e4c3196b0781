// What the tests of the page lean on: that each fault they look for is seen when it is there, in Chromium and Firefox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings } from './axe.mjs';
import { inState } from './page-driver.mjs';
import { inBrowsers, patience } from './page-lab.mjs';
import { animations, overflows, watchFrames, watchLayout } from './page-measures.mjs';

/** In place of the page: nothing of its own is wrong, moves or is wide. */
const emptied = (page) => page.evaluate(() => {
  const [header, main] = ['header', 'main'].map((name) => document.createElement(name));
  header.append(Object.assign(document.createElement('h1'), { textContent: 'A page' }));
  main.append(Object.assign(document.createElement('p'), { textContent: 'Some words.' }));
  document.body.replaceChildren(header, main);
});
const soon = () => new Promise((resolve) => setTimeout(resolve, 50));

inBrowsers((lab) => {
  for (const [what, pattern, provoke] of [
    ['an uncaught error', /uncaught: .*thrown here/, () => { setTimeout(() => { throw new Error('thrown here'); }); }],
    ['an unhandled rejection', /uncaught: .*rejected here/, () => { Promise.reject(new Error('rejected here')); }],
    ['a console error', /console: said here/, () => { console.error('said here'); }],
    ['a missing file', /response: 404 .*missing\.js/, () => fetch('/missing.js').then(() => {})],
    ['an inline style', /policy: style-src/, () => { document.body.setAttribute('style', 'color: red'); }],
    ['an inline script', /policy: script-src/, () => { document.body.append(Object.assign(document.createElement('script'), { textContent: '1' })); }],
    ['a script that evaluates', /policy: script-src/, () => { setTimeout(() => { try { (0, eval)('1'); } catch { /* The policy's report is what counts. */ } }); }],
    ['a picture from elsewhere', /policy: img-src http:\/\/192\.0\.2\.1/, () => { new Image().src = 'http://192.0.2.1/x.png'; }],
    ['a dialogue', /dialogue: confirm sure/, () => { confirm('sure'); }],
  ]) {
    test(`${what} fails the test`, () => assert.rejects(lab.visit(async (page) => {
      await page.evaluate(provoke);
      await soon();
    }), (error) => error.name === 'AssertionError' && (assert.match(error.actual.join('\n'), pattern), true)));
  }

  test('a request that the policy lets leave the origin fails the test', () => assert.rejects(lab.visit(async (page, { origin }) => {
    // The page of a server without a policy: another port is another origin.
    const other = origin.replace('127.0.0.1', 'localhost');
    await page.goto(other).catch(() => {});
  }), /left the origin: GET http:\/\/localhost/));

  test('what is held stands still until it is released', () => lab.visit(async (page) => {
    await page.evaluate(() => {
      globalThis.fired = [];
      harness.hold();
      setTimeout((name) => fired.push(name), 1, 'first');
      clearTimeout(setTimeout(() => fired.push('cleared early'), 1));
      globalThis.late = setTimeout(() => fired.push('cleared late'), 1);
    });
    await soon();
    assert.deepEqual(await page.evaluate(() => fired), []);
    await page.evaluate(() => {
      clearTimeout(late);
      harness.release();
      setTimeout(() => fired.push('after'), 1);
    });
    await page.waitForFunction(() => fired.length >= 2, patience);
    assert.deepEqual(await page.evaluate(() => fired), ['first', 'after']);
  }));

  test('a tab is shown in the width, the theme and the motion that were asked for', () => lab.visit(async (page) => {
    const seen = () => page.evaluate(() => [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, matchMedia('(prefers-reduced-motion: reduce)').matches]);
    assert.deepEqual(await seen(), [1440, false, false]);
    await lab.show(page, { width: 360, scheme: 'dark', motion: 'reduce' });
    assert.deepEqual(await seen(), [360, true, true]);
  }));

  test('axe sees a nameless button, a small target and weak text, also where it is scrolled out of sight', () => lab.visit(async (page) => {
    await inState(page, 'ready');
    await emptied(page);
    await page.evaluate(() => {
      const box = document.createElement('section');
      Object.assign(box, { id: 'bad', tabIndex: 0, ariaLabel: 'bad' });
      for (const [name, value] of Object.entries({ height: '60px', overflow: 'auto', background: '#fff' })) box.style.setProperty(name, value);
      box.append(document.createElement('button'));
      for (let line = 0; line < 40; line += 1) {
        const text = Object.assign(document.createElement('p'), { textContent: `Weak ${line}` });
        text.style.setProperty('color', '#999');
        box.append(text);
      }
      document.querySelector('main').prepend(box);
    });
    const { findings: found, doubts } = await findings(page);
    assert.ok(found.some((line) => /^button-name \(critical\) .*button/.test(line)));
    assert.equal(found.filter((line) => /^color-contrast .*p:nth-child/.test(line)).length, 40);
    assert.deepEqual(doubts, []);
  }));

  test('what moves, sticks out or is animated is named', async () => {
    await lab.visit(async (page) => {
      await inState(page, 'ready');
      await emptied(page);
      const layout = await watchLayout(page, 'main > *');
      assert.deepEqual(await overflows(page), []);
      await page.evaluate(() => {
        const pushed = document.createElement('div');
        pushed.id = 'pushed';
        pushed.style.setProperty('height', '40px');
        pushed.style.setProperty('width', '2000px');
        document.querySelector('header').append(pushed);
        pushed.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 60_000 });
      });
      assert.ok((await overflows(page)).some((line) => line.includes('#pushed')));
      assert.equal((await animations(page)).length, 1);
      const { moves, shifts } = await layout.stop();
      assert.ok(moves.length > 0);
      if (lab.name === 'chromium') assert.ok(shifts.length > 0, 'the browser says so, too');
    });
  });

  test('frames are counted', () => lab.visit(async (page) => {
    const watched = await watchFrames(page);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { frames, line } = await watched.stop();
    assert.ok(frames.length > 2, line);
  }));
});
