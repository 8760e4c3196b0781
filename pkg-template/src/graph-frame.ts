/**
 * A graph that runs: that of the session, or a sub-graph as a task of the graph around it.
 *
 * Owns its contents and its attempts under way. It must not know how it began; a frame has no say in what happens.
 */

import type { AppCore } from './app-core.js';
import type { ChannelState } from './channel-state.js';
import type { Attempt } from './context.js';
import type { Names } from './failures.js';

const noPath: readonly string[] = Object.freeze([]);

export class GraphFrame {
  /** By position in the step. */
  readonly attempts: Array<Attempt | undefined> = [];
  #path: readonly string[] | undefined;

  constructor(
    /** The engine's number: 0 is the session's graph. */
    readonly id: number,
    readonly app: AppCore,
    readonly state: ChannelState,
    /** The attempt that runs it, and the step by which what is kept for that goes. */
    readonly around?: Attempt,
    readonly keyStep = 0,
  ) {}

  /** The tasks around it, outermost first, as `node` or `node#task`. */
  get path(): readonly string[] {
    if (this.around === undefined) return noPath;
    return (this.#path ??= Object.freeze([...this.around.frame.path, pathPart(this.around.node, this.around.task)]));
  }

  /** The tasks around it with their steps, which tells one invocation from the next: `step/node#task` of each. */
  get key(): string {
    if (this.around === undefined) return '';
    const { frame, node, task } = this.around;
    return `${frame.key === '' ? '' : `${frame.key}/`}${this.keyStep}/${escapePart(node)}#${task}`;
  }

  /** Its names, out of those of the session's graph. */
  names(names: Names): Names {
    return this.around === undefined ? names : this.around.frame.names(names).inner(this.around.nodeId);
  }
}

/** A task as a part of a path. */
export function pathPart(node: string, task: number): string {
  return task === 0 ? node : `${node}#${task}`;
}

/** Keeps the parts of a key apart. */
export function escapePart(part: string): string {
  return part.replace(/[%/#]/g, (letter) => encodeURIComponent(letter));
}
