//! GRAPH_UNKNOWN_NODE: names that no node has, each reported once with the place of its first mention.

use super::arcs::Vertex;
use super::outline::{FIRST_NODE, Outline};
use super::problem::{GraphErrorCode, Problem};
use super::suggestion::Suggestions;
use super::wording::quote;
use crate::collected::collected;
use crate::text::text;

/// The first place where an unknown name stands, and how many there are.
#[derive(Clone, Copy, Default)]
struct Mentions {
    place: &'static str,
    /// The node at the other end.
    other: Option<Vertex>,
    count: u32,
}

/// Returns for every vertex the one that was probably meant: itself, unless it is unknown and a registered name is close.
pub(super) fn check(outline: &Outline, problems: &mut Vec<Problem>) -> Vec<Vertex> {
    let mut suggestions = Suggestions::new();
    let mut meant = collected(0..outline.known);
    for mentions in mentions(outline) {
        let unknown = meant.len() as Vertex;
        let close = suggestions.closest(outline.name(unknown), outline);
        let remedy = match close.map(|vertex| (vertex, quote(outline.name(vertex)))) {
            Some((vertex, close)) if vertex < FIRST_NODE => {
                text!["did you mean the constant ", close, "?"]
            }
            Some((_, close)) => text!["did you mean ", close, "?"],
            None => "add it with addNode, or correct the name".to_owned(),
        };
        let name = quote(outline.name(unknown));
        let place = mentions.place;
        let other = mentions.other.map(|other| quote(outline.name(other)));
        let more = match mentions.count {
            0 | 1 => String::new(),
            count => text![" and ", count - 1, " more"],
        };
        let message = text!["there is no node ", name, " (", place, other, more, "); ", remedy];
        let nodes = [outline.name(unknown)];
        problems.push(Problem::new(GraphErrorCode::UnknownNode, &nodes, message));
        meant.push(close.unwrap_or(unknown));
    }
    meant
}

/// Of every unknown vertex, in their order.
fn mentions(outline: &Outline) -> Vec<Mentions> {
    let mut all = vec![Mentions::default(); outline.names.len() - outline.known as usize];
    let mut note = |vertex: Vertex, place: &'static str, other: Option<Vertex>| {
        if vertex >= outline.known {
            let mentions = &mut all[(vertex - outline.known) as usize];
            if mentions.count == 0 {
                *mentions = Mentions { place, other, count: 0 };
            }
            mentions.count += 1;
        }
    };
    for edge in &outline.edges {
        for source in &edge.sources {
            note(*source, "the source of the edge to ", Some(edge.target));
        }
        match edge.sources.first() {
            Some(source) => note(edge.target, "the target of the edge from ", Some(*source)),
            None => note(edge.target, "the target of a join", None),
        }
    }
    for route in &outline.routes {
        note(route.source, "the source of a conditional edge", None);
        for target in &route.targets {
            note(*target, "a target of the route of ", Some(route.source));
        }
    }
    for node in &outline.nodes {
        for target in &node.targets {
            note(*target, "among the targets of node ", Some(node.vertex));
        }
    }
    all
}
