// What runs and sessions take of memory, heap and wasm together, in Node and in Chromium: waiting in their node, finished and kept, with a
// long history; and whether memory grows with the number of runs.
import { execFileSync } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundleForPage, startPages } from './chromium.js';
import { contestants } from './contestants.js';
import { digits } from './measure.js';
import { probe } from './memory-probe.js';
import { atMost, report } from './report.js';
import { tables } from './tables.js';

const ours = 'weavegraph-wasm';
/** By row of the table: an aim, its limit and what that counts. */
const limits = { 1: ['an open session of 10,000', 2, 'KB'], 4: ['history kept, to the data', 3, 'times'] };

if (process.argv[2] === undefined) await measureAll();
else await answer(JSON.parse(process.argv[2]));

/** As a process of its own: one probe. */
async function answer(asked) {
  setMaxListeners(0);
  const used = async () => {
    for (let time = 0; time < 3; time += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      globalThis.gc();
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  process.stdout.write(JSON.stringify(await probe(asked, used)));
}

async function measureAll() {
  const names = Object.keys(contestants);
  const cells = tables.memory.rows.map(() => names.map(() => '–'));
  const aims = [];
  await bundleForPage('page.js');
  const pages = await startPages();
  try {
    const probeBoth = async (asked) => {
      process.stderr.write(`${Object.values(asked).join(' ')} …\n`);
      return { node: inNode(asked), chromium: await inChromium(pages, asked) };
    };
    for (const [column, who] of names.entries()) {
      for (const [row, asked, unit] of asks(who)) {
        const { node, chromium } = await probeBoth({ who, ...asked });
        cells[row][column] = `${digits(node.bytes / unit)} / ${digits(chromium.bytes / unit)}`;
        if (who !== ours || limits[row] === undefined) continue;
        const [text, limit, name] = limits[row];
        aims.push(atMost(`node: ${text}`, node.bytes / unit, limit, name), atMost(`chromium: ${text}`, chromium.bytes / unit, limit, name));
      }
    }
    const { node, chromium } = await probeBoth({ who: ours, work: 'growth', runs: 10_000, emits: 100 });
    const text = 'growth over the last tenth of 10,000 runs and a million events';
    aims.push(atMost(`node: ${text}`, node.percent, 1, '%'), atMost(`chromium: ${text}`, chromium.percent, 1, '%'));
  } finally {
    await pages.close();
  }
  const caption = `KB each, of 10,000 (LangGraph.js: of 1,000), and for histories of messages of 150 bytes how many times their JSON; Node ${process.versions.node} / Chromium ${pages.version}, heap and wasm after a collection.`;
  report(import.meta.url, { memory: { caption, cells } }, aims);
}

/** What a contestant is asked for: the row of the table, the probe, and how many bytes make one. */
function asks(who) {
  const isSlow = who === 'XState' || who === 'LangGraph.js';
  const keepsSessions = who === ours || who === 'LangGraph.js';
  const keepsHistory = who !== 'PocketFlow';
  // LangGraph.js takes ten times as long for each.
  const count = who === 'LangGraph.js' ? 1000 : 10_000;
  const history = (steps) => ({ work: 'history', steps, sessions: (isSlow ? 1000 : 10_000) / steps });
  return [
    [0, { work: 'waiting', count, isStored: false }, 1024],
    ...(keepsSessions ? [[1, { work: 'waiting', count, isStored: true }, 1024], [2, { work: 'finished', count }, 1024]] : []),
    ...(keepsHistory ? [[3, history(100), 1], [4, history(1000), 1]] : []),
  ];
}

/** Runs in the page: the glue is ready, so it hands out its exports. */
async function wasmBytes() {
  const { default: init } = await import('/pkg/wasm/weavegraph_wasm.js');
  return (await init()).memory.buffer.byteLength;
}

function inNode(asked) {
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), JSON.stringify(asked)], { encoding: 'utf8' }));
}

function inChromium(pages, asked) {
  return pages.visit(async (page) => {
    const session = await page.createCDPSession();
    await page.exposeFunction('used', async () => {
      for (let time = 0; time < 3; time += 1) await session.send('HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
      // A wasm memory is not among them.
      return usedSize + backingStorageSize + (await page.evaluate(wasmBytes));
    });
    return page.evaluate(async (wanted) => (await import('/bundle/page.js')).probe(wanted, globalThis.used), asked);
  });
}
