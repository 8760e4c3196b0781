/**
 * Owns: the gallery: which programs there are, the loading of their sources and modules.
 * Must not know: how a program is shown or run.
 * Invariant: a program that cannot be loaded says so in its own place, and the others work.
 */

import { ProgramView } from './program-view.js';
import { shownForm } from './source-code.js';

/** By the ids of their sections. */
const PROGRAMS = {
  'hello-stream': () => import('./hello-stream.js'),
  loop: () => import('./loop.js'),
  'map-reduce': () => import('./map-reduce.js'),
};

await Promise.all(Object.entries(PROGRAMS).map(async ([id, load]) => {
  const view = new ProgramView(document.getElementById(id));
  // The source is worth reading even where the engine does not start.
  const [source, program] = await Promise.allSettled([readSource(`./${id}.js`), load()]);
  if (source.status === 'fulfilled') view.showSource(shownForm(source.value));
  else view.fail(`The source could not be read: ${source.reason.message}`);
  if (program.status === 'fulfilled') view.load(program.value);
  else view.fail(`The program could not be loaded: ${program.reason.message} Is the package built? npm run build makes it.`);
}));
document.body.dataset.state = 'ready';

async function readSource(path) {
  const response = await fetch(new URL(path, import.meta.url));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.text();
}
