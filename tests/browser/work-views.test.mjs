// The text with its marks, the briefing and the plot of its score, as the page's own HTML and styles hold them, without the page's controller:
// each test says by itself which states come. Runs of the agent are real.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { root } from '../../scripts/command.mjs';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from './chromium.mjs';

let chromium;
let server;

before(async () => {
  server = await serve({ folders: { '/www/': join(root, 'www'), '/pkg/': join(root, 'pkg') } });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
});

/** A tab with the page's cards, and `lab` in it: the views, what they told, and `lab.show(state, stream)`. */
const visit = (body, { width = 1440, still = true } = {}) => chromium.visit('about:blank', async (page) => {
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: still ? 'reduce' : 'no-preference' }]);
  await page.setRequestInterception(true);
  page.on('request', (request) => (request.url().endsWith('/www/page.js') ? request.respond({ contentType: 'text/javascript', body: '' }) : request.continue()));
  await page.goto(`${server.address}/www/index.html`);
  await page.evaluate(setUp);
  return body(page);
});

async function setUp() {
  const $ = (id) => document.getElementById(id);
  const { SourceView } = await import('/www/views/source-view.js');
  const { BriefingView } = await import('/www/views/briefing-view.js');
  const { ScorePlot } = await import('/www/views/score-plot.js');
  const { createBriefing, sortedTerms } = await import('/www/agent/briefing.js');
  const { GOOD_SCORE, MAX_ROUNDS } = await import('/www/agent/critique.js');
  const { DEFAULT_TEXT } = await import('/www/agent/default-text.js');
  const told = [];
  const tell = (name) => (...args) => { told.push([name, ...args]); };
  const lab = globalThis.lab = { told, DEFAULT_TEXT };
  lab.source = new SourceView({ field: $('source'), marked: $('marked'), facts: $('facts'), edit: $('edit'), picker: $('file'), dropZone: $('text-card') }, {
    onProblem: tell('problem'), onChange: tell('change'), onCounts: (counts) => lab.briefing.showCounts(counts),
    onHover: (id) => lab.briefing.light(id), onSentence: (id, isByKeyboard) => lab.briefing.reveal(id, { isByKeyboard }),
  });
  lab.briefing = new BriefingView({ terms: $('terms'), draft: $('draft'), badge: $('badge'), notices: $('notices'), copy: $('copy') }, {
    onTerm: (term) => lab.source.choose(term), onHover: (id) => lab.source.light(id), onSentence: (id, isByKeyboard) => lab.source.reveal(id, { isByKeyboard }), onProblem: tell('problem'),
  });
  lab.scores = new ScorePlot($('scores'));
  lab.show = (state, stream = null, isLive = true) => {
    lab.source.show({ terms: sortedTerms(state?.terms ?? {}), sentences: (state?.briefing ?? state?.draft)?.sentences ?? [] });
    lab.briefing.show({ state, stream, isLive });
    lab.scores.show(state?.scores ?? [], { goal: GOOD_SCORE, max: MAX_ROUNDS });
    for (const view of [lab.source, lab.briefing, lab.scores]) view.render();
  };
  /** Runs the agent; the states after its steps, and each draft's text. */
  lab.run = async (text) => {
    const run = createBriefing(await import('/pkg/entries/web.js')).invokeStreaming({ text }, { context: { paceMs: 0 } });
    const states = [];
    for await (const event of run) if (event.type === 'step.completed') states.push(run.state);
    states.push((await run.result).state);
    return states;
  };
  lab.frames = (count = 2) => new Promise((resolve) => {
    const next = () => (count-- > 0 ? requestAnimationFrame(next) : resolve());
    next();
  });
  lab.brief = async (text = DEFAULT_TEXT) => {
    lab.source.text = text;
    lab.source.showText(text);
    const states = await lab.run(text);
    for (const state of states) lab.show(state);
    await lab.frames();
    return states;
  };
}

