/** Typed slots, observers, and the comparison of two runs. */

import {
  append,
  compareReplayRuns,
  GraphBuilder,
  merge,
  StateKey,
  type App,
  type ObservedTask,
  type ReplayProfile,
  type ReplayRun,
  type RunObserver,
  type RunStatus,
  type Value,
  type WeaveEvent,
} from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

interface Cart {
  items: string[];
}
declare const plain: App;
declare const events: readonly WeaveEvent[];

// ── slots ──

const cart = new StateKey<Cart>('shop', 'cart', 1, { lifecycle: 'invocation', parse: (raw) => raw as Cart });
isExactly<string>()(cart.storageKey);
isExactly<Record<string, Value>>()(cart.set({ items: [] }));
isExactly<Record<string, null>>()(cart.clear());
isExactly<Cart | undefined>()(cart.get(await plain.invoke({ extra: cart.set({ items: [] }) })));
isExactly<Cart>()(cart.require({ extra: {} }));
new GraphBuilder({ channels: { extra: merge(), log: append<string>() } }).addNode('n', (state) => ({ extra: cart.set(cart.require(state)) }));
new GraphBuilder().addNode('n', () => ({ extra: cart.clear() }));
// @ts-expect-error: of another type
cart.set({ items: [1] });
// @ts-expect-error: a version is a number
new StateKey('a', 'b', '1');
// @ts-expect-error: there are two lifecycles
new StateKey('a', 'b', 1, { lifecycle: 'step' });
// @ts-expect-error: a state without extra
cart.get({ log: [] });

// ── observers ──

export const observer: RunObserver = {
  onRunStart: (m) => isExactly<{ runId: string; sessionId: string; graphHash: string }>()(m),
  onRunFinish: (m) => isExactly<RunStatus>()(m.status),
  onNodeStart: (m: { node: string; task: number; step: number; attempt: number }) => void m.node,
  onNodeFinish: (m) => isExactly<'completed' | 'failed' | 'skipped' | 'interrupted'>()(m.outcome),
  onCheckpointLoad: (m) => isExactly<number>()(m.step),
  onCheckpointSave: (m) => isExactly<number | undefined>()(m.bytes),
  onEvent: (m) => isExactly<WeaveEvent['type']>()(m.type),
};
observer.onNodeStart?.({ node: 'a', task: 0, step: 1, attempt: 1 } satisfies ObservedTask);
class Metrics implements RunObserver {
  count = 0;
  onEvent(): void {
    this.count += 1;
  }
}
await plain.invoke({}, { observer: new Metrics() });
new GraphBuilder().compile({ observer, allowCycles: true });
// @ts-expect-error: no such hook is called
await plain.invoke({}, { observer: { onStepStart: () => undefined } });

// ── replays ──

const run: ReplayRun = { state: {}, events };
const profile: ReplayProfile = { ignoreKeys: [cart, 'id'], normalize: (event) => event.type };
const compared = compareReplayRuns(run, { state: await plain.invoke(), events: [] }, profile);
isExactly<boolean>()(compared.matches);
isExactly<string[]>()(compared.differences);
isExactly<void>()(compared.assertMatches());
// @ts-expect-error: a run has events
compareReplayRuns(run, { state: {} });
