//! GRAPH_UNKNOWN_NODE: names that no node has, each reported once with the place of its first mention.

use super::arcs::Vertex;
use super::outline::{FIRST_NODE, Outline};
use super::problem::{GraphErrorCode, Problem};
use super::suggestion::Suggestions;
use super::wording::quote;

/// Where an unknown name stands.
#[derive(Clone, Copy)]
enum Mention {
    EdgeTo(Vertex),
    JoinOfNone,
    EdgeFrom(Vertex),
    RouteOf,
    TargetOfRoute(Vertex),
    TargetOfNode(Vertex),
}

/// Returns for every vertex the one that was probably meant: itself, unless it is unknown and a registered name is close.
#[inline(never)]
pub(super) fn check(outline: &Outline, problems: &mut Vec<Problem>) -> Vec<Vertex> {
    let mut suggestions = Suggestions::new();
    let mut meant: Vec<Vertex> = (0..outline.known).collect();
    for (mention, count) in mentions(outline) {
        let unknown = meant.len() as Vertex;
        let name = outline.name(unknown);
        let close = suggestions.closest(name, outline);
        meant.push(close.unwrap_or(unknown));
        let remedy = match close.map(|vertex| (vertex, quote(outline.name(vertex)))) {
            Some((vertex, close)) if vertex < FIRST_NODE => {
                format!("did you mean the constant {close}?")
            }
            Some((_, close)) => format!("did you mean {close}?"),
            None => "add it with addNode, or correct the name".to_owned(),
        };
        let place = mention
            .map(|mention| mention.place(outline))
            .unwrap_or_default();
        let more = if count > 1 {
            format!(" and {} more", count - 1)
        } else {
            String::new()
        };
        let message = format!("there is no node {} ({place}{more}); {remedy}", quote(name));
        problems.push(Problem::new(GraphErrorCode::UnknownNode, &[name], message));
    }
    meant
}

impl Mention {
    fn place(self, outline: &Outline) -> String {
        let (text, other) = match self {
            Self::JoinOfNone => return "the target of a join".to_owned(),
            Self::RouteOf => return "the source of a conditional edge".to_owned(),
            Self::EdgeTo(target) => ("the source of the edge to", target),
            Self::EdgeFrom(source) => ("the target of the edge from", source),
            Self::TargetOfRoute(source) => ("a target of the route of", source),
            Self::TargetOfNode(node) => ("among the targets of node", node),
        };
        format!("{text} {}", quote(outline.name(other)))
    }
}

/// By unknown vertex: its first mention and how many there are.
fn mentions(outline: &Outline) -> Vec<(Option<Mention>, u32)> {
    let mut found = vec![(None, 0); outline.names.len() - outline.known as usize];
    let mut note = |vertex: Vertex, mention: Mention| {
        if !outline.is_known(vertex) {
            let (first, count) = &mut found[(vertex - outline.known) as usize];
            first.get_or_insert(mention);
            *count += 1;
        }
    };
    for edge in &outline.edges {
        for source in &edge.sources {
            note(*source, Mention::EdgeTo(edge.target));
        }
        note(
            edge.target,
            edge.sources
                .first()
                .map_or(Mention::JoinOfNone, |first| Mention::EdgeFrom(*first)),
        );
    }
    for route in &outline.routes {
        note(route.source, Mention::RouteOf);
        for target in &route.targets {
            note(*target, Mention::TargetOfRoute(route.source));
        }
    }
    for node in &outline.nodes {
        for target in &node.targets {
            note(*target, Mention::TargetOfNode(node.vertex));
        }
    }
    found
}
