// The choice of a writer in a real Chromium, its core in Firefox too, on a small page of its own (tests/browser/writers) under the page's policy, with a scripted endpoint on loopback.
// No browser here has a language model that runs: where one is wanted, a stand-in of the shape of the Prompt API is put in its place before the page's scripts.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { pagePolicy, serve } from '../../scripts/serve.mjs';
import { findings } from './axe.mjs';
import { startChromium } from './chromium.mjs';
import { pageBrowsers } from './page-browsers.mjs';

const RUN_MS = 60_000;
const KEY = 'sk-loopback-4711-geheim';
const MODEL = 'loopback-model-1';
const TEXT = 'The tide is raised by the gravity of the Moon and the Sun. The result is called a spring tide: high water is higher than usual.';

let chromium;
let server;
let endpoint;
let requests;
/** What the endpoint does with a request; by default it streams `TEXT`. */
let answer;

const streamed = (response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const word of TEXT.match(/\s*\S+/g)) response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: word } }] })}\n\n`);
  response.end('data: [DONE]\n\n');
};

before(async () => {
  const folders = { '/www/': join(root, 'www'), '/pkg/': join(root, 'pkg'), '/writers/': join(root, 'tests/browser/writers') };
  server = await serve({ folders, home: '/writers/', policy: pagePolicy });
  endpoint = createServer(async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    let body = '';
    for await (const piece of request) body += piece;
    requests.push({ url: request.url, headers: request.headers, body: JSON.parse(body) });
    answer(response);
  });
  await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  chromium = await startChromium();
});
beforeEach(() => {
  requests = [];
  answer = streamed;
});
after(async () => {
  await chromium?.close();
  await server?.close();
  endpoint?.closeAllConnections();
  endpoint?.close();
});

const ready = (page) => page.waitForSelector('body[data-state="ready"]', { timeout: RUN_MS });
/** On the page; with `model`, the stand-in has that state at first. */
const visit = (body, { model, expected, width = 800 } = {}) => chromium.visit('about:blank', async (page) => {
  await page.setViewport({ width, height: 900 });
  await page.evaluateOnNewDocument(installModel, model ?? null);
  await page.goto(`${server.address}/`);
  await ready(page);
  return body(page);
}, { expected });

/** The same in a browser that `pageBrowsers` started. */
async function visitIn({ browser }, body) {
  const page = await browser.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  try {
    await page.goto(`${server.address}/`);
    await ready(page);
    await body(page);
    assert.deepEqual(problems, []);
  } finally {
    await page.close();
  }
}

/** Runs in the page. `null`: as if the browser had no such API. */
function installModel(state) {
  if (state === null) {
    delete globalThis.LanguageModel;
    return;
  }
  globalThis.model = { state, created: 0, destroyed: 0, monitor: null, letCreate: null };
  const LanguageModel = {
    availability: async () => globalThis.model.state,
    async create({ signal, monitor, initialPrompts }) {
      signal?.throwIfAborted();
      if (globalThis.model.state !== 'available') {
        if (!navigator.userActivation.hasBeenActive) throw new DOMException('A user gesture is needed.', 'NotAllowedError');
        globalThis.model.monitor = new EventTarget();
        monitor?.(globalThis.model.monitor);
        await new Promise((resolve, reject) => Object.assign(globalThis.model, { letCreate: resolve, refuseCreate: reject }));
        globalThis.model.state = 'available';
      }
      globalThis.model.created += 1;
      return {
        promptStreaming: (prompt) => new ReadableStream({ start(controller) {
          for (const chunk of ['The tide ', 'is raised ', `by the gravity of the Moon${initialPrompts[0].role === 'system' && prompt.includes('Sentences:') ? '.' : '?'}`]) controller.enqueue(chunk);
          controller.close();
        } }),
        destroy() { globalThis.model.destroyed += 1; },
      };
    },
  };
  Object.defineProperty(globalThis, 'LanguageModel', { value: LanguageModel, configurable: true });
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
const value = (page, selector) => page.$eval(selector, (element) => element.value);
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
const isShown = (page, selector) => page.$eval(selector, (element) => element.checkVisibility());
const status = async (page, pattern) => {
  await page.waitForFunction((source) => new RegExp(source).test(document.querySelector('#status').textContent), { timeout: RUN_MS }, pattern.source);
  return text(page, '#status');
};
const address = () => `http://127.0.0.1:${endpoint.address().port}/v1`;
async function fill(page, { url = address(), model = MODEL, key = KEY } = {}) {
  await page.click('#writer-endpoint');
  await page.type('#writer-address', url);
  await page.type('#writer-model', model);
  if (key !== '') await page.type('#writer-key', key);
}

