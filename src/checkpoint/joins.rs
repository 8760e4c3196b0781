//! Joins in records. A join has no name: it is known by its target and its sources, so records survive a graph whose joins or
//! nodes come in another order. One that the graph no longer has is left out.

use super::Names;
use super::codec::{Reader, Writer};
use crate::collected::collected;
use crate::events::LostJoin;
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
    let sources = read_sources(from, names);
    find_join(program, target, &sources)
}

fn read_sources(from: &mut Reader<'_>, names: &Names) -> Vec<NodeId> {
    from.list(|from| names.read_node(from))
}

fn find_join(program: &Program, target: NodeId, sources: &[NodeId]) -> Option<JoinId> {
    let mut candidates = sources.first()?.index().and_then(|index| program.nodes.get(index))?.joins.iter().copied();
    candidates.find(|join| {
        let join = &program.joins[*join as usize];
        join.target == target
            && join.sources.len() == sources.len()
            && sources.iter().all(|source| join.sources.binary_search(source).is_ok())
    })
}

/// Each join, with which sources have run since it last fired; `None`: none has.
pub fn write_joins(to: &mut Writer, names: &mut Names, program: &Program, arrivals: Option<&[Vec<bool>]>) {
    to.len(program.joins.len());
    for (id, join) in (0u32..).zip(&program.joins) {
        write_join(to, names, program, id);
        let arrived = arrivals.and_then(|arrivals| arrivals.get(id as usize));
        let there = collected(join.sources.iter().zip(arrived.into_iter().flatten()).filter(|(_, has)| **has).map(|(source, _)| *source));
        to.len(there.len());
        for source in there {
            names.write_node(to, source);
        }
    }
}

/// Returns those that this graph lacks.
pub fn read_joins(from: &mut Reader<'_>, names: &Names, program: &Program, arrivals: &mut [Vec<bool>]) -> Vec<LostJoin> {
    let mut lost = Vec::new();
    for _ in 0..from.len() {
        let target = names.read_node(from);
        let sources = read_sources(from, names);
        let there = read_sources(from, names);
        match find_join(program, target, &sources).map(|join| join as usize) {
            Some(join) => {
                for position in there.iter().filter_map(|source| program.joins[join].sources.binary_search(source).ok()) {
                    arrivals[join][position] = true;
                }
            }
            None => lost.push(LostJoin { target, sources: collected(sources.into_iter().map(|source| (source, there.contains(&source)))) }),
        }
    }
    lost
}
