//! The graph as the user built it: plain data, nothing checked. Owns the shape in which it crosses from the builder.

use super::program::{Program, RetryPolicy};
#[cfg(feature = "json")]
use serde::Deserialize;
use std::rc::Rc;

/// The virtual source of the first edges.
pub const START: &str = "__start__";
/// The virtual target of the last ones.
pub const END: &str = "__end__";

/// All that a builder collected, in the order in which it was added.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "json", derive(Deserialize), serde(default, rename_all = "camelCase"))]
pub struct Definition {
    /// For messages only.
    pub name: String,
    /// Plain and join edges may form cycles.
    pub allow_cycles: bool,
    /// The channels of the state.
    pub channels: Vec<ChannelDefinition>,
    /// The registered nodes.
    pub nodes: Vec<NodeDefinition>,
    /// Plain and join edges.
    pub edges: Vec<EdgeDefinition>,
    /// Conditional edges.
    pub routes: Vec<RouteDefinition>,
}

/// A channel; texts instead of values.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "json", derive(Deserialize), serde(default, rename_all = "camelCase"))]
pub struct ChannelDefinition {
    /// Unique in the graph.
    pub name: String,
    /// `append`, `merge`, `last` or `reduce`.
    pub kind: String,
    /// `append` with a key function.
    pub keyed: bool,
    /// `last` with `onConflict: 'last'`.
    pub takes_last: bool,
    /// Its changes do not count for the version gate.
    pub exempt: bool,
    /// The initial value as canonical text; empty when there is none.
    pub initial: String,
    /// What is wrong with the user's options, in words; empty when nothing is.
    pub problem: String,
}

/// A node with its options. Numbers are as the user gave them, NaN for what was no number.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "json", derive(Deserialize), serde(default, rename_all = "camelCase"))]
pub struct NodeDefinition {
    /// Unique in the graph.
    pub id: String,
    /// Whether what the user gave can be called.
    pub is_function: bool,
    /// The node is this graph, and not a function.
    #[cfg_attr(feature = "json", serde(skip))]
    pub graph: Option<Rc<Program>>,
    /// The user gave a function that maps the sub-graph's last state.
    pub has_output: bool,
    /// Absent: one attempt.
    pub retry: Option<RetryDefinition>,
    /// One attempt's limit in milliseconds.
    pub timeout_ms: Option<f64>,
    /// Tasks of this node at once.
    pub concurrency: Option<f64>,
    /// `changed` (also when absent) or `always`.
    pub run_when: Option<String>,
    /// The user gave an `onError` function.
    pub has_on_error: bool,
    /// Nodes that it may reach by `goto` and `send`.
    pub targets: Option<Vec<String>>,
    /// Canonical text of the user's metadata; empty when there is none.
    pub metadata: String,
    /// For people; no rule looks at it.
    pub description: Option<String>,
    /// What is wrong with the user's options, in words; empty when nothing is.
    pub problem: String,
}

/// Retry options with the defaults filled in; durations in milliseconds.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "json", derive(Deserialize), serde(default, rename_all = "camelCase"))]
pub struct RetryDefinition {
    /// An integer of at least 1.
    pub max_attempts: f64,
    /// At least 0.
    pub initial_delay_ms: f64,
    /// At least 1.
    pub factor: f64,
    /// At least 0.
    pub max_delay_ms: f64,
    /// From 0 to 1.
    pub jitter: f64,
    /// The user gave a `retryOn` function.
    pub has_retry_on: bool,
}

impl Default for RetryDefinition {
    fn default() -> Self {
        let policy = RetryPolicy::default();
        Self {
            max_attempts: f64::from(policy.max_attempts),
            initial_delay_ms: policy.initial_delay_ms,
            factor: policy.factor,
            max_delay_ms: policy.max_delay_ms,
            jitter: policy.jitter,
            has_retry_on: policy.has_retry_on,
        }
    }
}

/// A plain edge (one source) or a join (any number of them).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "json", derive(Deserialize), serde(default, rename_all = "camelCase"))]
pub struct EdgeDefinition {
    /// Exactly one for a plain edge.
    pub from: Vec<String>,
    /// A node, or END.
    pub to: String,
    /// `to` waits for every source.
    pub join: bool,
}

/// A conditional edge.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "json", derive(Deserialize), serde(default, rename_all = "camelCase"))]
pub struct RouteDefinition {
    /// A node, or START.
    pub from: String,
    /// Whether what the user gave can be called.
    pub is_function: bool,
    /// Label and target of each declared way; absent, the route may name any node.
    pub targets: Option<Vec<(String, String)>>,
    /// What is wrong with the user's targets, in words; empty when nothing is.
    pub problem: String,
}