const texts = (page, selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent));
const text = (page, selector) => page.$eval(selector, (element) => element.textContent);

test('after a run the source has every sentence of the briefing marked, with the number that it has there', () => visit(async (page) => {
  const sentences = await page.evaluate(async () => (await lab.brief()).at(-1).briefing.sentences.map((sentence) => sentence.text));
  assert.ok(sentences.length >= 5);
  assert.deepEqual(await texts(page, '#marked mark.sentence'), sentences);
  assert.deepEqual(await page.$$eval('#marked mark.sentence', (marks) => marks.map((mark) => mark.dataset.number)), sentences.map((_, i) => String(i + 1)));
  assert.deepEqual((await texts(page, '#draft .carried')).map((carried) => carried.replace(/\d+$/, '')), sentences);
  assert.deepEqual(await texts(page, '#draft .ref'), sentences.map((_, i) => String(i + 1)));
  assert.equal(await page.evaluate(() => document.querySelector('#marked').textContent === lab.DEFAULT_TEXT), true, 'the marked text is the text');
  assert.match(await text(page, '#badge'), /^final: \d+ words, score 0\.\d{3} after \d rounds$/);
  assert.match(await text(page, '#draft h3'), /^Tides/);
}));

test('while drafts come, only blocks whose marks changed are made anew', () => visit(async (page) => {
  const made = await page.evaluate(async () => {
    const states = await lab.brief();
    const blocks = [...document.querySelectorAll('#marked .block')];
    let changes = [];
    new MutationObserver((records) => changes.push(...records)).observe(document.querySelector('#marked'), { childList: true, subtree: true });
    lab.show({ ...states.at(-1) });
    await lab.frames();
    const whenSame = changes.length;
    const { briefing } = states.at(-1);
    lab.show({ ...states.at(-1), briefing: { ...briefing, sentences: briefing.sentences.slice(0, -1) } });
    await lab.frames();
    return { whenSame, touched: new Set(changes.map((record) => blocks.indexOf(record.target))).size, blocks: blocks.length };
  });
  assert.equal(made.whenSame, 0);
  assert.ok(made.blocks >= 4 && made.touched === 1, JSON.stringify(made));
}));

test('a sentence of the briefing leads to its place in the source, by the mouse without the focus, by the keyboard with it', () => visit(async (page) => {
  await page.evaluate(() => lab.brief());
  // It may scroll there smoothly.
  const isInView = () => page.waitForFunction(() => {
    const lit = document.querySelector('#marked mark.is-lit').getBoundingClientRect();
    const box = document.querySelector('#marked').getBoundingClientRect();
    return lit.top >= box.top && lit.bottom <= box.bottom;
  });
  const scrollY = await page.evaluate(() => window.scrollY);
  await page.evaluate(() => { document.querySelector('#draft').scrollTop = 1e6; });
  const last = (await page.$$('#draft .carried')).at(-1);
  await last.click();
  assert.equal(await text(page, '#marked mark.is-lit'), (await texts(page, '#draft .carried')).at(-1).replace(/\d+$/, ''));
  await isInView();
  assert.equal(await page.evaluate(() => document.activeElement.closest('#marked')), null);
  assert.equal(await page.evaluate(() => window.scrollY), scrollY, 'the page stays');

  await page.focus('#draft .ref');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.matches('mark.sentence[data-number="1"]')), true);
  await isInView();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.matches('#draft .ref')), true, 'Enter on the mark leads back');
}));

test('pointing at a mark lights its sentence in the briefing', () => visit(async (page) => {
  await page.evaluate(() => lab.brief());
  await page.evaluate(() => lab.source.reveal(document.querySelector('#marked mark.sentence').dataset.id));
  await (await page.$('#marked mark.sentence')).hover();
  const lit = await texts(page, '#draft .is-lit');
  assert.deepEqual(lit, [`${await text(page, '#marked mark.sentence')}1`]);
  await page.mouse.move(5, 5);
  assert.deepEqual(await texts(page, '#draft .is-lit'), []);
}));

