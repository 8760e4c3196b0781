// The states that the page is pictured in and checked in, each once: a picture without a check, or a check without a picture, is none. Owns
// how each is reached. Must not know what is done with it. Invariant: a state stands still once it is prepared.
import { cancel, chooseEndpoint, copySession, drawn, enter, hold, inState, parts, release, run, runThrough, says, sessionId } from './page-driver.mjs';
import { refusals, startRefusingEndpoint } from './page-endpoint.mjs';
import { patience } from './page-lab.mjs';
import { hostileText, markup } from './page-texts.mjs';

const halfWritten = async (page) => {
  await page.select('#pace', '14');
  await run(page);
  await hold(page, 500);
};

/**
 * `prepare(page, { open, origin })` brings a tab that has just been opened into the state; it may resolve with another tab that shows it.
 * `path` (default the page), `expected`: problems that belong to it.
 */
export const states = [
  { name: 'ready', prepare: async () => {} },
  { name: 'running', prepare: halfWritten },
  {
    name: 'revising',
    prepare: async (page) => {
      await run(page);
      await page.waitForFunction(() => {
        const written = document.querySelector('#draft .is-open')?.textContent ?? '';
        if (!document.querySelector('#badge').textContent.startsWith('draft 3') || written.length < 40) return false;
        harness.hold();
        return true;
      }, patience);
    },
  },
  { name: 'completed', prepare: runThrough },
  {
    name: 'cancelled',
    prepare: async (page) => {
      await halfWritten(page);
      await cancel(page);
    },
  },
  {
    name: 'failed',
    expected: refusals,
    prepare: async (page) => {
      const endpoint = await startRefusingEndpoint({ status: 401, message: markup });
      try {
        await chooseEndpoint(page, endpoint.address);
        await runThrough(page);
      } finally {
        await endpoint.close();
      }
    },
  },
  {
    name: 'rewound',
    prepare: async (page) => {
      await runThrough(page);
      await page.focus('#rewind');
      await page.keyboard.press('Home');
      for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowRight');
      await says(page, '#state-facts', /^step 5 /);
    },
  },
  {
    name: 'stopped and offered',
    prepare: async (page) => {
      await halfWritten(page);
      await page.reload();
      await inState(page, 'stopped');
      await page.waitForSelector('#offer:not([hidden])', patience);
    },
  },
  {
    name: 'followed',
    prepare: async (page, { open, show }) => {
      await run(page);
      await hold(page, 100);
      const second = await open({ path: `/www/#${await sessionId(page)}`, show });
      await inState(second, 'following');
      await release(page);
      await second.waitForFunction((selector) => document.querySelector(selector).textContent.length > 500, patience, parts.draft);
      await page.evaluate(() => harness.hold());
      return second;
    },
  },
  {
    name: 'many sessions',
    prepare: async (page) => {
      await runThrough(page);
      await copySession(page, await sessionId(page), Array.from({ length: 24 }, (_, copy) => `copy ${copy}`));
      await halfWritten(page);
      await cancel(page);
      await release(page);
      await halfWritten(page);
      await page.waitForFunction((selector) => document.querySelectorAll(selector).length === 27, patience, parts.sessions);
      await page.$eval('#sessions-card', (card) => card.scrollIntoView({ behavior: 'instant', block: 'center' }));
    },
  },
  {
    name: 'hostile text',
    prepare: async (page) => {
      await enter(page, hostileText);
      await runThrough(page);
    },
  },
  {
    name: 'event details',
    prepare: async (page) => {
      await runThrough(page);
      await page.focus(parts.list);
      await page.keyboard.press('End');
      for (let row = 0; row < 4; row += 1) await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      await page.waitForSelector(`${parts.details}:not([hidden])`, patience);
    },
  },
  {
    name: 'no event found',
    prepare: async (page) => {
      await runThrough(page);
      await page.type(parts.search, 'nothing has these words');
      await says(page, '#event-count', /^0 of/);
    },
  },
  {
    name: 'choice of the writer',
    prepare: async (page) => {
      await chooseEndpoint(page, 'http://example.org/v1', 'a-model', 'a-key');
      await page.click('#run');
      await says(page, '#problem', /./);
    },
  },
  { name: 'gallery', path: '/www/gallery/', prepare: async () => {} },
  ...['hello-stream', 'loop', 'map-reduce'].map((id) => ({
    name: `gallery ${id}`,
    path: '/www/gallery/',
    prepare: async (page) => {
      await page.click(`#${id} [data-part="run"]`);
      await page.waitForFunction((program) => document.querySelector(`#${program} [data-part="output"]`).textContent !== '', patience, id);
      await page.waitForFunction((program) => !document.querySelector(`#${program} [data-part="run"]`).disabled && /\n$/.test(document.querySelector(`#${program} [data-part="output"]`).textContent), patience, id);
      await page.$eval(`#${id}`, (section) => section.scrollIntoView({ behavior: 'instant' }));
    },
  })),
];

/** Opens a tab of `lab` in a state and runs `body(page, help)` with the tab that shows it, drawn. */
export function visitState(lab, state, body) {
  return lab.visit(async (first, help) => {
    await inState(first, 'ready');
    const other = await state.prepare(first, help);
    const page = typeof other?.bringToFront === 'function' ? other : first;
    await page.bringToFront();
    await drawn(page);
    return body(page, help);
  }, { path: state.path, expected: state.expected });
}
