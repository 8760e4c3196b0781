//! From a valid definition to the program of the engine: names become indices, insertion order stays.

use super::arcs::Vertex;
use super::definition::{ChannelDefinition, Definition, NodeDefinition, RetryDefinition};
use super::hash::definition_hash;
use super::outline::{END_VERTEX, FIRST_NODE, Outline, START_VERTEX};
use super::problem::Problem;
use super::program::{ChannelId, ChannelKind, ChannelSpec, Exits, Join, JoinId, Node, NodeId, Program, RetryPolicy, Route, RouteId};
use super::sorting::sorted_set;
use super::validate::problems_of;
use crate::collected::collected;
use std::rc::Rc;

impl Program {
    /// Compiles a definition.
    ///
    /// # Errors
    /// All problems that [`super::validate`] finds.
    pub fn compile(definition: &Definition) -> Result<Self, Vec<Problem>> {
        Self::compile_shared(Rc::new(definition.clone()))
    }

    /// The same without a copy.
    ///
    /// # Errors
    /// All problems that [`super::validate`] finds.
    pub fn compile_shared(shared: Rc<Definition>) -> Result<Self, Vec<Problem>> {
        let definition = &*shared;
        let outline = Outline::new(definition);
        let problems = problems_of(definition, &outline);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut program = Self {
            name: Rc::from(definition.name.as_str()),
            nodes: collected(definition.nodes.iter().map(node)),
            channels: collected(definition.channels.iter().map(channel)),
            start: Exits::default(),
            joins: Vec::new(),
            routes: Vec::new(),
            hash: definition_hash(definition),
            definition: Rc::clone(&shared),
            depth: 0,
        };
        program.link_edges(definition, &outline);
        program.link_routes(definition, &outline);
        program.link_graphs();
        Ok(program)
    }

    fn link_graphs(&mut self) {
        let Self { nodes, channels, depth, .. } = self;
        for node in nodes {
            let Some(graph) = &node.graph else { continue };
            *depth = (*depth).max(graph.depth + 1);
            for (here, outer) in channels.iter().enumerate() {
                let is_same = |inner: &ChannelSpec| inner.name == outer.name && inner.kind == outer.kind;
                if let Some(there) = graph.channels.iter().position(is_same) {
                    node.shared.push((here as ChannelId, there as ChannelId));
                }
            }
        }
    }

    fn link_edges(&mut self, definition: &Definition, outline: &Outline) {
        for (edge, links) in definition.edges.iter().zip(&outline.edges) {
            let target = node_id(links.target);
            if !edge.join {
                for source in &links.sources {
                    if let Some(exits) = self.exits_of(node_id(*source)) {
                        exits.plain.push(target);
                    }
                }
                continue;
            }
            let join = self.joins.len() as JoinId;
            // Nodes are numbered in the order of their vertices.
            let sources = collected(sorted_set(&links.sources).into_iter().map(node_id));
            for index in sources.iter().filter_map(|source| source.index()) {
                self.nodes[index].joins.push(join);
            }
            self.joins.push(Join { sources, target });
        }
    }

    fn link_routes(&mut self, definition: &Definition, outline: &Outline) {
        for (route, links) in definition.routes.iter().zip(&outline.routes) {
            let from = node_id(links.source);
            let id = self.routes.len() as RouteId;
            if let Some(exits) = self.exits_of(from) {
                exits.routes.push(id);
            }
            let labels = route.targets.iter().flatten().map(|(label, _)| label);
            let targets = labels.zip(&links.targets).map(|(label, target)| {
                let target = node_id(*target);
                (self.shared_name(label, target), target)
            });
            let targets = collected(targets);
            self.routes.push(Route { from, targets, is_closed: !links.is_open });
        }
    }

    fn exits_of(&mut self, source: NodeId) -> Option<&mut Exits> {
        if source == NodeId::START {
            return Some(&mut self.start);
        }
        source.index().and_then(|index| self.nodes.get_mut(index)).map(|node| &mut node.exits)
    }

    /// A label is mostly its target's name, which is there already.
    fn shared_name(&self, label: &str, target: NodeId) -> Rc<str> {
        match target.index().and_then(|index| self.nodes.get(index)) {
            Some(node) if *node.name == *label => Rc::clone(&node.name),
            _ => Rc::from(label),
        }
    }
}

fn node_id(vertex: Vertex) -> NodeId {
    match vertex {
        START_VERTEX => NodeId::START,
        END_VERTEX => NodeId::END,
        node => NodeId(node - FIRST_NODE),
    }
}

fn node(definition: &NodeDefinition) -> Node {
    Node {
        name: Rc::from(definition.id.as_str()),
        graph: definition.graph.clone(),
        shared: Vec::new(),
        has_output: definition.has_output,
        retry: definition.retry.as_ref().map(retry_policy).unwrap_or_default(),
        timeout_ms: definition.timeout_ms,
        concurrency: definition.concurrency.map(whole),
        always: definition.run_when.as_deref() == Some("always"),
        has_on_error: definition.has_on_error,
        exits: Exits::default(),
        joins: Vec::new(),
    }
}

fn retry_policy(retry: &RetryDefinition) -> RetryPolicy {
    RetryPolicy {
        max_attempts: whole(retry.max_attempts),
        initial_delay_ms: retry.initial_delay_ms,
        factor: retry.factor,
        max_delay_ms: retry.max_delay_ms,
        jitter: retry.jitter,
        has_retry_on: retry.has_retry_on,
    }
}

/// A validated integer; what is too large for the type is as good as unlimited.
fn whole(number: f64) -> u32 {
    number as u32
}

fn channel(definition: &ChannelDefinition) -> ChannelSpec {
    ChannelSpec {
        name: Rc::from(definition.name.as_str()),
        // Validated before, so the default is never taken.
        kind: ChannelKind::parse(&definition.kind).unwrap_or(ChannelKind::Last),
        takes_last: definition.takes_last,
        is_exempt: definition.exempt,
    }
}
