//! The compiled graph: what the engine reads. Immutable; node and channel names are resolved to indices.

use super::definition::Definition;
use std::rc::Rc;

/// Index of a node in [`Program::nodes`], or one of the two virtual nodes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// `__start__`: a source of edges only.
    pub const START: Self = Self(u32::MAX);
    /// `__end__`: a target only; it never runs.
    pub const END: Self = Self(u32::MAX - 1);

    /// The position in [`Program::nodes`], or `None` for the virtual nodes.
    pub fn index(self) -> Option<usize> {
        (self < Self::END).then_some(self.0 as usize)
    }
}

/// Index into [`Program::channels`].
pub type ChannelId = u32;
/// Index into [`Program::routes`].
pub type RouteId = u32;
/// Index into [`Program::joins`].
pub type JoinId = u32;

/// A graph that passed validation.
#[derive(Debug)]
pub struct Program {
    /// The graph's name.
    pub name: Rc<str>,
    /// In the order in which they were added.
    pub nodes: Vec<Node>,
    /// In the order in which they were declared.
    pub channels: Vec<ChannelSpec>,
    /// The edges of START.
    pub start: Exits,
    /// In the order in which they were added.
    pub joins: Vec<Join>,
    /// In the order in which they were added.
    pub routes: Vec<Route>,
    /// Of the definition; see `hash`.
    pub hash: u64,
    /// What it was compiled from; for drawing.
    pub definition: Rc<Definition>,
    /// How many graphs are around the innermost one.
    pub depth: u32,
}

/// Two graphs are the same if their definitions have the same hash.
impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

/// A node and all that leaves it.
#[derive(Debug)]
pub struct Node {
    /// Unique in the graph.
    pub name: Rc<str>,
    /// The graph that it is; `None` for a function.
    pub graph: Option<Rc<Program>>,
    /// The channels that it has in common with its sub-graph, by name and kind: the one here and the one there.
    pub shared: Vec<(ChannelId, ChannelId)>,
    /// The user maps the sub-graph's last state by a function: its writes are not what the node returns.
    pub has_output: bool,
    /// How often and when a failed attempt is repeated.
    pub retry: RetryPolicy,
    /// One attempt's limit, in milliseconds.
    pub timeout_ms: Option<f64>,
    /// Tasks of this node at once.
    pub concurrency: Option<u32>,
    /// Runs even when no channel changed since it last ran.
    pub always: bool,
    /// The user gave an `onError` function.
    pub has_on_error: bool,
    /// Edges and routes out of it.
    pub exits: Exits,
    /// Joins that wait for it.
    pub joins: Vec<JoinId>,
}

/// Unconditional targets and routes of one source, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Exits {
    /// Targets of plain edges.
    pub plain: Vec<NodeId>,
    /// Routes, called after each run of the source.
    pub routes: Vec<RouteId>,
}

/// `to` runs once, when every source has run since this join last fired.
#[derive(Debug)]
pub struct Join {
    /// Sorted by index, without duplicates.
    pub sources: Vec<NodeId>,
    /// A node, or END.
    pub target: NodeId,
}

/// A conditional edge: a user function that names the next nodes.
#[derive(Debug)]
pub struct Route {
    /// A node, or START.
    pub from: NodeId,
    /// The label that the function returns, and the node that it stands for; empty when none were declared.
    pub targets: Vec<(Rc<str>, NodeId)>,
    /// Whether `targets` was declared; then any other answer of the function is unknown.
    pub is_closed: bool,
}

/// Attempts of a node; all durations in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The first one included.
    pub max_attempts: u32,
    /// Before the second attempt.
    pub initial_delay_ms: f64,
    /// By which the delay grows with each attempt.
    pub factor: f64,
    /// The largest delay.
    pub max_delay_ms: f64,
    /// 0..=1: the part of the delay that is drawn at random.
    pub jitter: f64,
    /// The user gave a `retryOn` function.
    pub has_retry_on: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 1, initial_delay_ms: 500.0, factor: 2.0, max_delay_ms: 30_000.0, jitter: 0.2, has_retry_on: false }
    }
}

/// One channel of the state.
#[derive(Debug)]
pub struct ChannelSpec {
    /// Unique in the graph.
    pub name: Rc<str>,
    /// How writes merge.
    pub kind: ChannelKind,
    /// `last` only: two writers in one step are no conflict, the later node wins.
    pub takes_last: bool,
    /// Its changes do not count for the version gate (the default `errors` channel).
    pub is_exempt: bool,
}

/// How a channel merges what nodes write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChannelKind {
    /// A list; writes are appended.
    Append,
    /// A map; writes merge one level deep.
    Merge,
    /// One value.
    Last,
    /// A user's pure function.
    Reduce,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Append, Self::Merge, Self::Last, Self::Reduce];

    /// As users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Merge => "merge",
            Self::Last => "last",
            Self::Reduce => "reduce",
        }
    }

    /// The kind with this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The size of a graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metadata {
    /// Without START and END.
    pub node_count: usize,
    /// Plain edges and joins; a join is one edge.
    pub edge_count: usize,
    /// Routes, whatever the number of their targets.
    pub conditional_edge_count: usize,
}

impl Program {
    /// Without anything.
    pub fn empty() -> Self {
        Self {
            name: "".into(),
            nodes: Vec::new(),
            channels: Vec::new(),
            start: Exits::default(),
            joins: Vec::new(),
            routes: Vec::new(),
            hash: 0,
            definition: Rc::default(),
            depth: 0,
        }
    }

    /// The size of the graph.
    pub fn metadata(&self) -> Metadata {
        let mut edge_count = self.start.plain.len() + self.joins.len();
        for node in &self.nodes {
            edge_count += node.exits.plain.len();
        }
        Metadata { node_count: self.nodes.len(), edge_count, conditional_edge_count: self.routes.len() }
    }
}
