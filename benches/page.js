// What Chromium runs of the cases; bundled with the contestants, but for weavegraph-wasm, which the page imports as it is.
import { groups } from './cases.js';
import { measure } from './measure.js';

export { groups, measure };
