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
#[inline(never)]
pub fn topological_sort(definition: &Definition) -> Vec<String> {
    let outline = Outline::new(definition);
    let mut pairs = outline.unconditional_pairs();
    pairs.retain(|(from, to)| *from >= FIRST_NODE && *to >= FIRST_NODE);
    let arcs = Arcs::new(outline.names.len(), &pairs);
    let groups = Groups::new(&outline, &components(&arcs));

    // Kahn's algorithm over the components.
    let mut waits_for = vec![0_u32; groups.members.len()];
    for (from, to) in &pairs {
        let target = groups.of[*to as usize];
        waits_for[target as usize] += u32::from(groups.of[*from as usize] != target);
    }
    let mut ready: BinaryHeap<_> = (0..groups.members.len() as u32)
        .filter(|group| waits_for[*group as usize] == 0)
        .map(|group| Reverse(groups.key(group)))
        .collect();
    let mut sorted = vec![START.to_owned()];
    while let Some(Reverse((_, group))) = ready.pop() {
        for member in &groups.members[group as usize] {
            if outline.is_known(*member) {
                sorted.push(outline.name(*member).to_owned());
            }
            for target in arcs
                .of(*member)
                .iter()
                .map(|target| groups.of[*target as usize])
            {
                if target != group {
                    waits_for[target as usize] -= 1;
                    if waits_for[target as usize] == 0 {
                        ready.push(Reverse(groups.key(target)));
                    }
                }
            }
        }
    }
    sorted.push(END.to_owned());
    sorted
}

/// The strongly connected components without START and END, numbered by their first name.
struct Groups {
    /// By vertex.
    of: Vec<u32>,
    /// In lexicographic order.
    members: Vec<Vec<Vertex>>,
}

impl Groups {
    fn new(outline: &Outline, component: &[u32]) -> Self {
        let names = |left: Vertex, right: Vertex| outline.name(left).cmp(outline.name(right));
        let mut by_name = sorted_positions(outline.names.len(), &names);
        by_name.retain(|vertex| *vertex >= FIRST_NODE);
        let mut numbers = vec![u32::MAX; component.len()];
        let mut of = vec![u32::MAX; outline.names.len()];
        let mut members: Vec<Vec<Vertex>> = Vec::new();
        for vertex in by_name {
            let number = &mut numbers[component[vertex as usize] as usize];
            if *number == u32::MAX {
                *number = members.len() as u32;
                members.push(Vec::new());
            }
            of[vertex as usize] = *number;
            members[*number as usize].push(vertex);
        }
        Self { of, members }
    }

    /// What is ready earlier in this order comes first; cycles come last.
    fn key(&self, group: u32) -> (bool, u32) {
        (self.members[group as usize].len() > 1, group)
    }
}