describe('the choice of a writer', () => {
  test('begins with the extractive way, which asks nobody', () => visit(async (page) => {
    assert.equal(await page.evaluate(() => choice.kind), 'extractive');
    assert.equal(await isShown(page, '#writer-address'), false);
    await page.click('#run');
    assert.equal(await status(page, /^completed|^failed/), 'completed: extractive');
    assert.equal(requests.length, 0);
    assert.equal(await page.evaluate(() => choice.writer), undefined);
  }));

  test('an endpoint writes: its text is streamed, and its model is named', () => visit(async (page) => {
    await fill(page);
    assert.equal(await page.evaluate(() => choice.summary), MODEL);
    await page.click('#run');
    assert.equal(await status(page, /^completed|^failed/), `completed: ${MODEL}`);
    assert.ok((await text(page, '#draft')).endsWith(TEXT));
    const [{ url, headers, body }] = requests;
    assert.deepEqual([url, headers.authorization, headers.referer, headers.cookie], ['/v1/chat/completions', `Bearer ${KEY}`, undefined, undefined]);
    assert.deepEqual([body.model, body.stream, body.messages.length], [MODEL, true, 2]);
    assert.ok(await page.evaluate(() => seen.events.filter((event) => event.type === 'llm.chunk').length > 10));
  }));

  test('without a key none is sent', () => visit(async (page) => {
    await fill(page, { key: '' });
    await page.click('#run');
    await status(page, /^completed/);
    assert.equal(requests[0].headers.authorization, undefined);
  }));

  test('the key is in no storage, event, state, address or markup, while it writes and after', () => visit(async (page) => {
    answer = (response) => response.writeHead(500, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { message: `Something with ${KEY}` } }));
    await fill(page);
    await page.click('#run');
    assert.match(await status(page, /^failed/), /status 500: Something with …/);
    answer = streamed;
    await page.click('#run');
    await status(page, /^completed/);
    const places = await page.evaluate(everything);
    // What is looked through does hold what a run leaves.
    for (const name of ['indexedDB', 'exports', 'events', 'state', 'sessionStorage']) assert.ok(places[name].includes(MODEL), `${name} was read`);
    for (const [name, content] of Object.entries(places)) assert.ok(!content.includes(KEY), name);
    assert.equal(await value(page, '#writer-key'), KEY, 'it is in its field');
  }, { expected: [/500/] }));

  test('the key is gone once the page is left; address and model stay for the visit', () => visit(async (page) => {
    await fill(page);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    assert.deepEqual([await value(page, '#writer-key'), await value(page, '#writer-model')], ['', MODEL]);
    await page.reload();
    await ready(page);
    assert.deepEqual([await value(page, '#writer-key'), await value(page, '#writer-model'), await value(page, '#writer-address')], ['', MODEL, address()]);
    assert.equal(await page.evaluate(() => choice.kind), 'extractive', 'nothing is sent anywhere unless it is chosen again');
  }));

  test('an address that may hold a secret is not kept for the visit', () => visit(async (page) => {
    await fill(page, { url: `${address()}?token=${KEY}`, key: '' });
    await page.focus('#run');
    assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage)), '{}');
  }));

  test('the fields of the key are nothing that a browser keeps', () => visit(async (page) => {
    const facts = await page.$$eval('#writer input:not([type=radio])', (fields) => fields.map(({ id, type, name, autocomplete }) => [id, type, name, autocomplete]));
    assert.deepEqual(facts, [['writer-address', 'url', '', 'off'], ['writer-model', 'text', '', 'off'], ['writer-key', 'password', '', 'off']]);
  }));
});

