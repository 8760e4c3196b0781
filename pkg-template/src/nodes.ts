/**
 * Types of what a user writes into a graph: node functions, routes, and the options of a node.
 *
 * Owns nothing at run time. The meaning of every option lies in the engine.
 */

import type { Channels, StateOf, UpdateOf, Value } from './channels.js';
import type { Command, Send } from './commands.js';
import type { WeaveError } from './errors.js';
import type { NodeContext } from './node-context.js';

/**
 * A node: reads the state as of the last barrier and returns what it writes. It may be async; a node that returns no promise is
 * never awaited. `In` is what `send` gives it, `X` the run's `context`.
 */
export type NodeFn<C extends Channels, In = unknown, X = unknown> = (state: StateOf<C>, ctx: NodeContext<In, X>) => NodeResult<C> | Promise<NodeResult<C>>;

/** An update, a command, or nothing. Anything else is NODE_INVALID_RESULT. */
export type NodeResult<C extends Channels> = UpdateOf<C> | Command<UpdateOf<C>> | void | undefined | null;

/** The function of a conditional edge: after each run of its source it names what comes next. It may be async. */
export type RouteFn<C extends Channels> = (state: StateOf<C>) => RouteResult | Promise<RouteResult>;

/** A node, END, a label of the edge's `targets`, a send, or several of them; none ends this path. */
export type RouteResult = string | Send | ReadonlyArray<string | Send>;

/** How often and when a failed attempt of a node is repeated. Durations are milliseconds. */
export interface RetryPolicy {
  /** Attempts in all, the first one included. A node without a policy has 1. */
  maxAttempts: number;
  /** The wait before the second attempt. Default 500. */
  initialDelayMs?: number;
  /** By which the wait grows with each attempt. Default 2. */
  factor?: number;
  /** The longest wait. Default 30_000. */
  maxDelayMs?: number;
  /** The part of a wait, 0 to 1, that is drawn by chance from the run's seed. Default 0.2. */
  jitter?: number;
  /** Whether this error is worth another attempt; `attempt` is the one that failed, from 1. Default: every error is. */
  retryOn?: (error: unknown, attempt: number) => boolean;
}

/** Options of one node. */
export interface NodeOptions<C extends Channels = any> {
  retry?: RetryPolicy;
  /** Milliseconds for one attempt. Then `ctx.signal` aborts and the attempt fails with NODE_TIMEOUT. Default: no limit. */
  timeoutMs?: number;
  /** Called when the last attempt has failed; what it returns is the node's result, and what it throws is the node's failure. */
  onError?: (error: WeaveError, state: StateOf<C>, ctx: NodeContext) => NodeResult<C> | Promise<NodeResult<C>>;
  /** Tasks of this node at once, within one run; one that sleeps (`ctx.sleep`) or waits to be repeated does not count. Default: no limit. */
  concurrency?: number;
  /**
   * With `'changed'`, the default, a node that an edge reaches again is skipped if no channel changed since it last ran (there is
   * a `node.skipped` event). With `'always'` it runs.
   */
  runWhen?: 'changed' | 'always';
  /** What its `goto`s and sends may reach. Checked by `compile()` and drawn; a `goto` to another node of the graph still works. */
  targets?: readonly string[];
  /** For people: in `toJSON()`, never in the definition's hash. */
  description?: string;
  /** For programs: in `toJSON()` and in the definition's hash. */
  metadata?: Record<string, Value>;
}

/** Options of a node that is a graph: `C` are the channels around it, `D` its own. */
export interface SubgraphOptions<C extends Channels = any, D extends Channels = any> extends NodeOptions<C> {
  /** What the inner graph starts with, in place of the shared channels. */
  input?: (state: StateOf<C>) => UpdateOf<D>;
  /** What the node writes, made of the inner graph's last state, in place of the inner writes to shared channels. */
  output?: (state: StateOf<D>) => UpdateOf<C>;
}
