//! Builds graphs of Rust nodes. Owns what a user adds, in order; the rules are `graph`'s.

use super::app::{App, NodeCall, Parts, Subgraph};
use super::channel::Channel;
use super::errors::GraphError;
use super::node::{Node, NodeOptions, SubgraphOptions, node_fn};
use super::options::RunOptions;
use super::state::State;
use super::update::Targets;
use crate::graph::{Definition, EdgeDefinition, Problem, Program, RouteDefinition, topological_sort, validate};
use std::rc::Rc;

pub(super) type RouteFn = Rc<dyn Fn(&State) -> Targets>;

/// Collects a graph. Nothing is checked before [`compile`](Self::compile), which reports every problem at once.
///
/// ```
/// use weavegraph_wasm::executor::{Channel, GraphBuilder, NodeContext, State, Update};
/// use weavegraph_wasm::graph::{END, START};
///
/// let app = GraphBuilder::new()
///     .channel("total", Channel::last().initial(0))
///     .add_node("add", async |state: &State, _: &NodeContext| {
///         let total: i64 = state.get("total")?;
///         Ok(Update::new().write("total", total + 1))
///     })
///     .add_edge(START, "add")
///     .add_conditional_edge("add", |state| match state.get::<i64>("total") {
///         Ok(total) if total < 3 => "add",
///         _ => END,
///     })
///     .compile()?;
/// let state = futures::executor::block_on(app.invoke(()))?;
/// assert_eq!(state.get::<i64>("total")?, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct GraphBuilder {
    name: String,
    allow_cycles: bool,
    channels: Vec<(String, Channel)>,
    nodes: Vec<(String, NodeCall, NodeOptions)>,
    edges: Vec<EdgeDefinition>,
    routes: Vec<(RouteDefinition, RouteFn)>,
}

/// A way out of a conditional edge: the label that its route answers, and the node that it stands for; a name alone is both.
#[derive(Clone, Debug)]
pub struct RouteTarget(String, String);

impl<T: Into<String>> From<T> for RouteTarget {
    fn from(node: T) -> Self {
        let node = node.into();
        Self(node.clone(), node)
    }
}

impl RouteTarget {
    /// The answer `label` leads to `node`.
    pub fn labelled(label: impl Into<String>, node: impl Into<String>) -> Self {
        Self(label.into(), node.into())
    }
}

impl GraphBuilder {
    /// Without anything. A graph that declares no channel has `messages` (append), `extra` (merge) and `errors` (append).
    pub fn new() -> Self {
        Self::default()
    }

    /// The graph's name, for messages and drawings.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds a channel of the state.
    pub fn channel(mut self, name: impl Into<String>, channel: Channel) -> Self {
        self.channels.push((name.into(), channel));
        self
    }

    /// Adds a node.
    pub fn add_node(self, id: impl Into<String>, node: impl Node + 'static) -> Self {
        self.add_node_with(id, node, NodeOptions::new())
    }

    /// Adds a node with options.
    pub fn add_node_with(mut self, id: impl Into<String>, node: impl Node + 'static, options: NodeOptions) -> Self {
        self.nodes.push((id.into(), NodeCall::Run(node_fn(node)), options));
        self
    }

    /// Adds a graph as a node. Channels of the same name and kind are shared: it begins with what they hold, and its writes to them, in
    /// its order, are what the node returns. Its events carry a `path`; its steps are steps of the same session.
    pub fn add_subgraph(self, id: impl Into<String>, graph: &App) -> Self {
        self.add_subgraph_with(id, graph, SubgraphOptions::new())
    }

    /// Adds a graph as a node with options.
    pub fn add_subgraph_with(mut self, id: impl Into<String>, graph: &App, options: SubgraphOptions) -> Self {
        let SubgraphOptions { node, input, output } = options;
        self.nodes.push((id.into(), NodeCall::Graph(Subgraph { parts: Rc::clone(&graph.0), input, output }), node));
        self
    }

    /// `to` runs after `from`, each time.
    pub fn add_edge(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.edges.push(EdgeDefinition { from: vec![from.into()], to: to.into(), join: false });
        self
    }

