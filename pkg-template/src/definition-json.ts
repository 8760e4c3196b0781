/**
 * A compiled graph as plain data, for `toJSON()`.
 *
 * Owns the form of that data. It must not hold functions, and it names routes as `source#1`, `source#2`, since the names of functions
 * change when code is minified. Values that JSON lacks are written as `toJsonSafe` does. Invariant: the result shares nothing that can
 * be changed with the app, and `JSON.stringify` loses nothing of it.
 */

import type { AppParts, ChannelEntry, NodePart } from './blueprint.js';
import type { Value } from './channels.js';
import type { ChannelOptions } from './contents.js';
import type { GraphDefinition } from './results.js';
import { toJsonSafe } from './values/json-safe.js';

/** The definition of an app. Options that were not given are left out. */
export function toGraphDefinition(parts: AppParts): GraphDefinition {
  const { name, definition } = parts;
  return {
    name,
    nodes: parts.nodes.map(toNode),
    edges: [
      ...definition.edges.map(({ from, to, join }) => ({ from: join ? [...from] : (from[0] ?? ''), to })),
      ...toRoutes(parts),
    ],
    // fromEntries defines own properties, whatever the name.
    channels: Object.fromEntries(definition.channels.map((entry, index) => [entry.name, toChannel(entry, parts.channels[index])])),
  };
}

function toNode({ id, graph, options }: NodePart): GraphDefinition['nodes'][number] {
  const { retry, timeoutMs, concurrency, runWhen, targets, description, metadata } = options;
  const { maxAttempts, initialDelayMs, factor, maxDelayMs, jitter } = retry ?? {};
  const policy = given({ maxAttempts, initialDelayMs, factor, maxDelayMs, jitter });
  const kept = given({ retry: retry && policy, timeoutMs, concurrency, runWhen, targets: targets && [...targets] });
  return {
    id,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata: toJsonSafe(metadata) as Record<string, Value> }),
    ...(Object.keys(kept).length === 0 ? {} : { options: kept }),
    ...(graph === undefined ? {} : { graph: toGraphDefinition(graph.parts) }),
  };
}

function toRoutes({ routes }: AppParts): GraphDefinition['edges'] {
  const counts = new Map<string, number>();
  return routes.map(({ from, targets }) => {
    const ordinal = (counts.get(from) ?? 0) + 1;
    counts.set(from, ordinal);
    const route = `${from}#${ordinal}`;
    return targets === undefined ? { from, route } : { from, route, targets: Object.fromEntries(targets) };
  });
}

function toChannel(entry: ChannelEntry, channel: ChannelOptions | undefined): GraphDefinition['channels'][string] {
  const isDefault = entry.initial === '' || (entry.kind === 'append' && entry.initial === '[]') || (entry.kind === 'merge' && entry.initial === '{}');
  const options = given({
    initial: isDefault ? undefined : toJsonSafe(channel?.initial),
    keyed: entry.keyed || undefined,
    onConflict: entry.takesLast ? 'last' : undefined,
    exempt: entry.exempt || undefined,
  });
  return Object.keys(options).length === 0 ? { kind: entry.kind } : { kind: entry.kind, options };
}

function given(options: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
