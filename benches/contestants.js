// The contestants by name, in the order of their turns and of the columns of every table. A contestant is a module with a function for
// each work that it can do.
import * as byHand from './contestants/by-hand.js';
import * as langgraph from './contestants/langgraph.js';
import * as pocketflow from './contestants/pocketflow.js';
import * as weavegraph from './contestants/weavegraph.js';
import * as xstate from './contestants/xstate.js';

export const contestants = { 'by hand': byHand, 'weavegraph-wasm': weavegraph, PocketFlow: pocketflow, XState: xstate, 'LangGraph.js': langgraph };
