// What runs and sessions take of memory, heap and wasm together, in Node and in Chromium: waiting in their node, finished and kept, with a
// long history; and whether memory grows with the number of runs.
import { execFileSync } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundleForPage, startPages } from './chromium.js';
import { digits } from './measure.js';
import { probe } from './memory-probe.js';
import { atMost, report } from './report.js';
import { tables } from './tables.js';

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
  const columns = tables.memory.columns.slice(1);
  const names = columns.map((column) => column.replace(/ \d.*/, ''));
  const cells = tables.memory.rows.map(() => columns.map(() => '–'));
  const aims = [];
  await bundleForPage('page.js');
  const pages = await startPages();
  try {
    const both = async (asked) => {
      process.stderr.write(`${Object.values(asked).join(' ')} …\n`);
      return { node: inNode(asked), chromium: await inChromium(pages, asked) };
    };
    for (const [column, who] of names.entries()) {
      const isOurs = who === 'weavegraph-wasm';
      // LangGraph.js takes ten times as long for each.
      const count = who === 'LangGraph.js' ? 1000 : 10_000;
      const fill = async (row, asked, unit) => {
        const { node, chromium } = await both({ who, ...asked });
        cells[row][column] = `${digits(node.bytes / unit)} / ${digits(chromium.bytes / unit)}`;
        return { node: node.bytes / unit, chromium: chromium.bytes / unit };
      };
      const aim = (text, figures, limit, unit) => {
        for (const where of ['node', 'chromium']) aims.push(atMost(`${where}: ${text}`, figures[where], limit, unit));
      };
      await fill(0, { work: 'waiting', count, isStored: false }, 1024);
      if (isOurs || who === 'LangGraph.js') {
        const open = await fill(1, { work: 'waiting', count, isStored: true }, 1024);
        if (isOurs) aim('an open session of 10,000', open, 2, 'KB');
        await fill(2, { work: 'finished', count }, 1024);
      }
      if (who === 'PocketFlow') continue;
      for (const [row, steps] of [[3, 100], [4, 1000]]) {
        const isSlow = who === 'XState' || who === 'LangGraph.js';
        const kept = await fill(row, { work: 'history', steps, sessions: (isSlow ? 1000 : 10_000) / steps }, 1);
        if (isOurs && steps === 1000) aim('history kept, to the data', kept, 3, 'times');
      }
    }
    const grown = await both({ work: 'growth', who: 'weavegraph-wasm', runs: 10_000, emits: 100 });
    for (const where of ['node', 'chromium']) aims.push(atMost(`${where}: growth over the last tenth of 10,000 runs and a million events`, grown[where].percent, 1, '%'));
  } finally {
    await pages.close();
  }
  const caption = `KB each, of 10,000 (LangGraph.js: of 1,000), and for histories of messages of 150 bytes how many times their JSON; Node ${process.versions.node} / Chromium ${pages.version}, heap and wasm after a collection.`;
  report(import.meta.url, { memory: { caption, cells } }, aims);
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