/** Runs in the page: all that it keeps, as texts. */
async function everything() {
  const texts = [];
  const read = (found) => {
    if (typeof found === 'string') texts.push(found);
    else if (ArrayBuffer.isView(found)) read(found.buffer);
    else if (found instanceof ArrayBuffer) texts.push(new TextDecoder('latin1').decode(found), new TextDecoder('utf-16le').decode(found));
    else if (typeof found === 'object' && found !== null) for (const [key, part] of Object.entries(found)) { texts.push(key); read(part); }
  };
  const asked = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  for (const { name } of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const rows = database.transaction(store).objectStore(store);
      read(await Promise.all([asked(rows.getAll()), asked(rows.getAllKeys())]));
    }
    database.close();
  }
  const exports = [];
  for (const { sessionId } of await checkpointer.listSessions()) {
    const dump = await checkpointer.exportSession(sessionId);
    exports.push(JSON.stringify(dump), ...dump.records.map(([, bytes]) => atob(bytes)));
  }
  return {
    indexedDB: texts.join('\n'),
    exports: exports.join('\n'),
    events: JSON.stringify(seen.events),
    state: JSON.stringify(seen.state),
    localStorage: JSON.stringify(localStorage),
    sessionStorage: JSON.stringify(sessionStorage),
    address: location.href,
    history: JSON.stringify(history.state),
    cookies: document.cookie,
    markup: document.documentElement.outerHTML,
    choice: JSON.stringify(choice) + Object.values(choice).join(),
    caches: JSON.stringify(await caches.keys()),
  };
}

