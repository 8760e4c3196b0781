// An endpoint on loopback that the page may be told to ask. Owns its server. Must not know what it is asked.
import { createServer } from 'node:http';

/** Refuses every request with `status` and `message`. `requests` counts what came; `close` must be called. */
export async function startRefusingEndpoint({ status, message }) {
  const endpoint = { requests: 0 };
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    endpoint.requests += 1;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { message } }));
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return Object.assign(endpoint, {
    address: `http://127.0.0.1:${server.address().port}/v1`,
    close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  });
}

/** What a browser reports of a request that the endpoint refused. */
export const refusals = [/left the origin: (OPTIONS|POST) http:\/\/127\.0\.0\.1:\d+\/v1\//, /response: 4\d\d http:\/\/127\.0\.0\.1:\d+\/v1\//, /Failed to load resource/];
