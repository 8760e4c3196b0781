//! What the host tells the machine.

use crate::checkpoint::Durability;
use crate::error::{ErrorCode, Failure};
use crate::graph::{ChannelId, NodeId};
use crate::state::{Target, Targets, TaskResult, Value};
use std::rc::Rc;

/// Limits of an execution.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tasks at once; `None` is unlimited.
    pub concurrency: Option<u32>,
    /// Supersteps of this execution.
    pub max_steps: u32,
    /// Milliseconds of this execution.
    pub timeout_ms: Option<f64>,
    /// When steps are stored; `None` without a store.
    pub durability: Option<Durability>,
    /// Events kept for late readers.
    pub capacity: usize,
    /// Where it ends as interrupted although nobody asked anything.
    pub pause: Pause,
    /// It pauses before a step that runs one of these; needs a store.
    pub before: Vec<NodeId>,
    /// It pauses after a step that ran one of these, if something is left to run; needs a store.
    pub after: Vec<NodeId>,
}

/// Where an execution ends as interrupted, if there is something left to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Nowhere.
    Never,
    /// After each step.
    EachStep,
    /// Before its first step.
    AtStart,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: None,
            max_steps: 1000,
            timeout_ms: None,
            durability: None,
            capacity: 1024,
            pause: Pause::Never,
            before: Vec::new(),
            after: Vec::new(),
        }
    }
}

/// How an execution starts.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its id; a resume keeps the session's.
    pub run_id: Rc<str>,
    /// Of random numbers; a session keeps its first.
    pub seed: u64,
    /// The input.
    pub input: TaskResult,
    /// Goes on with the session's unfinished execution.
    pub is_resume: bool,
    /// Drops what the last execution left unfinished.
    pub abandons: bool,
    /// The user's metadata.
    pub metadata: Option<Value>,
    /// What a resume by another graph does.
    pub policy: GraphPolicy,
    /// Nodes that run first, whatever the gate says: in place of START's edges, or, of a resume, of the session's frontier and half-done step.
    pub frontier: Option<Vec<NodeId>>,
    /// No step starts before the store has this start, whatever the durability.
    pub is_durable: bool,
    /// What a resume answers to open questions.
    pub answers: Answers,
}

/// What a resume brings along for the questions that are open.
#[derive(Clone, Debug, Default)]
pub enum Answers {
    /// Nothing; pauses are over.
    #[default]
    None,
    /// The answer to the one question that is open; `None` is `undefined`.
    One(Option<Value>),
    /// Answers by the question's id.
    ById(Vec<(Rc<str>, Option<Value>)>),
}

/// What a resume of a session that another graph left does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GraphPolicy {
    /// Goes on if all that it needs is still there.
    Compatible,
    /// Is refused.
    Refuse,
    /// The user has said how to go on: the input and the frontier stand for what is not there.
    Migrated,
}

/// What user code threw, or what is wrong with what it returned.
#[derive(Clone, Debug)]
pub struct Thrown {
    /// The area's code: `NODE_THREW` for what a node threw, and so on.
    pub code: ErrorCode,
    /// The error's message.
    pub text: String,
    /// The thrown object.
    pub cause: Option<Value>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With a result.
    Returned(TaskResult),
    /// With an error.
    Threw(Thrown),
    /// With a command that names a node which does not exist.
    UnknownTarget(String),
}

/// How far the host went by itself, as commands would have said.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Nothing stands: a fold threw, which comes next, or the run was called from within it.
    Nothing,
    /// All folds are made; if a route is to be called, its answer comes next.
    Folded {
        /// Channels that changed.
        changed: Vec<ChannelId>,
        /// Approximate size of all contents.
        contents_bytes: u64,
        /// What the route answered, if one was called.
        answer: Option<Target>,
    },
}