describe('a writer that cannot write', () => {
  test('is refused in words beside its field, which gets the focus, and nothing is sent', () => visit(async (page) => {
    await page.click('#writer-endpoint');
    const refused = async (field, words) => {
      await page.focus('#run');
      await page.keyboard.press('Enter');
      assert.match(await status(page, /^refused/), words);
      assert.equal(await focused(page), `writer-${field}`);
      assert.match(await text(page, `#writer-${field}-problem`), words);
      assert.equal(await page.$eval(`#writer-${field}`, (element) => element.getAttribute('aria-invalid')), 'true');
      assert.ok((await page.$eval(`#writer-${field}`, (element) => element.getAttribute('aria-describedby'))).split(' ').includes(`writer-${field}-problem`));
      await page.evaluate(() => { document.querySelector('#status').textContent = ''; });
    };
    const enter = async (field, entered) => {
      await page.$eval(`#writer-${field}`, (element) => { element.value = ''; });
      await page.type(`#writer-${field}`, entered);
    };
    await refused('address', /Enter the address/);
    await enter('address', 'api.example.com');
    await refused('address', /begins with https/);
    await enter('address', 'http://api.example.com/v1');
    await refused('address', /could be read on the way/);
    await enter('address', address());
    assert.equal(await text(page, '#writer-address-problem'), '', 'it goes as soon as it is mended');
    await refused('model', /name of the model/);
    await enter('model', MODEL);
    await enter('key', 'a key');
    await refused('key', /characters/);
    assert.match(await page.evaluate(() => { try { return String(choice.writer); } catch (error) { return `${error.name}: ${error.message}`; } }), /^WriterError: .*characters/);
    assert.equal(requests.length, 0);
  }));

  test('is refused in a closed <details> too, which opens', () => visit(async (page) => {
    await page.click('#writer-endpoint');
    await page.evaluate(() => {
      const details = document.createElement('details');
      const fieldset = document.querySelector('#writer');
      fieldset.before(details);
      details.append(fieldset);
    });
    assert.equal(await isShown(page, '#writer-address'), false);
    await page.click('#run');
    assert.equal(await focused(page), 'writer-address');
    assert.equal(await isShown(page, '#writer-address'), true);
  }));

  test('has its endpoint\'s refusal told: the key, the model, the network', () => visit(async (page) => {
    await fill(page);
    const cases = [
      [(response) => response.writeHead(401).end(), /The endpoint refused the key\.$/],
      [(response) => response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"error":{"message":"no such model"}}'), /no such address or model: no such model$/],
      [(response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'), /not as a chat endpoint does\.$/],
      [(response) => { response.removeHeader('Access-Control-Allow-Origin'); streamed(response); }, /CORS/],
    ];
    for (const [answered, words] of cases) {
      answer = answered;
      await page.evaluate(() => { document.querySelector('#status').textContent = ''; });
      await page.click('#run');
      assert.match(await status(page, /^failed|^completed/), words);
    }
  }, { expected: [/401|404|CORS|ERR_FAILED|Access to fetch/] }));
});

describe('the browser\'s model', () => {
  test('that is missing, or cannot run, cannot be chosen, and the reason is there', async () => {
    for (const [model, words] of [[undefined, /has no language model/], ['unavailable', /cannot run it on this device/]]) {
      await visit(async (page) => {
        await page.waitForFunction(() => /no language model|cannot run/.test(document.querySelector('#writer-browser-note').textContent));
        assert.match(await text(page, '#writer-browser-note'), words);
        assert.equal(await page.$eval('#writer-browser', (radio) => radio.disabled), true);
        assert.equal(await page.$eval('#writer-browser', (radio) => radio.getAttribute('aria-describedby')), 'writer-browser-note');
      }, { model });
    }
  });

  test('that is there writes, and its sessions are destroyed', () => visit(async (page) => {
    await page.waitForSelector('#writer-browser:enabled');
    await page.click('#writer-browser');
    await page.click('#run');
    assert.equal(await status(page, /^completed|^failed/), 'completed: browser model');
    assert.ok((await text(page, '#draft')).endsWith('\n\nThe tide is raised by the gravity of the Moon.'));
    const { created, destroyed } = await page.evaluate(() => globalThis.model);
    assert.deepEqual([created > 0, created], [true, destroyed]);
  }, { model: 'available' }));

  test('is downloaded by a click, shows how far it is, and then writes', () => visit(async (page) => {
    await page.waitForSelector('#writer-browser:enabled');
    await page.click('#writer-browser');
    await page.click('#run');
    assert.match(await status(page, /^refused/), /not downloaded yet/);
    assert.equal(await focused(page), 'Download the model');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => globalThis.model.monitor !== null);
    assert.equal(await isShown(page, '#writer progress'), true);
    await page.evaluate(() => globalThis.model.monitor.dispatchEvent(Object.assign(new Event('downloadprogress'), { loaded: 0.42 })));
    assert.equal(await page.$eval('#writer progress', (bar) => bar.value), 0.42);
    assert.equal(await text(page, '.writer-download [role=status]'), '42 % downloaded');
    await page.keyboard.press('Enter');
    await page.evaluate(() => globalThis.model.letCreate());
    await page.waitForFunction(() => choice.problem === '');
    assert.equal(await focused(page), 'writer-browser', 'the focus stays where the button was');
    assert.equal(await isShown(page, '#writer progress'), false);
    assert.match(await text(page, '#writer-browser-note'), /this page sends nothing/);
    assert.equal((await page.evaluate(() => globalThis.model)).created, 1, 'one download at a time');
    await page.click('#run');
    assert.equal(await status(page, /^completed|^failed/), 'completed: browser model');
  }, { model: 'downloadable' }));

  test('whose download fails says why, and can be asked again', () => visit(async (page) => {
    await page.waitForSelector('#writer-browser:enabled');
    await page.click('#writer-browser');
    for (let i = 0; i < 2; i += 1) {
      await page.click('.writer-download button');
      await page.waitForFunction(() => document.querySelector('.writer-download [role=status]').textContent.includes('begins'));
      await page.evaluate(() => globalThis.model.refuseCreate(new DOMException('No room.', 'OperationError')));
      await page.waitForFunction(() => document.querySelector('.writer-download [role=status]').textContent.includes('failed: No room.'));
    }
  }, { model: 'downloadable' }));
});

describe('manners', () => {
  test('the keyboard alone chooses and fills', () => visit(async (page) => {
    await page.focus('#writer-extractive');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(page), 'writer-endpoint', 'what cannot be chosen is passed over');
    assert.equal(await page.evaluate(() => choice.kind), 'endpoint');
    const reached = [];
    for (let i = 0; i < 4; i += 1) {
      await page.keyboard.press('Tab');
      reached.push(await focused(page));
    }
    assert.deepEqual(reached, ['writer-address', 'writer-model', 'writer-key', 'run']);
    await page.keyboard.down('Shift');
    for (let i = 0; i < 4; i += 1) await page.keyboard.press('Tab');
    await page.keyboard.up('Shift');
    await page.keyboard.press('ArrowUp');
    assert.equal(await page.evaluate(() => choice.kind), 'extractive');
    assert.equal(await isShown(page, '#writer-address'), false);
  }));

  test('every control has a name, and what is long breaks within 360 pixels', () => visit(async (page) => {
    await page.click('#writer-endpoint');
    await page.type('#writer-address', `http://${'very-long-name.'.repeat(8)}example/v1`);
    await page.click('#writer-model');
    const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
    assert.ok(scroll <= client, `${scroll} > ${client}`);
    assert.deepEqual(await page.$$eval('#writer input', (inputs) => inputs.filter((input) => input.labels.length !== 1 || input.labels[0].textContent === '').map(({ id }) => id)), []);
    assert.deepEqual(await page.$$eval('#writer input, #writer button', (controls) => controls.filter((control) => control.checkVisibility()).map((control) => {
      const box = control.getBoundingClientRect();
      const label = control.type === 'radio' ? control.labels[0].getBoundingClientRect() : box;
      return Math.max(box.height, label.height);
    }).filter((height) => height < 24)), []);
    assert.equal(await text(page, '#writer legend'), 'Who writes the draft');
    assert.match(await text(page, '.writer-fields > .writer-note'), /^Your text is sent to this address; the key stays in this tab’s memory\.$/);
  }, { width: 360 }));

  test('changes are told', () => visit(async (page) => {
    const before = await page.evaluate(() => seen.changes);
    await page.click('#writer-endpoint');
    assert.ok(await page.evaluate(() => seen.changes) > before);
    assert.equal(await page.evaluate(() => choice.problem), 'Enter the address of the endpoint.');
  }));
});

