// What the package does, the same in every runtime: one list of cases, run by tests/runtimes, tests/workerd, tests/bundlers and pages. Plain
// JavaScript over the package's namespace: no import but of its own parts, no global that one of the runtimes lacks. Must not know who runs it.
import { channelCases } from './channels.mjs';
import { definitionCases } from './definitions.mjs';
import { nodeCases } from './nodes.mjs';
import { routingCases } from './routing.mjs';
import { runCases } from './runs.mjs';

/** @type {Record<string, (weavegraph: any) => Promise<void>>} */
const cases = { ...definitionCases, ...channelCases, ...routingCases, ...nodeCases, ...runCases };

/** Every runtime has to pass these, in this order. */
export const caseNames = Object.keys(cases);

/**
 * Runs every case, one after the other.
 *
 * @param {object} weavegraph the namespace of the package
 * @returns {Promise<{ passed: string[], failed: { name: string, message: string }[] }>} plain JSON
 */
export async function runSuite(weavegraph) {
  const passed = [];
  const failed = [];
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run(weavegraph);
      passed.push(name);
    } catch (error) {
      failed.push({ name, message: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
    }
  }
  return { passed, failed };
}
