//! Strongly connected components, and the rule of cycles: GRAPH_CYCLE.

use super::arcs::{Arcs, Vertex};
use super::definition::Definition;
use super::outline::{END_VERTEX, Outline, START_VERTEX};
use super::problem::{GraphErrorCode, Problem};
use super::wording::list;
use crate::text::text;

/// Not visited yet, or in no component yet.
const NONE: u32 = u32::MAX;

/// For each vertex the number of its strongly connected component, by Tarjan's algorithm with a stack of its own. Numbers
/// run from 0 and an arc between two components leads from the higher to the lower.
pub(super) fn components(arcs: &Arcs) -> Vec<u32> {
    let mut component = vec![NONE; arcs.count()];
    let mut order = vec![NONE; arcs.count()];
    // The lowest order that is reachable within the component being found.
    let mut low = vec![NONE; arcs.count()];
    let mut open: Vec<Vertex> = Vec::new();
    // A vertex and how many of its arcs were followed.
    let mut path: Vec<(Vertex, usize)> = Vec::new();
    let (mut visited, mut found) = (0, 0);
    for root in 0..arcs.count() as Vertex {
        if order[root as usize] != NONE {
            continue;
        }
        path.push((root, 0));
        while let Some((vertex, followed)) = path.last_mut() {
            let at = *vertex as usize;
            if *followed == 0 && order[at] == NONE {
                order[at] = visited;
                low[at] = visited;
                visited += 1;
                open.push(*vertex);
            }
            if let Some(target) = arcs.of(*vertex).get(*followed) {
                *followed += 1;
                if order[*target as usize] == NONE {
                    path.push((*target, 0));
                } else if component[*target as usize] == NONE {
                    low[at] = low[at].min(order[*target as usize]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                low[*parent as usize] = low[*parent as usize].min(low[at]);
            }
            if low[at] == order[at] {
                while let Some(member) = open.pop() {
                    component[member as usize] = found;
                    if member as usize == at {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    component
}

/// Reports each strongly connected component of plain and join edges once, with a shortest cycle through its first node.
/// Edges to START and from END do not count, they have problems of their own; names that are not registered do.
pub(super) fn check(definition: &Definition, outline: &Outline, problems: &mut Vec<Problem>) {
    if definition.allow_cycles {
        return;
    }
    let pairs = outline.unconditional_pairs(&|from, to| from != END_VERTEX && to != START_VERTEX);
    let arcs = Arcs::new(outline.names.len(), &pairs);
    let component = components(&arcs);
    let mut is_reported = vec![false; arcs.count()];
    let mut parents = vec![NONE; arcs.count()];
    for first in 0..arcs.count() as Vertex {
        let number = component[first as usize];
        if std::mem::replace(&mut is_reported[number as usize], true) {
            continue;
        }
        if let Some(cycle) = shortest_cycle(&arcs, &component, &mut parents, first) {
            let nodes = outline.names_of(&cycle);
            let message = text![
                "edges form a cycle: ",
                list(&nodes, " -> "),
                "; lead the way back through a conditional edge, or compile with allowCycles: true"
            ];
            problems.push(Problem::new(GraphErrorCode::Cycle, &nodes, message));
        }
    }
}

/// Breadth first from `first`, inside its component. `parents` is shared by the components, which do not overlap.
fn shortest_cycle(arcs: &Arcs, component: &[u32], parents: &mut [u32], first: Vertex) -> Option<Vec<Vertex>> {
    let mut queue = vec![first];
    let mut next = 0;
    while let Some(vertex) = queue.get(next).copied() {
        next += 1;
        for target in arcs.of(vertex) {
            if *target == first {
                let mut cycle = vec![first];
                let mut step = vertex;
                while step != first {
                    cycle.push(step);
                    step = parents[step as usize];
                }
                cycle.push(first);
                cycle.reverse();
                return Some(cycle);
            }
            let is_inside = component[*target as usize] == component[first as usize];
            if is_inside && parents[*target as usize] == NONE {
                parents[*target as usize] = vertex;
                queue.push(*target);
            }
        }
    }
    None
}
