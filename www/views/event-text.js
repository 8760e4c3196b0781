/**
 * Owns: one short line for each kind of event, the same on the page and in the terminal.
 * Must not know: how the line is shown.
 * Invariant: a line never holds a line break and is at most `MAX_CHARS` long.
 */

const MAX_CHARS = 200;

/** Where an event happened: `node`, `node#task`, or '' for what concerns the whole run. */
export function placeOf(event) {
  if (event.node === undefined) return '';
  const isOneOfMany = event.task > 0 || event.node === 'rankSection';
  return isOneOfMany ? `${event.node}#${event.task}` : event.node;
}

/** What an event says beyond its type and place; '' where that is nothing. */
export function textOf(event) {
  return lineOf(wholeTextOf(event));
}

/** A text of any length as one short line. */
export function lineOf(whole) {
  const text = whole.replace(/\s+/gu, ' ').trim();
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** What `textOf` shortens: a search looks here. */
export function wholeTextOf(event) {
  switch (event.type) {
    case 'run.started': return event.resumed ? 'goes on' : '';
    case 'run.completed': return `${event.steps} steps in ${duration(event.durationMs)}`;
    case 'run.failed': return `${event.error.code}: ${event.error.message}`;
    case 'run.cancelled': return event.reason ?? '';
    case 'run.interrupted': return `${event.interrupts.length} open`;
    case 'step.started': return `${event.step}: ${counted(event.frontier)}`;
    case 'step.completed': return `${event.step}: wrote ${event.updatedChannels.join(', ') || 'nothing'}`;
    case 'node.started': return event.attempt > 1 ? `attempt ${event.attempt}` : '';
    case 'node.completed': return duration(event.durationMs);
    case 'node.skipped': return event.reason;
    case 'node.failed': return `${event.error.code}: ${event.error.message}${event.willRetry ? ' (tries again)' : ''}`;
    case 'node.retrying': return `in ${duration(event.delayMs)}`;
    case 'message': return event.message;
    case 'llm.chunk': return event.text;
    case 'llm.final': return `${event.streamId}: ${event.text.length} characters`;
    case 'llm.error': return event.message;
    case 'tool.call': return event.name;
    case 'tool.result': return event.isError ? 'an error' : '';
    case 'progress': return `${Math.round(event.fraction * 100)} %${event.message ? ` ${event.message}` : ''}`;
    case 'milestone': return event.name;
    case 'custom': return event.name;
    case 'diagnostic': return `${event.scope}: ${event.message}`;
    case 'checkpoint.saved': return `step ${event.step} in ${duration(event.durationMs)}`;
    case 'stream.reset': return `goes on behind ${event.after}`;
    case 'snapshot': return `${event.status}, step ${event.step}`;
    case 'stream.gap': return `${event.count} events were dropped`;
    default: return '';
  }
}

/** Milliseconds as a reader wants them. */
export function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `rankSection ×10, other`. */
function counted(nodes) {
  const times = new Map();
  for (const node of nodes) times.set(node, (times.get(node) ?? 0) + 1);
  return Array.from(times, ([node, count]) => (count > 1 ? `${node} ×${count}` : node)).join(', ');
}
