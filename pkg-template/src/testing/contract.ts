/**
 * The contract of checkpointers as a list of cases, for whoever writes a store.
 *
 * Owns how a case gets its checkpointers and closes them. Invariant: each case uses sessions of its own, so the cases may run in any order, at
 * the same time, and again on storage that is not empty.
 */

import type { Checkpointer } from '../sessions.js';
import { administrationCases } from './administration.js';
import { crashCases } from './crashes.js';
import { dumpCases } from './dumps.js';
import { interruptCases, interruptCrashCases } from './interrupt-cases.js';
import { sessionCases } from './session-cases.js';
import { travelCases } from './travel.js';

/** One case: `run` rejects with what was expected and not found. */
export interface ContractCase {
  readonly name: string;
  run(): Promise<void>;
}

export interface ContractOptions {
  /**
   * Whether each call of `make` opens the same storage, as a new page would. Default true. With false, for what lives in one object only,
   * the cases about crashes and about two writers are left out.
   */
  persists?: boolean;
}

/** What a case is given. @internal */
export interface Bench {
  /** A checkpointer, closed after the case. */
  open(): Promise<Checkpointer>;
  /** An id that no other case uses. */
  id(name: string): string;
}

/** @internal */
export type Case = readonly [name: string, run: (bench: Bench) => Promise<void>];

/**
 * Cases that every checkpointer has to pass, a StoreCheckpointer over a store of your own for one. They run in any test runner.
 *
 * ```ts
 * import { MemoryCheckpointer } from 'weavegraph-wasm';
 * import { checkpointerContract } from 'weavegraph-wasm/testing';
 *
 * for (const { name, run } of checkpointerContract(() => new MemoryCheckpointer(), { persists: false })) {
 *   await run().catch((error) => console.log(`${name}: ${error.message}`));
 * }
 * ```
 *
 * @param make makes a checkpointer, over the same storage each time
 */
export function checkpointerContract(make: () => Checkpointer | Promise<Checkpointer>, { persists = true }: ContractOptions = {}): ContractCase[] {
  const cases = [...sessionCases, ...administrationCases, ...dumpCases, ...travelCases, ...interruptCases, ...(persists ? [...crashCases, ...interruptCrashCases] : [])];
  return cases.map(([name, run]) => ({ name, run: () => runCase(make, run) }));
}

async function runCase(make: () => Checkpointer | Promise<Checkpointer>, run: Case[1]): Promise<void> {
  const opened: Checkpointer[] = [];
  const prefix = `contract-${Math.random().toString(36).slice(2, 10)}-`;
  const bench: Bench = {
    async open() {
      const checkpointer = await make();
      opened.push(checkpointer);
      return checkpointer;
    },
    id: (name) => prefix + name,
  };
  try {
    await run(bench);
  } finally {
    for (const checkpointer of opened) await checkpointer.close();
  }
}
