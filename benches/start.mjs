// What it costs to begin: a process of Node, a page in Chromium and a workerd, each from nothing to the end of the first run of one step,
// beside an empty one and the same with peers; and what a page downloads for it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reachedFrom } from '../scripts/modules.mjs';
import { startPages } from './chromium.js';
import { ROUNDS, digits, median } from './measure.js';
import { atMost, report } from './report.js';
import { bundleForStart, bundleForWorkerd, folder, gzipped, modules, wasmFile, writeForNode } from './start-programs.js';
import { tables } from './tables.js';
import { configure, hasWorkerd, timeFirstAnswer } from './workerd-process.js';

const ours = 'weavegraph-wasm';
const programs = { nothing: undefined, ...modules };
const pkg = fileURLToPath(new URL('../pkg/', import.meta.url));

const scripts = await forEach((module) => bundleForStart(module));
const node = await inNode();
const { figures: chromium, withoutImport, version } = await inChromium();
const workerd = hasWorkerd ? await inWorkerd() : undefined;
const downloads = Object.fromEntries(Object.entries(scripts).map(([who, text]) => [who, gzipped(text)]));
const atStart = reached({ isEager: true });
downloads[ours] = sum([...atStart.map(readRaw), readFileSync(wasmFile)]);
const later = sum([...reached({}).filter((path) => !atStart.includes(path)), 'wasm/store_bg.wasm'].map(readRaw));

const over = (figures, who) => figures[who] - figures.nothing;
const rows = [
  (who) => digits(over(node, who)),
  (who) => digits(chromium[who]),
  (who) => (workerd === undefined ? '–' : digits(over(workerd, who))),
  (who) => digits(downloads[who] / 1000),
  (who) => (who === ours ? digits(later / 1000) : '–'),
];
const caption = `Milliseconds, medians of ${ROUNDS}, Node ${process.versions.node}, Chromium ${version} and workerd on two cores; kilobytes after gzip.`;
report(import.meta.url, { start: { caption, cells: tables.start.rows.map((_, row) => Object.keys(modules).map(rows[row])) } }, [
  atMost('chromium: compile, instantiate, first run', withoutImport, 10, 'ms'),
  ...(workerd === undefined ? [] : [atMost('workerd: start, over an empty worker', over(workerd, ours), 8, 'ms')]),
  atMost('download', downloads[ours] / 1000, 100, 'KB'),
]);

/** A program of each, by name. */
async function forEach(make) {
  const made = {};
  for (const [who, module] of Object.entries(programs)) made[who] = await make(module);
  return made;
}

/** Medians by name; in each round every program has its turn. */
async function inTurn(time) {
  const figures = Object.fromEntries(Object.keys(programs).map((who) => [who, []]));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const who of Object.keys(programs)) {
      const ms = await time(who);
      if (round >= 0) figures[who].push(ms);
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([who, all]) => [who, median(all)]));
}

/** A process each, from its start to its end. */
async function inNode() {
  process.stderr.write('Node …\n');
  const files = await forEach(writeForNode);
  return inTurn((who) => {
    const startedAt = performance.now();
    const printed = execFileSync(process.execPath, [files[who]], { encoding: 'utf8' });
    const ms = performance.now() - startedAt;
    if (printed !== '1\n') throw new Error(`${who} printed ${printed}`);
    return ms;
  });
}

/** A fresh page each, with a renderer of its own: from the script and the wasm in memory to the end of the first run. */
async function inChromium() {
  process.stderr.write('Chromium …\n');
  const pages = await startPages();
  try {
    const ofOurs = [];
    const figures = await inTurn(async (who) => {
      const { all, imported } = await pages.visit((page) => page.evaluate(begin, `/bundle/start/${modules[who] ?? 'nothing'}.page.js`));
      if (who === ours) ofOurs.push(all - imported);
      return all;
    });
    return { figures, withoutImport: median(ofOurs), version: pages.version };
  } finally {
    await pages.close();
  }
}

/** Runs in the page. */
async function begin(script) {
  const text = await (await fetch(script)).text();
  const wasm = await (await fetch('/pkg/wasm/weavegraph_wasm_bg.wasm')).arrayBuffer();
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const startedAt = performance.now();
  const { first } = await import(address);
  const imported = performance.now() - startedAt;
  const n = await first(wasm);
  const all = performance.now() - startedAt;
  if (n !== 1) throw new Error(`${script} gave ${n}`);
  return { all, imported };
}

async function inWorkerd() {
  process.stderr.write('workerd …\n');
  const wasm = basename(wasmFile);
  copyFileSync(wasmFile, join(folder, wasm));
  const configurations = await forEach(async (module) => configure(folder, await bundleForWorkerd(module), module === modules[ours] ? [wasm] : []));
  return inTurn((who) => timeFirstAnswer(configurations[who], '1'));
}

/** The modules that the default entry reaches, without a bundler. */
function reached(options) {
  return reachedFrom(['entries/web.js'], { read, ...options });
}

function read(path) {
  return existsSync(join(pkg, path)) ? readFileSync(join(pkg, path), 'utf8') : undefined;
}

function readRaw(path) {
  return readFileSync(join(pkg, path));
}

/** Bytes of files that are sent one by one. */
function sum(contents) {
  return contents.reduce((bytes, content) => bytes + gzipped(content), 0);
}
