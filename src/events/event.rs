//! One event: what readers see and, for durable ones, all that a restart needs. The session log stores these and nothing else.

use super::EventKind;
use crate::error::Failure;
use crate::graph::{ChannelId, JoinId, NodeId};
use crate::state::{TaskResult, Value};
use std::rc::Rc;

/// An attempt of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskRef {
    /// The superstep, from 1.
    pub step: u32,
    /// Which node.
    pub node: NodeId,
    /// Ordinal among this step's tasks of the node.
    pub task: u32,
    /// From 1.
    pub attempt: u32,
}

/// A place of a frontier.
#[derive(Clone, Debug)]
pub struct Entry {
    /// A node or END.
    pub node: NodeId,
    /// Ordinal among this frontier's entries of the node.
    pub task: u32,
    /// Made by `send`.
    pub is_send: bool,
    /// What `send` gave.
    pub input: Option<Value>,
    /// The version gate applies: reached by plain, conditional or join edges only.
    pub is_gated: bool,
    /// Joins that fire when it runs.
    pub joins: Vec<JoinId>,
}

/// The start of an execution.
#[derive(Clone, Debug)]
pub struct RunStart {
    /// The run's id.
    pub run_id: Rc<str>,
    /// Goes on with an earlier execution.
    pub is_resumed: bool,
    /// Of the session's random numbers.
    pub seed: u64,
    /// Of the graph that runs.
    pub graph_hash: u64,
    /// The input that was folded before this event.
    pub input: TaskResult,
    /// Channels that the input changed.
    pub updated: Vec<ChannelId>,
    /// Values of `reduce` channels that the input changed.
    pub reduced: Vec<(ChannelId, Value)>,
    /// The first frontier, or one that replaces a session's; absent on another resume, and when a route of START failed.
    pub frontier: Option<Rc<[Entry]>>,
    /// Nodes whose unfinished step was dropped.
    pub abandoned: Vec<NodeId>,
    /// The user's metadata of the run.
    pub metadata: Option<Value>,
    /// Its steps are stored behind it, or at its end: a crash loses what readers have seen.
    pub is_lossy: bool,
    /// It takes up a session whose lossy execution crashed: other events had these numbers.
    pub opens_branch: bool,
    /// The session's first graph, or another one than before: the record says its joins.
    pub is_other_graph: bool,
    /// Of them, when read: those that this graph lacks.
    pub lost_joins: Vec<LostJoin>,
}

/// A join of the graph that recorded a session, which this graph lacks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LostJoin {
    /// A node, or END.
    pub target: NodeId,
    /// Each with whether it has run since the join last fired.
    pub sources: Vec<(NodeId, bool)>,
}

/// What a completed superstep did.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// From 1.
    pub step: u32,
    /// One per task, in node order.
    pub ran: Vec<NodeId>,
    /// Gated ones.
    pub skipped: Vec<NodeId>,
    /// Channels that changed.
    pub updated: Vec<ChannelId>,
    /// The next frontier.
    pub next: Rc<[Entry]>,
    /// Channel versions after the step.
    pub versions: Vec<u32>,
    /// Whole values of `reduce` channels that changed, when there is a log.
    pub reduced: Vec<(ChannelId, Value)>,
    /// Errors of earlier failures that this barrier appended to the `errors` channel.
    pub errors: u32,
}

/// A change of the state from outside, between two executions: a step of its own.
#[derive(Clone, Debug)]
pub struct StateUpdate {
    /// The node that counts as run, whose routes named the next frontier; none: frontier and half-done step stay.
    pub as_node: Option<NodeId>,
    /// The writes.
    pub result: Rc<TaskResult>,
    /// It comes after a lossy execution that crashed: other events had these numbers.
    pub opens_branch: bool,
    /// What the step did.
    pub report: Rc<StepReport>,
}

/// A join that has begun to wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Its target.
    pub to: NodeId,
    /// Sources that have not run.
    pub missing: Vec<NodeId>,
}

/// How an execution ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// Nothing is left to run.
    Completed {
        /// END was reached; otherwise the frontier ran dry or was fully gated.
        is_end: bool,
        /// Joins that still wait.
        waiting: Vec<Waiting>,
    },
    /// It failed; resumable.
    Failed(Rc<Failure>),
    /// It was cancelled; resumable.
    Cancelled(Option<Value>),
}

/// What happened.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Body {
    RunStarted(Rc<RunStart>),
    RunEnded {
        ending: Rc<Ending>,
        steps: u32,
        duration_ms: f64,
    },
    StepStarted {
        step: u32,
        frontier: Rc<[NodeId]>,
    },
    StepCompleted(Rc<StepReport>),
    /// To readers a step that completed.
    StateUpdated(Rc<StateUpdate>),
    NodeStarted(TaskRef),
    NodeCompleted {
        task: TaskRef,
        duration_ms: f64,
        result: Rc<TaskResult>,
    },
    NodeSkipped(TaskRef),
    NodeFailed {
        task: TaskRef,
        failure: Rc<Failure>,
        duration_ms: f64,
        will_retry: bool,
    },
    NodeRetrying {
        task: TaskRef,
        delay_ms: f64,
    },
    /// Made by `ctx`; `number` is a chunk's offset in characters.
    User {
        kind: EventKind,
        task: TaskRef,
        payload: Value,
        number: f64,
    },
    /// Made by the engine.
    Diagnostic {
        scope: &'static str,
        message: Rc<str>,
    },
    CheckpointSaved {
        step: u32,
        duration_ms: f64,
    },
    /// For one reader: events that it lost.
    StreamGap {
        from: u64,
        to: u64,
        count: u64,
    },
    /// For one reader: the log goes on after this number.
    StreamReset {
        after: u64,
    },
}

impl Body {
    /// The public type.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::RunStarted(_) => EventKind::RunStarted,
            Self::RunEnded { ending, .. } => match **ending {
                Ending::Completed { .. } => EventKind::RunCompleted,
                Ending::Failed(_) => EventKind::RunFailed,
                Ending::Cancelled(_) => EventKind::RunCancelled,
            },
            Self::StepStarted { .. } => EventKind::StepStarted,
            Self::StepCompleted(_) | Self::StateUpdated(_) => EventKind::StepCompleted,
            Self::NodeStarted(_) => EventKind::NodeStarted,
            Self::NodeCompleted { .. } => EventKind::NodeCompleted,
            Self::NodeSkipped(_) => EventKind::NodeSkipped,
            Self::NodeFailed { .. } => EventKind::NodeFailed,
            Self::NodeRetrying { .. } => EventKind::NodeRetrying,
            Self::User { kind, .. } => *kind,
            Self::Diagnostic { .. } => EventKind::Diagnostic,
            Self::CheckpointSaved { .. } => EventKind::CheckpointSaved,
            Self::StreamGap { .. } => EventKind::StreamGap,
            Self::StreamReset { .. } => EventKind::StreamReset,
        }
    }
}

/// A numbered event.
#[derive(Clone, Debug)]
pub struct Event {
    /// From 1 per session, without holes over durable events; a transient event repeats the number it follows.
    pub seq: u64,
    /// Epoch milliseconds, by the run's clock.
    pub at: f64,
    /// Never stored.
    pub is_transient: bool,
    /// What happened.
    pub body: Body,
}
