// What a reader of the page does and sees, by the ids of www/index.html. Owns every selector that tests of the whole page use. Must not know
// which browser it is in, nor what is tested.
import { patience } from './page-lab.mjs';

export const parts = {
  draft: '#draft .prose', rows: '#events .event:not(.probe)', list: '#events [role="listbox"]', search: '#events input[type="search"]',
  preset: '#events select', details: '#events .details', sessions: '#sessions li[data-standing]', steps: '#timeline .step',
};

/** Waits until the page is in one of these states; resolves with it. */
export async function inState(page, ...names) {
  await page.waitForFunction((wanted) => wanted.includes(document.body.dataset.state), patience, names);
  return page.evaluate(() => document.body.dataset.state);
}
/** Waits until the text of a part of the page matches; resolves with it. */
export async function says(page, selector, pattern) {
  await page.waitForFunction((wanted, source, flags) => new RegExp(source, flags).test(document.querySelector(wanted)?.textContent), patience, selector, pattern.source, pattern.flags);
  return text(page, selector);
}
export const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
export const texts = (page, selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent));
export const count = (page, selector) => page.$$eval(selector, ({ length }) => length);
/** The session that is open, by the page's address. */
export const sessionId = (page) => page.evaluate(() => decodeURIComponent(location.hash.slice(1)));

/** Puts a text into the field, as pasting does. */
export const enter = (page, value) => page.$eval('#source', (field, entered) => {
  field.value = entered;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}, value);
export const atFullSpeed = (page) => page.select('#pace', '0');
export const run = async (page) => {
  await page.click('#run');
  await inState(page, 'running', 'completed', 'failed');
};
/** Runs the text that is there to its end. */
export const runThrough = async (page) => {
  await atFullSpeed(page);
  await page.click('#run');
  return inState(page, 'completed', 'failed');
};
export const cancel = async (page) => {
  await page.click('#cancel');
  // What stands still may have to wake up to hear of it.
  await release(page);
  await inState(page, 'cancelled');
};
/** Stands still once so many characters of the draft are there, in its round or a later one; `release` lets it go on. */
export const hold = (page, draftChars, round = 1) => page.waitForFunction((selector, chars, wanted) => {
  const rounds = Number(/\d+/.exec(document.querySelector('#badge').textContent)?.[0] ?? 1);
  if (rounds < wanted || document.querySelector(selector).textContent.length < chars) return false;
  harness.hold();
  return true;
}, patience, parts.draft, draftChars, round);
export const release = (page) => page.evaluate(() => harness.release());
/** The page as it is after the events so far were drawn. */
export const drawn = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));

/** Picks a file with the page's own picker, or with another one. */
export const pick = (page, content, name, selector = '#file') => page.$eval(selector, (input, bytes, fileName) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], fileName));
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}, [...Buffer.from(content)], name);
/** Drops a file somewhere on the page. */
export const drop = (page, content, name) => page.evaluate((bytes, fileName) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], fileName));
  document.querySelector('main h2').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
}, [...Buffer.from(content)], name);

/** Chooses an endpoint as the writer; with a key if there is one. */
export async function chooseEndpoint(page, address, model = 'a-model', key = '') {
  await page.$eval('#writer-details', (details) => { details.open = true; });
  await page.click('#writer-endpoint');
  await page.type('#writer [data-field="address"]', address);
  await page.type('#writer [data-field="model"]', model);
  if (key !== '') await page.type('#writer [data-field="key"]', key);
}

/** Makes copies of a session in the page's store, with ids of their own. */
export const copySession = (page, from, ids) => inStore(page, async ({ checkpointer }, id, wanted) => {
  const dump = await checkpointer.exportSession(id);
  for (const as of wanted) await checkpointer.importSession(dump, { as });
}, from, ids);

/** What the store has of a session: its newest state and, of one that ended, its durable events. Read without the page's own views. */
export const stored = (page, id) => inStore(page, async ({ app }, wanted) => {
  const { step, seq, status, state } = await app.getState(wanted);
  const events = [];
  if (status !== 'running') {
    // The end is told behind the newest step.
    for await (const event of app.follow(wanted, { after: 0, signal: AbortSignal.timeout(20_000) })) {
      events.push({ type: event.type, step: event.step, node: event.node, task: event.task, resumed: event.resumed });
      if (event.type === `run.${status}` && event.seq >= seq) break;
    }
  }
  return { step, status, briefing: state.briefing, events };
}, id);

/** Runs `body({ app, checkpointer }, ...args)` in the page, on the page's store, by a checkpointer of its own. */
function inStore(page, body, ...args) {
  return page.evaluate(`(async () => {
    const weavegraph = await import('/pkg/entries/web.js');
    const { createBriefing } = await import('/www/agent/briefing.js');
    const checkpointer = new weavegraph.IndexedDbCheckpointer({ name: 'weavegraph-briefings' });
    try {
      return await (${body})({ app: createBriefing(weavegraph, { checkpointer }), checkpointer }, ...${JSON.stringify(args)});
    } finally {
      await checkpointer.close();
    }
  })()`);
}
