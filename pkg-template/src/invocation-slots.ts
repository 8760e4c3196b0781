/**
 * Slots of `extra` that last for one invocation: as the next one starts, its input empties them.
 *
 * It must not know who wrote them: a mark beside each says in the state itself that it is one (see `state-key.ts`). Invariant: the input's
 * own writes come after, and all of it is one write of the log.
 */

import type { ChannelDescriptor } from './channels.js';
import { readReplace } from './channels.js';
import type { Execution } from './execution.js';
import { MARK } from './state-key.js';
import { readUpdate, type Update } from './updates.js';

/** The input of an invocation that goes on from a session's state, with what empties the slots of the one before. */
export function withClearedSlots({ app, state }: Execution, input: Update): Update {
  const channel = app.channelIds.get('extra');
  if (channel === undefined || (app.parts.channels[channel] as ChannelDescriptor).kind !== 'merge') return input;
  const marks = Object.keys(state.contents[channel]!.committedView() as object).filter((key) => key.endsWith(MARK));
  const write = input.value?.['extra'];
  // A write that is no map is for the fold to refuse; one of the whole map leaves nothing to clear.
  if (marks.length === 0 || readReplace(write) !== undefined || (write !== undefined && (typeof write !== 'object' || write === null))) return input;
  const cleared = Object.fromEntries(marks.flatMap((mark) => [[mark, null], [mark.slice(0, -MARK.length), null]]));
  return readUpdate(app, { ...input.value, extra: { ...cleared, ...write } }, 'the input');
}