test('what scrolls under a pointer that rests is not pointed at: the sentence that the keyboard chose stays lit', () => visit(async (page) => {
  await page.evaluate(() => lab.brief());
  await page.$eval('#draft', (draft) => { draft.scrollTop = 1e6; });
  await (await page.$$('#draft .carried')).at(-1).hover();
  const chosen = await page.evaluate(() => new Promise((resolve) => {
    const draft = document.querySelector('#draft');
    // The browser tells what is under the pointer now only after it drew.
    draft.addEventListener('pointerover', () => resolve(document.querySelector('#marked mark.is-lit').dataset.number));
    const ref = draft.querySelector('.ref');
    ref.focus();
    ref.click();
  }));
  assert.equal(chosen, '1');
}));

test('a key term that is pressed is marked strongly in source and briefing, and pressed again no more', () => visit(async (page) => {
  await page.evaluate(() => lab.brief());
  const [first] = await page.$$('#terms button');
  const count = Number(await first.$eval('.count', (element) => element.textContent));
  assert.match(await first.evaluate((button) => button.title), new RegExp(`^${count} times in the text$`));
  await first.click();
  assert.equal(await first.evaluate((button) => button.getAttribute('aria-pressed')), 'true');
  assert.equal(await page.$$eval('#marked mark.is-chosen', (marks) => marks.length), count);
  assert.ok((await texts(page, '#draft mark.is-chosen')).every((word) => /tide/i.test(word)));
  assert.ok((await texts(page, '#draft mark.is-chosen')).length > 0);
  await (await page.$('#terms li:nth-child(2) button')).click();
  assert.deepEqual(await page.$$eval('#terms [aria-pressed="true"]', (pressed) => pressed.length), 1, 'one at a time');
  await (await page.$('#terms li:nth-child(2) button')).click();
  assert.equal(await page.$$eval('mark.is-chosen, [aria-pressed="true"]', (found) => found.length), 0);
}));

test('a text that streams grows in one text node, and its end moves nothing outside', () => visit(async (page) => {
  const seen = await page.evaluate(async () => {
    const states = await lab.run(lab.DEFAULT_TEXT);
    const at = states.findIndex((state) => state.draft !== null);
    const { text: whole } = states[at].draft;
    const body = whole.split('\n\n').slice(2).join('\n\n');
    const start = whole.length - body.length;
    const boxes = () => JSON.stringify(['text-card', 'briefing-card', 'terms', 'draft', 'scores', 'copy'].map((id) => { const { x, y, width, height } = document.getElementById(id).getBoundingClientRect(); return [x, y, width, height]; }));
    lab.show(states[at - 1], { id: 'draft-1', text: whole.slice(0, start + 10), isOpen: true });
    const first = boxes();
    const node = document.querySelector('#draft .carried').firstChild;
    const busy = document.querySelector('#draft').getAttribute('aria-busy');
    const removed = [];
    new MutationObserver((records) => removed.push(...records.flatMap((record) => [...record.removedNodes]))).observe(document.querySelector('#draft'), { childList: true, subtree: true });
    const shifts = [];
    const cardsShift = new PerformanceObserver((list) => shifts.push(...list.getEntries().map((entry) => entry.value)));
    cardsShift.observe({ type: 'layout-shift' });
    const firstParagraph = body.split('\n\n')[0];
    for (let end = start + 10; end < start + firstParagraph.length; end += 7) lab.show(states[at - 1], { id: 'draft-1', text: whole.slice(0, end), isOpen: true });
    await lab.frames();
    const grown = { isSameNode: node.isConnected && node.nodeValue.length > 20, removed: removed.length };
    for (let i = at; i < states.length; i += 1) { lab.show(states[i]); await lab.frames(1); }
    await lab.frames();
    shifts.push(...cardsShift.takeRecords().map((entry) => entry.value));
    return { ...grown, busy, busyAtEnd: document.querySelector('#draft').getAttribute('aria-busy'), isStill: first === boxes(), shifts };
  });
  assert.deepEqual(seen, { isSameNode: true, removed: 0, busy: 'true', busyAtEnd: 'false', isStill: true, shifts: [] });
}));

