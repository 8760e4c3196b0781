// A life of a page: `?session=…&life=…&steps=…&pauseMs=…`, and with `worker=1` in a worker. Reports go to the witness as they happen.
const parameters = Object.fromEntries(new URLSearchParams(location.search));

if (parameters.worker === '1') {
  globalThis.worker = new Worker(`worker.js${location.search}`, { type: 'module' });
} else {
  const { startLife } = await import('./life.js');
  globalThis.result = startLife(parameters);
}
