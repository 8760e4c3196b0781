//! The definition with every name resolved to a number. Owns the numbering; judges nothing.
//!
//! Vertices: START is 0, END is 1, then the registered nodes in the order in which they were first added, then the names
//! that are mentioned but not registered. So a name is unknown exactly when its vertex is at least `known`, and in a
//! definition without problems vertex `v` is node `v - FIRST_NODE`.

use super::arcs::Vertex;
use super::definition::{Definition, END, START};
use super::numbering::Numbering;
use crate::collected::collected;

pub(super) const START_VERTEX: Vertex = 0;
pub(super) const END_VERTEX: Vertex = 1;
pub(super) const FIRST_NODE: Vertex = 2;

/// See the module's head.
pub(super) struct Outline<'a> {
    /// By vertex.
    pub(super) names: Vec<&'a str>,
    /// The first vertex that is not registered.
    pub(super) known: Vertex,
    /// As in the definition.
    pub(super) nodes: Vec<NodeLinks>,
    /// As in the definition.
    pub(super) edges: Vec<EdgeLinks>,
    /// As in the definition.
    pub(super) routes: Vec<RouteLinks>,
}

pub(super) struct NodeLinks {
    pub(super) vertex: Vertex,
    pub(super) targets: Vec<Vertex>,
}

pub(super) struct EdgeLinks {
    pub(super) sources: Vec<Vertex>,
    pub(super) target: Vertex,
}

pub(super) struct RouteLinks {
    pub(super) source: Vertex,
    /// Empty for an open route.
    pub(super) targets: Vec<Vertex>,
    pub(super) is_open: bool,
}

impl<'a> Outline<'a> {
    pub(super) fn new(definition: &'a Definition) -> Self {
        let mut all = Numbering::default();
        all.number(START);
        all.number(END);
        let mut nodes = Vec::with_capacity(definition.nodes.len());
        for node in &definition.nodes {
            nodes.push(NodeLinks { vertex: all.number(&node.id), targets: Vec::new() });
        }
        let known = all.names.len() as Vertex;
        let mut edges = Vec::with_capacity(definition.edges.len());
        for edge in &definition.edges {
            let sources = all.numbers_of(&edge.from);
            edges.push(EdgeLinks { sources, target: all.number(&edge.to) });
        }
        let mut routes = Vec::with_capacity(definition.routes.len());
        for route in &definition.routes {
            let source = all.number(&route.from);
            let declared = route.targets.as_deref().unwrap_or_default();
            let targets = collected(declared.iter().map(|(_, target)| all.number(target)));
            routes.push(RouteLinks { source, targets, is_open: route.targets.is_none() });
        }
        for (node, links) in definition.nodes.iter().zip(&mut nodes) {
            links.targets = all.numbers_of(node.targets.as_deref().unwrap_or_default());
        }
        Self { names: all.names, known, nodes, edges, routes }
    }

    pub(super) fn is_known(&self, vertex: Vertex) -> bool {
        vertex < self.known
    }

    /// Every registered node, once.
    pub(super) fn node_vertices(&self) -> std::ops::Range<Vertex> {
        FIRST_NODE..self.known
    }

    /// The registered nodes that `test` holds for.
    pub(super) fn nodes_where(&self, test: &dyn Fn(Vertex) -> bool) -> Vec<Vertex> {
        collected(self.node_vertices().filter(|node| test(*node)))
    }

    pub(super) fn name(&self, vertex: Vertex) -> &'a str {
        self.names[vertex as usize]
    }

    pub(super) fn names_of(&self, vertices: &[Vertex]) -> Vec<&'a str> {
        collected(vertices.iter().map(|vertex| self.name(*vertex)))
    }

    /// What is followed whatever the nodes return, as far as `test` holds: plain edges, and joins from each of their sources.
    pub(super) fn unconditional_pairs(&self, test: &dyn Fn(Vertex, Vertex) -> bool) -> Vec<(Vertex, Vertex)> {
        let mut pairs = Vec::with_capacity(self.edges.len());
        for edge in &self.edges {
            for source in &edge.sources {
                if test(*source, edge.target) {
                    pairs.push((*source, edge.target));
                }
            }
        }
        pairs
    }

    /// The unconditional pairs, and the declared targets of routes and nodes.
    pub(super) fn declared_pairs(&self) -> Vec<(Vertex, Vertex)> {
        let mut pairs = self.unconditional_pairs(&|_, _| true);
        for route in &self.routes {
            for target in &route.targets {
                pairs.push((route.source, *target));
            }
        }
        for node in self.nodes.iter().filter(|node| node.vertex >= FIRST_NODE) {
            for target in &node.targets {
                pairs.push((node.vertex, *target));
            }
        }
        pairs
    }
}
