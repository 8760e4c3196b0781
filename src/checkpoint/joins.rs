//! Joins in records. A join has no name: it is known by its target and its sources, so records survive a graph whose joins or
//! nodes come in another order. One that the graph no longer has is left out.

use super::Names;
use super::codec::{Reader, Writer};
use crate::collected::collected;
use crate::graph::{JoinId, NodeId, Program};

pub fn write_join(to: &mut Writer, names: &mut Names, program: &Program, join: JoinId) {
    let Some(join) = program.joins.get(join as usize) else { return };
    names.write_node(to, join.target);
    to.len(join.sources.len());
    for source in &join.sources {
        names.write_node(to, *source);
    }
}

pub fn read_join(from: &mut Reader<'_>, names: &Names, program: &Program) -> Option<JoinId> {
    let target = names.read_node(from);
    let sources = from.list(|from| names.read_node(from));
    let mut candidates = sources.first()?.index().and_then(|index| program.nodes.get(index))?.joins.iter().copied();
    candidates.find(|join| {
        let join = &program.joins[*join as usize];
        join.target == target
            && join.sources.len() == sources.len()
            && sources.iter().all(|source| join.sources.binary_search(source).is_ok())
    })
}

/// Of each join that has begun to wait: which sources have run since it last fired.
pub fn write_arrivals(to: &mut Writer, names: &mut Names, program: &Program, arrivals: &[Vec<bool>]) {
    let begun = collected((0u32..).zip(arrivals).filter(|(_, arrived)| arrived.contains(&true)));
    to.len(begun.len());
    for (join, arrived) in begun {
        write_join(to, names, program, join);
        let sources = &program.joins[join as usize].sources;
        let there = collected(sources.iter().zip(arrived).filter(|(_, has)| **has).map(|(source, _)| *source));
        to.len(there.len());
        for source in there {
            names.write_node(to, source);
        }
    }
}

pub fn read_arrivals(from: &mut Reader<'_>, names: &Names, program: &Program, arrivals: &mut [Vec<bool>]) {
    for _ in 0..from.len() {
        let join = read_join(from, names, program);
        let there: Vec<NodeId> = from.list(|from| names.read_node(from));
        let Some(join) = join.map(|join| join as usize) else { continue };
        for position in there.iter().filter_map(|source| program.joins[join].sources.binary_search(source).ok()) {
            arrivals[join][position] = true;
        }
    }
}
