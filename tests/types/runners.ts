/** AppRunner: step by step, and sessions of many invocations. */

import { append, AppRunner, START, type App, type EventStream, type StateOf, type StepOptions, type StepReport } from 'weavegraph-wasm';
import { isExactly } from './exactness.js';

const channels = { lines: append<string>() };
type Declared = typeof channels;
type Env = { user: string };
declare const app: App<Declared, Env>;
declare const plain: App;

const runner = new AppRunner(app, { maxSteps: 5, context: { user: 'a' } });
isExactly<AppRunner<Declared, Env>>()(runner);
isExactly<{ resumed: boolean; step: number }>()(await runner.createSession('s', { lines: 'in' }));
isExactly<StepReport<Declared>>()(await runner.runStep('s', { interruptBefore: ['a'], interruptAfter: ['b'], interruptEachStep: true }));
isExactly<StateOf<Declared>>()(await runner.runUntilComplete('s'));
isExactly<{ resumed: boolean; step: number }>()(await runner.createIterativeSession('s', {}, START));
isExactly<StateOf<Declared>>()(await runner.invokeNext('s', { lines: ['a'] }, 'a'));
isExactly<StateOf<Declared>>()(await runner.invokeNext('s', {}, { entry: 'a', timeoutMs: 5, context: { user: 'b' } }));
isExactly<void>()(await runner.finishIterativeSession('s'));
isExactly<EventStream>()(runner.eventStream({ filter: 'chat', overflow: 'wait' }));
isExactly<{ version: string; graphHash: string; configHash: string; checkpointer: string; clock: 'system' | 'injected' }>()(runner.runMetadata());
isExactly<void>()(await runner.close());

const report = await new AppRunner(plain).runStep('s', {} satisfies StepOptions);
if (report.reason?.kind === 'step') isExactly<number>()(report.reason.step);
else if (report.reason !== undefined) isExactly<string>()(report.reason.node);

// @ts-expect-error: an app is what compile() returns
new AppRunner({});
// @ts-expect-error: an update is of the graph's channels
await runner.createSession('s', { nowhere: 1 });
// @ts-expect-error: it takes a string or an object
await runner.invokeNext('s', {}, 5);
