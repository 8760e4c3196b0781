// Source maps as Chromium's developer tools take them: announced by each module, served beside it, leading to lines of the sources.
import assert from 'node:assert/strict';
import { SourceMap } from 'node:module';
import { after, before, test } from 'node:test';
import { serve } from '../../scripts/serve.mjs';
import { startChromium } from '../browser/chromium.mjs';
import { createProject, names, program } from './project.mjs';

const packageAt = '/node_modules/weavegraph-wasm';

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

/** What the page's scripts of the package are, by path: the address of each one's map, or ''. And the stacks that it shows in its title. */
async function visit(script) {
  project.write('page.js', script);
  project.write('page.html', '<!doctype html><link rel="icon" href="data:,"><title></title>');
  return chromium.visit(`${server.address}/page.html`, async (page) => {
    const maps = new Map();
    const session = await page.createCDPSession();
    session.on('Debugger.scriptParsed', ({ url, sourceMapURL }) => {
      if (url.startsWith(server.address + packageAt)) maps.set(url.slice((server.address + packageAt).length + 1), sourceMapURL);
    });
    await session.send('Debugger.enable');
    await page.evaluate(() => import('/page.js'));
    await page.waitForFunction(() => document.title !== '');
    return { maps, stacks: JSON.parse(await page.title()) };
  });
}

/** The source line that a frame of `file` in a stack stands for: `{ source, text }`, without the frame `undefined`. */
async function originOf(stack, file, maps) {
  const [, line, column] = new RegExp(`${packageAt}/${file.replaceAll('.', '\\.')}:(\\d+):(\\d+)`).exec(stack) ?? [];
  if (line === undefined) return undefined;
  const map = await (await fetch(new URL(maps.get(file), `${server.address}${packageAt}/${file}`))).json();
  const { originalSource, originalLine } = new SourceMap(map).findEntry(line - 1, column - 1);
  return { source: originalSource, text: map.sourcesContent[map.sources.indexOf(originalSource)].split('\n')[originalLine] };
}

test('every module announces a map, and stacks lead through it to the facade and into the glue', async () => {
  const { maps, stacks } = await visit(`import { ${names} } from '${packageAt}/entries/web.js';
import * as glue from '${packageAt}/wasm/weavegraph_wasm.js';
${program}
const stackOf = (body) => { try { body(); } catch (error) { return error.stack; } };
document.title = JSON.stringify({ facade: stackOf(() => new GraphBuilder().compile()), glue: stackOf(() => new glue.RawLog({})) });`);
  assert.deepEqual([...maps.keys()].filter((path) => path.endsWith('.js')).sort(), ['core.js', 'entries/web.js', 'wasm/weavegraph_wasm.js']);
  for (const [path, address] of maps) if (path.endsWith('.js')) assert.equal(address, `${path.split('/').pop()}.map`);

  const facade = await originOf(stacks.facade, 'core.js', maps);
  assert.match(facade.source, /^weavegraph-wasm:\/\/\/[\w/-]+\.ts$/);
  assert.match(facade.text, /\bnew \w|\bthrow /);
  const glue = await originOf(stacks.glue, 'wasm/weavegraph_wasm.js', maps);
  assert.equal(glue.source, 'weavegraph-wasm:///wasm/weavegraph_wasm.js');
  assert.match(glue.text, /throw new Error\(/);
});
