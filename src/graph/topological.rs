//! Topological order over plain and join edges.

use super::arcs::{Arcs, Vertex};
use super::cycles::components;
use super::definition::{Definition, END, START};
use super::outline::{FIRST_NODE, Outline};
use super::sorting::sorted_positions;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// START, every registered node, END: each node after all that lead to it, in lexicographic order where edges leave it
/// open, so the order does not depend on the order of insertion.
///
/// The nodes of a cycle stand together in lexicographic order, as late as the edges allow. Works on any definition;
/// names that are not registered are left out.
pub fn topological_sort(definition: &Definition) -> Vec<String> {
    let outline = Outline::new(definition);
    let pairs = outline.unconditional_pairs(&|from, to| from >= FIRST_NODE && to >= FIRST_NODE);
    let arcs = Arcs::new(outline.names.len(), &pairs);
    let groups = Groups::new(&outline, &components(&arcs));

    // Kahn's algorithm over the components.
    let mut waits_for = vec![0_u32; groups.members.len()];
    for (from, to) in &pairs {
        let target = groups.of[*to as usize];
        waits_for[target as usize] += u32::from(groups.of[*from as usize] != target);
    }
    let mut ready = BinaryHeap::new();
    for (group, count) in waits_for.iter().enumerate() {
        if *count == 0 {
            ready.push(Reverse(group as u32));
        }
    }
    let mut sorted = vec![START.to_owned()];
    while let Some(Reverse(group)) = ready.pop() {
        for member in &groups.members[group as usize] {
            if *member < outline.known {
                sorted.push(outline.name(*member).to_owned());
            }
            for target in arcs.of(*member) {
                let target = groups.of[*target as usize];
                if target != group {
                    waits_for[target as usize] -= 1;
                    if waits_for[target as usize] == 0 {
                        ready.push(Reverse(target));
                    }
                }
            }
        }
    }
    sorted.push(END.to_owned());
    sorted
}

/// The strongly connected components without START and END: first single nodes, then cycles, each by their first name.
/// What is ready first in this order comes first.
struct Groups {
    /// By vertex.
    of: Vec<u32>,
    /// In lexicographic order.
    members: Vec<Vec<Vertex>>,
}

impl Groups {
    fn new(outline: &Outline, component: &[u32]) -> Self {
        let names = |left: u32, right: u32| outline.name(left + FIRST_NODE).cmp(outline.name(right + FIRST_NODE));
        let mut by_name = sorted_positions(outline.names.len() - FIRST_NODE as usize, &names);
        by_name.iter_mut().for_each(|vertex| *vertex += FIRST_NODE);
        let mut sizes = vec![0_u32; component.len()];
        for vertex in &by_name {
            sizes[component[*vertex as usize] as usize] += 1;
        }
        let mut numbers = vec![u32::MAX; component.len()];
        let mut of = vec![u32::MAX; outline.names.len()];
        let mut members: Vec<Vec<Vertex>> = Vec::new();
        for is_cycle in [false, true] {
            for vertex in &by_name {
                let at = component[*vertex as usize] as usize;
                if (sizes[at] > 1) != is_cycle {
                    continue;
                }
                if numbers[at] == u32::MAX {
                    numbers[at] = members.len() as u32;
                    members.push(Vec::new());
                }
                of[*vertex as usize] = numbers[at];
                members[numbers[at] as usize].push(*vertex);
            }
        }
        Self { of, members }
    }
}
