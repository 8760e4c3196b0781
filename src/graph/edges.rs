//! Rules of single edges, joins and routes: GRAPH_INVALID_JOIN, GRAPH_EDGE_FROM_END, GRAPH_EDGE_TO_START,
//! GRAPH_DUPLICATE_EDGE, and GRAPH_INVALID for routes. Their names may still be unknown.

use super::arcs::Vertex;
use super::definition::{Definition, EdgeDefinition, RouteDefinition};
use super::numbering::Tally;
use super::outline::{END_VERTEX, EdgeLinks, Outline, RouteLinks, START_VERTEX};
use super::problem::{GraphErrorCode, Problem};
use super::sorting::{sorted_positions, sorted_set};
use super::wording::{list, quote};
use crate::text::text;

pub(super) fn check(definition: &Definition, outline: &Outline, problems: &mut Vec<Problem>) {
    let mut rules = Rules { outline, problems };
    let occurrences = occurrences(definition, outline);
    for (index, (edge, links)) in definition.edges.iter().zip(&outline.edges).enumerate() {
        match occurrences[index] {
            1 => rules.check_edge(edge, links),
            2 => rules.report_duplicate(edge, links),
            _ => {}
        }
    }
    for (route, links) in definition.routes.iter().zip(&outline.routes) {
        rules.check_route(route, links);
    }
    for node in &outline.nodes {
        if node.targets.contains(&START_VERTEX) {
            rules.report_to_start(&[node.vertex], "among the targets of node");
        }
    }
}

/// For each edge 1, or 2, 3… if it repeats an earlier one. The sources of a join are a set.
fn occurrences(definition: &Definition, outline: &Outline) -> Vec<u32> {
    let mut keys: Vec<Vec<Vertex>> = Vec::with_capacity(outline.edges.len());
    for (edge, links) in definition.edges.iter().zip(&outline.edges) {
        let mut key = sorted_set(&links.sources);
        key.extend([links.target, Vertex::from(edge.join)]);
        keys.push(key);
    }
    let key = |position: u32| &keys[position as usize];
    let order = |left: u32, right: u32| key(left).cmp(key(right));
    let mut occurrences = vec![1; keys.len()];
    let mut before = None;
    for position in sorted_positions(keys.len(), &order) {
        if let Some(before) = before.filter(|before| key(*before) == key(position)) {
            occurrences[position as usize] = occurrences[before as usize] + 1;
        }
        before = Some(position);
    }
    occurrences
}

struct Rules<'a, 'b> {
    outline: &'b Outline<'a>,
    problems: &'b mut Vec<Problem>,
}

impl Rules<'_, '_> {
    fn report(&mut self, code: GraphErrorCode, nodes: &[&str], message: String) {
        self.problems.push(Problem::new(code, nodes, message));
    }

    fn check_edge(&mut self, edge: &EdgeDefinition, links: &EdgeLinks) {
        if edge.join || edge.from.len() != 1 {
            self.check_sources(edge, links);
        } else if links.sources.contains(&END_VERTEX) {
            let nodes = self.outline.names_of(&[END_VERTEX, links.target]);
            let message = text!["an edge leads from END to ", quote(&edge.to), "; nothing runs after END, remove it"];
            self.report(GraphErrorCode::EdgeFromEnd, &nodes, message);
        }
        if links.target == START_VERTEX {
            let place = if edge.join { "the target of the join of" } else { "the target of the edge from" };
            self.report_to_start(&links.sources, place);
        }
    }

    /// START has run before anything arrives and END never runs, so a join cannot wait for them. One code covers both:
    /// END among the sources of a join is not also GRAPH_EDGE_FROM_END.
    fn check_sources(&mut self, edge: &EdgeDefinition, links: &EdgeLinks) {
        let outline = self.outline;
        let target = quote(&edge.to);
        let code = GraphErrorCode::InvalidJoin;
        if !edge.join {
            let message = text!["the edge to ", target, " has ", edge.from.len(), " sources; give it one, or make it a join"];
            return self.report(code, &[&edge.to], message);
        }
        if edge.from.is_empty() {
            let message = text!["the join to ", target, " has no sources; name the nodes that it waits for"];
            return self.report(code, &[&edge.to], message);
        }
        let sources = sorted_set(&links.sources);
        for source in sources.iter().copied().filter(|source| *source <= END_VERTEX) {
            let nodes = outline.names_of(&[source, links.target]);
            let remedy =
                if source == START_VERTEX { "a join waits for nodes, give START an edge of its own" } else { "END never runs, remove it" };
            let message = text!["the join to ", target, " has ", quote(outline.name(source)), " among its sources; ", remedy];
            self.report(code, &nodes, message);
        }
        let mut seen = Tally::default();
        let mut nodes = Vec::new();
        for (name, source) in edge.from.iter().zip(&links.sources) {
            if seen.count(name) == 2 && *source > END_VERTEX {
                nodes.push(name.as_str());
            }
        }
        if !nodes.is_empty() {
            let message = text!["the join to ", target, " names ", list(&nodes, ", "), " more than once; name each source once"];
            nodes.push(&edge.to);
            self.report(code, &nodes, message);
        }
    }

    fn report_duplicate(&mut self, edge: &EdgeDefinition, links: &EdgeLinks) {
        let mut nodes = self.outline.names_of(&links.sources);
        let what = if edge.join { "join" } else { "edge" };
        let message = text!["the ", what, " from ", list(&nodes, ", "), " to ", quote(&edge.to), " is added more than once; keep one"];
        nodes.push(&edge.to);
        self.report(GraphErrorCode::DuplicateEdge, &nodes, message);
    }

    fn report_to_start(&mut self, sources: &[Vertex], place: &str) {
        let mut nodes = self.outline.names_of(sources);
        let message = text!["START is ", place, " ", list(&nodes, ", "), "; it is a source only, name the node to go to"];
        nodes.push(self.outline.name(START_VERTEX));
        self.report(GraphErrorCode::EdgeToStart, &nodes, message);
    }

    fn check_route(&mut self, route: &RouteDefinition, links: &RouteLinks) {
        let from = quote(&route.from);
        if links.source == END_VERTEX {
            let message = "a conditional edge starts at END; nothing runs after END, remove it".to_owned();
            self.report(GraphErrorCode::EdgeFromEnd, &[&route.from], message);
        }
        if !route.is_function {
            let message = text!["the route of ", from, " is not a function; give addConditionalEdge a function of (state)"];
            self.report(GraphErrorCode::Invalid, &[&route.from], message);
        }
        if !route.problem.is_empty() {
            let message = text!["the route of ", from, ": ", route.problem];
            self.report(GraphErrorCode::Invalid, &[&route.from], message);
        }
        if links.targets.contains(&START_VERTEX) {
            self.report_to_start(&[links.source], "a target of the route of");
        }
        let mut seen = Tally::default();
        for (label, _) in route.targets.iter().flatten() {
            if seen.count(label) == 2 {
                let message = text!["the route of ", from, " declares the target ", quote(label), " more than once; keep one"];
                self.report(GraphErrorCode::Invalid, &[&route.from], message);
            }
        }
    }
}
