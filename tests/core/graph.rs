//! Graphs on the host: every rule of validation, the compiled program, the hash, the order, the drawing.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "graph/compiled.rs"]
mod compiled;
#[path = "graph/drawing.rs"]
mod drawing;
#[path = "graph/identity.rs"]
mod identity;
#[path = "graph/links.rs"]
mod links;
#[path = "graph/options.rs"]
mod options;
#[path = "graph/order.rs"]
mod order;
#[path = "graph/properties.rs"]
mod properties;
#[path = "graph/subgraphs.rs"]
mod subgraphs;
#[path = "graph/whole.rs"]
mod whole;

use weavegraph_wasm::graph::GraphErrorCode::{self as Code, *};
use weavegraph_wasm::graph::*;

// A small language for definitions.

fn graph() -> Definition {
    Definition { name: "test".to_owned(), ..Definition::default() }
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn retry() -> RetryDefinition {
    RetryDefinition { max_attempts: 1.0, initial_delay_ms: 500.0, factor: 2.0, max_delay_ms: 30_000.0, jitter: 0.2, has_retry_on: false }
}

trait Build: Sized {
    fn with(self, change: impl FnOnce(&mut Definition)) -> Self;

    fn node(self, id: &str) -> Self {
        self.node_with(id, |_| {})
    }
    fn subgraph(self, id: &str, graph: &Definition) -> Self {
        let graph = Some(std::rc::Rc::new(compiled::compiled(graph)));
        self.with(|outer| outer.nodes.push(NodeDefinition { id: id.to_owned(), graph, ..Default::default() }))
    }
    fn nodes(self, ids: &[&str]) -> Self {
        ids.iter().fold(self, |graph, id| graph.node(id))
    }
    fn node_with(self, id: &str, options: impl FnOnce(&mut NodeDefinition)) -> Self {
        let mut node = NodeDefinition { id: id.to_owned(), is_function: true, ..Default::default() };
        options(&mut node);
        self.with(|graph| graph.nodes.push(node))
    }
    fn edge(self, from: &str, to: &str) -> Self {
        let edge = EdgeDefinition { from: texts(&[from]), to: to.to_owned(), join: false };
        self.with(|graph| graph.edges.push(edge))
    }
    fn path(self, names: &[&str]) -> Self {
        names.windows(2).fold(self, |graph, pair| graph.edge(pair[0], pair[1]))
    }
    fn join(self, from: &[&str], to: &str) -> Self {
        let edge = EdgeDefinition { from: texts(from), to: to.to_owned(), join: true };
        self.with(|graph| graph.edges.push(edge))
    }
    fn open_route(self, from: &str) -> Self {
        let route = RouteDefinition { from: from.to_owned(), is_function: true, ..Default::default() };
        self.with(|graph| graph.routes.push(route))
    }
    fn labelled_route(self, from: &str, targets: &[(&str, &str)]) -> Self {
        let targets = targets.iter().map(|(label, to)| ((*label).to_owned(), (*to).to_owned()));
        let targets = Some(targets.collect());
        let route = RouteDefinition { from: from.to_owned(), is_function: true, targets, ..Default::default() };
        self.with(|graph| graph.routes.push(route))
    }
    fn route(self, from: &str, targets: &[&str]) -> Self {
        let targets: Vec<(&str, &str)> = targets.iter().map(|target| (*target, *target)).collect();
        self.labelled_route(from, &targets)
    }
    fn channel(self, name: &str, kind: &str) -> Self {
        let channel = ChannelDefinition { name: name.to_owned(), kind: kind.to_owned(), ..Default::default() };
        self.with(|graph| graph.channels.push(channel))
    }
}

impl Build for Definition {
    fn with(mut self, change: impl FnOnce(&mut Definition)) -> Self {
        change(&mut self);
        self
    }
}

/// START -> a -> b -> END.
fn line() -> Definition {
    graph().nodes(&["a", "b"]).path(&[START, "a", "b", END])
}

/// Codes and nodes of all problems.
fn found(graph: &Definition) -> Vec<(Code, Vec<String>)> {
    validate(graph).into_iter().map(|problem| (problem.code, problem.nodes)).collect()
}

#[track_caller]
fn assert_found(graph: &Definition, expected: &[(Code, &[&str])]) {
    let expected: Vec<(Code, Vec<String>)> = expected.iter().map(|(code, nodes)| (*code, texts(nodes))).collect();
    assert_eq!(found(graph), expected, "{:#?}", validate(graph));
}

#[track_caller]
fn the_message(graph: &Definition) -> String {
    let problems = validate(graph);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.into_iter().map(|problem| problem.message).collect()
}
