//! All rules, in the order in which their problems are reported.

use super::definition::Definition;
use super::outline::Outline;
use super::problem::Problem;
use super::{channels, cycles, edges, nodes, reachability, unknown};

/// Every problem of a graph; empty means that [`super::Program::compile`] succeeds.
///
/// The order depends on the definition only: nodes, channels, edges, routes, unknown names, then the graph as a whole. One
/// cause is reported once: what follows from a name that is reported as unknown is not reported beside it.
pub fn validate(definition: &Definition) -> Vec<Problem> {
    problems_of(definition, &Outline::new(definition))
}

pub(super) fn problems_of(definition: &Definition, outline: &Outline) -> Vec<Problem> {
    let mut problems = Vec::new();
    nodes::check(definition, outline, &mut problems);
    channels::check(definition, &mut problems);
    edges::check(definition, outline, &mut problems);
    let meant = unknown::check(outline, &mut problems);
    cycles::check(definition, outline, &mut problems);
    reachability::check(outline, &meant, &mut problems);
    problems
}