    /// `to` runs once, when every node of `from` has run since this join last fired.
    pub fn add_join<T: Into<String>>(mut self, from: impl IntoIterator<Item = T>, to: impl Into<String>) -> Self {
        self.edges.push(EdgeDefinition { from: from.into_iter().map(Into::into).collect(), to: to.into(), join: true });
        self
    }

    /// After `from`, START included, `route` says where to go, on top of the plain edges. It may name any node.
    pub fn add_conditional_edge<T: Into<Targets>>(self, from: impl Into<String>, route: impl Fn(&State) -> T + 'static) -> Self {
        self.add_route(from.into(), None, route)
    }

    /// The same with declared targets: checked as the graph compiles, and drawn. The route answers with their labels.
    pub fn add_conditional_edge_to<L: Into<RouteTarget>, T: Into<Targets>>(
        self,
        from: impl Into<String>,
        targets: impl IntoIterator<Item = L>,
        route: impl Fn(&State) -> T + 'static,
    ) -> Self {
        let targets = targets.into_iter().map(Into::into).map(|RouteTarget(label, node)| (label, node)).collect();
        self.add_route(from.into(), Some(targets), route)
    }

    fn add_route<T: Into<Targets>>(
        mut self,
        from: String,
        targets: Option<Vec<(String, String)>>,
        route: impl Fn(&State) -> T + 'static,
    ) -> Self {
        let definition = RouteDefinition { from, is_function: true, targets, problem: String::new() };
        self.routes.push((definition, Rc::new(move |state| route(state).into())));
        self
    }

    /// Plain edges and joins may form cycles; otherwise that is GRAPH_CYCLE.
    pub fn allow_cycles(mut self) -> Self {
        self.allow_cycles = true;
        self
    }

    fn all_channels(&self) -> Vec<(String, Channel)> {
        if !self.channels.is_empty() {
            return self.channels.clone();
        }
        let of = |name: &str, channel| (name.to_owned(), channel);
        vec![of("messages", Channel::append()), of("extra", Channel::merge()), of("errors", Channel::append())]
    }

    fn definition(&self) -> Definition {
        let has_defaults = self.channels.is_empty();
        let channels = self.all_channels();
        Definition {
            name: self.name.clone(),
            allow_cycles: self.allow_cycles,
            channels: channels.iter().map(|(name, channel)| channel.definition(name, has_defaults && name == "errors")).collect(),
            nodes: self.nodes.iter().map(|(id, call, options)| options.definition(id, call)).collect(),
            edges: self.edges.clone(),
            routes: self.routes.iter().map(|(route, _)| route.clone()).collect(),
        }
    }

    /// Nodes in the order in which they were added.
    pub fn nodes(&self) -> Vec<&str> {
        self.nodes.iter().map(|(id, ..)| id.as_str()).collect()
    }

    /// START, every node and END in an order in which plain edges and joins lead onwards, as far as there are no cycles.
    pub fn topological_sort(&self) -> Vec<String> {
        topological_sort(&self.definition())
    }

    /// Every problem, not only the first; empty means that [`compile`](Self::compile) succeeds.
    pub fn validate(&self) -> Vec<Problem> {
        validate(&self.definition())
    }

    /// A graph that can run.
    ///
    /// # Errors
    /// All problems of the graph.
    pub fn compile(self) -> Result<App, GraphError> {
        self.compile_with(RunOptions::new())
    }

    /// The same, with what its runs do unless their own options say otherwise.
    ///
    /// # Errors
    /// All problems of the graph.
    pub fn compile_with(self, defaults: RunOptions) -> Result<App, GraphError> {
        let definition = self.definition();
        let program = Rc::new(Program::compile(&definition).map_err(GraphError::new)?);
        let channels = self.all_channels().iter().map(|(_, channel)| channel.fold()).collect();
        Ok(App::new(Parts::new(program, channels, self.nodes, self.routes.into_iter().map(|(_, route)| route), defaults)))
    }
}
