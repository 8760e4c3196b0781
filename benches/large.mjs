// What much of something costs, in Node and in Chromium: sends, sources of a join, nodes of a graph, steps of a session; and a sub-graph
// beside its nodes, and an interrupt with its answer.
import { measureInBoth } from './both.js';
import { ROUNDS } from './measure.js';
import { cellsOfBoth, report } from './report.js';

const figures = await measureInBoth('large');
const caption = `In Node ${process.versions.node} / Chromium ${figures.version} on two cores, medians of ${ROUNDS}; LangGraph.js runs through a tenth of the sends, sub-graphs and nodes. – where there is no equal.`;
report(import.meta.url, { large: { caption, cells: cellsOfBoth('large', figures) } }, []);