impl Input {
    /// About a task, a fold or a route of the frame that was entered.
    pub(super) fn is_of_frame(&self) -> bool {
        match self {
            Self::Settled { .. }
            | Self::Stepped { .. }
            | Self::Opened { .. }
            | Self::RetryAnswer { .. }
            | Self::Applied { .. }
            | Self::FoldFailed { .. }
            | Self::Routed { .. }
            | Self::RouteThrew { .. }
            | Self::RouteUnknown { .. }
            | Self::Sleep { .. } => true,
            Self::Start(_)
            | Self::Fired { .. }
            | Self::Flush { .. }
            | Self::Appended { .. }
            | Self::Taken { .. }
            | Self::Lost
            | Self::AppendFailed(_)
            | Self::Remark { .. }
            | Self::Update { .. }
            | Self::Turn
            | Self::Pulled
            | Self::Refuse(_)
            | Self::Cancel { .. } => false,
        }
    }
}

/// See the module's head.
#[derive(Debug)]
pub enum Input {
    /// The first input.
    Start(Start),
    /// The first input of an execution that only changes the state.
    Update {
        /// The writes.
        result: TaskResult,
        /// The node that counts as run.
        as_node: Option<NodeId>,
    },
    /// An attempt, or the `onError` after it, ended.
    Settled {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// How.
        outcome: Outcome,
    },
    /// An attempt that `Run` called solo returned, without a command.
    Stepped {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// What it returned. `None` if `Machine::is_unheard` says that nobody will ask, and all is done.
        result: Option<Rc<TaskResult>>,
        /// What the host has done with it.
        progress: Progress,
    },
    /// The contents of a sub-graph are made: its frame was entered.
    Opened {
        /// What is folded before its first step, in order.
        inputs: Vec<TaskResult>,
        /// Its limit of supersteps.
        max_steps: u32,
    },
    /// What `retryOn` said; a throw of it comes as the outcome of the attempt it was asked about.
    RetryAnswer {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// Try again.
        retries: bool,
    },
    /// All folds are made.
    Applied {
        /// Channels that changed.
        changed: Vec<ChannelId>,
        /// New values of `reduce` channels among them.
        reduced: Vec<(ChannelId, Value)>,
        /// Approximate size of all contents.
        contents_bytes: u64,
    },
    /// A fold threw; the host has made none after it.
    FoldFailed {
        /// Its channel.
        channel: ChannelId,
        /// What happened.
        thrown: Thrown,
    },
    /// A route answered.
    Routed {
        /// The call.
        call: u32,
        /// What it named.
        targets: Targets,
    },
    /// A route threw.
    RouteThrew {
        /// The call.
        call: u32,
        /// What.
        thrown: Thrown,
    },
    /// A route named what it may not.
    RouteUnknown {
        /// The call.
        call: u32,
        /// The name.
        target: String,
    },
    /// A timer's time has come.
    Fired {
        /// Which one.
        timer: u32,
    },
    /// A task called `ctx.sleep`.
    Sleep {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// The host's number of it.
        sleep: u32,
        /// How long.
        ms: f64,
    },
    /// A task called `ctx.flush`.
    Flush {
        /// The host's number of it.
        flush: u32,
    },
    /// The store has the record.
    Appended {
        /// It said so in a turn of its own, so whatever else the host has to do had its time.
        is_turn: bool,
    },
    /// The slot was not free.
    Taken {
        /// Who wrote what stands there, if that can be read: our own id means that the answer was lost, not the record.
        writer: Option<u64>,
    },
    /// Someone else has taken the session: it ends at once.
    Lost,
    /// The store refused for good, what was sent or all that is to come.
    AppendFailed(Thrown),
    /// Something that readers are to hear, about the store or, if not, about the observer.
    Remark {
        /// About the store.
        is_of_store: bool,
        /// What.
        text: String,
    },
    /// The turn that `Yield` asked for.
    Turn,
    /// Readers have pulled, or `join` was called.
    Pulled,
    /// The host will not let it begin.
    Refuse(Failure),
    /// `Run.cancel`, or the run's signal.
    Cancel {
        /// Shown in the event.
        reason: Option<Value>,
    },
}
