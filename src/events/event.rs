//! One event: what readers see and, for durable ones, all that a restart needs. The session log stores these and nothing else.

use super::{EventKind, Kept};
use crate::error::Failure;
use crate::graph::{ChannelId, JoinId, NodeId, Program};
use crate::state::{TaskResult, Value};
use std::rc::Rc;

/// A sub-graph that runs as a task of the graph around it.
pub struct Place {
    /// Where that graph runs, if it is a sub-graph, too.
    pub up: Option<Rc<Self>>,
    /// The task's node.
    pub node: NodeId,
    /// Its ordinal.
    pub task: u32,
    /// The sub-graph.
    pub program: Rc<Program>,
}

impl Place {
    /// Whether this is where `task` of `node` runs, in the graph at `up`.
    pub fn is_at(&self, up: Option<&Rc<Self>>, node: NodeId, task: u32) -> bool {
        self.node == node && self.task == task && Self::are_same(self.up.as_ref(), up)
    }

    /// Whether both are one.
    pub fn are_same(left: Option<&Rc<Self>>, right: Option<&Rc<Self>>) -> bool {
        match (left, right) {
            (Some(left), Some(right)) => Rc::ptr_eq(left, right) || left.is_at(right.up.as_ref(), right.node, right.task),
            (left, right) => left.is_none() && right.is_none(),
        }
    }

    /// From the outermost on: each task's node and ordinal.
    pub fn path(place: Option<&Rc<Self>>) -> Vec<(NodeId, u32)> {
        let mut path = Vec::new();
        let mut at = place;
        while let Some(place) = at {
            path.push((place.node, place.task));
            at = place.up.as_ref();
        }
        path.reverse();
        path
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}.{}.{}", self.up, self.node.0, self.task)
    }
}

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

/// The start of an execution; or of a sub-graph, which has an input and a first frontier only.
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

impl Default for RunStart {
    fn default() -> Self {
        Self {
            run_id: "".into(),
            is_resumed: false,
            seed: 0,
            graph_hash: 0,
            input: TaskResult::default(),
            updated: Vec::new(),
            reduced: Vec::new(),
            frontier: None,
            abandoned: Vec::new(),
            metadata: None,
            is_lossy: false,
            opens_branch: false,
            is_other_graph: false,
            lost_joins: Vec::new(),
        }
    }
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
    /// It waits for these, in node order, or was to go no further; resumable.
    Interrupted(Vec<Rc<Kept>>),
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
        /// Of the sub-graph, whose first step it is.
        start: Option<Rc<RunStart>>,
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
                Ending::Interrupted(_) => EventKind::RunInterrupted,
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
    /// The sub-graph that it happened in.
    pub place: Option<Rc<Place>>,
    /// What happened.
    pub body: Body,
}
