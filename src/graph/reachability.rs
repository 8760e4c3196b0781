//! Rules of the graph as a whole: GRAPH_MISSING_ENTRY, GRAPH_UNREACHABLE, GRAPH_NO_PATH_TO_END.
//!
//! They look at what the definition says: plain and join edges (a join from each of its sources), declared targets of
//! routes, `targets` of nodes. A `goto` or `send` to a node that is not in `targets` is not known here. So:
//! - a node that is only entered by such a `goto` is unreachable, and one that is only left by it has no path to END;
//!   both are cured by `targets` on the node that goes;
//! - a route without declared targets may go anywhere. If one can be reached, no node is unreachable for certain and none
//!   is reported as such; its source can reach END;
//! - a node without any way out would end the run silently, so it is reported: END is written down.
//!
//! Names that are not registered are reported elsewhere, and what follows from them is not repeated here: one that was
//! probably meant for a registered node stands for that node; another one, once reached, may lead anywhere and reach END,
//! and what it leads to counts as reached.

use super::arcs::{Arcs, Vertex};
use super::outline::{END_VERTEX, Outline, START_VERTEX};
use super::problem::{GraphErrorCode, Problem};
use super::wording::list;
use crate::collected::collected;
use crate::text::text;

/// `meant` says which vertex each vertex stands for.
pub(super) fn check(outline: &Outline, meant: &[Vertex], problems: &mut Vec<Problem>) {
    let survey = Survey::new(outline, meant);
    survey.check_entry(problems);
    survey.check_unreachable(problems);
    survey.check_no_path(problems);
}

struct Survey<'a> {
    outline: &'a Outline<'a>,
    pairs: Vec<(Vertex, Vertex)>,
    arcs: Arcs,
    /// Unknown names that stand for themselves.
    strangers: Vec<Vertex>,
    /// Sources of routes without declared targets.
    open: Vec<Vertex>,
    has_entry: bool,
    /// From START, as far as declared.
    reached: Vec<bool>,
    /// Something reached may lead anywhere, or nothing is known to be first: any node may be reached.
    is_unbounded: bool,
}

impl<'a> Survey<'a> {
    fn new(outline: &'a Outline<'a>, meant: &[Vertex]) -> Self {
        let mut pairs = outline.declared_pairs();
        for (from, to) in &mut pairs {
            (*from, *to) = (meant[*from as usize], meant[*to as usize]);
        }
        let count = outline.names.len();
        let arcs = Arcs::new(count, &pairs);
        let mut is_target = vec![false; count];
        for (_, to) in &pairs {
            is_target[*to as usize] = true;
        }
        let mut has_entry = !arcs.of(START_VERTEX).is_empty();
        let mut open = Vec::new();
        for route in &outline.routes {
            let source = meant[route.source as usize];
            has_entry |= source == START_VERTEX;
            if route.is_open {
                open.push(source);
            }
        }
        let strangers = collected((outline.known..count as Vertex).filter(|name| meant[*name as usize] == *name));

        let mut roots = vec![START_VERTEX];
        roots.extend(strangers.iter().filter(|name| !is_target[**name as usize]));
        for edge in outline.edges.iter().filter(|edge| edge.sources.is_empty()) {
            roots.push(meant[edge.target as usize]);
        }
        let reached = arcs.reached_from(roots);
        let is_unbounded = !has_entry
            || open.iter().any(|source| reached[*source as usize])
            || strangers.iter().any(|name| reached[*name as usize] && is_target[*name as usize]);
        Self { outline, pairs, arcs, strangers, open, has_entry, reached, is_unbounded }
    }

    fn check_entry(&self, problems: &mut Vec<Problem>) {
        if !self.has_entry {
            let message = "nothing leads from START; add an edge or a conditional edge from START to the first node";
            let nodes = self.outline.names_of(&[START_VERTEX]);
            problems.push(Problem::new(GraphErrorCode::MissingEntry, &nodes, message.to_owned()));
        }
    }

    /// One problem for all of them, so that a detached part of the graph is one line.
    fn check_unreachable(&self, problems: &mut Vec<Problem>) {
        if self.is_unbounded {
            return;
        }
        let lost = self.outline.nodes_where(&|node| !self.reached[node as usize]);
        let nodes = self.outline.names_of(&lost);
        if nodes.is_empty() {
            return;
        }
        let message = text![
            "nothing leads from START to ",
            list(&nodes, ", "),
            "; add an edge, or name the node in the targets of a route or of the node that goes there"
        ];
        problems.push(Problem::new(GraphErrorCode::Unreachable, &nodes, message));
    }

    /// One problem for all of them; the message points at those that have no way out at all.
    fn check_no_path(&self, problems: &mut Vec<Problem>) {
        let outline = self.outline;
        let mut roots = self.open.clone();
        roots.push(END_VERTEX);
        roots.extend(&self.strangers);
        let turned = collected(self.pairs.iter().map(|(from, to)| (*to, *from)));
        let can_end = Arcs::new(outline.names.len(), &turned).reached_from(roots);
        let is_reached = |node: Vertex| self.is_unbounded || self.reached[node as usize];
        let stuck = outline.nodes_where(&|node| is_reached(node) && !can_end[node as usize]);
        if stuck.is_empty() {
            return;
        }
        let nodes = outline.names_of(&stuck);
        let without_exit = collected(stuck.into_iter().filter(|node| self.arcs.of(*node).is_empty()));
        let without_exit = outline.names_of(&without_exit);
        let cause = if without_exit.is_empty() {
            "they only lead to one another; add an edge to END or a conditional edge".to_owned()
        } else {
            text![
                "nothing leaves ",
                list(&without_exit, ", "),
                "; add an edge to END or to another node, or name in its targets where it goes"
            ]
        };
        let message = text!["END cannot be reached from ", list(&nodes, ", "), ": ", cause];
        problems.push(Problem::new(GraphErrorCode::NoPathToEnd, &nodes, message));
    }
}
