/**
 * Owns: what a graph's definition says about who may follow whom: one link per pair and kind, which of them lead back, and the rank of each node.
 * Must not know: positions, sizes, how anything is drawn.
 * Invariant: the links that do not lead back form no cycle, each leads to a higher rank, and the same definition gives the same result.
 */

export const START = '__start__';
export const END = '__end__';

/**
 * `join`: the number of the join that a link belongs to, from 0. `label`: what a route answers, where it says more than the target's name does.
 * @typedef {'plain' | 'join' | 'conditional' | 'declared'} LinkKind
 * @typedef {{ from: string, to: string, kind: LinkKind, label: string, join: number | null, isBack: boolean }} Link
 */

/**
 * @param {import('weavegraph-wasm').GraphDefinition} definition
 * @returns {{ ids: string[], links: Link[] }} START first, END last, each where there is one
 */
export function readLinks(definition) {
  const nodes = definition.nodes.map((node) => node.id);
  const known = new Set([START, ...nodes, END]);
  const links = new Map();
  const add = (from, to, kind, label = '', join = null) => {
    if (!known.has(from) || !known.has(to)) return;
    const key = JSON.stringify([from, to, join]);
    const link = links.get(key);
    if (link === undefined) links.set(key, { from, to, kind, label: label === to ? '' : label, join, isBack: false });
    else if (label !== '' && label !== to && link.kind === 'conditional') link.label = link.label === '' ? label : `${link.label}, ${label}`;
  };
  let joins = 0;
  for (const { from, to, route, targets, label } of definition.edges) {
    if (Array.isArray(from)) {
      for (const source of from) add(source, to, 'join', '', joins);
      joins += 1;
    } else if (route === undefined) add(from, to, 'plain', label);
    else for (const [answer, target] of Object.entries(targets ?? {})) add(from, target, 'conditional', answer);
  }
  // Last: a declared target that an edge leads to as well is the edge's.
  for (const { id, options } of definition.nodes) for (const target of options?.targets ?? []) add(id, target, 'declared');
  const all = [...links.values()];
  const isUsed = (id) => all.some((link) => link.from === id || link.to === id);
  const ids = [...[START].filter(isUsed), ...nodes, ...[END].filter(isUsed)];
  markBackLinks(ids, all);
  return { ids, links: all };
}

/** A link to a node that is still being explored closes a cycle. */
function markBackLinks(ids, links) {
  const outgoing = groupBy(links, (link) => link.from);
  const seen = new Set();
  const open = new Set();
  for (const first of ids) {
    if (seen.has(first)) continue;
    const path = [{ id: first, next: 0 }];
    seen.add(first);
    open.add(first);
    while (path.length > 0) {
      const top = path.at(-1);
      const link = outgoing.get(top.id)?.[top.next];
      top.next += 1;
      if (link === undefined) {
        open.delete(top.id);
        path.pop();
      } else if (open.has(link.to)) link.isBack = true;
      else if (!seen.has(link.to)) {
        seen.add(link.to);
        open.add(link.to);
        path.push({ id: link.to, next: 0 });
      }
    }
  }
}

/**
 * The longest way to each node; END stands below all others.
 * @param {string[]} ids @param {Link[]} links @returns {Map<string, number>} from 0, without holes
 */
export function rankNodes(ids, links) {
  const forward = links.filter((link) => !link.isBack);
  const outgoing = groupBy(forward, (link) => link.from);
  const missing = new Map(ids.map((id) => [id, 0]));
  for (const { to } of forward) missing.set(to, missing.get(to) + 1);
  const top = ids[0] === START ? 1 : 0;
  const ranks = new Map(ids.map((id) => [id, id === START ? 0 : top]));
  const ready = ids.filter((id) => missing.get(id) === 0);
  for (let i = 0; i < ready.length; i += 1) {
    for (const { to } of outgoing.get(ready[i]) ?? []) {
      ranks.set(to, Math.max(ranks.get(to), ranks.get(ready[i]) + 1));
      missing.set(to, missing.get(to) - 1);
      if (missing.get(to) === 0) ready.push(to);
    }
  }
  if (ranks.has(END)) ranks.set(END, Math.max(0, ...ids.filter((id) => id !== END).map((id) => ranks.get(id) + 1)));
  return ranks;
}

/** @template T @param {T[]} items @param {(item: T) => any} keyOf @returns {Map<any, T[]>} */
export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const own = groups.get(keyOf(item));
    if (own === undefined) groups.set(keyOf(item), [item]);
    else own.push(item);
  }
  return groups;
}
