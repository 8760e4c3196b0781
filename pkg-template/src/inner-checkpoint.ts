/**
 * Checkpoints of sub-graphs: there is one as long as the step is half done that the sub-graph is a task of.
 *
 * Must not know what a sub-graph is to the run. Invariant: a step is one of the invocation that is half done, never of an earlier one.
 */

import type { AppCore } from './app-core.js';
import { Arena } from './arena.js';
import { ChannelState } from './channel-state.js';
import { createError } from './errors.js';
import type { LogStore } from './log-store.js';
import { again, PAGE, Reading, snapshotSlot, withLog, type Described } from './restore.js';
import type { Checkpoint } from './sessions.js';
import type { InnerState } from './subgraph-calls.js';

/** What the engine says of a half-done sub-graph. */
interface DescribedInner extends Described {
  frame: number;
  since: number;
}

/**
 * The newest state of a sub-graph, or that after one of its steps; `null` while its task is not half done.
 *
 * @throws RunFailed RUN_INVALID_OPTION: the path names no sub-graph; CheckpointError CHECKPOINT_*
 */
export async function readInnerCheckpoint(app: AppCore, sessionId: string, store: LogStore, path: readonly string[], step: number | undefined): Promise<Checkpoint | null> {
  const tasks = resolve(app, path);
  const newest = await again(() => read(app, sessionId, store, tasks));
  if (newest === undefined || step === undefined || newest.raw.step === step) return newest?.checkpoint ?? null;
  if (step > newest.raw.step) return null;
  const earlier = await again(() => read(app, sessionId, store, tasks, { since: newest.raw.since, step }));
  return earlier?.checkpoint ?? null;
}

interface Found {
  readonly raw: DescribedInner;
  readonly checkpoint: Checkpoint;
}

async function read(app: AppCore, sessionId: string, store: LogStore, tasks: Uint32Array, goal?: { since: number; step: number }): Promise<Found | undefined> {
  const newest = await store.newest(sessionId);
  if (newest === undefined) return undefined;
  return withLog(app, async (log) => {
    const inner = new Map<number, InnerState>();
    const reading = new Reading(app, sessionId, new Arena(), new ChannelState(app), log, inner);
    const described = (): DescribedInner | undefined => log.describeInner(tasks) as DescribedInner | undefined;
    const found = (): Found | undefined => {
      const raw = described();
      let { names } = reading;
      for (let at = 0; at < tasks.length; at += 2) names = names.inner(tasks[at]!);
      return raw && { raw, checkpoint: { ...reading.summary(raw, names), state: inner.get(raw.frame)!.state.committed() as any } };
    };
    if (goal !== undefined) log.aim(tasks, goal.since, goal.step);
    for (let slot = reading.beginAt(snapshotSlot(app, sessionId, newest)); slot <= newest.slot; ) {
      const page = await store.read(sessionId, slot, PAGE);
      if (page.length === 0) throw reading.missing(slot);
      for (const record of page) {
        reading.read(record, -1, false);
        if (goal !== undefined && described()?.isAtGoal === true) return found();
      }
      slot = page.at(-1)!.slot + 1;
    }
    return goal === undefined ? found() : undefined;
  });
}

/** Node and ordinal of each task of a path. */
function resolve(app: AppCore, path: readonly string[]): Uint32Array {
  const tasks: number[] = [];
  let graph: AppCore = app;
  for (const part of path) {
    const [, name, ordinal] = graph.nodeIds.has(part) ? [part, part, '0'] : (/^(.*)#(\d+)$/s.exec(String(part)) ?? []);
    const node = graph.nodeIds.get(name ?? '');
    const inner = node === undefined ? undefined : graph.nodes[node]?.graph;
    if (node === undefined || inner === undefined) throw createError('RUN_INVALID_OPTION', `path names \`${String(part)}\`, which is no sub-graph there; give node or node#task of each, outermost first`);
    tasks.push(node, Number(ordinal));
    graph = inner;
  }
  return new Uint32Array(tasks);
}