describe('what is seen', () => {
  test('has no findings of axe, in both themes, with and without problems', async () => {
    for (const scheme of ['light', 'dark']) {
      await visit(async (page) => {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        const clean = async (what) => {
          const { findings: found, doubts } = await findings(page);
          assert.deepEqual([...found, ...doubts], [], `${scheme}, ${what}`);
        };
        await clean('extractive');
        await page.click('#writer-browser');
        await page.click('.writer-download button');
        await page.waitForFunction(() => globalThis.model.monitor !== null);
        await clean('download');
        await page.click('#writer-endpoint');
        await clean('endpoint');
        await page.type('#writer-address', 'http://api.example.com/v1');
        await page.focus('#run');
        await page.keyboard.press('Enter');
        await clean('refused');
        await page.$eval('#writer', (fieldset) => { fieldset.disabled = true; });
        await clean('while a run goes on');
      }, { model: 'downloadable', width: 360 });
    }
  });
});

for (const { name, start } of pageBrowsers.filter((candidate) => candidate.name !== 'chromium')) {
  describe(`in ${name}`, () => {
    let started;
    before(async () => { started = await start(); });
    after(() => started?.close());

    test('an endpoint writes, after a refusal in words, and its key is nowhere', () => visitIn(started, async (page) => {
      await page.click('#writer-endpoint');
      await page.click('#run');
      assert.match(await status(page, /^refused/), /Enter the address/);
      assert.equal(await focused(page), 'writer-address');
      answer = (response) => response.writeHead(401).end();
      await fill(page);
      await page.click('#run');
      assert.match(await status(page, /^failed|^completed/), /The endpoint refused the key\.$/);
      answer = streamed;
      await page.click('#run');
      assert.equal(await status(page, /^completed/), `completed: ${MODEL}`);
      assert.ok((await text(page, '#draft')).endsWith(TEXT));
      const places = await page.evaluate(everything);
      for (const [place, content] of Object.entries(places)) assert.ok(!content.includes(KEY), place);
      assert.ok(places.indexedDB.includes(MODEL) && places.events.includes(MODEL));
    }));

    test('the reason why its model cannot be chosen is there', () => visitIn(started, async (page) => {
      await page.waitForFunction(() => /no language model|cannot run/.test(document.querySelector('#writer-browser-note').textContent));
      assert.equal(await page.$eval('#writer-browser', (radio) => radio.disabled), true);
    }));
  });
}
