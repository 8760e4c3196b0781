// What the package does, the same in every runtime: one list of cases, run by tests/runtimes, tests/workerd and pages. Plain
// JavaScript over the package's namespace: no import, no global that one of the runtimes lacks. Must not know who runs it.

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

/** @type {Record<string, (weavegraph: any) => Promise<void>>} */
const cases = {
  'a chain runs in order': async ({ append, END, GraphBuilder, START }) => {
    const app = new GraphBuilder({ channels: { log: append() } })
      .addNode('a', () => ({ log: 'a' }))
      .addNode('b', async () => ({ log: 'b' }))
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .addEdge('b', END)
      .compile();
    const state = await app.invoke();
    equal(state.log, ['a', 'b']);
  },
};

/** Equal as JSON. */
function equal(actual, expected) {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${is} is not ${should}`);
}
