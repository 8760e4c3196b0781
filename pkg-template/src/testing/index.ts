/**
 * `weavegraph-wasm/testing`: what tests of graphs and of stores need. Nothing of it is in the other entries.
 */

// All that the entries share stays in one module; see scripts/facade.mjs.
import '../index.js';

export { checkpointerContract } from './contract.js';
export type { ContractCase, ContractOptions } from './contract.js';
export { MockClock } from './mock-clock.js';
