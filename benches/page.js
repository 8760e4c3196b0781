// What Chromium runs of the cases and the probes; bundled with the contestants, but for weavegraph-wasm, which the page imports as it is.
import { groups } from './cases.js';
import { playRound } from './measure.js';
import { probe } from './memory-probe.js';

export { groups, playRound, probe };
