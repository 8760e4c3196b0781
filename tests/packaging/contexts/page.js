// Opens the realm that the address names, `?realm=…&script=…&type=…`. What it answers, or what went wrong, becomes the global `answer`.
const { realm, script, type } = Object.fromEntries(new URLSearchParams(location.search));

/** A promise of the first message of `port`, or of what `worker` reports. */
const replied = (worker, port) => new Promise((resolve, reject) => {
  port.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(`${realm} reported: ${message}`));
});

const opened = {
  page: async () => (await import(script)).default(),
  worker() {
    const worker = new Worker(script, { type });
    worker.postMessage('sent at once');
    return replied(worker, worker);
  },
  /** A worker that says when it listens, and then tells what it is sent. */
  async early() {
    const worker = new Worker(script, { type });
    worker.postMessage('sent at once');
    await replied(worker, worker);
    worker.postMessage('sent when it listens');
    return { heard: await replied(worker, worker) };
  },
  shared() {
    const worker = new SharedWorker(script, { type });
    return replied(worker, worker.port);
  },
  async service() {
    await navigator.serviceWorker.register(script, { type });
    const { serviceWorker } = navigator;
    if (serviceWorker.controller === null) await new Promise((resolve) => { serviceWorker.oncontrollerchange = resolve; });
    return { ...(await (await fetch('answer')).json()), events: await readEvents() };
  },
};

/** The types of the events that the service worker streams. Only what came before the end is read when its node is told to go on. */
async function readEvents() {
  const types = [];
  let rest = '';
  const chunks = (await fetch('events')).body.pipeThrough(new TextDecoderStream()).getReader();
  for (let chunk = await chunks.read(); !chunk.done; chunk = await chunks.read()) {
    const lines = (rest + chunk.value).split('\n');
    rest = lines.pop();
    types.push(...lines);
    if (lines.includes('message')) await fetch('go-on');
  }
  return types;
}

globalThis.answer = await Promise.resolve(opened[realm]()).catch(({ message }) => ({ message }));