test('of a revised draft the sentences that stay keep their elements, new ones say so, and what is not confirmed waits', () => visit(async (page) => {
  const seen = await page.evaluate(async () => {
    const sentence = (id, section, own) => ({ id, section, text: own });
    const [a, b, c, n] = [sentence('0.0', 0, 'Alpha is first.'), sentence('0.5', 0, 'Beta comes next.'), sentence('1.0', 1, 'Gamma ends it.'), sentence('0.7', 0, 'News of the sea.')];
    const draft = (round, sentences, own) => ({ round, title: 'T', terms: ['sea'], sentences, text: own });
    const state = { terms: { sea: { score: 1, stems: ['sea'] } }, draft: draft(1, [a, b, c], 'T\n\nKey terms: sea\n\nAlpha is first. Beta comes next.\n\nGamma ends it.'), scores: [], notices: [], briefing: null };
    lab.show(state);
    const elementOf = (own) => [...document.querySelectorAll('#draft .carried')].find((element) => element.textContent.startsWith(own));
    const kinds = () => [...document.querySelectorAll('#draft .carried')].map((element) => `${element.textContent.replace(/\s*\(new\)|\d+$/g, '').replace(/\s*\(new\)/, '')} ${['is-new', 'is-waiting', 'is-open'].filter((name) => element.classList.contains(name)).join(' ')}`.trim());
    const kept = [elementOf('Alpha'), elementOf('Gamma')];
    const head = 'T\n\nKey terms: sea\n\n';
    const stream = (own, isOpen = true) => lab.show(state, { id: 'draft-2', text: head + own, isOpen });
    stream('Alpha is first. News of');
    const during = kinds();
    stream('Alpha is first. News of the sea.\n\nGamma ends it.');
    const passed = kinds();
    const revised = { ...state, draft: draft(2, [a, n, c], `${head}Alpha is first. News of the sea.\n\nGamma ends it.`), scores: [] };
    lab.show(revised, { id: 'draft-2', text: revised.draft.text, isOpen: false });
    return { during, passed, after: kinds(), isKept: kept.every((element) => element.isConnected), paragraphs: document.querySelectorAll('#draft .prose p').length, said: elementOf('News').textContent };
  });
  assert.deepEqual(seen.during, ['Alpha is first.', 'News of is-new is-open', 'Beta comes next. is-waiting', 'Gamma ends it. is-waiting']);
  assert.deepEqual(seen.passed, ['Alpha is first.', 'News of the sea. is-new', 'Gamma ends it.']);
  assert.deepEqual(seen.after, ['Alpha is first.', 'News of the sea. is-new', 'Gamma ends it.']);
  assert.deepEqual([seen.isKept, seen.paragraphs, seen.said], [true, 2, 'News of the sea. (new)2']);
}));

test('a rewound step shows that step’s draft, whatever streams', () => visit(async (page) => {
  const seen = await page.evaluate(async () => {
    const states = await lab.brief();
    const first = states.find((state) => state.draft !== null);
    lab.show(first, { id: 'draft-9', text: 'T\n\nSomething else.', isOpen: true }, false);
    return { text: document.querySelector('#draft').textContent, badge: document.querySelector('#badge').textContent, first: first.draft.sentences.map((sentence) => sentence.text) };
  });
  assert.ok(seen.first.every((sentence) => seen.text.includes(sentence)));
  assert.doesNotMatch(seen.text, /Something else/);
  assert.match(seen.badge, /^draft 1\b/);
}));

