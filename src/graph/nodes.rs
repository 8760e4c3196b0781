//! Rules of single nodes: GRAPH_RESERVED_NAME, GRAPH_INVALID_NAME, GRAPH_DUPLICATE_NODE, and GRAPH_INVALID for options.

use super::arcs::Vertex;
use super::definition::{Definition, NodeDefinition};
use super::outline::{FIRST_NODE, Outline};
use super::problem::{GraphErrorCode, Problem};
use super::wording::quote;
use crate::text::text;

/// In bytes of UTF-8.
const MAX_NAME_BYTES: usize = 256;

/// Levels of sub-graphs: far more than a run enters, and so few that what follows them may recurse.
const MAX_DEPTH: u32 = 100;

pub(super) fn check(definition: &Definition, outline: &Outline, problems: &mut Vec<Problem>) {
    let mut counts = vec![0_u32; outline.known as usize];
    for (node, links) in definition.nodes.iter().zip(&outline.nodes) {
        let count = &mut counts[links.vertex as usize];
        *count += 1;
        if *count == 1 {
            check_name(&node.id, links.vertex, problems);
        }
        if *count == 2 && links.vertex >= FIRST_NODE {
            let name = quote(&node.id);
            let message = text!["node ", name, " is added more than once; keep one or rename it"];
            problems.push(Problem::new(GraphErrorCode::DuplicateNode, &[&node.id], message));
        }
        check_options(node, problems);
    }
}

fn check_name(name: &str, vertex: Vertex, problems: &mut Vec<Problem>) {
    let mut report = |code, message| problems.push(Problem::new(code, &[name], message));
    if vertex < FIRST_NODE {
        let message = text!["`", name, "` is the name of ", quote(name), "; give the node another name"];
        report(GraphErrorCode::ReservedName, message);
    } else if name.is_empty() {
        let message = "a node has an empty name; give it one".to_owned();
        report(GraphErrorCode::InvalidName, message);
    }
    if name.len() > MAX_NAME_BYTES {
        let message = text!["the name of node ", quote(name), " takes ", name.len(), " bytes; shorten it to at most ", MAX_NAME_BYTES];
        report(GraphErrorCode::InvalidName, message);
    }
    if name.chars().any(char::is_control) {
        let message = text!["the name of node ", quote(name), " has control characters; remove them"];
        report(GraphErrorCode::InvalidName, message);
    }
}

fn check_options(node: &NodeDefinition, problems: &mut Vec<Problem>) {
    let mut report = |what: String| {
        let message = text!["node ", quote(&node.id), ": ", what];
        problems.push(Problem::new(GraphErrorCode::Invalid, &[&node.id], message));
    };
    if node.graph.as_ref().is_some_and(|graph| graph.depth >= MAX_DEPTH) {
        report(text!["sub-graphs are nested more than ", MAX_DEPTH, " levels deep; flatten some"]);
    }
    if !node.is_function && node.graph.is_none() {
        report("what runs is not a function; give addNode a function of (state, ctx)".to_owned());
    }
    if !node.problem.is_empty() {
        report(node.problem.clone());
    }
    if let Some(run_when) = node.run_when.as_deref().filter(|text| !is_run_when(text)) {
        report(text!["runWhen is ", quote(run_when), "; give 'changed' or 'always'"]);
    }
    let retry = node.retry.as_ref();
    let numbers = [
        ("retry.maxAttempts", retry.map(|retry| retry.max_attempts), Range::Count),
        ("retry.initialDelayMs", retry.map(|retry| retry.initial_delay_ms), Range::NotNegative),
        ("retry.factor", retry.map(|retry| retry.factor), Range::AtLeastOne),
        ("retry.maxDelayMs", retry.map(|retry| retry.max_delay_ms), Range::NotNegative),
        ("retry.jitter", retry.map(|retry| retry.jitter), Range::Fraction),
        ("timeoutMs", node.timeout_ms, Range::Positive),
        ("concurrency", node.concurrency, Range::Count),
    ];
    for (option, value, range) in numbers {
        if value.is_some_and(|value| !range.holds(value)) {
            report(text![option, " is not ", range.text()]);
        }
    }
}

fn is_run_when(text: &str) -> bool {
    text == "changed" || text == "always"
}

/// What an option's number may be. NaN and infinity are in none.
#[derive(Clone, Copy)]
enum Range {
    Count,
    Positive,
    NotNegative,
    AtLeastOne,
    Fraction,
}

impl Range {
    fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Count => value >= 1.0 && value.fract() == 0.0,
                Self::Positive => value > 0.0,
                Self::NotNegative => value >= 0.0,
                Self::AtLeastOne => value >= 1.0,
                Self::Fraction => (0.0..=1.0).contains(&value),
            }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Count => "an integer of at least 1",
            Self::Positive => "a finite number above 0",
            Self::NotNegative => "a finite number of at least 0",
            Self::AtLeastOne => "a finite number of at least 1",
            Self::Fraction => "a number from 0 to 1",
        }
    }
}
