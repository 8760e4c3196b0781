//! How an execution started, and what a completed step did, in records.

use super::codec::{Reader, Writer};
use super::entries::{read_channels, read_frontier, read_loads, read_nodes, read_result};
use super::entries::{write_channels, write_frontier, write_loads, write_nodes, write_result};
use super::joins::{read_joins, write_joins};
use super::migration::v1;
use super::{Names, Progress};
use crate::events::{Entry, RunStart, StepReport};
use crate::graph::Program;
use crate::state::{TaskResult, Value};
use std::rc::Rc;

const IS_LOSSY: u8 = 1;
const OPENS_BRANCH: u8 = 2;
const IS_OTHER_GRAPH: u8 = 4;

pub fn write_start(to: &mut Writer, names: &mut Names, program: &Program, start: &RunStart) {
    to.text(&start.run_id);
    to.bool(start.is_resumed);
    to.number(start.seed);
    to.number(start.graph_hash);
    write_result(to, names, &start.input);
    write_channels(to, names, &start.updated);
    write_loads(to, names, &start.reduced);
    to.bool(start.frontier.is_some());
    if let Some(frontier) = &start.frontier {
        write_frontier(to, names, program, frontier);
    }
    write_nodes(to, names, &start.abandoned);
    to.option(start.metadata.as_ref());
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    to.byte(flag(start.is_lossy, IS_LOSSY) | flag(start.opens_branch, OPENS_BRANCH) | flag(start.is_other_graph, IS_OTHER_GRAPH));
    if start.is_other_graph {
        write_joins(to, names, program, None);
    }
}

/// A sub-graph's.
pub fn write_opening(to: &mut Writer, names: &mut Names, program: &Program, start: &RunStart) {
    to.len(start.input.parts.len());
    start.input.parts.iter().for_each(|part| write_result(to, names, part));
    write_channels(to, names, &start.updated);
    write_loads(to, names, &start.reduced);
    write_frontier(to, names, program, start.frontier.as_deref().unwrap_or_default());
}

pub fn read_opening(from: &mut Reader<'_>, names: &Names, program: &Program) -> RunStart {
    let parts = from.list(|from| Rc::new(read_result(from, names)));
    RunStart {
        input: TaskResult { parts, ..TaskResult::default() },
        updated: read_channels(from, names),
        reduced: read_loads(from, names),
        frontier: Some(read_frontier(from, names, program)),
        ..RunStart::default()
    }
}

pub fn read_start(from: &mut Reader<'_>, names: &Names, program: &Program) -> RunStart {
    let start = RunStart {
        run_id: from.text(),
        is_resumed: from.bool(),
        seed: from.number(),
        graph_hash: from.number(),
        input: read_result(from, names),
        updated: read_channels(from, names),
        reduced: read_loads(from, names),
        frontier: if from.bool() { Some(read_frontier(from, names, program)) } else { None },
        abandoned: read_nodes(from, names),
        metadata: from.option(),
        is_lossy: false,
        opens_branch: false,
        is_other_graph: false,
        lost_joins: Vec::new(),
    };
    let flags = if v1::wrote(from) { v1::START_FLAGS } else { from.byte() };
    let is_other_graph = flags & IS_OTHER_GRAPH != 0;
    let lost_joins = if is_other_graph { read_joins(from, names, program, &mut Progress::new(program).arrivals) } else { Vec::new() };
    RunStart { is_lossy: flags & IS_LOSSY != 0, opens_branch: flags & OPENS_BRANCH != 0, is_other_graph, lost_joins, ..start }
}

/// With the next frontier and the reduced values that are given: those of the report, or none.
pub fn write_report(to: &mut Writer, names: &mut Names, program: &Program, report: &StepReport, next: &[Entry], reduced: &[(u32, Value)]) {
    to.number(report.step);
    write_nodes(to, names, &report.ran);
    write_nodes(to, names, &report.skipped);
    write_channels(to, names, &report.updated);
    write_frontier(to, names, program, next);
    write_loads(to, names, reduced);
    to.number(report.errors);
}

/// Without `versions`, which follow from what changed; `Session` fills them in.
pub fn read_report(from: &mut Reader<'_>, names: &Names, program: &Program) -> StepReport {
    let step = from.step();
    let ran = read_nodes(from, names);
    let skipped = read_nodes(from, names);
    StepReport {
        step,
        ran,
        skipped,
        updated: read_channels(from, names),
        next: read_frontier(from, names, program),
        versions: Vec::new(),
        reduced: read_loads(from, names),
        errors: from.small(),
    }
}