test('a written briefing names the source sentences that carry each of its own, one after the other', () => visit(async (page) => {
  await page.evaluate(() => {
    const source = 'The sea rises. The Moon pulls at it. Harbours wait for it.';
    lab.source.showText(source);
    const sentences = ['The sea rises.', 'The Moon pulls at it.', 'Harbours wait for it.'].map((own, i) => ({ id: `0.${i}`, section: 0, text: own }));
    lab.show({ terms: {}, draft: null, scores: [], notices: [], briefing: { title: 'Sea', text: 'x', terms: [], sentences, words: 9, rounds: 1, score: 0.9, isGood: false, writer: 'a model',
      paragraphs: [[{ text: 'It rises, since the Moon pulls.', sources: ['0.0', '0.1'] }, { text: 'Nobody said this.', sources: [] }]] } });
  });
  assert.deepEqual(await texts(page, '#draft .ref'), ['1 2']);
  assert.deepEqual(await texts(page, '#marked mark.sentence'), ['The sea rises.', 'The Moon pulls at it.', 'Harbours wait for it.']);
  for (const expected of ['The sea rises.', 'The Moon pulls at it.', 'The sea rises.']) {
    await page.click('#draft .ref');
    assert.deepEqual(await texts(page, '#marked mark.is-lit'), [expected]);
  }
  await page.click('#draft .carried:nth-of-type(2)');
  assert.deepEqual(await texts(page, '#marked mark.is-lit'), ['The sea rises.'], 'one that nothing carries leads nowhere');
}));

test('Edit brings back the field with the text, at the same place', () => visit(async (page) => {
  await page.evaluate(() => lab.brief());
  assert.deepEqual(await page.evaluate(() => [lab.source.isMarked, document.querySelector('#source').hidden, document.querySelector('#edit').hidden]), [true, true, false]);
  const sizes = await page.evaluate(() => {
    const { width, height } = document.querySelector('#marked').getBoundingClientRect();
    document.querySelector('#marked').scrollTop = 200;
    return [width, height];
  });
  await page.click('#edit');
  assert.deepEqual(await page.evaluate(() => {
    const { width, height } = document.querySelector('#source').getBoundingClientRect();
    return [lab.source.isMarked, document.activeElement.id, document.querySelector('#source').scrollTop, lab.source.text === lab.DEFAULT_TEXT, width, height];
  }), [false, 'source', 200, true, ...sizes]);
  await page.keyboard.type('New words. ');
  assert.match((await page.evaluate(() => lab.told)).at(-1)[1], /New words\. /);
}));

test('the text of a session that is opened is what Edit and a run get', () => visit(async (page) => {
  assert.deepEqual(await page.evaluate(() => {
    lab.source.text = 'In the field.';
    lab.source.showText('Of the session.');
    const shown = [lab.source.text, document.querySelector('#marked').textContent];
    lab.source.edit();
    return [...shown, lab.source.text, document.querySelector('#source').value];
  }), ['Of the session.', 'Of the session.', 'Of the session.', 'Of the session.']);
}));

test('a text is taken by drop, by the picker and by paste over the marked one; what is not text or too large is refused', () => visit(async (page) => {
  const drop = (content, name) => page.evaluate((bytes, fileName) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(bytes)], fileName));
    document.querySelector('#draft').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
  }, [...Buffer.from(content)], name);
  const isShown = (start) => page.waitForFunction((wanted) => lab.source.text.startsWith(wanted) && !lab.source.isMarked, {}, start);
  await page.evaluate(() => lab.source.showText('Before.'));
  await drop('A dropped file.', 'a.md');
  await isShown('A dropped file.');
  await drop('\0\u0001', '<b>.bin');
  await page.waitForFunction(() => lab.told.at(-1)[1] === '<b>.bin is not a text file.');
  await isShown('A dropped file.');
  await page.$eval('#file', (input) => {
    const files = new DataTransfer();
    files.items.add(new File(['A picked file.'], 'p.txt'));
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await isShown('A picked file.');
  await page.evaluate(() => {
    Object.defineProperty(File.prototype, 'size', { get: () => 16 * 1024 * 1024 + 1 });
  });
  await drop('x', 'large.txt');
  await page.waitForFunction(() => lab.told.at(-1)[1] === 'large.txt is larger than 16 MB.');
  await page.evaluate(() => {
    lab.source.showText('Again.');
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'Pasted.');
    document.querySelector('#marked').dispatchEvent(new ClipboardEvent('paste', { bubbles: true, clipboardData }));
  });
  await isShown('Pasted.');
}));

