//! Nodes: the trait that a user implements, and the options of one node.

use super::app::NodeCall;
use super::context::NodeContext;
use super::errors::{NodeError, WeaveError};
use super::state::State;
use super::update::Update;
use crate::graph::{NodeDefinition, RetryDefinition};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

/// One node of a graph. An `async` closure or function of `(&State, &NodeContext)` is one, too; its result may be anything that is
/// [`Into<Update>`].
///
/// A node runs on one thread with all others of its run; it is dropped where it waits when the run is cancelled, when it takes too
/// long, and when another node of its step fails for good.
///
/// ```
/// use weavegraph_wasm::executor::{Node, NodeContext, NodeError, State, Update};
///
/// struct Greet { name: String }
///
/// impl Node for Greet {
///     async fn run(&self, _: &State, ctx: &NodeContext) -> Result<Update, NodeError> {
///         ctx.progress(1.0, None);
///         Ok(Update::new().write("messages", format!("hello {}", self.name)))
///     }
/// }
///
/// fn is_a_node(_: impl Node) {}
/// is_a_node(Greet { name: "Ada".to_owned() });
/// is_a_node(async |state: &State, _: &NodeContext| {
///     let rounds: u32 = state.get("rounds")?;
///     Ok(Update::new().write("rounds", rounds + 1))
/// });
/// ```
// Futures need not be `Send`: a run stays on its thread.
#[allow(async_fn_in_trait)]
pub trait Node {
    /// Runs once per task and attempt, with the state as of the last finished step.
    ///
    /// # Errors
    /// Whatever went wrong: the attempt fails with NODE_THREW, and the error is its source.
    async fn run(&self, state: &State, ctx: &NodeContext) -> Result<Update, NodeError>;
}

impl<F, U> Node for F
where
    F: AsyncFn(&State, &NodeContext) -> Result<U, NodeError>,
    U: Into<Update>,
{
    async fn run(&self, state: &State, ctx: &NodeContext) -> Result<Update, NodeError> {
        self(state, ctx).await.map(Into::into)
    }
}

type Call = LocalBoxFuture<'static, Result<Update, NodeError>>;
pub(super) type NodeFn = Rc<dyn Fn(State, NodeContext) -> Call>;
pub(super) type RescueFn = Rc<dyn Fn(WeaveError, State, NodeContext) -> Call>;
pub(super) type RetryFn = Rc<dyn Fn(&WeaveError, u32) -> bool>;

pub(super) type MapFn = Rc<dyn Fn(&State) -> Result<Update, NodeError>>;

pub(super) fn node_fn(node: impl Node + 'static) -> NodeFn {
    let node = Rc::new(node);
    Rc::new(move |state, ctx| {
        let node = Rc::clone(&node);
        Box::pin(async move { node.run(&state, &ctx).await })
    })
}

/// How often and when a failed attempt of a node is repeated. The defaults: 500 ms, doubled with each attempt up to 30 s, of which
/// a fifth is drawn at random.
#[derive(Clone)]
pub struct RetryPolicy {
    definition: RetryDefinition,
    retry_on: Option<RetryFn>,
}

impl RetryPolicy {
    /// So many attempts in all, the first one included.
    pub fn new(max_attempts: u32) -> Self {
        let definition = RetryDefinition { max_attempts: f64::from(max_attempts), ..RetryDefinition::default() };
        Self { definition, retry_on: None }
    }

    /// How long before the second attempt.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.definition.initial_delay_ms = millis(delay);
        self
    }

    /// By how much the delay grows with each attempt; at least 1.
    pub fn factor(mut self, factor: f64) -> Self {
        self.definition.factor = factor;
        self
    }

    /// The longest delay.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.definition.max_delay_ms = millis(delay);
        self
    }

    /// The part of each delay, 0 to 1, that is drawn from the run's seeded numbers.
    pub fn jitter(mut self, jitter: f64) -> Self {
        self.definition.jitter = jitter;
        self
    }

    /// Whether to try again after this error of this attempt (from 1).
    pub fn retry_on(mut self, retry_on: impl Fn(&WeaveError, u32) -> bool + 'static) -> Self {
        self.definition.has_retry_on = true;
        self.retry_on = Some(Rc::new(retry_on));
        self
    }
}

pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Options of a graph as a node. Given to [`GraphBuilder::add_subgraph_with`](super::GraphBuilder::add_subgraph_with).
#[derive(Clone, Default)]
pub struct SubgraphOptions {
    pub(super) node: NodeOptions,
    pub(super) input: Option<MapFn>,
    pub(super) output: Option<MapFn>,
}

impl SubgraphOptions {
    /// Shared channels go in, and what was written to them comes out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Options that every node has. Retries and time limits are those of the whole sub-graph, which each attempt begins anew.
    pub fn node(mut self, options: NodeOptions) -> Self {
        self.node = options;
        self
    }

    /// What the inner graph starts with, made of the state around it, in place of the shared channels.
    pub fn input<U: Into<Update>>(mut self, map: impl Fn(&State) -> Result<U, NodeError> + 'static) -> Self {
        self.input = Some(Rc::new(move |state| map(state).map(Into::into)));
        self
    }

    /// What the node writes, made of the inner graph's last state, in place of its writes to shared channels.
    pub fn output<U: Into<Update>>(mut self, map: impl Fn(&State) -> Result<U, NodeError> + 'static) -> Self {
        self.output = Some(Rc::new(move |state| map(state).map(Into::into)));
        self
    }
}

/// Options of one node. Given to [`GraphBuilder::add_node_with`](super::GraphBuilder::add_node_with).
#[derive(Clone, Default)]
pub struct NodeOptions {
    definition: NodeDefinition,
    pub(super) retry_on: Option<RetryFn>,
    pub(super) on_error: Option<RescueFn>,
}

impl NodeOptions {
    /// One attempt, no limits, run when a channel has changed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Repeats failed attempts.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.definition.retry = Some(policy.definition);
        self.retry_on = policy.retry_on;
        self
    }

    /// One attempt's limit: then it is dropped and fails with NODE_TIMEOUT.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.definition.timeout_ms = Some(millis(timeout));
        self
    }

    /// Tasks of this node at once.
    pub fn concurrency(mut self, limit: u32) -> Self {
        self.definition.concurrency = Some(f64::from(limit));
        self
    }

    /// Runs even where an edge reaches it again with no channel changed since it last ran; otherwise it is skipped then.
    pub fn run_always(mut self) -> Self {
        self.definition.run_when = Some("always".to_owned());
        self
    }

    /// After the last attempt: its result stands for the node's.
    pub fn on_error<U: Into<Update>>(
        mut self,
        rescue: impl AsyncFn(&WeaveError, &State, &NodeContext) -> Result<U, NodeError> + 'static,
    ) -> Self {
        let rescue = Rc::new(rescue);
        self.definition.has_on_error = true;
        self.on_error = Some(Rc::new(move |error, state, ctx| {
            let rescue = Rc::clone(&rescue);
            Box::pin(async move { rescue(&error, &state, &ctx).await.map(Into::into) })
        }));
        self
    }

    /// Nodes that it may reach by a command: checked as the graph compiles, and drawn.
    pub fn targets<T: Into<String>>(mut self, targets: impl IntoIterator<Item = T>) -> Self {
        self.definition.targets = Some(targets.into_iter().map(Into::into).collect());
        self
    }

    /// For people.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.definition.description = Some(text.into());
        self
    }

    /// For tools; it is in the definition's hash.
    pub fn metadata(mut self, metadata: impl Serialize) -> Self {
        match serde_json::to_value(metadata) {
            Ok(Value::Object(fields)) => self.definition.metadata = super::channel::canonical_text(&Value::Object(fields)),
            Ok(_) => self.definition.problem = "metadata is no object; give one".to_owned(),
            Err(error) => self.definition.problem = format!("metadata is no JSON: {error}"),
        }
        self
    }

    pub(super) fn definition(&self, id: &str, call: &NodeCall) -> NodeDefinition {
        let (graph, has_output) = match call {
            NodeCall::Run(_) => (None, false),
            NodeCall::Graph(subgraph) => (Some(Rc::clone(&subgraph.parts.program)), subgraph.output.is_some()),
        };
        NodeDefinition { id: id.to_owned(), is_function: graph.is_none(), graph, has_output, ..self.definition.clone() }
    }
}
