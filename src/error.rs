//! Error codes and failures. Codes are API: they never change meaning. Owns every code that Rust raises and the table that
//! the TypeScript classes are compared with; knows nothing of JavaScript.

use crate::graph::NodeId;
use crate::state::Value;
use crate::text::text;
use std::rc::Rc;

macro_rules! codes {
    ($($variant:ident = $text:literal,)*) => {
        /// The stable code of an error, `AREA_PROBLEM`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum ErrorCode { $($variant,)* }

        impl ErrorCode {
            /// Every code, in the order of their numbers in stored records; new ones go to the end.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as users see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    StateUnknownChannel = "STATE_UNKNOWN_CHANNEL",
    StateInvalidUpdate = "STATE_INVALID_UPDATE",
    StateNotCloneable = "STATE_NOT_CLONEABLE",
    StateConflict = "STATE_CONFLICT",
    StateReducer = "STATE_REDUCER",
    NodeThrew = "NODE_THREW",
    NodeTimeout = "NODE_TIMEOUT",
    NodeInvalidResult = "NODE_INVALID_RESULT",
    RouteThrew = "ROUTE_THREW",
    RouteUnknownTarget = "ROUTE_UNKNOWN_TARGET",
    RunStepLimit = "RUN_STEP_LIMIT",
    RunTimeout = "RUN_TIMEOUT",
    RunCancelled = "RUN_CANCELLED",
    RunInvalidOption = "RUN_INVALID_OPTION",
    RunAlreadyActive = "RUN_ALREADY_ACTIVE",
    SessionNotFound = "SESSION_NOT_FOUND",
    SessionBusy = "SESSION_BUSY",
    SessionUnfinished = "SESSION_UNFINISHED",
    InterruptUnknown = "INTERRUPT_UNKNOWN",
    CheckpointConflict = "CHECKPOINT_CONFLICT",
    CheckpointCorrupt = "CHECKPOINT_CORRUPT",
    CheckpointUnavailable = "CHECKPOINT_UNAVAILABLE",
    CheckpointVersion = "CHECKPOINT_VERSION",
    CheckpointGraphChanged = "CHECKPOINT_GRAPH_CHANGED",
    CheckpointNoStore = "CHECKPOINT_NO_STORE",
    StreamInvalid = "STREAM_INVALID",
    CheckpointQuota = "CHECKPOINT_QUOTA",
    CheckpointBlocked = "CHECKPOINT_BLOCKED",
    RunDepthLimit = "RUN_DEPTH_LIMIT",
    InterruptUnanswered = "INTERRUPT_UNANSWERED",
    RunInterrupted = "RUN_INTERRUPTED",
    OnceDuplicateKey = "ONCE_DUPLICATE_KEY",
    StateInvalidKey = "STATE_INVALID_KEY",
}

impl ErrorCode {
    /// The code with this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

/// Where a failure belongs, for the `errors` channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// One node's task.
    Node,
    /// The step as a whole: a conflict, a reducer, a route.
    Scheduler,
    /// The run: a limit, its time.
    Runner,
}

/// Why a task, a step or a run failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The stable code.
    pub code: ErrorCode,
    /// Names the node, the step and the remedy.
    pub message: Rc<str>,
    /// The node at fault.
    pub node: Option<NodeId>,
    /// Its name, if it is within a sub-graph; then `node` is the task that runs that.
    pub inner: Option<Rc<str>>,
    /// The step in which it happened.
    pub step: Option<u32>,
    /// What the user's code threw.
    pub cause: Option<Value>,
    /// Where it belongs.
    pub scope: Scope,
}

/// What can go wrong in a run, with the words for it.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum RunError<'a> {
    NodeThrew { node: &'a str, step: u32, text: &'a str },
    NodeTimeout { node: &'a str, step: u32, limit_ms: u32 },
    NodeResult { code: ErrorCode, node: &'a str, step: u32, text: &'a str },
    Conflict { channel: &'a str, writers: &'a str, step: u32 },
    Fold { code: ErrorCode, channel: &'a str, step: u32, text: &'a str },
    RouteThrew { from: &'a str, step: u32, text: &'a str },
    RouteTarget { from: &'a str, target: &'a str, step: u32 },
    CommandTarget { node: &'a str, target: &'a str, step: u32 },
    StepLimit { limit: u32 },
    DepthLimit { depth: u32, limit: u32 },
    RunTimeout { limit_ms: u32 },
    Unfinished { session: &'a str, status: &'a str },
    GraphChanged { what: &'a str },
    UnknownInterrupt { session: &'a str, id: Option<Rc<str>> },
    Unanswered { session: &'a str, count: u32 },
    Corrupt { slot: u32, text: &'a str },
    Version { slot: u32, found: u32, known: u32 },
    Stolen,
    Taken { slot: u32 },
    Store { slot: u32, text: &'a str },
}

impl RunError<'_> {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NodeThrew { .. } => ErrorCode::NodeThrew,
            Self::NodeTimeout { .. } => ErrorCode::NodeTimeout,
            Self::NodeResult { code, .. } | Self::Fold { code, .. } => *code,
            Self::Conflict { .. } => ErrorCode::StateConflict,
            Self::RouteThrew { .. } => ErrorCode::RouteThrew,
            Self::RouteTarget { .. } | Self::CommandTarget { .. } => ErrorCode::RouteUnknownTarget,
            Self::StepLimit { .. } => ErrorCode::RunStepLimit,
            Self::DepthLimit { .. } => ErrorCode::RunDepthLimit,
            Self::RunTimeout { .. } => ErrorCode::RunTimeout,
            Self::Unfinished { .. } => ErrorCode::SessionUnfinished,
            Self::GraphChanged { .. } => ErrorCode::CheckpointGraphChanged,
            Self::UnknownInterrupt { .. } => ErrorCode::InterruptUnknown,
            Self::Unanswered { .. } => ErrorCode::InterruptUnanswered,
            Self::Corrupt { .. } => ErrorCode::CheckpointCorrupt,
            Self::Version { .. } => ErrorCode::CheckpointVersion,
            Self::Taken { .. } | Self::Stolen => ErrorCode::CheckpointConflict,
            Self::Store { .. } => ErrorCode::CheckpointUnavailable,
        }
    }

    /// Names the node, the step and the remedy. Not by `Display`: see `text`.
    pub fn text(&self) -> String {
        match self {
            Self::NodeThrew { node, step, text } => text!["node `", node, "` failed in step ", step, ": ", text],
            Self::NodeTimeout { node, step, limit_ms } => text![
                "node `",
                node,
                "` did not finish within its timeoutMs of ",
                limit_ms,
                " in step ",
                step,
                "; raise it, or let the node stop on ctx.signal"
            ],
            Self::NodeResult { node, step, text, .. } => text!["node `", node, "` in step ", step, ": ", text],
            Self::Conflict { channel, writers, step } => text![
                "nodes ",
                writers,
                " wrote channel `",
                channel,
                "` in step ",
                step,
                "; a `last` channel takes one writer per step: use onConflict 'last', another kind of channel, or an edge between them"
            ],
            Self::Fold { channel, step, text, .. } => text!["channel `", channel, "` could not take a write in step ", step, ": ", text],
            Self::RouteThrew { from, step, text } => text!["the route of `", from, "` failed after step ", step, ": ", text],
            Self::RouteTarget { from, target, step } => text![
                "the route of `",
                from,
                "` named `",
                target,
                "` after step ",
                step,
                ", which is no declared target of it; name one of its targets, a node of the graph or END"
            ],
            Self::CommandTarget { node, target, step } => text![
                "node `",
                node,
                "` named `",
                target,
                "` in its command in step ",
                step,
                "; there is no such node: name a node of the graph or END (send takes nodes only)"
            ],
            Self::StepLimit { limit } => {
                text!["the run reached maxSteps, ", limit, " steps; raise maxSteps, end the loop, or resume the session to go on"]
            }
            Self::DepthLimit { depth, limit } => {
                text!["sub-graphs are nested ", depth, " levels deep, and a run enters at most ", limit, "; flatten some"]
            }
            Self::RunTimeout { limit_ms } => {
                text!["the run did not finish within its timeoutMs of ", limit_ms, "; resume the session to go on"]
            }
            Self::Unfinished { session, status } => text![
                "the last run of session `",
                session,
                "` has not ended (",
                status,
                "): resume it, or give abandon: true to drop its unfinished step"
            ],
            Self::GraphChanged { what } => {
                text!["the session was recorded by another graph: ", what, "; resume it with the graph that it was started with"]
            }
            Self::UnknownInterrupt { session, id: None } => text!["session `", session, "` has no open interrupt to answer"],
            Self::UnknownInterrupt { session, id } => {
                text!["session `", session, "` has no open interrupt `", id, "`; getState() lists those that are open"]
            }
            Self::Unanswered { session, count: 1 } => text!["session `", session, "` waits for an answer; resume it with one"],
            Self::Unanswered { session, count } => {
                text!["session `", session, "` waits for ", count, " answers; resume it with an object of answers by interrupt id"]
            }
            Self::Corrupt { slot, text } => text!["the record in slot ", slot, " cannot be read: ", text],
            Self::Version { slot, found, known } => {
                text!["the record in slot ", slot, " has schema ", found, ", this version reads up to ", known, "; update the package"]
            }
            Self::Stolen => text!["the session was taken over by another run; this run ends so that nothing is overwritten"],
            Self::Taken { slot } => {
                text!["slot ", slot, " of the session was written by another run; this run ends so that nothing is overwritten"]
            }
            Self::Store { slot, text } => text!["the store did not take the record for slot ", slot, ": ", text],
        }
    }

    /// The failure that is recorded and shown.
    pub fn failure(&self, scope: Scope) -> Failure {
        Failure { code: self.code(), message: self.text().into(), node: None, inner: None, step: None, cause: None, scope }
    }
}

impl Failure {
    /// The same, at a node and step.
    pub fn at(mut self, node: Option<NodeId>, step: u32) -> Self {
        self.node = node;
        self.step = Some(step);
        self
    }

    /// The same, with what the user's code threw.
    pub fn because(mut self, cause: Option<Value>) -> Self {
        self.cause = cause;
        self
    }
}
