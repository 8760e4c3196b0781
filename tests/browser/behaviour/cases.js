// The behaviour suite in a page or a worker, or with `?realm=both` the cases of two realms: the witness is told how it went, and of every
// error that nobody caught.
const { witness, realm } = Object.fromEntries(new URLSearchParams(location.search));
const report = (what) => fetch(witness, { method: 'POST', mode: 'no-cors', body: JSON.stringify({ realm, ...what }) });
const textOf = (error) => (error instanceof Error ? `${error.message}\n${error.stack}` : String(error));

addEventListener('error', ({ error, message }) => report({ kind: 'uncaught', message: `${message} ${textOf(error)}` }));
addEventListener('unhandledrejection', ({ reason }) => report({ kind: 'uncaught', message: textOf(reason) }));
try {
  const weavegraph = await import('/pkg/entries/web.js');
  const run = realm === 'both' ? (await import('./realm-cases.js')).runRealmCases : (await import('../../behaviour/suite.mjs')).runSuite;
  const result = await run(weavegraph, `behaviour ${Date.now()}`);
  // What is on its way, such as a rejection, is told one turn later.
  await new Promise((resolve) => setTimeout(resolve));
  await report({ kind: 'end', isWorker: typeof document === 'undefined', agent: navigator.userAgent, ...result });
} catch (error) {
  await report({ kind: 'broken', message: textOf(error) });
}
