// A static server for the page and for browser tests. Owns MIME types, headers and the way from an address to a file.
// Must not know what it serves. Invariant: nothing outside the given folders is ever sent, whatever the address or a
// symbolic link says, and it listens on loopback only.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream';

/** Scripts from this server alone, wasm compiled, nothing evaluated, nothing framed. */
export const strictPolicy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The same for the page, which may also ask an endpoint that its user names: any by https, one of this machine by http. */
export const pagePolicy = `${strictPolicy}; connect-src 'self' https: http://localhost:* http://127.0.0.1:*`;

const host = '127.0.0.1';
const indexFile = 'index.html';
const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * Serves folders: `{ '/pkg/': '/absolute/path' }`, the longest prefix wins; `/` leads to `home`. `policy` is the
 * Content-Security-Policy, `null` for none. `port` 0 (default) takes any free one. Resolves with the address and `close()`.
 */
export async function serve({ folders, home = '/', port = 0, policy = strictPolicy }) {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else end(response, 500);
    });
  });

  async function answer(request, response) {
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, { Allow: 'GET, HEAD' });
    const path = decodedPath(request.url);
    if (path === undefined) return end(response, 400);
    if (path === '/' && home !== '/') return end(response, 302, { Location: home });
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    const file = prefix === undefined ? undefined : await findFile(folders[prefix], path.slice(prefix.length));
    if (file === undefined) return end(response, 404);
    response.writeHead(200, {
      ...fixedHeaders(policy),
      'Content-Type': types[extname(file.path)] ?? 'application/octet-stream',
      'Content-Length': file.size,
    });
    if (request.method === 'HEAD') response.end();
    else pipeline(createReadStream(file.path), response, () => {});
  }

  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const address = `http://${host}:${server.address().port}`;
  return { address, close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) };
}

/** The path of an address, decoded; `undefined` if it cannot be one. */
function decodedPath(url) {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0]);
    return path.startsWith('/') && !/[\0\\]/.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

async function findFile(folder, path) {
  try {
    const base = await realpath(folder);
    const found = await realpath(resolve(base, `./${path.endsWith('/') || path === '' ? `${path}${indexFile}` : path}`));
    const facts = await stat(found);
    return found.startsWith(base + sep) && facts.isFile() ? { path: found, size: facts.size } : undefined;
  } catch {
    return undefined;
  }
}

function end(response, status, headers = {}) {
  response.writeHead(status, { ...fixedHeaders(strictPolicy), 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : `${status}\n`);
}

function fixedHeaders(policy) {
  return { 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff', ...(policy === null ? {} : { 'Content-Security-Policy': policy }) };
}