test('a text of 500,000 characters is shown whole, with its terms, and its last sentence is found', () => visit(async (page) => {
  const seen = await page.evaluate(async () => {
    const long = Array.from({ length: 64 }, (_, i) => `${lab.DEFAULT_TEXT.slice(0, 7_700)} Place ${i} ends here.`).join('\n\n').slice(0, 499_900) + '\n\nThis is the last sentence of all.';
    lab.source.showText(long);
    const atOnce = document.querySelectorAll('#marked .block').length;
    const wanted = { terms: [{ term: 'tide', stems: ['tide'] }], sentences: [{ id: 'z', text: 'This is the last sentence of all.' }] };
    lab.source.show(wanted);
    lab.source.render();
    const isFound = lab.source.reveal('z');
    await lab.frames(6);
    const mark = document.querySelector('#marked mark.sentence').getBoundingClientRect();
    const box = document.querySelector('#marked').getBoundingClientRect();
    lab.source.choose('tide');
    const chosen = document.querySelectorAll('#marked mark.term.is-chosen').length;
    lab.source.choose(null);
    const terms = document.querySelectorAll('#marked mark.term:not(.is-chosen)').length;
    lab.source.showText('short');
    return { atOnce, isFound, isWhole: long.length, isInView: mark.top >= box.top && mark.bottom <= box.bottom, chosen, terms, left: document.querySelectorAll('#marked mark').length, facts: document.querySelector('#facts').textContent };
  });
  assert.ok(seen.atOnce > 5 && seen.atOnce < 60, `${seen.atOnce} blocks at once`);
  assert.ok(seen.terms > 400 && seen.terms === seen.chosen, JSON.stringify(seen));
  assert.deepEqual([seen.isFound, seen.isInView, seen.left, seen.facts], [true, true, 0, '5 characters.']);
}));

test('text, terms, sentences, notices and findings that look like HTML are text', () => visit(async (page) => {
  const hostile = '<img src=x onerror="globalThis.pwned=1"> <b>sea</b>.';
  const seen = await page.evaluate(async (bad) => {
    lab.source.showText(`# ${bad}\n\n${bad}`);
    const sentences = [{ id: '"><svg onload=pwned=1>', section: 0, text: bad }];
    const draft = { round: 1, title: bad, terms: [bad], sentences, text: `${bad}\n\nKey terms: ${bad}\n\n${bad}` };
    const state = { terms: { [bad]: { score: 1, stems: ['sea'] } }, notices: [bad], scores: [{ round: 1, score: 0.7, parts: { [bad]: 0.5 }, words: 3, finding: bad }], briefing: null };
    lab.show({ ...state, scores: [], draft: null }, { id: 'draft-1', text: draft.text, isOpen: true });
    const streamed = document.querySelector('#draft').textContent;
    lab.show({ ...state, draft });
    await lab.frames();
    return { streamed, made: document.querySelectorAll('#text-card img, #text-card b, #briefing-card img, #briefing-card b').length, pwned: globalThis.pwned ?? null, finding: document.querySelector('.finding').textContent, notice: document.querySelector('#notices').textContent };
  }, hostile);
  assert.equal(seen.made, 0);
  assert.equal(seen.pwned, null);
  assert.ok(seen.streamed.includes(hostile), seen.streamed);
  assert.equal(seen.finding, `Round 1: 0.700, ${hostile}`);
  assert.equal(seen.notice, hostile);
}));

