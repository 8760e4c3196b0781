// The installed package in Chromium: a static page with an import map and modules, without a bundler.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from '../browser/chromium.mjs';
import { createProject, names, program } from './project.mjs';

const packageAt = '/node_modules/weavegraph-wasm';
const map = {
  imports: {
    'weavegraph-wasm': `${packageAt}/entries/web.js`,
    'weavegraph-wasm/inline': `${packageAt}/entries/inline.js`,
    'weavegraph-wasm/slim': `${packageAt}/entries/slim.js`,
  },
};

let project;
let server;
let chromium;
before(async () => {
  project = await createProject();
  server = await serve({ folders: { '/': project.folder }, policy: null });
  chromium = await startChromium();
});
after(async () => {
  await chromium?.close();
  await server?.close();
  project?.remove();
});

const show = 'document.title = String(count);';
const titleIsShown = async (page) => {
  await page.waitForFunction(() => document.title !== '');
  return page.title();
};

function writePage(name, script) {
  project.write(name, `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify(map)}</script><script type="module">${script}</script>`);
  return `${server.address}/${name}`;
}

test('an import that returned is ready', async () => {
  const address = writePage('main.html', `import { ${names} } from 'weavegraph-wasm';\n${program}${show}`);
  assert.equal(await chromium.visit(address, titleIsShown), '42');
});

test('inline is ready and loads no second file', async () => {
  const address = writePage('inline.html', `import { ${names} } from 'weavegraph-wasm/inline';\n${program}${show}`);
  const loaded = await chromium.visit(address, async (page) => {
    assert.equal(await titleIsShown(page), '42');
    return page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.name));
  });
  assert.deepEqual(loaded.filter((name) => name.endsWith('.wasm')), []);
});

test('slim waits for init, and takes a response as it streams in', async () => {
  const address = writePage('slim.html', `import { ${names}, init } from 'weavegraph-wasm/slim';
await init(fetch('${packageAt}/wasm/weavegraph_wasm_bg.wasm'));
${program}${show}`);
  assert.equal(await chromium.visit(address, titleIsShown), '42');
});

test('a module worker imports it', async () => {
  project.write('worker.js', `import { ${names} } from '${packageAt}/entries/web.js';\n${program}postMessage(count);`);
  const address = writePage('worker.html', `new Worker('/worker.js', { type: 'module' }).onmessage = ({ data }) => { document.title = String(data); };`);
  assert.equal(await chromium.visit(address, titleIsShown), '42');
});

test('a page under a strict policy imports it', async () => {
  const strict = await serve({ folders: { '/': project.folder } });
  try {
    project.write('strict.js', `import { ${names} } from '${packageAt}/entries/web.js';\n${program}${show}`);
    project.write('strict.html', '<!doctype html><link rel="icon" href="data:,"><script type="module" src="strict.js"></script>');
    assert.equal(await chromium.visit(`${strict.address}/strict.html`, titleIsShown), '42');
  } finally {
    await strict.close();
  }
});

test('a wasm that is missing gives an error that names the remedy', async () => {
  const address = writePage('missing.html', `import('${packageAt}/entries/missing.js').catch((error) => { document.title = error.message; });`);
  const { readFileSync } = await import('node:fs');
  const entry = readFileSync(`${project.installed}/entries/web.js`, 'utf8');
  project.write(`${packageAt.slice(1)}/entries/missing.js`, entry.replace('_bg.wasm', '_gone.wasm'));
  const title = await chromium.visit(address, titleIsShown, { expected: [/404|MIME|weavegraph_wasm_gone/] });
  assert.match(title, /could not load .*_gone\.wasm.*weavegraph-wasm\/inline/);
});

test('the watching of pages finds what goes wrong', async () => {
  for (const [script, report] of [
    ["console.error('said'); document.title = 'done'", /said/],
    ["Promise.reject(new Error('lost')); document.title = 'done'", /lost/],
    ["setTimeout(() => { throw new Error('thrown'); }); document.title = 'done'", /thrown/],
    ["fetch('/nowhere').then(() => { document.title = 'done' })", /404/],
    ["const at = URL.createObjectURL(new Blob(['postMessage(1); Promise.reject(new Error(\"afar\"))'])); new Worker(at).onmessage = () => setTimeout(() => { document.title = 'done' }, 100)", /afar/],
  ]) {
    await assert.rejects(chromium.visit(writePage('wrong.html', script), titleIsShown), report);
  }
});
