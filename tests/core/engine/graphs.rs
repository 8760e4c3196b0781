//! Graphs with their functions: what a user of the facade would write.

use super::replies::{Reply, To, write};
use super::*;
use std::collections::HashMap;
use std::rc::Rc;
use weavegraph_wasm::graph::{
    ChannelDefinition, Definition, EdgeDefinition, NodeDefinition, NodeId, Program, RetryDefinition, RouteDefinition,
};
use weavegraph_wasm::state::json_fold::Channel;

/// What a node is told.
pub struct Call {
    pub node: String,
    pub state: Rc<Json>,
    pub input: Json,
    pub step: u32,
    pub task: u32,
    pub attempt: u32,
    /// The sub-graph tasks around it, as `node#task/`.
    pub path: String,
}

/// What a route answers, and when.
pub struct Answer {
    pub after: Option<f64>,
    pub targets: Result<Vec<To>, String>,
}

pub type NodeFn = Rc<dyn Fn(&Call) -> Reply>;
pub type RescueFn = Rc<dyn Fn(&Call, &str) -> Reply>;
pub type RetryFn = Rc<dyn Fn(u32, &str) -> Result<bool, String>>;
pub type RouteFn = Rc<dyn Fn(&Json) -> Answer>;
/// Writes by channel, or what it throws.
pub type MapFn = Rc<dyn Fn(&Json) -> Result<Vec<(&'static str, Json)>, String>>;

#[derive(Default)]
pub struct Graph {
    pub definition: Definition,
    pub channels: Vec<Channel>,
    pub nodes: HashMap<String, NodeFn>,
    pub rescues: HashMap<String, RescueFn>,
    pub retry_on: HashMap<String, RetryFn>,
    pub routes: Vec<RouteFn>,
    pub subgraphs: HashMap<String, Rc<Graph>>,
    pub inputs: HashMap<String, MapFn>,
    pub outputs: HashMap<String, MapFn>,
    /// Its own limit of steps, inside another graph.
    pub max_steps: Option<u32>,
    /// Nodes to pause before and after, as a sub-graph.
    pub pauses: (Vec<NodeId>, Vec<NodeId>),
}

/// Cycles are allowed; there are no channels yet.
pub fn graph() -> Graph {
    let definition = Definition { name: "test".to_owned(), allow_cycles: true, ..Definition::default() };
    Graph { definition, ..Graph::default() }
}

/// With the channel `log`, to which `noting` nodes append their names.
pub fn noting_graph(nodes: &[&str]) -> Graph {
    let log = graph().channel("log", Channel::append());
    nodes.iter().fold(log, |graph, node| graph.noting(node))
}

/// Shorter names for channels.
pub trait Kinds {
    fn append() -> Channel {
        Channel::Append { initial: Vec::new(), key: None }
    }
    fn merge() -> Channel {
        Channel::Merge { initial: serde_json::Map::new() }
    }
    fn last(initial: Json) -> Channel {
        Channel::Last { initial: Some(initial) }
    }
    /// Adds numbers; fails on anything else.
    fn sum() -> Channel {
        let reducer = |current: &Json, write: &Json| match (current.as_i64(), write.as_i64()) {
            (Some(current), Some(write)) => Ok(Some(json!(current + write))),
            _ => Err(format!("cannot add {write}")),
        };
        Channel::Reduce { initial: json!(0), reducer: Rc::new(reducer) }
    }
}

impl Kinds for Channel {}

impl Graph {
    pub fn channel(self, name: &str, channel: Channel) -> Self {
        self.channel_with(name, channel, |_| {})
    }

    pub fn channel_with(mut self, name: &str, channel: Channel, options: impl FnOnce(&mut ChannelDefinition)) -> Self {
        let kind = match channel {
            Channel::Append { .. } => "append",
            Channel::Merge { .. } => "merge",
            Channel::Last { .. } => "last",
            Channel::Reduce { .. } => "reduce",
        };
        let mut definition = ChannelDefinition { name: name.to_owned(), kind: kind.to_owned(), ..Default::default() };
        options(&mut definition);
        self.definition.channels.push(definition);
        self.channels.push(channel);
        self
    }

    /// The default channel of recorded failures.
    pub fn errors(self) -> Self {
        self.channel_with("errors", Channel::append(), |channel| channel.exempt = true)
    }

    pub fn node(mut self, id: &str, run: impl Fn(&Call) -> Reply + 'static) -> Self {
        self.definition.nodes.push(NodeDefinition { id: id.to_owned(), is_function: true, ..Default::default() });
        self.nodes.insert(id.to_owned(), Rc::new(run));
        self
    }

    pub fn subgraph(mut self, id: &str, inner: Graph) -> Self {
        let graph = Some(Rc::new(inner.compile()));
        self.definition.nodes.push(NodeDefinition { id: id.to_owned(), graph, ..Default::default() });
        self.subgraphs.insert(id.to_owned(), Rc::new(inner));
        self
    }

    /// As a sub-graph, it pauses before and after these.
    pub fn pausing(mut self, before: &[&str], after: &[&str]) -> Self {
        self.pauses = (self.ids(before), self.ids(after));
        self
    }

    /// What the sub-graph that was added last starts with, in place of the shared channels.
    pub fn mapping_in(mut self, map: impl Fn(&Json) -> Result<Vec<(&'static str, Json)>, String> + 'static) -> Self {
        let id = self.definition.nodes.last().expect("a node").id.clone();
        self.inputs.insert(id, Rc::new(map));
        self
    }

    /// What the sub-graph that was added last returns, in place of its writes to shared channels.
    pub fn mapping_out(mut self, map: impl Fn(&Json) -> Result<Vec<(&'static str, Json)>, String> + 'static) -> Self {
        let node = self.definition.nodes.last_mut().expect("a node");
        node.has_output = true;
        self.outputs.insert(node.id.clone(), Rc::new(map));
        self
    }

    /// Appends its name to `log`.
    pub fn noting(self, id: &str) -> Self {
        self.node(id, |call| write("log", json!(call.node)))
    }

    pub fn idle(self, id: &str) -> Self {
        self.node(id, |_| nothing())
    }

    /// Changes the options of the node that was added last.
    pub fn with(mut self, options: impl FnOnce(&mut NodeDefinition)) -> Self {
        options(self.definition.nodes.last_mut().expect("a node"));
        self
    }

    /// The node that was added last makes so many attempts, 100 ms apart.
    pub fn retrying(self, attempts: u32) -> Self {
        self.with(|node| {
            node.retry = Some(RetryDefinition {
                max_attempts: f64::from(attempts),
                initial_delay_ms: 100.0,
                factor: 2.0,
                max_delay_ms: 1000.0,
                jitter: 0.0,
                has_retry_on: false,
            });
        })
    }

    /// `retryOn` of the node that was added last: told the attempt and the message.
    pub fn retry_on(mut self, says: impl Fn(u32, &str) -> Result<bool, String> + 'static) -> Self {
        let node = self.definition.nodes.last_mut().expect("a node");
        node.retry.get_or_insert_default().has_retry_on = true;
        self.retry_on.insert(node.id.clone(), Rc::new(says));
        self
    }

    /// `onError` of the node that was added last: told the message.
    pub fn on_error(mut self, rescue: impl Fn(&Call, &str) -> Reply + 'static) -> Self {
        let node = self.definition.nodes.last_mut().expect("a node");
        node.has_on_error = true;
        self.rescues.insert(node.id.clone(), Rc::new(rescue));
        self
    }

    /// Nodes that the one that was added last may reach by goto and send.
    pub fn leading_to(self, targets: &[&str]) -> Self {
        let targets = targets.iter().map(|target| (*target).to_owned());
        self.with(|node| node.targets = Some(targets.collect()))
    }

    pub fn always(self) -> Self {
        self.with(|node| node.run_when = Some("always".to_owned()))
    }

    /// Plain edges from each to the next.
    pub fn path(self, names: &[&str]) -> Self {
        let edges = names.windows(2);
        edges.fold(self, |graph, pair| graph.link(&[pair[0]], pair[1], false))
    }

    /// Plain edges from one to each.
    pub fn fan(self, from: &str, to: &[&str]) -> Self {
        let edges = to.iter();
        edges.fold(self, |graph, to| graph.link(&[from], to, false))
    }

    pub fn join(self, from: &[&str], to: &str) -> Self {
        self.link(from, to, true)
    }

    fn link(mut self, from: &[&str], to: &str, join: bool) -> Self {
        let edge = EdgeDefinition { from: from.iter().map(|from| (*from).to_owned()).collect(), to: to.to_owned(), join };
        self.definition.edges.push(edge);
        self
    }

    /// A route that may go anywhere.
    pub fn route(self, from: &str, route: impl Fn(&Json) -> Vec<To> + 'static) -> Self {
        self.slow_route(from, move |state| Answer { after: None, targets: Ok(route(state)) })
    }

    pub fn slow_route(mut self, from: &str, route: impl Fn(&Json) -> Answer + 'static) -> Self {
        self.definition.routes.push(RouteDefinition { from: from.to_owned(), is_function: true, ..Default::default() });
        self.routes.push(Rc::new(route));
        self
    }

    /// The targets of the route that was added last.
    pub fn declaring(mut self, targets: &[(&str, &str)]) -> Self {
        let route = self.definition.routes.last_mut().expect("a route");
        let targets = targets.iter();
        route.targets = Some(targets.map(|(label, to)| ((*label).to_owned(), (*to).to_owned())).collect());
        self
    }

    pub fn compile(&self) -> Program {
        Program::compile(&self.definition).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// Nodes by name.
    pub fn ids(&self, names: &[&str]) -> Vec<NodeId> {
        let position = |name: &&str| self.definition.nodes.iter().position(|node| node.id == **name).expect("a node");
        names.iter().map(|name| NodeId(position(name) as u32)).collect()
    }

    pub fn setup(self) -> Setup {
        Setup::new(Rc::new(self))
    }

    /// Runs it without input and without a store.
    pub fn run(self) -> Host {
        self.setup().run(json!({}))
    }
}