test('the plot names each round in words, follows the newest, and is walked by arrow keys', () => visit(async (page) => {
  const scores = [[1, 0.874, 'does not mention spring tide'], [2, 0.9, 'says some things twice'], [3, 0.931, 'nothing left to mend']]
    .map(([round, score, finding]) => ({ round, score, finding, words: 200 + round, parts: { coverage: score, length: 1 } }));
  const show = (count) => page.evaluate((shown) => lab.show({ terms: {}, draft: null, briefing: null, notices: [], scores: shown }), scores.slice(0, count));
  const value = () => page.$eval('#scores [role="slider"]', (plot) => plot.getAttribute('aria-valuetext'));
  await page.evaluate(() => lab.frames());
  assert.equal(await value(), 'none yet');
  await show(2);
  assert.equal(await value(), 'Round 2: 0.900, says some things twice');
  await show(3);
  assert.equal(await value(), 'Round 3: 0.931, nothing left to mend');
  assert.deepEqual(await page.$$eval('#scores .point', (points) => points.map((point) => point.classList.contains('is-good'))), [false, false, true]);
  await page.focus('#scores [role="slider"]');
  for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
  assert.equal(await text(page, '#scores .finding'), 'Round 1: 0.874, does not mention spring tide');
  assert.deepEqual(await texts(page, '#scores dd'), ['0.87', '1.00']);
  await show(3);
  assert.equal(await value(), 'Round 1: 0.874, does not mention spring tide', 'who looks at another round stays there');
  await page.keyboard.press('End');
  assert.equal(await value(), 'Round 3: 0.931, nothing left to mend');
  assert.deepEqual((await page.$$eval('#scores tbody tr', (rows) => rows.map((row) => row.textContent)))[0], '10.8740.871.00201does not mention spring tide');
  const goal = await page.$$eval('#scores .goal-label', (labels) => labels.map((label) => label.textContent).join(' '));
  assert.equal(goal, 'goal 0.92');
}));

test('Copy hands out the briefing’s text, and is off while there is none', () => visit(async (page) => {
  assert.equal(await page.$eval('#copy', (button) => button.disabled), true);
  await page.evaluate(async () => {
    navigator.clipboard.writeText = async (own) => { lab.copied = own; };
    lab.briefed = (await lab.brief()).at(-1).briefing.text;
  });
  await page.click('#copy');
  await page.waitForFunction(() => document.querySelector('#copy').textContent === 'Copied');
  assert.equal(await page.evaluate(() => lab.copied === lab.briefed && lab.copied.length > 500), true);
  await page.evaluate(() => { navigator.clipboard.writeText = async () => { throw new Error('not allowed'); }; });
  await page.click('#copy');
  await page.waitForFunction(() => getSelection().toString().includes('Tides'));
  assert.match((await page.evaluate(() => lab.told)).at(-1)[1], /^Could not copy \(not allowed\)/);
}));

for (const width of [360, 768, 1440]) {
  test(`at ${width} pixels nothing is wider than its card, and targets are 24 pixels`, () => visit(async (page) => {
    await page.evaluate(() => lab.brief());
    const found = await page.evaluate(() => ({
      wide: ['#text-card', '#briefing-card', '#draft', '#marked', '#terms', '#scores'].filter((selector) => { const element = document.querySelector(selector); return element.scrollWidth > element.clientWidth; }),
      small: [...document.querySelectorAll('#text-card button, #text-card .button, #briefing-card button, #briefing-card .ref')].filter((element) => { const { width: w, height: h } = element.getBoundingClientRect(); return w < 24 || h < 24; }).map((element) => element.textContent),
      badge: document.querySelector('#badge').scrollWidth - document.querySelector('#badge').clientWidth,
    }));
    assert.deepEqual(found, { wide: [], small: [], badge: 0 });
  }, { width }));
}
