// What a test asks of the worker. Must not know what is expected. Invariant: no answer is waited for beyond a limit, so a request that hangs
// fails the test that made it.
const limitMs = 60_000;

/** Requests to a worker: `ask(path, query)` gives its answer, `read(path, query)` its events as they come. */
export function clientOf(origin) {
  const send = async (path, query, { body, signal } = {}) => {
    const limit = AbortSignal.timeout(limitMs);
    const response = await fetch(`${origin}/${path}?q=${encodeURIComponent(JSON.stringify(query))}`, {
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      ...(body !== undefined && { method: 'POST', body }),
    });
    if (response.ok) return response;
    const text = await response.text();
    throw Object.assign(new Error(`${path}: ${response.status} ${text}`), { code: /"code":"(\w+)"/.exec(text)?.[1] });
  };
  return {
    ask: async (path, query = {}) => (await send(path, query)).json(),
    read: async function* (path, query, options) {
      yield* linesOf(await send(path, query, options));
    },
  };
}

/** The events of a response, a line of JSON each. */
export async function* linesOf(response) {
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (text + chunk).split('\n');
    text = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

/** All events up to the end of the stream, or with the first one that is the last. */
export async function collect(events, isLast = () => false) {
  const collected = [];
  for await (const event of events) {
    collected.push(event);
    if (isLast(event)) break;
  }
  return collected;
}

export const isEnd = ({ type }) => ['run.completed', 'run.failed', 'run.cancelled'].includes(type);

/** Begins to read and resolves once the first message, or what is waited for, has come; `rest` has all events. */
export async function begin(events, isFirst = ({ type }) => type === 'message') {
  const iterator = events[Symbol.asyncIterator]();
  const first = [];
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) throw new Error(`it has not come: ${JSON.stringify(first)}`);
    first.push(value);
    if (isFirst(value)) break;
  }
  return { rest: collect(iterator).then((events) => [...first, ...events]) };
}

/** Asks until the answer is right. */
export async function until(ask, isRight) {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it has not come to that in a minute');
}
