// The contract of checkpointers over IndexedDB, in a page or a worker: each case is reported to the witness as it ends.
const { witness, realm } = Object.fromEntries(new URLSearchParams(location.search));
const report = (what) => fetch(witness, { method: 'POST', mode: 'no-cors', body: JSON.stringify({ realm, ...what }) });

try {
  const { IndexedDbCheckpointer } = await import('/pkg/entries/web.js');
  // With a second copy of the package behind it, no graph of the cases would take this checkpointer.
  const { checkpointerContract } = await import('/pkg/testing/index.js');
  const isWorker = typeof document === 'undefined';
  for (const { name, run } of checkpointerContract(() => new IndexedDbCheckpointer({ name: `contract in a ${realm}` }))) {
    const error = await run().then(() => undefined, (thrown) => String(thrown?.stack ?? thrown) + (thrown?.cause ? `\ncause: ${thrown.cause}` : ''));
    await report({ kind: 'case', name, error });
  }
  await report({ kind: 'end', isWorker, databases: (await indexedDB.databases()).map(({ name }) => name) });
} catch (error) {
  await report({ kind: 'broken', message: String(error?.stack ?? error) });
}
