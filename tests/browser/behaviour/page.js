// Runs the suite here, and with `?realm=worker` in a worker.
if (new URLSearchParams(location.search).get('realm') === 'worker') globalThis.worker = new Worker(`cases.js${location.search}`, { type: 'module' });
else await import('./cases.js');
