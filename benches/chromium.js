// A page in Chromium in which benches run: the package by an import map, the rest as bundles. Owns the server, the browser and their
// end. Must not know what is measured.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { serve } from '../scripts/serve.mjs';
import { ensureChromium } from '../scripts/prerequisites.mjs';
import { startChromium } from '../tests/browser/chromium.mjs';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const bundles = folder('../build/bench/');

/** Bundles modules of this folder for the page, as `/bundle/<name>`. */
export async function bundleForPage(...names) {
  mkdirSync(bundles, { recursive: true });
  await build({
    entryPoints: names.map((name) => folder(name)),
    outdir: bundles,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'esnext',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['weavegraph-wasm'],
    logLevel: 'error',
  });
}

/**
 * Starts Chromium with a server for benches. `visit(body)` opens a fresh page and calls `body(page)`; `close` ends both.
 * The page may collect garbage by `gc()`.
 */
export async function startPages() {
  await ensureChromium();
  const server = await serve({ folders: { '/bench/': folder('./'), '/bundle/': bundles, '/pkg/': folder('../pkg/') }, policy: null });
  const chromium = await startChromium({ flags: ['--js-flags=--expose-gc'] });
  return {
    version: (await chromium.browser.version()).replace(/^\D+(\d+).*$/, '$1'),
    visit: (body) => chromium.visit(`${server.address}/bench/page.html`, body),
    close: async () => {
      await chromium.close();
      await server.close();
    },
  };
}
