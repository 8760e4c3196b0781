// What the package does, the same in every runtime: one list of cases, run by tests/runtimes, tests/workerd, tests/bundlers and pages. Plain
// JavaScript over the package's namespace: no import but of its own parts, no global that one of the runtimes lacks. Must not know who runs it.
import { channelCases } from './channels.mjs';
import { definitionCases } from './definitions.mjs';
import { emittingCases } from './emitting.mjs';
import { hashCases } from './hashes.mjs';
import { hostileCases } from './hostile.mjs';
import { nodeCases } from './nodes.mjs';
import { interruptEdges, runnerEdges } from './rough-edges/control.mjs';
import { eventEdges } from './rough-edges/events.mjs';
import { graphEdges } from './rough-edges/graphs.mjs';
import { runEdges } from './rough-edges/runs.mjs';
import { sessionEdges } from './rough-edges/sessions.mjs';
import { routingCases } from './routing.mjs';
import { runCases } from './runs.mjs';
import { indexedDbCases, storeCases } from './stores.mjs';
import { streamCases } from './streams.mjs';
import { subgraphCases } from './subgraphs.mjs';
import { traceCases } from './traces.mjs';
import { valueCases } from './values.mjs';
import { watchingCases } from './watching.mjs';

/** @type {Record<string, (weavegraph: any) => Promise<void>>} */
const cases = {
  ...definitionCases, ...hashCases, ...channelCases, ...routingCases, ...nodeCases, ...hostileCases, ...runCases, ...streamCases, ...emittingCases, ...traceCases, ...watchingCases, ...valueCases, ...storeCases, ...subgraphCases,
  ...graphEdges, ...runEdges, ...eventEdges, ...sessionEdges, ...interruptEdges, ...runnerEdges,
};

/** Every runtime has to pass these, in this order. */
export const caseNames = Object.keys(cases);
/** And those that have IndexedDB these, too. */
export const indexedDbCaseNames = Object.keys(indexedDbCases);

/**
 * Runs every case, one after the other.
 *
 * @param {object} weavegraph the namespace of the package
 * @returns {Promise<{ passed: string[], failed: { name: string, message: string }[] }>} plain JSON
 */
export async function runSuite(weavegraph) {
  const passed = [];
  const failed = [];
  for (const [name, run] of Object.entries({ ...cases, ...(globalThis.indexedDB !== undefined && indexedDbCases) })) {
    try {
      await run(weavegraph);
      passed.push(name);
    } catch (error) {
      failed.push({ name, message: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
    }
  }
  return { passed, failed };
}
