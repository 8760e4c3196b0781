// The states that the page is pictured in and checked in, each once: a picture without a check, or a check without a picture, is none. Owns
// how each is reached. Must not know what is done with it. Invariant: a state stands still once it is prepared.
import { atFullSpeed, cancel, drawn, enter, hold, inState, run } from './page-driver.mjs';
import { hostileText } from './page-texts.mjs';

/** `prepare(page, { open, restart })` brings a tab that has just been opened into the state; it may resolve with another tab that shows it. */
export const states = [
  { name: 'ready', prepare: async () => {} },
  {
    name: 'running',
    prepare: async (page) => {
      await run(page);
      await hold(page, 500);
    },
  },
  {
    name: 'completed',
    prepare: async (page) => {
      await atFullSpeed(page);
      await run(page);
      await inState(page, 'completed');
    },
  },
  {
    name: 'cancelled',
    prepare: async (page) => {
      await run(page);
      await hold(page, 300);
      await cancel(page);
    },
  },
  {
    name: 'hostile text',
    prepare: async (page) => {
      await enter(page, hostileText);
      await atFullSpeed(page);
      await run(page);
      await inState(page, 'completed', 'failed');
    },
  },
];

/** Brings a tab into a state and resolves with the tab that shows it, drawn. */
export async function prepare(state, page, help) {
  await inState(page, 'ready');
  const shown = (await state.prepare(page, help)) ?? page;
  await shown.bringToFront();
  await drawn(shown);
  return shown;
}
